//! Long work, done in slices between keys: a search, a filter's first pass, saving, comparing.
//!
//! The program has one job at a time. It lends the job what is known for a slice, shows how far it is, and drops it when the user
//! says Esc, or goes on to something else that the job would disturb.

use std::time::Instant;

use super::Effect;
use crate::tui::shared::Shared;

/// How far a job is.
pub(in crate::tui) enum Progress {
    /// So many percent are done; there is more to do.
    More(usize),
    /// It is done, and asks for this.
    Done(Vec<Effect>),
}

/// Long work.
pub(in crate::tui) trait Job {
    /// What is being done, as in `searching`; a word or two.
    fn name(&self) -> &'static str;

    /// Goes on until about `deadline`. Every call does something.
    fn step(&mut self, shared: &Shared, deadline: Instant) -> Progress;

    /// Whether it goes on while the user does something else. Esc stops it in any case.
    fn is_background(&self) -> bool {
        false
    }
}
