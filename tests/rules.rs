//! Every rule has cases that fail and cases that pass, and the catalogue keeps to its form.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::{Story, capture};
use rtmp_inspect::rules::{CATALOGUE, Severity};
use rtmp_inspect::synth::{
    Conversation, ExtendedTimestamp, Format, Handshake, Link, Message, Packet, sample, tcp, transform,
};
use rtmp_inspect::wire::{Side, Time};

/// What the named rule says of a story: texts, in order.
fn said(code: &str, story: &Story) -> Vec<String> {
    story.findings.iter().filter(|finding| finding.rule.code == code).map(|finding| finding.text.clone()).collect()
}

struct Case {
    code: &'static str,
    what: &'static str,
    story: Story,
    /// The texts expected; none for a case that passes.
    expected: &'static [&'static str],
}

fn case(
    code: &'static str,
    what: &'static str,
    conversation: &Conversation,
    expected: &'static [&'static str],
) -> Case {
    Case { code, what, story: Story::of(conversation), expected }
}

fn large(time: u32) -> Message {
    Message::new(6, 9, 1, time, vec![0x27; 5000])
}

fn cases() -> Vec<Case> {
    let handshake =
        |kind| Conversation::new().handshake_as(kind).client(|c| c.connect("live")).server(|s| s.connect_result());
    let extended = |dialect| {
        sample::publishing().client(|c| {
            c.chunk_layer(|chunks| chunks.extended_timestamp = dialect)
                .message(&large(0x0100_0000))
                .message(&large(0x0100_0028))
        })
    };
    // A window of 1000 bytes on the side that sends media.
    let windowed = |acknowledge: bool| {
        let mut conversation = sample::publishing().client(|c| c.window_acknowledgement_size(1000).message(&large(40)));
        if acknowledge {
            conversation = conversation.server(|s| s.acknowledgement(9000));
        }
        conversation.client(|c| c.message(&large(80)))
    };
    let mut cases = vec![
        case("HSK005", "an echo with its time", &handshake(Handshake::Simple), &[]),
        case("HSK005", "an exact echo", &handshake(Handshake::Exact), &[]),
        case("HSK005", "S1 is a copy of C1", &handshake(Handshake::CopiedS1), &[]),
        case(
            "HSK005",
            "C2 is something else",
            &handshake(Handshake::BrokenC2),
            &["C2 is neither an echo of S1 nor signed"],
        ),
        case(
            "HSK005",
            "S2 is something else",
            &handshake(Handshake::BrokenS2),
            &["S2 is neither an echo of C1 nor signed"],
        ),
        case("CHK001", "full header first", &sample::publishing(), &[]),
        case(
            "CHK001",
            "type 3 first",
            &sample::publishing().client(|c| c.raw(&[0xc9, 0])),
            &["the first chunk on chunk stream 9 is of type 3 and inherits from nothing (offset 3328)"],
        ),
        case("CHK004", "repeated", &extended(ExtendedTimestamp::Repeated), &[]),
        case(
            "CHK004",
            "left out",
            &extended(ExtendedTimestamp::Omitted),
            &["type 3 chunks leave out the extended timestamp 16777216"],
        ),
        case("CTL001", "on chunk stream 2", &sample::publish(3), &[]),
        case(
            "CTL001",
            "a window on chunk stream 3",
            &sample::publishing().server(|s| s.message(&Message::new(3, 5, 0, 0, vec![0, 1, 0, 0]))),
            &["window_acknowledgement_size on chunk stream 3, not 2"],
        ),
        case(
            "CTL001",
            "user control is another rule's",
            &sample::publishing().server(|s| s.message(&Message::new(3, 4, 0, 0, vec![0, 0, 0, 0, 0, 1]))),
            &[],
        ),
        case("CTL002", "on message stream 0", &sample::publish(3), &[]),
        case(
            "CTL002",
            "an acknowledgement on message stream 1",
            &sample::publishing().server(|s| s.message(&Message::new(2, 3, 1, 0, vec![0, 0, 1, 0]))),
            &["acknowledgement on message stream 1, not 0"],
        ),
        case("CTL006", "acknowledged", &windowed(true), &[]),
        case(
            "CTL006",
            "never acknowledged",
            &windowed(false),
            &["the server never acknowledged 10018 bytes of the client under a window of 1000"],
        ),
        case("CTL006", "less than two windows", &sample::publish(20), &[]),
        case("CMD006", "answered", &sample::publish(1), &[]),
        case(
            "CMD006",
            "a call that nobody answers",
            &sample::publishing().client(|c| c.command("lab.call", 9, &[])),
            &["lab.call(9) was never answered"],
        ),
        case(
            "CMD006",
            "transaction 0 wants no answer",
            &sample::publishing().client(|c| c.command("lab.call", 0, &[])),
            &[],
        ),
        case("CMD023", "all is well", &sample::publish(1), &[]),
        case(
            "CMD023",
            "connect rejected",
            &Conversation::new()
                .handshake()
                .client(|c| c.connect("live"))
                .server(|s| s.error(1, "NetConnection.Connect.Rejected", "No such app.")),
            &["the server rejected connect(1): NetConnection.Connect.Rejected \"No such app.\""],
        ),
        case(
            "CMD023",
            "a stream that is not there",
            &sample::connected().server(|s| s.on_status(1, "error", "NetStream.Play.StreamNotFound", "Gone.")),
            &["the server sent onStatus: NetStream.Play.StreamNotFound \"Gone.\""],
        ),
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
        expected: &["134 bytes from offset 3353 on are not in the capture; the next chunk is looked for"],
    });
    let without_syn: Vec<_> = packets.into_iter().filter(|packet| packet.flags & 2 == 0).collect();
    cases.push(Case {
        code: "NET002",
        what: "no SYN",
        story: Story::of_packets(&without_syn),
        expected: &["the connection began before the capture"],
    });
    cases.extend(network_cases());
    cases
}

