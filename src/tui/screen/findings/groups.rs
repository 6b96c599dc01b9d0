//! Findings in groups: by rule and severity, or by session, in places of a list.

use std::collections::{BTreeSet, HashMap};

use crate::book::Book;
use crate::rules::{Finding, Severity};

/// Why a finding stands where it does; what matters most is first.
const REJECTS: usize = 0;
/// Those that only say how a peer does things.
const NOTES: usize = 4;

/// What a group has in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A rule's code, and a severity.
    Rule(&'static str, usize),
    Session(u32),
}

/// Findings that have something in common.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Key,
    /// One of them.
    pub(super) first: u32,
    /// Their rows by rank, in order.
    rows: [Vec<u32>; NOTES + 1],
    /// How many there are without closing reports, and in how many sessions.
    pub(super) findings: u64,
    /// How often it was seen.
    pub(super) times: u64,
    /// Of the findings, those that are folded.
    notes: u64,
    pub(super) sessions: BTreeSet<u32>,
    pub(super) is_open: bool,
}

impl Group {
    /// The best rank of its findings.
    fn rank(&self) -> usize {
        self.rows.iter().position(|rows| !rows.is_empty()).unwrap_or(NOTES)
    }

    fn shown(&self, notes: bool) -> usize {
        self.rows[..if notes { NOTES + 1 } else { NOTES }].iter().map(Vec::len).sum()
    }

    fn row(&self, mut index: usize) -> Option<u32> {
        for rows in &self.rows {
            match rows.get(index) {
                Some(row) => return Some(*row),
                None => index -= rows.len(),
            }
        }
        None
    }
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A group's heading, by its index.
    Head(usize),
    /// A finding's row, and its group.
    Finding(usize, u32),
    /// How many notes are folded.
    Notes(u64),
}

/// All groups, the worst first.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) by_session: bool,
    /// Notes are shown too.
    pub(super) notes: bool,
    groups: Vec<Group>,
    index: HashMap<Key, usize>,
    /// How many of the book's findings were taken in.
    seen: usize,
}

impl Groups {
    pub(super) fn new(by_session: bool, notes: bool) -> Self {
        Groups { by_session, notes, groups: Vec::new(), index: HashMap::new(), seen: 0 }
    }

    /// Takes in findings that came since. Whether there were some.
    pub(super) fn grow(&mut self, book: &Book) -> bool {
        let before = (self.seen, self.groups.len());
        while let Some(row) = book.findings().get(self.seen) {
            self.seen += 1;
            if let Some(finding) = book.finding(*row) {
                self.take(finding, *row);
            }
        }
        if self.seen > before.0 {
            self.groups.sort_by_key(|group| {
                let order = match group.key {
                    Key::Rule(code, _) => (0, code),
                    Key::Session(number) => (number, ""),
                };
                (group.rank(), order)
            });
            self.index = self.groups.iter().enumerate().map(|(at, group)| (group.key, at)).collect();
        }
        self.seen > before.0
    }

    fn take(&mut self, finding: &Finding, row: u32) {
        let rank = rank(finding);
        let key = if self.by_session { Key::Session(finding.session) } else { Key::Rule(finding.rule.code, rank) };
        let groups = &mut self.groups;
        let at = *self.index.entry(key).or_insert_with(|| {
            groups.push(Group {
                key,
                first: row,
                rows: Default::default(),
                findings: 0,
                times: 0,
                notes: 0,
                sessions: BTreeSet::new(),
                is_open: rank < NOTES || matches!(key, Key::Session(_)),
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.rows[rank].push(row);
        group.findings += u64::from(!finding.again);
        group.notes += u64::from(!finding.again && rank == NOTES);
        // A closing report is about all of them, of which the first was told.
        group.times += if finding.again { finding.count.saturating_sub(1) } else { 1 };
        group.sessions.insert(finding.session);
    }

    fn is_shown(&self, group: &Group) -> bool {
        self.notes || group.shown(false) > 0
    }

    /// Notes that are not shown.
    pub(super) fn folded(&self) -> u64 {
        if self.notes { 0 } else { self.groups.iter().map(|group| group.notes).sum() }
    }

    pub(super) fn len(&self) -> usize {
        let own = |group: &Group| 1 + if group.is_open { group.shown(self.notes) } else { 0 };
        let groups: usize = self.groups.iter().filter(|group| self.is_shown(group)).map(own).sum();
        groups + usize::from(self.folded() > 0)
    }

    pub(super) fn get(&self, place: usize) -> Option<Place> {
        let mut rest = place;
        for (at, group) in self.groups.iter().enumerate().filter(|(_, group)| self.is_shown(group)) {
            let Some(inside) = rest.checked_sub(1) else { return Some(Place::Head(at)) };
            let own = if group.is_open { group.shown(self.notes) } else { 0 };
            if inside < own {
                return group.row(inside).map(|row| Place::Finding(at, row));
            }
            rest = inside - own;
        }
        let folded = self.folded();
        (rest == 0 && folded > 0).then_some(Place::Notes(folded))
    }

    pub(super) fn group(&self, at: usize) -> Option<&Group> {
        self.groups.get(at)
    }

    /// The place of a finding's row; its group is opened.
    pub(super) fn place_of(&mut self, row: u32) -> Option<usize> {
        let is_its = |group: &Group| group.rows.iter().any(|rows| rows.binary_search(&row).is_ok());
        let at = self.groups.iter().position(is_its)?;
        let group = &mut self.groups[at];
        group.is_open = true;
        let rank = group.rows.iter().position(|rows| rows.binary_search(&row).is_ok())?;
        let before: usize = group.rows[..rank].iter().map(Vec::len).sum();
        let inside = group.rows[rank].binary_search(&row).ok()?;
        self.notes |= rank == NOTES;
        Some(self.place_of_head(at)? + 1 + before + inside)
    }

    /// The place of a group's heading.
    pub(super) fn place_of_head(&self, at: usize) -> Option<usize> {
        let before = self.groups.iter().take(at).filter(|group| self.is_shown(group));
        let own = |group: &Group| 1 + if group.is_open { group.shown(self.notes) } else { 0 };
        (at < self.groups.len()).then(|| before.map(own).sum())
    }

    /// Opens or closes a group.
    pub(super) fn open(&mut self, at: usize, is_open: bool) {
        if let Some(group) = self.groups.get_mut(at) {
            group.is_open = is_open;
        }
    }

    /// How many findings there are, closing reports too.
    pub(super) fn total(&self) -> usize {
        self.seen
    }
}

fn rank(finding: &Finding) -> usize {
    match finding.severity {
        _ if finding.rule.rejects() => REJECTS,
        _ if finding.is_background() => NOTES,
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Note => 3,
    }
}
