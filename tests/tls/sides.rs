//! Secrets of a part of a session, and secrets that come behind it: never less is told than without any, and nothing that is not so.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::proto::tls::KeyLog;
use rtmp_inspect::proto::{Close, Event, Keys};
use rtmp_inspect::rules::{Engine, Finding, Severity};
use rtmp_inspect::synth::{Conversation, Link, pcap};
use rtmp_inspect::wire::Side;

use crate::run::file;

const NAME: &str = "stunnel-ffmpeg-tls13";

fn log() -> String {
    std::fs::read_to_string(file(&format!("{NAME}.keys"))).unwrap()
}

/// The lines of the log whose labels begin with one of these.
fn part(labels: &[&str]) -> String {
    let log = log();
    let is_wanted = |line: &&str| labels.iter().any(|label| line.starts_with(label));
    log.lines().filter(is_wanted).collect::<Vec<_>>().join("\n")
}

fn text(finding: &Finding) -> String {
    finding.text.to_string()
}

struct Seen {
    events: Vec<Event>,
    findings: Vec<Finding>,
}

impl Seen {
    fn sessions(&self) -> Vec<Option<bool>> {
        let of = |event: &Event| if let Event::Session(opened) = event { Some(opened.decrypted) } else { None };
        self.events.iter().filter_map(of).collect()
    }

    fn messages(&self, from: Side) -> Vec<(u64, Vec<u8>)> {
        let of = |event: &Event| match event {
            Event::Message(message) if message.from == from => Some((message.head.offset, message.payload.to_vec())),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    fn close(&self, side: Side) -> &Close {
        let of = |event: &&Event| matches!(event, Event::Close(close) if close.from == side);
        let Some(Event::Close(close)) = self.events.iter().find(of) else { panic!("it does not end") };
        close
    }

    fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|finding| finding.rule.code == code)
    }
}

/// A capture with a key log, and one that comes before a packet or behind all of them.
fn see(name: &str, log: &str, late: Option<(u64, &str)>) -> Seen {
    see_file(&file(name), log, late)
}

fn see_file(path: &Path, log: &str, late: Option<(u64, &str)>) -> Seen {
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.add(log.as_bytes());
    let keys = Arc::new(Keys { tls: Arc::new(secrets), ..Keys::default() });
    let mut analyzer = Analyzer::new(&Limits::default(), Options { keys, evidence: false });
    analyzer.expect_secrets(late.is_some());
    let (mut engine, mut seen) = (Engine::default(), Seen { events: Vec::new(), findings: Vec::new() });
    let mut take = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            seen.findings.extend(engine.observe(&event));
            seen.events.push(event);
        }
    };
    let mut input = Input::open(&[path.to_owned()]).unwrap();
    let mut late = late;
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        if let Some((_, log)) = late.take_if(|(at, _)| packet.at.packet.0 == *at) {
            analyzer.add_secrets(log.as_bytes());
        }
        analyzer.push(&packet);
        take(&mut analyzer);
    }
    if let Some((_, log)) = late {
        analyzer.add_secrets(log.as_bytes());
    }
    analyzer.finish();
    take(&mut analyzer);
    seen
}

fn capture() -> String {
    format!("{NAME}.pcap")
}

#[test]
fn a_log_of_the_handshake_alone_hides_no_session() {
    let without = see(&capture(), "", None);
    for labels in [&["SERVER_HANDSHAKE"][..], &["CLIENT_HANDSHAKE"], &["SERVER_HANDSHAKE", "CLIENT_HANDSHAKE"]] {
        let seen = see(&capture(), &part(labels), None);
        assert_eq!(seen.sessions(), [Some(false)], "{labels:?}");
        for side in Side::BOTH {
            let (close, other) = (seen.close(side), without.close(side));
            assert_eq!((close.bytes, close.undecoded), (other.bytes, other.undecoded), "{labels:?}");
            assert!(close.undecoded > 3000);
        }
        assert!(seen.has("TLS002") && !seen.has("NET004"), "{labels:?}");
    }
    let lacking = see(&capture(), &part(&["SERVER_HANDSHAKE", "CLIENT_HANDSHAKE", "CLIENT_TRAFFIC"]), None);
    assert!(lacking.findings.iter().any(|finding| text(finding).contains("lacks SERVER_TRAFFIC_SECRET_0")));
}

