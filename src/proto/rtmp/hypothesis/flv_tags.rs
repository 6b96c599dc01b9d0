//! The sender writes an FLV file's tags as they are, or an aggregate's messages without the aggregate, where chunks belong: a tag is
//! proven by the size of it that stands behind it.

use super::form::{TAG_SIZE, tag_size};
use super::{Case, Explanation, Story, Verdict};

/// Bytes of a tag's header, and of a file's.
const HEADER: usize = 11;
const FILE: usize = 9;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let bytes = &case.bytes[case.symptom..];
    let start = if bytes.starts_with(b"FLV\x01") { FILE + TAG_SIZE } else { 0 };
    let Some(tag) = bytes.get(start..).filter(|tag| tag.len() >= HEADER) else {
        let may_be = matches!(bytes, [8 | 9 | 18, ..] | [b'F', b'L', b'V', ..]);
        return if may_be && !case.is_over() { Verdict::Wait } else { Verdict::Rejected };
    };
    let ([8 | 9 | 18, a, b, c, ..], [0, 0, 0]) = (tag, &tag[8..HEADER]) else { return Verdict::Rejected };
    let length = u32::from_be_bytes([0, *a, *b, *c]);
    let Some(field) = tag.get(HEADER + length as usize..HEADER + length as usize + TAG_SIZE) else {
        return if case.is_over() { Verdict::Rejected } else { Verdict::Wait };
    };
    // The size behind a message of an aggregate may count its payload alone, or be 0: that proves nothing.
    if field != tag_size(length) || length == 0 {
        return Verdict::Rejected;
    }
    let until = case.symptom + start + HEADER + length as usize + TAG_SIZE;
    Verdict::Proven(Explanation { story: Story::FlvTags, size: case.size, form: case.form, until, kind: None })
}
