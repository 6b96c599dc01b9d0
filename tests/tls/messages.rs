//! What the whole program makes of a capture that misses packets: no message that was not sent, and most of those whose records are there.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::net::{Connections, Delivery, Output, Unpacked, Unpacker};
use rtmp_inspect::proto::tls::{KeyLog, Tls};
use rtmp_inspect::proto::{Event, Keys};
use rtmp_inspect::wire::Side;

use crate::run::{Frame, NAMES, Random, file, frames, keys};

/// A direction: who sends to whom.
type Way = (SocketAddr, SocketAddr);

fn way([client, server]: [SocketAddr; 2], from: Side) -> Way {
    if from == Side::Client { (client, server) } else { (server, client) }
}

/// What a message is, apart from where it was found.
#[derive(Clone, Debug)]
struct Said {
    way: Way,
    kind: u8,
    chunk_stream_id: u32,
    payload: Vec<u8>,
    timestamp: Option<u32>,
    message_stream_id: Option<u32>,
    /// Where it lies in its direction of the stream inside, headers and all.
    ranges: Vec<Range<u64>>,
}

impl Said {
    fn is(&self, other: &Said) -> bool {
        let agree = |one: Option<u32>, other: Option<u32>| one.is_none() || other.is_none() || one == other;
        (self.way, self.kind, self.chunk_stream_id) == (other.way, other.kind, other.chunk_stream_id)
            && agree(self.timestamp, other.timestamp)
            && agree(self.message_stream_id, other.message_stream_id)
            && self.payload == other.payload
    }
}

/// The messages of a capture, as the analyzer tells them.
fn messages<'f>(frames: impl Iterator<Item = &'f Frame>, keys: &Arc<Keys>) -> Vec<Said> {
    let mut analyzer = Analyzer::new(&Limits::default(), Options { keys: Arc::clone(keys), ..Options::default() });
    let (mut sessions, mut all) = (HashMap::new(), Vec::new());
    let mut take = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            match event {
                Event::Session(opened) => {
                    sessions.insert(opened.session, [opened.client, opened.server]);
                }
                Event::Message(message) => {
                    let head = &message.head;
                    let ranges = head.runs.iter().map(|run| run.offset..run.end()).collect();
                    all.push(Said {
                        way: way(sessions[&message.session], message.from),
                        kind: head.kind.0,
                        chunk_stream_id: head.chunk_stream_id,
                        payload: message.payload.to_vec(),
                        timestamp: head.timestamp_known.then_some(head.timestamp),
                        message_stream_id: head.message_stream_known.then_some(head.message_stream_id),
                        ranges,
                    });
                }
                _ => {}
            }
        }
    };
    for frame in frames {
        analyzer.push(&frame.packet());
        take(&mut analyzer);
    }
    analyzer.finish();
    take(&mut analyzer);
    all
}

/// Of each record that carries data, where that lies in the stream inside, and where the record does in TCP's.
type Records = Vec<(Range<u64>, Range<u64>)>;

/// One direction of a connection, cut into its records.
#[derive(Default)]
struct Cut {
    bytes: Vec<u8>,
    /// Where `bytes` begin.
    at: u64,
    records: Records,
}

/// Of each direction, which record carries which bytes.
fn records(frames: &[Frame], secrets: &KeyLog) -> HashMap<Way, Records> {
    let limits = Limits::default();
    let (mut unpacker, mut connections) = (Unpacker::new(&limits), Connections::new(&limits));
    let mut all: BTreeMap<u64, ([SocketAddr; 2], Tls, [Cut; 2])> = BTreeMap::new();
    let mut take = |output: Output<'_>| match output {
        Output::Open { connection, client, server, .. } => {
            all.insert(connection, ([client, server], Tls::new(&limits), Default::default()));
        }
        Output::Stream { connection, from, delivery: Delivery::Bytes { bytes, at, .. } } => {
            let (_, tls, cuts) = all.get_mut(&connection).unwrap();
            let cut = &mut cuts[from.index()];
            cut.bytes.extend_from_slice(bytes);
            while let Some([_, _, _, high, low]) = cut.bytes.first_chunk() {
                let length = 5 + usize::from(u16::from_be_bytes([*high, *low]));
                if cut.bytes.len() < length {
                    break;
                }
                let record: Vec<u8> = cut.bytes.drain(..length).collect();
                let outside = cut.at..cut.at + length as u64;
                cut.at = outside.end;
                let delivery = Delivery::Bytes { offset: outside.start, bytes: &record, at, place: None };
                tls.take(from, &delivery, secrets, &mut |side, inner| {
                    if let Delivery::Bytes { offset, bytes, .. } = inner {
                        assert_eq!(side, from, "a record that waited");
                        cut.records.push((*offset..*offset + bytes.len() as u64, outside.clone()));
                    }
                });
            }
        }
        Output::Stream { delivery: Delivery::Gap { .. }, .. } => panic!("it is not whole"),
        Output::Stream { .. } | Output::Tunnels { .. } => {}
    };
    for frame in frames {
        let _ = unpacker.push(&frame.packet(), &mut |unpacked| {
            if let Unpacked::Segment(segment) = unpacked {
                connections.push(segment, frame.at, &mut take);
            }
        });
    }
    let directions = all.into_values().flat_map(|(ends, _, cuts)| {
        Side::BOTH.into_iter().zip(cuts).map(move |(from, cut)| (way(ends, from), cut.records))
    });
    directions.collect()
}

