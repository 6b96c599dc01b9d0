//! Words of a line, read one after the other with the place of each.

use std::ops::Range;

use crate::wire::{Field, Reader, Recorder, Value};

/// Takes what comes before the first byte that `is_end` names, or all, and says where it stood.
pub(super) fn until<'a, R: Recorder>(r: &mut Reader<'a, '_, R>, is_end: impl Fn(u8) -> bool) -> (&'a [u8], Range<u32>) {
    let start = r.at();
    let count = r.rest().iter().position(|byte| is_end(*byte)).unwrap_or(r.left());
    // No more than is there was counted.
    let word = r.skip(count, "a word").unwrap_or_default();
    (word, start..r.at())
}

/// The next word, without blanks around it.
pub(super) fn word<'a, R: Recorder>(r: &mut Reader<'a, '_, R>) -> (&'a [u8], Range<u32>) {
    blanks(r);
    until(r, |byte| byte == b' ')
}

/// Passes blanks.
pub(super) fn blanks<R: Recorder>(r: &mut Reader<'_, '_, R>) {
    until(r, |byte| byte != b' ');
}

/// Records all that is left as text, if there is some, and gives it.
pub(super) fn rest<R: Recorder>(r: &mut Reader<'_, '_, R>, field: &'static Field) -> Option<String> {
    let (text, span) = until(r, |_| false);
    if text.is_empty() {
        return None;
    }
    r.note(field, span.clone(), Value::Text(span));
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The number that decimal digits are, where they are one of that type.
pub(super) fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    // FromStr would take a sign as well.
    let is_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_digits)?.parse().ok()
}
