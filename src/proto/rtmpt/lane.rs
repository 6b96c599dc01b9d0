//! What one request adds to one of the session's two streams, kept while an earlier one is not over.

use std::collections::VecDeque;

use crate::net::{Delivery, Kept};

/// One direction of one request. Offsets of what it keeps mean nothing.
#[derive(Debug, Default)]
pub(super) struct Lane {
    kept: VecDeque<Kept>,
    /// Nothing is added any more.
    pub(super) is_done: bool,
}

/// What a kept piece takes beside its bytes.
const OVERHEAD: usize = size_of::<Kept>() + 16;

impl Lane {
    /// Keeps something. How much memory that takes.
    pub(super) fn push(&mut self, delivery: &Delivery<'_>) -> usize {
        let kept = Kept::of(delivery);
        let memory = kept.memory() + OVERHEAD;
        self.kept.push_back(kept);
        memory
    }

    /// Keeps something before all else.
    pub(super) fn put_first(&mut self, delivery: &Delivery<'_>) -> usize {
        let memory = self.push(delivery);
        self.kept.rotate_right(1);
        memory
    }

    /// Gives what is kept, in its order, with how much memory that gives back.
    pub(super) fn pop(&mut self) -> Option<(Kept, usize)> {
        let kept = self.kept.pop_front()?;
        if self.kept.is_empty() {
            self.kept = VecDeque::new();
        }
        let memory = kept.memory() + OVERHEAD;
        Some((kept, memory))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}
