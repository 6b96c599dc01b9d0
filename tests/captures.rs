//! Every capture of the repository, as the program shows it. Adding a capture is adding a file.
//!
//! A snapshot is the text timeline with runs of media messages folded into one line, and a digest of the whole JSON, so
//! that no field can change unseen. `cargo insta review` accepts what is meant.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::digest;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::rules::Engine;
use rtmp_inspect::wire::Tree;

fn run(arguments: &[&str], capture: &Path) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .current_dir(root)
        .args(arguments)
        .arg(capture.strip_prefix(root).unwrap())
        .output()
        .unwrap()
}

/// Captures that cannot be read to the end, or hold no RTMP: they say so, all others say nothing.
const UNREADABLE: &[&str] = &["derived-file-cut.pcap", "not-rtmp-http-and-tls.pcap", "rtmpt-alone.pcap"];

#[test]
fn captures() {
    insta::glob!("../captures", "**/*.pcap*", |path| {
        let json = run(&["--json"], path);
        let text = String::from_utf8(run(&["--text"], path).stdout).unwrap();
        let mut shown = fold(&text);
        let name = path.file_name().unwrap().to_str().unwrap();
        let complaint = String::from_utf8(json.stderr).unwrap();
        // What TLS carries is looked at in tests/tls.
        let is_tls = path.parent().is_some_and(|folder| folder.ends_with("tls"));
        if UNREADABLE.contains(&name) || is_tls {
            shown += &format!("\nstderr: {complaint}");
        } else {
            assert_eq!(complaint, "", "{name}");
            assert!(json.status.success(), "{name}");
        }
        check_json(&json.stdout);
        shown += &format!("\njson: {}\n", digest(&json.stdout));
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(shown);
        });
    });
}

/// Rules that say they learn nothing from audio and video find the same without seeing them.
#[test]
fn rules_are_spared_only_what_tells_them_nothing() {
    insta::glob!("../captures", "**/*.pcap*", |path| {
        let (mut spared, mut thorough) = (Engine::default(), Engine::thorough());
        for event in &common::Story::of_file(path).events {
            let (found, wanted) = (spared.observe(event), thorough.observe(event));
            assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{}", path.display());
        }
    });
}

/// The text with every run of audio and video messages beyond the first of each folded; of FTL, that of its datagrams.
fn fold(text: &str) -> String {
    let mut shown = String::new();
    let mut folded = 0;
    let mut last = String::new();
    for line in text.lines() {
        let is_media = [" audio ", " video "].iter().any(|kind| line.contains(kind)) && line.contains("coded_frames")
            || [" rtp  ", " ftl_ping  "].iter().any(|kind| line.contains(kind));
        if is_media && last == "media" {
            folded += 1;
            continue;
        }
        if folded > 0 {
            shown += &format!("        … {folded} more of audio and video\n");
            folded = 0;
        }
        last = if is_media { "media".into() } else { String::new() };
        shown += line;
        shown.push('\n');
    }
    shown
}

/// Every line is one JSON object with an event, without a repeated key, in the contract's order of first and last.
fn check_json(json: &[u8]) {
    let lines: Vec<&str> = std::str::from_utf8(json).unwrap().lines().collect();
    let mut n = 0;
    for (index, line) in lines.iter().enumerate() {
        let value = common::strict::parse(line.as_bytes()).unwrap();
        let event = value["event"].as_str().unwrap();
        assert_eq!(event == "capture", index == 0);
        assert_eq!(event == "summary", index == lines.len() - 1);
        if event == "message" {
            n += 1;
            assert_eq!(value["n"], n, "numbered from 1 without holes");
            assert!(value["packets"][0].as_u64() <= value["packets"][1].as_u64());
        }
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    for name in ["transport/base-mtu1500.pcap", "nginx-rtmp/rtmpclient-rpc.pcap"] {
        let path = common::capture(name);
        for arguments in [
            &["--json", "--payload", "hex"][..],
            &["--text"],
            &["check"],
            &["check", "--json"],
            &["stats"],
            &["stats", "--json"],
        ] {
            assert!(run(arguments, &path).stdout == run(arguments, &path).stdout, "{name} {arguments:?}");
        }
    }
}

/// Stream names in these captures are short; the ones here are looked for as AMF strings of their own.
#[test]
fn no_secret_leaves_unasked() {
    let path = common::capture("crtmpserver/ffmpeg-adobe-auth-bad-password.pcap");
    let shown = |arguments: &[&str]| String::from_utf8(run(arguments, &path).stdout).unwrap();
    let open = shown(&["--json", "--show-secrets"]);
    let response = open.split("response=").nth(1).unwrap().split(['&', '"']).next().unwrap().to_owned();
    assert!(response.len() > 8, "{response}");
    let hex = response.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    for arguments in [
        &["--json"][..],
        &["--json", "--payload", "hex"],
        &["--text"],
        &["check"],
        &["check", "--json"],
        &["stats"],
        &["stats", "--json"],
    ] {
        let masked = shown(arguments);
        assert!(!masked.contains(&response) && !masked.contains(&hex), "{arguments:?}");
    }
    // What tells a person which step of authentication this is stays.
    assert!(shown(&["--text"]).contains("authmod=adobe"));
}

/// Bytes of messages that no decoder claimed: none in any capture, but for what stands here with its reason.
const UNCLAIMED: &[(&str, usize)] = &[];

#[test]
fn every_byte_of_every_message_is_somebodys() {
    let mut messages = 0;
    let mut unclaimed = Vec::new();
    for path in common::captures() {
        let mut left = 0;
        for message in common::Story::of_file(&path).messages() {
            messages += 1;
            let mut tree = Tree::default();
            message.record(&mut tree, &Limits::default());
            let mut at = 0;
            for root in tree.roots() {
                let node = &tree.nodes[root];
                assert!(node.span.start == at || node.span.is_empty(), "message {} of {}", message.n, path.display());
                at = at.max(node.span.end);
                if matches!(node.field.name, "trailing" | "payload") {
                    left += node.span.len();
                }
            }
            assert_eq!(at as usize, message.payload.len(), "message {} of {}", message.n, path.display());
        }
        if left > 0 {
            unclaimed.push((path.file_name().unwrap().to_str().unwrap().to_owned(), left));
        }
    }
    assert!(messages > 20_000, "{messages}");
    unclaimed.sort();
    let unclaimed: Vec<_> = unclaimed.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    assert_eq!(unclaimed, UNCLAIMED);
}

#[test]
fn standard_input_has_one_name() {
    let file = std::fs::File::open(common::capture("nginx-rtmp/not-rtmp-http-and-tls.pcap")).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).arg("-").stdin(file).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.starts_with("rtmp-inspect: standard input: no RTMP in 16 packets\n"), "{said}");
}
