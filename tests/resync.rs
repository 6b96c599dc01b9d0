//! After holes, and from the middle: most of what is there is found again, and nothing that was never sent.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::iter::Sum;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use common::kept::{Kept, packets};
use common::{capture, digest};
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::net::{Unpacked, Unpacker};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::{HandshakeFacts, Step};
use rtmp_inspect::synth::Random;
use rtmp_inspect::wire::Side;

/// What a message is, apart from where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    connection: (SocketAddr, SocketAddr),
    from: Side,
    chunk_stream_id: u32,
    kind: u8,
    chunk_format: u8,
    payload: String,
    timestamp: Option<u32>,
    message_stream_id: Option<u32>,
    /// Where it lies in its direction: from the SYN on, or from the first byte seen.
    ranges: Vec<(u64, u64)>,
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

/// What a step of the handshake is, apart from where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    connection: (SocketAddr, SocketAddr),
    from: Side,
    step: Step,
    bytes: String,
    facts: HandshakeFacts,
    offset: u64,
}

impl Shown {
    /// The two ends in its direction.
    fn direction(&self) -> (SocketAddr, SocketAddr) {
        let (client, server) = self.connection;
        if self.from == Side::Client { (client, server) } else { (server, client) }
    }

    /// Whether `other`, whose place counts from `shift`, is the same step, as far as both know.
    fn is(&self, other: &Shown, shift: u64) -> bool {
        let agree = match (self.facts, other.facts) {
            (HandshakeFacts::Echo { echo: one, .. }, HandshakeFacts::Echo { echo: two, .. }) => {
                one.is_none() || two.is_none() || one == two
            }
            // Whether it is a copy of the peer's is known only where the peer's is.
            (HandshakeFacts::Block { .. }, HandshakeFacts::Block { .. }) => true,
            (one, two) => one == two,
        };
        agree
            && self.connection == other.connection
            && self.from == other.from
            && self.step == other.step
            && self.bytes == other.bytes
            && self.offset == other.offset + shift
    }
}

/// What some packets tell.
#[derive(Default)]
struct Told {
    messages: Vec<Said>,
    steps: Vec<Shown>,
}

