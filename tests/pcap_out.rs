//! `extract --pcap`: the packets of sessions, from which the same messages come again.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rtmp_inspect::capture::Input;
use serde_json::Value;
use tempfile::TempDir;

fn run(arguments: &[&str], captures: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).args(captures).output().unwrap()
}

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// What is told of a capture's sessions, but for the numbers of packets. Findings may be about what is not theirs, and when what nothing
/// opens is taken for a session depends on what else is in the capture.
fn told(path: &Path) -> Vec<Value> {
    let output = run(&["--json", "--show-secrets", "--payload", "hex"], &[path]);
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut told: Vec<Value> = lines.map(|line| common::strict::parse(line).unwrap()).collect();
    told.retain(|line| !matches!(line["event"].as_str(), Some("capture" | "finding" | "summary" | "tls")));
    for line in &mut told {
        let line = line.as_object_mut().unwrap();
        line.remove("packet");
        line.remove("packets");
        if let Some(tcp) = line.get_mut("tcp").and_then(Value::as_object_mut) {
            tcp.remove("reset_packet");
        }
    }
    told
}

/// The captured bytes of a capture's packets, with their times, lengths and link types.
fn packets(path: &Path) -> Vec<(i64, i32, u32, Vec<u8>)> {
    let mut input = Input::open(&[path.to_owned()]).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = input.next() {
        let Ok(packet) = packet else { continue };
        packets.push((packet.at.time.0, packet.link.0, packet.wire_length, packet.data.to_vec()));
    }
    packets
}

/// The same by session, whatever its number. What an end of the capture tells, it tells in an order of its own.
fn by_client(lines: Vec<Value>) -> Vec<Value> {
    let mut clients = std::collections::HashMap::new();
    for line in lines.iter().filter(|line| line["event"] == "session") {
        clients.insert(line["session"].as_u64().unwrap(), (line["client"].to_string(), line["time"].to_string()));
    }
    let mut lines: Vec<_> =
        lines.into_iter().map(|line| (clients[&line["session"].as_u64().unwrap()].clone(), line)).collect();
    lines.sort_by(|one, other| one.0.cmp(&other.0));
    let lines = lines.into_iter().map(|(_, mut line)| {
        let members = line.as_object_mut().unwrap();
        members.retain(|key, _| key != "n" && key != "session");
        if let Some(command) = members.get_mut("command").and_then(Value::as_object_mut) {
            command.remove("answers");
        }
        line
    });
    lines.collect()
}

fn extract(folder: &TempDir, arguments: &[&str], path: &Path) -> (PathBuf, Output) {
    let out = folder.path().join("out.pcapng");
    let all = [&["extract", "--force", "--pcap", out.to_str().unwrap()], arguments].concat();
    let output = run(&all, &[path]);
    (out, output)
}

#[test]
fn the_same_is_told_of_what_was_taken_out() {
    let mut sessions = 0;
    insta::glob!("../captures", "**/*.pcap*", |path| {
        let folder = TempDir::new().unwrap();
        let before = told(path);
        let (out, output) = extract(&folder, &[], path);
        if before.is_empty() {
            assert_eq!((output.status.code(), out.exists()), (Some(2), false));
            return;
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let after = told(&out);
        let (before, after) = (by_client(before), by_client(after));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{stderr}");
        }
        assert_eq!(before.len(), after.len(), "{stderr}");
        sessions += before.iter().filter(|line| line["event"] == "session").count();
        // They are in the same order, and nothing of them is another.
        let mut captured = packets(path).into_iter();
        for packet in packets(&out) {
            assert!(captured.any(|other| other == packet), "a packet that was not captured, or not there");
        }
    });
    assert!(sessions > 100, "{sessions}");
}

#[test]
fn one_session_brings_no_other() {
    let folder = TempDir::new().unwrap();
    let path = capture("srs/ffmpeg-publish-busy.pcap");
    let of = |lines: Vec<Value>, session: u32| {
        let kept = lines.into_iter().filter(|line| line["session"] == session && line["event"] == "message");
        kept.map(|mut line| {
            let line = line.as_object_mut().unwrap();
            // They are counted over all sessions.
            line.retain(|key, _| key != "n" && key != "session");
            if let Some(command) = line.get_mut("command").and_then(Value::as_object_mut) {
                command.remove("answers");
            }
            Value::from(line.clone())
        })
        .collect::<Vec<_>>()
    };
    for session in [1, 2] {
        let (out, _) = extract(&folder, &["--session", &session.to_string()], &path);
        let after = told(&out);
        assert!(after.iter().all(|line| line["session"] == 1));
        let before = of(told(&path), session);
        assert!(!before.is_empty());
        assert_eq!(of(after, 1), before);
    }
    let (out, output) = extract(&folder, &["-Y", "command.name == \"publish\""], &path);
    assert!(output.status.success() && told(&out).iter().any(|line| line["command"]["name"] == "publish"));
}

