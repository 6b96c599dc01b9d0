//! Profiles → the two tables.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::Tally;
use super::digest::{self, Difference};
use super::evidence::{Evidence, Seen};
use super::profile::{Facts, Key, Latency, Profile};
use super::rows::{Cell, CodeCell, CodeRow, Row, State};
use super::tested::Tested;
use crate::proto::rtmp::status::{self, STATUSES, Sender};

/// Codes of the table of 2007, which always stand in the table, in its order: the first ones of [`STATUSES`].
const CLASSIC: usize = 9;
/// Situations of one row that are shown.
const SHOWN_SITUATIONS: usize = 3;
/// Messages that are shown for one cell.
const SHOWN_MESSAGES: usize = 4;

/// Several servers side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub labels: Vec<String>,
    /// By label: what stands behind its columns.
    pub tested: Vec<Tested>,
    /// The names of the captures that [`Evidence`] counts.
    pub captures: Vec<String>,
    /// The label that the others are compared with.
    pub reference: usize,
    /// What breaks clients first: at most [`DIGEST`](super::DIGEST) of the differences, the worst first.
    pub digest: Vec<Difference>,
    pub codes: Vec<CodeRow>,
    pub behaviour: Vec<Row>,
    /// Latencies by kind. They never make a difference.
    pub latencies: Vec<Row>,
}

impl Comparison {
    /// `reference` is one of `profiles`, by its place.
    pub fn new(profiles: Vec<(String, Profile)>, captures: Vec<String>, reference: usize) -> Comparison {
        let (labels, profiles): (Vec<String>, Vec<Profile>) = profiles.into_iter().unzip();
        let (codes, behaviour) = (codes(&profiles), behaviour(&profiles, reference));
        Comparison {
            tested: profiles.iter().map(Profile::tested).collect(),
            digest: digest::digest(&codes, &behaviour),
            codes,
            behaviour,
            latencies: latencies(&profiles),
            labels,
            captures,
            reference,
        }
    }

    /// Whether a server behaves otherwise than the reference.
    pub fn differs(&self) -> bool {
        self.behaviour.iter().any(|row| row.differs) || self.codes.iter().any(|row| self.code_differs(row))
    }

    /// Whether a code's states differ from the reference's, where both were exercised.
    pub fn code_differs(&self, row: &CodeRow) -> bool {
        let Some(reference) = row.cells.get(self.reference) else { return false };
        let is_known = |cell: &CodeCell| cell.state != State::NotExercised;
        is_known(reference) && row.cells.iter().any(|cell| is_known(cell) && cell.state != reference.state)
    }
}

/// None where sessions were seen and none of them speaks RTMP.
fn codes(profiles: &[Profile]) -> Vec<CodeRow> {
    let is_seen = profiles.iter().any(|profile| profile.sessions + profile.left_out > 0);
    if is_seen && profiles.iter().all(|profile| profile.of_rtmp == 0) {
        return Vec::new();
    }
    let seen: BTreeSet<&str> = profiles.iter().flat_map(|profile| profile.codes.keys().map(String::as_str)).collect();
    let known = STATUSES.iter().map(|status| status.code);
    let unknown = seen.iter().copied().filter(|code| status::find(code).is_none());
    known.chain(unknown).map(|code| code_row(code, profiles)).collect()
}

fn code_row(code: &str, profiles: &[Profile]) -> CodeRow {
    let none = Tally::default();
    let tallies: Vec<&Tally> = profiles.iter().map(|profile| profile.codes.get(code).unwrap_or(&none)).collect();
    let (level, meaning) = if let Some(status) = status::find(code) {
        let levels: Vec<&str> = status.levels.iter().map(|level| level.name()).collect();
        (levels.join(" or "), status.meaning.to_owned())
    } else {
        let sent = tallies.iter().find_map(|tally| tally.level.clone()).unwrap_or_default();
        (sent, "No reference knows this code.".to_owned())
    };
    let cells = tallies.iter().map(|tally| code_cell(code, tally)).collect();
    CodeRow { code: code.to_owned(), level, meaning, cells }
}

