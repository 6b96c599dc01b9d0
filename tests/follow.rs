//! `--follow`: a capture that grows while it is read.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rtmp_inspect::synth::{Link, pcap, sample};

fn capture() -> Vec<u8> {
    let mut bytes = Vec::new();
    pcap::write(&mut bytes, &Link::v4().packets(&sample::publish(3))).unwrap();
    bytes
}

fn follow(path: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.args(["--follow", "--json"]).arg(path);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

fn complaints(mut child: Child) -> (Option<i32>, String) {
    let status = child.wait().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    (status.code(), text)
}

#[test]
fn what_is_written_later_comes_and_half_a_record_is_waited_for() {
    let whole = capture();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.pcap");
    let mut file = File::create(&path).unwrap();
    // Cut inside a record.
    let (first, rest) = whole.split_at(whole.len() - 700);
    file.write_all(first).unwrap();
    let mut child = follow(&path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.contains("\"name\":\"publish\"")) {
        said.push(lines.next().unwrap());
    }
    // All but the last bytes of the last record.
    file.write_all(&rest[..rest.len() - 5]).unwrap();
    while !said.last().is_some_and(|line| line.contains("deleteStream")) {
        said.push(lines.next().unwrap());
    }
    interrupt(&child);
    said.extend(lines);
    assert!(said.last().unwrap().starts_with("{\"event\":\"summary\""), "{:?}", said.last());
    assert_eq!(complaints(child), (Some(0), String::new()));

    // The same lines as of the whole file, but for what its last packet says.
    fs::write(&path, &whole).unwrap();
    let at_once = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).arg("--json").arg(&path).output().unwrap();
    let at_once = String::from_utf8(at_once.stdout).unwrap();
    let messages = |lines: &[String]| {
        lines.iter().filter(|line| line.contains("\"event\":\"message\"")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(messages(&said), messages(&at_once.lines().map(str::to_owned).collect::<Vec<_>>()));
}

#[test]
fn a_file_that_is_replaced_or_truncated_ends_the_reading() {
    let whole = capture();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rotated.pcap");
    for (expected, change) in [("replaced", true), ("truncated", false)] {
        fs::write(&path, &whole).unwrap();
        let mut child = follow(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let since = Instant::now();
        while !lines.next().unwrap().contains("deleteStream") {
            assert!(since.elapsed() < Duration::from_mins(1));
        }
        if change {
            fs::rename(&path, folder.path().join("old.pcap")).unwrap();
            fs::write(&path, &whole).unwrap();
        } else {
            File::options().write(true).open(&path).unwrap().set_len(30).unwrap();
        }
        assert!(lines.last().unwrap().starts_with("{\"event\":\"summary\""));
        let (status, said) = complaints(child);
        assert_eq!(status, Some(2));
        assert!(said.contains(&format!("rotated.pcap: the file was {expected}")), "{said}");
    }
}

#[test]
fn what_cannot_be_followed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture.gz");
    // The beginning of a gzip file, as it stands while it is written.
    fs::write(&path, [0x1f, 0x8b, 8, 0]).unwrap();
    let (status, said) = complaints(follow(&path));
    assert_eq!(status, Some(2));
    assert!(said.contains("compressed captures cannot be followed"), "{said}");
    let (status, said) = complaints(follow(Path::new("-")));
    assert!(status == Some(2) && said.contains("standard input is followed by itself"), "{said}");
    let two = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(["--follow", "--text", "a", "b"]).output().unwrap();
    assert!(String::from_utf8_lossy(&two.stderr).contains("--follow reads one capture"));
}

#[test]
fn what_cannot_be_said_on_standard_error_changes_nothing() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    let status = command.args(["--text", "no-such-file.pcap"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
