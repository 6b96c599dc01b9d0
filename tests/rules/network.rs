//! Cases of the NET rules.

use rtmp_inspect::analyzer::{Analyzer, Limits, Options, Other, Reason, Tally, Totals};
use rtmp_inspect::proto::rtmp::detect::Foreign;
use rtmp_inspect::synth::{Conversation, Format, Link, Message, Packet, Peer, opening, sample, tcp, transform};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

use crate::common::{Story, capture};
use crate::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("NET001", "whole", &sample::publish(3), &[]),
        case("NET002", "from the SYN", &sample::publish(3), &[]),
    ];
    // A packet of the server's direction lost: one hole, said once, and no peer is blamed for it.
    let packets = Link::v4().packets(&sample::publishing());
    let lost = packets.iter().rposition(|packet| packet.from == Side::Server && packet.payload.len() > 100).unwrap();
    let story = Story::of_packets(&transform::drop_packets(&packets, &[lost]));
    cases.push(Case {
        code: "NET001",
        what: "a packet lost",
        story,
        expected: &["134 bytes of the server from offset 3353 on are not in the capture; the next chunk is looked for"],
    });
    let without_syn: Vec<_> = packets.into_iter().filter(|packet| packet.flags & 2 == 0).collect();
    cases.push(Case {
        code: "NET002",
        what: "no SYN",
        story: Story::of_packets(&without_syn),
        expected: &["the connection's beginning is not in the capture"],
    });
    cases.extend(tcp_cases());
    cases
}

