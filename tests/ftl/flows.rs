//! Whose a flow of media is: sessions that are made of a control connection and datagrams.

use std::net::SocketAddr;

use rtmp_inspect::analyzer::{Analyzer, Event, Options};
use rtmp_inspect::capture::{LinkType, Packet};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::net::{How, Start};
use rtmp_inspect::synth::ftl::{Ftl, Rtp, nack};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

const C: Side = Side::Client;
const S: Side = Side::Server;

type Frames = Vec<(Time, Vec<u8>)>;

/// What frames give: the events, the datagrams that stayed unread, and how often there was no room for a flow.
struct Given {
    events: Vec<Event>,
    unread: u64,
    flows: u64,
    memory: usize,
}

fn given_under(limits: &Limits, frames: &Frames) -> Given {
    let mut analyzer = Analyzer::new(limits, Options::default());
    let (mut events, mut memory) = (Vec::new(), 0);
    for ((time, data), number) in frames.iter().zip(1..) {
        let at = Moment { packet: PacketNo(number), time: *time };
        let (link, wire_length, place) = (LinkType(1), data.len() as u32, Place::default());
        analyzer.push(&Packet { at, link, data, wire_length, place });
        events.extend(std::iter::from_fn(|| analyzer.poll()));
        memory = memory.max(analyzer.memory());
    }
    analyzer.finish();
    events.extend(std::iter::from_fn(|| analyzer.poll()));
    let totals = analyzer.totals();
    let unread = totals.unread.iter().map(|(_, tally)| tally.packets).sum();
    Given { events, unread, flows: totals.reached.flows, memory }
}

fn given(frames: &Frames) -> Given {
    given_under(&Limits::default(), frames)
}

/// The sessions, each with its start and how many lines and datagrams it has.
fn sessions(given: &Given) -> Vec<(u32, Start, usize, usize)> {
    let opened = given.events.iter().filter_map(|event| match event {
        Event::Session(opened) => Some((opened.session, opened.start)),
        _ => None,
    });
    let count = |session: u32, is_line: bool| {
        let is_its = |event: &&Event| match event {
            Event::Ftl(message) => message.session == session && message.offset().is_some() == is_line,
            _ => false,
        };
        given.events.iter().filter(is_its).count()
    };
    opened.map(|(session, start)| (session, start, count(session, true), count(session, false))).collect()
}

fn flows(given: &Given) -> Vec<(u32, SocketAddr, SocketAddr)> {
    let flow = |event: &Event| match event {
        Event::Flow(flow) => Some((flow.session, flow.client, flow.server)),
        _ => None,
    };
    given.events.iter().filter_map(flow).collect()
}

fn video(number: u16, ssrc: u32) -> Vec<u8> {
    let timestamp = u32::from(number) * 3000;
    Rtp { marker: true, payload_type: 96, sequence_number: number, timestamp, ssrc, payload: vec![0x41; 300] }.bytes()
}

/// FTL's ping as ftl-sdk has it on 64-bit Linux.
fn ping(number: u64) -> Vec<u8> {
    let mut ping = vec![0x81, 250, 0, 24, 0, 0, 0, 0];
    ping.extend(1_795_150_101_u64.to_le_bytes());
    ping.extend(number.to_le_bytes());
    ping
}

/// As far as the port that the server names.
fn started(ssrc: u32, port: u16) -> Ftl {
    let lines = ["Video: true".to_owned(), "VideoCodec: H264".to_owned(), format!("VideoIngestSSRC: {ssrc}")];
    let ftl = Ftl::new().client("HMAC").server(&format!("200 {}", "ab".repeat(128)));
    let ftl = ftl.client(&format!("CONNECT 77 ${}", "0".repeat(128))).server("200");
    let ftl = lines.iter().fold(ftl, |ftl, line| ftl.client(line));
    ftl.client(".").server(&format!("200. Use UDP port {port}"))
}

fn with_media(ftl: Ftl, ssrc: u32, datagrams: u16) -> Ftl {
    (0..datagrams).fold(ftl, |ftl, number| {
        let ftl = if number % 4 == 0 {
            let ping = ping(u64::from(number));
            ftl.datagram(C, &ping).datagram(S, &ping)
        } else {
            ftl
        };
        ftl.datagram(C, &video(number, ssrc))
    })
}

