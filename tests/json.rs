//! What JSON Lines promise, over every capture of the repository: `docs/json.md`.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{capture, captures};
use rtmp_inspect::synth::{Link, Message, pcap, sample};
use serde_json::Value;

fn run(arguments: &[&str], path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).arg(path).output().unwrap()
}

fn lines(arguments: &[&str], path: &Path) -> Vec<Value> {
    let output = run(arguments, path);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is asked of the captures.
const ASKED: &[&[&str]] = &[
    &["--json"],
    &["--json", "-Y", "type == 9"],
    &["--json", "-Y", "from == server and command"],
    &["--json", "-Y", "finding.severity >= warning"],
    &["--json", "-Y", "finding.count > 1"],
    &["--json", "--session", "2", "-Y", "event == close"],
    &["check", "--json"],
    &["check", "--json", "-Y", "finding.count > 1"],
    &["check", "--json", "--sessions", "command.name == \"publish\"", "-Y", "finding.severity == note"],
];

/// Which fault a line is about.
fn kind(finding: &Value) -> [String; 4] {
    ["session", "code", "from", "severity"].map(|key| finding[key].to_string())
}

/// Each fault once, by severity; those that their rules say every case of as often as they are said.
fn counted(lines: &[Value]) -> BTreeMap<String, u64> {
    let (mut counts, mut said) = (BTreeMap::new(), BTreeSet::new());
    for finding in lines.iter().filter(|line| line["event"] == "finding") {
        let is_new = said.insert(kind(finding));
        if is_new || finding.get("count").is_none() {
            *counts.entry(finding["severity"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
    }
    counts
}

#[test]
fn a_session_stands_before_its_lines_and_a_fault_counts_once() {
    let mut filtered = 0;
    for (index, path) in captures().into_iter().enumerate() {
        // A third of it of each, so that a third of them is asked each.
        for asked in ASKED.iter().skip(index % 3).step_by(3) {
            let lines = lines(asked, &path);
            let place = format!("{asked:?} {}", path.display());
            assert_eq!(lines[0]["event"], "capture", "{place}");
            let summary = lines.last().unwrap();
            assert_eq!(summary["event"], "summary", "{place}");
            let mut known = BTreeSet::new();
            for line in &lines[1..lines.len() - 1] {
                let session = line["session"].as_u64().unwrap();
                let is_opening = line["event"] == "session";
                assert_eq!(known.insert(session), is_opening, "{place}: {line}");
                filtered += u64::from(is_opening && asked.contains(&"-Y"));
            }
            for severity in ["error", "warning", "note"] {
                let count = counted(&lines).get(severity).copied().unwrap_or(0);
                assert_eq!(summary["findings"][severity], count, "{place}: {severity}");
            }
        }
    }
    assert!(filtered > 50, "filters let something through: {filtered} sessions");
}

#[test]
fn the_page_names_every_key() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
    let row = |event: &str| {
        let begin = format!("| `{event}` | ");
        page.lines().find_map(|line| line.strip_prefix(&begin)).unwrap_or_else(|| panic!("no row for {event}"))
    };
    let mut events = BTreeSet::new();
    for path in captures() {
        for asked in [&["--json", "--payload", "hex"][..], &["stats", "--json"]] {
            for line in lines(asked, &path) {
                let event = line["event"].as_str().unwrap().to_owned();
                for key in line.as_object().unwrap().keys().filter(|key| *key != "event") {
                    assert!(row(&event).contains(&format!("`{key}`")), "{event}: `{key}` is not on the page");
                }
                events.insert(event);
            }
        }
    }
    assert!(events.len() >= 11, "{events:?}");
}

#[test]
fn quiet_is_for_people() {
    let path = capture("srs/ffmpeg-publish-denied.pcap");
    for asked in [&["--json"][..], &["check", "--json"], &["stats", "--json"]] {
        let quiet = run(&[asked, &["-q"]].concat(), &path);
        assert_eq!(quiet.stdout, run(asked, &path).stdout, "{asked:?}");
    }
    for asked in [&["--text"][..], &["check"], &["stats"]] {
        let (quiet, whole) = (run(&[asked, &["-q"]].concat(), &path).stdout, run(asked, &path).stdout);
        assert!(whole.len() > quiet.len() && whole.starts_with(&quiet), "{asked:?}");
    }
}

/// A session of one rule's faults: some of them warnings, then some errors.
fn mixed() -> PathBuf {
    let acknowledgement = |payload: &[u8]| Message::new(2, 3, 0, 0, payload.to_vec());
    let conversation = sample::connected().client(|c| {
        let c = c.message(&acknowledgement(&[0, 0, 0, 1, 0])).message(&acknowledgement(&[0, 0, 0, 2, 0]));
        c.message(&acknowledgement(&[0, 0, 1]))
            .message(&acknowledgement(&[0, 0, 2]))
            .message(&acknowledgement(&[0, 0, 3]))
    });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mixed-severities.pcap");
    pcap::write(fs::File::create(&path).unwrap(), &Link::v4().packets(&conversation)).unwrap();
    path
}

/// A milder case that comes first hides none that fails.
#[test]
fn another_severity_is_another_fault() {
    let path = mixed();
    let found = |asked: &[&str]| {
        let lines = lines(asked, &path);
        let found = lines.iter().filter(|line| line["code"] == "CTL005");
        let found: Vec<_> = found
            .map(|line| (line["severity"].as_str().unwrap().to_owned(), line.get("count").and_then(Value::as_u64)))
            .collect();
        (found, lines.last().unwrap()["findings"].clone())
    };
    let said = |severity: &str, count| (severity.to_owned(), count);
    let both = [said("warning", None), said("error", None), said("warning", Some(2)), said("error", Some(3))];
    let (lines, counts) = found(&["check", "--json", "-Y", "finding.code == CTL005"]);
    assert_eq!(lines, both);
    assert_eq!((&counts["error"], &counts["warning"]), (&1.into(), &1.into()));
    // What is shown counts, though it is the second report.
    for command in [&["check", "--json"][..], &["--json"]] {
        let (lines, counts) = found(&[command, &["-Y", "finding.code == CTL005 and finding.count > 1"]].concat());
        assert_eq!(lines, both[2..]);
        assert_eq!((&counts["error"], &counts["warning"]), (&1.into(), &1.into()), "{command:?}");
    }
    let text = run(&["check", "-Y", "finding.code == CTL005 and finding.count > 1"], &path);
    assert_eq!(text.status.code(), Some(1));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("3 times") && text.contains("2 times") && text.contains("; 1 error, 1 warning, 0 notes"),
        "{text}"
    );
    // A policy that makes them alike leaves each its count.
    let policy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alike.toml");
    fs::write(&policy, "severity = { CTL005 = 'warning' }").unwrap();
    let sarif = run(&["check", "--sarif", "--only", "ctl", "--config", policy.to_str().unwrap()], &path);
    let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap().iter().filter(|it| it["ruleId"] == "CTL005");
    let mut counts: Vec<_> = results.map(|it| it["occurrenceCount"].as_u64()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [Some(2), Some(3)]);
}
