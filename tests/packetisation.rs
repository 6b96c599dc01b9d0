//! The same conversation in other packets says the same: segments cut elsewhere, late, twice, overlapping, with sequence
//! numbers that wrap.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Story, capture};
use proptest::prelude::*;
use rtmp_inspect::synth::{self, Conversation, Format, Link, Message, Packet, sample, transform};
use rtmp_inspect::wire::Side;

/// A conversation with all that makes chunk streams hard to cut: chunk sizes that change, interleaved messages, long
/// chunk stream ids, extended timestamps, an abort, and empty messages.
fn conversation() -> Conversation {
    let video = |time: u32, length: usize| {
        let mut payload = vec![0x27, 1, 0, 0, 40];
        payload.extend((0..length).map(|at| (at * 7 + time as usize) as u8));
        Message::new(6, 9, 1, time, payload)
    };
    let audio = |time: u32, length: usize| {
        let mut payload = vec![0xaf, 1];
        payload.extend((0..length).map(|at| (at * 3) as u8));
        Message::new(4, 8, 1, time, payload)
    };
    sample::publishing()
        .client(|c| c.metadata(1, 0).set_chunk_size(100))
        .client(|c| {
            c.chunk_layer(|chunks| {
                chunks.interleave(&[video(40, 3000), audio(46, 400), Message::new(70, 18, 1, 40, vec![2, 0, 1, b'x'])]);
            })
        })
        .client(|c| c.set_chunk_size(1000).message(&video(80, 5000)).message(&audio(90, 0)))
        .client(|c| c.message(&Message::new(400, 8, 1, 95, Vec::new())))
        .client(|c| {
            c.chunk_layer(|chunks| {
                let mut cut_off = chunks.begin(Format::Type0, &video(120, 4000));
                chunks.chunk(&mut cut_off);
                chunks.message(&audio(121, 50));
                chunks.abort(6);
            })
        })
        .client(|c| c.message(&video(0x0200_0000, 2500)).message(&audio(0x0200_0010, 300)))
        .client(|c| c.message(&video(0x0200_0028, 2500)).message(&video(0x0200_0050, 100)))
        .server(|s| s.acknowledgement(10_000).ping_request(7))
        .client(|c| c.ping_response(7).delete_stream(1))
}

fn link() -> Link {
    Link::v4().mtu(600)
}

