//! `check` in the forms that other programs read: whatever the wire says, a parser of that form reads it.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::capture;
use rtmp_inspect::rules::CATALOGUE;
use rtmp_inspect::synth::{Conversation, Link, Packet, pcap};
use rtmp_inspect::wire::Side;
use serde_json::Value;

fn check(arguments: &[&str], capture: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).arg("check").args(arguments).arg(capture).output().unwrap()
}

/// A capture of a server that says what no report may take for its own words.
fn hostile(test: &str) -> std::path::PathBuf {
    let evil = "</failure>]]>\u{1b}[2J<script>alert(1)</script>\0\u{202e}&amp;\"'%s";
    let conversation = Conversation::new()
        .handshake()
        .client(|c| c.connect("live"))
        .server(|s| s.error(1, "NetConnection.Connect.Rejected", evil))
        .client(|c| c.command("</testcase>\u{7}", 2, &[]));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test} <&'\".pcap"));
    pcap::write(std::fs::File::create(&path).unwrap(), &Link::v4().packets(&conversation)).unwrap();
    path
}

#[test]
fn junit_is_read_by_a_junit_parser() {
    for (path, fail_on, failing) in [
        (capture("srs/ffmpeg-publish-denied.pcap"), "warning", true),
        (capture("srs/ffmpeg-publish-denied.pcap"), "error", false),
        (capture("crtmpserver/ffmpeg-adobe-auth-bad-password.pcap"), "note", true),
        (hostile("junit"), "note", true),
    ] {
        let output = check(&["--junit", "--fail-on", fail_on], &path);
        let report = junit_parser::from_reader(&*output.stdout).unwrap();
        assert!(!report.suites.is_empty());
        let mut failures = 0;
        for suite in &report.suites {
            assert_eq!(suite.cases.len(), CATALOGUE.len(), "a case a rule");
            let failed = suite.cases.iter().filter(|case| case.status.is_failure()).count() as u64;
            assert_eq!(suite.failures, failed);
            failures += failed;
        }
        assert_eq!(failures > 0, failing, "{path:?}");
        assert_eq!(output.status.code(), Some(i32::from(failing)), "the status says the same");
    }
}

#[test]
fn junit_has_no_case_for_a_rule_that_does_not_judge() {
    let path = capture("srs/ffmpeg-publish-denied.pcap");
    let output = check(&["--junit", "--only", "cmd", "--allow", "CMD006,request-rejected"], &path);
    let report = junit_parser::from_reader(&*output.stdout).unwrap();
    let names: Vec<_> = report.suites[0].cases.iter().map(|case| case.name.as_str()).collect();
    assert!(!names.is_empty() && names.iter().all(|name| name.contains(".CMD::CMD")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("CMD006") || name.contains("CMD023")), "{names:?}");
}

#[test]
fn sarif_names_a_rule_and_a_place_for_each_result() {
    for path in [capture("srs/ffmpeg-publish-denied.pcap"), hostile("sarif")] {
        let output = check(&["--sarif"], &path);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains("\\u001b") && !text.contains("\\u0000"), "{text}");
        let log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), CATALOGUE.len());
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty());
        let json = check(&["--json"], &path).stdout;
        let findings = String::from_utf8(json).unwrap().matches("\"event\":\"finding\"").count();
        assert_eq!(results.len(), findings);
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
            let place = &result["locations"][0];
            let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"'&".contains(&byte)), "{uri}");
            assert_eq!(place["logicalLocations"][0]["kind"], "session");
        }
    }
}

