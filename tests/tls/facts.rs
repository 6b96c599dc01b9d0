//! What is known of a connection: with secrets, without, and with those of another.

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::proto::tls::{AlertDescription, CipherSuite, EarlyData, Facts, KeyLog, Likeness, Reason, Version};
use rtmp_inspect::wire::Side;

use crate::run::{file, keys, open, run, run_file, run_under};

fn suite(facts: &Facts) -> &'static str {
    facts.cipher_suite.and_then(CipherSuite::name).unwrap_or("-")
}

#[test]
fn a_session_in_tls_1_2() {
    let all = run_file("nginx-ffmpeg-tls12-gcm");
    let facts = all[0].tls.facts();
    assert_eq!(facts.version, Some(Version::TLS_1_2));
    assert_eq!(suite(facts), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_eq!((facts.resumed, facts.early_data, facts.encrypted_client_hello), (Some(false), None, false));
    let certificate = facts.certificate.as_ref().unwrap();
    assert_eq!((certificate.subject.as_str(), certificate.self_signed), ("CN=localhost", true));
    assert!(certificate.not_before < certificate.not_after);
    let (first, last) = facts.packets.unwrap();
    assert!(first.packet < last.packet && last.packet.0 < 20);
    assert!(facts.sent[0].first_data.unwrap().packet > last.packet);
}

#[test]
fn a_session_in_tls_1_3() {
    let all = run_file("nginx-ffmpeg-tls13-keyupdate");
    let facts = all[0].tls.facts();
    assert_eq!((facts.version, suite(facts)), (Some(Version::TLS_1_3), "TLS_AES_256_GCM_SHA384"));
    assert_eq!((facts.sent[0].key_updates, facts.sent[1].key_updates), (30, 29));
    assert_eq!(facts.certificate.as_ref().unwrap().subject, "CN=localhost");
    assert_eq!(facts.tickets, 2);
}

/// One line of each connection that OpenSSL's `s_client` and `s_server` made.
#[test]
fn what_handshakes_agreed_on() {
    let lines: Vec<String> = run_file("openssl-suites")
        .iter()
        .map(|connection| {
            let facts = connection.tls.facts();
            let mut words = vec![facts.version.and_then(Version::name).unwrap_or("-"), suite(facts)];
            let early = facts.early_data.map(EarlyData::name);
            words.extend(early.map(|_| "early data"));
            words.extend(early);
            let is = |is: bool, word| is.then_some(word);
            words.extend(is(facts.resumed == Some(true), "resumed"));
            words.extend(is(facts.encrypt_then_mac, "encrypt-then-MAC"));
            words.extend(is(facts.renegotiations > 0, "renegotiated"));
            words.extend(is(facts.hello_retry, "retried"));
            words.extend(is(facts.sent[0].key_updates > 0, "key updates"));
            words.extend(facts.alpn_offered.iter().map(String::as_str));
            assert_eq!(facts.server_name.as_deref().unwrap_or("live.example"), "live.example");
            words.join(" ")
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn alerts_say_who_and_what() {
    let all = run_file("openssl-suites");
    let alerts: Vec<_> = all.iter().flat_map(|connection| &connection.tls.facts().alerts).collect();
    assert!(alerts.len() > 20);
    assert!(alerts.iter().all(|alert| alert.encrypted && alert.description == AlertDescription::CLOSE_NOTIFY));
    // rtmpdump gives up in the middle of TLS 1.3.
    let all = run_file("nginx-rtmpdump-play-tls13");
    println!("{:?}", all[0].tls.facts().alerts);
}

#[test]
fn what_is_not_decrypted_says_why() {
    let all = run_file("openssl-not-decrypted");
    assert_eq!(all.len(), 2);
    let old = all[0].tls.facts();
    assert_eq!((old.version, old.reason), (Some(Version::TLS_1_0), Some(Reason::VersionUnsupported)));
    assert!(!old.is_decrypted() && all[0].bytes().iter().all(|bytes| bytes.is_empty()));
    // Early data that the server refused is none of what it was told.
    let refused = all[1].tls.facts();
    assert_eq!((refused.early_data, refused.reason, refused.sent[0].bad), (Some(EarlyData::Rejected), None, 0));
    assert!(refused.sent[0].closed > 0);
    assert_eq!(all[1].bytes().map(<[u8]>::len), [3380, 2432]);
}

#[test]
fn without_secrets_a_session_is_still_known() {
    for name in
        ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "stunnel-ffmpeg-tls13", "nginx-rtmpdump-play-tls12"]
    {
        let (frames, secrets) = open(name);
        let decrypted = run(&frames, &secrets);
        let all = run(&frames, &KeyLog::new(&Limits::default()));
        let (connection, facts) = (&all[0], all[0].tls.facts());
        assert_eq!((facts.is_decrypted(), facts.reason), (false, Some(Reason::NoSecrets)), "{name}");
        assert_eq!(connection.tls.likeness(443), Some(Likeness::Handshake), "{name}");
        let told = &connection.told;
        assert!(told.iter().all(|told| told.bytes.is_empty() && told.gaps.is_empty() && told.closes == 1), "{name}");
        for side in Side::BOTH.map(Side::index) {
            assert_eq!(facts.sent[side].records, decrypted[0].tls.facts().sent[side].records);
            assert_eq!(facts.sent[side].bytes, decrypted[0].tls.facts().sent[side].bytes);
        }
        assert!(connection.most_held < 64 << 10, "{name}: nothing is worth waiting for");
    }
    // What is no RTMP does not look like it.
    let (frames, _) = open("openssl-suites");
    for connection in run(&frames, &KeyLog::new(&Limits::default())) {
        let is_named = connection.tls.facts().alpn_offered == ["rtmp"];
        assert_eq!(connection.tls.likeness(443), is_named.then_some(Likeness::Name));
        assert_eq!(connection.tls.likeness(1935), Some(if is_named { Likeness::Name } else { Likeness::Port }));
    }
}

#[test]
fn a_message_beyond_the_limit_is_passed_over() {
    let limits = Limits { tls_handshake_bytes: 600, ..Limits::default() };
    for name in ["nginx-ffmpeg-tls12-gcm", "stunnel-ffmpeg-tls13"] {
        let (frames, secrets) = open(name);
        let all = run_under(&frames, &secrets, &limits);
        assert!(all[0].tls.facts().certificate.is_none() && all[0].tls.reached().tls_handshake_bytes > 0, "{name}");
        assert_eq!(all[0].bytes(), run(&frames, &secrets)[0].bytes(), "{name}");
    }
}

#[test]
fn secrets_of_another_session_give_nothing() {
    let (frames, _) = open("nginx-ffmpeg-tls12-gcm");
    let all = run(&frames, &keys(&file("nginx-ffmpeg-tls12-cbc.keys")));
    assert_eq!(all[0].tls.facts().reason, Some(Reason::NoSecrets));
    // The session's name with another's secrets.
    for name in ["nginx-ffmpeg-tls12-gcm", "nginx-ffmpeg-tls12-cbc", "stunnel-ffmpeg-tls13"] {
        let text = std::fs::read_to_string(file(&format!("{name}.keys"))).unwrap();
        let mut wrong = String::new();
        for line in text.lines() {
            let mut words: Vec<&str> = line.split(' ').collect();
            let other = words.last().map(|word| word.chars().rev().collect::<String>()).unwrap_or_default();
            if words.len() == 3 {
                words[2] = &other;
            }
            wrong += &(words.join(" ") + "\n");
        }
        let mut secrets = KeyLog::new(&Limits::default());
        secrets.add(wrong.as_bytes());
        let (frames, _) = open(name);
        let all = run(&frames, &secrets);
        let facts = all[0].tls.facts();
        assert_eq!((facts.is_decrypted(), facts.reason), (false, Some(Reason::BadRecord)), "{name}");
        assert!(facts.sent[0].bad > 0 && facts.first_bad.is_some(), "{name}");
        assert!(all[0].bytes().iter().all(|bytes| bytes.is_empty()), "{name}");
        let sent: u64 = facts.sent.iter().map(|sent| sent.bytes).sum();
        assert!(all[0].tls.work() < 8 * sent + (4 << 20), "{name}: {} for {sent}", all[0].tls.work());
    }
}
