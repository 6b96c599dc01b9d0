//! The fields that an event has without its payload being decoded: each with the way to its values.
//!
//! What a message's payload or a handshake's bytes hold is not here: those fields are the decoders' own.

use std::net::SocketAddr;

use super::subject::{SessionFacts, Subject};
use crate::fields;
use crate::net::{How, Start, facts};
use crate::proto::ftl;
use crate::proto::rtmp::header::TYPE;
use crate::proto::rtmp::header::{CHUNK_FORMAT, CHUNK_STREAM_ID, EXTENDED_TIMESTAMP, LENGTH, MESSAGE_STREAM_ID};
use crate::proto::rtmp::{Answer, ExtendedForm, Head, MessageType, Mistake, Reading, Step};
use crate::proto::{Envelope, Event, EventKind, Flow, Transport, Why};
use crate::rules::{CODES, Finding, Mark, NAMES, Severity};
use crate::wire::{Field, Side, Time, Value, Word};

fields! {
    /// What happened. A gap behind which decoding goes on is a `resync` as well.
    EVENT: Word "event", "", "", EventKind::WORDS;
    /// The name of a message's type.
    TYPE_NAME: Word "type_name", "", "RTMP 1.0 §5.4, §6.2, §7.1; FTL 0.9", TYPE_NAMES;
    /// The message's number, from 1 over all sessions, in order of completion.
    N: Uint "n", "", "";
    /// The session's number, from 1 in the order in which sessions are recognised by their bytes. `packet` has their first packets.
    SESSION: Uint "session", "", "";
    /// Who sent it.
    FROM: Word "from", "", "", Side::WORDS;
    /// When its last packet was captured: `3s` counts from the capture's first packet, `2026-11-20T04:15:02Z` is a date.
    TIME: Time "time", "", "";
    /// The packets that carry it: every number from its first to its last packet.
    PACKET: Uint "packet", "", "";
    /// Where it starts in its direction's stream; 0 is the first byte after the SYN, or the first byte seen.
    OFFSET: Uint "offset", "bytes", "";
    /// All its bytes on the wire, chunk headers included.
    SIZE: Uint "size", "bytes", "RTMP 1.0 §5.3";
    /// How many chunks carry it.
    CHUNKS: Uint "chunks", "", "RTMP 1.0 §5.3";
    /// The absolute time after all deltas, where it is known; it wraps at 2^32.
    TIMESTAMP: Uint "timestamp", "ms", "RTMP 1.0 §5.3.1.2";
    /// Whether the chunk stream had no type 0 header yet: the time counts from 0 then, as receivers have it.
    TIMESTAMP_INHERITED: Bool "timestamp_inherited", "", "RTMP 1.0 §5.3.1.2.1";
    /// What the message's continuing chunks do with the extended timestamp.
    EXTENDED_FORM: Word "extended_timestamp_form", "", "RTMP 1.0 §5.3.1.3", ExtendedForm::WORDS;
    /// Whether the extended timestamp is absolute where the header's type calls for a delta.
    EXTENDED_ABSOLUTE: Bool "extended_timestamp_absolute", "", "RTMP 1.0 §5.3.1.3";
    /// The whole payload.
    PAYLOAD: Opaque "payload", "", "RTMP 1.0 §6.1";
    /// Payload bytes that came of an unfinished message.
    RECEIVED: Uint "received", "bytes", "";
    /// Why a message stayed unfinished.
    WHY: Word "why", "", "", Why::WORDS;
    /// Of a gap, the bytes that are missing; of a close, all bytes of the direction.
    BYTES: Uint "bytes", "bytes", "";
    /// Of a gap, that its bytes are in the capture, in what carries them, and nothing opens that.
    CAPTURED: Bool "captured", "", "";
    /// Of a resync, captured bytes before it that could not be decoded.
    SKIPPED: Uint "skipped", "bytes", "";
    /// Why a direction stopped being decodable, or what its sender does otherwise than it should.
    REASON: Text "reason", "", "";
    /// Which mistake of a sender its direction is read by from here on.
    MISTAKE: Word "mistake", "", "", Mistake::WORDS;
    /// Of a message, the mistake of its sender by which it was read.
    READING: Word "reading", "", "", Reading::WORDS;
    /// How a direction ended.
    HOW: Word "how", "", "", How::WORDS;
    /// Of a close, how many messages the direction had.
    MESSAGES: Uint "messages", "", "";
    /// Of a close, bytes of the direction that were captured and not decoded.
    UNDECODED: Uint "undecoded", "bytes", "";
    /// The end of a direction.
    CLOSE: Group "close", "", "";
    /// What of a message could not be decoded.
    PROBLEMS: Group "problems", "", "";
    /// Where it could not be decoded, from the start of the payload.
    PROBLEM_AT: Uint "problems.at", "bytes", "";
    /// What is wrong there.
    PROBLEM_WHAT: Text "problems.what", "", "";
    /// Of an answer, the `n` of its call.
    ANSWERS: Uint "command.answers", "", "RTMP 1.0 §7.2";
    /// Of an answer, the time from its call.
    LATENCY: Number "command.latency_ms", "ms", "RTMP 1.0 §7.2";
    /// The protocol of the event's session.
    PROTOCOL: Word "session.protocol", "", "";
    /// Of a session that is enciphered on the wire, whether it was deciphered.
    DECRYPTED: Bool "session.decrypted", "", "";
    /// Of a flow, what its packets are.
    TRANSPORT: Word "transport", "", "", Transport::WORDS;
    /// The client's `address:port`.
    CLIENT: Text "session.client", "", "";
    /// The server's `address:port`.
    SERVER: Text "session.server", "", "";
    /// Whether the capture has the connection's beginning.
    START: Word "session.start", "", "", Start::WORDS;
    /// The client's address as a proxy announced it.
    PROXIED: Text "session.proxied", "", "PROXY protocol";
    /// The tags and tunnels around the client's first packet, the outermost first: `vlan 100/200`, `gre key 7`.
    TUNNELS: Text "session.tunnels", "", "";
    /// The tags and tunnels around the server's first packet, where they are others.
    TUNNELS_BACK: Text "session.tunnels_back", "", "";
    /// A step of the handshake.
    HANDSHAKE: Group "handshake", "", "RTMP 1.0 §5.2";
    /// Which step it is.
    STEP: Word "handshake.step", "", "RTMP 1.0 §5.2.1", Step::WORDS;
    /// What the rules found at this event.
    FINDING: Group "finding", "", "";
    /// The rule's code.
    CODE: Word "finding.code", "", "rtmp-inspect rules", CODES;
    /// The rule's name.
    NAME: Word "finding.name", "", "rtmp-inspect rules", NAMES;
    /// How bad it is: a note is less than a warning, a warning less than an error.
    SEVERITY: Word "finding.severity", "", "rtmp-inspect rules", Severity::WORDS;
    /// What is wrong, in words.
    TEXT: Text "finding.text", "", "";
    /// What the rule is from.
    SPEC: Text "finding.spec", "", "";
    /// Whose fault it is.
    FINDING_FROM: Word "finding.from", "", "", Side::WORDS;
    /// The `n` of the message that it is about.
    FINDING_MESSAGE: Uint "finding.message", "", "";
    /// The packets that prove it.
    FINDING_PACKET: Uint "finding.packet", "", "";
    /// False where a hole in the capture may be the reason, or the bytes can be read in another way.
    CERTAIN: Bool "finding.certain", "", "";
    /// The code of an earlier fault of the session that may be why.
    CAUSE: Word "finding.cause", "", "rtmp-inspect rules", CODES;
    /// How often it happened, on the closing report of a fault that repeats.
    COUNT: Uint "finding.count", "", "";
    /// The bytes of the message that show the fault.
    EVIDENCE: Group "finding.evidence", "", "";
    /// Which part of the message they are of.
    EVIDENCE_PART: Word "finding.evidence.part", "", "", Mark::PARTS;
    /// Where they begin in that part, and where what follows them begins.
    EVIDENCE_AT: Uint "finding.evidence.at", "bytes", "";
    /// What they are.
    EVIDENCE_BYTES: Bytes "finding.evidence.bytes", "", "";
}