fn network_cases() -> Vec<Case> {
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
        let at = (place..).find(|place| packets[*place].from == Side::Server).unwrap();
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
        &["the client sent 1460 of 14917 bytes again (9.8 %), in 1 segment"],
    ));
    cases.push(real(
        "NET007",
        "transport/derived-retransmissions.pcap",
        &["the client sent 5402 of 226091 bytes again (2.4 %), in 45 segments"],
    ));
    cases.push(real("NET007", "transport/derived-duplicates-all.pcap", &[]));
    cases
}

#[test]
fn every_case_is_judged_as_it_should_be() {
    for case in cases() {
        let found = said(case.code, &case.story);
        // The closing report of a repeat says the same again.
        let found: Vec<_> = found.iter().map(String::as_str).take(case.expected.len().max(1)).collect();
        assert_eq!(found, case.expected, "{}: {}", case.code, case.what);
    }
}

#[test]
fn every_rule_has_a_case_that_fails_and_one_that_passes() {
    let mut kinds: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for case in cases() {
        let entry = kinds.entry(case.code).or_default();
        if case.expected.is_empty() { entry.0 = true } else { entry.1 = true }
    }
    for entry in CATALOGUE {
        assert_eq!(kinds.get(entry.meta.code), Some(&(true, true)), "{}", entry.meta.code);
    }
}

#[test]
fn the_catalogue_keeps_to_its_form() {
    let codes: Vec<_> = CATALOGUE.iter().map(|entry| entry.meta.code).collect();
    let mut sorted = codes.clone();
    let areas = ["HSK", "CHK", "CTL", "CMD", "AMF", "MED", "NET"];
    sorted.sort_by_key(|code| (areas.iter().position(|area| code.starts_with(area)), *code));
    sorted.dedup();
    assert_eq!(codes, sorted, "in the order of areas and codes, each once");
    for entry in CATALOGUE {
        let meta = entry.meta;
        assert!(meta.code.len() == 6 && meta.code[3..].bytes().all(|byte| byte.is_ascii_digit()), "{}", meta.code);
        assert!(meta.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", meta.name);
        assert!(!meta.source.is_empty(), "{}", meta.code);
        let paragraphs = meta.doc.split("\n\n").count();
        assert!(paragraphs >= 2, "{}: says what it checks, and then why and what to change", meta.code);
    }
}

#[test]
fn a_fault_that_repeats_is_said_once_and_counted() {
    let wrong = Message::new(3, 5, 0, 0, vec![0, 1, 0, 0]);
    let conversation =
        (0..50).fold(sample::publishing(), |story, _| story.server(|s| s.message_as(Format::Best, &wrong)));
    let story = Story::of(&conversation);
    let findings: Vec<_> = story.findings.iter().filter(|finding| finding.rule.code == "CTL001").collect();
    assert_eq!(findings.len(), 2, "the first, and the count at the end");
    assert_eq!((findings[0].count, findings[1].count), (1, 50));
    assert!(findings[1].message > findings[0].message);
}

#[test]
fn a_hole_in_the_answers_makes_an_unanswered_call_uncertain_or_unsaid() {
    let packets = Link::v4().packets(&sample::publish(5));
    for lost in 0..packets.len() {
        let story = Story::of_packets(&transform::drop_packets(&packets, &[lost]));
        for finding in &story.findings {
            let blames = finding.rule.severity > Severity::Note && finding.certain;
            assert!(!blames, "without packet {lost}: {} {}", finding.rule.code, finding.text);
        }
    }
}

#[test]
fn well_behaved_peers_raise_no_error_and_no_warning() {
    for name in [
        "nginx-rtmp/obs-publish.pcap",
        "nginx-rtmp/ffmpeg-publish-flvflags.pcap",
        "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
        "nginx-rtmp/ffmpeg-extended-timestamp.pcap",
        "srs/ffmpeg-publish-busy.pcap",
        "node-media-server/ffmpeg-extended-timestamp.pcap",
        "ffmpeg-listen/ffmpeg-play.pcap",
        "transport/base-mtu1500.pcap",
    ] {
        let story = Story::of_file(&capture(name));
        let worst = story.findings.iter().find(|finding| finding.severity > Severity::Note);
        assert!(worst.is_none(), "{name}: {worst:?}");
    }
}
