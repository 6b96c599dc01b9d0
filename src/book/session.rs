//! A session as a line of a list: who talks to whom, how that stands or came out, and what was found.

use std::net::SocketAddr;

use super::card::{Card, Fate};
use super::rate::{Rate, after};
use super::row::Row;
use crate::evidence::Blocks;
use crate::net::{How, TcpFacts};
use crate::proto::{Close, Opened};
use crate::rules::{Finding, Severity};
use crate::wire::{Side, Time};

/// Why a row is the one to look at first; what matters most is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It decides the outcome.
    Decides,
    /// It is a call that was never answered.
    Unanswered,
    /// There the session broke off.
    Broken,
    Error,
    Hole,
    Warning,
    /// A note that may explain what did not work.
    Note,
}

/// A session: a line of the list, and its rows.
#[derive(Debug)]
pub struct Session {
    pub(super) opened: Opened,
    /// What its story says, once that is known.
    pub(super) card: Option<Box<Card>>,
    /// By side: what TCP did, once it ended.
    pub(super) tcp: [Option<Box<TcpFacts>>; 2],
    /// When something of it came last.
    last: Time,
    rate: Rate,
    /// Of messages.
    bytes: u64,
    /// Its first hole, its first end, and its worst finding.
    hole: Option<u32>,
    broken: Option<u32>,
    worst: Option<(Severity, u32)>,
    /// The rows of calls that were never answered, in order.
    pub(super) unanswered: Vec<u32>,
    /// Holes in it.
    pub holes: u64,
    /// Whole messages.
    pub messages: u64,
    pub counts: Counts,
    /// Its rows, in order.
    pub rows: Blocks<u32>,
}

impl Session {
    pub(super) fn new(opened: Opened) -> Self {
        Session {
            last: opened.at.time,
            opened,
            card: None,
            tcp: [None, None],
            rate: Rate::default(),
            bytes: 0,
            hole: None,
            broken: None,
            worst: None,
            unanswered: Vec::new(),
            holes: 0,
            messages: 0,
            counts: Counts::default(),
            rows: Blocks::default(),
        }
    }

    /// One side ended.
    pub(super) fn close(&mut self, close: &Close) {
        self.tcp[close.from.index()].clone_from(&close.tcp);
    }

    /// Takes a row of it.
    pub(super) fn add(&mut self, number: u32, row: &Row) {
        self.rows.push(number);
        let Some(envelope) = row.envelope() else { return };
        // Nobody sent anything when a capture ends, nor when somebody was given up.
        let is_over = matches!(row, Row::Close(close) if close.how == How::EndOfCapture);
        let is_given_up = matches!(row, Row::Close(close) if close.how == How::Timeout);
        if !is_over && !is_given_up {
            self.last = self.last.max(envelope.last.time);
        }
        match row {
            Row::Gap(_) => {
                self.holes += 1;
                self.hole = self.hole.or(Some(number));
            }
            Row::Undecodable(_) => self.hole = self.hole.or(Some(number)),
            Row::Close(_) if !is_over => self.broken = self.broken.or(Some(number)),
            _ => {}
        }
    }

    /// Bytes of a message of it came.
    pub(super) fn came(&mut self, at: Time, bytes: u64) {
        self.bytes += bytes;
        self.rate.add(after(self.opened.at.time, at), bytes);
    }

    /// Takes a finding about it, which stands at a row.
    pub(super) fn judge(&mut self, finding: &Finding, row: u32) {
        self.counts.add(finding);
        if !finding.is_background() && self.worst.is_none_or(|(worst, _)| finding.severity > worst) {
            self.worst = Some((finding.severity, row));
        }
    }

    /// The call at a row was never answered.
    pub(super) fn miss(&mut self, call: u32) {
        if let Err(place) = self.unanswered.binary_search(&call) {
            self.unanswered.insert(place, call);
        }
    }

    /// From 1.
    pub fn number(&self) -> u32 {
        self.opened.session
    }

    pub fn protocol(&self) -> &'static str {
        self.opened.protocol
    }

    /// One end of it.
    pub fn party(&self, side: Side) -> SocketAddr {
        match side {
            Side::Client => self.opened.client,
            Side::Server => self.opened.server,
        }
    }

    /// Both ends: `client → server`.
    pub fn parties(&self) -> String {
        format!("{} → {}", self.opened.client, self.opened.server)
    }

    /// The same in so many letters, where that can be: first the client's port goes, which it has by chance, then all of the client.
    pub fn parties_within(&self, letters: usize) -> String {
        let Opened { client, server, .. } = &self.opened;
        let all = self.parties();
        let shorter = [all, format!("{} → {server}", client.ip()), format!("→ {server}")];
        let short = shorter[2].clone();
        shorter.into_iter().find(|text| text.chars().count() <= letters).unwrap_or(short)
    }

    /// What its outcome means.
    pub fn fate(&self) -> Fate {
        self.card.as_ref().map_or(Fate::Begun, |card| card.fate)
    }

    /// What it is for: its client is a publisher or a player, or that is not known.
    pub fn role(&self) -> &'static str {
        self.card.as_ref().map_or("", |card| card.role)
    }

    /// What its media is coded in.
    pub fn codecs(&self) -> String {
        self.card.as_ref().map_or_else(String::new, |card| card.codecs.join(", "))
    }

    /// Nanoseconds from its beginning to the last that came of it.
    pub fn duration(&self) -> i64 {
        self.last.since(self.opened.at.time).max(0)
    }

    /// How fast bytes of messages came, as so many steps of its time at most: from 0 to 8, which is the fastest.
    pub fn rate(&self, steps: usize) -> Vec<u8> {
        if self.messages == 0 { Vec::new() } else { self.rate.steps(steps) }
    }

    /// Bits of its messages in a second, over all of its time.
    pub fn bit_rate(&self) -> u64 {
        let seconds = self.duration().max(1) as f64 / 1e9;
        (self.bytes as f64 * 8.0 / seconds) as u64
    }

    /// The row that shows best why it came out as it did, apart from messages that decide that.
    pub(super) fn telling(&self) -> Option<(u32, Rank)> {
        let broken = self.broken.filter(|_| self.fate() == Fate::Broken).map(|row| (row, Rank::Broken));
        let worst = |severity, rank| self.worst.filter(|(worst, _)| *worst == severity).map(|(_, row)| (row, rank));
        let hole = || self.hole.map(|row| (row, Rank::Hole));
        let error = || worst(Severity::Error, Rank::Error);
        broken
            .or_else(error)
            .or_else(hole)
            .or_else(|| worst(Severity::Warning, Rank::Warning))
            .or_else(|| worst(Severity::Note, Rank::Note))
    }

    /// Bytes of memory that stand beside it.
    pub(super) fn beside(&self) -> usize {
        self.card.as_ref().map_or(0, |card| card.cost()) + self.unanswered.capacity() * size_of::<u32>()
    }
}

/// How many findings there are, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 3]);

impl Counts {
    pub fn of(&self, severity: Severity) -> u64 {
        self.0[severity as usize]
    }

    /// The closing report of a repeated fault is not another finding.
    pub(super) fn add(&mut self, finding: &Finding) {
        if !finding.again {
            self.0[finding.severity as usize] += 1;
        }
    }
}
