//! The sender uses a chunk size that is known, but not in force: one that it left, one that the other side announced for
//! itself; or the one in force, having used another before.

use super::walk::{Outcome, Walk};
use super::{Case, Story, Verdict};
use crate::proto::rtmp::mistake::{Mistake, SizeSource, UsedSize};

/// It is back at what it announced.
pub(super) fn announced(case: &Case<'_>) -> Verdict {
    let size = case.sizes.in_force();
    if size == case.size {
        return Verdict::Rejected;
    }
    match Walk::new(case, size, case.form).run().0 {
        Outcome::Proven(until) => case.explained(Story::Standard, size, case.form, until),
        Outcome::Rejected => Verdict::Rejected,
        Outcome::Wait => Verdict::Wait,
    }
}

/// One of its own, from before.
pub(super) fn past(case: &Case<'_>) -> Verdict {
    let mut waits = false;
    for &size in case.sizes.past.iter().rev() {
        match tried(case, size, SizeSource::Before) {
            Verdict::Rejected => {}
            Verdict::Wait => waits = true,
            proven @ Verdict::Proven(_) => return proven,
        }
    }
    if waits { Verdict::Wait } else { Verdict::Rejected }
}

/// The other side's.
pub(super) fn peer(case: &Case<'_>) -> Verdict {
    case.sizes.peer.map_or(Verdict::Rejected, |size| tried(case, size, SizeSource::Peer(size)))
}

/// A size that is not in force.
pub(super) fn tried(case: &Case<'_>, size: u32, source: SizeSource) -> Verdict {
    if size == case.size || size == case.sizes.in_force() {
        return Verdict::Rejected;
    }
    let (outcome, uses) = Walk::new(case, size, case.form).run();
    match outcome {
        Outcome::Proven(until) => {
            let used = UsedSize {
                used: uses.longest,
                in_force: case.sizes.in_force(),
                announced: case.sizes.announced.is_some(),
                source,
            };
            case.explained(Story::Mistake(Mistake::ChunkSize(used)), size, case.form, until)
        }
        Outcome::Rejected => Verdict::Rejected,
        Outcome::Wait => Verdict::Wait,
    }
}
