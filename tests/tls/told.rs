//! What sessions are told of their TLS: it is true when it is told, and the last of it is true at the end.

use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, Packet};
use rtmp_inspect::proto::tls::{Alert, Facts, KeyLog, Reason};
use rtmp_inspect::proto::{Close, Event, Gap, Keys};
use rtmp_inspect::wire::{Moment, Side};

use crate::run::file;

/// How a capture is read.
#[derive(Default)]
struct Way<'w> {
    /// Which lines of its key log are given.
    lines: Option<&'w dyn Fn(&str) -> bool>,
    /// Of these packets the last byte is another one.
    changed: &'w [u64],
    /// These are missing.
    lost: &'w [u64],
    /// The secrets come behind this packet, from the capture itself.
    late: Option<u64>,
    limits: Limits,
}

struct Session {
    protocol: &'static str,
    decrypted: Option<bool>,
    tls: Vec<Facts>,
    alerts: Vec<(Alert, Moment)>,
    closes: Vec<Close>,
    gaps: Vec<Gap>,
    messages: usize,
}

fn sessions(name: &str, way: &Way<'_>) -> Vec<Session> {
    let text = std::fs::read_to_string(file(&format!("{name}.keys"))).unwrap();
    let wanted = way.lines.unwrap_or(&|_| true);
    let text = text.lines().filter(|line| wanted(line)).collect::<Vec<_>>().join("\n") + "\n";
    let mut log = KeyLog::new(&way.limits);
    if way.late.is_none() {
        log.add(text.as_bytes());
    }
    let options = Options { keys: Arc::new(Keys { tls: Arc::new(log), ..Keys::default() }), ..Options::default() };
    let mut analyzer = Analyzer::new(&way.limits, options);
    analyzer.expect_secrets(way.late.is_some());
    let mut sessions: Vec<Session> = Vec::new();
    let mut take = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            let at = event.session() as usize;
            match event {
                Event::Session(opened) => {
                    assert_eq!(at, sessions.len() + 1);
                    let (protocol, decrypted) = (opened.protocol, opened.decrypted);
                    let (tls, alerts, closes, gaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                    let messages = 0;
                    sessions.push(Session { protocol, decrypted, tls, alerts, closes, gaps, messages });
                }
                Event::Tls(told) if told.alert.is_some() => {
                    let place = told.envelope();
                    sessions[at - 1].alerts.extend(told.alert.map(|alert| (alert, place.last)));
                }
                Event::Tls(told) => sessions[at - 1].tls.push(*told.facts),
                Event::Close(close) => sessions[at - 1].closes.push(close),
                Event::Gap(gap) => sessions[at - 1].gaps.push(gap),
                Event::Message(_) => sessions[at - 1].messages += 1,
                _ => {}
            }
        }
    };
    let mut input = Input::open(&[file(&format!("{name}.pcap"))]).unwrap();
    while let Some(packet) = input.next() {
        let Packet { at, link, data, wire_length, place } = packet.unwrap();
        if way.lost.contains(&at.packet.0) {
            continue;
        }
        let mut data = data.to_vec();
        if way.changed.contains(&at.packet.0) {
            *data.last_mut().unwrap() ^= 1;
        }
        analyzer.push(&Packet { at, link, data: &data, wire_length, place });
        take(&mut analyzer);
        if way.late == Some(at.packet.0) {
            analyzer.add_secrets(text.as_bytes());
        }
    }
    analyzer.finish();
    take(&mut analyzer);
    for session in &sessions {
        // Each says something, and another thing than the one before.
        let said: Vec<String> = session.tls.iter().map(Facts::said).collect();
        assert!(!said.is_empty() && said.windows(2).all(|pair| pair[0] != pair[1]), "{said:#?}");
        assert_eq!(session.closes.len(), 2);
    }
    sessions
}

fn one(name: &str, way: &Way<'_>) -> Session {
    let mut all = sessions(name, way);
    assert_eq!(all.len(), 1, "{name}");
    all.remove(0)
}

#[test]
fn what_comes_late_reaches_the_session_inside_of_http() {
    let session = one("rtmpts-ffmpeg-publish", &Way::default());
    assert_eq!((session.protocol, session.decrypted, session.messages), ("rtmpts", Some(true), 352));
    assert!(session.tls.iter().all(Facts::is_decrypted));
    let from: Vec<Side> = session.alerts.iter().map(|(alert, _)| alert.from).collect();
    assert_eq!(from, [Side::Client, Side::Server], "both say that they close");
}

/// An alert is its own moment: it is told once, at the packet that has it, whether it is the handshake's or behind it.
#[test]
fn an_alert_is_told_at_its_own_time() {
    for name in ["nginx-ffmpeg-tls12-gcm", "rtmpts-ffmpeg-publish", "openssl-refused"] {
        let sessions = sessions(name, &Way::default());
        assert!(sessions.iter().any(|session| !session.alerts.is_empty()), "{name}");
        for session in sessions {
            let (alerts, times): (Vec<_>, Vec<_>) = session.alerts.iter().copied().unzip();
            assert!(alerts.iter().zip(&times).all(|(alert, told)| alert.at == *told), "{name}: {alerts:?} {times:?}");
            assert!(alerts.windows(2).all(|pair| pair[0] != pair[1]), "{name}: one is told twice");
            let close = session.closes.iter().map(|close| close.at.packet).max().unwrap();
            assert!(times.iter().all(|at| at.packet <= close), "{name}");
        }
    }
}