/// The types of RTMP's messages, and of other protocols'.
const TYPE_NAMES: &[Word] = {
    const RTMP: &[Word] = MessageType::WORDS;
    const ALL: [Word; RTMP.len() + ftl::TYPE_NAMES.len()] = {
        let mut all = [Word { name: "", number: None }; RTMP.len() + ftl::TYPE_NAMES.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] =
                if at < RTMP.len() { RTMP[at] } else { Word { name: ftl::TYPE_NAMES[at - RTMP.len()], number: None } };
            at += 1;
        }
        all
    };
    &ALL
};

/// The name of [`PACKET`] where its first and its last stand beside one another.
pub(crate) const PACKETS: &str = "packets";

/// Another name for a field.
pub(crate) const ALIASES: &[(&str, &str)] =
    &[("csid", "chunk_stream_id"), (PACKETS, "packet"), ("finding.packets", "finding.packet")];

/// Those whose values are made of an event's bytes.
pub(crate) static OF_BYTES: &[&Field] =
    &[&PAYLOAD, &PROBLEMS, &PROBLEM_AT, &PROBLEM_WHAT, &EXTENDED_TIMESTAMP, &EXTENDED_FORM, &EXTENDED_ABSOLUTE];

/// A value as it was seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen<'a> {
    Uint(u64),
    /// Every number from the first to the last.
    Span(u64, u64),
    Int(i64),
    Number(f64),
    Bool(bool),
    /// Nanoseconds since 1970, and since the capture's start.
    Time {
        at: i64,
        since: i64,
    },
    Word(&'static str),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// Milliseconds since 1970.
    Date(f64),
    Null,
    Undefined,
    /// Something that has no value of its own.
    Group,
}

