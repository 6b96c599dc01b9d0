//! Ways from the selected row to others: to what it refers to, and to the next of a kind.

use super::timeline::Timeline;
use crate::book::Book;
use crate::rules::Severity;
use crate::tui::shared::Shared;

impl Timeline {
    /// The row of the message that the selected one refers to; of a call its answer's.
    pub(super) fn reference(&self, shared: &Shared) -> Option<u32> {
        let row = self.row(shared)?;
        match shared.book.reference(row) {
            Some(n) => shared.book.row_of(n),
            None => shared.book.stand(row).map(|stand| stand.row).or_else(|| shared.book.answered_by(row)),
        }
    }

    /// The row of the worst finding about the selected message.
    pub(super) fn why(&self, shared: &Shared) -> Option<u32> {
        shared.book.why(self.row(shared)?)
    }

    /// The next finding that is so bad at least, or the one before.
    pub(super) fn severe(&self, forward: bool, least: Severity, shared: &Shared) -> Option<u32> {
        let is_it = |book: &Book, row| book.severity(row).is_some_and(|severity| severity >= least);
        self.seek(forward, is_it, shared)
    }

    /// The next row of those shown, folded ones too, of which something is so; or the one before.
    pub(super) fn seek(&self, forward: bool, is_it: impl Fn(&Book, u32) -> bool, shared: &Shared) -> Option<u32> {
        let (book, view) = (&shared.book, &shared.view);
        let at = view.index_of(book, self.row(shared)?);
        let row = |index| view.row(book, index);
        let is_it = |row: &u32| is_it(book, *row);
        if forward {
            (at + 1..view.rows(book)).filter_map(row).find(is_it)
        } else {
            (0..at).rev().filter_map(row).find(is_it)
        }
    }

    /// Lets times count from the selected row; says what they are then.
    pub(super) fn time_zero(&self, shared: &mut Shared) -> String {
        let row = self.row(shared);
        match row.and_then(|row| Some((row, shared.book.time(row)?))) {
            Some((row, at)) => {
                let n = shared.book.entry(row).and_then(|entry| entry.n);
                shared.times.choose(row, at, n);
                shared.times.about()
            }
            None => "this row has no time".to_owned(),
        }
    }
}
