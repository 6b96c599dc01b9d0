//! A message is split where the chunk size has it whole: without the headers inside, its AMF values or NAL units end with it.

use super::length::{is_amf, told};
use super::size_known::{Shown, tried};
use super::walk::LONGEST;
use super::{Before, Case, Verdict};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::mistake::SizeSource;

/// Sizes that are tried.
const SIZES: usize = 64;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let Some(first) = case.first().filter(|first| case.before != Before::Nothing && first.passed == 0) else {
        return Verdict::Rejected;
    };
    let has_an_end = is_amf(first.kind) || first.kind == MessageType::VIDEO;
    if !has_an_end || first.length > LONGEST || first.id >= 64 {
        return Verdict::Rejected;
    }
    let (data, mark, length) = (&case.bytes[first.data..], 0xc0 | first.id as u8, first.length as usize);
    let mut waits = false;
    let inside = &data[..data.len().min(length).min(case.size as usize)];
    let mut found = Vec::new();
    for size in memchr::memchr_iter(mark, inside).filter(|size| *size > 0).take(SIZES) {
        let end = length + (length - 1) / size;
        case.known.spend(length as u64 / 4);
        let Some(bytes) = data.get(..end) else {
            waits = true;
            continue;
        };
        let payload = super::length::payload(bytes, size as u32, first.id);
        if payload.is_some_and(|payload| told(first.kind, &payload).is_some()) {
            found.push(size as u32);
        }
    }
    // The length of a NAL unit says how many headers are inside it, and not where: a size that people choose may say that.
    if first.kind == MessageType::VIDEO && found.len() > 1 {
        found.retain(|size| size % 128 == 0 || size % 500 == 0);
    }
    if let ([size], true) | ([size, ..], false) = (&found[..], first.kind == MessageType::VIDEO) {
        return tried(case, *size, SizeSource::Spacing, Shown::Content);
    }
    if waits && !case.is_over() { Verdict::Wait } else { Verdict::Rejected }
}
