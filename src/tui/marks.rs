//! What the user marked: sessions, to be shown together or compared, and rows, to be compared or counted from.

use std::collections::BTreeSet;

/// What can be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marked {
    Session(u32),
    Row(u32),
}

impl Marked {
    fn is_alike(self, other: Marked) -> bool {
        matches!((self, other), (Marked::Session(_), Marked::Session(_)) | (Marked::Row(_), Marked::Row(_)))
    }
}

/// What is marked, in the order in which it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(Vec<Marked>);

impl Marks {
    pub(super) fn holds(&self, one: Marked) -> bool {
        self.0.contains(&one)
    }

    /// Marks it, or no longer.
    pub(super) fn toggle(&mut self, one: Marked) {
        let length = self.0.len();
        self.0.retain(|other| *other != one);
        if self.0.len() == length {
            self.0.push(one);
        }
    }

    pub(super) fn sessions(&self) -> BTreeSet<u32> {
        let session = |one: &Marked| match *one {
            Marked::Session(number) => Some(number),
            Marked::Row(_) => None,
        };
        self.0.iter().filter_map(session).collect()
    }

    pub(super) fn forget_sessions(&mut self) {
        self.0.retain(|one| matches!(one, Marked::Row(_)));
    }

    /// Two to be compared: the last two of the kind that was marked last, in the order in which they were.
    pub(super) fn pair(&self) -> Option<(Marked, Marked)> {
        let last = *self.0.last()?;
        let before = self.0.iter().rev().skip(1).find(|one| one.is_alike(last))?;
        Some((*before, last))
    }

    /// What was marked last.
    pub(super) fn last(&self) -> Option<Marked> {
        self.0.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_alike_are_a_pair() {
        let mut marks = Marks::default();
        assert_eq!(marks.pair(), None);
        for one in [Marked::Row(7), Marked::Session(1), Marked::Row(3)] {
            marks.toggle(one);
        }
        assert_eq!(marks.pair(), Some((Marked::Row(7), Marked::Row(3))));
        marks.toggle(Marked::Session(2));
        assert_eq!(marks.pair(), Some((Marked::Session(1), Marked::Session(2))));
        marks.toggle(Marked::Session(1));
        assert_eq!((marks.pair(), marks.last()), (None, Some(Marked::Session(2))));
        marks.forget_sessions();
        assert_eq!(marks.sessions(), BTreeSet::new());
        assert!(marks.holds(Marked::Row(7)) && !marks.holds(Marked::Session(2)));
    }
}
