//! Compressed captures: the same packets come of them, whole, put together, cut and damaged.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use common::{Story, capture};
use flate2::Compression;
use flate2::write::GzEncoder;
use lz4_flex::frame::{BlockSize, FrameEncoder, FrameInfo};
use proptest::prelude::*;
use rtmp_inspect::capture::Input;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::NamedTempFile;

type Compress = fn(&[u8]) -> Vec<u8>;

const CODECS: &[(&str, Compress)] = &[("gzip", gzip), ("zstd", zstd), ("lz4", lz4)];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    // Of a block that is cut nothing can be read.
    let info = FrameInfo::new().block_size(BlockSize::Max64KB).content_checksum(true);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn base() -> Vec<u8> {
    std::fs::read(capture("transport/base-mtu1500.pcap")).unwrap()
}

/// The captured bytes of all packets, and what went wrong at the end.
fn packets(paths: &[PathBuf]) -> (Vec<Vec<u8>>, Vec<String>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let mut input = match Input::open(paths) {
        Ok(input) => input,
        Err(error) => return (found, vec![error.to_string()]),
    };
    while let Some(packet) = input.next() {
        match packet {
            Ok(packet) => found.push(packet.data.to_vec()),
            Err(error) => errors.push(error.to_string()),
        }
    }
    assert!(Some(input.bytes_read()) <= input.size());
    if errors.is_empty() {
        assert_eq!(Some(input.bytes_read()), input.size(), "progress is in bytes of the files");
    }
    (found, errors)
}

fn of(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<String>) {
    let file = file(bytes);
    let (packets, errors) = packets(&[file.path().to_owned()]);
    let name = file.path().display().to_string();
    (packets, errors.into_iter().map(|error| error.replace(&name, "F")).collect())
}

#[test]
fn what_is_compressed_says_the_same() {
    let base = base();
    let expected = Story::of_file(&capture("transport/base-mtu1500.pcap")).meaning();
    for (name, compress) in CODECS {
        let compressed = file(&compress(&base));
        assert!(Story::of_file(compressed.path()).meaning() == expected, "{name}");
    }
}

#[test]
fn members_that_follow_one_another_are_one_capture() {
    let base = base();
    let (expected, _) = of(&base);
    let parts: Vec<&[u8]> = base.chunks(100_001).collect();
    for (name, compress) in CODECS {
        let members: Vec<Vec<u8>> = parts.iter().map(|part| compress(part)).collect();
        assert!(of(&members.concat()) == (expected.clone(), vec![]), "{name}");
        // With frames to skip, and zeros at the end.
        let skipped = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        let padded = [&skipped[..], &members.join(&skipped[..]), &[0; 700]].concat();
        assert!(of(&padded) == (expected.clone(), vec![]), "{name}, padded");
    }
    // Of different makers as well.
    let mixed: Vec<Vec<u8>> = parts.iter().enumerate().map(|(n, part)| CODECS[n % 3].1(part)).collect();
    assert!(of(&mixed.concat()) == (expected, vec![]));
}

#[test]
fn what_is_cut_gives_what_came_before() {
    let base = base();
    let (expected, _) = of(&base);
    for (name, compress) in CODECS {
        let whole = compress(&base);
        for cut in [5, 9, 100, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let (found, errors) = of(&whole[..cut]);
            assert_eq!(errors, [format!("F: the {name} data breaks off after {cut} bytes")]);
            assert!(found.len() <= expected.len() && found[..] == expected[..found.len()], "{name} cut at {cut}");
            assert!(cut < whole.len() / 2 || found.len() > expected.len() / 4, "{name}: only {}", found.len());
        }
        let (found, errors) = of(&[&whole[..], b"and something else"].concat());
        assert_eq!(
            (found.len(), errors),
            (expected.len(), vec![format!("F: after the {name} data comes something else")])
        );
        assert_eq!(of(&compress(b"Dear reader,\n")).1, ["F: text, not a pcap or pcapng capture"]);
        assert_eq!(of(&compress(b"")).1, ["F: the file is empty, without even a capture header"]);
        let twice = format!("F: compressed twice: {name}-compressed data inside; decompress it once first");
        assert_eq!(of(&compress(&whole)).1, [twice]);
    }
}

