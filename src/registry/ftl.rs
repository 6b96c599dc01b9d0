//! What FTL's messages have beside their bytes: what they are to one another.

use super::native::{Native, Seen, Visit};
use super::subject::Subject;
use crate::fields;
use crate::proto::ftl::{Body, Item, Message, media};
use crate::proto::rtp::{Arrival, Seen as Received};
use crate::proto::{Answer, Event};
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

/// Declares each member once: its group, its field, and its value in a message that has it.
macro_rules! members {
    ($($group:literal $field:ident: $value:expr;)*) => {
        /// All of a message.
        pub(crate) fn members(message: &Message) -> impl Iterator<Item = Member> {
            static ALL: &[(&str, &Field, fn(&Message) -> Option<Seen<'static>>)] = &[$(($group, &$field, $value)),*];
            ALL.iter().filter_map(|(group, field, value)| Some((*group, *field, value(message)?)))
        }

        /// Each with the way to its values.
        pub(crate) static NATIVES: &[Native] = &[$(Native {
            field: &$field,
            values: |subject, visit| member(subject, visit, $value),
        }),*];
    };
}

members! {
    "ftl" ANSWERS: |message| reply(message).map(number);
    "ftl" LATENCY: |message| reply(message).map(latency);
    "ftl" SIGNATURE_VALID: |message| line(message)?.signature_valid.map(Seen::Bool);
    "ftl_ping" PING_ANSWERS: |message| echo(message).map(number);
    "ftl_ping" PING_LATENCY: |message| echo(message).map(latency);
    "rtp" ARRIVAL: |message| Some(Seen::Word(seen(message)?.arrival.name()));
    "rtp" MISSING: |message| match seen(message)?.arrival {
        Arrival::Ahead { missing } => Some(Seen::Uint(u64::from(missing))),
        _ => None,
    };
    "rtp" RETRANSMISSION: |message| match seen(message)?.arrival {
        Arrival::Retransmission { .. } => Some(Seen::Bool(true)),
        _ => None,
    };
    "rtp" FRAME: |message| seen(message)?.frame.map(Seen::Uint);
}

/// All of an event; none of another protocol's.
pub(crate) fn members_of(event: &Event) -> impl Iterator<Item = Member> {
    let message = if let Event::Ftl(message) = event { Some(message) } else { None };
    message.into_iter().flat_map(members)
}

fn member(subject: &Subject<'_>, visit: &mut Visit<'_>, value: fn(&Message) -> Option<Seen<'static>>) -> bool {
    let Event::Ftl(message) = subject.event else { return false };
    value(message).is_some_and(visit)
}

/// What a reply answers.
fn reply(message: &Message) -> Option<Answer> {
    line(message).and(message.answers())
}

/// What an echo answers.
fn echo(message: &Message) -> Option<Answer> {
    datagram(message).and(message.answers())
}

fn number(answer: Answer) -> Seen<'static> {
    Seen::Uint(answer.n)
}

fn latency(answer: Answer) -> Seen<'static> {
    Seen::Number(answer.latency as f64 / 1e6)
}

fn line(message: &Message) -> Option<&Item> {
    if let Body::Line(item) = &message.body { Some(item) } else { None }
}

fn datagram(message: &Message) -> Option<&media::Item> {
    if let Body::Datagram(datagram) = &message.body { Some(&datagram.item) } else { None }
}

fn seen(message: &Message) -> Option<Received> {
    datagram(message)?.seen
}