#[test]
fn what_a_closed_side_sent_is_there_and_not_decoded() {
    let whole = see(&capture(), &log(), None);
    for (open, label) in [(Side::Client, "CLIENT_TRAFFIC"), (Side::Server, "SERVER_TRAFFIC")] {
        let seen = see(&capture(), &part(&[label]), None);
        assert_eq!(seen.sessions(), [Some(true)], "{label}");
        assert_eq!(seen.messages(open), whole.messages(open), "{label}");
        assert!(seen.messages(open.other()).is_empty());
        let close = seen.close(open.other());
        assert_eq!(close.undecoded, close.bytes, "{label}");
        // The rest of the handshake counts among them.
        let sent = whole.close(open.other()).bytes;
        assert!((sent..sent + 3000).contains(&close.bytes), "{label}: {} of {sent}", close.bytes);
        let gaps: Vec<_> = seen.events.iter().filter(|event| matches!(event, Event::Gap(_))).collect();
        assert!(!gaps.is_empty());
        for gap in gaps {
            assert!(matches!(gap, Event::Gap(gap) if gap.captured && gap.from == open.other()), "{label}: {gap:?}");
        }
        // Nothing is found that needs both sides.
        for finding in &seen.findings {
            assert!(finding.severity == Severity::Note, "{label}: {} {}", finding.rule.code, text(finding));
            assert!(!text(finding).contains("not in the capture"), "{}", text(finding));
        }
        assert!(seen.has("TLS002"));
    }
}

#[test]
fn secrets_that_come_late_open_the_one_session() {
    for name in [NAME, "nginx-ffmpeg-tls12-gcm"] {
        let (capture, log) = (format!("{name}.pcap"), std::fs::read_to_string(file(&format!("{name}.keys"))).unwrap());
        let whole = see(&capture, &log, None);
        for at in [2, 9, 12, 40, 200, u64::MAX] {
            let seen = see(&capture, "", Some((at, &log)));
            assert_eq!(seen.sessions(), [Some(true)], "{name} {at}");
            for side in Side::BOTH {
                assert!(seen.messages(side) == whole.messages(side), "{name} {at}");
                assert_eq!(seen.close(side).undecoded, 0, "{name} {at}");
            }
            assert!(!seen.has("TLS002"), "{name} {at}");
        }
        // Where none come, it is told at its end.
        let seen = see(&capture, "", Some((u64::MAX, "")));
        assert_eq!(seen.sessions(), [Some(false)]);
        assert!(seen.has("TLS002") && seen.close(Side::Client).undecoded > 50_000);
    }
}

/// Records that are no record, between two of the client's: empty ones, and the hello of another session.
#[test]
fn what_is_no_record_ends_nothing() {
    let (frames, secrets) = crate::run::open("stunnel-ffmpeg-tls13");
    let whole = crate::run::run(&frames, &secrets).remove(0);
    let deliveries = crate::run::kept(&frames).remove(0);
    let hello = [&[22, 3, 3, 0, 8, 1, 0, 0, 4, 3, 3, 7, 7][..]].concat();
    for (inserted, is_again) in [([23, 3, 3, 0, 0].repeat(50), false), (hello, true)] {
        let mut connection = crate::run::Connection::new(&Limits::default());
        for (index, (from, kept)) in deliveries.iter().enumerate() {
            if index == deliveries.len() / 2 {
                let at = crate::run::moment(100_000);
                let bytes = rtmp_inspect::net::Delivery::Bytes { offset: 0, bytes: &inserted, at, place: None };
                connection.take(Side::Client, &bytes, &secrets);
            }
            connection.take(*from, &kept.lend(), &secrets);
        }
        assert!(connection.told[0].bytes == whole.told[0].bytes);
        assert_eq!(connection.tls.facts().again.is_some(), is_again);
    }
}

/// What a load balancer puts before a connection's own bytes takes nothing away.
#[test]
fn a_proxy_header_may_stand_before_tls() {
    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\x0a\0\0\x02\x15\xb3\x01\xbb";
    let whole = see(&capture(), &log(), None);
    let (frames, _) = crate::run::open(NAME);
    for header in [&b"PROXY TCP4 192.0.2.7 10.0.0.2 5555 443\r\n"[..], V2] {
        let mut conversation = Conversation::new().client(|c| c.raw(header));
        for (from, kept) in crate::run::kept(&frames).remove(0) {
            if let rtmp_inspect::net::Kept::Bytes { bytes, .. } = kept {
                conversation = conversation.side(from, |side| side.raw(&bytes));
            }
        }
        let mut bytes = Vec::new();
        pcap::write(&mut bytes, &Link::v4().packets(&conversation)).unwrap();
        let mut made = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
        made.write_all(&bytes).unwrap();
        for (log, decrypted) in [(log(), true), (String::new(), false)] {
            let seen = see_file(made.path(), &log, None);
            assert_eq!(seen.sessions(), [Some(decrypted)]);
            let of = |event: &Event| if let Event::Session(opened) = event { opened.proxied.clone() } else { None };
            assert_eq!(seen.events.iter().find_map(of).as_deref(), Some("192.0.2.7:5555"));
            for side in Side::BOTH {
                assert!(!decrypted || seen.messages(side) == whole.messages(side));
            }
        }
    }
}
