//! Media rebuilt from RTP, as FFmpeg reads it: as many frames as `stats` tells, and none that is broken.
//!
//! `cargo test --test ftl -- --ignored` runs it, where ffmpeg and ffprobe are.

use std::io::Write;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

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

/// FFmpeg takes the same datagrams apart by itself: sent to it over loopback, they give the same pictures and the same sound, frame
/// by frame.
#[test]
#[ignore = "needs ffmpeg"]
fn ffmpeg_takes_the_datagrams_apart_alike() {
    const FORMATS: [(&str, &str, &str); 2] = [("h264", "video", "96 H264/90000"), ("opus", "audio", "97 opus/48000/2")];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (capture, port) in CAPTURES {
        let sent = packets(capture);
        let (_, heard) = media_of(&sent, *port);
        for (codec, kind, format) in FORMATS {
            let is_its = |frame: &&Frame| matches!(frame.media, Media::H264 { .. }) == (codec == "h264");
            let frames: Vec<_> = heard.frames.iter().filter(is_its).collect();
            assert!(frames.len() > 50 && frames.iter().all(|frame| frame.is_whole()));
            let ours = folder.join(format!("{capture}.alike.{codec}"));
            std::fs::write(&ours, if codec == "h264" { annex_b(&frames) } else { ogg(&frames) }).unwrap();

            // A port that is free, and the one above it, where RTCP would come.
            let to = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() & !1;
            let (number, mapping) = format.split_once(' ').unwrap();
            let description = folder.join(format!("{capture}.{codec}.sdp"));
            let lines = [
                "v=0".to_owned(),
                "o=- 0 0 IN IP4 127.0.0.1".to_owned(),
                "s=-".to_owned(),
                "c=IN IP4 127.0.0.1".to_owned(),
                "t=0 0".to_owned(),
                format!("m={kind} {to} RTP/AVP {number}"),
                format!("a=rtpmap:{number} {mapping}\n"),
            ];
            std::fs::write(&description, lines.join("\n")).unwrap();
            let theirs = folder.join(format!("{capture}.theirs.{}", if codec == "h264" { "h264" } else { "ogg" }));
            let mut receiver = Command::new("ffmpeg")
                .args(["-v", "error", "-y", "-protocol_whitelist", "file,udp,rtp", "-analyzeduration", "0"])
                .arg("-i")
                .arg(&description)
                .args(["-c", "copy"])
                .arg(&theirs)
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            sleep(Duration::from_secs(2));
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            for packet in sent.iter().filter(|packet| !packet.is_tcp && packet.ports.1 == *port) {
                let payload_type = packet.payload.get(1).map_or(0, |second| second & 0x7f);
                if payload_type.to_string() == number {
                    let _ = socket.send_to(&packet.payload, ("127.0.0.1", to));
                    sleep(Duration::from_millis(3));
                }
            }
            sleep(Duration::from_secs(1));
            receiver.stdin.take().unwrap().write_all(b"q").unwrap();
            assert!(receiver.wait().unwrap().success());
            let (ours, theirs) = (digests(&ours), digests(&theirs));
            assert_eq!(ours.len(), frames.len(), "{capture} {codec}");
            // It waits for the next frame to know where the last one ends, and none comes.
            assert!(theirs.len() + 1 >= ours.len(), "{capture} {codec}: {} of {}", theirs.len(), ours.len());
            assert_eq!(ours[..theirs.len()], theirs[..], "{capture} {codec}");
        }
    }
}

/// The MD5 of each frame that FFmpeg decodes.
fn digests(file: &Path) -> Vec<String> {
    let decoded = Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(file).args(["-f", "framemd5", "-"]).output();
    let lines = String::from_utf8(decoded.unwrap().stdout).unwrap();
    let frames = lines.lines().filter(|line| !line.starts_with('#'));
    frames.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
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