/// Looks at a value; true ends the search.
pub(crate) type Visit<'v> = dyn FnMut(Seen<'_>) -> bool + 'v;

/// A field and its values: whether any of them satisfies.
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) field: &'static Field,
    pub(crate) values: fn(&Subject<'_>, &mut Visit<'_>) -> bool,
}

macro_rules! natives {
    ($($field:path => $values:expr;)*) => {
        /// Every such field, in the order in which they are listed.
        pub(crate) static NATIVES: &[Native] = &[$(Native { field: &$field, values: $values },)*];
    };
}

natives! {
    EVENT => |s, visit| envelope(s, visit, |envelope, _| Some(Seen::Word(envelope.kind.name())));
    N => |s, visit| s.event.n().is_some_and(|n| visit(Seen::Uint(n)));
    SESSION => |s, visit| visit(Seen::Uint(u64::from(s.event.session())));
    FROM => |s, visit| envelope(s, visit, |envelope, _| Some(Seen::Word(envelope.from?.name())));
    TIME => |s, visit| envelope(s, visit, |envelope, start| {
        let time = envelope.last.time;
        Some(Seen::Time { at: time.0, since: time.since(start) })
    });
    PACKET => |s, visit| envelope(s, visit, |envelope, _| {
        Some(Seen::Span(envelope.first.packet.0, envelope.last.packet.0))
    });
    OFFSET => |s, visit| envelope(s, visit, |envelope, _| envelope.offset.map(Seen::Uint));
    SIZE => |s, visit| s.event.size().is_some_and(|size| visit(Seen::Uint(size)));
    CHUNK_STREAM_ID => |s, visit| head(s, visit, |head| u64::from(head.chunk_stream_id));
    CHUNK_FORMAT => |s, visit| head(s, visit, |head| u64::from(head.chunk_format));
    CHUNKS => |s, visit| head(s, visit, |head| u64::from(head.chunks));
    TIMESTAMP => |s, visit| {
        s.head().is_some_and(|head| head.timestamp_known && visit(Seen::Uint(u64::from(head.timestamp))))
    };
    TIMESTAMP_INHERITED => |s, visit| s.head().is_some_and(|head| head.timestamp_inherited && visit(Seen::Bool(true)));
    EXTENDED_TIMESTAMP => |s, visit| extended(s).is_some_and(|(value, _, _)| visit(Seen::Uint(value)));
    EXTENDED_FORM => |s, visit| extended(s).is_some_and(|(_, form, _)| visit(Seen::Word(form.name())));
    EXTENDED_ABSOLUTE => |s, visit| extended(s).is_some_and(|(_, _, absolute)| absolute && visit(Seen::Bool(true)));
    LENGTH => |s, visit| match s.event {
        Event::Ftl(message) => visit(Seen::Uint(message.size())),
        _ => head(s, visit, |head| u64::from(head.length)),
    };
    TYPE => |s, visit| head(s, visit, |head| u64::from(head.kind.0));
    TYPE_NAME => |s, visit| s.event.type_name().is_some_and(|name| visit(Seen::Word(name)));
    MESSAGE_STREAM_ID => |s, visit| {
        s.head().is_some_and(|head| head.message_stream_known && visit(Seen::Uint(u64::from(head.message_stream_id))))
    };
    PAYLOAD => |s, visit| s.event.payload().is_some_and(|payload| visit(Seen::Bytes(payload)));
    RECEIVED => |s, visit| matches!(s.event, Event::Incomplete(part) if visit(Seen::Uint(u64::from(part.received))));
    WHY => |s, visit| matches!(s.event, Event::Incomplete(part) if visit(Seen::Word(part.why.name())));
    BYTES => |s, visit| match s.event {
        Event::Gap(gap) => visit(Seen::Uint(gap.bytes)),
        Event::Close(close) => visit(Seen::Uint(close.bytes)),
        _ => false,
    };
    CAPTURED => |s, visit| matches!(s.event, Event::Gap(gap) if gap.captured && visit(Seen::Bool(true)));
    SKIPPED => |s, visit| match s.event {
        Event::Gap(gap) if gap.survived => visit(Seen::Uint(0)),
        Event::Resync(found) => visit(Seen::Uint(found.skipped)),
        _ => false,
    };
    REASON => |s, visit| match s.event {
        Event::Undecodable(lost) => visit(Seen::Text(lost.reason.sentence().as_bytes())),
        Event::Deviation(event) => visit(Seen::Text(event.mistake.clause(event.from).as_bytes())),
        _ => false,
    };
    MISTAKE => |s, visit| matches!(s.event, Event::Deviation(event) if visit(Seen::Word(event.mistake.name())));
    READING => |s, visit| {
        let reading = s.head().map(|head| head.reading).filter(|reading| *reading != Reading::Standard);
        reading.is_some_and(|reading| visit(Seen::Word(reading.name())))
    };
    HOW => |s, visit| matches!(s.event, Event::Close(close) if visit(Seen::Word(close.how.name())));
    MESSAGES => |s, visit| matches!(s.event, Event::Close(close) if visit(Seen::Uint(close.messages)));
    UNDECODED => |s, visit| {
        matches!(s.event, Event::Close(close) if close.undecoded > 0 && visit(Seen::Uint(close.undecoded)))
    };
    CLOSE => |s, visit| matches!(s.event, Event::Close(_) if visit(Seen::Group));
    facts::TCP => |s, visit| matches!(s.event, Event::Close(_) if visit(Seen::Group));
    facts::PACKETS => |s, visit| tcp(s, visit, &facts::PACKETS);
    facts::RETRANSMISSIONS => |s, visit| tcp(s, visit, &facts::RETRANSMISSIONS);
    facts::RETRANSMITTED_BYTES => |s, visit| tcp(s, visit, &facts::RETRANSMITTED_BYTES);
    facts::SPURIOUS_RETRANSMISSIONS => |s, visit| tcp(s, visit, &facts::SPURIOUS_RETRANSMISSIONS);
    facts::LOST_BEFORE_CAPTURE => |s, visit| tcp(s, visit, &facts::LOST_BEFORE_CAPTURE);
    facts::OUT_OF_ORDER => |s, visit| tcp(s, visit, &facts::OUT_OF_ORDER);
    facts::COPIES => |s, visit| tcp(s, visit, &facts::COPIES);
    facts::KEEP_ALIVES => |s, visit| tcp(s, visit, &facts::KEEP_ALIVES);
    facts::WINDOW_PROBES => |s, visit| tcp(s, visit, &facts::WINDOW_PROBES);
    facts::LARGEST_SEGMENT => |s, visit| tcp(s, visit, &facts::LARGEST_SEGMENT);
    facts::CUT_PACKETS => |s, visit| tcp(s, visit, &facts::CUT_PACKETS);
    facts::CUT_BYTES => |s, visit| tcp(s, visit, &facts::CUT_BYTES);
    facts::CAPTURE_HOLES => |s, visit| tcp(s, visit, &facts::CAPTURE_HOLES);
    facts::CAPTURE_HOLE_BYTES => |s, visit| tcp(s, visit, &facts::CAPTURE_HOLE_BYTES);
    facts::ZERO_WINDOWS => |s, visit| tcp(s, visit, &facts::ZERO_WINDOWS);
    facts::LONGEST_ZERO_WINDOW => |s, visit| tcp(s, visit, &facts::LONGEST_ZERO_WINDOW);
    facts::ZERO_WINDOW_AT_END => |s, visit| tcp(s, visit, &facts::ZERO_WINDOW_AT_END);
    facts::WINDOW_SCALE => |s, visit| tcp(s, visit, &facts::WINDOW_SCALE);
    facts::LARGEST_WINDOW => |s, visit| tcp(s, visit, &facts::LARGEST_WINDOW);
    facts::ROUND_TRIP => |s, visit| tcp(s, visit, &facts::ROUND_TRIP);
    facts::SMALLEST_ROUND_TRIP => |s, visit| tcp(s, visit, &facts::SMALLEST_ROUND_TRIP);
    facts::SMOOTHED_ROUND_TRIP => |s, visit| tcp(s, visit, &facts::SMOOTHED_ROUND_TRIP);
    facts::RESET_BY => |s, visit| tcp(s, visit, &facts::RESET_BY);
    facts::RESET_PACKET => |s, visit| tcp(s, visit, &facts::RESET_PACKET);
    PROBLEMS => |s, visit| s.event.problems().iter().any(|_| visit(Seen::Group));
    PROBLEM_AT => |s, visit| s.event.problems().iter().any(|problem| visit(Seen::Uint(u64::from(problem.at))));
    PROBLEM_WHAT => |s, visit| s.event.problems().iter().any(|problem| visit(Seen::Text(problem.what.as_bytes())));
    ANSWERS => |s, visit| answer(s).is_some_and(|answer| visit(Seen::Uint(answer.n)));
    LATENCY => |s, visit| answer(s).is_some_and(|answer| visit(Seen::Number(answer.latency as f64 / 1e6)));
    PROTOCOL => |s, visit| s.session.is_some_and(|session| visit(Seen::Word(session.protocol)));
    TRANSPORT => |s, visit| matches!(s.event, Event::Flow(flow) if visit(Seen::Word(flow.transport.name())));
    CLIENT => |s, visit| end(s, visit, |flow| flow.client, |session| &session.client);
    SERVER => |s, visit| end(s, visit, |flow| flow.server, |session| &session.server);
    START => |s, visit| s.session.is_some_and(|session| visit(Seen::Word(session.start.name())));
    DECRYPTED => |s, visit| s.session.and_then(|facts| facts.decrypted).is_some_and(|value| visit(Seen::Bool(value)));
    PROXIED => |s, visit| {
        let proxied = s.session.and_then(|session| session.proxied.as_ref());
        proxied.is_some_and(|proxied| visit(Seen::Text(proxied.as_bytes())))
    };
    TUNNELS => |s, visit| tunnels(s, visit, |session| &session.tunnels);
    TUNNELS_BACK => |s, visit| tunnels(s, visit, |session| &session.tunnels_back);
    HANDSHAKE => |s, visit| matches!(s.event, Event::Handshake(_) if visit(Seen::Group));
    STEP => |s, visit| matches!(s.event, Event::Handshake(step) if visit(Seen::Word(step.step.name(step.from))));
    FINDING => |s, visit| finding(s, visit, |_| Some(Seen::Group));
    CODE => |s, visit| finding(s, visit, |finding| Some(Seen::Word(finding.rule.code)));
    NAME => |s, visit| finding(s, visit, |finding| Some(Seen::Word(finding.rule.name)));
    SEVERITY => |s, visit| finding(s, visit, |finding| Some(Seen::Word(finding.severity.name())));
    TEXT => |s, visit| finding(s, visit, |finding| Some(Seen::Text(finding.text.as_bytes())));
    SPEC => |s, visit| finding(s, visit, |finding| Some(Seen::Text(finding.rule.source.as_bytes())));
    FINDING_FROM => |s, visit| finding(s, visit, |finding| finding.from.map(|from| Seen::Word(from.name())));
    FINDING_MESSAGE => |s, visit| finding(s, visit, |finding| finding.message.map(Seen::Uint));
    FINDING_PACKET => |s, visit| {
        finding(s, visit, |finding| Some(Seen::Span(finding.packets.0.0, finding.packets.1.0)))
    };
    CERTAIN => |s, visit| finding(s, visit, |finding| Some(Seen::Bool(finding.certain)));
    CAUSE => |s, visit| finding(s, visit, |finding| finding.cause.map(Seen::Word));
    COUNT => |s, visit| finding(s, visit, |finding| (finding.count > 1).then_some(Seen::Uint(finding.count)));
    EVIDENCE => |s, visit| finding(s, visit, |finding| finding.marked().map(|_| Seen::Group));
    EVIDENCE_PART => |s, visit| finding(s, visit, |finding| Some(Seen::Word(finding.marked()?.part)));
    EVIDENCE_AT => |s, visit| {
        let marked = s.findings.iter().filter_map(Finding::marked);
        marked.flat_map(|marked| [marked.at.start, marked.at.end]).any(|at| visit(Seen::Uint(u64::from(at))))
    };
    EVIDENCE_BYTES => |s, visit| finding(s, visit, |finding| Some(Seen::Bytes(finding.marked()?.bytes)));
}

