//! What a message answers.

/// A request found for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request's `n`.
    pub n: u64,
    /// Nanoseconds from the request's last packet to the answer's.
    pub latency: i64,
}
