//! What a person asks of a capture, each answered by a few keys from a cold start: the walks of docs/tui.md, pressed and read from the
//! screen; and the screens that they lead over.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use crossterm::event::KeyCode;

use rtmp_inspect::book::{self, Loader};
use screen::Screen;

/// Keys that a walk may take.
const MOST: usize = 6;
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];

const SRS: &str = "srs/ffmpeg-publish-denied.pcap";
const BUSY: &str = "srs/ffmpeg-publish-busy.pcap";
const NGINX: &str = "nginx-rtmp/gst-librtmp-publish-rejected-key.pcap";
const NMS: &str = "node-media-server/ffmpeg-publish-bad-sign.pcap";
const CRTMP: &str = "crtmpserver/ffmpeg-adobe-auth-bad-password.pcap";
const JANUS: &str = "ftl/janus-bad-key.pcap";
const HOLES: &str = "transport/format-snaplen-1000.pcap";
const STALLED: &str = "nginx-rtmp/ffmpeg-drop-idle-publisher.pcap";
const TLS: &str = "tls/nginx-ffmpeg-tls12-gcm.pcap";
const NO_SESSION: &str = "nginx-rtmp/not-rtmp-http-and-tls.pcap";

/// A question, the captures, the keys, and what of the answer the screen has: on the selected line or anywhere.
struct Walk {
    question: &'static str,
    captures: &'static [&'static str],
    /// As docs/tui.md writes them: one a word.
    keys: &'static str,
    answer: &'static [&'static str],
    /// What the selected line of the list has.
    at: &'static str,
}

const WHY: &str = "Why was the publisher rejected?";

const WALKS: &[Walk] = &[
    Walk {
        question: WHY,
        captures: &[SRS],
        keys: "!",
        answer: &["rejected: createStream, hung up without an answer"],
        at: "createStream(4)",
    },
    Walk {
        question: WHY,
        captures: &[BUSY],
        keys: "!",
        answer: &["session 2", "rejected: publish, hung up without an answer"],
        at: "publish(6)",
    },
    Walk {
        question: WHY,
        captures: &[NGINX],
        keys: "!",
        answer: &["rejected: publish, hung up without an answer"],
        at: "publish(5)",
    },
    Walk {
        question: WHY,
        captures: &[NMS],
        keys: "!",
        answer: &["rejected: publish, hung up before any media"],
        at: "publish(5)",
    },
    Walk {
        question: WHY,
        captures: &[CRTMP],
        keys: "!",
        answer: &["session 3 (1 of 3): rejected: connect NetConnection.Connect.Rejected"],
        at: "_error(1) error NetConnection.Con",
    },
    Walk {
        question: WHY,
        captures: &[JANUS],
        keys: "!",
        answer: &["rejected: CONNECT, hung up without an answer"],
        at: "CONNECT",
    },
    Walk {
        question: "Which is the first request without an answer?",
        captures: &[SRS],
        keys: "u",
        answer: &["this was never answered"],
        at: "createStream(4)",
    },
    Walk {
        question: "Where does the capture have its hole?",
        captures: &[HOLES],
        keys: "!",
        answer: &["bytes are missing at offset"],
        at: "gap",
    },
    Walk {
        question: "When did the media stall?",
        captures: &[STALLED],
        keys: "F j j",
        answer: &["media-stalled: no media from the client for 6.0 seconds on message stream 1"],
        at: "no media from the client for 6.0 seconds",
    },
    Walk {
        question: "Which session speaks TLS?",
        captures: &[TLS, BUSY],
        keys: "Shift-Tab j",
        answer: &["rtmps"],
        at: "rtmps",
    },
    Walk {
        question: "What is in a capture without a session, and what is to be done?",
        captures: &[NO_SESSION],
        keys: "",
        answer: &["There is no session", "speaks HTTP to", "see whether the client has the right port"],
        at: "all 0 sessions",
    },
];

fn press(screen: &mut Screen, keys: &str) {
    for key in keys.split_whitespace() {
        screen.press(match key {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "Shift-Tab" => KeyCode::BackTab,
            letter => KeyCode::Char(letter.chars().next().unwrap()),
        });
    }
}

#[test]
fn questions_are_answered_in_few_keys() {
    for (width, height) in SIZES {
        for walk in WALKS {
            let mut screen = Screen::new(walk.captures, width, height);
            assert!(walk.keys.split_whitespace().count() <= MOST);
            press(&mut screen, walk.keys);
            let text = screen.text(false);
            let told = format!("{} {:?} at {width}x{height}:\n{text}", walk.question, walk.captures);
            for answer in walk.answer {
                // Sentences are broken into lines, and lines of panes stand beside each other.
                let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let pane = |left: bool| {
                    let half = |line: &str| {
                        let (before, behind) = line.split_once('│').unwrap_or((line, ""));
                        if left { before.to_owned() } else { behind.to_owned() }
                    };
                    text.lines()
                        .map(half)
                        .collect::<Vec<_>>()
                        .join(" ")
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                let is_there = [flat, pane(true), pane(false)].iter().any(|text| text.contains(answer));
                assert!(is_there, "{answer}: {told}");
            }
            let is_selected = text.lines().any(|line| line.contains('›') && line.contains(walk.at));
            assert!(is_selected, "{}: {told}", walk.at);
        }
    }
}

/// The manual has every walk, with its keys.
#[test]
fn the_manual_has_the_walks() {
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tui.md")).unwrap();
    for walk in WALKS {
        let keys: Vec<_> = walk.keys.split_whitespace().map(|key| format!("`{key}`")).collect();
        let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(" ") };
        let line = format!("| {} | {keys} |", walk.question);
        assert!(manual.contains(&line), "{line}");
    }
}