fn told<'p>(packets: impl Iterator<Item = &'p Kept>) -> Told {
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let mut sessions = HashMap::new();
    let mut told = Told::default();
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            match event {
                Event::Session(opened) => {
                    sessions.insert(opened.session, (opened.client, opened.server));
                }
                Event::Handshake(step) => told.steps.push(Shown {
                    connection: sessions[&step.session],
                    from: step.from,
                    step: step.step,
                    bytes: digest(&step.bytes),
                    facts: step.facts,
                    offset: step.offset,
                }),
                Event::Message(message) => {
                    let head = &message.head;
                    let mut ranges = Vec::new();
                    for run in &head.runs {
                        let chunks = run.payload.div_ceil(run.chunk).max(1);
                        let size =
                            u32::from(run.first_header) + run.payload + (chunks - 1) * u32::from(run.later_header);
                        ranges.push((run.offset, run.offset + u64::from(size)));
                    }
                    told.messages.push(Said {
                        connection: sessions[&message.session],
                        from: message.from,
                        chunk_stream_id: head.chunk_stream_id,
                        kind: head.kind.0,
                        chunk_format: head.chunk_format,
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
    told
}

/// Which bytes of each direction some packets hold, counted from the SYN, or from the first byte where there is none.
type Present = HashMap<(SocketAddr, SocketAddr), BTreeMap<u64, u64>>;

fn present(all: &[Kept], kept: &[bool]) -> Present {
    let mut first: HashMap<(SocketAddr, SocketAddr), u32> = HashMap::new();
    let mut unpacker = Unpacker::new(&Limits::default());
    for packet in all {
        let _ = unpacker.push(&packet.packet(), &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
            let key = (segment.source, segment.destination);
            if segment.flags.syn {
                first.insert(key, segment.sequence.wrapping_add(1));
            } else if !segment.payload.is_empty() {
                first.entry(key).or_insert(segment.sequence);
            }
        });
    }
    let mut present: Present = HashMap::new();
    for (packet, _) in all.iter().zip(kept).filter(|(_, kept)| **kept) {
        let _ = unpacker.push(&packet.packet(), &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
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

fn is_present(present: &Present, direction: (SocketAddr, SocketAddr), wanted: &[(u64, u64)]) -> bool {
    let Some(ranges) = present.get(&direction) else { return false };
    wanted.iter().all(|(start, end)| {
        let mut at = *start;
        while at < *end {
            let Some((_, reach)) = ranges.range(..=at).rev().find(|(_, reach)| **reach > at) else { return false };
            at = *reach;
        }
        true
    })
}

/// Packets in which handshakes are.
const EARLY: usize = 20;

/// Who sent a packet.
fn source(packet: &Kept) -> Option<SocketAddr> {
    let mut source = None;
    let _ = Unpacker::new(&Limits::default()).push(&packet.packet(), &mut |unpacked| {
        if let Unpacked::Segment(segment) = unpacked {
            source = Some(segment.source);
        }
    });
    source
}

/// How a damaged copy compares with the whole.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    /// Messages of the whole of which every byte is in the copy.
    possible: usize,
    found: usize,
    /// Messages and steps of the handshake in the copy that the whole does not have.
    wrong: usize,
    /// Steps of the handshake of which every byte is in the copy.
    possible_steps: usize,
    found_steps: usize,
}

impl Score {
    /// Percent of what is possible.
    fn share(&self) -> f64 {
        100.0 * self.found as f64 / self.possible as f64
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::default(), |sum, score| Score {
            possible: sum.possible + score.possible,
            found: sum.found + score.found,
            wrong: sum.wrong + score.wrong,
            possible_steps: sum.possible_steps + score.possible_steps,
            found_steps: sum.found_steps + score.found_steps,
        })
    }
}

/// Some packets, and what they say.
struct Whole {
    name: String,
    packets: Vec<Kept>,
    messages: Vec<Said>,
    steps: Vec<Shown>,
    /// Where in `messages` the one is that begins at an offset of a direction.
    starts: HashMap<(SocketAddr, SocketAddr, u64), usize>,
}

impl Whole {
    fn read(path: &Path, name: &str) -> Whole {
        Whole::of_packets(packets(path), name)
    }

    fn of_packets(packets: Vec<Kept>, name: &str) -> Whole {
        let Told { messages, steps } = told(packets.iter());
        let start = |(place, message): (usize, &Said)| {
            let (source, destination) = message.direction();
            ((source, destination, message.ranges[0].0), place)
        };
        let starts = messages.iter().enumerate().map(start).collect();
        Whole { name: name.into(), packets, messages, steps, starts }
    }

    fn of(name: &str) -> Whole {
        Whole::read(&capture(name), name)
    }

    /// How much later a copy begins to count than the whole, by a copy's message: not at all, from the `first` byte that it
    /// has, or from one that an acknowledgement told.
    fn shift(&self, message: &Said, first: u64) -> u64 {
        let begins_at = |other: &Said| other.ranges[0].0.wrapping_sub(message.ranges[0].0);
        let is_same = |other: &&Said| {
            other.direction() == message.direction()
                && begins_at(other) < 1 << 40
                && other.is(message, begins_at(other))
        };
        let shifts = || self.messages.iter().filter(is_same).map(begins_at);
        [0, first]
            .into_iter()
            .find(|likely| shifts().any(|shift| shift == *likely))
            .or(shifts().min())
            .unwrap_or_default()
    }

    /// Compares with a copy that has only some of the packets.
    fn score(&self, kept: &[bool], what: &str) -> Score {
        let present = present(&self.packets, kept);
        let copy = told(self.packets.iter().zip(kept).filter(|(_, kept)| **kept).map(|(packet, _)| packet));
        let mut score = Score::default();
        let mut used = vec![false; self.messages.len()];
        let mut shifts = HashMap::new();
        for message in &copy.messages {
            let (source, destination) = message.direction();
            // A direction whose SYN was lost counts from some later byte: which one its first message says.
            let key = (source, destination);
            let shift = shifts.entry(key).or_insert_with(|| {
                let first = present.get(&key).and_then(|ranges| ranges.keys().next());
                self.shift(message, first.copied().unwrap_or_default())
            });
            let place = self.starts.get(&(source, destination, message.ranges[0].0 + *shift)).copied();
            let same = place.filter(|place| !used[*place] && self.messages[*place].is(message, *shift));
            if let Some(place) = same {
                used[place] = true;
            } else {
                score.wrong += 1;
                println!("wrong: {} {what}: {message:?}", self.name);
            }
        }
        let show = std::env::var_os("RESYNC_LOST").is_some();
        self.score_steps(&copy.steps, &present, &mut score, what, show);
        for (message, used) in self.messages.iter().zip(&used) {
            let possible = is_present(&present, message.direction(), &message.ranges);
            score.possible += usize::from(possible);
            score.found += usize::from(possible && *used);
            if show && possible && !used {
                let Said { from, chunk_stream_id, kind, chunk_format, ranges, timestamp, .. } = message;
                println!(
                    "lost: {} {what}: {from:?} {chunk_stream_id}/{chunk_format} type {kind} at {timestamp:?} {:?}..{:?}",
                    self.name,
                    ranges[0].0,
                    ranges[ranges.len() - 1].1
                );
            }
        }
        score
    }

    /// Compares the handshakes.
    fn score_steps(&self, copy: &[Shown], present: &Present, score: &mut Score, what: &str, show: bool) {
        let mut used = vec![false; self.steps.len()];
        for step in copy {
            // A direction whose SYN was lost counts from the first byte that there is. A step of 1536 bytes says its place itself.
            let first = present.get(&step.direction()).and_then(|ranges| ranges.keys().next()).copied();
            let is_same = |other: &Shown| {
                let shift = other.offset.wrapping_sub(step.offset);
                let is_placed = shift == 0 || Some(shift) == first || step.step != Step::Version;
                is_placed && shift < 1 << 40 && other.is(step, shift)
            };
            if let Some(place) = self.steps.iter().position(is_same).filter(|place| !used[*place]) {
                used[place] = true;
            } else {
                score.wrong += 1;
                println!("wrong: {} {what}: {step:?}", self.name);
            }
        }
        for (step, used) in self.steps.iter().zip(&used) {
            let range = (step.offset, step.offset + step.step.length() as u64);
            let possible = is_present(present, step.direction(), &[range]);
            score.possible_steps += usize::from(possible);
            score.found_steps += usize::from(possible && *used);
            if show && possible && !used {
                println!("lost: {} {what}: {:?} {:?}", self.name, step.from, step.step);
            }
        }
    }

    /// Of the first packets each is lost with a probability, or one side's are.
    fn with_early_loss(&self, seeds: u64) -> Score {
        (0..seeds)
            .map(|seed| {
                let mut random = Random::new(seed * 15_485_863 + 3);
                let per_mille = [100, 250, 500, 750][random.below(4) as usize];
                // One side's packets alone, or both's.
                let sides = [[true, false], [false, true], [true, true]][random.below(3) as usize];
                let first = self.packets.first().and_then(source);
                let mut kept = vec![true; self.packets.len()];
                for (kept, packet) in kept.iter_mut().zip(&self.packets).take(EARLY) {
                    let is_first = source(packet) == first;
                    *kept = !(sides[usize::from(is_first)] && random.below(1000) < per_mille);
                }
                self.score(&kept, &format!("early, seed {seed}"))
            })
            .sum()
    }

    /// Each packet is lost with a probability.
    fn with_loss(&self, per_mille: u64, seeds: u64) -> Score {
        (0..seeds)
            .map(|seed| {
                let mut random = Random::new(seed * 7919 + per_mille);
                let kept: Vec<_> = self.packets.iter().map(|_| random.below(1000) >= per_mille).collect();
                self.score(&kept, &format!("{per_mille} per mille, seed {seed}"))
            })
            .sum()
    }

    /// Of each 500 packets some 5 to 50 are lost that follow each other.
    fn with_bursts(&self, seeds: u64) -> Score {
        (0..seeds)
            .map(|seed| {
                let mut random = Random::new(seed * 104_729 + 1);
                let mut kept = vec![true; self.packets.len()];
                for _ in 0..self.packets.len().div_ceil(500) {
                    let first = random.below(kept.len() as u64) as usize;
                    let count = random.between(5, 50) as usize;
                    kept.iter_mut().skip(first).take(count).for_each(|kept| *kept = false);
                }
                self.score(&kept, &format!("bursts, seed {seed}"))
            })
            .sum()
    }

    /// The capture begins at places in its first half.
    fn cut_from_start(&self, cuts: u64) -> Score {
        (1..=cuts)
            .map(|cut| {
                let first = self.packets.len() / 2 * cut as usize / cuts as usize;
                let kept: Vec<_> = (0..self.packets.len()).map(|index| index >= first).collect();
                self.score(&kept, &format!("cut before packet {first}"))
            })
            .sum()
    }
}

const CAPTURES: &[&str] = &[
    "transport/base-mtu1500.pcap",
    "nginx-rtmp/obs-publish.pcap",
    "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
    "rtmp-rs/ffmpeg-extended-timestamp.pcap",
    "srs/ffmpeg-publish-busy.pcap",
    "enhanced/nms4-ffmpeg-av1-opus.pcap",
];

/// Captures of many programs, for their handshakes.
const BEGINNINGS: &[&str] = &[
    "crtmpserver/rtmpdump-rtmpe-play.pcap",
    "crtmpserver/pyav-vod-pause-seek.pcap",
    "ffmpeg-listen/ffmpeg-play.pcap",
    "nginx-rtmp/ffmpeg-proxy-protocol.pcapng",
    "nginx-rtmp/gst-rtmp2-chunk-size-16.pcap",
    "nginx-rtmp/obs-publish.pcap",
    "nginx-rtmp/rtmpdump-vod-seek.pcap",
    "node-media-server/ffmpeg-publish-and-play.pcap",
    "rtmp-rs/ffmpeg-extended-timestamp.pcap",
    "rtmplite3/rtmpclient-amf3.pcap",
    "rtmpsrv/rtmpdump-play.pcap",
    "srs/edge-publish.pcapng",
    "transport/base-mtu1500.pcap",
    "transport/derived-out-of-order-far.pcap",
    "xiu/ffmpeg-extended-timestamp.pcap",
];

/// Packets of these that are read.
const BEGINNING: usize = 200;

/// The captures in a directory and below it.
fn captures_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            captures_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension.to_string_lossy().starts_with("pcap")) {
            found.push(path);
        }
    }
}

/// Prints the table of docs/resilience.md: `cargo test --release --test resync -- --ignored --nocapture`.
///
/// `RESYNC_CAPTURES` names a directory whose captures are measured instead, `RESYNC_SEEDS` how many seeds (10);
/// `RESYNC_LOST` prints each message that was possible and not found.
#[test]
#[ignore = "a measurement"]
fn the_curve() {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seeds = number("RESYNC_SEEDS").unwrap_or(10);
    let captures: Vec<(PathBuf, String)> = match std::env::var_os("RESYNC_CAPTURES") {
        None => CAPTURES.iter().map(|name| (capture(name), (*name).into())).collect(),
        Some(directory) => {
            let mut found = Vec::new();
            captures_below(Path::new(&directory), &mut found);
            let name = |path: &PathBuf| path.strip_prefix(&directory).unwrap().display().to_string();
            found.into_iter().map(|path| (path.clone(), name(&path))).collect()
        }
    };
    let mut wrong = 0;
    for (path, name) in captures {
        let whole = Whole::read(&path, &name);
        let mut line = format!("| {name} |");
        let losses = [1, 5, 10, 20, 50, 100, 200].map(|per_mille| whole.with_loss(per_mille, seeds));
        for score in losses.into_iter().chain([whole.with_bursts(seeds), whole.cut_from_start(4 * seeds)]) {
            line += &format!(" {:.1} |", score.share());
            wrong += score.wrong;
        }
        println!("{line}");
    }
    assert_eq!(wrong, 0);
}

#[test]
fn half_a_percent_lost_costs_next_to_nothing() {
    for name in CAPTURES {
        let score = Whole::of(name).with_loss(5, 3);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 97.0, "{name}: {:.1} %", score.share());
    }
}

