//! Control connections: lines, commands, replies, and what they are to each other.

use proptest::prelude::*;
use rtmp_inspect::proto::ftl::detect::{Match, detect};
use rtmp_inspect::proto::ftl::{
    Command, CommandName, Content, Item, LineEnd, Misplaced, Phase, Relation, ReplyCode, Session,
};
use rtmp_inspect::proto::opening::Opening;
use rtmp_inspect::wire::Side;

use crate::pcap::{C, Packet, S, clients, moment, packets};

/// One control connection of a capture. Loopback loses nothing, so that its segments are its stream.
fn control(packets: &[Packet], client: u16, keys: &[&str]) -> (Session, Vec<Item>) {
    let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    let (mut session, mut items) = (Session::new([true, true], &keys), Vec::new());
    for packet in packets.iter().filter(|packet| packet.is_tcp) {
        let from = match packet.ports {
            (port, 8084) if port == client => Side::Client,
            (8084, port) if port == client => Side::Server,
            _ => continue,
        };
        if !packet.payload.is_empty() {
            session.bytes(from, packet.at, &packet.payload, &mut items);
        }
        if packet.fin_or_reset {
            session.close(from, packet.at, &mut items);
        }
    }
    (session, items)
}

/// A line in short: who, what, and what it answers.
fn short(item: &Item) -> String {
    let what = match &item.content {
        Content::Command(Command::Attribute { attribute, value }) => format!("{attribute}={value}"),
        Content::Command(command) => command.name().map_or("?", CommandName::name).to_owned(),
        Content::Reply(reply) => {
            let port = reply.media_port.map_or_else(String::new, |port| format!(" port {port}"));
            format!("{}{port}", reply.code.map_or(0, |code| code.0))
        }
    };
    let relation = match item.relation {
        Some(Relation::Answers(answer)) => format!(" to {} {}", answer.number, answer.command.name()),
        Some(Relation::Unsolicited) => " unsolicited".to_owned(),
        Some(Relation::Uncertain) => " uncertain".to_owned(),
        None => String::new(),
    };
    format!("{} {what}{relation} ({})", item.number, item.line.end.name())
}

fn shorts(items: &[Item]) -> Vec<String> {
    items.iter().map(short).collect()
}

#[test]
fn a_session_that_publishes() {
    let packets = packets("janus-publish.pcap");
    let (session, items) = control(&packets, clients(&packets)[0], &["77-wrong"]);
    let expected = "1 HMAC (crlf_crlf)
2 200 to 1 HMAC (lf)
3 CONNECT (crlf_crlf)
4 200 to 3 CONNECT (lf)
5 ProtocolVersion=0.9 (crlf_crlf)
6 VendorName=ftl_app (crlf_crlf)
7 VendorVersion=0.0.1 (crlf_crlf)
8 Video=true (crlf_crlf)
9 VideoCodec=H264 (crlf_crlf)
10 VideoHeight=720 (crlf_crlf)
11 VideoWidth=1280 (crlf_crlf)
12 VideoPayloadType=96 (crlf_crlf)
13 VideoIngestSSRC=78 (crlf_crlf)
14 Audio=true (crlf_crlf)
15 AudioCodec=OPUS (crlf_crlf)
16 AudioPayloadType=97 (crlf_crlf)
17 AudioIngestSSRC=77 (crlf_crlf)
18 START (crlf_crlf)
19 200 port 9000 to 18 START (lf)
20 PING (crlf_crlf)
21 201 to 20 PING (lf)";
    assert_eq!(shorts(&items).join("\n"), expected);
    assert!(items.iter().all(|item| item.problems.is_empty() && item.misplaced.is_none()));
    let latencies: Vec<_> = items.iter().filter_map(|item| item.relation).collect();
    let Relation::Answers(answer) = latencies[3] else { panic!() };
    // Frames 669 and 670 of the capture.
    assert_eq!(answer.latency_ns, 76_000);

    let state = session.state();
    assert_eq!((state.phase, state.channel_id, state.media_port), (Phase::Started, Some(77), Some(9000)));
    assert_eq!(state.signature_valid, Some(false));
    assert_eq!(state.nonce.as_ref().map(Vec::len), Some(128));
    assert_eq!(state.attributes.video.ssrc, Some(78));
    assert_eq!((state.attributes.width, state.attributes.height), (Some(1280), Some(720)));
    assert_eq!((state.attributes.unknown, state.attributes.unreadable), (0, 0));
    assert_eq!(session.unanswered().count(), 0);
}