/// A frame of another connection: TCP with another port of the client, at bytes 34 and 35 of its own frames, 36 and 37 of the server's.
fn with_client_port(mut frame: Vec<u8>, port: u16) -> Vec<u8> {
    let at = if frame[26..30] == [192, 0, 2, 1] { 34 } else { 36 };
    if frame[23] == 6 {
        frame[at..at + 2].copy_from_slice(&port.to_be_bytes());
    }
    frame
}

#[test]
fn media_goes_with_the_session_that_named_its_port() {
    let given = given(&with_media(started(78, 65_534), 78, 8).close(C).frames());
    assert_eq!(sessions(&given), [(1, Start::Syn, 9, 12)]);
    assert_eq!(flows(&given).len(), 1);
    assert_eq!(given.unread, 0);
    // The last close comes behind the media, whatever came first.
    assert!(matches!(given.events.last(), Some(Event::Close(close)) if close.last && close.how == How::Fin));
}

#[test]
fn media_goes_on_behind_the_end_of_its_connection() {
    let ftl = with_media(started(78, 65_534), 78, 4).close(C).wait_ms(500);
    let given = given(&with_media(ftl, 78, 4).frames());
    assert_eq!(sessions(&given), [(1, Start::Syn, 9, 12)]);
    assert!(matches!(given.events.last(), Some(Event::Close(close)) if close.last));
}

#[test]
fn media_comes_through_a_nat() {
    let client = ([203, 0, 113, 9], 40_404).into();
    let ftl = started(78, 65_534).media_between(client, ([192, 0, 2, 2], 65_534).into());
    let given = given(&with_media(ftl, 78, 4).frames());
    assert_eq!(flows(&given), [(1, client, ([192, 0, 2, 2], 65_534).into())]);
    assert_eq!(sessions(&given), [(1, Start::Syn, 9, 6)]);
}

/// A server that names the same port to all tells clients behind one address apart by their sources.
#[test]
fn sources_tell_sessions_at_one_port_apart() {
    let one = with_media(started(78, 65_534), 78, 4).frames();
    let server = ([192, 0, 2, 2], 65_534).into();
    let other = started(178, 65_534).media_between(([192, 0, 2, 1], 50_003).into(), server);
    let moved = with_media(other, 178, 4).frames();
    let moved = moved.into_iter().map(|(time, frame)| (Time(time.0 + 1), with_client_port(frame, 50_100)));
    let mut frames: Frames = one.into_iter().chain(moved).collect();
    frames.sort_by_key(|(time, _)| *time);
    let given = given(&frames);
    assert_eq!(sessions(&given), [(1, Start::Syn, 9, 6), (2, Start::Syn, 9, 6)]);
    let of = |ssrc: u32| {
        let is_its =
            |event: &&Event| matches!(event, Event::Ftl(it) if it.payload().get(8..12) == Some(&ssrc.to_be_bytes()));
        let mut sessions: Vec<_> = given
            .events
            .iter()
            .filter(is_its)
            .filter(|event| event.type_name() == Some("rtp"))
            .map(Event::session)
            .collect();
        sessions.dedup();
        sessions
    };
    assert_eq!((of(78), of(178)), (vec![1], vec![2]));
}

#[test]
fn media_alone_is_a_session_without_its_beginning() {
    // From its very start: a client pings for two seconds before its media.
    let begun = (0..80).fold(Ftl::new(), |ftl, number| ftl.datagram(C, &ping(number)).datagram(S, &ping(number)));
    for ftl in [Ftl::new(), begun] {
        let all = with_media(ftl, 78, 40).frames();
        let frames: Frames = all.into_iter().filter(|(_, frame)| frame[23] == 17).collect();
        let given = given(&frames);
        assert_eq!(sessions(&given), [(1, Start::Midstream, 0, frames.len())]);
        assert_eq!(given.unread, 0);
        let closes: Vec<_> = given.events.iter().filter(|event| matches!(event, Event::Close(_))).collect();
        assert_eq!(closes.len(), 2);
    }
}

