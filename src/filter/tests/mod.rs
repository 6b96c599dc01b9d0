//! The language piece by piece: what is accepted, what it means, and what is said of what is not.
#![allow(clippy::unwrap_used)]

mod properties;
mod text;

use std::collections::BTreeSet;

use super::*;
use crate::limits::Limits;
use crate::net::{How, TcpFacts};
use crate::proto::rtmp::{Head, HeaderBytes, Message, MessageType, Reading};
use crate::proto::{self, Attempts, Close, Event, Gap, ftl, rtp};
use crate::wire::{Field, Moment, PacketNo, Side, Time};

fn message(kind: MessageType, payload: &[u8]) -> Event {
    let at = |packet, ns: i64| Moment { packet: PacketNo(packet), time: Time(1_000_000_000_000 + ns) };
    let head = Head {
        first: at(10, 1_000_000_000),
        last: at(14, 2_500_000_000),
        offset: 3073,
        size: payload.len() as u32 + 12,
        chunks: 1,
        chunk_stream_id: 3,
        chunk_format: 0,
        timestamp: 40,
        timestamp_known: true,
        timestamp_inherited: false,
        delta: None,
        length: payload.len() as u32,
        kind,
        message_stream_id: 1,
        message_stream_known: true,
        header: HeaderBytes::new(&[3, 0, 0, 40, 0, 0, payload.len() as u8, kind.0, 1, 0, 0, 0]),
        runs: Vec::new(),
        extended: None,
        reading: Reading::Standard,
    };
    let mut message = Message::decode(1, Side::Client, head, payload.to_vec().into(), &Limits::default());
    message.n = 7;
    Event::Message(message)
}

fn text(text: &str) -> Vec<u8> {
    [&[2, 0, text.len() as u8], text.as_bytes()].concat()
}

fn key(text: &str) -> Vec<u8> {
    [&[0, text.len() as u8], text.as_bytes()].concat()
}

/// `connect`, an object with odd keys, and a list that an argument refers to.
fn command() -> Event {
    let number = |value: f64| [&[0][..], &value.to_be_bytes()].concat();
    let object = [
        &[3][..],
        &key("app"),
        &text("live"),
        &key("a \"b\""),
        &number(-1.5),
        &key("on"),
        &[1, 1],
        &key("none"),
        &[6],
        &key("list"),
        &[10, 0, 0, 0, 2],
        &text("x"),
        &number(9.0),
        &[0, 0, 9],
    ]
    .concat();
    // Reference 1 is the list: the object is 0.
    let payload =
        [&*text("connect"), &number(1.0), &object, &[7, 0, 1], &[11], &1e12_f64.to_be_bytes(), &[0, 0], &[5]].concat();
    message(MessageType::COMMAND_AMF0, &payload)
}

fn ask(filter: &str, event: &Event) -> bool {
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{error}"));
    let subject = Subject { event, findings: &[], session: None, start: Time(1_000_000_000_000) };
    filter.matches(&subject, &mut Scratch::new(&Limits::default()))
}

#[test]
fn headers_answer() {
    let event = command();
    for yes in [
        "type == 20",
        "type == command_amf0",
        "type_name == \"command_amf0\"",
        "type >= 0x14 and type <= 20",
        "csid eq 3",
        "n in {1, 5..9}",
        "from == client",
        "from != server",
        "time > 2s and time < 2600ms",
        "time == 2.5s",
        "time > 1970-01-01T00:16:40Z",
        "time in {1970-01-01T00:16:42Z..1970-01-01T00:16:43Z}",
        "packet == 12",
        "packets in {14..20}",
        "packet != 12",
        "packet <= 10 && packet >= 14",
        "timestamp == 40ms",
        "timestamp < 0.1s",
        "event == message",
        "header_timestamp == 40",
        "header.length > 0",
        "length < 1k",
        "payload contains \"connect\"",
        "payload contains 6c:69:76:65",
        "!finding and !(type == 9)",
        "type == 9 || type == 20 && n == 7",
    ] {
        assert!(ask(yes, &event), "{yes}");
    }
    for no in [
        "type == 9",
        "packet == 15",
        "packet > 14",
        "from == server",
        "why",
        "session.client contains \"1\"",
        "time < 1s",
        "not type == 20",
        "(type == 9 || type == 20) && n == 8",
        "extended_timestamp >= 0",
        "how == fin",
    ] {
        assert!(!ask(no, &event), "{no}");
    }
}

#[test]
fn amf_answers_by_the_names_of_the_wire() {
    let event = command();
    for yes in [
        "command",
        "command.name == \"connect\"",
        "transaction_id == 1",
        "command.object.app == \"live\"",
        "object.app matches \"^l.ve$\"",
        "object[\"a \\\"b\\\"\"] == -1.5",
        "object['a \"b\"'] < 0",
        "object.on == true",
        "object.none == undefined",
        "object.list[1] == 9",
        "object.list.* == \"x\"",
        "object[*] == \"live\"",
        // What a reference names.
        "arguments[0][0] == \"x\"",
        "arguments[*][*] == 9",
        "arguments[0] contains \"x\"",
        "arguments[1] == 2001-09-09T01:46:40Z",
        "arguments[1] > 2001-01-01",
        "arguments[2] == null",
        "command contains \"liv\"",
        "command.arguments.item == null",
        // Another type is something else.
        "object.app != 5",
    ] {
        assert!(ask(yes, &event), "{yes}");
    }
    for no in [
        "object.App == \"live\"",
        "object.app == 5",
        "object.app < 5",
        "object.missing",
        "object.missing != 1",
        "object.app.deeper",
        "object.list[2]",
        "arguments[9]",
        "data",
        "video",
        "command contains \"LIVE\"",
    ] {
        assert!(!ask(no, &event), "{no}");
    }
}