/// Which bytes of each direction some frames hold, from the SYN on.
fn present(all: &[Frame], is_there: &[bool]) -> HashMap<Way, BTreeMap<u64, u64>> {
    let mut unpacker = Unpacker::new(&Limits::default());
    let (mut first, mut present): (HashMap<Way, u32>, HashMap<Way, BTreeMap<u64, u64>>) = Default::default();
    for (frame, is_there) in all.iter().zip(is_there) {
        let _ = unpacker.push(&frame.packet(), &mut |unpacked| {
            let Unpacked::Segment(segment) = unpacked else { return };
            let way = (segment.source, segment.destination);
            if segment.flags.syn {
                first.insert(way, segment.sequence.wrapping_add(1));
            } else if *is_there && !segment.payload.is_empty() {
                let start = u64::from(segment.sequence.wrapping_sub(first[&way]));
                let end = present.entry(way).or_default().entry(start).or_default();
                *end = (*end).max(start + segment.payload.len() as u64);
            }
        });
    }
    present
}

fn holds(present: &BTreeMap<u64, u64>, wanted: &Range<u64>) -> bool {
    let mut at = wanted.start;
    while at < wanted.end {
        let Some((_, reach)) = present.range(..=at).rev().find(|(_, reach)| **reach > at) else { return false };
        at = *reach;
    }
    true
}

/// What came of losses.
#[derive(Default)]
struct Score {
    /// Messages whose records are all there, and those of them that were found.
    possible: usize,
    found: usize,
    /// Runs in which nothing was found.
    silent: usize,
    least: f64,
}

/// Removes each packet with a chance of one in a hundred, and compares.
fn lose(capture: &Path, key_log: &Path, seeds: u64) -> Score {
    let (frames, mut secrets) = (frames(capture).0, keys(key_log));
    secrets.set_may_grow(false);
    let records = records(&frames, &secrets);
    let keys = Arc::new(Keys { tls: Arc::new(secrets), ..Keys::default() });
    let whole = messages(frames.iter(), &keys);
    let mut score = Score { least: 1.0, ..Score::default() };
    for seed in 0..seeds {
        // Others for each capture.
        let mut random = Random(seed * 7919 + frames.len() as u64);
        let is_there: Vec<bool> = frames.iter().map(|_| random.below(100) > 0).collect();
        let present = present(&frames, &is_there);
        let is_whole = |said: &Said| {
            let (Some(records), Some(present)) = (records.get(&said.way), present.get(&said.way)) else { return false };
            let touches = |inside: &Range<u64>| {
                said.ranges.iter().any(|range| range.start < inside.end && inside.start < range.end)
            };
            records.iter().filter(|(inside, _)| touches(inside)).all(|(_, outside)| holds(present, outside))
        };
        let left = frames.iter().zip(&is_there).filter(|(_, is_there)| **is_there).map(|(frame, _)| frame);
        let lossy = messages(left, &keys);
        let mut is_found = vec![false; whole.len()];
        for said in &lossy {
            let place = (0..whole.len()).find(|place| !is_found[*place] && said.is(&whole[*place]));
            let place = place.unwrap_or_else(|| panic!("{}, seed {seed}: {said:?} was not sent", capture.display()));
            is_found[place] = true;
        }
        let possible: Vec<usize> = (0..whole.len()).filter(|place| is_whole(&whole[*place])).collect();
        let found = possible.iter().filter(|place| is_found[**place]).count();
        score.possible += possible.len();
        score.found += found;
        score.silent += usize::from(found == 0);
        if found > 0 {
            score.least = score.least.min(found as f64 / possible.len() as f64);
        }
    }
    score
}

#[test]
fn a_lost_packet_takes_few_messages_and_makes_none_up() {
    for name in NAMES {
        let Score { possible, found, .. } = lose(&file(&format!("{name}.pcap")), &file(&format!("{name}.keys")), 3);
        println!("{name}: {found} of {possible}");
        assert!(possible > 600 && found * 100 >= possible * 90, "{name}: {found} of {possible}");
    }
}

/// Without the client's hello it is the server's that says what the connection is; TLS 1.3 needs nothing else of it.
#[test]
fn a_client_hello_may_be_lost() {
    let (all, secrets) = (frames(&file("stunnel-ffmpeg-tls13.pcap")).0, keys(&file("stunnel-ffmpeg-tls13.keys")));
    let keys = Arc::new(Keys { tls: Arc::new(secrets), ..Keys::default() });
    let whole = messages(all.iter(), &keys);
    assert_eq!(messages(all.iter().filter(|frame| frame.at.packet.0 != 4), &keys).len(), whole.len());
}

/// All captures of a folder that have a key log, twenty times each: `CAPTURES=DIR cargo test --test tls -- --ignored --nocapture losses`.
#[test]
#[ignore = "it takes a folder of captures, and minutes"]
fn losses_in_a_folder_of_captures() {
    let folder = std::env::var("CAPTURES").expect("CAPTURES names a folder");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    println!("| capture | whole messages | found | found, the worst run | runs without any |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut below = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "pcap")) {
        let key_log = path.with_extension("keys");
        if !key_log.exists() {
            continue;
        }
        let Score { possible, found, silent, least } = lose(path, &key_log, 20);
        let name = path.file_stem().unwrap().to_string_lossy();
        if possible == 0 {
            println!("| {name} | 0 | | | |");
            continue;
        }
        let percent = 100.0 * found as f64 / possible as f64;
        println!("| {name} | {possible} | {percent:.1} % | {:.1} % | {silent} |", 100.0 * least);
        if percent < 90.0 {
            below.push(name.into_owned());
        }
    }
    assert!(below.is_empty(), "{below:?}");
}