/// A gap behind which decoding goes on is a resync as well: it has that one's envelope beside its own.
fn envelope(subject: &Subject<'_>, visit: &mut Visit<'_>, value: fn(Envelope, Time) -> Option<Seen<'static>>) -> bool {
    let found = match subject.event {
        Event::Gap(gap) => gap.resync(),
        _ => None,
    };
    let envelopes = subject.event.envelope().into_iter().chain(found.map(|found| found.envelope()));
    envelopes.filter_map(|envelope| value(envelope, subject.start)).any(visit)
}

/// An end of the session's connection, and of a flow its own.
fn end(
    subject: &Subject<'_>,
    visit: &mut Visit<'_>,
    of_flow: fn(&Flow) -> SocketAddr,
    of_session: fn(&SessionFacts) -> &String,
) -> bool {
    let is_flows = match subject.event {
        Event::Flow(flow) => visit(Seen::Text(of_flow(flow).to_string().as_bytes())),
        _ => false,
    };
    is_flows || subject.session.is_some_and(|session| visit(Seen::Text(of_session(session).as_bytes())))
}

fn tunnels(subject: &Subject<'_>, visit: &mut Visit<'_>, names: fn(&SessionFacts) -> &[String]) -> bool {
    let names = subject.session.map(names).unwrap_or_default();
    names.iter().any(|name| visit(Seen::Text(name.as_bytes())))
}