/// The example of FTL 0.9 "Establishing a connection", with the key that stands there.
#[test]
fn the_documents_example() {
    const NONCE: &str = "5e0c41f532c44e01b06cdb3ca5d8dc699d3a031e716a63a137a6899d6bc7832b77b591e8a03e9f14e20bbccc1b0b674450a45b275461857efda6434d64993253dd534220c45f197c6dad61bdc0bae12fd1442e22939e650731e4ee51d03632a108b5f50831ca6f239876f348123b6d15bf31a4882ef75b4a57dfa8273f05432a";
    const SIGNATURE: &str = "319f678a5871a2197fac50b314fd62435904aaabddaf87ec65f9c05351425d95f06d9e525c40ca9d344e4b22bdafdf64769a431464fabd9fac86cef820e5c0a1";
    let said = [
        (C, "HMAC\n".to_owned()),
        (S, format!("200 {NONCE}\n")),
        (C, format!("CONNECT 77 ${SIGNATURE}\n")),
        (S, "200\n".to_owned()),
        (
            C,
            "ProtocolVersion: 0.9\nVendorName: OBS Studio\nVendorVersion: 27.0.1-1\nVideo: true\nVideoCodec: H264\n"
                .to_owned(),
        ),
        (C, "VideoHeight: 720\nVideoWidth: 1280\nVideoPayloadType: 96\nVideoIngestSSRC: 78\nAudio: true\n".to_owned()),
        (C, "AudioCodec: OPUS\nAudioPayloadType: 97\nAudioIngestSSRC: 77\n.\n".to_owned()),
        (S, "200. Use UDP port 65534\n".to_owned()),
        (C, "PING 77\n".to_owned()),
        (S, "201\n".to_owned()),
        (C, "DISCONNECT\n".to_owned()),
    ];
    let keys = ["77-ieDQxSZ7q58EEeLTvja4QKKGzndwUkVQ".to_owned()];
    let (mut session, mut items) = (Session::new([true, true], &keys), Vec::new());
    for (at, (from, text)) in (1..).zip(&said) {
        session.bytes(*from, moment(at), text.as_bytes(), &mut items);
    }
    session.close(C, moment(12), &mut items);
    assert_eq!(items.len(), 22);
    assert!(items.iter().all(|item| item.problems.is_empty() && item.misplaced.is_none()));
    assert_eq!(items[2].signature_valid, Some(true));
    let state = session.state();
    assert_eq!((state.phase, state.media_port), (Phase::Ended, Some(65534)));
    assert_eq!((state.started, state.disconnected), (Some(moment(8)), Some(moment(11))));
    assert_eq!(state.attributes.vendor_name.as_deref(), Some("OBS Studio"));
    assert_eq!((state.attributes.video.payload_type, state.attributes.audio.ssrc), (Some(96), Some(77)));
    assert_eq!(session.unanswered().count(), 0);
}

#[test]
fn keys_that_are_refused() {
    let bad = packets("janus-bad-key.pcap");
    let (session, items) = control(&bad, clients(&bad)[0], &[]);
    // Janus says nothing to a wrong signature: it closes.
    assert_eq!(shorts(&items), ["1 HMAC (crlf_crlf)", "2 200 to 1 HMAC (lf)", "3 CONNECT (crlf_crlf)"]);
    assert_eq!(session.unanswered().map(|(number, ..)| number).collect::<Vec<_>>(), [3]);
    assert_eq!(session.state().phase, Phase::Handshaking);

    let refused = packets("own-rejected-405.pcap");
    let (session, items) = control(&refused, clients(&refused)[0], &[]);
    assert_eq!(short(&items[3]), "4 405 to 3 CONNECT (lf)");
    assert_eq!(session.state().refused.unwrap().0, ReplyCode::INVALID_STREAM_KEY);
    assert_eq!(session.state().phase, Phase::Ended);
}