/// Some programs log the keys of the data alone.
#[test]
fn a_part_of_the_secrets_opens_one_session() {
    let name = "stunnel-ffmpeg-tls13";
    let whole = one(name, &Way::default());
    let traffic = |line: &str| line.contains("TRAFFIC_SECRET_0");
    let session = one(name, &Way { lines: Some(&traffic), ..Way::default() });
    assert_eq!((session.decrypted, session.messages), (Some(true), whole.messages));
    assert!(session.tls.iter().all(Facts::is_decrypted), "not told before it is true");

    let clients = |line: &str| line.starts_with("CLIENT_TRAFFIC_SECRET_0");
    let session = one(name, &Way { lines: Some(&clients), ..Way::default() });
    assert_eq!(session.decrypted, Some(true));
    assert!(session.messages > 200 && session.messages < whole.messages);

    // Those of the handshake alone open nothing of the session.
    let handshake = |line: &str| line.contains("HANDSHAKE");
    let session = one(name, &Way { lines: Some(&handshake), ..Way::default() });
    assert_eq!((session.decrypted, session.messages), (Some(false), 0));
    let sealed = one(name, &Way { lines: Some(&|_| false), ..Way::default() });
    assert_eq!(sealed.decrypted, Some(false));
    let bytes =
        |session: &Session| session.closes.iter().map(|close| (close.bytes, close.undecoded)).collect::<Vec<_>>();
    assert_eq!(bytes(&session), bytes(&sealed));
    assert!(bytes(&sealed)[0].0 > 3000 && bytes(&sealed)[0].0 == bytes(&sealed)[0].1);
}

#[test]
fn a_damaged_first_record_does_not_make_two_sessions_of_one() {
    for (name, finished) in
        [("nginx-ffmpeg-tls12-gcm", 10), ("nginx-ffmpeg-tls12-cbc", 10), ("nginx-ffmpeg-tls12-chacha20", 10)]
    {
        let whole = one(name, &Way::default());
        let session = one(name, &Way { changed: &[finished], ..Way::default() });
        assert_eq!((session.decrypted, session.messages), (Some(true), whole.messages), "{name}");
        let last = session.tls.last().unwrap();
        assert_eq!((last.is_decrypted(), last.reason), (true, Some(Reason::BadRecord)), "{name}");
    }
}

#[test]
fn secrets_behind_what_was_given_up_make_no_second_session() {
    for late in [20, 120, 300, 720] {
        let limits = Limits { tls_waiting_bytes: 8 << 10, tls_waiting_bytes_total: 8 << 10, ..Limits::default() };
        let session = one("nginx-ffmpeg-tls12-gcm", &Way { late: Some(late), limits, ..Way::default() });
        assert_eq!(session.decrypted, Some(true), "{late}");
        assert!(session.tls.last().unwrap().is_decrypted(), "{late}");
    }
    let session = one("nginx-ffmpeg-tls12-gcm", &Way { late: Some(u64::MAX), ..Way::default() });
    assert_eq!((session.decrypted, session.messages), (Some(false), 0));
}

/// Through HTTP too: what nothing opened is in the capture, what was lost is not.
#[test]
fn holes_inside_of_http_say_whether_their_bytes_were_captured() {
    let name = "rtmpts-ffmpeg-publish";
    let (mut closed, mut lost) = (0, 0);
    for packet in [200, 260, 320, 380, 440, 500] {
        let session = one(name, &Way { changed: &[packet], ..Way::default() });
        assert!(session.gaps.iter().all(|gap| gap.captured), "{packet}: {:?}", session.gaps);
        closed += session.gaps.len();
        let session = one(name, &Way { lost: &[packet], ..Way::default() });
        assert!(session.gaps.iter().all(|gap| !gap.captured), "{packet}: {:?}", session.gaps);
        lost += session.gaps.len();
    }
    assert!(closed > 0 && lost > 0, "{closed} {lost}");
}

#[test]
fn how_many_sessions_are_told_later_news_is_bounded() {
    let name = "rtmpts-ffmpeg-publish";
    assert_eq!(one(name, &Way::default()).alerts.len(), 2);
    let limits = Limits { tls_told: 0, ..Limits::default() };
    let session = one(name, &Way { limits, ..Way::default() });
    assert!(session.alerts.is_empty() && session.decrypted == Some(true));
}

#[test]
fn holes_of_what_stays_closed_are_bounded() {
    // Told when the connection is over, since secrets may still come.
    // Data of the client each.
    let lost = [91, 131, 171, 211, 251];
    let way = |most| Way {
        lines: Some(&|_: &str| false),
        lost: &lost,
        late: Some(u64::MAX),
        limits: Limits { tls_holes: most, ..Limits::default() },
        ..Way::default()
    };
    let all = one("nginx-ffmpeg-tls12-gcm", &way(64)).gaps.len();
    assert!((3..=5).contains(&all), "{all}");
    assert_eq!(one("nginx-ffmpeg-tls12-gcm", &way(2)).gaps.len(), 2);
}
