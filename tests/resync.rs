//! After holes, and from the middle: most of what is there is found again, and nothing that was never sent.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

use common::{capture, digest};
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, LinkType, Packet};
use rtmp_inspect::net::Unpacker;
use rtmp_inspect::proto::Event;
use rtmp_inspect::synth::Random;
use rtmp_inspect::wire::{Moment, Place, Side};

/// A packet of a capture, kept.
struct Kept {
    at: Moment,
    link: LinkType,
    data: Vec<u8>,
    wire_length: u32,
}

fn packets(name: &str) -> Vec<Kept> {
    let mut input = Input::open(&[capture(name)]).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        packets.push(Kept {
            at: packet.at,
            link: packet.link,
            data: packet.data.to_vec(),
            wire_length: packet.wire_length,
        });
    }
    packets
}

impl Kept {
    fn packet(&self) -> Packet<'_> {
        Packet {
            at: self.at,
            link: self.link,
            data: &self.data,
            wire_length: self.wire_length,
            place: Place::default(),
        }
    }
}

/// What a message is, apart from where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    connection: (SocketAddr, SocketAddr),
    from: Side,
    chunk_stream_id: u32,
    kind: u8,
    payload: String,
    timestamp: Option<u32>,
    message_stream_id: Option<u32>,
    /// Where it lies in its direction: from the SYN on, or from the first byte seen.
    ranges: Vec<(u64, u64)>,
    midstream: bool,
}

impl Said {
    /// The two ends in its direction.
    fn direction(&self) -> (SocketAddr, SocketAddr) {
        let (client, server) = self.connection;
        if self.from == Side::Client { (client, server) } else { (server, client) }
    }

    /// Whether `other`, whose ranges count from `shift`, is the same message, as far as both know.
    fn is(&self, other: &Said, shift: u64) -> bool {
        let agree = |a: Option<u32>, b: Option<u32>| a.is_none() || b.is_none() || a == b;
        self.connection == other.connection
            && self.from == other.from
            && self.chunk_stream_id == other.chunk_stream_id
            && self.kind == other.kind
            && self.payload == other.payload
            && agree(self.timestamp, other.timestamp)
            && agree(self.message_stream_id, other.message_stream_id)
            && self.ranges.iter().zip(&other.ranges).all(|(a, b)| *a == (b.0 + shift, b.1 + shift))
    }
}

fn messages<'p>(packets: impl Iterator<Item = &'p Kept>) -> Vec<Said> {
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let mut sessions = HashMap::new();
    let mut said = Vec::new();
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            match event {
                Event::Session(opened) => {
                    let midstream = opened.start == rtmp_inspect::net::Start::Midstream;
                    sessions.insert(opened.session, ((opened.client, opened.server), midstream));
                }
                Event::Message(message) => {
                    let head = &message.head;
                    let mut ranges = Vec::new();
                    for run in &head.runs {
                        let chunks = run.payload.div_ceil(run.chunk).max(1);
                        let size =
                            u32::from(run.first_header) + run.payload + (chunks - 1) * u32::from(run.later_header);
                        ranges.push((run.offset, run.offset + u64::from(size)));
                    }
                    said.push(Said {
                        connection: sessions[&message.session].0,
                        midstream: sessions[&message.session].1,
                        from: message.from,
                        chunk_stream_id: head.chunk_stream_id,
                        kind: head.kind.0,
                        payload: digest(&message.payload),
                        timestamp: head.timestamp_known.then_some(head.timestamp),
                        message_stream_id: head.message_stream_known.then_some(head.message_stream_id),
                        ranges,
                    });
                }
                _ => {}
            }
        }
    };
    for packet in packets {
        analyzer.push(&packet.packet());
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    said
}

/// Which bytes of each direction some packets hold, counted from the SYN.
type Present = HashMap<(SocketAddr, SocketAddr), BTreeMap<u64, u64>>;

fn present(all: &[Kept], kept: &[bool]) -> Present {
    let mut first: HashMap<(SocketAddr, SocketAddr), u32> = HashMap::new();
    let mut unpacker = Unpacker::new(&Limits::default());
    for packet in all {
        let _ = unpacker.push(&packet.packet(), &mut |segment| {
            if segment.flags.syn {
                first.insert((segment.source, segment.destination), segment.sequence.wrapping_add(1));
            }
        });
    }
    let mut present: Present = HashMap::new();
    for (packet, _) in all.iter().zip(kept).filter(|(_, kept)| **kept) {
        let _ = unpacker.push(&packet.packet(), &mut |segment| {
            let key = (segment.source, segment.destination);
            if segment.payload.is_empty() {
                return;
            }
            let start = u64::from(segment.sequence.wrapping_sub(first[&key]));
            let ranges = present.entry(key).or_default();
            let end = ranges.get(&start).copied().unwrap_or(0).max(start + segment.payload.len() as u64);
            ranges.insert(start, end);
        });
    }
    present
}

