//! Cases of the HSK rules.

use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::{Echo, HandshakeFacts, Step};
use rtmp_inspect::synth::{
    Conversation, Handshake, Link, Packet, Random, echo, opening, signature, signed_opening, tcp, transform,
};
use rtmp_inspect::wire::Side;

use crate::common::{Story, capture};
use crate::{Case, case};

const PLAYER: [u8; 4] = [9, 0, 124, 2];
const MEDIA_SERVER: [u8; 4] = [3, 0, 1, 1];

pub(super) fn cases() -> Vec<Case> {
    [versions(), blocks(), echoes(), order(), ends(), lengths()].into_iter().flatten().collect()
}

fn handshake(kind: Handshake) -> Conversation {
    Conversation::new().handshake_as(kind).client(|c| c.connect("live")).server(|s| s.connect_result())
}

/// A handshake of these blocks, and what follows it.
fn of(versions: [u8; 2], c1: &[u8], s1: &[u8], s2: &[u8], c2: &[u8]) -> Conversation {
    Conversation::new()
        .client(|c| c.raw(&versions[..1]).raw(c1))
        .server(|s| s.raw(&versions[1..]).raw(s1).raw(s2))
        .client(|c| c.raw(c2))
        .client(|c| c.connect("live"))
        .server(|s| s.connect_result())
}

/// A handshake of these C1 and S1 with right echoes.
fn echoed(c1: &[u8], s1: &[u8]) -> Conversation {
    of([3, 3], c1, s1, &echo(c1, 5001), &echo(s1, 1))
}

fn versions() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let versions = |versions| of(versions, &c1, &s1, &echo(&c1, 5001), &echo(&s1, 1));
    let then = |versions: [u8; 2], client: &[u8], server: &[u8]| {
        Conversation::new()
            .client(|c| c.raw(&versions[..1]).raw(&c1))
            .server(|s| s.raw(&versions[1..]).raw(&s1).raw(&echo(&c1, 5001)))
            .client(|c| c.raw(&echo(&s1, 1)).raw(client))
            .server(|s| s.raw(server))
    };
    let scrambled = opening(77, 3);
    let answered = |answer: &'static [u8]| {
        Conversation::new().client(|c| c.raw(&[3]).raw(&opening(0, 1))).server(|s| s.raw(answer))
    };
    let http = b"GET /stat HTTP/1.1\r\nHost: a.example\r\n\r\n";
    vec![
        case("HSK001", "both speak RTMP", &handshake(Handshake::Simple), &[]),
        case(
            "HSK001",
            "an HTTP server",
            &answered(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n"),
            &["the server speaks HTTP where S0 should be"],
        ),
        case("HSK001", "a TLS server's alert, which is TLS003's", &answered(&[21, 3, 1, 0, 2, 2, 70]), &[]),
        case("HSK001", "text", &answered(b"220 a.example ready\r\n"), &["the server speaks text where S0 should be"]),
        case(
            "HSK001",
            "an HTTP client at an RTMP server",
            &Conversation::new().client(|c| c.raw(http)).server(|s| s.raw(&[3]).raw(&s1).raw(&c1)),
            &["the client speaks HTTP where C0 should be"],
        ),
        case(
            "HSK001",
            "no RTMP on either side",
            &Conversation::new().client(|c| c.raw(http)).server(|s| s.raw(http)),
            &[],
        ),
        case("HSK002", "3", &versions([3, 3]), &[]),
        case("HSK002", "RTMPE is no unknown version", &versions([6, 6]), &[]),
        case(
            "HSK002",
            "C0",
            &versions([4, 3]),
            &["C0 of the client is 4, a version that nobody speaks; plain RTMP is 3"],
        ),
        case(
            "HSK002",
            "S0",
            &versions([3, 2]),
            &["S0 of the server is 2, a version that nobody speaks; plain RTMP is 3"],
        ),
        case(
            "HSK002",
            "C0 is no version at all",
            &versions([51, 3]),
            &["C0 of the client is 51, no version, since text begins so; plain RTMP is 3"],
        ),
        case(
            "HSK002",
            "S0 is no version at all",
            &versions([3, 255]),
            &["S0 of the server is 255, no version, since text begins so; plain RTMP is 3"],
        ),
        case(
            "HSK002",
            "on neither side, and the echoes prove RTMP",
            &versions([31, 31]),
            &["C0 of the client is 31, a version that nobody speaks; plain RTMP is 3"],
        ),
        case("HSK002", "on neither side is RTMP proven", &of([31, 31], &c1, &s1, &opening(0, 7), &opening(0, 8)), &[]),
        case("HSK011", "3", &versions([3, 3]), &[]),
        case(
            "HSK011",
            "6, answered with 8",
            &then([6, 8], &scrambled, &scrambled),
            &[
                "C0 of the client is 6: RTMPE; nothing behind the handshake can be read: give what both sides agreed on with --rtmpe-keys",
                "S0 of the server is 8: RTMPE with signatures under XTEA; nothing behind the handshake can be read: give what both sides agreed on with --rtmpe-keys",
            ],
        ),
        case(
            "HSK011",
            "6, answered with 8, and what follows is in clear",
            &versions([6, 8]),
            &[
                "C0 of the client is 6 (RTMPE), and what follows the handshake is not encrypted: it is read as plain RTMP",
                "S0 of the server is 8 (RTMPE with signatures under XTEA), and what follows the handshake is not encrypted: it is read as plain RTMP",
            ],
        ),
        case(
            "HSK011",
            "6, answered with 3",
            &versions([6, 3]),
            &["C0 of the client is 6 (RTMPE), and S0 of the server is 3: what follows is read as plain RTMP"],
        ),
        case(
            "HSK011",
            "3, answered with 6",
            &versions([3, 6]),
            &["S0 of the server is 6 (RTMPE), and C0 of the client is 3: what follows is read as plain RTMP"],
        ),
    ]
}

