//! Damaged captures: nothing panics or hangs whatever the bytes are, and what came before the damage still comes out.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use common::everything::Everything;
use rtmp_inspect::capture::Input;
use rtmp_inspect::proto::Event;

/// Everything that the program makes of a capture; nothing of what is none.
fn everything(bytes: &[u8]) -> Option<Everything> {
    let mut input = Input::from_reader("capture", Cursor::new(bytes.to_owned())).ok()?;
    Some(Everything::of(&mut input))
}

/// The lines of JSON that it gives.
fn json(bytes: &[u8]) -> Vec<u8> {
    everything(bytes).map(Everything::json).unwrap_or_default()
}

/// The lines of whole messages, without what depends on where the capture ends.
fn messages(json: &[u8]) -> Vec<&[u8]> {
    json.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{\"event\":\"message\"")).collect()
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
        let expected = json(&whole);
        let expected = messages(&expected);
        let mut cuts: Vec<usize> = (0..64).chain(places(7, whole.len()).take(80)).collect();
        cuts.push(whole.len() - 1);
        for cut in cuts {
            let json = json(&whole[..cut]);
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
    let json = json(&whole[..whole.len() * 9 / 10]);
    assert!(messages(&json).len() > 20, "{} messages", messages(&json).len());
}

#[test]
fn no_flipped_bit_panics_or_hangs() {
    for (seed, name) in SMALL.iter().enumerate() {
        let whole = capture(name);
        let mut bits = places(99 + seed as u64, whole.len() * 8);
        for round in 0..100 {
            let mut bytes = whole.clone();
            for _ in 0..=round % 4 {
                let bit = bits.next().unwrap();
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            json(&bytes);
        }
    }
}

#[test]
fn bits_of_the_commands_may_be_flipped() {
    // The payload of the connect exchange, bit by bit: this is where AMF is.
    let whole = capture("nginx-rtmp/gst-librtmp-publish-rejected-key.pcap");
    let at = whole.windows(7).position(|window| window == b"connect").unwrap();
    // Every third bit: every byte is met.
    for bit in ((at - 20) * 8..(at + 120) * 8).step_by(3) {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(!everything(&bytes).unwrap().events.is_empty());
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
        let bytes: Vec<u8> = pattern.iter().copied().cycle().take(1 << 19).collect();
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
        assert!(seen > 1 << 19, "{seen}");
        // And where the capture begins there.
        let middle: Vec<_> = packets[packets.len() / 2..].to_vec();
        common::Story::of_packets(&middle);
    }
}

/// A snap length leaves a hole in every longer packet. Whatever it is, reading ends, and what is found is in the whole capture.
#[test]
fn captures_cut_by_any_snap_length_end() {
    use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
    use rtmp_inspect::capture::Packet;

    for name in ["transport/base-mtu1500.pcap", "srs/ffmpeg-publish-busy.pcap"] {
        let path = common::capture(name);
        let messages = |snap: usize| {
            let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
            let mut input = Input::open(std::slice::from_ref(&path)).unwrap();
            let mut messages = Vec::new();
            let mut drain = |analyzer: &mut Analyzer| {
                while let Some(event) = analyzer.poll() {
                    if let Event::Message(message) = event {
                        messages.push((message.head.kind, message.payload));
                    }
                }
            };
            while let Some(Ok(packet)) = input.next() {
                let data = &packet.data[..packet.data.len().min(snap)];
                analyzer.push(&Packet { data, ..packet });
                drain(&mut analyzer);
            }
            analyzer.finish();
            drain(&mut analyzer);
            messages
        };
        let whole = messages(usize::MAX);
        for snap in [66, 70, 79, 80, 90, 95, 96, 97, 100, 110, 128, 200, 256, 400, 1000] {
            let found = messages(snap);
            assert!(found.len() <= whole.len(), "{name} cut at {snap}");
            let wrong = found.iter().find(|message| !whole.contains(message));
            assert!(wrong.is_none(), "{name} cut at {snap}: {wrong:?}");
        }
    }
}
