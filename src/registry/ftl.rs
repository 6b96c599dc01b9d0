//! What FTL's messages have beside their bytes: what they are to one another.

use super::native::{Native, Seen, Visit};
use super::subject::Subject;
use crate::fields;
use crate::proto::Event;
use crate::proto::ftl::{Body, Message};
use crate::proto::rtp::Arrival;
use crate::wire::Field;

fields! {
    /// Of a reply, the `n` of the command that it answers.
    ANSWERS: Uint "ftl.answers", "", "FTL 0.9, Responses";
    /// Of a reply, the time from that command.
    LATENCY: Number "ftl.latency_ms", "ms", "";
    /// Of a CONNECT, whether its signature is made with a stream key that was given.
    SIGNATURE_VALID: Bool "ftl.signature_valid", "", "FTL 0.9, Authentication";
    /// Of an echo, the `n` of the ping.
    PING_ANSWERS: Uint "ftl_ping.answers", "", "ftl-sdk media.c";
    /// Of an echo, the time from the ping: the round trip, as it is seen where it was captured.
    PING_LATENCY: Number "ftl_ping.latency_ms", "ms", "";
    /// What the packet is to those of its source before it.
    ARRIVAL: Word "rtp.arrival", "", "RFC 3550 §A.1, RFC 4585 §6.2.1", Arrival::WORDS;
    /// Packets of its source that are missing before it, so far.
    MISSING: Uint "rtp.missing_before", "packets", "RFC 3550 §A.3";
    /// Whether it was asked for again.
    RETRANSMISSION: Bool "rtp.retransmission", "", "RFC 4585 §6.2.1";
    /// The frame that it belongs to, from 1 by its source's timestamps.
    FRAME: Uint "rtp.frame", "", "RFC 6184 §5.1";
}

/// The field's group in the payload, the field, and its value.
type Member = (&'static str, &'static Field, Seen<'static>);

/// All of an event; none of another protocol's.
pub(crate) fn members_of(event: &Event) -> Vec<Member> {
    if let Event::Ftl(message) = event { members(message) } else { Vec::new() }
}

/// All of a message.
pub(crate) fn members(message: &Message) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    let answers = message.answers().map(|answer| (Seen::Uint(answer.n), Seen::Number(answer.latency as f64 / 1e6)));
    match &message.body {
        Body::Line(line) => {
            if let Some((n, latency)) = answers {
                members.extend([("ftl", &ANSWERS, n), ("ftl", &LATENCY, latency)]);
            }
            members.extend(line.signature_valid.map(|valid| ("ftl", &SIGNATURE_VALID, Seen::Bool(valid))));
        }
        Body::Datagram(datagram) => {
            if let Some((n, latency)) = answers {
                members.extend([("ftl_ping", &PING_ANSWERS, n), ("ftl_ping", &PING_LATENCY, latency)]);
            }
            if let Some(seen) = datagram.item.seen {
                members.push(("rtp", &ARRIVAL, Seen::Word(seen.arrival.name())));
                match seen.arrival {
                    Arrival::Ahead { missing } => members.push(("rtp", &MISSING, Seen::Uint(u64::from(missing)))),
                    Arrival::Retransmission { .. } => members.push(("rtp", &RETRANSMISSION, Seen::Bool(true))),
                    _ => {}
                }
                members.extend(seen.frame.map(|frame| ("rtp", &FRAME, Seen::Uint(frame))));
            }
        }
        Body::Unreachable(_) => {}
    }
    members
}

fn member(subject: &Subject<'_>, visit: &mut Visit<'_>, field: &'static Field) -> bool {
    let Event::Ftl(message) = subject.event else { return false };
    members(message).into_iter().any(|(_, known, seen)| known.name == field.name && visit(seen))
}

/// Each with the way to its values.
pub(crate) static NATIVES: &[Native] = &[
    Native { field: &ANSWERS, values: |s, visit| member(s, visit, &ANSWERS) },
    Native { field: &LATENCY, values: |s, visit| member(s, visit, &LATENCY) },
    Native { field: &SIGNATURE_VALID, values: |s, visit| member(s, visit, &SIGNATURE_VALID) },
    Native { field: &PING_ANSWERS, values: |s, visit| member(s, visit, &PING_ANSWERS) },
    Native { field: &PING_LATENCY, values: |s, visit| member(s, visit, &PING_LATENCY) },
    Native { field: &ARRIVAL, values: |s, visit| member(s, visit, &ARRIVAL) },
    Native { field: &MISSING, values: |s, visit| member(s, visit, &MISSING) },
    Native { field: &RETRANSMISSION, values: |s, visit| member(s, visit, &RETRANSMISSION) },
    Native { field: &FRAME, values: |s, visit| member(s, visit, &FRAME) },
];