/// Of the rules that rest on what TCP did.
fn tcp_cases() -> Vec<Case> {
    let whole = |code| case(code, "all is well", &sample::publish(3), &[]);
    let of =
        |code, what, packets: &[Packet], expected| Case { code, what, story: Story::of_packets(packets), expected };
    let real = |code, name, expected| Case { code, what: name, story: Story::of_file(&capture(name)), expected };
    let packets = Link::v4().spacing_ns(1_000_000).packets(&sample::publish(3));
    let is = |packet: &Packet, from, flags| packet.from == from && packet.flags & flags != 0;

    // Both sides' FIN gone, and a reset in their place.
    let open: Vec<_> = packets.iter().filter(|packet| packet.flags & tcp::FIN == 0).cloned().collect();
    let reset = |from: Side, count: usize| {
        let mut packets = open[..count].to_vec();
        let last = packets.iter().rfind(|packet| packet.from == from).unwrap().clone();
        let time = Time(packets[count - 1].time.0 + 1_000_000);
        let sequence = last.next_sequence();
        packets.push(Packet { time, sequence, flags: tcp::RST, payload: Vec::new(), ..last });
        packets
    };
    let place = |contains: &[u8]| {
        let holds = |packet: &Packet| packet.payload.windows(contains.len()).any(|bytes| bytes == contains);
        open.iter().position(holds).unwrap() + 1
    };
    let after_fin = |resetter: Side, packets: &[Packet]| {
        let fin = packets.iter().position(|packet| is(packet, Side::Client, tcp::FIN)).unwrap();
        let mut packets = packets[..=fin].to_vec();
        let last = packets.iter().rfind(|packet| packet.from == resetter).unwrap().clone();
        let time = Time(packets[fin].time.0 + 1_000_000);
        let sequence = last.next_sequence();
        packets.push(Packet { time, sequence, flags: tcp::RST, payload: Vec::new(), ..last });
        packets
    };
    let media = Message::new(6, 9, 1, 0, vec![0x27; 100]);
    let running = Link::v4().packets(&sample::publishing().client(|c| c.message(&media)));
    let mut cases = vec![
        whole("NET003"),
        real(
            "NET003",
            "transport/format-snaplen-1000.pcap",
            &["2 packets of the client were cut by the capture, by 1028 bytes together"],
        ),
        whole("NET004"),
        of(
            "NET004",
            "inside the handshake",
            &reset(Side::Server, 7),
            &["the server reset the connection during the handshake"],
        ),
        of(
            "NET004",
            "connect unanswered",
            &reset(Side::Server, place(b"connect")),
            &["the server reset the connection before connect was answered"],
        ),
        of(
            "NET004",
            "publish unanswered",
            &reset(Side::Server, place(b"\x00\x07publish")),
            &["the server reset the connection before publish was answered"],
        ),
        of(
            "NET004",
            "a stream that runs",
            &reset(Side::Client, place(b"@setDataFrame")),
            &["the client reset the connection while publishing"],
        ),
        of("NET004", "after the client's FIN", &after_fin(Side::Client, &packets), &[]),
        of(
            "NET004",
            "in answer to a FIN",
            &after_fin(Side::Server, &running),
            &["the server reset the connection while publishing, after the FIN of the client"],
        ),
    ];

    cases.push(whole("NET005"));
    let half: Vec<_> = packets.iter().filter(|packet| packet.from == Side::Client).cloned().collect();
    cases.push(of("NET005", "the client alone", &half, &["no packet of the server was captured"]));

    let closed = |ms: i64| {
        let mut packets = packets.clone();
        let place =
            packets.iter().position(|packet| is(packet, Side::Server, 0xff) && packet.payload.len() > 100).unwrap() + 6;
        let at = (place..packets.len()).find(|place| packets[*place].from == Side::Server).unwrap();
        packets[at].window = 0;
        for packet in &mut packets[at + 1..] {
            packet.time.0 += ms * 1_000_000;
        }
        packets
    };
    cases.push(of("NET006", "for half a second", &closed(500), &[]));
    cases.push(of(
        "NET006",
        "for two seconds",
        &closed(2000),
        &["the server closed its receive window once, for up to 2.0 s"],
    ));
    let mut last = packets.clone();
    for packet in last.iter_mut().rev().take(40).filter(|packet| packet.from == Side::Server) {
        packet.window = 0;
    }
    let at = last.len() - 1;
    let fin = last.iter().position(|packet| is(packet, Side::Client, tcp::FIN)).unwrap().min(at);
    for packet in &mut last[fin - 1..] {
        packet.time.0 += 3_000_000_000;
    }
    cases.push(of(
        "NET006",
        "until the end",
        &last,
        &["the server closed its receive window once, for up to 3.1 s, and had it closed at the end"],
    ));

    let media = packets.iter().position(|packet| packet.from == Side::Client && packet.payload.len() > 1000).unwrap();
    cases.push(of(
        "NET007",
        "every packet captured twice",
        &transform::duplicate(&packets, &(0..packets.len()).collect::<Vec<_>>()),
        &[],
    ));
    cases.push(of(
        "NET007",
        "a segment sent again",
        &transform::retransmit(&packets, &[media], 5_000_000),
        &["the client sent 1460 bytes again (9.8 % of its 14917), in 1 segment"],
    ));
    cases.push(real(
        "NET007",
        "transport/derived-retransmissions.pcap",
        &["the client sent 5402 bytes again (2.4 % of its 226091), in 45 segments"],
    ));
    cases.push(real("NET007", "transport/derived-duplicates-all.pcap", &[]));
    cases.extend(cut_off());
    cases.extend(refused());
    cases.extend(strangers());
    cases
}

/// A connection to the server's port in which both sides say these bytes.
pub(super) fn speaks(second: i64, port: u16, client: &[u8], server: &[u8]) -> Vec<Packet> {
    let conversation = Conversation::new().client(|c| c.raw(client)).server(|s| s.raw(server));
    later(Link::v4().client_port(port).packets(&conversation), second)
}

const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0];
const SERVER_HELLO: &[u8] = &[22, 3, 3, 0, 5, 2, 0, 0, 1, 0];