fn code_cell(code: &str, tally: &Tally) -> CodeCell {
    let parts = |details: &BTreeMap<String, Seen>| details.keys().cloned().collect::<Vec<_>>().join("; ");
    let evidence = |seen: &mut dyn Iterator<Item = &Seen>| {
        let mut all: Vec<Evidence> = Vec::new();
        for evidence in seen.flat_map(|seen| &seen.evidence) {
            if all.len() < SHOWN_MESSAGES && !all.contains(evidence) {
                all.push(*evidence);
            }
        }
        all
    };
    let Tally { works, deviates, missing, elsewhere, .. } = tally;
    if !deviates.is_empty() {
        let often = |(what, seen): (&String, &Seen)| {
            if seen.count == tally.sent { what.clone() } else { format!("{what} ({} of {})", seen.count, tally.sent) }
        };
        let mut detail = deviates.iter().map(often).collect::<Vec<_>>().join("; ");
        if !missing.is_empty() {
            detail += &format!("; sometimes missing: {}", parts(missing));
        }
        let evidence = evidence(&mut deviates.values().chain(missing.values()));
        return CodeCell { state: State::Deviates, detail, evidence };
    }
    if works.count > 0 && !missing.is_empty() {
        let evidence = evidence(&mut missing.values().chain([works]));
        let detail = format!("sometimes missing: {}", parts(missing));
        return CodeCell { state: State::Deviates, detail, evidence };
    }
    if works.count > 0 {
        return CodeCell { state: State::Works, detail: String::new(), evidence: evidence(&mut [works].into_iter()) };
    }
    if !elsewhere.is_empty() {
        let detail = format!("only in {}", elsewhere.keys().cloned().collect::<Vec<_>>().join(" and "));
        return CodeCell { state: State::Deviates, detail, evidence: evidence(&mut elsewhere.values()) };
    }
    if !missing.is_empty() {
        let evidence = evidence(&mut missing.values());
        return CodeCell { state: State::Missing, detail: parts(missing), evidence };
    }
    let detail = match status::find(code).map(|status| status.sender) {
        Some(Sender::Client) => "only the player raises it, for itself",
        Some(Sender::Either) => "the player raises it for itself too",
        Some(Sender::Application) => "only for the application in the server",
        Some(Sender::Server) | None => "",
    };
    CodeCell { state: State::NotExercised, detail: detail.to_owned(), evidence: Vec::new() }
}

/// The values of one label in one situation, with their evidence.
type Values = BTreeMap<String, Vec<Evidence>>;

/// One fact in one or several situations.
struct Group {
    title: String,
    /// Each with what else tells it from others.
    situations: Vec<(String, String)>,
    /// By label.
    values: Vec<Values>,
    /// By label.
    differs: Vec<bool>,
}

fn behaviour(profiles: &[Profile], reference: usize) -> Vec<Row> {
    let keys: BTreeSet<&(Key, u64)> = profiles.iter().flat_map(|profile| profile.rows.keys()).collect();
    let mut rows: Vec<(Key, Vec<Group>)> = Vec::new();
    for place in keys {
        let group = group(place, profiles, reference);
        match rows.last_mut() {
            Some((key, groups)) if *key == place.0 => merge(groups, group, reference),
            _ => rows.push((place.0.clone(), vec![group])),
        }
    }
    rows.into_iter().flat_map(|(key, groups)| finished(key, groups)).collect()
}

/// One fact in one situation.
fn group((key, situation): &(Key, u64), profiles: &[Profile], reference: usize) -> Group {
    let facts: Vec<Option<&Facts>> =
        profiles.iter().map(|profile| profile.rows.get(&(key.clone(), *situation))).collect();
    let anchor = facts.iter().flatten().find_map(|facts| facts.anchor);
    let values = profiles.iter().zip(&facts).map(|(profile, facts)| {
        let mut values: Values = facts
            .iter()
            .flat_map(|facts| &facts.values)
            .map(|(value, seen)| (value.clone(), seen.evidence.clone()))
            .collect();
        if facts.is_some_and(|facts| facts.more) {
            values.insert("…".into(), Vec::new());
        }
        // Where the anchor was there more often, this one was missing.
        if let Some(anchor) = anchor {
            let place = Key { rank: anchor.rank, key: anchor.key.to_owned() };
            if let Some(held) = profile.rows.get(&(place, *situation))
                && held.sessions > facts.map_or(0, |facts| facts.sessions)
            {
                let evidence = held.values.values().next().map(|seen| seen.evidence.clone()).unwrap_or_default();
                values.insert(anchor.otherwise.to_owned(), evidence);
            }
        }
        values
    });
    let values: Vec<Values> = values.collect();
    let differs = differences(&values, reference);
    let first = facts.iter().flatten().next();
    Group {
        title: first.map(|facts| facts.title.clone()).unwrap_or_default(),
        situations: first.map(|facts| (facts.situation.clone(), facts.detail.clone())).into_iter().collect(),
        values,
        differs,
    }
}

