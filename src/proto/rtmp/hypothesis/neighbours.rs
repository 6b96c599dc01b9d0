//! A message is longer or shorter than its header says, or bytes that belong to no chunk stand behind it: the next chunk begins
//! a little before or behind the place where the header is that cannot be one.

use super::header_inside::{holds_header, is_header};
use super::length::{ends as contents_end, is_amf, is_whole, payload, payload_so_far, told, unit_ends, written};
use super::lengths::ends;
use super::size_inside::may_be_split;
use super::walk::{Outcome, Rigour, Walk};
use super::{Before, Case, Explanation, First, Form, Story, Verdict};
use crate::proto::rtmp::mistake::{Mistake, Stray, Telling};
use crate::proto::rtmp::resync::{Known, Past};
use crate::proto::rtmp::{MessageType, Surplus};

/// How far behind that place the next chunk is looked for: a handshake's block, and any other that is small.
const REACH: usize = 4096;
/// How far behind that place a type 3 header is believed that has the length of the message before, which may be wrong: a byte like it
/// is found anywhere.
const REACH_OF_TYPE_3: usize = 64;
/// What it says for a place that AMF values end there.
const VALUES: i32 = 32;
/// The longest control message.
const CONTROL: usize = 14;
/// Bytes of values that are decoded for that.
const MOST: usize = 4096;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let first = match case.before {
        Before::Part | Before::Message => case.first(),
        Before::Nothing => case.first().filter(|first| case.symptom == 0 && first.kind.is_control()),
    };
    let end = match &first {
        Some(first) if case.before == Before::Nothing => first.data + CONTROL + 1,
        _ => case.symptom,
    };
    if let Some(first) = &first
        && let Some((at, outcome)) = next(case, Some(first), first.data + 1..end)
        && let Some(mistake) = shorter(case, first, at)
        && (case.before != Before::Nothing || is_own_length(first.kind, mistake))
    {
        return proven(case, Some(first), mistake, outcome);
    }
    if case.before == Before::Part {
        return Verdict::Rejected;
    }
    let first = first.filter(|_| case.before == Before::Message);
    match behind(case, first.as_ref()) {
        Some((at, outcome)) => proven(case, first.as_ref(), longer(case, first.as_ref(), at), outcome),
        None if !case.is_over() && case.bytes.len() < case.symptom + REACH => Verdict::Wait,
        None => Verdict::Rejected,
    }
}

/// The verdict on one place where a message may end otherwise than its header says, as its sender's other messages do: one header there
/// is enough, since what follows may be wrong in the same way.
pub(super) fn ends_at(case: &Case<'_>, first: &First, at: usize) -> Verdict {
    let known = known_behind(case, Some(first));
    let moved = Case { known: &known, sizes: case.sizes, ..*case };
    let walk = Walk::new(&moved, case.size, case.form).counting_from(at).with_rigour(Rigour::Strictest);
    let outcome = walk.starting_at_end(at).with_bits(VALUES).run().0;
    case.known.credit.set(known.credit.get());
    if at > case.bytes.len() {
        return Verdict::Rejected;
    }
    shorter(case, first, at).map_or(Verdict::Rejected, |mistake| proven(case, Some(first), mistake, outcome))
}

/// The verdict on a mistake; where its sender made just this one at the last message of the type, it is no accident.
fn proven(case: &Case<'_>, first: Option<&First>, mistake: Mistake, outcome: Outcome) -> Verdict {
    let (Some(first), Some(by)) = (first, mistake.surplus()) else {
        return outcome.proves(Story::Mistake(mistake), case.size, case.form);
    };
    let of_kind = |verdict| match verdict {
        Verdict::Proven(explanation) => Verdict::Proven(Explanation { kind: Some(first.kind), ..explanation }),
        other => other,
    };
    if by == 0 {
        // Nothing stands behind it, as it did behind those before.
        let surplus = case.form.surplus.with(first.kind, 0);
        let story = if surplus.is_none() { Story::Standard } else { Story::Mistake(Mistake::Lengths(surplus)) };
        return outcome.proves(story, case.size, Form { surplus, ..case.form });
    }
    let is_again = case.last_length == Some((first.kind, by)) && case.form.surplus.of(first.kind) == 0;
    let Some(by) = i8::try_from(by).ok().filter(|_| is_again) else {
        return of_kind(outcome.proves(Story::Mistake(mistake), case.size, case.form));
    };
    let is_stray = by > 0 && (ends(case, first) || case.form.surplus.is_stray);
    let surplus = Surplus { is_stray, ..case.form.surplus.with(first.kind, by) };
    outcome.proves(Story::Mistake(Mistake::Lengths(surplus)), case.size, Form { surplus, ..case.form })
}