fn blocks() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let versioned = |block: &[u8], version: [u8; 4]| [&block[..4], &version, &block[8..]].concat();
    let filled = |byte: u8| [&[0; 8][..], &[byte; 1528]].concat();
    let signed = signed_opening(Side::Client, PLAYER, 8, 1);
    let signed_server = signed_opening(Side::Server, MEDIA_SERVER, 772, 2);
    vec![
        case("HSK003", "zeros", &echoed(&c1, &s1), &[]),
        case("HSK003", "a version with a digest", &echoed(&signed, &s1), &[]),
        case(
            "HSK003",
            "a version without one",
            &echoed(&c1, &versioned(&s1, [4, 0, 0, 1])),
            &["bytes 4 to 7 of the server's S1 are 4.0.0.1, where zeros belong, as no digest in it is valid"],
        ),
        case("HSK003", "a copy of C1 is another rule's", &echoed(&signed, &signed), &[]),
        case("HSK003", "behind a signed C1 it is another rule's", &echoed(&signed, &versioned(&s1, [4, 0, 0, 1])), &[]),
        case("HSK004", "plain", &echoed(&c1, &s1), &[]),
        case(
            "HSK004",
            "both, each in its own place",
            &of([3, 3], &signed, &signed_server, &signature(Side::Server, &signed, 8, 3), &echo(&signed_server, 0)),
            &[
                "the client's C1 is signed: version 9.0.124.2, a digest at byte 560, placed by byte 8",
                "the server's S1 is signed: version 3.0.1.1, a digest at byte 1397, placed by byte 772",
            ],
        ),
        case("HSK007", "random", &echoed(&c1, &s1), &[]),
        case(
            "HSK007",
            "a copy",
            &handshake(Handshake::CopiedS1),
            &["the server's S1 is C1 byte for byte, where 1528 bytes of its own belong"],
        ),
        case(
            "HSK007",
            "zeros and a constant",
            &echoed(&filled(0), &filled(9)),
            &[
                "the 1528 random bytes of the client's C1 are all 0",
                "the 1528 random bytes of the server's S1 are all 9",
            ],
        ),
    ]
}

