//! Media rebuilt from RTP, as FFmpeg reads it: as many frames as `stats` tells, and none that is broken.
//!
//! `cargo test --test ftl -- --ignored` runs it, where ffmpeg and ffprobe are.

use std::path::{Path, PathBuf};
use std::process::Command;

use rtmp_inspect::proto::rtp::{Frame, Media};

use crate::media::media_of;
use crate::pcap::packets;
use crate::stats::stats;

/// Captures with media, and the server's port of it.
const CAPTURES: &[(&str, u16)] = &[("janus-publish.pcap", 9000), ("janus-client-killed.pcap", 9000)];

#[test]
#[ignore = "needs ffmpeg and ffprobe"]
fn ffmpeg_decodes_what_was_rebuilt() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (capture, port) in CAPTURES {
        let (_, heard) = media_of(&packets(capture), *port);
        let session = stats(capture, &[]).remove(0);
        for source in session["ftl"]["sources"].as_array().unwrap() {
            let frames: Vec<_> =
                heard.frames.iter().filter(|frame| source["ssrc"] == serde_json::json!(frame.ssrc)).collect();
            let (file, bytes) = match source["codec"].as_str().unwrap() {
                "h264" => (folder.join(format!("{capture}.h264")), annex_b(&frames)),
                "opus" => (folder.join(format!("{capture}.opus")), ogg(&frames)),
                codec => panic!("{codec}"),
            };
            std::fs::write(&file, bytes).unwrap();
            let told = source["frames"].as_u64().unwrap();
            assert!(told > 50 && source["whole_frames"] == source["frames"]);
            let (decoded, size) = decoded(&file);
            assert_eq!(decoded, told, "{}", file.display());
            if let Some(width) = source["width"].as_u64() {
                assert_eq!(size, format!("{width}x{}", source["height"]), "{}", file.display());
            }
        }
    }
}

/// How many frames ffprobe decodes, and of what size; ffmpeg has nothing to say of them.
fn decoded(file: &PathBuf) -> (u64, String) {
    let entries = "stream=nb_read_frames,width,height";
    let arguments = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "default=noprint_wrappers=1"];
    let probe = Command::new("ffprobe").args(arguments).arg(file).output().unwrap();
    let said = String::from_utf8(probe.stdout).unwrap();
    let value = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    let mut whole = Command::new("ffmpeg");
    let whole = whole.args(["-v", "warning", "-xerror", "-i"]).arg(file).args(["-f", "null", "-"]).output().unwrap();
    let complaints = String::from_utf8_lossy(&whole.stderr).into_owned();
    // The clock of a file without timestamps is FFmpeg's own business.
    let complaints: Vec<_> = complaints.lines().filter(|line| !line.contains("timestamp")).collect();
    assert!(whole.status.success() && complaints.is_empty(), "{}: {complaints:?}", file.display());
    (value("nb_read_frames").parse().unwrap(), format!("{}x{}", value("width"), value("height")))
}

/// Each NAL unit behind a start code, in the place of its length.
fn annex_b(frames: &[&Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        let mut rest = &frame.data[..];
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let (unit, next) = behind.split_at(u32::from_be_bytes(*length) as usize);
            bytes.extend_from_slice(&[0, 0, 0, 1]);
            bytes.extend_from_slice(unit);
            rest = next;
        }
    }
    bytes
}

/// A page for each packet. Source: RFC 3533 §6, RFC 7845 §5.
fn ogg(frames: &[&Frame]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Version 1, two channels, nothing to skip, 48 kHz, no gain, mapping family 0.
    page(&mut bytes, 2, 0, b"OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0");
    page(&mut bytes, 0, 0, b"OpusTags\0\0\0\0\0\0\0\0");
    let mut samples = 0;
    for (at, frame) in frames.iter().enumerate() {
        let Media::Opus(opus) = &frame.media else { panic!("{:?}", frame.media) };
        samples += u64::from(opus.samples());
        page(&mut bytes, if at + 1 == frames.len() { 4 } else { 0 }, samples, &frame.data);
    }
    bytes
}

fn page(bytes: &mut Vec<u8>, flags: u8, samples: u64, packet: &[u8]) {
    let number = bytes.windows(4).filter(|four| four == b"OggS").count() as u32;
    let start = bytes.len();
    bytes.extend_from_slice(b"OggS\0");
    bytes.push(flags);
    bytes.extend_from_slice(&samples.to_le_bytes());
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.push((packet.len() / 255 + 1) as u8);
    bytes.extend(std::iter::repeat_n(255, packet.len() / 255));
    bytes.push((packet.len() % 255) as u8);
    bytes.extend_from_slice(packet);
    let mut sum = 0u32;
    for byte in &bytes[start..] {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
        }
    }
    bytes[start + 22..start + 26].copy_from_slice(&sum.to_le_bytes());
}