#[test]
fn what_there_is_not_and_what_cannot_be_read_again_is_said() {
    let folder = TempDir::new().unwrap();
    let path = capture("srs/ffmpeg-publish-busy.pcap");
    let (out, output) = extract(&folder, &["--session", "9"], &path);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("there is no such session") && output.status.code() == Some(2) && !out.exists(),
        "{stderr}"
    );
    let (out, output) = extract(&folder, &[], Path::new("-"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("can be read only once") && output.status.code() == Some(2) && !out.exists(), "{stderr}");
}

/// A capture that ends in the middle of a packet, and one that says wrong lengths.
#[test]
fn what_can_be_read_of_a_broken_capture_is_written() {
    let folder = TempDir::new().unwrap();
    let bytes = fs::read(capture("srs/ffmpeg-publish-busy.pcap")).unwrap();
    let cut = folder.path().join("cut.pcap");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let (out, output) = extract(&folder, &[], &cut);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(told(&out), told(&cut));
    let mut random = rtmp_inspect::synth::Random::new(5);
    for _ in 0..20 {
        let mut hostile = bytes.clone();
        for _ in 0..200 {
            let at = 24 + random.below(hostile.len() as u64 - 24) as usize;
            hostile[at] ^= 1 << random.below(8);
        }
        fs::write(&cut, &hostile).unwrap();
        let (_, output) = extract(&folder, &[], &cut);
        assert!(matches!(output.status.code(), Some(0 | 2)), "{output:?}");
    }
}

/// Of each message what it is by its head, without what stands in it.
fn heads(path: &Path) -> Vec<String> {
    let messages =
        told(path).into_iter().filter(|line| matches!(line["event"].as_str(), Some("message" | "handshake")));
    let keys = ["from", "time", "offset", "size", "type", "timestamp", "length", "step", "digest_valid"];
    messages.map(|line| keys.map(|key| line[key].to_string()).join(" ")).collect()
}

#[test]
fn anonymous_packets_tell_the_same_and_hold_no_name() {
    let folder = TempDir::new().unwrap();
    let mut names = 0;
    for name in [
        "srs/ffmpeg-publish-busy.pcap",
        "nginx-rtmp/obs-publish.pcap",
        "node-media-server/ffmpeg-publish-bad-sign.pcap",
    ] {
        let path = capture(name);
        let (out, output) = extract(&folder, &["--anonymise"], &path);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(heads(&out), heads(&path), "{name}");
        let bytes = fs::read(&out).unwrap();
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        for line in told(&path) {
            let command = &line["command"];
            let is_named = matches!(command["name"].as_str(), Some("publish" | "play" | "releaseStream" | "FCPublish"));
            let name = command["arguments"][0].as_str().filter(|name| is_named && name.len() > 3);
            if let Some(name) = name {
                names += 1;
                assert!(!has(name.as_bytes()), "{name}");
            }
        }
        assert!(!has(b"127.0.0.1") && !has(&[127, 0, 0, 1]), "{name}");
    }
    assert!(names > 3, "{names}");
}

/// Right checksums are right again, wrong ones stay wrong, by another implementation; twice the same comes out.
#[test]
fn checksums_of_anonymous_packets_are_what_they_were() {
    let folder = TempDir::new().unwrap();
    let conversation = rtmp_inspect::synth::sample::publish(20);
    let mut file = rtmp_inspect::synth::Link::v4()
        .packets(&conversation)
        .iter()
        .map(|packet| (packet.time, packet.frame()))
        .collect::<Vec<_>>();
    let wrong = 9;
    let at = file[wrong].1.len() - 1;
    file[wrong].1[at] ^= 1;
    let path = folder.path().join("in.pcap");
    let mut bytes = [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 0x0004_0000, 1].map(u32::to_le_bytes).concat();
    for (time, frame) in &file {
        let (seconds, rest, length) = (time.0 / 1_000_000_000, time.0 % 1_000_000_000, frame.len() as u32);
        bytes.extend([seconds as u32, rest as u32, length, length].map(u32::to_le_bytes).concat());
        bytes.extend(frame);
    }
    fs::write(&path, bytes).unwrap();
    let (out, output) = extract(&folder, &["--anonymise"], &path);
    assert!(output.status.success(), "{output:?}");
    let made = packets(&out);
    assert_eq!(made.len(), file.len());
    for (n, ((.., packet), (_, before))) in made.iter().zip(&file).enumerate() {
        assert_eq!(packet.len(), before.len());
        let sliced = etherparse::SlicedPacket::from_ethernet(packet).unwrap();
        let Some(etherparse::NetSlice::Ipv4(ip)) = &sliced.net else { panic!("no IPv4") };
        let Some(etherparse::TransportSlice::Tcp(tcp)) = &sliced.transport else { panic!("no TCP") };
        assert_eq!(ip.header().header_checksum(), ip.header().to_header().calc_header_checksum());
        let (source, destination) = (ip.header().source(), ip.header().destination());
        let right = tcp.calc_checksum_ipv4(source, destination).unwrap();
        assert_eq!(tcp.checksum() == right, n != wrong, "packet {n}");
    }
}
