//! Secrets that come behind the records that need them.

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::net::Kept;
use rtmp_inspect::proto::tls::KeyLog;
use rtmp_inspect::wire::Side;

use crate::run::{Connection, file, kept, open, run};

/// A capture whose secrets come before one of its deliveries.
fn late(name: &str, before: usize, limits: &Limits) -> (Connection, Connection) {
    let (frames, secrets) = open(name);
    let whole = run(&frames, &secrets).remove(0);
    let deliveries = kept(&frames).remove(0);
    let text = std::fs::read(file(&format!("{name}.keys"))).unwrap();
    let mut secrets = KeyLog::new(limits);
    secrets.set_may_grow(true);
    let mut connection = Connection::new(limits);
    for (index, (from, kept)) in deliveries.iter().enumerate() {
        if index == before.min(deliveries.len() - 1) {
            secrets.add(&text);
            connection.retry(&secrets);
        }
        connection.take(*from, &kept.lend(), &secrets);
    }
    (connection, whole)
}

#[test]
fn what_waited_is_given_in_the_order_in_which_it_was_sent() {
    for name in
        ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "nginx-ffmpeg-tls13-keyupdate", "stunnel-ffmpeg-tls13"]
    {
        // The last delivery closes the second side: up to there all that fits is kept.
        for before in [1, 5, 9, 30, 200, usize::MAX] {
            let (connection, whole) = late(name, before, &Limits::default());
            assert_eq!(connection.bytes(), whole.bytes(), "{name} {before}");
            assert_eq!(connection.turns, whole.turns, "{name} {before}");
            assert_eq!(connection.told[0].packets, whole.told[0].packets, "{name} {before}");
            assert!(connection.told.iter().all(|told| told.closes == 1 && told.gaps.is_empty()), "{name} {before}");
            assert_eq!(connection.tls.held(), 0, "{name} {before}");
        }
    }
}

#[test]
fn beyond_the_limit_later_records_are_lost() {
    let limits = Limits { tls_waiting_bytes: 16 << 10, ..Limits::default() };
    for name in ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "stunnel-ffmpeg-tls13"] {
        let (connection, whole) = late(name, 250, &limits);
        assert!(connection.most_held < 64 << 10, "{name}: {}", connection.most_held);
        let (told, sent) = (&connection.told[0], &whole.told[0]);
        assert_eq!(told.gaps.len(), 1, "{name}: {:?} {}", told.gaps, told.bytes.len());
        let (at, missing) = told.gaps[0];
        assert!(told.bytes[..at] == sent.bytes[..at] && at > 3073, "{name}: {at}");
        assert!(sent.bytes.ends_with(&told.bytes[at..]) && told.bytes.len() > at + 2000, "{name}");
        let lost = (sent.bytes.len() - told.bytes.len()) as u64;
        assert!(missing.abs_diff(lost) <= lost / 10, "{name}: {missing} of {lost}");
        assert!(connection.tls.reached().tls_waiting_bytes > 0);
    }
}

/// Records of some hundred bytes each cost little more than these.
#[test]
fn what_waits_costs_what_it_has() {
    for name in ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "rtmpts-ffmpeg-publish"] {
        let (connection, _) = late(name, usize::MAX, &Limits::default());
        let sent: u64 = connection.tls.facts().sent.iter().map(|sent| sent.bytes).sum();
        assert!(connection.most_held as u64 > sent / 2, "{name}: {} of {sent}", connection.most_held);
        assert!((connection.most_held as u64) < sent + sent / 4, "{name}: {} of {sent}", connection.most_held);
        assert_eq!(connection.tls.reached().tls_waiting_bytes, 0, "{name}");
    }
}

#[test]
fn secrets_that_never_come_end_with_the_connection() {
    let (frames, _) = open("stunnel-ffmpeg-tls13");
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.set_may_grow(true);
    let mut connection = run(&frames, &secrets).remove(0);
    assert!(connection.tls.is_waiting() && connection.told.iter().all(|told| told.closes == 0));
    connection.give_up();
    assert!(connection.told.iter().all(|told| told.closes == 1 && told.bytes.is_empty()));
    assert!(connection.most_held > 50_000 && connection.tls.held() == 0);
}

#[test]
fn what_waits_can_be_given_up() {
    let (frames, _) = open("nginx-ffmpeg-tls12-gcm");
    let deliveries = kept(&frames).remove(0);
    let mut secrets = KeyLog::new(&Limits::default());
    secrets.set_may_grow(true);
    let mut connection = Connection::new(&Limits::default());
    let text = std::fs::read(file("nginx-ffmpeg-tls12-gcm.keys")).unwrap();
    let half = deliveries.len() / 2;
    for (index, (from, kept)) in deliveries.iter().enumerate() {
        if index == half {
            assert!(connection.tls.held() > 10_000);
            connection.tls.shed(&mut |_, _| {});
            assert!(connection.tls.held() < 4096);
            secrets.add(&text);
        }
        connection.take(*from, &kept.lend(), &secrets);
    }
    let sent: Vec<u8> = run(&frames, &secrets)[0].told[0].bytes.clone();
    let told = &connection.told[0];
    assert!(told.bytes.len() > 10_000 && sent.ends_with(&told.bytes));
    // What came before is told about right: a record of the handshake among it is taken for data.
    let [(0, missing)] = told.gaps[..] else { panic!("{:?}", told.gaps) };
    let lost = (sent.len() - told.bytes.len()) as u64;
    assert!(missing >= lost && missing < lost + 40, "{missing} of {lost}");
    let is_data = |(from, kept): &&(Side, Kept)| *from == Side::Client && matches!(kept, Kept::Bytes { .. });
    assert!(deliveries.iter().filter(is_data).count() > 100);
}

#[test]
fn what_waits_on_all_connections_is_bounded() {
    let limits = Limits { tls_waiting_bytes_total: 20_000, ..Limits::default() };
    let mut analyzer = Analyzer::new(&limits, Options::default());
    analyzer.expect_secrets(true);
    let mut input = Input::open(&[file("stunnel-ffmpeg-tls13.pcap")]).unwrap();
    let mut most = 0;
    while let Some(packet) = input.next() {
        analyzer.push(&packet.unwrap());
        while analyzer.poll().is_some() {}
        most = most.max(analyzer.memory());
    }
    analyzer.finish();
    assert!(analyzer.totals().reached.tls_waiting_bytes_total > 0);
    // A connection that is followed takes some kilobytes beside that.
    assert!(most < 400_000, "{most}");
}