fn assert_same(packets: &[Packet], expected: &[String]) {
    let found = Story::of_packets(packets).meaning();
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn the_conversation_is_decoded_whole() {
    let story = Story::of_packets(&link().packets(&conversation()));
    let meaning = story.meaning();
    let client = story.messages_from(Side::Client);
    assert_eq!(client.len(), 22, "{meaning:#?}");
    assert!(meaning.iter().all(|line| !line.contains("undecodable") && !line.contains("gap")));
    assert_eq!(meaning.iter().filter(|line| line.contains("incomplete")).count(), 1, "the aborted one");
    let last = client.iter().rfind(|message| message.head.kind.0 == 9).unwrap();
    assert_eq!((last.head.timestamp, last.payload.len()), (0x0200_0050, 105));
}

#[test]
fn another_protocol_is_told_however_it_is_cut() {
    let conversation = Conversation::new()
        .client(|c| c.raw(&[3]).raw(&synth::opening(0, 1)))
        .server(|s| s.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let packets = link().packets(&conversation);
    let expected = Story::of_packets(&packets).meaning();
    assert!(expected.iter().any(|line| line.contains("undecodable 0 NotRtmp(Http)")), "{expected:#?}");
    for length in [1, 2, 3, 5] {
        assert_same(&transform::resegment_by(&packets, &[length]), &expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn segment_borders_do_not_matter(sizes in prop::collection::vec(1_usize..1400, 1..40)) {
        let packets = link().packets(&conversation());
        let expected = Story::of_packets(&packets).meaning();
        assert_same(&transform::resegment_by(&packets, &sizes), &expected);
    }

    #[test]
    fn order_does_not_matter(places in 1_u64..40, seed in any::<u64>()) {
        let packets = link().packets(&conversation());
        let expected = Story::of_packets(&packets).meaning();
        assert_same(&transform::reorder(&packets, places, seed), &expected);
    }

    #[test]
    fn what_comes_twice_counts_once(
        which in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        overlapping in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        bytes in 1_usize..2000,
    ) {
        let packets = link().packets(&conversation());
        let expected = Story::of_packets(&packets).meaning();
        let which: Vec<_> = which.iter().map(|index| index.index(packets.len())).collect();
        let doubled = transform::duplicate(&packets, &which);
        assert_same(&doubled, &expected);
        let overlapping: Vec<_> = overlapping.iter().map(|index| index.index(doubled.len())).collect();
        assert_same(&transform::overlap(&doubled, &overlapping, bytes), &expected);
    }

    #[test]
    fn sequence_numbers_may_wrap_anywhere(client in any::<u32>(), server in any::<u32>(), near in 0_u32..40_000) {
        let expected = Story::of_packets(&link().packets(&conversation())).meaning();
        assert_same(&link().initial_sequence(client, server).packets(&conversation()), &expected);
        let near = 0_u32.wrapping_sub(near);
        assert_same(&link().initial_sequence(near, near).packets(&conversation()), &expected);
    }

    #[test]
    fn all_of_it_at_once(seed in any::<u64>(), sizes in prop::collection::vec(1_usize..900, 1..20)) {
        let expected = Story::of_packets(&link().packets(&conversation())).meaning();
        let packets = link().initial_sequence(0xffff_f000, 0xffff_ff00).packets(&conversation());
        let packets = transform::resegment_by(&packets, &sizes);
        let which: Vec<_> = (0..packets.len()).filter(|index| (seed >> (index % 61)) & 1 == 1).collect();
        let packets = transform::duplicate(&packets, &which);
        assert_same(&transform::reorder(&packets, 12, seed), &expected);
    }
}

/// Chunks that one packet holds are taken at once, those of a byte a packet one after the other.
#[test]
fn where_chunks_lie_does_not_depend_on_packets() {
    let packets = link().packets(&conversation());
    let places = |packets: &[Packet]| {
        let story = Story::of_packets(packets);
        let heads = story.messages().map(|message| &message.head);
        heads.map(|head| (head.offset, head.size, head.chunks, head.runs.clone())).collect::<Vec<_>>()
    };
    let expected = places(&packets);
    assert!(expected.iter().any(|(_, _, chunks, runs)| *chunks > 20 && runs.len() > 1), "{expected:?}");
    for length in [1, 99, 100, 101, 102, 1001] {
        assert_eq!(places(&transform::resegment_by(&packets, &[length])), expected, "{length} bytes a packet");
    }
}

#[test]
fn one_byte_a_packet() {
    let packets = link().packets(&conversation());
    let expected = Story::of_packets(&packets).meaning();
    assert_same(&transform::resegment_by(&packets, &[1]), &expected);
}

#[test]
fn the_copies_of_a_real_capture_say_the_same() {
    let base = Story::of_file(&capture("transport/base-mtu1500.pcap")).meaning();
    assert_eq!(base.iter().filter(|line| line.contains(" message ")).count(), 1164);
    for name in [
        "derived-duplicates-all.pcap",
        "derived-out-of-order-far.pcap",
        "derived-overlaps.pcap",
        "derived-retransmissions.pcap",
        "format-pcapng-big-endian.pcapng",
        "linktype-null-0-be.pcap",
    ] {
        let copy = Story::of_file(&capture(&format!("transport/{name}"))).meaning();
        assert!(copy == base, "{name} says something else");
    }
}

/// The base capture with every sequence and acknowledgement number moved, so that both directions wrap in the middle.
#[test]
fn a_real_capture_whose_sequence_numbers_wrap_says_the_same() {
    let path = capture("transport/base-mtu1500.pcap");
    let base = Story::of_file(&path).meaning();
    let mut bytes = std::fs::read(path).unwrap();
    let mut first = std::collections::HashMap::new();
    let mut at = 24;
    while at < bytes.len() {
        let length = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
        // Ethernet, IPv4 without options, TCP.
        let tcp = at + 16 + 14 + 20;
        let ports: [u8; 4] = bytes[tcp..tcp + 4].try_into().unwrap();
        let word = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        // 40 000 bytes below the wrap; the larger directions send 200 000.
        let target = 0_u32.wrapping_sub(40_000);
        let sequence = word(&bytes, tcp + 4);
        let shift = *first.entry(ports).or_insert_with(|| target.wrapping_sub(sequence));
        bytes[tcp + 4..tcp + 8].copy_from_slice(&sequence.wrapping_add(shift).to_be_bytes());
        let back = [ports[2], ports[3], ports[0], ports[1]];
        if let Some(shift) = first.get(&back) {
            let moved = word(&bytes, tcp + 8).wrapping_add(*shift);
            bytes[tcp + 8..tcp + 12].copy_from_slice(&moved.to_be_bytes());
        }
        at += 16 + length;
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("sequence-wrap.pcap");
    std::fs::write(&path, bytes).unwrap();
    assert!(Story::of_file(&path).meaning() == base);
}
