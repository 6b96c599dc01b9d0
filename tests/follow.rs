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

/// The client writes its secrets while it connects, which may be behind the first packets.
#[test]
fn secrets_that_are_logged_later_are_read() {
    let whole = fs::read("captures/tls/nginx-ffmpeg-tls12-gcm.pcap").unwrap();
    let secrets = fs::read_to_string("captures/tls/nginx-ffmpeg-tls12-gcm.keys").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (path, log) = (folder.path().join("growing.pcap"), folder.path().join("growing.keys"));
    // Up to there nothing is decrypted. The records that came wait.
    let mut at = 24;
    for _ in 0..100 {
        at += 16 + u32::from_le_bytes(whole[at + 8..at + 12].try_into().unwrap()) as usize;
    }
    let mut file = File::create(&path).unwrap();
    file.write_all(&whole[..at]).unwrap();
    fs::write(&log, "# of another program\nCLIENT_RAN").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.args(["--follow", "--json", "--keylog"]).args([&log, &path]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("\"event\":\"capture\""));
    std::thread::sleep(Duration::from_millis(1200));
    fs::write(&log, format!("# of another program\n{secrets}")).unwrap();
    file.write_all(&whole[at..]).unwrap();
    // Live: not only at the end.
    let mut messages = 0;
    while messages < 225 {
        messages += u32::from(lines.next().unwrap().contains("\"event\":\"message\""));
    }
    interrupt(&child);
    let rest: Vec<_> = lines.collect();
    assert!(!rest.iter().any(|line| line.contains("\"event\":\"message\"")), "{rest:?}");
    let (status, said) = complaints(child);
    assert_eq!(status, Some(0), "{said}");
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
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut waiting = follow(&pipe);
    assert_eq!(ends(&mut waiting), Some(2));
    assert!(complaints(waiting).1.contains("only a file can be followed"));
    let two = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(["--follow", "--text", "a", "b"]).output().unwrap();
    assert!(String::from_utf8_lossy(&two.stderr).contains("--follow reads one capture"));
}

/// Reads standard input, of which this end is held open.
fn live(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end, which must come though nothing more is written and nothing is closed.
fn ends(child: &mut Child) -> Option<i32> {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it still waits");
}

#[test]
fn a_pipe_that_is_silent_is_left_when_the_user_ends_it() {
    let whole = capture();
    // Ctrl-C is how a user ends it; the others are told of as a shell tells of them.
    for (signal, status) in [("-INT", 0), ("-TERM", 143), ("-QUIT", 131), ("-HUP", 129)] {
        let mut child = live(&["--json", "-"]);
        let mut stdin = child.stdin.take().unwrap();
        // The last record is not whole: what stopped it is the user, and that is no fault.
        stdin.write_all(&whole[..whole.len() - 5]).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        while !lines.next().unwrap().contains("deleteStream") {}
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(ends(&mut child), Some(status), "{signal}");
        assert!(lines.last().unwrap().starts_with("{\"event\":\"summary\""));
        assert_eq!(complaints(child), (Some(status), String::new()));
        drop(stdin);
    }
}

#[test]
fn what_a_writer_still_has_when_both_are_interrupted_is_read() {
    let whole = capture();
    let mut child = live(&["--json", "-"]);
    let mut stdin = child.stdin.take().unwrap();
    let (first, rest) = whole.split_at(whole.len() - 700);
    stdin.write_all(first).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    while !lines.next().unwrap().contains("\"name\":\"publish\"") {}
    // As tcpdump does it, which gives what it holds back and ends.
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(50));
    stdin.write_all(rest).unwrap();
    drop(stdin);
    assert!(lines.any(|line| line.contains("deleteStream")));
    assert_eq!(complaints(child), (Some(0), String::new()));
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_though_nothing_more_comes() {
    let whole = capture();
    for arguments in [&["--json", "-"][..], &["--text", "-"]] {
        let mut child = live(arguments);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&whole).unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(ends(&mut child), Some(0));
        assert_eq!(complaints(child), (Some(0), String::new()));
        drop(stdin);
    }
}

#[test]
fn a_followed_file_is_left_when_the_reader_has_seen_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("growing.pcap");
    fs::write(&path, capture()).unwrap();
    let mut child = follow(&path);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(complaints(child), (Some(0), String::new()));
}

#[test]
fn what_cannot_be_said_on_standard_error_changes_nothing() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    let status = command.args(["--text", "no-such-file.pcap"]).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

/// The repository's capture of a publisher and a player: some hundred kilobytes of JSON.
fn long() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nginx-rtmp/ffmpeg-publish-and-play.pcapng")
}

#[test]
fn a_file_that_is_left_before_its_end_was_not_all_read() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    let mut child = command.arg("--json").arg(long()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.next().unwrap();
    // The pipe is full by now, or will be: it cannot have read on to the end.
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(50));
    let last = lines.last().unwrap();
    assert!(last.starts_with("{\"event\":\"summary\""), "{last}");
    let (status, said) = complaints(child);
    assert_eq!(status, Some(2));
    assert!(said.contains("interrupted after packet ") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_comparison_is_ended_by_the_user_like_the_rest() {
    let whole = fs::read(long()).unwrap();
    for (signal, status) in [("-INT", 2), ("-TERM", 143)] {
        let server = format!("file={}", long().display());
        let mut child = live(&["compare", "--json", &server, "pipe=-", &format!("never={}", long().display())]);
        let mut stdin = child.stdin.take().unwrap();
        // More than a pipe holds: when it is written, the file in front of it was read.
        stdin.write_all(&whole).unwrap();
        assert!(child.try_wait().unwrap().is_none());
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(ends(&mut child), Some(status), "{signal}");
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        let compared: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(compared["labels"], serde_json::json!(["file", "pipe", "never"]));
        let cells = &compared["behaviour"][0]["cells"];
        assert!(cells["file"]["value"].is_string() && cells["pipe"]["value"].is_string(), "{cells}");
        let (_, said) = complaints(child);
        assert!(said.contains("ffmpeg-publish-and-play.pcapng: not read: "), "{said}");
        assert!(said.contains("never: no session with a readable beginning") && said.lines().count() == 2, "{said}");
        drop(stdin);
    }
}

#[test]
fn a_comparison_that_nobody_waits_for_ends_in_silence() {
    let mut child = live(&["compare", "pipe=-"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&capture()).unwrap();
    drop(child.stdout.take());
    assert_eq!(ends(&mut child), Some(0));
    assert_eq!(complaints(child), (Some(0), String::new()));
    drop(stdin);
}
