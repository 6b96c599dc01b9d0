//! Senders that break the chunk layer: what is said of them, and what must never be.
//!
//! A good conversation is written once with one mistake at one place. The mistake has to be named, and no message may come out
//! that the sender did not mean.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod handshakes;
mod senders;

use std::collections::BTreeMap;

use common::Story;
use rtmp_inspect::analyzer::Event;
use rtmp_inspect::proto::rtmp::{Head, Mistake, Reason};
use rtmp_inspect::synth::{
    Amf, ChunkWriter, Conversation, Format, Link, Message, Peer, Random, media, pcap, sample, transform, values,
};
use rtmp_inspect::wire::Side;
use senders::{MISTAKES, Sender};

/// What became of one sender.
#[derive(Default, Debug)]
struct Tally {
    all: u32,
    named: u32,
    /// Messages that were meant, and of those the ones that were decoded.
    meant: u64,
    decoded: u64,
    made_up: Vec<String>,
    unnamed: Vec<u64>,
}

/// All bytes that a side writes.
fn stream_of(conversation: &Conversation, side: Side) -> Vec<u8> {
    conversation.writes().iter().filter(|write| write.from == side).flat_map(|write| &write.bytes).copied().collect()
}

/// The bytes of a side's stream where a message is said to have its payload.
fn lies_at(head: &Head, stream: &[u8]) -> Vec<u8> {
    let pieces = head.runs.iter().flat_map(|run| run.pieces());
    let bytes = |(at, length)| stream.get(at as usize..at as usize + length as usize).unwrap_or_default();
    pieces.flat_map(bytes).copied().collect()
}

/// Prints what became of a sender's bytes, by their place in its stream: what is told of them, and what it meant.
fn show(sender: &Sender, story: &Story) {
    println!("{:?}, segments of {:?}", sender.side, sender.cuts);
    for event in &story.events {
        match event {
            Event::Message(it) if it.from == sender.side => {
                let Head { offset, size, length, kind, chunks, reading, .. } = it.head;
                let is_meant = sender.meant.iter().any(|meant| meant.0 == kind.0 && meant.1 == it.payload[..]);
                println!(
                    "{offset} +{size}: type {} of {length} bytes, {chunks} chunks, {reading:?}, meant: {is_meant}",
                    kind.0
                );
            }
            Event::Incomplete(it) if it.from == sender.side => {
                println!("{}: incomplete, {} of {} bytes, {:?}", it.head.offset, it.received, it.head.length, it.why);
            }
            Event::Deviation(it) => println!("{} {:?}: {:?}", it.offset, it.from, it.mistake),
            Event::Undecodable(it) => println!("{} {:?}: {:?}", it.offset, it.from, it.reason),
            Event::Resync(it) => println!("{} {:?}: found again behind {} bytes", it.offset, it.from, it.skipped),
            _ => {}
        }
    }
    println!("meant: {:?}", sender.meant.iter().map(|(kind, payload)| (*kind, payload.len())).collect::<Vec<_>>());
}

fn measure(name: &str, seeds: std::ops::Range<u64>) -> Tally {
    let mistake = MISTAKES.iter().find(|mistake| mistake.name == name).unwrap();
    let mut tally = Tally::default();
    let only: Option<u64> = std::env::var("BROKEN_SEED").ok().map(|seed| seed.parse().unwrap());
    for seed in seeds.filter(|seed| only.is_none_or(|only| only == *seed)) {
        let Some(sender) = Sender::new(mistake, seed) else { continue };
        let packets = transform::resegment_by(&Link::v4().packets(&sender.conversation), &sender.cuts);
        let story = Story::of_packets(&packets);
        let found: Vec<(u8, &[u8])> = story
            .messages_from(sender.side)
            .iter()
            .map(|message| (message.head.kind.0, &message.payload[..]))
            .collect();
        let stream = stream_of(&sender.conversation, sender.side);
        for message in story.messages_from(sender.side) {
            assert_eq!(lies_at(&message.head, &stream), message.payload[..], "{name} {seed}: message {}", message.n);
        }
        if let Some(path) = std::env::var_os("BROKEN_CAPTURE") {
            pcap::write(std::fs::File::create(path).unwrap(), &packets).unwrap();
        }
        tally.all += 1;
        tally.meant += sender.meant.len() as u64;
        let mut meant = sender.meant.iter();
        for (kind, payload) in &found {
            if meant.any(|(meant_kind, meant)| meant_kind == kind && mistake.means(meant, payload)) {
                tally.decoded += 1;
            } else {
                tally.made_up.push(format!("{name} {seed}: type {kind}, {} bytes", payload.len()));
                break;
            }
        }
        if only.is_some() {
            show(&sender, &story);
        }
        let other = if sender.side == Side::Client { Side::Server } else { Side::Client };
        let blamed = story.events.iter().any(|event| matches!(event, Event::Deviation(it) if it.from == other));
        assert!(!blamed, "{name} {seed}: the other side is blamed");
        let is_named = story.events.iter().any(
            |event| matches!(event, Event::Deviation(it) if it.from == sender.side && mistake.is_named(&sender, &it.mistake)),
        );
        if !is_named && std::env::var_os("BROKEN").is_some() {
            let told: Vec<_> = story
                .events
                .iter()
                .filter_map(|event| if let Event::Deviation(it) = event { Some((it.offset, it.mistake)) } else { None })
                .collect();
            println!("{name} {seed} {:?} {:?}: {:?} is told as {told:?}", sender.side, sender.cuts, sender.made);
        }
        if is_named {
            tally.named += 1;
        } else {
            tally.unnamed.push(seed);
        }
    }
    tally
}

