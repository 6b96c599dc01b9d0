//! Connections whose handshake the capture does not have, or not all of.

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::proto::tls::{KeyLog, Reason};

use crate::run::{Connection, Frame, file, keys, open, run};

fn without(frames: &[Frame], gone: impl Fn(u64) -> bool, secrets: &KeyLog) -> Connection {
    let there: Vec<Frame> = frames.iter().filter(|frame| !gone(frame.at.packet.0)).cloned().collect();
    run(&there, secrets).remove(0)
}

#[test]
fn tls_1_3_joined_in_the_middle_is_found_by_trying() {
    let (frames, secrets) = open("stunnel-ffmpeg-tls13");
    let whole = run(&frames, &secrets).remove(0);
    // The server says nothing so late, so the first joined must be the one that is found.
    for first in [30, 100, 300] {
        let connection = without(&frames, |packet| packet < first, &secrets);
        let (told, sent) = (&connection.told[0], &whole.told[0]);
        assert!(told.begins == ["joined"] && told.gaps.is_empty(), "{first}");
        assert!(told.bytes.len() > 1000 && sent.bytes.ends_with(&told.bytes), "{first}: {}", told.bytes.len());
        // All from the first whole record on.
        let expected = sent.packets.iter().filter(|packet| **packet >= first).count();
        assert!(told.bytes.len() + 300 > expected, "{first}: {} of {expected}", told.bytes.len());
        let facts = connection.tls.facts();
        assert_eq!((facts.reason, facts.client_random), (None, whole.tls.facts().client_random));
        assert_eq!(facts.cipher_suite, whole.tls.facts().cipher_suite);
    }
}

#[test]
fn among_few_sessions_the_right_one_is_found() {
    let (frames, _) = open("stunnel-ffmpeg-tls13");
    let mut text = std::fs::read(file("stunnel-ffmpeg-tls13.keys")).unwrap();
    for name in
        ["nginx-ffmpeg-tls12-gcm", "nginx-rtmpdump-play-tls13", "nginx-ffmpeg-tls13-keyupdate", "openssl-suites"]
    {
        text.extend(std::fs::read(file(&format!("{name}.keys"))).unwrap());
    }
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.add(&text);
    assert!((30..=64).contains(&secrets.report().sessions));
    let connection = without(&frames, |packet| packet < 40, &secrets);
    assert!(connection.told[0].bytes.len() > 20_000, "{}", connection.told[0].bytes.len());
    // It costs no more than in proportion.
    let sent: u64 = connection.tls.facts().sent.iter().map(|sent| sent.bytes).sum();
    assert!(connection.tls.work() <= 4 * sent + (2 << 20), "{} of {sent}", connection.tls.work());
}

#[test]
fn tls_1_2_joined_in_the_middle_says_what_is_missing() {
    let (frames, secrets) = open("nginx-ffmpeg-tls12-gcm");
    let connection = without(&frames, |packet| packet < 40, &secrets);
    assert_eq!(connection.tls.facts().reason, Some(Reason::HandshakeMissing));
    assert!(connection.bytes().iter().all(|bytes| bytes.is_empty()));
    assert_eq!(connection.told.iter().map(|told| told.closes).sum::<usize>(), 2);
}

/// Each packet of the handshake is lost once.
#[test]
fn a_handshake_that_lacks_a_packet() {
    for name in
        ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "stunnel-ffmpeg-tls13", "nginx-ffmpeg-tls13-keyupdate"]
    {
        let (frames, secrets) = open(name);
        let whole = run(&frames, &secrets).remove(0);
        let mut lines = Vec::new();
        for gone in 1..=18 {
            let connection = without(&frames, |packet| packet == gone, &secrets);
            let facts = connection.tls.facts();
            for (told, sent) in connection.told.iter().zip(&whole.told) {
                let start = told.gaps.first().map_or(0, |(at, _)| *at);
                assert!(sent.bytes.ends_with(&told.bytes[start..]), "{name} {gone}");
            }
            let percent = |side: usize| connection.told[side].bytes.len() * 100 / whole.told[side].bytes.len();
            lines.push(format!(
                "without packet {gone}: {} % and {} %, {}",
                percent(0),
                percent(1),
                facts.reason.map_or("all is well", Reason::name)
            ));
        }
        insta::assert_snapshot!(format!("{name} lacks a packet"), lines.join("\n"));
    }
}

#[test]
fn other_secrets_are_tried_and_nothing_comes_of_it() {
    let (frames, _) = open("stunnel-ffmpeg-tls13");
    let connection = without(&frames, |packet| packet < 40, &keys(&file("nginx-ffmpeg-tls13-keyupdate.keys")));
    let facts = connection.tls.facts();
    assert_eq!((facts.reason, facts.is_decrypted()), (Some(Reason::HandshakeMissing), false));
    let sent: u64 = facts.sent.iter().map(|sent| sent.bytes).sum();
    assert!(connection.tls.work() <= 4 * sent + (2 << 20), "{} of {sent}", connection.tls.work());
}