fn snapshots(name: &str, captures: &[&str], keys: &str) {
    for (width, height) in SIZES {
        let mut screen = Screen::new(captures, width, height);
        press(&mut screen, keys);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.text(true));
    }
}

#[test]
fn sessions_of_every_kind() {
    snapshots("sessions", &[CRTMP, TLS, BUSY, STALLED, JANUS, HOLES], "Shift-Tab z");
}

#[test]
fn sessions_by_their_outcome() {
    let mut screen = Screen::new(&[CRTMP, BUSY, STALLED], 120, 35);
    press(&mut screen, "Shift-Tab z");
    for _ in 0..20 {
        if !screen.text(false).contains("outcome↑") {
            screen.keys("s");
        }
    }
    let text = screen.text(false);
    let outcomes: Vec<_> = text.lines().skip(2).map(|line| line.split("→ ").nth(1).unwrap_or("")).collect();
    let place = |what: &str| outcomes.iter().position(|line| line.contains(what)).unwrap();
    assert!(place("rejected: connect") < place("publishing, closed"), "{text}");
    assert!(place("publishing, closed") < place("published"), "{text}");
}

#[test]
fn findings_by_rule() {
    snapshots("findings", &[CRTMP, SRS], "F");
}

#[test]
fn findings_by_session_with_notes() {
    snapshots("findings_by_session", &[CRTMP, SRS], "F Tab n j j");
}

/// A finding leads to its message, in whose fields it stands; and from there back to it.
#[test]
fn a_finding_leads_to_its_message_and_back() {
    let mut screen = Screen::new(&[SRS], 120, 35);
    press(&mut screen, "F Enter");
    let text = screen.text(false);
    assert!(text.contains("›  10 ") && text.contains("message 10"), "{text}");
    assert!(text.lines().any(|line| line.contains("warning CMD006")), "{text}");
    press(&mut screen, "F");
    let text = screen.text(false);
    assert!(
        text.lines().any(|line| line.contains("›    10 ") && line.contains("never answered createStream(4)")),
        "{text}"
    );
    press(&mut screen, "h h");
    assert!(screen.text(false).contains("▸ warning CMD006"), "{}", screen.text(false));
    press(&mut screen, "Esc");
    assert!(screen.text(false).contains("client → server"), "{}", screen.text(false));
    screen.resize(80, 24);
    press(&mut screen, "F n");
    assert!(screen.text(false).contains("HSK004"), "{}", screen.text(false));
}

/// While a capture is read, a session stands as far as it came, and never as it did not come out.
#[test]
fn sessions_stand_as_far_as_they_are_read() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nginx-rtmp/ffmpeg-publish-and-play.pcapng");
    let (mut loader, mut book) = Loader::open(&[path], &book::Options::default()).unwrap();
    let mut seen: Vec<Vec<String>> = Vec::new();
    let mut done = false;
    while !done {
        let batch = loader.read_packets(1);
        done = batch.progress.done;
        for item in batch.items {
            book.take(item);
        }
        for (session, stood) in book.sessions().iter().zip(0..) {
            if seen.len() <= stood {
                seen.push(Vec::new());
            }
            let outcome = book.outcome(session);
            if seen[stood].last() != Some(&outcome) {
                seen[stood].push(outcome);
            }
        }
    }
    assert_eq!(
        seen,
        [
            ["handshaking", "connecting", "connected", "asking to publish", "publishing", "published"],
            ["handshaking", "connecting", "connected", "asking to play", "playing", "played"],
        ]
    );
}

/// From one session that needs attention to the next, the worst first.
#[test]
fn attention_goes_around() {
    let mut screen = Screen::new(&[CRTMP], 120, 35);
    press(&mut screen, "!");
    let first = screen.text(false);
    assert!(first.contains("session 3 (1 of "), "{first}");
    press(&mut screen, "!");
    assert!(screen.text(false).contains("session 1 (2 of "), "{}", screen.text(false));
    for _ in 0..9 {
        if !screen.text(false).contains("(1 of ") {
            press(&mut screen, "!");
        }
    }
    let last = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(last(&screen.text(false)), last(&first));
}

#[test]
fn a_capture_without_a_session() {
    snapshots("no_session", &[NO_SESSION], "");
}