/// The figures stand in docs/resilience.md. `BROKEN_SEEDS` sets how many senders of each kind there are, `BROKEN_FROM` the first seed,
/// `BROKEN=name` takes one kind alone and prints the senders that were not understood; `BROKEN_SEED` takes one of these, and `BROKEN_CAPTURE` says where its
/// capture is to be written.
#[test]
fn any_single_mistake_is_named_and_no_message_is_made_up() {
    let seeds = std::env::var("BROKEN_SEEDS").map_or(40, |seeds| seeds.parse().unwrap());
    let from = std::env::var("BROKEN_FROM").map_or(0, |from| from.parse().unwrap());
    let only = std::env::var("BROKEN").ok();
    let mut tallies = BTreeMap::new();
    for mistake in MISTAKES.iter().filter(|mistake| only.as_deref().is_none_or(|only| only == mistake.name)) {
        let tally = measure(mistake.name, from..from + seeds);
        println!(
            "| {} | {:.1} | {:.1} | {} |",
            mistake.name,
            f64::from(tally.named) * 100.0 / f64::from(tally.all),
            tally.decoded as f64 * 100.0 / tally.meant as f64,
            tally.made_up.len()
        );
        if only.is_some() {
            println!("not named: {:?}", tally.unnamed);
        }
        tallies.insert(mistake.name, tally);
    }
    let made_up: Vec<_> = tallies.values().flat_map(|tally| &tally.made_up).collect();
    println!("{made_up:#?}");
    let (all, named) = tallies.values().fold((0, 0), |(all, named), tally| (all + tally.all, named + tally.named));
    println!("{named} of {all} named");
    assert!(made_up.is_empty(), "{made_up:#?}");
    assert!(f64::from(named) >= 0.95 * f64::from(all));
}

/// A chunk size below 128 from the first command on: each message that is split shows it.
#[test]
fn a_smaller_size_is_seen_in_the_first_command() {
    for (side, size) in
        [Side::Client, Side::Server].into_iter().flat_map(|side| (20..128).step_by(9).map(move |it| (side, it)))
    {
        let is_wrong = |from: Side, peer: &mut Peer| {
            if from == side {
                peer.chunk_layer(|chunks| chunks.chunk_size = size);
            }
        };
        let conversation = Conversation::new()
            .handshake()
            .client(|c| {
                is_wrong(Side::Client, c);
                c.connect("live")
            })
            .server(|s| {
                is_wrong(Side::Server, s);
                s.window_acknowledgement_size(2_500_000).connect_result()
            })
            .client(|c| c.create_stream(2))
            .server(|s| s.create_stream_result(2, 1));
        let story = Story::of(&conversation);
        let named = story.events.iter().filter_map(|event| match event {
            Event::Deviation(it) => Some((it.from, it.mistake.name())),
            _ => None,
        });
        assert_eq!(named.collect::<Vec<_>>(), [(side, "chunk_size")], "{side:?} {size}");
        assert_eq!(story.messages().count(), 5, "{side:?} {size}");
    }
}

/// Tags of an FLV file where chunks belong: that is said, and no message is made of them.
#[test]
fn raw_flv_tags_are_named() {
    let random = &mut Random::new(7);
    for tags in 1..6 {
        let mut bytes = Vec::new();
        for at in 0..tags {
            let payload = media::avc_frame(media::Frame::Inter, 0, 300 + 70 * at as usize, random);
            bytes.extend(
                [&[9][..], &(payload.len() as u32).to_be_bytes()[1..], &[0, 0, at * 40, 0, 0, 0, 0], &payload].concat(),
            );
            bytes.extend((payload.len() as u32 + 11).to_be_bytes());
        }
        let conversation = sample::publishing().client(|c| sample::sequence_headers(c)).client(|c| c.raw(&bytes));
        let story = Story::of(&conversation);
        let reasons: Vec<_> = story
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Undecodable(it) => Some(it.reason.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, [Reason::FlvTags], "{tags}");
        let meant = sample::publishing().client(|c| sample::sequence_headers(c));
        assert_eq!(story.messages().count(), Story::of(&meant).messages().count(), "{tags}");
    }
}

