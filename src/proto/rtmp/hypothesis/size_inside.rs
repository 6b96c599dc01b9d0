//! A message is split where the chunk size has it whole: without the headers inside, its AMF values or NAL units end with it.

use super::length::{is_amf, told};
use super::size_known::{Shown, tried};
use super::walk::{LONGEST, Outcome, Walk};
use super::{Before, Case, First, Verdict};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::mistake::SizeSource;

/// Sizes that are tried.
const SIZES: usize = 64;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let Some(first) = case.first().filter(|first| case.before != Before::Nothing && first.passed == 0) else {
        return Verdict::Rejected;
    };
    if !has_an_end(first.kind) || first.length > LONGEST || first.id >= 64 {
        return Verdict::Rejected;
    }
    let (data, length) = (&case.bytes[first.data..], first.length as usize);
    let mut waits = false;
    let mut found = Vec::new();
    for size in sizes(case, &first) {
        let Some(bytes) = data.get(..length + (length - 1) / size) else {
            waits = true;
            continue;
        };
        if is_split(case, &first, bytes, size) {
            found.push(size as u32);
        }
    }
    let verdict = match &found[..] {
        // Values end where they do by what is in all of them.
        [size] if first.kind != MessageType::VIDEO => tried(case, *size, SizeSource::Spacing, Shown::Content),
        // The length of a NAL unit says how many headers are inside it, and not where: a size that people choose may say that, and
        // other messages do.
        _ => {
            let mut usual = found.iter().filter(|size| is_usual(**size));
            let usual = usual.next().filter(|_| usual.next().is_none());
            let usual = usual.map(|size| tried(case, *size, SizeSource::Spacing, Shown::Content));
            let others = found.iter().map(|size| tried(case, *size, SizeSource::Spacing, Shown::Headers));
            Verdict::first(usual.into_iter().chain(others))
        }
    };
    verdict.or_else(|| if waits && !case.is_over() { Verdict::Wait } else { Verdict::Rejected })
}

/// Whether a message that has so many bytes more than its header says may have as many headers of chunks inside it, of some size by
/// which all that follows can be read.
pub(super) fn may_be_split(case: &Case<'_>, first: &First, end: usize) -> bool {
    let is_media = matches!(first.kind, MessageType::AUDIO | MessageType::VIDEO) || is_amf(first.kind);
    if !is_media || first.id >= 64 || first.passed > 0 {
        return false;
    }
    let bytes = &case.bytes[first.data..end];
    sizes(case, first).any(|size| {
        let is_split = bytes.len() == first.length as usize + (first.length as usize - 1) / size;
        is_split
            && self::is_split(case, first, bytes, size)
            && Walk::new(case, size as u32, case.form).run().0 != Outcome::Rejected
    })
}

/// Distances from a message's beginning to what may be the header of its next chunk.
fn sizes<'b>(case: &Case<'b>, first: &First) -> impl Iterator<Item = usize> + 'b {
    let inside = &case.bytes[first.data..];
    let inside = &inside[..inside.len().min(first.length as usize).min(case.size as usize)];
    memchr::memchr_iter(0xc0 | first.id as u8, inside).filter(|size| *size > 0).take(SIZES)
}

/// Whether these bytes are the message, with the headers that chunks of `size` bytes have.
fn is_split(case: &Case<'_>, first: &First, bytes: &[u8], size: usize) -> bool {
    case.known.spend(bytes.len() as u64 / 4);
    let payload = super::length::payload(bytes, size as u32, first.id);
    payload.is_some_and(|payload| !has_an_end(first.kind) || told(first.kind, &payload).is_some())
}

/// Whether what messages of a type hold says where it ends.
fn has_an_end(kind: MessageType) -> bool {
    is_amf(kind) || kind == MessageType::VIDEO
}

/// Whether people choose such a size.
fn is_usual(size: u32) -> bool {
    size.is_multiple_of(128) || size.is_multiple_of(500)
}