/// Which labels do what the reference never did. Where the reference was not seen, the first label that was stands in.
fn differences(values: &[Values], reference: usize) -> Vec<bool> {
    let seen = |place: &usize| !values[*place].is_empty();
    let against = Some(reference).filter(seen).or_else(|| (0..values.len()).find(seen));
    let Some(against) = against else { return vec![false; values.len()] };
    values.iter().map(|other| other.keys().any(|value| !values[against].contains_key(value))).collect()
}

/// Puts a situation to those in which all servers did the same, or beside them. No difference may come of it that is not
/// one in a situation by itself.
fn merge(groups: &mut Vec<Group>, next: Group, reference: usize) {
    for group in groups.iter_mut() {
        let both = |mine: &Values, its: &Values| -> Option<Values> {
            if mine.is_empty() || its.is_empty() {
                return Some(if mine.is_empty() { its.clone() } else { mine.clone() });
            }
            mine.keys().eq(its.keys()).then(|| mine.clone())
        };
        let merged: Option<Vec<Values>> =
            group.values.iter().zip(&next.values).map(|(mine, its)| both(mine, its)).collect();
        let Some(merged) = merged else { continue };
        let differs: Vec<bool> = group.differs.iter().zip(&next.differs).map(|(mine, its)| *mine || *its).collect();
        if differences(&merged, reference) == differs {
            group.values = merged;
            group.differs = differs;
            for situation in next.situations {
                if !group.situations.contains(&situation) {
                    group.situations.push(situation);
                }
            }
            return;
        }
    }
    groups.push(next);
}

fn finished(key: Key, groups: Vec<Group>) -> impl Iterator<Item = Row> {
    let names: Vec<String> = groups.iter().map(|group| situations(group, false)).collect();
    let several = groups.len() > 1;
    groups.into_iter().enumerate().map(move |(index, group)| {
        let is_clear = names.iter().filter(|name| **name == names[index]).count() == 1;
        let situation = if is_clear { names[index].clone() } else { situations(&group, true) };
        let cells: Vec<Cell> = group
            .values
            .into_iter()
            .zip(&group.differs)
            .map(|(values, differs)| Cell {
                evidence: values.values().flatten().copied().take(SHOWN_MESSAGES).collect(),
                values: values.into_keys().collect(),
                differs: *differs,
            })
            .collect();
        Row {
            key: key.key.clone(),
            title: group.title,
            situation: if several { situation } else { String::new() },
            differs: group.differs.iter().any(|differs| *differs),
            cells,
        }
    })
}

/// The situations of a row in words.
fn situations(group: &Group, in_detail: bool) -> String {
    let name = |(text, detail): &(String, String)| match (in_detail, detail.is_empty()) {
        (true, false) => format!("{text}, {detail}"),
        _ => text.clone(),
    };
    let all: BTreeSet<String> = group.situations.iter().map(name).collect();
    let mut text = all.iter().take(SHOWN_SITUATIONS).cloned().collect::<Vec<_>>().join("; ");
    if all.len() > SHOWN_SITUATIONS {
        text += &format!("; and {} more", all.len() - SHOWN_SITUATIONS);
    }
    text
}

fn latencies(profiles: &[Profile]) -> Vec<Row> {
    let keys: BTreeSet<&Key> = profiles.iter().flat_map(|profile| profile.latencies.keys()).collect();
    let row = |key: &Key| {
        let all: Vec<Option<&Latency>> = profiles.iter().map(|profile| profile.latencies.get(key)).collect();
        let title = all.iter().flatten().next().map(|latency| latency.title.clone()).unwrap_or_default();
        let cells = all.iter().map(|latency| latency.map_or_else(no_cell, latency_cell)).collect();
        Row { key: key.key.clone(), title, situation: String::new(), differs: false, cells }
    };
    keys.into_iter().map(row).collect()
}

fn no_cell() -> Cell {
    Cell { values: Vec::new(), differs: false, evidence: Vec::new() }
}

fn latency_cell(latency: &Latency) -> Cell {
    let mut all = latency.all.clone();
    all.sort_unstable();
    let median = all.get(all.len() / 2).copied().unwrap_or_default();
    let worst = latency.worst.map_or(0, |(worst, _)| worst);
    let ms = |ns: i64| format!("{:.2}", ns as f64 / 1e6);
    let value = format!("median {} ms, worst {} ms, of {}", ms(median), ms(worst), latency.count);
    Cell { values: vec![value], differs: false, evidence: latency.worst.map(|(_, at)| at).into_iter().collect() }
}

impl Comparison {
    /// Whether a code belongs in the table whatever was seen: those of the table of 2007 do.
    pub fn is_classic(code: &str) -> bool {
        STATUSES.iter().take(CLASSIC).any(|status| status.code == code)
    }
}