/// The next chunk behind the impossible header.
pub(super) fn behind(case: &Case<'_>, first: Option<&First>) -> Option<(usize, Outcome)> {
    next(case, first, case.symptom + 1..case.symptom + REACH + 1)
}

/// The first place at which a chunk begins that is not rejected.
fn next(case: &Case<'_>, first: Option<&First>, places: std::ops::Range<usize>) -> Option<(usize, Outcome)> {
    let known = known_behind(case, first);
    let moved = Case { known: &known, sizes: case.sizes, ..*case };
    let end = places.end.min(case.bytes.len());
    let units = first.map_or_else(Vec::new, |first| ends_of_units(&moved, first, places.end));
    let is_end = |at| units.contains(&at) || ends_with_values(&moved, first, at);
    let found = (places.start..end).find_map(|at| {
        let is_chance = || first.is_some_and(|first| is_next_chunk(case, first, at) || is_far(case, first, at));
        if !known.spend(1) || !is_candidate(&case.bytes[at..], &known) || is_chance() {
            return None;
        }
        let walk = Walk::new(&moved, case.size, case.form).counting_from(at).with_rigour(Rigour::Strictest);
        let walk = if is_end(at) { walk.starting_at_end(at).with_bits(VALUES) } else { walk.from(at) };
        match walk.run().0 {
            Outcome::Rejected => None,
            _ if at < case.symptom && (is_inside(case, first, at) || spans_header(case, first, at)) => None,
            outcome => Some((at, outcome)),
        }
    });
    // Its last message ends with the bytes.
    let is_last = case.is_over() && places.end > case.bytes.len() && is_end(case.bytes.len());
    case.known.credit.set(known.credit.get());
    found.or_else(|| is_last.then_some((case.bytes.len(), Outcome::Proven(case.bytes.len()))))
}

/// Whether the message before goes on here with its next chunk, as its header and the chunk size have it: nothing can show that this is
/// another message.
fn is_next_chunk(case: &Case<'_>, first: &First, at: usize) -> bool {
    let step = case.size as usize + 1;
    let is_mark = first.id < 64 && case.bytes[at] == 0xc0 | first.id as u8;
    is_mark && at < case.symptom && at > first.data && (at - first.data) % step == step - 1
}

/// Whether one byte is all that tells of a message here, and its length is that of the message before, of which it is not known where it
/// ends.
fn is_far(case: &Case<'_>, first: &First, at: usize) -> bool {
    first.id < 64 && case.bytes[at] == 0xc0 | first.id as u8 && at > case.symptom + REACH_OF_TYPE_3
}

/// Whether what the message before holds goes on behind the end that its header says.
pub(super) fn goes_on(case: &Case<'_>) -> bool {
    case.before == Before::Message && is_inside(case, case.first().as_ref(), case.symptom)
}

/// Whether what the message before holds goes on here.
fn is_inside(case: &Case<'_>, first: Option<&First>, at: usize) -> bool {
    let Some(first) = first.filter(|first| first.passed == 0) else { return false };
    case.known.spend((at - first.data) as u64 / 4);
    let payload = payload(&case.bytes[first.data..at], case.size, first.id);
    payload.is_some_and(|payload| contents_end(first.kind, &payload) == Some(false))
}

/// Whether a message that nothing else ends would have a whole header inside it, if it ended here.
fn spans_header(case: &Case<'_>, first: Option<&First>, at: usize) -> bool {
    let Some(first) = first.filter(|first| first.kind == MessageType::AUDIO && first.passed == 0) else { return false };
    case.known.spend((at - first.data) as u64 / 4);
    holds_header(&case.bytes[first.data..at], case.known, (first.id, first.kind))
}