#[test]
fn five_percent_lost_leaves_most() {
    for name in CAPTURES {
        let score = Whole::of(name).with_loss(50, 3);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 80.0, "{name}: {:.1} %", score.share());
    }
}

#[test]
fn bursts_cost_little() {
    for name in CAPTURES {
        let score = Whole::of(name).with_bursts(2);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 97.0, "{name}: {:.1} %", score.share());
    }
}

/// Its first packets are the handshake's: one side's may be there without the other's.
#[test]
fn a_capture_may_begin_in_the_handshake() {
    let whole = Whole::of("enhanced/nms4-ffmpeg-av1-opus.pcap");
    for first in 1..16 {
        let kept: Vec<_> = (0..whole.packets.len()).map(|index| index >= first).collect();
        let score = whole.score(&kept, &format!("cut before packet {first}"));
        assert_eq!(score.wrong, 0, "{first}");
        assert!(score.share() >= 99.0, "{first}: {:.1} %", score.share());
    }
}

#[test]
fn any_packet_of_a_handshake_may_be_lost() {
    let whole = Whole::of("transport/base-mtu1500.pcap");
    for lost in 0..20 {
        let kept: Vec<_> = (0..whole.packets.len()).map(|index| index != lost).collect();
        let score = whole.score(&kept, &format!("without packet {lost}"));
        assert_eq!(score.wrong, 0, "{lost}");
        assert!(score.share() >= 99.0, "{lost}: {:.1} %", score.share());
    }
}

