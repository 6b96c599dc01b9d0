//! The sender uses a chunk size that nobody announced: headers inside a message stand that far apart.

use super::size_known::{Shown, tried};
use super::{Case, Verdict};
use crate::proto::rtmp::mistake::SizeSource;

/// The largest chunk size that is searched for: a little above the largest common one.
const LARGEST: usize = 70_000;
/// Sizes that are tried.
const SIZES: usize = 64;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let Some(first) = case.first() else { return Verdict::Rejected };
    if first.id >= 64 {
        return Verdict::Rejected;
    }
    let end = case.bytes.len().min(first.data + (first.left() as usize).min(LARGEST));
    let payload = &case.bytes[first.data.min(end)..end];
    case.known.spend(payload.len() as u64 / 8);
    // Where chunks of the present size stand, those of every multiple do as well.
    let is_other = |size: &usize| *size > 0 && !(size + 1).is_multiple_of(case.size as usize + 1);
    let sizes = memchr::memchr_iter(0xc0 | first.id as u8, payload).filter(is_other).take(SIZES);
    Verdict::first(sizes.map(|size| tried(case, size as u32, SizeSource::Spacing, Shown::Headers))).or_else(|| {
        let is_short = !case.is_over() && payload.len() < (first.left() as usize).min(LARGEST);
        if is_short { Verdict::Wait } else { Verdict::Rejected }
    })
}