fn head(subject: &Subject<'_>, visit: &mut Visit<'_>, number: fn(&Head) -> u64) -> bool {
    subject.head().is_some_and(|head| visit(Seen::Uint(number(head))))
}

fn extended(subject: &Subject<'_>) -> Option<(u64, ExtendedForm, bool)> {
    let extended = subject.head()?.extended?;
    Some((u64::from(extended.value), extended.form, extended.absolute))
}

fn answer(subject: &Subject<'_>) -> Option<Answer> {
    match subject.event {
        Event::Message(message) => message.answers,
        _ => None,
    }
}

/// What TCP did, of a close.
fn tcp(subject: &Subject<'_>, visit: &mut Visit<'_>, field: &'static Field) -> bool {
    let Event::Close(close) = subject.event else { return false };
    let Some(tcp) = &close.tcp else { return false };
    let value = tcp.members().find(|(member, _)| member.name == field.name);
    value.is_some_and(|(_, value)| match value {
        Value::Uint(value) => visit(Seen::Uint(value)),
        Value::Number(value) => visit(Seen::Number(value)),
        Value::Bool(value) => visit(Seen::Bool(value)),
        Value::Word(value) => visit(Seen::Word(value)),
        _ => false,
    })
}

fn finding(subject: &Subject<'_>, visit: &mut Visit<'_>, value: fn(&Finding) -> Option<Seen<'_>>) -> bool {
    subject.findings.iter().filter_map(value).any(visit)
}