#[test]
fn a_wrong_checksum_is_said() {
    let base = base();
    let mut gzip = gzip(&base);
    let at = gzip.len() - 6;
    gzip[at] ^= 1;
    let errors = of(&gzip).1;
    assert!(errors[0].starts_with("F: the gzip data is damaged: "), "{errors:?}");
    let mut zstd = zstd(&base);
    let has_checksum = zstd[4] & 4 != 0;
    assert!(has_checksum);
    *zstd.last_mut().unwrap() ^= 1;
    assert_eq!(of(&zstd).1, ["F: the zstd data is damaged: its checksum is wrong"]);
}

#[test]
fn zstd_may_not_ask_for_any_memory() {
    // Frame headers with windows of so many eighths of a power of two (RFC 8878 §3.1.1.1.2), and an empty last block.
    let of_window = |exponent: u8, eighths: u8| {
        of(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, (exponent - 10) << 3 | eighths, 1, 0, 0]).1.remove(0)
    };
    let refused = |mib: u32, log: u32| {
        format!(
            "F: the zstd data looks back {mib} MiB, which all would have to be kept in memory, and 8 are allowed; pipe it \
             in from `zstd -dc --long={log}`"
        )
    };
    assert_eq!(of_window(31, 0), refused(2048, 31));
    // As much as `zstd --long` and `zstd --ultra -22` make.
    assert_eq!(of_window(27, 0), refused(128, 27));
    assert_eq!(of_window(23, 1), refused(9, 24));
    // What `zstd -19` makes is read.
    let read = of_window(23, 0);
    assert!(!read.contains("looks back"), "{read}");
}

#[test]
fn compressed_captures_are_merged_by_time() {
    let base = base();
    let (header, records) = base.split_at(24);
    let mut parts = [header.to_vec(), header.to_vec(), header.to_vec()];
    let (mut at, mut n) = (0, 0);
    while at < records.len() {
        let length = u32::from_le_bytes(records[at + 8..at + 12].try_into().unwrap()) as usize + 16;
        parts[n * 7 % 3].extend(&records[at..at + length]);
        at += length;
        n += 1;
    }
    let files: Vec<_> = parts.iter().zip(CODECS).map(|(part, (_, compress))| file(&compress(part))).collect();
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path().to_owned()).collect();
    let (mut found, errors) = packets(&paths);
    assert!(errors.is_empty());
    let mut expected = of(&base).0;
    // Packets of the same microsecond may change places between files.
    found.sort();
    expected.sort();
    assert!(found == expected);
}

/// What is spooled, for the test to see.
#[derive(Clone, Default)]
struct Spool(Arc<Mutex<Vec<u8>>>);

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn places_count_in_what_is_spooled() {
    let plain = capture("transport/base-mtu1500.pcap");
    for (name, compress) in CODECS {
        let compressed = file(&compress(&base()));
        let (spool, mut spooled) = (Spool::default(), Vec::new());
        let paths = [plain.clone(), compressed.path().to_owned()];
        let mut input = Input::open_spooling(&paths, &Arc::default(), &mut |index| {
            spooled.push(index);
            Ok(Box::new(spool.clone()))
        })
        .unwrap();
        assert_eq!(spooled, [1], "{name}: only what cannot be read again");
        let base = base();
        while let Some(packet) = input.next() {
            let packet = packet.unwrap();
            let at = packet.place.offset as usize;
            let spool = spool.0.lock().unwrap();
            let bytes = if packet.place.file == 0 { &base } else { &*spool };
            assert_eq!(&bytes[at..at + packet.data.len()], packet.data);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damage_is_survived(
        codec in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
    ) {
        let small = &std::fs::read(capture("nginx-rtmp/rtmpdump-vod-seek.pcap")).unwrap();
        let mut bytes = CODECS[codec].1(small);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(end.index(bytes.len() * 2));
        let (_, errors) = of(&bytes);
        prop_assert!(errors.len() <= 1, "{errors:?}");
    }

    #[test]
    fn any_bytes_after_a_beginning_are_survived(
        start in prop::sample::select(vec![
            &[0x1f, 0x8b, 8][..], &[0x28, 0xb5, 0x2f, 0xfd], &[0x04, 0x22, 0x4d, 0x18], &[0x02, 0x21, 0x4c, 0x18], &[0x50, 0x2a, 0x4d, 0x18],
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        of(&[start, &bytes].concat());
    }
}

#[test]
fn what_is_said_is_said_once() {
    let cut = gzip(&base())[..100].to_vec();
    let error = Input::from_reader("F", std::io::Cursor::new(cut)).err().unwrap();
    assert_eq!(error.to_string(), "F: the gzip data breaks off after 100 bytes");
    assert!(std::error::Error::source(&error).is_none(), "a chain of causes would repeat it");
}
