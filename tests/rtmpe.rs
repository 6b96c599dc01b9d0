//! RTMPE sessions deciphered with what both sides agreed on: a real one, one with holes, and ones without their secret.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::{Event, Keys, Source, rtmpe, tls};
use rtmp_inspect::wire::Side;

const CAPTURE: &str = "captures/rtmpe/crtmp-rtmpdump-play.pcap";
const SECRETS: &str = "captures/rtmpe/crtmp-rtmpdump-play.keys";

fn keys() -> Keys {
    let rtmpe = rtmpe::Secrets::read(BufReader::new(File::open(SECRETS).unwrap())).unwrap();
    Keys { rtmpe, ..Keys::default() }
}

/// All events of the capture without some of its packets, counted from 1.
fn events(keys: Keys, is_lost: impl Fn(u64) -> bool, evidence: bool) -> Vec<Event> {
    events_under(&Limits::DEFAULT, keys, is_lost, evidence)
}

fn events_under(limits: &Limits, keys: Keys, is_lost: impl Fn(u64) -> bool, evidence: bool) -> Vec<Event> {
    events_of(CAPTURE, limits, keys, is_lost, evidence)
}

fn events_of(capture: &str, limits: &Limits, keys: Keys, is_lost: impl Fn(u64) -> bool, evidence: bool) -> Vec<Event> {
    let mut input = Input::open(&[Path::new(capture).to_owned()]).unwrap();
    let options = Options { keys: Arc::new(keys), evidence };
    let mut analyzer = Analyzer::new(limits, options);
    let mut events = Vec::new();
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        if !is_lost(packet.at.packet.0) {
            analyzer.push(&packet);
        }
        events.extend(std::iter::from_fn(|| analyzer.poll()));
    }
    analyzer.finish();
    events.extend(std::iter::from_fn(|| analyzer.poll()));
    events
}

