//! Every rule has cases that fail and cases that pass, and the catalogue keeps to its form.
#![allow(clippy::unwrap_used)]

mod amf;
mod chunk;
mod command;
#[path = "../common/mod.rs"]
mod common;
mod control;
mod ftl;
mod handshake;
mod loss;
mod media;
mod network;
mod one_fault;
mod tls;
mod tunnel;

use std::collections::BTreeMap;

use common::{Story, capture};
use rtmp_inspect::rules::{CATALOGUE, Severity};
use rtmp_inspect::synth::{Conversation, Format, Message, sample};

/// What the named rule says of a story: texts, in order.
fn said(code: &str, story: &Story) -> Vec<String> {
    story.findings.iter().filter(|finding| finding.rule.code == code).map(|finding| finding.text.to_string()).collect()
}

struct Case {
    code: &'static str,
    what: &'static str,
    story: Story,
    /// The texts expected; none for a case that passes.
    expected: &'static [&'static str],
}

fn case(
    code: &'static str,
    what: &'static str,
    conversation: &Conversation,
    expected: &'static [&'static str],
) -> Case {
    Case { code, what, story: Story::of(conversation), expected }
}

/// A picture of 5000 bytes.
fn large(time: u32) -> Message {
    Message::new(6, 9, 1, time, vec![0x27; 5000])
}

fn cases() -> Vec<Case> {
    [
        handshake::cases(),
        chunk::cases(),
        control::cases(),
        command::cases(),
        amf::cases(),
        media::cases(),
        ftl::cases(),
        tls::cases(),
        tunnel::cases(),
        network::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_case_is_judged_as_it_should_be() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = said(case.code, &case.story);
        // The closing report of a repeat says the same again.
        let found: Vec<_> = found.iter().map(String::as_str).take(case.expected.len().max(1)).collect();
        if found != case.expected {
            wrong.push(format!("{}, {}: {found:?}, not {:?}", case.code, case.what, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_has_a_case_that_fails_and_one_that_passes() {
    let mut kinds: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
    for case in cases() {
        let entry = kinds.entry(case.code).or_default();
        if case.expected.is_empty() { entry.0 = true } else { entry.1 = true }
    }
    for entry in CATALOGUE {
        assert_eq!(kinds.get(entry.meta.code), Some(&(true, true)), "{}", entry.meta.code);
    }
}

#[test]
fn the_catalogue_keeps_to_its_form() {
    let codes: Vec<_> = CATALOGUE.iter().map(|entry| entry.meta.code).collect();
    let mut sorted = codes.clone();
    let areas = ["HSK", "CHK", "CTL", "CMD", "AMF", "MED", "FTL", "TLS", "TUN", "NET"];
    sorted.sort_by_key(|code| (areas.iter().position(|area| code.starts_with(area)), *code));
    sorted.dedup();
    assert_eq!(codes, sorted, "in the order of areas and codes, each once");
    for entry in CATALOGUE {
        let meta = entry.meta;
        assert!(meta.code.len() == 6 && meta.code[3..].bytes().all(|byte| byte.is_ascii_digit()), "{}", meta.code);
        assert!(
            meta.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
            "{}",
            meta.name
        );
        assert!(!meta.source.is_empty(), "{}", meta.code);
        let paragraphs: Vec<_> = meta.doc.split("\n\n").map(str::trim).collect();
        let begins: Vec<_> = paragraphs.iter().skip(1).map(|text| text.split(' ').next().unwrap()).collect();
        assert_eq!(begins, ["Why:", "Seen:", "Change:"], "{}: what it checks, then these", meta.code);
    }
}

#[test]
fn a_fault_that_repeats_is_said_once_and_counted() {
    let wrong = Message::new(3, 5, 0, 0, vec![0, 1, 0, 0]);
    let conversation =
        (0..50).fold(sample::publishing(), |story, _| story.server(|s| s.message_as(Format::Best, &wrong)));
    let story = Story::of(&conversation);
    let findings: Vec<_> = story.findings.iter().filter(|finding| finding.rule.code == "CTL001").collect();
    assert_eq!(findings.len(), 2, "the first, and the count at the end");
    assert_eq!((findings[0].count, findings[1].count), (1, 50));
    assert!(findings[1].message > findings[0].message);
}

#[test]
fn well_behaved_peers_raise_no_error_and_no_warning() {
    for name in [
        "nginx-rtmp/obs-publish.pcap",
        "nginx-rtmp/ffmpeg-publish-flvflags.pcap",
        "nginx-rtmp/ffmpeg-extended-timestamp.pcap",
        "srs/ffmpeg-play-no-stream.pcap",
        "transport/base-mtu1500.pcap",
    ] {
        let story = Story::of_file(&capture(name));
        let worst = story.findings.iter().find(|finding| finding.severity > Severity::Note);
        assert!(worst.is_none(), "{name}: {worst:?}");
    }
}

/// `BLESS=1` writes it again.
#[test]
fn the_page_of_all_rules_is_what_the_program_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = rtmp_inspect::rules::reference::markdown();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == page, "docs/rules.md is old: BLESS=1 cargo test --test rules");
    }
}
