//! What one server did, over all its captures: each fact once, with its first evidence.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::Tally;
use super::evidence::{Evidence, Seen};
use super::situation::Situation;
use super::tested::{Tested, Told};
use crate::limits::Limits;
use crate::wire::Time;
use crate::wire::words::clip;

/// Rows that one server may have, each situation counted.
const ROWS: usize = Limits::DEFAULT.compared_rows;
/// Characters of one value, and of one situation.
const VALUE: usize = Limits::DEFAULT.compared_value;
const SITUATION: usize = Limits::DEFAULT.compared_situation;
/// Different values of one row that are kept; the row says when there were more.
const VALUES: usize = Limits::DEFAULT.compared_values;
/// Different codes that one server may send, and kinds of latency.
const CODES: usize = Limits::DEFAULT.compared_codes;
/// Latencies of one kind that are kept for the median.
const LATENCIES: usize = Limits::DEFAULT.compared_latencies;

/// Where a fact belongs: the order of the table is the protocol's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The part of the table, and the place in it.
    pub(super) rank: u32,
    pub(super) key: String,
}

/// A row that must be there too where this one may be missing, and what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) rank: u32,
    pub(super) key: &'static str,
    /// The value where the anchor was seen and this was not.
    pub(super) otherwise: &'static str,
}

/// One row of one server in one situation.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) title: String,
    pub(super) situation: String,
    pub(super) detail: String,
    pub(super) anchor: Option<Anchor>,
    /// Sessions that gave a value.
    pub(super) sessions: u64,
    pub(super) values: BTreeMap<String, Seen>,
    pub(super) more: bool,
    last: Option<(usize, u32)>,
}

/// Latencies of one kind, in nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Latency {
    pub(super) title: String,
    pub(super) all: Vec<i64>,
    pub(super) count: u64,
    pub(super) worst: Option<(i64, Evidence)>,
}

/// What one server did.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Sessions that were followed.
    pub sessions: u64,
    /// Sessions that were not, because the capture lacks their beginning or they are encrypted.
    pub left_out: u64,
    /// Sessions of either kind that speak RTMP: other servers have no codes.
    pub(super) of_rtmp: u64,
    /// The captures that it comes from, by their places among all.
    pub captures: Vec<usize>,
    /// What the user says of the server.
    pub notes: Vec<String>,
    /// What names its software, with the place in the order of the protocol.
    pub(super) software: BTreeSet<(u8, Told)>,
    /// The first packets of the first and of the last session.
    pub(super) times: Option<(Time, Time)>,
    pub(super) rows: BTreeMap<(Key, u64), Facts>,
    pub(super) codes: BTreeMap<String, Tally>,
    pub(super) latencies: BTreeMap<Key, Latency>,
}

/// A fact as a session tells it.
pub(super) struct Fact<'f> {
    pub(super) rank: u32,
    pub(super) key: String,
    pub(super) title: String,
    pub(super) anchor: Option<Anchor>,
    pub(super) situation: &'f Situation,
    pub(super) value: String,
    pub(super) evidence: Evidence,
}

impl Profile {
    /// A session began.
    pub(super) fn began(&mut self, at: Time) {
        let (first, last) = self.times.get_or_insert((at, at));
        (*first, *last) = ((*first).min(at), (*last).max(at));
    }

    /// What stands behind the server's columns.
    pub(super) fn tested(&self) -> Tested {
        Tested {
            sessions: self.sessions,
            left_out: self.left_out,
            captures: self.captures.clone(),
            times: self.times,
            software: self.software.iter().map(|(_, told)| told.clone()).collect(),
            notes: self.notes.clone(),
        }
    }

    pub(super) fn record(&mut self, fact: Fact<'_>) {
        let key = (Key { rank: fact.rank, key: fact.key }, fact.situation.id);
        if self.rows.len() >= ROWS && !self.rows.contains_key(&key) {
            return;
        }
        let facts = self.rows.entry(key).or_insert_with(|| Facts {
            title: fact.title,
            situation: clip(&fact.situation.text, SITUATION).into_owned(),
            detail: clip(&fact.situation.detail, SITUATION).into_owned(),
            anchor: fact.anchor,
            sessions: 0,
            values: BTreeMap::new(),
            more: false,
            last: None,
        });
        let session = (fact.evidence.capture, fact.evidence.session);
        if facts.last.replace(session) != Some(session) {
            facts.sessions += 1;
        }
        let value = clip(&fact.value, VALUE).into_owned();
        if facts.values.len() < VALUES || facts.values.contains_key(&value) {
            facts.values.entry(value).or_default().add(fact.evidence);
        } else {
            facts.more = true;
        }
    }

    /// The tally of a code, unless there are too many.
    pub(super) fn code(&mut self, code: &str) -> Option<&mut Tally> {
        if self.codes.len() >= CODES && !self.codes.contains_key(code) {
            return None;
        }
        Some(self.codes.entry(code.to_owned()).or_default())
    }

    pub(super) fn latency(&mut self, rank: u32, key: String, title: String, ns: i64, evidence: Evidence) {
        let key = Key { rank, key };
        if self.latencies.len() >= CODES && !self.latencies.contains_key(&key) {
            return;
        }
        let latency = self.latencies.entry(key).or_insert_with(|| Latency { title, ..Latency::default() });
        latency.count += 1;
        if latency.all.len() < LATENCIES {
            latency.all.push(ns);
        }
        if latency.worst.is_none_or(|(worst, _)| ns > worst) {
            latency.worst = Some((ns, evidence));
        }
    }
}