/// What a message is: its type, its time where that is known, and its payload.
type Said = (&'static str, Option<u32>, Vec<u8>);

/// All messages, by their sender and place.
fn messages(events: &[Event]) -> BTreeMap<(Side, u64), Said> {
    let of = |event: &Event| match event {
        Event::Message(message) => {
            let head = &message.head;
            let said =
                (event.type_name().unwrap(), head.timestamp_known.then_some(head.timestamp), message.payload.to_vec());
            Some(((message.from, head.offset), said))
        }
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn a_session_is_read_with_its_secret() {
    let events = events(keys(), |_| false, false);
    let mut counts = BTreeMap::<_, u32>::new();
    for ((from, _), (name, ..)) in messages(&events) {
        *counts.entry((from.name(), name)).or_default() += 1;
    }
    insta::assert_debug_snapshot!(counts);
    let opened = events.iter().find_map(|event| match event {
        Event::Session(opened) => Some((opened.protocol, opened.decrypted)),
        _ => None,
    });
    assert_eq!(opened, Some(("rtmpe", Some(true))));
    for event in &events {
        match event {
            Event::Undecodable(_) | Event::Deviation(_) | Event::Gap(_) => panic!("{event:?}"),
            Event::Close(close) => assert_eq!(close.undecoded, 0),
            _ => {}
        }
    }
}

/// With both secrets all is read; with one of them nothing of it is, and it is told as far as it is.
#[test]
fn rtmpe_inside_of_tls_is_read_with_both_secrets() {
    let capture = "captures/tls/made-rtmpe-in-tls.pcap";
    let mut log = tls::KeyLog::default();
    log.read(File::open(Path::new(capture).with_extension("keys")).unwrap()).unwrap();
    let log = Arc::new(log);
    let read = |keys: Keys| events_of(capture, &Limits::DEFAULT, keys, |_| false, false);
    let told = |events: &[Event]| {
        let opened = events.iter().filter_map(|event| match event {
            Event::Session(opened) => Some((opened.protocol, opened.decrypted)),
            _ => None,
        });
        opened.collect::<Vec<_>>()
    };
    let said = |events: &[Event]| messages(events).into_iter().collect::<Vec<_>>();
    let both = read(Keys { tls: Arc::clone(&log), ..keys() });
    assert_eq!(told(&both), [("rtmpes", Some(true))]);
    assert!(said(&both) == said(&events(keys(), |_| false, false)));
    assert!(both.iter().any(|event| matches!(event, Event::Tls(told) if told.alert.is_some())));

    let outer = read(Keys { tls: log, ..Keys::default() });
    assert_eq!(told(&outer), [("rtmpes", Some(false))]);
    assert!(said(&outer).is_empty() && outer.iter().any(|event| matches!(event, Event::Handshake(_))));
    let inner = read(keys());
    assert_eq!(told(&inner), [("rtmps", Some(false))]);
    assert!(said(&inner).is_empty());
}

#[test]
fn holes_move_the_key_stream_on() {
    let whole = messages(&events(keys(), |_| false, false));
    for lost in (12..240).step_by(7) {
        let events = events(keys(), |packet| packet == lost || packet == lost + 1, false);
        let read = messages(&events);
        for (place, message) in &read {
            let (name, time, payload) = &whole[place];
            assert_eq!((name, payload), (&message.0, &message.2), "without packet {lost}");
            assert!(message.1.is_none() || message.1 == *time, "without packet {lost}");
        }
        assert!(read.len() + 40 > whole.len(), "{} of {} without packet {lost}", read.len(), whole.len());
    }
}

#[test]
fn over_holes_key_stream_is_made_as_long_as_there_is_room_for_work() {
    let found = |carrier_work: u64| {
        let limits = Limits { carrier_work, ..Limits::DEFAULT };
        let read = messages(&events_under(&limits, keys(), |packet| (40..44).contains(&packet), false));
        let places: Vec<u64> = read.keys().filter(|(from, _)| *from == Side::Server).map(|(_, at)| *at).collect();
        (places.len(), places.last().copied().unwrap_or(0))
    };
    let (all, last) = found(1 << 20);
    assert_eq!(found(1 << 30), (all, last));
    // Nothing behind the first hole is read.
    let (some, end) = found(0);
    assert!(some > 2 && some < all / 2 && end < last / 2, "{some} of {all} up to {end} of {last}");
}

#[test]
fn without_its_secret_it_is_not_read() {
    let other = format!("RTMPE client_pub={0} server_pub={0} secret=00", "00".repeat(128));
    let other = rtmpe::Secrets::read(other.as_bytes()).unwrap();
    for keys in [Keys::default(), Keys { rtmpe: other, ..Keys::default() }] {
        let events = events(keys, |_| false, false);
        assert!(messages(&events).is_empty());
        let is_told = |event: &Event| matches!(event, Event::Session(opened) if opened.decrypted == Some(false));
        assert!(events.iter().any(is_told));
    }
}

#[test]
fn a_wrong_secret_gives_no_message() {
    let text = std::fs::read_to_string(SECRETS).unwrap();
    let (rest, secret) = text.split_once("secret=").unwrap();
    // Of one that is a part of the right one, and one that is another.
    for wrong in ["00", &secret[..64]] {
        let rtmpe = rtmpe::Secrets::read(format!("{rest}secret={wrong}\n").as_bytes()).unwrap();
        let events = events(Keys { rtmpe, ..Keys::default() }, |_| false, false);
        assert_eq!(messages(&events).len(), 0);
        let is_told = |event: &Event| matches!(event, Event::Session(opened) if opened.decrypted == Some(false));
        assert!(events.iter().any(is_told));
        // What nothing opens is no fault of its senders.
        assert!(!events.iter().any(|event| matches!(event, Event::Undecodable(_))));
    }
}

#[test]
fn each_secret_of_a_session_is_tried() {
    let text = std::fs::read_to_string(SECRETS).unwrap();
    let (rest, _) = text.split_once("secret=").unwrap();
    let whole = messages(&events(keys(), |_| false, false));
    for lines in [format!("{rest}secret=00\n{text}"), format!("{text}\n{rest}secret=00\n")] {
        let rtmpe = rtmpe::Secrets::read(lines.as_bytes()).unwrap();
        assert_eq!(rtmpe.sessions(), 2);
        assert!(messages(&events(Keys { rtmpe, ..Keys::default() }, |_| false, false)) == whole);
    }
}

#[test]
fn deciphered_bytes_are_evidence_of_their_own() {
    let events = events(keys(), |_| false, true);
    let mut streams = [const { Vec::new() }; 2];
    let mut derived = [0; 2];
    for event in &events {
        if let Event::Piece(piece) = event {
            let stream = &mut streams[piece.from.index()];
            assert_eq!(piece.offset, stream.len() as u64);
            match &piece.source {
                Source::Captured(_) => stream.resize(stream.len() + piece.length as usize, 0),
                Source::Derived(bytes) => {
                    derived[piece.from.index()] += bytes.len();
                    stream.extend_from_slice(bytes);
                }
            }
        }
    }
    for (side, stream) in Side::BOTH.into_iter().zip(&streams) {
        assert_eq!(derived[side.index()], stream.len() - 3073);
    }
    // Nothing of the payload is lost or moved: each message's bytes are there, at its place.
    for ((from, offset), (_, _, payload)) in messages(&events) {
        let end = streams[from.index()].len().min(offset as usize + payload.len() + 4096);
        let stretch = &streams[from.index()][offset as usize..end];
        let first = &payload[..payload.len().min(32)];
        assert!(first.is_empty() || memchr::memmem::find(stretch, first).is_some());
    }
}