#[test]
fn text_is_safe_for_a_terminal() {
    let output = check(&["--fail-on", "note"], &hostile("text"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("rejected connect(1)"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    assert!(!text.contains('\u{202e}'));
}

/// A policy beside the capture: what it allows is not said, what it raises fails.
#[test]
fn a_policy_changes_what_is_said_and_what_fails() {
    let path = capture("srs/ffmpeg-publish-denied.pcap");
    let policy = |name: &str, text: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&file, text).unwrap();
        let output = check(&["--json", "--config", file.to_str().unwrap()], &path);
        let lines: Vec<Value> =
            String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let severities: Vec<String> = lines
            .iter()
            .filter(|line| line["event"] == "finding" && line["code"] == "CMD006")
            .map(|line| line["severity"].as_str().unwrap().to_owned())
            .collect();
        (output.status.code().unwrap(), severities, String::from_utf8(output.stderr).unwrap())
    };
    let all = ["note", "warning", "note"];
    let (status, found, _) = policy("empty.toml", "");
    assert_eq!((status, found), (0, all.map(str::to_owned).to_vec()));
    let (status, found, _) = policy("allow.toml", "fail-on = 'warning'\nallow = ['transaction-unanswered', 'CMD023']");
    assert_eq!((status, found), (0, vec![]), "nothing that fails is left");
    let (status, found, _) = policy("raise.toml", "[severity]\nCMD006 = 'error'");
    assert_eq!((status, found), (1, vec!["error".to_owned(); 3]));
    let (status, ..) = policy("fail.toml", "fail-on = 'warning'");
    assert_eq!(status, 1);
    let (status, found, _) = policy("port.toml", "[[server]]\nport = 1935\nallow = ['CMD006']");
    assert_eq!((status, found), (0, vec![]));
    let (status, found, _) = policy("other-port.toml", "[[server]]\nport = 1936\nallow = ['CMD006']");
    assert_eq!((status, found.len()), (0, 3));
    let (status, found, _) = policy("name.toml", "[[server]]\nname = '127.0.0.1'\nseverity = { CMD006 = 'error' }");
    assert_eq!((status, found), (1, vec!["error".to_owned(); 3]));
    for (name, text, says) in [
        ("unknown.toml", "allow = ['CMD999']", "no rule is called CMD999"),
        ("key.toml", "alow = []", "unknown field `alow`"),
        ("nobody.toml", "[[server]]\nallow = []", "neither a name nor a port"),
        ("severity.toml", "fail-on = 'fatal'", "unknown variant `fatal`"),
    ] {
        let (status, _, errors) = policy(name, text);
        assert_eq!(status, 2, "{text}");
        assert!(errors.contains(says), "{errors}");
    }
}

#[test]
fn only_the_sessions_that_are_asked_for() {
    let path = capture("crtmpserver/ffmpeg-adobe-auth-bad-password.pcap");
    let count = |filter: &str| {
        let output = check(&["--json", "--sessions", filter], &path);
        let text = String::from_utf8(output.stdout).unwrap();
        (text.matches("\"event\":\"session\"").count(), text.matches("\"event\":\"finding\"").count())
    };
    let (sessions, findings) = count("session > 0");
    assert!(sessions == 3 && findings >= 3);
    // What came before the event that lets a session through is there too.
    let (sessions, some) = count("session == 2 && command.name == '_error'");
    assert!(sessions == 1 && some > 0 && some < findings);
    assert_eq!(count("command.name == 'play'"), (0, 0));
}

/// A session that stays open, with so many holes in what its client says.
fn holes(port: u16, count: usize) -> Vec<Packet> {
    let mut conversation = Conversation::new().handshake().client(|c| c.connect("live"));
    for number in 0..=2 * count as u32 {
        conversation = conversation.client(|c| c.audio(1, number, vec![0xaf, 1, 0]));
    }
    // What the server acknowledges is missing for sure a while later.
    for time in 0..3 {
        conversation = conversation.wait_ms(4000).server(|s| s.ping_request(time));
    }
    let mut packets = Link::v4().client_port(port).packets(&conversation);
    // Not those that close it; then every second of the client's last, which are a message each.
    packets.truncate(packets.iter().rposition(|packet| !packet.payload.is_empty()).unwrap() + 1);
    let mut back = 0;
    let kept: Vec<bool> = packets
        .iter()
        .rev()
        .map(|packet| {
            let is_message = packet.from == Side::Client && !packet.payload.is_empty();
            back += usize::from(is_message);
            !is_message || back > 2 * count || back % 2 == 1
        })
        .collect();
    let mut kept = kept.into_iter().rev();
    packets.retain(|_| kept.next().unwrap());
    packets
}

#[test]
fn what_was_found_is_counted_whether_it_is_shown_or_not() {
    // More than are shown of one session; and more than are kept of all that are open.
    for (sessions, each) in [(1, 250), (130, 170)] {
        let packets: Vec<_> = (0..sessions).flat_map(|number| holes(40_000 + number, each)).collect();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("holes-{sessions}.pcap"));
        pcap::write(std::fs::File::create(&path).unwrap(), &packets).unwrap();
        let text = String::from_utf8(check(&[], &path).stdout).unwrap();
        let found = text.split("found:\n").nth(1).unwrap();
        let gaps = sessions as usize * each;
        let line = found.lines().find(|line| line.contains("NET001")).unwrap();
        let sessions = format!("in {sessions} session{}", if sessions == 1 { "" } else { "s" });
        assert!(line.contains(&format!(" {gaps} times {sessions}")), "{found}");
        if gaps == 250 {
            assert!(text.contains(" findings that are not shown\n"), "{text}");
        }
        // A fault that repeats counts each time.
        let json = String::from_utf8(check(&["--json"], &path).stdout).unwrap();
        for line in found.lines().filter(|line| line.starts_with("  ") && !line.contains(" change: ")) {
            let code = line.split_whitespace().nth(1).unwrap();
            let times: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
            let findings = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let counted = findings.filter(|finding| finding["code"] == code);
            let counted: u64 = counted.map(|finding| finding["count"].as_u64().map_or(1, |count| count - 1)).sum();
            assert_eq!(times, counted, "{line}");
        }
    }
}

#[test]
fn findings_that_wait_for_their_session_to_be_wanted_are_bounded() {
    let packets: Vec<_> = (0..110).flat_map(|number| holes(40_000 + number, 160)).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("holes-that-wait.pcap");
    pcap::write(std::fs::File::create(&path).unwrap(), &packets).unwrap();
    let summary = |filter: &str| -> Value {
        let output = check(&["--json", "--sessions", filter], &path).stdout;
        serde_json::from_str(String::from_utf8(output).unwrap().lines().last().unwrap()).unwrap()
    };
    let nobody = summary("session == 9999");
    assert_eq!(nobody["limits"][0]["name"], "waiting_findings", "{nobody}");
    assert!(nobody["limits"][0]["count"].as_u64().unwrap() >= 110 * 160 - 16_384, "{nobody}");
    assert_eq!(nobody["findings"]["note"], 0);
    // Those of a session that is let through do not wait.
    let first = summary("session < 100");
    assert_eq!(first["limits"], Value::Null, "{first}");
}