fn echoes() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let signed = signed_opening(Side::Client, PLAYER, 8, 1);
    let signed_server = signed_opening(Side::Server, MEDIA_SERVER, 772, 2);
    let right = signature(Side::Server, &signed, 8, 3);
    let answered = |s2: &[u8], c2: &[u8]| of([3, 3], &signed, &signed_server, s2, c2);
    let with_time = |block: &[u8], time: u32| [&time.to_be_bytes()[..], &[0; 4], &block[8..]].concat();
    vec![
        case("HSK005", "an echo with its time", &handshake(Handshake::Simple), &[]),
        case("HSK005", "an exact echo", &handshake(Handshake::Exact), &[]),
        case("HSK005", "S1 is a copy of C1", &handshake(Handshake::CopiedS1), &[]),
        case("HSK005", "a signature", &answered(&right, &echo(&signed_server, 0)), &[]),
        case(
            "HSK005",
            "C2 is something else",
            &handshake(Handshake::BrokenC2),
            &["the client's C2 is neither an echo of S1 nor signed"],
        ),
        case(
            "HSK005",
            "S2 is something else",
            &handshake(Handshake::BrokenS2),
            &["the server's S2 is neither an echo of C1 nor signed"],
        ),
        case("HSK005", "a wrong signature is another rule's", &answered(&opening(0, 4), &echo(&signed_server, 0)), &[]),
        case("HSK006", "both times", &handshake(Handshake::Simple), &[]),
        case(
            "HSK006",
            "the block itself",
            &handshake(Handshake::Exact),
            &[
                "the server's S2 is C1 byte for byte, also in bytes 4 to 7, where the time of reading belongs",
                "the client's C2 is S1 byte for byte, also in bytes 4 to 7, where the time of reading belongs",
            ],
        ),
        case(
            "HSK006",
            "another time",
            &of([3, 3], &c1, &s1, &echo(&c1, 5001), &with_time(&s1, 0)),
            &["the client's C2 gives S1's time as 0 ms, and S1 says 5000 ms"],
        ),
        case("HSK006", "what is no echo has no times", &handshake(Handshake::BrokenC2), &[]),
        case("HSK012", "right", &answered(&right, &signature(Side::Client, &signed_server, 772, 5)), &[]),
        case("HSK012", "an echo is as good", &answered(&signed, &echo(&signed_server, 0)), &[]),
        case("HSK012", "nobody signed", &handshake(Handshake::BrokenC2), &[]),
        case(
            "HSK012",
            "S2 has a wrong signature",
            &answered(&opening(0, 4), &echo(&signed_server, 0)),
            &["the server's S2 is no echo of C1, and its signature over C1's digest is wrong"],
        ),
        case(
            "HSK012",
            "S1 has a version alone",
            &echoed(&signed, &[&s1[..4], &[4, 0, 0, 1], &s1[8..]].concat()),
            &["the server's S1 has version 4.0.0.1 and no valid digest, and C1 is signed"],
        ),
    ]
}

fn order() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let right = || Conversation::new().client(|c| c.raw(&[3]).raw(&c1)).server(|s| s.raw(&[3]).raw(&s1));
    let eager = |c2: &[u8]| {
        Conversation::new()
            .client(|c| c.raw(&[3]).raw(&c1))
            .client(|c| c.raw(c2))
            .wait_ms(4)
            .server(|s| s.raw(&[3]).raw(&s1).raw(&echo(&c1, 0)))
    };
    let blind = || {
        Conversation::new()
            .client(|c| c.raw(&[3]).raw(&c1).raw(&opening(0, 4)).connect("live"))
            .wait_ms(4)
            .server(|s| s.raw(&[3]).raw(&s1).raw(&echo(&c1, 0)))
    };
    let server_first = |s2_early: bool| {
        let s2 = echo(&c1, 0);
        let (early, late) = if s2_early { (&s2[..], &[][..]) } else { (&[][..], &s2[..]) };
        Conversation::new()
            .server(|s| s.raw(&[3]).raw(&s1).raw(early))
            .wait_ms(6)
            .client(|c| c.raw(&[3]).raw(&c1))
            .server(|s| s.raw(late))
            .client(|c| c.raw(&echo(&s1, 0)))
    };
    // The server's last packet, its S2, stands in the capture behind what the client sent when it had it.
    let mut swapped = Link::v4().packets(&handshake(Handshake::Simple));
    let s2 = swapped.iter().rposition(|packet| packet.from == Side::Server && packet.payload.len() == 153).unwrap();
    let (c2, late) = (swapped[s2 + 2].time, swapped.remove(s2));
    swapped.insert(s2 + 3, late);
    swapped[s2 + 3].time = c2;
    let mut cases = vec![
        case("HSK008", "in order", &handshake(Handshake::Simple), &[]),
        case("HSK008", "C2 before S2", &right().client(|c| c.raw(&echo(&s1, 0))).server(|s| s.raw(&echo(&c1, 0))), &[]),
        case("HSK008", "a right C2 was sent after S1", &eager(&echo(&s1, 0)), &[]),
        case("HSK008", "C2 before S1", &eager(&opening(0, 4)), &["the client sent C2 5 ms before S1 was whole"]),
        case(
            "HSK008",
            "C2 and no S1",
            &Conversation::new().client(|c| c.raw(&[3]).raw(&c1).raw(&opening(0, 4))),
            &["the client sent C2, and S1 was never whole"],
        ),
        case("HSK008", "C2 and a command before S1", &blind(), &["the client sent C2 5 ms before S1 was whole"]),
        case("HSK008", "S0 before C0", &server_first(false), &["the server sent S0 7 ms before C0"]),
        case("HSK008", "a right S2 was sent after C1", &server_first(true), &[]),
        case("HSK009", "after C2", &handshake(Handshake::Simple), &[]),
        case(
            "HSK009",
            "the client before S2",
            &right().client(|c| c.raw(&echo(&s1, 0)).connect("live")).wait_ms(2).server(|s| s.raw(&echo(&c1, 0))),
            &["the client sent command_amf0 3 ms before S2 was whole"],
        ),
        case("HSK009", "the client before S1", &blind(), &["the client sent command_amf0 5 ms before S2 was whole"]),
        case(
            "HSK009",
            "the client, and S2 never came",
            &right().client(|c| c.raw(&echo(&s1, 0)).connect("live")),
            &["the client sent command_amf0, and S2 was never whole"],
        ),
        case(
            "HSK009",
            "the server before C2",
            &right()
                .server(|s| s.raw(&echo(&c1, 0)).window_acknowledgement_size(5_000_000))
                .wait_ms(2)
                .client(|c| c.raw(&echo(&s1, 0)).connect("live")),
            &["the server sent window_acknowledgement_size 3 ms before C2 was whole"],
        ),
    ];
    cases.push(Case {
        code: "HSK009",
        what: "packets that changed places in the capture",
        story: Story::of_packets(&swapped),
        expected: &[],
    });
    cases
}