/// NET009: connections to a session's server that speak another protocol.
fn strangers() -> Vec<Case> {
    let of = |what, beside: Vec<Vec<Packet>>, session: &[Packet], expected| {
        let packets = transform::merge(beside.into_iter().chain([session.to_vec()]));
        Case { code: "NET009", what, story: Story::of_packets(&packets), expected }
    };
    let session = later(Link::v4().packets(&sample::publish(3)), 9);
    // C0 and C1, and no answer.
    let unanswered = {
        let conversation = Conversation::new().client(|c| c.raw(&[&[3][..], &opening(0, 1)].concat()));
        later(Link::v4().packets(&conversation), 9)
    };
    let elsewhere = |second| {
        let conversation = Conversation::new().client(|c| c.raw(CLIENT_HELLO)).server(|s| s.raw(SERVER_HELLO));
        later(Link::v4().client_port(4).server_port(443).packets(&conversation), second)
    };
    vec![
        of("nobody else", vec![], &session, &[]),
        of(
            "SSH before it",
            vec![speaks(0, 4, b"SSH-2.0-a\r\n", &[])],
            &session,
            &["beside this session, 192.0.2.1:4 speaks SSH to 192.0.2.2:1935"],
        ),
        of(
            "each protocol once, with how many",
            vec![
                speaks(0, 4, b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n"),
                speaks(1, 5, b"SSH-2.0-a\r\n", &[]),
                speaks(2, 6, b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                speaks(3, 7, b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", &[]),
                speaks(4, 8, b"OPTIONS * HTTP/1.1\r\n\r\n", &[]),
            ],
            &session,
            &[
                "beside this session, 192.0.2.1:4 speaks SSH to 192.0.2.2:1935, and is answered in SSH; 2 connections of that kind in all",
                "beside this session, 192.0.2.1:6 speaks HTTP to 192.0.2.2:1935, and is answered in HTTP; 2 connections of that kind in all",
                "beside this session, 192.0.2.1:7 speaks RTSP to 192.0.2.2:1935",
            ],
        ),
        of(
            "RTMP to a port that speaks HTTP",
            vec![speaks(0, 4, b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n")],
            &unanswered,
            &[
                "beside this session, 192.0.2.1:4 speaks HTTP to 192.0.2.2:1935, and is answered in HTTP",
                "the client speaks RTMP to 192.0.2.2:1935, which does not answer it, and answers 192.0.2.1:4 in HTTP",
            ],
        ),
        of("another port of the server", vec![elsewhere(0)], &session, &[]),
        of("nothing was said", vec![speaks(0, 4, &[], &[])], &session, &[]),
        Case {
            code: "NET009",
            what: "cases/tls-client-beside-rtmp.pcap, which is TLS003's",
            story: Story::of_file(&capture("cases/tls-client-beside-rtmp.pcap")),
            expected: &[],
        },
        Case {
            code: "NET009",
            what: "cases/srt-to-rtmp-port.pcap",
            story: Story::of_file(&capture("cases/srt-to-rtmp-port.pcap")),
            expected: &["beside this session, 192.0.2.10:50003 speaks SRT to 192.0.2.20:1935"],
        },
    ]
}

/// What no session tells stands in the totals: the first connection of each protocol.
#[test]
fn strangers_that_no_session_tells_are_named_with_the_totals() {
    let session = Link::v4().packets(&sample::publish(3));
    let told = speaks(-3, 4, CLIENT_HELLO, &[]);
    let beside = [told, session, speaks(9, 5, CLIENT_HELLO, &[]), speaks(10, 6, CLIENT_HELLO, &[])];
    let text: Vec<_> = unread(&transform::merge(beside))
        .into_iter()
        .map(|(why, tally)| (why.to_string(), tally.first.map(|first| (first.client.to_string(), first.more))))
        .collect();
    assert_eq!(text, [("TCP that is not RTMP but TLS".to_owned(), Some(("192.0.2.1:5".to_owned(), 1)))]);
    let alone = unread(&speaks(0, 4, b"GET / HTTP/1.1\r\n\r\n", &[]));
    let first = alone[0].1.first.unwrap();
    assert_eq!((first.foreign, first.packet.0, alone[0].1.bytes), (Foreign::Http, 4, 18));
}

/// A client that asks for a connection at this second, and what answers it.
fn asks(second: i64, port: u16, answer: Option<u8>) -> Vec<Packet> {
    let packets = Link::v4().client_port(port).packets(&sample::connected());
    let (syn, answered) = (&packets[0], &packets[1]);
    let mut asked = vec![syn.clone()];
    asked.extend(answer.map(|flags| Packet { flags, window: 0, ..answered.clone() }));
    asked.extend(answer.is_none().then(|| Packet { time: Time(syn.time.0 + 1_000_000_000), ..syn.clone() }));
    later(asked, second)
}

pub(super) fn later(mut packets: Vec<Packet>, seconds: i64) -> Vec<Packet> {
    for packet in &mut packets {
        packet.time.0 += seconds * 1_000_000_000;
    }
    packets
}

/// NET010: connections to a session's server that did not come about.
fn refused() -> Vec<Case> {
    let of = |what, beside: Vec<Vec<Packet>>, second, expected| {
        let session = later(Link::v4().packets(&sample::publish(3)), second);
        let packets = transform::merge(beside.into_iter().chain([session]));
        Case { code: "NET010", what, story: Story::of_packets(&packets), expected }
    };
    let (refused, accepted) = (tcp::RST | tcp::ACK, tcp::SYN | tcp::ACK);
    let elsewhere = Link::v4().client_port(4).server_port(1936).packets(&sample::connected());
    vec![
        of("nobody else", vec![], 0, &[]),
        of(
            "refused before it",
            vec![asks(0, 4, Some(refused)), asks(1, 5, Some(refused))],
            9,
            &["beside this session, 2 connections to 192.0.2.2:1935 did not come about: a reset answered the SYN"],
        ),
        of(
            "silence before it",
            vec![asks(0, 4, None)],
            200,
            &["beside this session, 1 connection to 192.0.2.2:1935 did not come about: nothing answered the SYN"],
        ),
        of(
            "both",
            vec![asks(0, 4, None), asks(1, 5, Some(refused))],
            200,
            &[
                "beside this session, 2 connections to 192.0.2.2:1935 did not come about: a reset answered the SYN of 1, nothing that of 1",
            ],
        ),
        of("accepted, and nothing said", vec![asks(0, 4, Some(accepted))], 200, &[]),
        of("another server", vec![vec![elsewhere[0].clone()]], 200, &[]),
        of("asked just before the capture ends", vec![asks(0, 4, None)], 0, &[]),
    ]
}

/// What was not understood of these packets.
fn unread(packets: &[Packet]) -> Vec<(Reason, Tally)> {
    totals(packets, &Limits::default()).unread
}

/// The connections of these packets that are no session, in words.
fn others(packets: &[Packet]) -> Vec<String> {
    totals(packets, &Limits::default()).others.iter().map(Other::clause).collect()
}

fn totals(packets: &[Packet], limits: &Limits) -> Totals {
    let mut analyzer = Analyzer::new(limits, Options::default());
    for (index, packet) in packets.iter().enumerate() {
        let frame = packet.frame();
        analyzer.push(&rtmp_inspect::capture::Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time: packet.time },
            link: rtmp_inspect::capture::LinkType(1),
            data: &frame,
            wire_length: frame.len() as u32,
            place: Place::default(),
        });
        while analyzer.poll().is_some() {}
    }
    analyzer.finish();
    analyzer.totals().clone()
}

/// Also where the capture has no session.
#[test]
fn a_connection_that_is_no_session_is_named_by_itself() {
    let open = b"POST /open/1 HTTP/1.1\r\nContent-Type: application/x-fcs\r\n\r\n\0";
    let packets = transform::merge([
        speaks(0, 4, CLIENT_HELLO, &[]),
        speaks(1, 5, CLIENT_HELLO, &[]),
        speaks(2, 6, open, b"HTTP/1.1 200 OK\r\n\r\n"),
        speaks(3, 7, b"OPTIONS rtsp://a/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", &[]),
        speaks(4, 8, &[], b"SSH-2.0-a\r\n"),
        asks(5, 9, Some(tcp::RST | tcp::ACK)),
        asks(6, 10, None),
        speaks(20, 11, b"hello\r\n", &[]),
    ]);
    let expected = [
        "192.0.2.1:4 speaks TLS to 192.0.2.2:1935 (packet 4; 2 connections of that kind)",
        "192.0.2.1:6 speaks RTMPT to 192.0.2.2:1935, which answers in HTTP (packet 20)",
        "192.0.2.1:7 speaks RTSP to 192.0.2.2:1935 (packet 30)",
        "192.0.2.1:8 says nothing to 192.0.2.2:1935, which speaks SSH (packet 38)",
        "192.0.2.1:9 asks 192.0.2.2:1935 for a connection, and a reset refuses it (packet 43)",
        "192.0.2.1:10 asks 192.0.2.2:1935 for a connection, and nothing answers (packet 45)",
        "192.0.2.1:11 speaks text to 192.0.2.2:1935 (packet 50)",
    ];
    assert_eq!(others(&packets), expected);
    let session = Link::v4().packets(&sample::publish(3));
    assert!(others(&session).is_empty());
    let few = Limits { other_connections: 2, ..Limits::default() };
    let told = totals(&packets, &few);
    assert_eq!((told.others.len(), told.reached.other_connections), (2, 5));
}

/// What no session tells stands in the totals.
#[test]
fn connections_that_are_refused_when_the_session_is_over_are_told_with_the_totals() {
    let session = Link::v4().packets(&sample::publish(3));
    let packets = transform::merge([session, asks(9, 4, Some(tcp::RST | tcp::ACK)), asks(10, 5, None)]);
    let unread: Vec<_> = unread(&packets).iter().map(|(why, tally)| format!("{why}: {}", tally.packets)).collect();
    assert_eq!(unread, ["TCP connections to 192.0.2.2:1935 that were refused or not answered: 2"]);
}

/// NET008: who ended the connection inside whose message.
fn cut_off() -> Vec<Case> {
    let of =
        |what, packets: &[Packet], expected| Case { code: "NET008", what, story: Story::of_packets(packets), expected };
    let real = |name, expected| Case { code: "NET008", what: name, story: Story::of_file(&capture(name)), expected };
    let begin = |peer: &mut Peer| {
        peer.chunk_layer(|chunks| {
            let mut unfinished = chunks.begin(Format::Type0, &Message::new(6, 9, 1, 40, vec![0x27; 50_000]));
            chunks.chunk(&mut unfinished);
        });
    };
    let published = sample::publishing().client(|c| {
        begin(c);
        c
    });
    let played = sample::playing().server(|s| {
        begin(s);
        s
    });
    let closed = Link::v4().packets(&published);
    let by = |first: Side, conversation| {
        let mut packets = Link::v4().packets(conversation);
        let end = packets.iter().position(|packet| packet.flags & tcp::FIN != 0).unwrap();
        packets.truncate(end);
        let mut fin = |from: Side| {
            let of_side = |from: Side| packets.iter().rfind(|packet| packet.from == from).unwrap();
            let (last, other) = (of_side(from).clone(), of_side(from.other()).next_sequence());
            let time = Time(packets.last().unwrap().time.0 + 1_000_000);
            let (sequence, flags) = (last.next_sequence(), tcp::FIN | tcp::ACK);
            packets.push(Packet { time, sequence, flags, acknowledgement: other, payload: Vec::new(), ..last });
        };
        fin(first);
        fin(first.other());
        packets
    };
    vec![
        case("NET008", "whole", &sample::publish(3), &[]),
        of("the sender closes its own is another rule's", &closed, &[]),
        of(
            "the server, inside the client's",
            &by(Side::Server, &published),
            &[
                "the server closed the connection inside the client's video (offset 3328): 4096 of its 50000 bytes had come, 45904 were missing",
            ],
        ),
        of(
            "a player that leaves",
            &by(Side::Client, &played),
            &[
                "the client closed the connection inside the server's video (offset 3637): 4096 of its 50000 bytes had come, 45904 were missing",
            ],
        ),
        real(
            "cases/server-closes-in-big-message.pcap",
            &[
                "the server closed the connection inside the client's video (offset 7768): 20010 of its 1425259 bytes had come, 1405249 were missing",
            ],
        ),
        real(
            "cases/server-resets-in-big-message.pcap",
            &[
                "the server closed the connection inside the client's video (offset 7768): 15989 of its 1425259 bytes had come, 1409270 were missing",
            ],
        ),
    ]
}
