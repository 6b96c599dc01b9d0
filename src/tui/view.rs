//! What a list shows, and where: places of the list, and rows of the book.
//!
//! A view chooses rows (all, a session's, those of some sessions, those that a predicate lets through), and may fold runs of media into one
//! item each. It only grows, as the book does: what stands at a place stays there, but that a run at the end takes in what follows.
//! From a place to its row and back is a search among the runs, and one among the chosen rows.
//!
//! The view of everything keeps nothing, nor does that of a session, whose rows the book has as a list. Otherwise it keeps four
//! bytes for each chosen row, and forty for each run.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::book::{Book, Media};
use crate::evidence::Blocks;

/// Rows between looks at whether time is up.
const STRIDE: usize = 256;

/// What a view is over.
pub(super) trait Rows {
    fn len(&self) -> usize;
    fn session_of(&self, row: u32) -> Option<u32>;
    /// The rows of a session, in order.
    fn of_session(&self, session: u32) -> Option<&Blocks<u32>>;
    /// A row's media, if it is a message of media.
    fn media(&self, row: u32) -> Option<Media>;
}

impl Rows for Book {
    fn len(&self) -> usize {
        self.len()
    }

    fn session_of(&self, row: u32) -> Option<u32> {
        self.session_of(row)
    }

    fn of_session(&self, session: u32) -> Option<&Blocks<u32>> {
        self.session(session).map(|session| &session.rows)
    }

    fn media(&self, row: u32) -> Option<Media> {
        self.media(row)
    }
}

/// Whose rows are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Chosen {
    #[default]
    All,
    Session(u32),
    /// Those of several sessions, in their common order.
    Sessions(BTreeSet<u32>),
}

/// Whether a row is shown, if it is one of the chosen sessions'.
pub(super) type Keep<R> = Box<dyn FnMut(&R, u32) -> bool>;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Row(u32),
    Run(Run),
}

/// A run of rows with media, folded into one item, or open with its rows below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its first and its last row. Rows between them that are not shown do not belong to it.
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) media: Media,
    pub(super) is_open: bool,
}

/// A view; see the module.
pub(super) struct View<R> {
    chosen: Chosen,
    keep: Option<Keep<R>>,
    folds: bool,
    /// How many of the rows that could be chosen were looked at.
    seen: usize,
    /// The chosen ones, where nobody else has them as a list.
    own: Option<Blocks<u32>>,
    runs: Blocks<Folded>,
    /// The last chosen row, if it is media and no run yet.
    single: Option<Media>,
}

/// A run among the chosen rows.
#[derive(Debug)]
struct Folded {
    /// Its first row's number among the chosen ones, and how many it has.
    start: u32,
    rows: u32,
    /// Its place is `start` and so many more, or fewer.
    shift: i32,
    is_open: bool,
    media: Media,
}

impl Folded {
    fn place(&self) -> usize {
        self.start.saturating_add_signed(self.shift) as usize
    }

    fn end(&self) -> usize {
        (self.start + self.rows) as usize
    }

    /// The shift of what follows it.
    fn shift_behind(&self) -> i32 {
        self.shift + if self.is_open { 1 } else { 1 - self.rows as i32 }
    }
}

impl<R: Rows> View<R> {
    pub(super) fn new(chosen: Chosen, folds: bool, keep: Option<Keep<R>>) -> Self {
        let own = (keep.is_some() || matches!(chosen, Chosen::Sessions(_))).then(Blocks::default);
        View { chosen, keep, folds, seen: 0, own, runs: Blocks::default(), single: None }
    }

    pub(super) fn chosen(&self) -> &Chosen {
        &self.chosen
    }

    /// Whether media is folded.
    pub(super) fn folds(&self) -> bool {
        self.folds
    }

    /// How many places there are.
    pub(super) fn len(&self, rows: &R) -> usize {
        let shift = self.runs.last().map_or(0, Folded::shift_behind);
        self.rows(rows).saturating_add_signed(shift as isize)
    }

    /// Whether there are rows that it has not looked at.
    pub(super) fn is_behind(&self, rows: &R) -> bool {
        self.looks() && self.seen < self.candidates(rows)
    }

    /// Takes in the rows that came since, until time is up. Whether it has them all.
    pub(super) fn grow(&mut self, rows: &R, mut is_up: impl FnMut() -> bool) -> bool {
        if !self.looks() {
            return true;
        }
        let end = self.candidates(rows);
        while self.seen < end {
            let Some(row) = self.candidate(rows, self.seen) else { break };
            self.seen += 1;
            self.take(rows, row);
            if self.seen.is_multiple_of(STRIDE) && self.seen < end && is_up() {
                return false;
            }
        }
        true
    }

    /// What stands at a place.
    pub(super) fn item(&self, rows: &R, place: usize) -> Option<Item> {
        let Some(run) = self.last_run(|run| run.place() <= place) else {
            return self.row(rows, place).map(Item::Row);
        };
        let inside = place - run.place();
        let index = match (inside, run.is_open) {
            (0, _) => return self.run(rows, run).map(Item::Run),
            (inside, true) => run.start as usize + inside - 1,
            (inside, false) => run.end() + inside - 1,
        };
        self.row(rows, index).map(Item::Row)
    }

