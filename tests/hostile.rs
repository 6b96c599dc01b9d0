//! Damaged captures: nothing panics or hangs whatever the bytes are, and what came before the damage still comes out.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::export::text::TextWriter;
use rtmp_inspect::export::{Counts, Writer};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::rules::Engine;
use rtmp_inspect::wire::Tree;

/// Everything that the program makes of a capture, in every form.
struct Everything {
    json: Vec<u8>,
    events: usize,
}

fn everything(path: &Path) -> Everything {
    let limits = Limits::default();
    let mut result = Everything { json: Vec::new(), events: 0 };
    let Ok(mut input) = Input::open(&[path.to_owned()]) else { return result };
    let mut analyzer = Analyzer::new(&limits, Options { evidence: true });
    let mut engine = Engine::default();
    let mut masks = Masks::new(false, &limits);
    let mut json = JsonWriter::new(Vec::new(), true);
    let mut text = TextWriter::new(std::io::sink(), true);
    text.begin(&[], None).unwrap();
    let mut drain = |analyzer: &mut Analyzer, json: &mut JsonWriter<Vec<u8>>| {
        while let Some(event) = analyzer.poll() {
            result.events += 1;
            let findings = engine.observe(&event);
            masks.observe(&event);
            json.event(&event, &masks).unwrap();
            text.event(&event, &masks).unwrap();
            for finding in &findings {
                json.finding(finding, &masks).unwrap();
                text.finding(finding, &masks).unwrap();
            }
            if let Event::Message(message) = &event {
                check_spans(message, &limits);
            }
            masks.forget(&event);
        }
    };
    while let Some(packet) = input.next() {
        if let Ok(packet) = packet {
            analyzer.push(&packet);
        }
        drain(&mut analyzer, &mut json);
    }
    analyzer.finish();
    drain(&mut analyzer, &mut json);
    text.end(analyzer.totals(), Counts::default()).unwrap();
    json.end(analyzer.totals(), Counts::default()).unwrap();
    result.json = json.into_inner();
    result
}

/// Every recorded field lies in the payload, children in their parents.
fn check_spans(message: &rtmp_inspect::proto::rtmp::Message, limits: &Limits) {
    let mut tree = Tree::default();
    message.record(&mut tree, limits);
    for (index, node) in tree.nodes.iter().enumerate() {
        assert!(node.span.start <= node.span.end && node.span.end as usize <= message.payload.len(), "{node:?}");
        assert!(node.end as usize > index && node.end as usize <= tree.nodes.len(), "{node:?}");
        for child in tree.children(index) {
            let child = &tree.nodes[child].span;
            assert!(child.start >= node.span.start && child.end <= node.span.end, "{child:?} in {node:?}");
        }
    }
    let pieces: u32 = message.head.runs.iter().flat_map(|run| run.pieces()).map(|(_, length)| length).sum();
    assert_eq!(pieces, message.head.length, "message {}: its runs hold its payload", message.n);
}

/// The lines of whole messages, without what depends on where the capture ends.
fn messages(json: &[u8]) -> Vec<&[u8]> {
    json.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"event\":\"message\"")).collect()
}

fn damaged(name: &str, bytes: &[u8], stem: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{stem}-{name}"));
    fs::write(&path, bytes).unwrap();
    path
}

/// A generator of places, the same ones on every run.
fn places(seed: u64, below: usize) -> impl Iterator<Item = usize> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    })
}

const SMALL: &[&str] = &[
    "nginx-rtmp/rtmpdump-vod-seek.pcap",
    "nginx-rtmp/rtmpclient-rpc.pcap",
    "srs/ffmpeg-play-no-stream.pcap",
    "crtmpserver/ffmpeg-adobe-auth-bad-password.pcap",
];

fn capture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)).unwrap()
}

#[test]
fn a_capture_cut_at_any_byte_gives_what_came_before() {
    for name in SMALL {
        let whole = capture(name);
        let stem = name.replace('/', "-");
        let path = damaged("whole", &whole, &stem);
        let expected = everything(&path).json;
        let expected = messages(&expected);
        let mut cuts: Vec<usize> = (0..64).chain(places(7, whole.len()).take(300)).collect();
        cuts.push(whole.len() - 1);
        for cut in cuts {
            let path = damaged("cut", &whole[..cut], &stem);
            let json = everything(&path).json;
            let found = messages(&json);
            assert!(found.len() <= expected.len());
            assert!(found.iter().zip(&expected).all(|(a, b)| a == b), "{name} cut at {cut}: a message changed");
        }
    }
}

#[test]
fn a_capture_cut_late_loses_only_its_end() {
    let name = SMALL[1];
    let whole = capture(name);
    let path = damaged("late", &whole[..whole.len() * 9 / 10], "late");
    let json = everything(&path).json;
    assert!(messages(&json).len() > 20, "{} messages", messages(&json).len());
}

#[test]
fn no_flipped_bit_panics_or_hangs() {
    for (seed, name) in SMALL.iter().enumerate() {
        let whole = capture(name);
        let stem = name.replace('/', "-");
        let mut bits = places(99 + seed as u64, whole.len() * 8);
        for round in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                let bit = bits.next().unwrap();
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            let path = damaged("flip", &bytes, &stem);
            everything(&path);
        }
    }
}

#[test]
fn every_bit_of_the_commands_may_be_flipped() {
    // The payload of the connect exchange, bit by bit: this is where AMF is.
    let whole = capture("nginx-rtmp/gst-librtmp-publish-rejected-key.pcap");
    let at = whole.windows(7).position(|window| window == b"connect").unwrap();
    for bit in (at - 20) * 8..(at + 120) * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let path = damaged("bit", &bytes, "connect");
        assert!(everything(&path).events > 0);
    }
}

/// Bytes after a hole in which every place looks like the beginning of a message: looking for the next chunk must cost no
/// more for each of them than for any other.
#[test]
fn bytes_made_to_look_like_headers_do_not_stop_the_search() {
    use rtmp_inspect::synth::{Link, Random, sample, transform};

    let header = [0x44, 0, 0, 20, 0, 0x20, 0, 8, 0xaf, 1];
    let patterns: [Vec<u8>; 5] = [
        vec![0; 10],
        header.to_vec(),
        [&header[..], &[0xc4; 200]].concat(),
        [0x04, 0, 0, 40, 0, 0x40, 0, 9, 1, 0, 0, 0, 0x27, 1, 0, 0, 0].to_vec(),
        Random::new(5).bytes(4093),
    ];
    for pattern in patterns {
        let bytes: Vec<u8> = pattern.iter().copied().cycle().take(1 << 20).collect();
        let conversation = sample::publishing().client(|c| c.raw(&[0; 4000])).client(|c| c.raw(&bytes));
        let packets = Link::v4().packets(&conversation);
        let large: Vec<_> = (0..packets.len()).filter(|index| packets[*index].payload.len() > 1000).collect();
        let packets = transform::drop_packets(&packets, &large[4..6]);
        let story = common::Story::of_packets(&packets);
        let seen: u64 = story
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Close(close) => Some(close.bytes),
                _ => None,
            })
            .sum();
        assert!(seen > 1 << 20, "{seen}");
        // And where the capture begins there.
        let middle: Vec<_> = packets[packets.len() / 2..].to_vec();
        common::Story::of_packets(&middle);
    }
}