/// A size that acts one message late: what was read otherwise ends where the sender does as it said.
#[test]
fn the_end_of_a_mistake_is_told() {
    let random = &mut Random::new(3);
    let mut frame = |length| media::avc_frame(media::Frame::Inter, 0, length, random);
    let (late, first, second) = (frame(5000), frame(9000), frame(9000));
    let conversation = sample::publishing().client(|c| sample::sequence_headers(c)).client(|c| {
        let before = 4096;
        c.set_chunk_size(1000);
        c.chunk_layer(|chunks| chunks.chunk_size = before);
        c.video(1, 40, late.clone());
        c.chunk_layer(|chunks| chunks.chunk_size = 1000);
        c.video(1, 80, first.clone()).video(1, 120, second.clone())
    });
    let story = Story::of(&conversation);
    let told = story.events.iter().filter_map(|event| match event {
        Event::Deviation(it) => Some(it.mistake.name()),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["chunk_size", "over"]);
    let payloads: Vec<_> = story.messages_from(Side::Client).iter().rev().take(3).map(|m| m.payload.to_vec()).collect();
    assert_eq!(payloads, [second, first, late]);
}

/// The first message's header says more than its type has: the handshake is as it should be, and the message is read.
#[test]
fn the_first_message_may_be_wrong() {
    for said in [2, 3, 8, 9] {
        let mut first = vec![2, 0, 0, 0, 0, 0, said, 5, 0, 0, 0, 0, 0, 0x26, 0x25, 0xa0];
        first.truncate(12 + usize::from(said).min(4));
        let conversation = Conversation::new()
            .handshake()
            .client(|c| c.connect("live"))
            .server(|s| s.raw(&first).set_peer_bandwidth(2_500_000, 2).set_chunk_size(4096).connect_result())
            .client(|c| c.create_stream(2))
            .server(|s| s.create_stream_result(2, 1));
        let story = Story::of(&conversation);
        let told: Vec<_> = story
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Deviation(it) => Some(it.mistake.name()),
                _ => None,
            })
            .collect();
        assert_eq!(told, if said > 4 { vec!["length"] } else { vec![] }, "{said}");
        assert_eq!(story.messages().count(), 7, "{said}");
    }
}

/// The last message's header says more than its values have: it lies where it is said to, and no farther.
#[test]
fn the_last_message_ends_with_its_values() {
    for more in [1, 9, 16] {
        let conversation = sample::connected().client(|c| {
            let mut aside = ChunkWriter::default();
            aside.message_as(
                Format::Type0,
                &Message::new(3, 20, 0, 0, values(&[Amf::from("FCPublish"), Amf::from(4.0)])),
            );
            let mut written = aside.take();
            written[6] += more;
            c.raw(&written)
        });
        let story = Story::of(&conversation);
        let last = story.messages_from(Side::Client).into_iter().next_back().unwrap();
        assert_eq!((last.head.length, last.payload.len()), (21, 21), "{more}");
        assert_eq!(lies_at(&last.head, &stream_of(&conversation, Side::Client)), last.payload[..], "{more}");
    }
}

/// A length far beyond the message: what was taken for its payload are messages, also where the capture ends inside it.
#[test]
fn a_length_that_never_ends_is_found() {
    let random = &mut Random::new(11);
    for said in [70_000_u32, 1_000_000, 0x00ff_ffff] {
        let frame = media::aac_frame(300, random);
        let mut wrong = vec![4, 0, 0, 40];
        wrong.extend(&said.to_be_bytes()[1..]);
        wrong.extend([8, 1, 0, 0, 0]);
        wrong.extend(&frame);
        let mut conversation = sample::publishing()
            .client(|c| c.set_chunk_size(0x00ff_ffff))
            .client(|c| sample::sequence_headers(c))
            .client(|c| c.raw(&wrong));
        for picture in 0..20 {
            conversation = conversation.client(|c| sample::frames(c, picture));
        }
        let story = Story::of(&conversation);
        let told: Vec<_> = story
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Deviation(it) => Some(it.mistake),
                _ => None,
            })
            .collect();
        assert!(matches!(told[..], [Mistake::Length { said: is, is: 300, .. }] if is == said), "{said}: {told:?}");
        let other = sample::publishing().client(|c| sample::sequence_headers(c));
        let mut other = other.client(|c| c.set_chunk_size(0x00ff_ffff));
        for picture in 0..20 {
            other = other.client(|c| sample::frames(c, picture));
        }
        assert_eq!(story.messages().count(), Story::of(&other).messages().count() + 1, "{said}");
    }
}