    /// The row at a place; a run's first.
    pub(super) fn row_at(&self, rows: &R, place: usize) -> Option<u32> {
        self.item(rows, place).map(|item| match item {
            Item::Row(row) => row,
            Item::Run(run) => run.first,
        })
    }

    /// The place of a row or of the run that it is folded into; of the next one shown where it is not.
    pub(super) fn place_of(&self, rows: &R, row: u32) -> usize {
        let index = self.index_of(rows, row);
        match self.last_run(|run| run.start as usize <= index) {
            None => index,
            Some(run) if index < run.end() => {
                if run.is_open {
                    run.place() + 1 + index - run.start as usize
                } else {
                    run.place()
                }
            }
            Some(run) => index.saturating_add_signed(run.shift_behind() as isize),
        }
    }

    /// Whether a row is among those that it shows, folded or not.
    pub(super) fn holds(&self, rows: &R, row: u32) -> bool {
        self.row(rows, self.index_of(rows, row)) == Some(row)
    }

    /// Opens or closes the run that stands at a place. Whether there is one.
    pub(super) fn toggle(&mut self, place: usize) -> bool {
        let number = self.runs.partition_point(|run| run.place() <= place);
        let Some(number) = number.checked_sub(1) else { return false };
        match self.runs.get_mut(number) {
            Some(run) if run.place() == place => run.is_open = !run.is_open,
            _ => return false,
        }
        // What follows moves; that happens when somebody asks for it, not while the view grows.
        let mut shift = None;
        for number in number..self.runs.len() {
            let Some(run) = self.runs.get_mut(number) else { break };
            run.shift = shift.unwrap_or(run.shift);
            shift = Some(run.shift_behind());
        }
        true
    }

    /// Whether every row must be looked at.
    fn looks(&self) -> bool {
        self.folds || self.own.is_some()
    }

    /// Rows that could be chosen.
    fn candidates(&self, rows: &R) -> usize {
        match self.chosen {
            Chosen::Session(session) => rows.of_session(session).map_or(0, Blocks::len),
            Chosen::All | Chosen::Sessions(_) => rows.len(),
        }
    }

    fn candidate(&self, rows: &R, index: usize) -> Option<u32> {
        match self.chosen {
            Chosen::Session(session) => rows.of_session(session)?.get(index).copied(),
            Chosen::All | Chosen::Sessions(_) => (index < rows.len()).then_some(index as u32),
        }
    }

    fn take(&mut self, rows: &R, row: u32) {
        if let Chosen::Sessions(sessions) = &self.chosen
            && rows.session_of(row).is_none_or(|session| !sessions.contains(&session))
        {
            return;
        }
        if let Some(keep) = &mut self.keep
            && !keep(rows, row)
        {
            return;
        }
        // Without an own list, all that were looked at are chosen.
        let index = self.own.as_ref().map_or(self.seen - 1, Blocks::len);
        if let Some(own) = &mut self.own {
            own.push(row);
        }
        if self.folds {
            self.fold(index, rows.media(row));
        }
    }

    /// Takes the chosen row of this number into a run, if it is media and so is the one before it.
    fn fold(&mut self, index: usize, media: Option<Media>) {
        let Some(media) = media else {
            self.single = None;
            return;
        };
        if let Some(mut both) = self.single.take() {
            let shift = self.runs.last().map_or(0, Folded::shift_behind);
            both.add(media);
            self.runs.push(Folded { start: index as u32 - 1, rows: 2, shift, is_open: false, media: both });
            return;
        }
        let last = self.runs.len().checked_sub(1).and_then(|last| self.runs.get_mut(last));
        match last.filter(|run| run.end() == index) {
            Some(run) => {
                run.rows += 1;
                run.media.add(media);
            }
            None => self.single = Some(media),
        }
    }

    /// How many rows are chosen.
    pub(super) fn rows(&self, rows: &R) -> usize {
        match &self.own {
            Some(own) => own.len(),
            None if self.folds => self.seen,
            None => self.candidates(rows),
        }
    }

    /// The chosen row of a number.
    pub(super) fn row(&self, rows: &R, index: usize) -> Option<u32> {
        match &self.own {
            Some(own) => own.get(index).copied(),
            None => self.candidate(rows, index).filter(|_| index < self.rows(rows)),
        }
    }

    /// The number among the chosen rows of a row, or of the next one.
    pub(super) fn index_of(&self, rows: &R, row: u32) -> usize {
        let number = |list: &Blocks<u32>| list.partition_point(|other| *other < row);
        let index = match (&self.own, &self.chosen) {
            (Some(own), _) => number(own),
            (None, Chosen::Session(session)) => rows.of_session(*session).map_or(0, number),
            (None, _) => row as usize,
        };
        index.min(self.rows(rows))
    }

    fn run(&self, rows: &R, run: &Folded) -> Option<Run> {
        let (first, last) = (self.row(rows, run.start as usize)?, self.row(rows, run.end() - 1)?);
        Some(Run { first, last, media: run.media, is_open: run.is_open })
    }

    /// The last run of those that `is_before` holds for: those at the start.
    fn last_run(&self, is_before: impl Fn(&Folded) -> bool) -> Option<&Folded> {
        self.runs.get(self.runs.partition_point(is_before).checked_sub(1)?)
    }
}