#[test]
fn media_and_other_events_answer() {
    let video = message(MessageType::VIDEO, &[0x17, 1, 0xff, 0xff, 0xfe, 1, 2]);
    for yes in [
        "video.codec == h264",
        "video.codec == \"h264\"",
        "video.codec_id == 7",
        "video.composition_time == -2",
        "video.composition_time < 0ms",
        "video.frame_type == key and video.enhanced == false",
        "video.packet_type contains \"frames\"",
    ] {
        assert!(ask(yes, &video), "{yes}");
    }
    // A frame type without a name is recorded as its number.
    assert!(ask("frame_type == 7", &message(MessageType::VIDEO, &[0x77, 1, 0, 0, 0])));
    let moment = Moment { packet: PacketNo(3), time: Time(1_000_000_000_000) };
    let (session, from) = (1, Side::Server);
    let gap = Event::Gap(Gap {
        session,
        from,
        offset: 5,
        bytes: 9,
        exact: true,
        captured: false,
        at: moment,
        survived: true,
    });
    assert!(ask("event == gap and event == resync and bytes == 9 and time == 0s", &gap));
    let (how, bytes, messages, undecoded, last) = (How::Rst, 5, 1, 0, true);
    let facts =
        TcpFacts { retransmissions: 12, zero_windows: 1, longest_zero_window: 1_500_000_000, ..Default::default() };
    let (tcp, attempts) = (Box::new(facts), Attempts::default());
    let strangers = Vec::new();
    let close = Event::Close(Close {
        session,
        from,
        how,
        at: moment,
        bytes,
        messages,
        undecoded,
        tcp: Some(tcp),
        last,
        attempts,
        strangers,
        frames: Vec::new(),
    });
    assert!(ask("how in {rst, timeout} and messages == 1 and !undecoded and event != gap", &close));
    assert!(ask("close.tcp.retransmissions > 10 and close.tcp and !close.tcp.out_of_order", &close));
    assert!(ask("close.tcp.longest_zero_window_ms == 1500 and tcp.longest_zero_window_ms > 1s", &close));
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |depth: usize| format!("{}n{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(64)).is_ok());
    assert!(Filter::parse(&nested(65)).is_err());
    assert!(Filter::parse(&nested(20_000)).is_err());
    assert!(Filter::parse(&"!".repeat(20_000)).is_err());
    assert!(Filter::parse(&format!("{}n", "!(".repeat(20_000))).is_err());
    assert!(Filter::parse(&format!("n{}", " or n".repeat(10_000))).is_ok());
    assert!(Filter::parse(&format!("n{}", " or n".repeat(100_000))).is_err());
    assert!(Filter::parse(&format!("object{}", ".x".repeat(10_000))).is_ok());
}

#[test]
fn references_to_references_end() {
    // Lists, each of which names the one before twice: 2^40 ways to the first value.
    let mut payload = [&*text("x"), &[0; 9], &[5]].concat();
    payload.extend([10, 0, 0, 0, 1, 5]);
    for list in 0..40_u8 {
        payload.extend([10, 0, 0, 0, 2, 7, 0, list, 7, 0, list]);
    }
    let event = message(MessageType::COMMAND_AMF0, &payload);
    assert!(!ask(&format!("arguments[40]{} == 1", "[*]".repeat(40)), &event));
    // One that names itself.
    let payload = [&*text("x"), &[0; 9], &[5], &[10, 0, 0, 0, 2, 7, 0, 0, 7, 0, 0]].concat();
    let event = message(MessageType::COMMAND_AMF0, &payload);
    assert!(!ask(&format!("arguments[0]{} == 1", "[*]".repeat(40)), &event));
}

/// What a name without its first part means depends on this list.
#[test]
fn the_list_of_other_protocols_is_whole() {
    let first = |name: &'static str| name.split('.').next().unwrap();
    let others: BTreeSet<_> = ftl::fields()
        .chain(rtp::fields())
        .chain(crate::registry::ftl::FIELDS.iter().copied())
        .chain(crate::registry::carriers::FIELDS.iter().copied())
        .map(|field| first(field.name))
        .collect();
    assert!(others.iter().eq(path::OTHERS), "{others:?}");
    // None of them is RTMP's too.
    let is_theirs =
        |field: &&'static Field| ftl::fields().chain(rtp::fields()).any(|other| std::ptr::eq(other, *field));
    let rtmp = proto::fields().filter(|field| !is_theirs(field));
    assert_eq!(rtmp.map(|field| first(field.name)).find(|name| others.contains(name)), None);
}
