//! Which sessions and rows a report shows: what was asked for, and of that no more than a page can hold.

use std::collections::{BTreeMap, BTreeSet};

use super::Asked;
use crate::book::{Ask, Book, Fate, Judge};
use crate::export::Counts;
use crate::filter::{Filter, Scratch, Subject};
use crate::limits::Limits;

/// What is shown; see the module.
pub(super) struct Chosen {
    /// All that was asked for, by number.
    pub(super) sessions: Vec<u32>,
    /// Those in the list, and those that have a part of their own: what did not go well comes before what did.
    pub(super) listed: Vec<u32>,
    pub(super) detailed: Vec<u32>,
    /// Rows that a filter lets through; all without one.
    kept: Option<Vec<u64>>,
    /// Rows of the timeline, in order.
    pub(super) rows: Vec<u32>,
    /// How many there would be.
    pub(super) of: usize,
    /// Findings that are told one by one.
    places: BTreeSet<u32>,
    /// All findings by rule, with how many: those that are told first.
    pub(super) rules: BTreeMap<&'static str, Found>,
    pub(super) counts: Counts,
}

/// What was found by one rule.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The rows of those that are told.
    pub(super) told: Vec<u32>,
    pub(super) count: usize,
    pub(super) sessions: BTreeSet<u32>,
}

impl Chosen {
    pub(super) fn of(book: &Book, asked: &Asked) -> Chosen {
        let kept = asked.filter.as_ref().map(|(_, filter)| judged(book, asked.session, filter));
        let is_kept = |row: u32| bit(kept.as_deref(), row);
        let sessions: Vec<u32> = book
            .sessions()
            .iter()
            .filter(|session| asked.session.is_none_or(|number| number == session.number()))
            .filter(|session| kept.is_none() || session.rows.iter().any(|row| is_kept(*row)))
            .map(crate::book::Session::number)
            .collect();
        let limits = &asked.limits;
        let worst_first = |most: usize| {
            let fate = |number: &u32| book.session(*number).map_or(Fate::Well, crate::book::Session::fate);
            let mut chosen = sessions.clone();
            chosen.sort_by_key(|number| (fate(number), *number));
            chosen.truncate(most);
            chosen.sort_unstable();
            chosen
        };
        let (listed, detailed) = (worst_first(limits.page_sessions), worst_first(limits.page_details));
        let is_asked = |row: u32| is_kept(row) && (asked.session.is_none() || book.session_of(row) == asked.session);
        let mut chosen = Chosen {
            listed,
            detailed,
            rows: Vec::new(),
            of: 0,
            places: BTreeSet::new(),
            rules: BTreeMap::new(),
            counts: Counts::default(),
            sessions,
            kept: None,
        };
        for row in book.findings().iter().copied().filter(|row| is_asked(*row)) {
            chosen.find(book, row, limits);
        }
        chosen.sample(book, limits.page_rows, is_asked);
        chosen.kept = kept;
        chosen
    }

    fn find(&mut self, book: &Book, row: u32, limits: &Limits) {
        let Some(finding) = book.finding(row) else { return };
        self.counts.add(finding);
        let found = self.rules.entry(finding.rule.code).or_default();
        found.count += 1;
        if found.sessions.len() < limits.page_sessions {
            found.sessions.insert(finding.session);
        }
        if found.told.len() >= limits.page_places {
            // The worst are told: one that is less bad makes room.
            let severity = |row: &u32| book.finding(*row).map(|finding| finding.severity);
            let least = found.told.iter().filter_map(severity).min();
            let Some(least) = least.filter(|least| *least < finding.severity) else { return };
            let Some(place) = found.told.iter().rposition(|row| severity(row) == Some(least)) else { return };
            self.places.remove(&found.told.remove(place));
        }
        found.told.push(row);
        self.places.insert(row);
    }

    /// Rows for the timeline: all, or where these are too many, of media as many as there is room for, evenly.
    fn sample(&mut self, book: &Book, most: usize, is_asked: impl Fn(u32) -> bool) {
        let rows = || (0..book.len() as u32).filter(|row| is_asked(*row));
        let tells = |row: &u32| book.media(*row).is_none() || book.mark(*row).is_some();
        self.of = rows().count();
        let telling = if self.of > most { rows().filter(tells).count() } else { self.of };
        let room = [telling.min(most), most.saturating_sub(telling)];
        let all = [telling, self.of - telling];
        let mut seen = [0; 2];
        for row in rows() {
            let class = usize::from(self.of > most && !tells(&row));
            let (at, all, room) = (seen[class], all[class], room[class]);
            seen[class] += 1;
            if (at + 1) * room / all > at * room / all {
                self.rows.push(row);
            }
        }
    }

    /// Whether a filter lets a row through.
    pub(super) fn is_kept(&self, row: u32) -> bool {
        bit(self.kept.as_deref(), row)
    }

    /// Whether a row stands in the timeline.
    pub(super) fn is_listed(&self, row: u32) -> bool {
        self.rows.binary_search(&row).is_ok()
    }

    /// Whether a finding is told by itself.
    pub(super) fn is_told(&self, finding: u32) -> bool {
        self.places.contains(&finding)
    }
}

fn bit(bits: Option<&[u64]>, row: u32) -> bool {
    bits.is_none_or(|bits| bits.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 == 1))
}

/// A bit a row: whether a filter lets it through.
fn judged(book: &Book, session: Option<u32>, filter: &Filter) -> Vec<u64> {
    let mut bits = vec![0; book.len().div_ceil(64)];
    let (mut judge, mut asked) = (Judge::default(), AskFilter(filter, Scratch::new(&Limits::default())));
    for row in 0..book.len() as u32 {
        let is_asked = session.is_none() || book.session_of(row) == session;
        if is_asked && judge.wants(book, row, &mut asked) {
            bits[row as usize / 64] |= 1 << (row % 64);
        }
    }
    bits
}

/// A filter that rows are asked by.
struct AskFilter<'f>(&'f Filter, Scratch);

impl Ask for AskFilter<'_> {
    fn decide(&mut self, subject: &Subject<'_>) -> Option<bool> {
        self.0.decide(subject, &mut self.1)
    }

    fn matches(&mut self, subject: &Subject<'_>) -> bool {
        self.0.matches(subject, &mut self.1)
    }
}
