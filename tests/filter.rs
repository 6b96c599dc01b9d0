//! The filter language as its documentation says it: every example of docs/filter.md is run on its capture, and
//! docs/fields.md is what the program knows. `BLESS=1` writes both again.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::filter::{Filter, Scratch, Sessions, Subject};
use rtmp_inspect::proto::Event;
use rtmp_inspect::registry;
use rtmp_inspect::rules::{Engine, Finding};
use rtmp_inspect::wire::Time;
use serde_json::Value;

fn doc(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Asks every event of a capture.
fn each(capture: &Path, mut ask: impl FnMut(&Subject<'_>)) {
    let mut input = Input::open(&[capture.to_owned()]).unwrap();
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let mut engine = Engine::default();
    let mut sessions = Sessions::default();
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            let findings: Vec<Finding> = engine.observe(&event);
            sessions.observe(&event);
            let start = analyzer.totals().first.map_or(Time::default(), |at| at.time);
            let session = sessions.get(event.session());
            ask(&Subject { event: &event, findings: &findings, session, start });
            sessions.forget(&event);
        }
    };
    while let Some(packet) = input.next() {
        if let Ok(packet) = packet {
            analyzer.push(&packet);
        }
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
}

/// `3 message:11`: how many events match, and the first of them, by its number or its packet.
fn outcome(capture: &str, filter: &Filter) -> String {
    let mut scratch = Scratch::new(&Limits::default());
    let mut count = 0;
    let mut first = String::new();
    each(&common::capture(capture), |subject| {
        if filter.matches(subject, &mut scratch) {
            count += 1;
            if count == 1 {
                first = match subject.event {
                    Event::Message(message) => format!(" message:{}", message.n),
                    Event::Session(opened) => format!(" session:{}", opened.session),
                    Event::Handshake(step) => format!(" {}:{}", step.step.name(step.from), step.last.packet),
                    Event::Close(close) => format!(" close:{}", close.at.packet),
                    Event::Gap(gap) => format!(" gap:{}", gap.at.packet),
                    Event::Resync(found) => format!(" resync:{}", found.at.packet),
                    Event::Incomplete(part) => format!(" incomplete:{}", part.head.last.packet),
                    _ => " other".into(),
                };
            }
        }
    });
    format!("{count}{first}")
}

#[test]
fn every_example_of_the_documentation_holds() {
    let path = doc("filter.md");
    let text = fs::read_to_string(&path).unwrap();
    let mut blessed = String::new();
    let mut lines = text.lines();
    let (mut examples, mut wrong) = (0, String::new());
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```filter ") {
            let expression = lines.next().unwrap();
            let (capture, expected) = info.split_once(' ').unwrap();
            let filter = Filter::parse(expression).unwrap_or_else(|error| panic!("{error}"));
            let found = outcome(capture, &filter);
            if found != expected {
                writeln!(wrong, "{expression}\n  on {capture}: {found}, documented as {expected}").unwrap();
            }
            // What is printed of it means the same.
            let printed = filter.to_string();
            let again = Filter::parse(&printed).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(again.to_string(), printed);
            assert_eq!(outcome(capture, &again), found, "{printed}");
            writeln!(blessed, "```filter {capture} {found}\n{expression}").unwrap();
            examples += 1;
        } else if line == "```filter-error" {
            let expression = lines.next().unwrap();
            let error = Filter::parse(expression).unwrap_err().to_string();
            assert_eq!(lines.next(), Some("---"));
            let expected: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            if expected.join("\n") != error {
                writeln!(wrong, "{expression}\n{error}").unwrap();
            }
            writeln!(blessed, "```filter-error\n{expression}\n---\n{error}\n```").unwrap();
            examples += 1;
        } else {
            writeln!(blessed, "{line}").unwrap();
        }
    }
    assert!(examples > 30, "{examples}");
    if is_blessing() {
        fs::write(path, blessed).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[test]
fn the_list_of_fields_is_in_sync() {
    let path = doc("fields.md");
    let fields = registry::reference::markdown();
    if is_blessing() {
        fs::write(path, fields).unwrap();
    } else {
        let written = fs::read_to_string(path).unwrap();
        assert!(written == fields, "docs/fields.md is old: BLESS=1 cargo test --test filter");
    }
}

/// Every single value in a line of JSON, as a comparison by its path.
fn comparisons(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        // What JSON tags is one value, not an object.
        Value::Object(members) if members.keys().any(|key| key.starts_with('$')) => {}
        Value::Object(members) => {
            for (key, value) in members {
                let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                match (path, plain) {
                    ("", _) => comparisons(key, value, found),
                    (_, true) => comparisons(&format!("{path}.{key}"), value, found),
                    (_, false) => comparisons(&format!("{path}[{key:?}]"), value, found),
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let position = match path {
                    "packets" => path.to_owned(),
                    "problems" => format!("{path}[*]"),
                    _ => format!("{path}[{index}]"),
                };
                comparisons(&position, value, found);
            }
        }
        // Hex digits of bytes.
        Value::String(_) if path == "zero" => {}
        Value::String(text) => found.push(format!("{path} == {text:?}")),
        other => found.push(format!("{path} == {other}")),
    }
}

#[test]
fn every_value_in_json_can_be_asked_for_by_its_path() {
    let mut asked = 0;
    let mut scratch = Scratch::new(&Limits::default());
    for name in [
        "nginx-rtmp/rtmpclient-rpc.pcap",
        "nginx-rtmp/ffmpeg-publish-flvflags.pcap",
        "srs/ffmpeg-publish-denied.pcap",
        "transport/format-snaplen-1000.pcap",
        "enhanced/nms4-ffmpeg-av1-opus.pcap",
        "nginx-rtmp/ffmpeg-extended-timestamp.pcap",
    ] {
        let capture = common::capture(name);
        let run = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
            .args(["--json", "--show-secrets"])
            .arg(&capture)
            .output()
            .unwrap();
        let text = String::from_utf8(run.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let other = ["capture", "finding", "summary"];
        let mut lines = lines.filter(|line| !other.contains(&line["event"].as_str().unwrap()));
        let mut media = 0;
        each(&capture, |subject| {
            let line = lines.next().unwrap();
            if matches!(subject.event, Event::Gap(gap) if gap.survived) {
                // Such a gap has a second line.
                assert_eq!(lines.next().unwrap()["event"], "resync");
            }
            media += u32::from(matches!(line["type"].as_u64(), Some(8 | 9)));
            if media > 20 && matches!(line["type"].as_u64(), Some(8 | 9)) {
                return;
            }
            let mut found = Vec::new();
            comparisons("", &line, &mut found);
            assert!(found.len() > 3, "{line}");
            for comparison in found {
                let filter = Filter::parse(&comparison).unwrap_or_else(|error| panic!("{name}: {error}\n{line}"));
                assert!(filter.matches(subject, &mut scratch), "{name}: {comparison} does not hold for {line}");
                asked += 1;
            }
        });
        assert!(lines.next().is_none());
    }
    assert!(asked > 3000, "{asked}");
}
