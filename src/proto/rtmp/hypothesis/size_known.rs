//! The sender uses a chunk size that is known, but not in force: one that it left, one that the other side announced for
//! itself; or the one in force, having used another before.

use super::walk::Walk;
use super::{Case, Story, Verdict};
use crate::proto::rtmp::mistake::{Mistake, SizeSource, UsedSize};

/// It is back at what it announced.
pub(super) fn announced(case: &Case<'_>) -> Verdict {
    let size = case.sizes.in_force();
    if size == case.size {
        return Verdict::Rejected;
    }
    Walk::new(case, size, case.form).run().0.proves(Story::Standard, size, case.form)
}

/// One of its own, from before.
pub(super) fn past(case: &Case<'_>) -> Verdict {
    let sizes = case.sizes.past.iter().rev();
    Verdict::first(sizes.map(|size| tried(case, *size, SizeSource::Before, Shown::Elsewhere)))
}

/// The other side's.
pub(super) fn peer(case: &Case<'_>) -> Verdict {
    case.sizes.peer.map_or(Verdict::Rejected, |size| tried(case, size, SizeSource::Peer(size), Shown::Elsewhere))
}

/// What speaks for a size beside the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It is known from elsewhere.
    Elsewhere,
    /// Nothing: several headers inside messages have to.
    Headers,
    /// A message's content ends with it where it was split like this.
    Content,
}

/// Headers inside messages that prove a size of which nothing else is known.
const MARKS: u32 = 2;
/// What it says that a message's content ends with it.
const WHOLE: i32 = 32;

/// A size that is not in force.
pub(super) fn tried(case: &Case<'_>, size: u32, source: SizeSource, shown: Shown) -> Verdict {
    if size == case.size || size == case.sizes.in_force() || (size > case.size && case.keeps_its_size()) {
        return Verdict::Rejected;
    }
    let (bits, marks) = match shown {
        Shown::Elsewhere => (0, 0),
        Shown::Headers => (0, MARKS),
        Shown::Content => (WHOLE, 1),
    };
    let (outcome, uses) =
        Walk::new(case, size, case.form).with_bits(bits).wanting_marks(marks).wanting_next_chunks().run();
    let (in_force, announced) = (case.sizes.in_force(), case.sizes.announced.is_some());
    // A size that it announced once is known where chunks end by it; of others the longest chunk is.
    let used = if source == SizeSource::Before && uses.marks > 0 { size } else { uses.longest };
    let used = UsedSize { used, in_force, announced, source };
    outcome.proves(Story::Mistake(Mistake::ChunkSize(used)), size, case.form)
}