#[test]
fn connections_of_one_server_are_told_apart() {
    let packets = packets("janus-two-clients-control.pcap");
    let clients = clients(&packets);
    let ports: Vec<_> = clients.iter().map(|client| control(&packets, *client, &[]).0.state().media_port).collect();
    assert_eq!(ports, [Some(9000), Some(9001), Some(9002)]);
    let killed = self::packets("janus-server-killed-control.pcap");
    let (session, items) = control(&killed, self::clients(&killed)[0], &[]);
    // The ping after the server's death has no reply.
    assert_eq!(items.last().map(short).unwrap(), "20 PING (crlf_crlf)");
    assert_eq!(session.unanswered().map(|(.., name, _)| name).collect::<Vec<_>>(), [CommandName::Ping]);
}

/// What a conversation comes to, a packet for each piece.
fn talk(pieces: &[(Side, &str)]) -> (Session, Vec<Item>) {
    let (mut session, mut items) = (Session::new([true, true], &[]), Vec::new());
    for (at, (from, bytes)) in (1..).zip(pieces) {
        session.bytes(*from, moment(at), bytes.as_bytes(), &mut items);
    }
    for side in Side::BOTH {
        session.close(side, moment(1000), &mut items);
    }
    (session, items)
}

const NONCE: &str = "200 00112233445566778899aabbccddeeff\n";

#[test]
fn the_documents_line_ends() {
    let (_, items) = talk(&[(C, "HMAC\n"), (S, NONCE), (C, "PING 1\r\n"), (C, "PING 2\r\n\r\nPING 3\r\n\rx")]);
    let ends: Vec<_> = items.iter().map(|item| (item.from, item.line.end)).collect();
    let expected = [
        (C, LineEnd::Lf),
        (S, LineEnd::Lf),
        (C, LineEnd::CrLf),
        (C, LineEnd::CrLfCrLf),
        (C, LineEnd::CrLf),
        (C, LineEnd::Missing),
    ];
    assert_eq!(ends, expected);
    // Every byte is some line's, or an empty one's before it.
    let mut at = 0;
    for item in items.iter().filter(|item| item.from == C) {
        at += item.line.blank;
        assert_eq!(item.line.offset, at);
        at += item.line.bytes.len() as u64;
    }
    assert_eq!(at, 5 + 8 + 10 + 8 + 1 + 1);
}

#[test]
fn lines_that_are_none() {
    let long = format!("VendorName: {}\r\n\r\nPING 1\r\n\r\n", "x".repeat(10_000));
    let (_, items) = talk(&[(C, &long), (C, "\u{1}\u{2}\n")]);
    assert!(items[0].line.is_overlong() && !items[1].line.is_overlong());
    assert_eq!(items[0].line.bytes.len() as u64 + items[0].line.cut, 12 + 10_000 + 2);
    assert_eq!(items[1].line.offset, 12 + 10_000 + 4);
    assert_eq!(short(&items[1]), "2 PING (crlf_crlf)");
    assert!(items[2].line.is_binary());
    assert!(items[2].problems.iter().any(|problem| problem.what.contains("printable")));
}

