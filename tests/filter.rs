//! The filter language as its documentation says it: every example of docs/filter.md is run on its capture, and
//! docs/fields.md is what the program knows. `BLESS=1` writes both again.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeSet, HashMap};
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
use rtmp_inspect::synth::{Link, pcap, sample};
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

/// Lists of an event's own whose positions a filter does not tell apart: each value is one of the field's.
const VALUES: &[&str] = &["packets", "finding.packets", "tunnels", "tunnels_back", "finding.evidence.at"];
/// Bytes that JSON has as plain hex digits.
const HEX: &[&str] = &["zero", "payload", "finding.evidence.bytes"];

/// Every single value in a line of JSON, as a comparison by its path; what no comparison can be written for, as a question
/// whether it is there.
fn comparisons(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        // What JSON tags is one value, not an object.
        Value::Object(members) if members.keys().any(|key| key.starts_with('$')) => {
            match members.get("$bytes").and_then(Value::as_str) {
                Some(digits) if members.len() == 1 => hex(path, digits, found),
                _ => found.push(path.to_owned()),
            }
        }
        Value::Object(members) => {
            if !path.is_empty() && !path.ends_with("[*]") {
                found.push(path.to_owned());
            }
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
            found.push(path.to_owned());
            for (index, value) in values.iter().enumerate() {
                let position = match path {
                    "problems" | "tls.alerts" => format!("{path}[*]"),
                    _ if VALUES.contains(&path) => path.to_owned(),
                    _ => format!("{path}[{index}]"),
                };
                comparisons(&position, value, found);
            }
        }
        Value::String(digits) if HEX.contains(&path) => hex(path, digits, found),
        Value::String(text) => found.push(format!("{path} == {text:?}")),
        other => found.push(format!("{path} == {other}")),
    }
}

/// Bytes are written as two and more.
fn hex(path: &str, digits: &str, found: &mut Vec<String>) {
    if !(4..128).contains(&digits.len()) {
        return found.push(path.to_owned());
    }
    let bytes: Vec<_> = digits.as_bytes().chunks(2).map(|byte| std::str::from_utf8(byte).unwrap()).collect();
    found.push(format!("{path} == {}", bytes.join(":")));
}

/// The comparisons that a line of JSON is made of.
fn of_line(line: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let event = line["event"].as_str().unwrap();
    if ["tls", "tunnel"].contains(&event) {
        // What every event has stands there by its own name, the rest is the carrier's.
        for (key, value) in line.as_object().unwrap() {
            let is_every = ["event", "session", "from", "time", "packets"].contains(&&**key);
            comparisons(&if is_every { key.clone() } else { format!("{event}.{key}") }, value, &mut found);
        }
        return found;
    }
    if event != "finding" {
        comparisons("", line, &mut found);
        return found;
    }
    for (key, value) in line.as_object().unwrap() {
        match &**key {
            // The line is the finding; its session is that of the event at which it was found.
            "event" => found.push("finding".to_owned()),
            "session" => comparisons(key, value, &mut found),
            _ => comparisons(&format!("finding.{key}"), value, &mut found),
        }
    }
    found
}

/// What a comparison is about.
fn name_of(comparison: &str) -> &str {
    comparison.split(" == ").next().unwrap()
}

/// The whole name of what a filter is about, without the positions in it.
fn without_positions(filter: &Filter) -> String {
    let text = filter.to_string();
    let parts = name_of(&text).split('[');
    parts.map(|part| part.rsplit(']').next().unwrap()).collect()
}

/// An event's own fields that no line of the bundled captures has as a key, and why that is right.
const NOT_PRINTED: &[(&str, &str)] = &[
    ("ftl.signature_valid", "only where a stream key is given"),
    ("close", "the line is the close"),
    ("tls", "the line is what is known of it, where a key log or a likely RTMPS is there"),
    ("tls.", "most say something about rare connections alone, and that those that are opened; tests/tls has them"),
    ("tunnel", "the line is the request"),
    ("tunnel.status", "only where it is not 200"),
    ("tunnel.faults", "only where something is wrong"),
    ("captured", "only of what no secret opens; tests/tls has it"),
    ("handshake", "the line is the step"),
    ("close.tcp.", "written from the list of these fields itself; most say something about broken networks alone"),
];