fn is_present(present: &Present, message: &Said) -> bool {
    let Some(ranges) = present.get(&message.direction()) else { return false };
    message.ranges.iter().all(|(start, end)| {
        let mut at = *start;
        while at < *end {
            let Some((_, reach)) = ranges.range(..=at).rev().find(|(_, reach)| **reach > at) else { return false };
            at = *reach;
        }
        true
    })
}

/// How a damaged copy compares with the whole.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    /// Messages of the whole of which every byte is in the copy.
    possible: usize,
    found: usize,
    /// Messages in the copy that the whole does not have.
    wrong: usize,
}

impl Score {
    /// Percent of what is possible.
    fn share(&self) -> f64 {
        100.0 * self.found as f64 / self.possible as f64
    }
}

fn score(all: &[Kept], whole: &[Said], kept: &[bool]) -> Score {
    let present = present(all, kept);
    let copy = messages(all.iter().zip(kept).filter(|(_, kept)| **kept).map(|(packet, _)| packet));
    let mut score = Score::default();
    let mut used = vec![false; whole.len()];
    for message in &copy {
        let first = present.get(&message.direction()).and_then(|ranges| ranges.keys().next());
        let shift = if message.midstream { first.copied().unwrap_or_default() } else { 0 };
        if let Some(place) = (0..whole.len()).find(|place| !used[*place] && whole[*place].is(message, shift)) {
            used[place] = true;
        } else {
            score.wrong += 1;
            if std::env::var_os("SHOW").is_some() {
                println!("wrong: {message:?}");
            }
        }
    }
    for (message, used) in whole.iter().zip(&used) {
        let possible = is_present(&present, message);
        score.possible += usize::from(possible);
        score.found += usize::from(possible && *used);
    }
    score
}

const CAPTURES: &[&str] = &[
    "transport/base-mtu1500.pcap",
    "nginx-rtmp/obs-publish.pcap",
    "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
    "rtmp-rs/ffmpeg-extended-timestamp.pcap",
    "srs/ffmpeg-publish-busy.pcap",
    "enhanced/nms4-ffmpeg-av1-opus.pcap",
];

fn with_loss(name: &str, per_mille: u64, seeds: u64) -> Score {
    let all = packets(name);
    let whole = messages(all.iter());
    let mut sum = Score::default();
    for seed in 0..seeds {
        let mut random = Random::new(seed * 7919 + per_mille);
        let kept: Vec<_> = all.iter().map(|_| random.below(1000) >= per_mille).collect();
        let score = score(&all, &whole, &kept);
        sum.possible += score.possible;
        sum.found += score.found;
        sum.wrong += score.wrong;
    }
    sum
}

fn cut_from_start(name: &str, cuts: u64) -> Score {
    let all = packets(name);
    let whole = messages(all.iter());
    let mut sum = Score::default();
    for cut in 1..=cuts {
        let first = all.len() / 2 * cut as usize / cuts as usize;
        let kept: Vec<_> = (0..all.len()).map(|index| index >= first).collect();
        let score = score(&all, &whole, &kept);
        sum.possible += score.possible;
        sum.found += score.found;
        sum.wrong += score.wrong;
    }
    sum
}

/// Prints the table of docs/resilience.md: `cargo test --release --test resync -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn the_curve() {
    for name in CAPTURES {
        let mut line = format!("| {name} |");
        for per_mille in [1, 5, 10, 20, 50, 100, 200] {
            let score = with_loss(name, per_mille, 10);
            assert_eq!(score.wrong, 0, "{name} {per_mille}");
            line += &format!(" {:.1} |", score.share());
        }
        let score = cut_from_start(name, 40);
        assert_eq!(score.wrong, 0, "{name} cut");
        println!("{line} {:.1} |", score.share());
    }
}

#[test]
fn half_a_percent_lost_costs_next_to_nothing() {
    for name in CAPTURES {
        let score = with_loss(name, 5, 3);
        assert_eq!(score.wrong, 0, "{name}");
        // One sender's type 3 headers have times of their own: a chunk stream of them alone is not provable.
        let wanted = if name.starts_with("rtmp-rs") { 85.0 } else { 97.0 };
        assert!(score.share() >= wanted, "{name}: {:.1} %", score.share());
    }
}

#[test]
fn five_percent_lost_leaves_most() {
    for name in CAPTURES {
        let score = with_loss(name, 50, 3);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 80.0, "{name}: {:.1} %", score.share());
    }
}

#[test]
fn a_capture_may_begin_anywhere() {
    for name in CAPTURES {
        let score = cut_from_start(name, 8);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 90.0, "{name}: {:.1} %", score.share());
    }
}
