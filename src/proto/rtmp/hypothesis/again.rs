//! A message's length is wrong in the way of its sender's other messages: its header says too much by as many bytes as that of the last
//! such message did, so that the next header stands inside it; or it says 0, since its sender does not count below that.

use super::header_inside::is_header;
use super::length::written;
use super::neighbours::ends_at;
use super::{Before, Case, First, Verdict};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let Some(first) = case.first().filter(|first| case.before == Before::Message && first.passed == 0) else {
        return Verdict::Rejected;
    };
    if first.length == 0 { zero(case, &first) } else { long(case, &first) }
}

fn long(case: &Case<'_>, first: &First) -> Verdict {
    let by =
        case.last_length.filter(|(kind, by)| *kind == first.kind && *by < 0).map_or(0, |(_, by)| by.unsigned_abs());
    if by == 0 || by >= first.length {
        return Verdict::Rejected;
    }
    let at = first.data + written((first.length - by) as usize, case.size);
    let bytes = case.bytes.get(at..).unwrap_or_default();
    let is_next = is_header(bytes, case.known, Some((first.id, first.kind)));
    if is_next { ends_at(case, first, at) } else { Verdict::Rejected }
}

fn zero(case: &Case<'_>, first: &First) -> Verdict {
    let most = if case.form.surplus.is_stray { 0 } else { case.form.surplus.of(first.kind) };
    let place = |is: i32| first.data + is as usize;
    let own = Some((first.id, first.kind));
    let is_plain = |is: &i32| case.bytes.get(place(*is)..).is_some_and(|bytes| is_header(bytes, case.known, own));
    (1..=most).find(is_plain).map_or(Verdict::Rejected, |is| ends_at(case, first, place(is)))
}