/// The repository's captures, without those that are another one with its packets disturbed, and one with what cannot be
/// decoded.
fn captures() -> Vec<PathBuf> {
    let mut captures = common::captures();
    captures.retain(|path| !path.file_name().unwrap().to_str().unwrap().starts_with("derived-"));
    // In no other one packets are lost and asked for again.
    captures.push(common::capture("ftl/derived-nacks.pcap"));
    captures.sort();
    // A command that ends inside its name, then no chunk header.
    let command = [3, 0, 0, 0, 0, 0, 4, 20, 0, 0, 0, 0, 2, 0, 5, b'c'];
    let lost = [9, 0, 0, 0, 0x10, 0, 0, 99, 0xde, 0xad, 0xbe, 0xef];
    let broken = sample::publish(2).client(|client| client.raw(&command).raw(&lost));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken.pcap");
    pcap::write(fs::File::create(&path).unwrap(), &Link::v4().packets(&broken)).unwrap();
    captures.push(path);
    captures
}

/// JSON and filters cannot drift apart: each value on each line of the timeline is what a filter finds under that name, and
/// each field of an event's own is the name of such a value. The lines `capture` and `summary` are no events.
#[test]
fn every_value_in_json_can_be_asked_for_by_its_path() {
    let mut asked = 0;
    let mut printed = BTreeSet::new();
    let mut scratch = Scratch::new(&Limits::default());
    let mut known: HashMap<String, Filter> = HashMap::new();
    for capture in captures() {
        let name = capture.display();
        let run = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
            .args(["--json", "--show-secrets", "--payload", "hex"])
            .arg(&capture)
            .output()
            .unwrap();
        let text = String::from_utf8(run.stdout).unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).peekable();
        assert_eq!(lines.next().unwrap()["event"], "capture");
        // Lines of one shape say the same of the names; a few of each are asked.
        let mut shapes: HashMap<Vec<String>, u32> = HashMap::new();
        let mut is_enough = |shape: Vec<String>, most: u32| {
            let seen = shapes.entry(shape).or_default();
            *seen += 1;
            *seen > most
        };
        each(&capture, |subject| {
            let mut ask = |line: Value, subject: &Subject<'_>| {
                let inside = line.as_object().unwrap().values().filter_map(Value::as_object).flat_map(|it| it.keys());
                let keys = line.as_object().unwrap().keys().chain(inside).cloned();
                if is_enough(keys.chain([line["type"].to_string()]).collect(), 20) {
                    return;
                }
                let comparisons = of_line(&line);
                assert!(comparisons.len() > 3, "{line}");
                if is_enough(comparisons.iter().map(|text| name_of(text).to_owned()).collect(), 3) {
                    return;
                }
                for comparison in comparisons {
                    let filter = known.entry(comparison.clone()).or_insert_with(|| {
                        Filter::parse(&comparison).unwrap_or_else(|error| panic!("{name}: {error}\n{line}"))
                    });
                    assert!(filter.matches(subject, &mut scratch), "{name}: {comparison} does not hold for {line}");
                    printed.insert(without_positions(filter));
                    asked += 1;
                }
            };
            ask(lines.next().unwrap(), subject);
            if matches!(subject.event, Event::Gap(gap) if gap.survived) {
                // Such a gap has a second line.
                let line = lines.next().unwrap();
                assert_eq!(line["event"], "resync");
                ask(line, subject);
            }
            for finding in subject.findings {
                let line = lines.next().unwrap();
                assert_eq!(line["event"], "finding");
                ask(line, &Subject { findings: std::slice::from_ref(finding), ..*subject });
            }
        });
        assert_eq!(lines.next().unwrap()["event"], "summary");
    }
    assert!(asked > 10_000, "{asked}");
    for field in registry::own() {
        let reason = NOT_PRINTED
            .iter()
            .find(|(name, _)| field.name == *name || name.ends_with('.') && field.name.starts_with(name));
        let is_printed = ["", "s"].iter().any(|end| printed.contains(&format!("{}{end}", field.name)));
        assert!(is_printed || reason.is_some(), "no line of JSON has {}", field.name);
        assert!(!is_printed || reason.is_none_or(|(name, _)| name.ends_with('.')), "{} is printed", field.name);
    }
}