#[test]
fn what_only_looks_like_media_stays_unread() {
    let ftl =
        (0..100).fold(Ftl::new(), |ftl, number| ftl.datagram(C, &video(number, 78)).datagram(S, &nack(78, number)));
    let frames: Frames = ftl.frames().into_iter().filter(|(_, frame)| frame[23] == 17).collect();
    let given = given(&frames);
    assert!(given.events.is_empty());
    assert_eq!(given.unread, 200);
}

/// A connection that was joined behind the reply which names the port is heard every five seconds.
#[test]
fn media_waits_for_a_connection_that_is_joined_later() {
    let ftl = with_media(Ftl::new(), 78, 40).wait_ms(2000).client("PING 77").server("201");
    let frames = with_media(ftl, 78, 10).wait_ms(100).client("PING 77").server("201").close(C).frames();
    let frames: Frames = frames.into_iter().filter(|(_, frame)| frame[23] == 17 || frame[47] & 2 == 0).collect();
    let given = given(&frames);
    let sessions = sessions(&given);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!((sessions[0].1, sessions[0].2, sessions[0].3), (Start::Midstream, 4, 76));
}

/// Whatever their addresses are, what the end of the capture ends is told in the order of the sessions.
#[test]
fn sessions_end_in_the_order_of_their_numbers() {
    let server = ([192, 0, 2, 2], 65_534).into();
    let first = with_media(started(78, 65_534).media_between(([192, 0, 2, 1], 60_000).into(), server), 78, 4).frames();
    let other =
        with_media(started(178, 65_534).media_between(([192, 0, 2, 1], 40_000).into(), server), 178, 4).frames();
    let moved = other.into_iter().map(|(time, frame)| (Time(time.0 + 1), with_client_port(frame, 50_100)));
    let mut frames: Frames = first.into_iter().chain(moved).collect();
    frames.sort_by_key(|(time, _)| *time);
    let given = given(&frames);
    let ended = given.events.iter().filter_map(|event| match event {
        Event::Close(close) if close.last => Some(close.session),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [1, 2]);
}

/// A client that begins anew, from the same UDP port or another, has its media in the new session.
#[test]
fn a_client_that_begins_anew_takes_its_media_along() {
    for (is_closed, port) in [(true, 50_001), (false, 50_001), (true, 50_002), (false, 50_002)] {
        let first = with_media(started(78, 65_534), 78, 4);
        let first = if is_closed { first.close(C) } else { first }.frames();
        let end = first.iter().map(|(time, _)| time.0).max().unwrap();
        let server = ([192, 0, 2, 2], 65_534).into();
        let again = started(78, 65_534).media_between(([192, 0, 2, 1], port).into(), server);
        let again = with_media(again, 78, 4).frames();
        let start = again[0].0.0;
        let moved = again
            .into_iter()
            .map(|(time, frame)| (Time(time.0 - start + end + 100_000_000), with_client_port(frame, 50_100)));
        let given = given(&first.into_iter().chain(moved).collect());
        let expected = [(1, Start::Syn, 9, 6), (2, Start::Syn, 9, 6)];
        assert_eq!(sessions(&given), expected, "closed {is_closed}, port {port}");
    }
}

#[test]
fn what_was_captured_twice_counts_once() {
    let frames = with_media(started(78, 65_534), 78, 8).close(C).frames();
    let mut number = 0_u16;
    let twice: Frames = frames
        .iter()
        .flat_map(|(time, frame)| {
            number += 1;
            let mut frame = frame.clone();
            if frame[23] == 17 {
                frame[18..20].copy_from_slice(&number.to_be_bytes());
            }
            [(*time, frame.clone()), (Time(time.0 + 2000), frame)]
        })
        .collect();
    assert_eq!(sessions(&given(&twice)), sessions(&given(&frames)));
}

#[test]
fn flows_that_may_be_media_are_bounded() {
    let limits = Limits { flows: 16, flow_bytes_total: 64 << 10, ..Limits::default() };
    let frames: Frames = (0..2000_u16)
        .flat_map(|number| {
            let client = ([198, 51, 100, number as u8], 20_000 + number).into();
            Ftl::new().media_between(client, ([192, 0, 2, 9], 7000).into()).datagram(C, &video(0, 1)).frames()
        })
        .filter(|(_, frame)| frame[23] == 17)
        .collect();
    let given = given_under(&limits, &frames);
    assert_eq!((given.flows, given.unread), (2000 - 16, 2000));
    assert!(given.memory < 64 << 10, "{}", given.memory);
}

#[test]
fn what_is_kept_of_flows_is_bounded() {
    let limits = Limits { flows: 64, flow_bytes_total: 64 << 10, ..Limits::default() };
    let begun = (0..4000).fold(Ftl::new(), |ftl, number| ftl.datagram(C, &ping(number)));
    let frames: Frames = begun.frames().into_iter().filter(|(_, frame)| frame[23] == 17).collect();
    let given = given_under(&limits, &frames);
    assert!(given.memory < 256 << 10, "{}", given.memory);
    assert_eq!(given.unread, 4000);
}

/// A client whose port changes has two flows: its session goes on with one when the other is over.
#[test]
fn a_session_goes_on_with_its_other_flow() {
    let server = ([192, 0, 2, 2], 65_534).into();
    let ftl = with_media(started(78, 65_534), 78, 4).media_between(([192, 0, 2, 1], 50_009).into(), server);
    let ftl = (0..20)
        .fold(with_media(ftl, 78, 4).close(C), |ftl, number| ftl.wait_ms(2000).datagram(C, &video(10 + number, 78)));
    let given = given(&ftl.frames());
    assert_eq!(sessions(&given), [(1, Start::Syn, 9, 12 + 20)]);
    assert_eq!((flows(&given).len(), given.unread), (2, 0));
    assert!(matches!(given.events.last(), Some(Event::Close(close)) if close.last));
}

/// Where the server's side is not in the capture, nothing names the port: what the client announced tells its media.
#[test]
fn announced_sources_tell_media_whose_port_is_not_captured() {
    for (ssrc, is_its) in [(78, true), (178, false)] {
        for is_closed in [true, false] {
            let ftl = with_media(started(78, 65_534), ssrc, 40);
            let ftl = if is_closed { ftl.close(C) } else { ftl };
            let by_client = |(_, frame): &(Time, Vec<u8>)| frame[26..30] == [192, 0, 2, 1];
            let frames: Frames = ftl.frames().into_iter().filter(by_client).collect();
            let given = given(&frames);
            let (one, other) = ((1, Start::Syn, 6, 50), [(1, Start::Syn, 6, 0), (2, Start::Midstream, 0, 50)]);
            let expected = if is_its { vec![one] } else { other.to_vec() };
            assert_eq!(sessions(&given), expected, "ssrc {ssrc}, closed {is_closed}");
            assert_eq!(given.unread, 0);
        }
    }
}

/// The screen keeps no datagram's bytes: what it is and how long is known all the same, and they can be put back.
#[test]
fn a_datagram_without_its_bytes_still_has_its_name() {
    let report = [&[0x80, 200, 0, 6][..], &78_u32.to_be_bytes(), &[0; 20]].concat();
    let ftl = started(78, 65_534).datagram(C, &ping(1)).datagram(S, &ping(1)).datagram(C, &video(0, 78));
    let ftl = ftl.datagram(C, &report).datagram(S, &nack(78, 0)).datagram(C, &[0x80, 204, 0, 0]).datagram(C, &[7; 9]);
    let mut names = Vec::new();
    for event in given(&ftl.frames()).events {
        let Event::Ftl(message) = event else { continue };
        if message.offset().is_some() {
            continue;
        }
        let mut stripped = message.clone();
        stripped.strip();
        assert!(stripped.payload().is_empty() && !message.payload().is_empty());
        assert_eq!((stripped.type_name(), stripped.size()), (message.type_name(), message.size()));
        assert_eq!(stripped.stripped().unwrap().1 as u64, message.size());
        names.push(stripped.type_name());
        stripped.restore(message.payload().clone());
        assert_eq!((stripped.payload(), stripped.type_name()), (message.payload(), message.type_name()));
        assert_eq!((stripped.describe(), stripped.problems()), (message.describe(), message.problems()));
    }
    let expected = ["ftl_ping", "ftl_ping", "rtp", "rtcp_sender_report", "rtcp_nack", "rtcp", "unknown"];
    assert_eq!(names, expected);
}