/// Places up to `until` where the NAL units of the message before end.
fn ends_of_units(case: &Case<'_>, first: &First, until: usize) -> Vec<usize> {
    if first.kind != MessageType::VIDEO || first.passed > 0 {
        return Vec::new();
    }
    let bytes = &case.bytes[first.data.min(case.bytes.len())..until.min(case.bytes.len())];
    case.known.spend(bytes.len() as u64 / 8);
    let payload = payload_so_far(bytes, case.size, first.id);
    unit_ends(&payload).into_iter().map(|end| first.data + written(end, case.size)).collect()
}

/// Whether the message before is AMF values that end here, and not where its header says.
fn ends_with_values(case: &Case<'_>, first: Option<&First>, at: usize) -> bool {
    let Some(first) = first.filter(|first| is_amf(first.kind) && first.passed == 0 && at <= first.data + MOST) else {
        return false;
    };
    case.known.spend((at - first.data) as u64 / 4);
    payload(&case.bytes[first.data..at], case.size, first.id).is_some_and(|payload| is_whole(first.kind, &payload))
}

/// What is known behind the message before.
fn known_behind(case: &Case<'_>, first: Option<&First>) -> Known {
    let mut known = case.known.clone();
    if let Some(first) = first {
        let place = known.streams.iter().position(|past| past.id == first.id);
        let (id, length, kind) = (first.id, first.length, first.kind);
        let extended = place.and_then(|place| known.streams[place].extended);
        let past = Past { id, length, kind, fresh: true, left: 0, extended };
        match place {
            Some(place) => known.streams[place] = past,
            None => known.streams.push(past),
        }
    }
    known
}

/// Whether a chunk header may begin here: most places end at this.
pub(super) fn is_candidate(bytes: &[u8], known: &Known) -> bool {
    let id = u32::from(bytes[0] & 63);
    if bytes[0] >> 6 >= 2 {
        return known.streams.iter().any(|past| past.id == id);
    }
    id < 2 || bytes.get(7).is_none_or(|kind| MessageType(*kind).name().is_some())
}

/// Whether a mistake gives a control message the length that its type has.
fn is_own_length(kind: MessageType, mistake: Mistake) -> bool {
    let Mistake::Length { is, .. } = mistake else { return false };
    match kind {
        MessageType::SET_PEER_BANDWIDTH => is == 5,
        MessageType::USER_CONTROL => matches!(is, 6 | 10),
        _ => is == 4,
    }
}

/// The mistake by which a message ends before its header says.
fn shorter(case: &Case<'_>, first: &First, at: usize) -> Option<Mistake> {
    let payload = payload(&case.bytes[first.data..at], case.size, first.id)?;
    let by = if first.passed == 0 { told(first.kind, &payload) } else { None };
    let is = first.passed + payload.len() as u32;
    Some(Mistake::Length { said: first.length, is, by: by.unwrap_or(Telling::NextHeader) })
}

/// The mistake by which the next chunk stands behind the end that a message's header says.
fn longer(case: &Case<'_>, first: Option<&First>, at: usize) -> Mistake {
    let bytes = (at - case.symptom) as u32;
    let Some(first) = first else {
        return Mistake::Extra { bytes, what: Stray::Unknown };
    };
    if first.length == 0 && (1..=case.form.surplus.of(first.kind)).contains(&(bytes as i32)) {
        return Mistake::Length { said: 0, is: bytes, by: Telling::NextHeader };
    }
    let payload = payload(&case.bytes[first.data..at], case.size, first.id).filter(|_| first.passed == 0);
    let by = payload.as_deref().and_then(|payload| told(first.kind, payload));
    if let (Some(by), Some(payload)) = (by, &payload) {
        return Mistake::Length { said: first.length, is: payload.len() as u32, by };
    }
    let own = (first.id, first.kind);
    let holds_header = || (first.data + 1..case.symptom).any(|at| is_header(&case.bytes[at..], case.known, Some(own)));
    let is_told = ends(case, first);
    case.known.spend(u64::from(first.length) / 4);
    let is_doubtful = !is_told && (holds_header() || is_inside(case, Some(first), case.symptom));
    let is_doubtful = is_doubtful || may_be_split(case, first, at);
    let what = if is_doubtful { Stray::Ambiguous } else { Stray::Unknown };
    Mistake::Extra { bytes, what }
}
