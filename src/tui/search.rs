//! Search through the rows of the view, folded ones too.

use std::time::Instant;

use super::query::Query;
use super::screen::Effect;
use super::screen::job::{Job, Progress};
use super::shared::Shared;
use crate::wire::escape;

/// A search under way.
pub(super) struct Search {
    query: Query,
    walk: Walk,
}

impl Search {
    /// From the row beside `origin`, a number among the view's rows.
    pub(super) fn new(query: Query, origin: usize, forward: bool) -> Self {
        Search { query, walk: Walk { origin, forward, seen: 0 } }
    }
}

impl Job for Search {
    fn name(&self) -> &'static str {
        "searching"
    }

    fn step(&mut self, shared: &Shared, deadline: Instant) -> Progress {
        let (book, view) = (&shared.book, &shared.view);
        let length = view.rows(book);
        loop {
            let Some((index, wrapped)) = self.walk.next(length) else {
                return Progress::Done(vec![Effect::Say(format!("not found: {}", escape(self.query.text())))]);
            };
            let Some(row) = view.row(book, index) else { return Progress::Done(Vec::new()) };
            let text = book.text(row);
            if self.query.matches(&text.what) || self.query.matches(&text.kind) {
                let around = wrapped.then(|| Effect::Say("search went on from the other end".to_owned()));
                return Progress::Done([Effect::GoTo(row)].into_iter().chain(around).collect());
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
