//! Fields with their bytes, secrets among them, and bytes of no protocol.

use proptest::prelude::*;
use rtmp_inspect::proto::ftl::detect::detect;
use rtmp_inspect::proto::ftl::{self, Content, Session, describe, media};
use rtmp_inspect::proto::opening::Opening;
use rtmp_inspect::proto::rtp;
use rtmp_inspect::wire::{Node, Side, Silent, Tree, Value};

use crate::pcap::{C, S, moment, packets};

/// A field of a tree as text: its name, where it stands, what it is.
fn told(tree: &Tree, bytes: &[u8]) -> Vec<String> {
    let shown = |value: &Value| match value {
        Value::Text(range) => String::from_utf8_lossy(&bytes[range.start as usize..range.end as usize]).into_owned(),
        Value::Bytes(range) => format!("{} bytes", range.len()),
        Value::Word(word) => (*word).to_owned(),
        Value::Uint(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    tree.nodes.iter().map(|node| format!("{} {:?} {}", node.field.name, node.span, shown(&node.value))).collect()
}

fn line_told(from: Side, line: &str) -> Vec<String> {
    let mut tree = Tree::default();
    ftl::decode(from, line.as_bytes(), &mut tree);
    told(&tree, line.as_bytes())
}

#[test]
fn fields_know_their_bytes() {
    let signature = "ab".repeat(64);
    let line = format!("CONNECT 77 ${signature}\r\n\r\n");
    let expected = [
        "ftl 0..144 Group".to_owned(),
        "ftl.name 0..7 CONNECT".to_owned(),
        "ftl.channel_id 8..10 77".to_owned(),
        format!("ftl.signature 12..140 {signature}"),
        "ftl.line_end 140..144 crlf_crlf".to_owned(),
    ];
    assert_eq!(line_told(Side::Client, &line), expected);
    let attribute = line_told(Side::Client, "VideoCodec: H264\n");
    assert_eq!(
        attribute[1..4],
        ["ftl.name 0..11 ATTRIBUTE", "ftl.attribute 0..10 VideoCodec", "ftl.value 12..16 H264"]
    );
    let port = line_told(Side::Server, "200 hi. Use UDP port 9000\n");
    assert_eq!(
        port[1..],
        [
            "ftl.code 0..3 200",
            "ftl.code_name 0..3 ok",
            "ftl.media_port 21..25 9000",
            "ftl.text 4..25 hi. Use UDP port 9000",
            "ftl.line_end 25..26 lf"
        ]
    );
    // The documents' form, and one that clients do not read.
    let port_of = |line: &str| match ftl::decode(Side::Server, line.as_bytes(), &mut Silent) {
        (Content::Reply(reply), _) => reply.media_port,
        _ => None,
    };
    assert_eq!(port_of("200. Use UDP port 65534\n"), Some(65534));
    assert_eq!(port_of("200 Use UDP port 65534\n"), None);
    assert_eq!(port_of("200. Use UDP port 65536\n"), None);

    let packets = packets("janus-publish.pcap");
    let formats = media::formats(&ftl::Attributes::default());
    let mut tree = Tree::default();
    // The start of the key frame's slice, in pieces.
    media::decode(&packets[177].payload, &formats, &mut tree);
    let expected = [
        "rtp 0..1392 Group",
        "rtp.version 0..1 2",
        "rtp.padding 0..1 Bool(false)",
        "rtp.extension 0..1 Bool(false)",
        "rtp.marker 1..2 Bool(false)",
        "rtp.payload_type 1..2 96",
        "rtp.kind 1..2 video",
        "rtp.codec 1..2 h264",
        "rtp.sequence_number 2..4 2",
        "rtp.timestamp 4..8 0",
        "rtp.ssrc 8..12 78",
        "rtp.packing 12..13 fu_a",
        "rtp.nal_unit_type 13..14 idr",
        "rtp.fragment 13..14 start",
        "rtp.payload 14..1392 1378 bytes",
    ];
    assert_eq!(told(&tree, &packets[177].payload), expected);
}

#[test]
fn what_opens_a_channel_is_a_secret() {
    let secrets = |from, line: &str| -> Vec<_> {
        ftl::secrets(from, line.as_bytes()).into_iter().map(|range| (range.start, range.end)).collect()
    };
    let signature = "ab".repeat(64);
    assert_eq!(secrets(Side::Client, &format!("CONNECT 77 ${signature}\r\n\r\n")), [(12, 140)]);
    // Whatever stands where the signature should is hidden as well.
    assert_eq!(secrets(Side::Client, "CONNECT 77 ieDQxSZ7q5\n"), [(11, 21)]);
    assert_eq!(secrets(Side::Client, "CONNECT 77-ieDQxSZ7q5\n")[0], (8, 21));
    assert_eq!(secrets(Side::Client, "CONNECT 77 $77-ieDQ\n"), [(12, 19)]);
    assert_eq!(secrets(Side::Client, "77-ieDQxSZ7q5\n"), [(0, 13)]);
    assert_eq!(secrets(Side::Client, "StreamKey: ieDQ\n"), [(11, 15)]);
    assert!(secrets(Side::Client, "VendorName: OBS Studio\n").is_empty());
    assert!(secrets(Side::Client, "PING 77\n").is_empty());
    assert!(secrets(Side::Server, "200 00112233445566778899\n").is_empty());
}

/// What is shown is read again from the masked bytes: it has the same fields and the same problems.
#[test]
fn a_masked_line_is_read_as_before() {
    let packets = packets("janus-publish.pcap");
    let connect = packets.iter().find(|packet| packet.payload.starts_with(b"CONNECT")).unwrap();
    let mut masked = connect.payload.to_vec();
    for range in ftl::secrets(C, &masked) {
        masked[range].fill(b'*');
    }
    assert!(masked.ends_with(b"**\r\n\r\n") && !masked.contains(&b'a'));
    let read = |bytes: &[u8]| {
        let mut tree = Tree::default();
        let problems = ftl::decode(C, bytes, &mut tree).1;
        (problems, tree.nodes.iter().map(|node| (node.field.name, node.span.clone())).collect::<Vec<_>>())
    };
    assert_eq!(read(&masked), read(&connect.payload));
    assert!(read(&masked).0.is_empty());
    assert_eq!(read(b"CONNECT 77 $****\n").0.len(), 1);
}

#[test]
fn in_a_few_words() {
    let line = |from, line: &str| describe::line(&ftl::decode(from, line.as_bytes(), &mut Silent).0);
    assert_eq!(line(C, "HMAC\n"), "HMAC");
    assert_eq!(line(C, "CONNECT 77 $ab\n"), "CONNECT channel 77");
    assert_eq!(line(C, "VendorName: OBS\u{1b}[2J\n"), "VendorName: OBS\\u{1b}[2J");
    assert_eq!(line(C, ".\n"), "START");
    assert_eq!(line(C, "PING\n"), "PING");
    assert_eq!(line(S, "200 00112233445566778899\n"), "200 ok, a nonce of 10 bytes");
    assert_eq!(line(S, "200 hi. Use UDP port 9000\n"), "200 ok, media to UDP port 9000");
    assert_eq!(line(S, "405 go away\n"), "405 invalid_stream_key \"go away\"");
    assert_eq!(line(S, "hello\n"), "no reply: \"hello\"");

    let packets = packets("janus-publish.pcap");
    let formats = media::formats(&ftl::Attributes::default());
    let shown =
        |packet: usize| describe::datagram(&media::decode(&packets[packet - 1].payload, &formats, &mut Silent).0);
    assert_eq!(shown(174), "video h264, ssrc 78, number 0, at 0, sps");
    assert_eq!(shown(178), "video h264, ssrc 78, number 2, at 0, idr (start)");
    assert_eq!(shown(192), "video h264, ssrc 78, number 5, at 0, idr (end), marker");
    assert_eq!(shown(176), "audio opus, ssrc 77, number 1, at 960, 20 ms");
    assert_eq!(shown(185), "ssrc 78: 4 packets, 4725 bytes, at 3000");
    assert_eq!(shown(15), "clock 1795150101.537070");
}

/// Every field lies in its bytes and in what is around it, and is called after the place where it stands.
fn sound(tree: &Tree, length: usize) {
    let under = |parent: &str, node: &Node| match parent {
        "" => node.field.name == node.field.key(),
        _ => node.field.name.strip_prefix(parent).and_then(|rest| rest.strip_prefix('.')) == Some(node.field.key()),
    };
    for root in tree.roots() {
        assert!(under("", &tree.nodes[root]), "{}", tree.nodes[root].field.name);
    }
    for (at, node) in tree.nodes.iter().enumerate() {
        assert!(node.span.start <= node.span.end && node.span.end as usize <= length, "{}", node.field.name);
        for child in tree.children(at) {
            assert!(under(node.field.name, &tree.nodes[child]), "{}", tree.nodes[child].field.name);
        }
    }
}

#[test]
fn fields_are_named_once() {
    let mut names: Vec<_> = ftl::fields().chain(rtp::fields()).map(|field| field.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

proptest! {
    /// Nothing that a peer sends stops the program, and every field lies in its bytes.
    #[test]
    fn arbitrary_bytes(
        pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..60), any::<bool>()), 0..40),
    ) {
        let (mut session, mut items) = (Session::new([true, false], &["1-x".to_owned()]), Vec::new());
        let mut flow = media::Flow::new(media::formats(&ftl::Attributes::default()));
        for (at, (is_client, bytes, is_gap)) in (0..).zip(&pieces) {
            let from = if *is_client { C } else { S };
            session.bytes(from, moment(at), bytes, &mut items);
            if *is_gap {
                session.gap(from, moment(at), 3, &mut items);
            }
            detect(&Opening { client: bytes, server: bytes, later: [&[]; 2], from_start: [*is_gap, *is_client], complete: *is_gap });
            // Likelier to be read than bytes at random.
            let kinds = [0x60, 0xe0, 0x61, 0xc8, 0xcd, 0xfa, 0xc9];
            let head = [if *is_gap { 0x80 } else { 0x81 }, kinds[at as usize % kinds.len()]];
            for datagram in [bytes.clone(), [&head[..], bytes].concat()] {
                let mut tree = Tree::default();
                media::decode(&datagram, &media::formats(&ftl::Attributes::default()), &mut tree);
                sound(&tree, datagram.len());
                flow.datagram(from, moment(at), &datagram.into());
            }
            let mut tree = Tree::default();
            ftl::decode(from, bytes, &mut tree);
            sound(&tree, bytes.len());
            prop_assert!(ftl::secrets(from, bytes).iter().all(|range| range.end <= bytes.len()));
        }
        for side in Side::BOTH {
            session.close(side, moment(100), &mut items);
        }
        flow.finish();
    }
}
