//! The first chunk of a chunk stream has a header of type 2 or 3: how long its message is was never said. Where the next chunk
//! is proven, and what lies between begins as media or commands do, that is what happened; the message is lost.

use super::length::told;
use super::neighbours::behind;
use super::walk::Outcome;
use super::{Before, Case, Story, Verdict};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::header::{self, STEP};
use crate::proto::rtmp::resync::{Weight, weigh_payload};

/// Bits with which a payload tells its type.
const TELLING: i32 = 10;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let bytes = &case.bytes[case.symptom..];
    let Some(first) = bytes.first().filter(|first| **first >> 6 >= 2 && **first & 63 >= 2) else {
        return Verdict::Rejected;
    };
    let is_seen = case.known.streams.iter().any(|past| past.id == u32::from(first & 63));
    let (Ok(length), false) = (header::length(bytes), is_seen || case.before == Before::Part) else {
        return Verdict::Rejected;
    };
    if let Some([_, a, b, c]) = bytes.get(..length)
        && u32::from_be_bytes([0, *a, *b, *c]) > STEP
    {
        return Verdict::Rejected;
    }
    let message = if case.before == Before::Message { case.first() } else { None };
    let Some((at, outcome)) = behind(case, message.as_ref()) else { return Verdict::Rejected };
    if outcome != Outcome::Wait && !is_payload(case, &case.bytes[(case.symptom + length).min(at)..at]) {
        return Verdict::Rejected;
    }
    outcome.proves(Story::Inherits, case.size, case.form)
}

/// Whether these bytes are a payload, by their beginning or their end.
fn is_payload(case: &Case<'_>, payload: &[u8]) -> bool {
    let kinds = [MessageType::AUDIO, MessageType::VIDEO, MessageType::COMMAND_AMF0, MessageType::DATA_AMF0];
    kinds.into_iter().any(|kind| {
        let mut signs = case.known.signs;
        let weight = weigh_payload(kind, payload, payload.len() as u32, &mut signs);
        matches!(weight, Weight::Bits(TELLING..)) || told(kind, payload).is_some()
    })
}
