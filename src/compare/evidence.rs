//! Where a fact can be seen, and how often.

use crate::limits::Limits;

/// Messages that are named for one value.
const EVIDENCE: usize = Limits::DEFAULT.compared_evidence;

/// Where a fact can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The capture, by its place among all.
    pub capture: usize,
    pub session: u32,
    /// The message; what is no message, as a handshake, has none.
    pub n: Option<u64>,
}

/// How often something was seen, and where first.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) count: u64,
    pub(super) evidence: Vec<Evidence>,
}

impl Seen {
    pub(super) fn add(&mut self, evidence: Evidence) {
        self.count += 1;
        if self.evidence.len() < EVIDENCE && !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }
}
