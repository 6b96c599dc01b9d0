//! Search through the rows of the view, folded ones too: their words, then their fields, then their bytes.
//!
//! A row whose words match is one match; its fields are then looked at only where the user is among them.

use std::ops::Range;
use std::time::Instant;

use super::query::Query;
use super::screen::job::{Job, Progress};
use super::screen::{Effect, Spot};
use super::shared::Shared;
use crate::book::{Detail, Kind};
use crate::wire::escape;

/// Where a search begins, besides its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The row as a whole.
    Row,
    /// A field of it, by its path.
    Field(String),
    /// A byte of it.
    Byte(usize),
}

/// A search under way.
pub(super) struct Search {
    query: Query,
    walk: Walk,
    forward: bool,
    /// What of the first row is looked at before anything else.
    from: Option<From>,
}

impl Search {
    /// From the row beside `origin`, a number among the view's rows.
    pub(super) fn new(query: Query, origin: usize, from: From, forward: bool) -> Self {
        Search { query, walk: Walk { origin, forward, seen: 0 }, forward, from: Some(from) }
    }

    /// What of the first row matches, behind where the user is or before it.
    fn first(&self, shared: &Shared, from: &From) -> Option<Spot> {
        let row = shared.view.row(&shared.book, self.walk.origin)?;
        if *from == From::Row && (!self.forward || self.is_said(shared, row)) {
            return None;
        }
        let is_media = shared.book.media(row).is_some();
        self.inside(shared, row, &shared.book.detail(row), is_media, from)
    }

    fn is_said(&self, shared: &Shared, row: u32) -> bool {
        let text = shared.book.text(row);
        self.query.matches(&text.what) || self.query.matches(&text.kind)
    }

    /// The next match among fields and bytes.
    fn inside(&self, shared: &Shared, row: u32, detail: &Detail, is_media: bool, from: &From) -> Option<Spot> {
        // Of a finding the row says all but what is said of its rule.
        if matches!(shared.book.entry(row)?.kind, Kind::Finding(_)) {
            return None;
        }
        let lines = &detail.lines;
        let at = match from {
            From::Field(path) => lines.iter().position(|line| line.path == *path),
            _ => None,
        };
        let among = match (at, self.forward) {
            (Some(at), true) => at + 1..lines.len(),
            (Some(at), false) => 0..at,
            (None, _) => 0..lines.len(),
        };
        let is_it = |index: &usize| {
            let line = &lines[*index];
            self.query.matches(line.whole.as_deref().unwrap_or(&line.value)) || self.query.matches(&line.label)
        };
        let field = match (from, self.forward) {
            (From::Byte(_), _) => None,
            (_, true) => among.clone().find(is_it),
            (_, false) => among.clone().rev().find(is_it),
        };
        if let Some(index) = field {
            return Some(Spot::Field(lines[index].path.clone()));
        }
        if at.is_some() && !self.query.is_of_bytes() {
            return None;
        }
        let within: Range<usize> = match (from, self.forward) {
            (From::Byte(byte), true) => byte + 1..detail.bytes.len(),
            (From::Byte(byte), false) => 0..*byte,
            _ => 0..detail.bytes.len(),
        };
        let byte = self.query.find(&detail.bytes, is_media, within, self.forward)?;
        Some(Spot::Bytes(byte..byte + self.query.length()))
    }

    /// Where a match in a row is, if there is one.
    fn row(&self, shared: &Shared, row: u32) -> Option<Vec<Effect>> {
        if !self.query.is_of_bytes() && self.is_said(shared, row) {
            return Some(vec![Effect::GoTo(row)]);
        }
        let is_media = shared.book.media(row).is_some();
        let spot = self.inside(shared, row, &shared.book.detail(row), is_media, &From::Row)?;
        Some(vec![Effect::GoTo(row), Effect::Show(spot)])
    }
}

impl Job for Search {
    fn name(&self) -> &'static str {
        "searching"
    }

    fn step(&mut self, shared: &Shared, deadline: Instant) -> Progress {
        let (book, view) = (&shared.book, &shared.view);
        let length = view.rows(book);
        if let Some(spot) = self.from.take().and_then(|from| self.first(shared, &from)) {
            return Progress::Done(vec![Effect::Show(spot)]);
        }
        loop {
            let Some((index, wrapped)) = self.walk.next(length) else {
                return Progress::Done(vec![Effect::Say(format!("not found: {}", escape(self.query.written())))]);
            };
            let Some(row) = view.row(book, index) else { return Progress::Done(Vec::new()) };
            if let Some(mut found) = self.row(shared, row) {
                found.extend(wrapped.then(|| Effect::Say("search went on from the other end".to_owned())));
                return Progress::Done(found);
            }
            if Instant::now() >= deadline {
                return Progress::More(self.walk.percent(length));
            }
        }
    }
}
/// A walk along a list, once around.
#[derive(Clone, Copy, Debug)]
struct Walk {
    origin: usize,
    forward: bool,
    seen: usize,
}

impl Walk {
    /// The next place to look at, of `length`, and whether the walk went past an end to come there. The last one is the
    /// origin itself.
    fn next(&mut self, length: usize) -> Option<(usize, bool)> {
        if self.seen >= length {
            return None;
        }
        self.seen += 1;
        let place = if self.forward { self.origin + self.seen } else { self.origin + length - self.seen };
        let wrapped = (place >= length) == self.forward;
        Some((place % length, wrapped))
    }

    /// How much was looked at, in percent.
    fn percent(&self, length: usize) -> usize {
        self.seen * 100 / length.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_once_around() {
        let walk = |origin, forward| {
            let mut walk = Walk { origin, forward, seen: 0 };
            std::iter::from_fn(move || walk.next(4)).collect::<Vec<_>>()
        };
        assert_eq!(walk(2, true), [(3, false), (0, true), (1, true), (2, true)]);
        assert_eq!(walk(1, false), [(0, false), (3, true), (2, true), (1, true)]);
        assert_eq!(Walk { origin: 0, forward: true, seen: 0 }.next(0), None);
    }
}