#[test]
fn commands_that_do_not_belong() {
    let misplaced = |pieces: &[(Side, &str)]| -> Vec<_> {
        talk(pieces).1.iter().filter_map(|item| item.misplaced.map(|misplaced| (item.number, misplaced))).collect()
    };
    assert_eq!(misplaced(&[(C, "CONNECT 7 $ab\n")]), [(1, Misplaced::BeforeChallenge)]);
    assert_eq!(
        misplaced(&[(C, "HMAC\n"), (S, NONCE), (C, "Video: true\n.\n")])[1],
        (4, Misplaced::BeforeAuthentication)
    );
    let opened = [(C, "HMAC\n"), (S, NONCE), (C, "CONNECT 7 $ab\n"), (S, "200\n")];
    let then = |pieces: &[(Side, &'static str)]| misplaced(&[&opened[..], pieces].concat());
    assert_eq!(then(&[(C, "CONNECT 7 $ab\n")]), [(5, Misplaced::ConnectAgain)]);
    let start = [(C, ".\n"), (S, "200. Use UDP port 9000\n")];
    assert_eq!(then(&start), []);
    assert_eq!(then(&[&start[..], &[(C, "Video: true\n")]].concat()), [(7, Misplaced::AfterStart)]);
    assert_eq!(then(&[(C, "DISCONNECT\n"), (C, "PING 7\n")]), [(6, Misplaced::AfterEnd)]);
}

#[test]
fn replies_are_tied_to_what_was_asked() {
    let opened = [(C, "HMAC\n"), (S, NONCE), (C, "CONNECT 7 $ab\n"), (S, "200\n")];
    let last = |pieces: &[(Side, &'static str)]| {
        let (session, items) = talk(&[&opened[..], pieces].concat());
        (items.last().map(short).unwrap(), session.state().phase)
    };
    // A ping may be answered before the dot that came first.
    let (session, items) =
        talk(&[&opened[..], &[(C, ".\nPING 7\n"), (S, "201\n"), (S, "200. Use UDP port 9\n")]].concat());
    assert_eq!(shorts(&items[6..]), ["7 201 to 6 PING (lf)", "8 200 port 9 to 5 START (lf)"]);
    assert_eq!(session.state().media_port, Some(9));
    // An attribute is answered only where it is refused; an end that the server wants answers nothing.
    assert_eq!(
        last(&[(C, "ProtocolVersion: 0.8\n"), (S, "402\n")]),
        ("6 402 to 5 ATTRIBUTE (lf)".into(), Phase::Ended)
    );
    assert_eq!(last(&[(C, "PING 7\n"), (S, "408\n")]), ("6 408 unsolicited (lf)".into(), Phase::Ended));
    assert_eq!(last(&[(S, "500\n")]), ("5 500 unsolicited (lf)".into(), Phase::Ended));
    assert_eq!(last(&[(S, "what\n")]).0, "5 0 unsolicited (lf)");
}

#[test]
fn joined_late_and_over_holes() {
    let (mut session, mut items) = (Session::new([false, false], &[]), Vec::new());
    session.bytes(S, moment(1), b"201\n", &mut items);
    session.bytes(C, moment(2), b"ING 77\r\n\r\nPING 77\r\n\r\n", &mut items);
    session.bytes(S, moment(3), b"201\n", &mut items);
    assert_eq!(short(&items[0]), "1 201 uncertain (lf)");
    assert!(items[1].line.headless && !items[2].line.headless);
    assert_eq!(short(&items[3]), "4 201 to 3 PING (lf)");
    let state = session.state();
    assert!(state.joined);
    assert_eq!((state.phase, state.channel_id), (Phase::Started, Some(77)));

    session.bytes(C, moment(4), b"PING 7", &mut items);
    session.gap(C, moment(5), 10, &mut items);
    session.bytes(C, moment(6), b"DISCONNECT\r\n\r\n", &mut items);
    assert_eq!((items[4].line.end, items[5].line.offset), (LineEnd::Missing, 21 + 6 + 10));
    assert!(items[5].line.headless);
    session.bytes(S, moment(7), b"201\n", &mut items);
    assert_eq!(short(&items[6]), "7 201 uncertain (lf)");
}

#[test]
fn detection() {
    let of = |client: &[u8], server: &[u8], start: bool, complete: bool| {
        detect(&Opening { client, server, later: [&[]; 2], from_start: [start; 2], complete })
    };
    // From the first byte on, and never wrong on the way.
    for name in ["janus-publish.pcap", "janus-bad-key.pcap", "own-rejected-405.pcap"] {
        let first = packets(name).into_iter().find(|packet| !packet.payload.is_empty()).unwrap().payload;
        for length in 0..first.len() {
            let expected = if length <= 4 { Match::NeedMore } else { Match::Yes { joined: false } };
            assert_eq!(of(&first[..length], b"", true, false), expected, "{name} {length}");
        }
    }
    // Joined at any line.
    let capture = packets("janus-publish.pcap");
    let client: Vec<u8> =
        capture.iter().filter(|packet| packet.ports.1 == 8084).flat_map(|p| p.payload.to_vec()).collect();
    let text = String::from_utf8(client).unwrap();
    for (at, _) in text.match_indices("\r\n\r\n").filter(|(at, _)| *at + 4 < text.len()) {
        let rest = &text.as_bytes()[at + 4..];
        assert_eq!(of(rest, b"201\n", false, false), Match::Yes { joined: true }, "{:?}", &text[at + 4..]);
    }
    assert_eq!(of(b"", b"200 hi. Use UDP port 9000\n", false, false), Match::Yes { joined: true });

    // Not FTL, though it begins like it.
    let http: &[u8] = b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\nAudio: true\r\n\r\n";
    for (client, server) in [
        (http, &b"HTTP/1.1 200 OK\r\n\r\n"[..]),
        (b"GET /x HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nVideoCodec: H264\nVideo: true\n"),
        (b"name: x\nVideoCodec: H264\nVideoWidth: 1280\ncolour: red\n", b""),
        (b"PING 12345\r\n", b"PONG 12345\r\n"),
        (b"PING\r\n", b"+PONG\r\n"),
        (b"HMACS\r\n", b""),
        (b"", b"220 mail.example.com ESMTP\r\n250 OK\r\n"),
        (b"USER x\r\n", b"200 hello\r\n201 welcome\r\n"),
        (&[3, 0, 0, 0, 0, 0, 0, 0, 0, 1], b""),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
    ] {
        for start in [true, false] {
            assert_eq!(of(client, server, start, true), Match::No, "{}", String::from_utf8_lossy(client));
        }
    }
}

proptest! {
    /// TCP may cut a side's bytes anywhere: the lines are the same, and so is what they mean.
    #[test]
    fn lines_do_not_depend_on_packets(cuts in proptest::collection::vec(1usize..40, 1..60), end in 0usize..3) {
        let end = ["\n", "\r\n", "\r\n\r\n"][end];
        let said = [
            (C, format!("HMAC{end}")),
            (S, NONCE.to_owned()),
            (C, format!("CONNECT 7 $abcd{end}")),
            (S, "200\n".to_owned()),
            (C, ["Video: true", "VideoCodec: H264", "\u{fc}", "."].map(|line| format!("{line}{end}")).concat()),
            (S, "200 hi. Use UDP port 9000\n".to_owned()),
            (C, format!("PING 7{end}")),
            (S, "201\n410\n".to_owned()),
            (C, format!("DISCONNECT{end}")),
        ];
        let told = |cuts: &mut dyn Iterator<Item = usize>| {
            let (mut session, mut items) = (Session::new([true, true], &[]), Vec::new());
            for (turn, (from, text)) in (1..).zip(&said) {
                let mut rest = text.as_bytes();
                while !rest.is_empty() {
                    let (piece, behind) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                    session.bytes(*from, moment(turn), piece, &mut items);
                    rest = behind;
                }
            }
            session.close(C, moment(99), &mut items);
            session.close(S, moment(99), &mut items);
            (items, session.state().clone())
        };
        let whole = told(&mut std::iter::repeat(usize::MAX));
        prop_assert_eq!(whole.0.len(), 13);
        prop_assert_eq!(told(&mut cuts.iter().copied().cycle()), whole);
    }

    /// No byte is lost or told twice.
    #[test]
    fn every_byte_is_some_lines(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'x')], 0..80)) {
        let (mut session, mut items) = (Session::new([true, true], &[]), Vec::new());
        for from in Side::BOTH {
            session.bytes(from, moment(1), &bytes, &mut items);
            session.close(from, moment(2), &mut items);
            let lines = items.drain(..).map(|item| item.line);
            let mut at = 0;
            for line in lines {
                at += line.blank;
                prop_assert_eq!(line.offset, at);
                prop_assert!(bytes[at as usize..].starts_with(&line.bytes));
                at += line.bytes.len() as u64;
            }
            prop_assert_eq!(at + session.blank(from), bytes.len() as u64);
        }
    }
}