#[test]
fn a_capture_may_begin_anywhere() {
    for name in CAPTURES {
        let score = Whole::of(name).cut_from_start(8);
        assert_eq!(score.wrong, 0, "{name}");
        assert!(score.share() >= 97.0, "{name}: {:.1} %", score.share());
    }
}

/// What a capture's beginning misses is not made up: no other bytes are taken for the handshake's.
#[test]
fn nothing_else_is_taken_for_a_handshake() {
    let mut sum = Score::default();
    for name in BEGINNINGS {
        let mut packets = packets(&capture(name));
        packets.truncate(BEGINNING);
        let score = Whole::of_packets(packets, name).with_early_loss(60);
        println!("{name}: {score:?}");
        sum = [sum, score].into_iter().sum();
    }
    println!("{sum:?}");
    assert_eq!(sum.wrong, 0);
}

/// The same of the captures below a directory: `EARLY_CAPTURES=DIR EARLY_SEEDS=N`.
#[test]
#[ignore = "a measurement"]
fn nothing_else_is_taken_for_a_handshake_at_length() {
    let directory = std::env::var_os("EARLY_CAPTURES").map_or_else(|| capture(""), PathBuf::from);
    let seeds = std::env::var("EARLY_SEEDS").map_or(100, |seeds| seeds.parse().unwrap());
    let mut found = Vec::new();
    captures_below(&directory, &mut found);
    let mut sum = Score::default();
    for path in found {
        let mut packets = packets(&path);
        packets.truncate(BEGINNING);
        let score = Whole::of_packets(packets, &path.display().to_string()).with_early_loss(seeds);
        println!("{}: {score:?}", path.display());
        sum = [sum, score].into_iter().sum();
    }
    println!("{sum:?}");
    assert_eq!(sum.wrong, 0);
}