fn ends() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let c0_c1 = || Conversation::new().client(|c| c.raw(&[3]).raw(&c1));
    let without_c2 = || c0_c1().server(|s| s.raw(&[3]).raw(&s1).raw(&echo(&c1, 0)));
    // A conversation whose capture ends before the connection does.
    let cut = |conversation: &Conversation| {
        let packets = Link::v4().packets(conversation);
        let end = packets.iter().position(|packet| packet.flags & 1 != 0).unwrap();
        Story::of_packets(&packets[..end])
    };
    let lost = {
        let packets = Link::v4().packets(&handshake(Handshake::Simple));
        let s1 = packets.iter().position(|packet| packet.from == Side::Server && !packet.payload.is_empty()).unwrap();
        Story::of_packets(&transform::drop_packets(&packets, &[s1]))
    };
    let story = |what, story, expected| Case { code: "HSK010", what, story, expected };
    vec![
        case(
            "HSK010",
            "connect in its place",
            &Conversation::new()
                .client(|c| c.raw(&[3]).raw(&opening(0, 1)))
                .server(|s| s.raw(&[3]).raw(&opening(5, 2)).raw(&echo(&opening(0, 1), 3)))
                .client(|c| c.connect("live"))
                .server(|s| s.connect_result())
                .client(|c| c.create_stream(2)),
            &["C2 never came: the client writes its connect where the 1536 bytes of C2 belong (offset 1537)"],
        ),
        case(
            "HSK010",
            "a chunk size and connect in its place",
            &Conversation::new()
                .client(|c| c.raw(&[3]).raw(&opening(0, 1)))
                .server(|s| s.raw(&[3]).raw(&opening(5, 2)).raw(&echo(&opening(0, 1), 3)))
                .client(|c| c.set_chunk_size(4096).connect("live"))
                .server(|s| s.connect_result())
                .client(|c| c.create_stream(2)),
            &["C2 never came: the client writes its connect where the 1536 bytes of C2 belong (offset 1537)"],
        ),
        case(
            "HSK010",
            "a window in the place of S2",
            &Conversation::new()
                .client(|c| c.raw(&[3]).raw(&opening(0, 1)))
                .server(|s| s.raw(&[3]).raw(&opening(5, 2)))
                .client(|c| c.raw(&echo(&opening(5, 2), 3)).connect("live"))
                .server(|s| s.window_acknowledgement_size(5_000_000).set_peer_bandwidth(5_000_000, 2).connect_result())
                .client(|c| c.create_stream(2)),
            &["S2 never came: the server writes its first chunk where the 1536 bytes of S2 belong (offset 1537)"],
        ),
        case(
            "HSK010",
            "no C0",
            &Conversation::new()
                .client(|c| c.raw(&c1))
                .server(|s| s.raw(&[3]).raw(&s1).raw(&echo(&c1, 0)))
                .client(|c| c.raw(&echo(&s1, 0)).connect("live"))
                .server(|s| s.connect_result()),
            &["C0 never came: the client begins with C1; send one byte of 3 before it"],
        ),
        case(
            "HSK010",
            "no C0, and a server that waits for one more byte",
            &Conversation::new().client(|c| c.raw(&c1)),
            &[
                "C0 never came: the client begins with C1; send one byte of 3 before it",
                "S0, S1, S2, C2 never came: the client closed the connection 1.06 ms after C1; the client had sent 1536 bytes, the server 0 bytes",
            ],
        ),
        case(
            "HSK010",
            "no S0",
            &Conversation::new()
                .client(|c| c.raw(&[3]).raw(&c1))
                .server(|s| s.raw(&s1).raw(&echo(&c1, 0)))
                .client(|c| c.raw(&echo(&s1, 0)).connect("live"))
                .server(|s| s.connect_result()),
            &["S0 never came: the server begins with S1; send one byte of 3 before it"],
        ),
        case("HSK010", "whole", &handshake(Handshake::Simple), &[]),
        case(
            "HSK010",
            "no C2",
            &without_c2(),
            &[
                "C2 never came: the client closed the connection 1.06 ms after S2; the client had sent 1537 bytes, the server 3073 bytes",
            ],
        ),
        case(
            "HSK010",
            "no answer: the server's FIN shows that it said nothing",
            &c0_c1(),
            &[
                "S0, S1, S2, C2 never came: the client closed the connection 1.06 ms after C1; the client had sent 1537 bytes, the server 0 bytes",
            ],
        ),
        case(
            "HSK010",
            "nothing for ten seconds",
            &without_c2().wait_ms(10_001).client(|c| c.raw(&[0])),
            &[
                "C2 never came: the client closed the connection 10.003 seconds after S2; the client had sent 1538 bytes, the server 3073 bytes",
            ],
        ),
        story(
            "the capture goes on for ten seconds",
            cut(&without_c2().wait_ms(10_001).client(|c| c.raw(&[0]))),
            &[
                "C2 never came: the capture ends 10.001 seconds after S2; the client had sent 1538 bytes, the server 3073 bytes",
            ],
        ),
        story("… for nine", cut(&without_c2().wait_ms(9000).client(|c| c.raw(&[0]))), &[]),
        story("the capture ended", cut(&without_c2()), &[]),
        story("a part is missing from the capture", lost, &[]),
        story("HTTP answered", Story::of(&c0_c1().server(|s| s.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"))), &[]),
        story("wrong application", Story::of_file(&capture("nginx-rtmp/ffmpeg-publish-wrong-app.pcap")), &[]),
    ]
}

fn lengths() -> Vec<Case> {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let (c2, s2) = (echo(&s1, 1), echo(&c1, 5001));
    let longer = |block: &[u8], by: usize| [block, &Random::new(9).bytes(by)[..]].concat();
    let twice = |block: &[u8]| [block, block].concat();
    let other = opening(7, 7);
    let signed = signed_opening(Side::Client, PLAYER, 8, 1);
    let signed_server = signed_opening(Side::Server, MEDIA_SERVER, 772, 2);
    let (signed_c2, signed_s2) =
        (signature(Side::Client, &signed_server, 772, 4), signature(Side::Server, &signed, 8, 3));
    let case = |what, conversation: &Conversation, expected: &'static [&'static str]| {
        case("HSK013", what, conversation, expected)
    };
    vec![
        case("right", &of([3, 3], &c1, &s1, &s2, &c2), &[]),
        case("no echoes, but right", &of([3, 3], &c1, &s1, &other, &other), &[]),
        case(
            "C1 too short",
            &of([3, 3], &c1[..1528], &s1, &s2, &c2),
            &[
                "C1 has 1528 bytes, 8 too few, as the place of C2 and of the first chunk show: the client's chunks begin at offset 3065",
            ],
        ),
        case(
            "S1 too long",
            &of([3, 3], &c1, &longer(&s1, 4), &s2, &c2),
            &[
                "S1 has 1540 bytes, 4 too many, as the place of S2 and of the first chunk show: the server's chunks begin at offset 3077",
            ],
        ),
        case(
            "C2 too long",
            &of([3, 3], &c1, &s1, &s2, &longer(&c2, 1)),
            &["C2 has 1537 bytes, 1 too many: the client's chunks begin at offset 3074"],
        ),
        case(
            "S2 too short",
            &of([3, 3], &c1, &s1, &s2[..1024], &c2),
            &["S2 has 1024 bytes, 512 too few: the server's chunks begin at offset 2561"],
        ),
        case(
            "S1 twice",
            &of([3, 3], &c1, &twice(&s1), &s2, &c2),
            &["S1 stands there twice, byte for byte: the server's chunks begin at offset 4609"],
        ),
        case(
            "C2 twice",
            &of([3, 3], &c1, &s1, &s2, &twice(&c2)),
            &["C2 stands there twice, byte for byte: the client's chunks begin at offset 4609"],
        ),
        case("an echo that begins with the wrong byte", &of([3, 3], &c1, &s1, &[&c1[4..], &[9; 4]].concat(), &c2), &[]),
        case(
            "nothing tells the block",
            &of([3, 3], &c1, &s1, &longer(&other, 8), &c2),
            &[
                "the server's handshake has 3081 bytes, 8 too many, in S1 or S2: the server's chunks begin at offset 3081",
            ],
        ),
        case(
            "S2 tells that C1 was whole",
            &of([3, 3], &c1, &s1, &s2, &other[..1532]),
            &["C2 has 1532 bytes, 4 too few: the client's chunks begin at offset 3069"],
        ),
        case(
            "a signature tells",
            &of([3, 3], &signed, &longer(&signed_server, 12), &signed_s2, &signed_c2),
            &[
                "S1 has 1548 bytes, 12 too many, as the place of S2 and of the first chunk show: the server's chunks begin at offset 3085",
            ],
        ),
    ]
}

/// The events of a story in a few letters: steps of the handshake, and `m` for a message.
fn order_of(story: &Story) -> String {
    let words = story.events.iter().filter_map(|event| match event {
        Event::Handshake(step) => Some(step.step.name(step.from)),
        Event::Message(_) => Some("m"),
        _ => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn an_answer_to_nothing_stands_where_it_was_sent() {
    let whole = Story::of_file(&capture("cases/c2-and-connect-without-s0s1s2.pcap"));
    assert_eq!(order_of(&whole), "C0 C1 C2 m");
    // What comes behind a hole in the other side, or was captured late, may be what it answers.
    let packets = Link::v4().packets(&handshake(Handshake::Simple));
    let is_server = |packet: &Packet| packet.from == Side::Server && !packet.payload.is_empty();
    let (late, mut reordered): (Vec<_>, Vec<_>) = packets.iter().cloned().partition(is_server);
    let end = reordered.iter().position(|packet| packet.flags & tcp::FIN != 0).unwrap();
    reordered.splice(end..end, late);
    let story = Story::of_packets(&reordered);
    assert_eq!(order_of(&story), "C0 C1 m S0 S1 C2 S2 m");
    let echo = story.events.iter().find_map(|event| match event {
        Event::Handshake(step) if step.from == Side::Client && step.step == Step::Echo => Some(step.facts),
        _ => None,
    });
    assert!(matches!(echo, Some(HandshakeFacts::Echo { echo: Some(Echo::Random | Echo::Exact), .. })), "{echo:?}");
}

/// A session is called by what is spoken on it, not by what its client asked for; and what is in clear is decoded.
#[test]
fn rtmpe_is_what_both_agree_on_and_keep_to() {
    let (c1, s1) = (opening(0, 1), opening(5000, 2));
    let encrypted = Conversation::new()
        .client(|c| c.raw(&[6]).raw(&c1))
        .server(|s| s.raw(&[6]).raw(&s1).raw(&echo(&c1, 5001)))
        .client(|c| c.raw(&echo(&s1, 1)).raw(&opening(77, 3)));
    let of = |versions| of(versions, &c1, &s1, &echo(&c1, 5001), &echo(&s1, 1));
    for (what, conversation, expected) in [
        ("encrypted", encrypted, ("rtmpe", false)),
        ("both say so and go on in clear", of([6, 6]), ("rtmp", true)),
        ("the server says 3", of([6, 3]), ("rtmp", true)),
        ("the client says 3", of([3, 6]), ("rtmp", true)),
    ] {
        let story = Story::of(&conversation);
        let protocol = story.events.iter().find_map(|event| match event {
            Event::Session(opened) => Some(opened.protocol),
            _ => None,
        });
        let is_decoded = story.events.iter().any(|event| matches!(event, Event::Message(_)));
        assert_eq!((protocol, is_decoded), (Some(expected.0), expected.1), "{what}");
    }
}
