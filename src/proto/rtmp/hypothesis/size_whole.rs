//! The sender splits nothing: each message is one chunk, however long.

use super::size_known::{Shown, tried};
use super::{Before, Case, Verdict};
use crate::proto::rtmp::mistake::SizeSource;

/// More than any message has.
const ENDLESS: u32 = 0x7fff_ffff;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.before == Before::Message {
        Verdict::Rejected
    } else {
        tried(case, ENDLESS, SizeSource::Whole, Shown::Elsewhere)
    }
}
