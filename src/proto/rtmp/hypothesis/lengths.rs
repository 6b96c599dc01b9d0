//! All messages of some types are longer or shorter than their headers say, by the same number of bytes: the sender does not
//! count the header of an FLV tag's body, or counts that of the tag, or writes some bytes behind each message.

use super::header_inside::is_header;
use super::length::{is_amf, is_whole, payload_so_far, told};
use super::walk::{Lesson, Outcome, Rigour, SURPLUS, Walk};
use super::{Before, Case, First, Form, Story, Verdict};
use crate::proto::rtmp::{MessageType, Mistake, Surplus};

/// Bytes of values that are decoded to see where they end.
const MOST: usize = 2048;
/// Ways of choosing that are tried.
const CHOICES: usize = 24;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let is_told = |first: &First| case.before != Before::Nothing || case.symptom == 0 && first.kind.is_control();
    let Some(first) = case.first().filter(|first| is_told(first) && first.passed == 0) else {
        return Verdict::Rejected;
    };
    if !case.form.surplus.is_none() || Surplus::default().with(first.kind, 1).is_none() {
        return Verdict::Rejected;
    }
    // It ends at the latest where a whole header stands: one that reads over that reads two messages as one.
    let is_header = |by: &i8| {
        let at = case.symptom.checked_add_signed(isize::from(*by)).filter(|at| *at > first.data);
        let own = Some((first.id, first.kind));
        at.and_then(|at| case.bytes.get(at..)).is_some_and(|bytes| is_header(bytes, case.known, own))
    };
    let latest = (-SURPLUS..=SURPLUS).find(is_header).filter(|_| first.length > 0).unwrap_or(SURPLUS);
    let numbers = (1..=SURPLUS).flat_map(|by| [by, -by]).filter(|by| *by <= latest);
    let told = told_numbers(case, &first).filter(|by| by.unsigned_abs() > SURPLUS.unsigned_abs());
    Verdict::first(told.chain(numbers).map(|by| {
        let some = || tried(case, &first, Surplus::default().with(first.kind, by));
        // A length that a type has by itself is wrong where all are.
        if first.kind.is_control() { all(case, by).or_else(some) } else { some().or_else(|| all(case, by)) }
    }))
}

/// By how much a message may be longer or shorter than its header says, by what it holds or by its type.
fn told_numbers(case: &Case<'_>, first: &First) -> impl Iterator<Item = i8> {
    let said = i64::from(first.length);
    let own = own_length(first.kind).map(|own| i64::from(own) - said);
    let bytes = case.bytes.get(first.data..).unwrap_or_default();
    let bytes = &bytes[..bytes.len().min(MOST)];
    let payload = if is_amf(first.kind) { payload_so_far(bytes, case.size, first.id) } else { Vec::new() };
    let ends = (1..payload.len()).filter(|end| {
        let is_near = i8::try_from((said - *end as i64).unsigned_abs()).is_ok();
        is_near && case.known.spend(*end as u64 / 4) && is_whole(first.kind, &payload[..*end])
    });
    let ends: Vec<i64> = ends.map(|end| end as i64 - said).collect();
    own.into_iter().chain(ends).filter_map(|by| i8::try_from(by).ok()).filter(|by| *by != 0)
}

/// The payload bytes of a control message whose type has one length.
fn own_length(kind: MessageType) -> Option<u32> {
    match kind {
        MessageType::SET_PEER_BANDWIDTH => Some(5),
        MessageType::USER_CONTROL => None,
        kind => kind.is_control().then_some(4),
    }
}

/// The bytes belong to the message, or stand behind it.
fn tried(case: &Case<'_>, first: &First, surplus: Surplus) -> Verdict {
    let forms = [surplus, Surplus { is_stray: true, ..surplus }];
    let forms = &forms[..if surplus.of(first.kind) > 0 { 2 } else { 1 }];
    Verdict::first(forms.iter().map(|surplus| learnt(case, first, Form { surplus: *surplus, ..case.form })))
}

/// All messages are longer or shorter by the same, whatever their type.
fn all(case: &Case<'_>, by: i8) -> Verdict {
    let surplus = Surplus::of_all(by);
    let form = Form { surplus, ..case.form };
    let walk = Walk::new(case, case.size, form).with_rigour(Rigour::Strictest);
    walk.knowing_all().run().0.proves(Story::Mistake(Mistake::Lengths(surplus)), case.size, form)
}

/// Learns the surplus of the other types. Where a message of one may end is a choice among several places: the next one is taken
/// where the headers lead nowhere.
fn learnt(case: &Case<'_>, first: &First, form: Form) -> Verdict {
    let mut choices = [0; 5];
    for _ in 0..CHOICES {
        let walk = Walk::new(case, case.size, form).with_rigour(Rigour::Strictest);
        let (outcome, uses) = walk.learning(first.kind, choices).run();
        let Lesson { slots, count, is_exhausted } = uses.lesson;
        let slots = &slots[..count];
        match (outcome, slots) {
            (Outcome::Rejected, []) => break,
            (Outcome::Rejected, [.., before, last]) if is_exhausted => {
                choices[*last] = 0;
                choices[*before] += 1;
            }
            (Outcome::Rejected, [_]) if is_exhausted => break,
            (Outcome::Rejected, [.., last]) => choices[*last] += 1,
            _ => {
                let form = Form { surplus: uses.surplus, ..form };
                return outcome.proves(Story::Mistake(Mistake::Lengths(uses.surplus)), case.size, form);
            }
        }
    }
    Verdict::Rejected
}

/// Whether the message's content ends where its header says.
pub(super) fn ends(case: &Case<'_>, first: &First) -> bool {
    let payload = case.bytes.get(first.data..case.symptom);
    let payload = payload.and_then(|bytes| super::length::payload(bytes, case.size, first.id));
    payload.is_some_and(|payload| payload.len() == first.length as usize && told(first.kind, &payload).is_some())
}
