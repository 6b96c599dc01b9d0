//! What a video message holds ends inside it, and just there stands the next header: its header says more than it has, by just as many
//! bytes as the next messages are.

use super::header_inside::is_header;
use super::length::{config_ends, payload_so_far, unit_ends, written};
use super::walk::{Rigour, Walk};
use super::{Before, Case, Story, Verdict};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::mistake::{Mistake, Telling};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let first = case.first().filter(|first| case.before == Before::Message && first.passed == 0);
    let Some(first) = first.filter(|first| first.kind == MessageType::VIDEO) else { return Verdict::Rejected };
    let end = (first.data + written(first.length as usize, case.size)).min(case.bytes.len());
    case.known.spend((end - first.data.min(end)) as u64 / 8);
    let payload = payload_so_far(&case.bytes[first.data.min(end)..end], case.size, first.id);
    let place = |is: usize| (is, first.data + written(is, case.size));
    let own = Some((first.id, first.kind));
    let is_followed =
        |(_, at): &(usize, usize)| case.bytes.get(*at..).is_some_and(|bytes| is_header(bytes, case.known, own));
    let units = unit_ends(&payload).into_iter().filter(|is| *is < first.length as usize).map(place).filter(is_followed);
    let ends = config_ends(&payload).into_iter().flatten().map(place).chain(units);
    Verdict::first(ends.map(|(is, at)| {
        let walk = Walk::new(case, case.size, case.form).from(at).counting_from(at).with_rigour(Rigour::Strictest);
        let mistake = Mistake::Length { said: first.length, is: is as u32, by: Telling::NalUnits };
        let verdict = walk.run().0.proves(Story::Mistake(mistake), case.size, case.form);
        match verdict {
            Verdict::Proven(it) => Verdict::Proven(super::Explanation { kind: Some(first.kind), ..it }),
            other => other,
        }
    }))
}
