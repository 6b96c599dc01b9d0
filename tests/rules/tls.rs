//! Cases of the TLS rules.

use std::net::SocketAddr;
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, Packet as Captured};
use rtmp_inspect::net::Start;
use rtmp_inspect::proto::tls::{BadRecord, Certificate, Facts, KeyLog, Reason, Sent, Version};
use rtmp_inspect::proto::{Attempts, Event, Keys, Opened, Tls};
use rtmp_inspect::rules::Engine;
use rtmp_inspect::synth::{Conversation, Link, opening, sample, transform};
use rtmp_inspect::wire::{Moment, PacketNo, Side, Time};

use crate::common::{Story, capture};
use crate::network::{later, speaks};
use crate::{Case, case};

const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 5, 1, 0, 0, 1, 0];
const SERVER_HELLO: &[u8] = &[22, 3, 3, 0, 5, 2, 0, 0, 1, 0];
/// Alerts of TLS 1.2, fatal: unknown_ca, protocol_version; and close_notify.
const UNKNOWN_CA: &[u8] = &[21, 3, 3, 0, 2, 2, 48];
const PROTOCOL_VERSION: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
const CLOSE_NOTIFY: &[u8] = &[21, 3, 3, 0, 2, 1, 0];

/// A session of `captures/tls`, with its key log where that is wanted, and with a byte of each of these packets changed.
fn real(name: &str, keyed: bool, changed: &[u64]) -> Story {
    let mut log = KeyLog::new(&Limits::default());
    if keyed {
        log.read(std::fs::File::open(capture(&format!("tls/{name}.keys"))).unwrap()).unwrap();
    }
    let options = Options { keys: Arc::new(Keys { tls: Arc::new(log), ..Keys::default() }), ..Options::default() };
    let mut analyzer = Analyzer::new(&Limits::default(), options);
    let (mut engine, mut story) = (Engine::default(), Story::default());
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            story.findings.extend(engine.observe(&event));
            story.events.push(event);
        }
    };
    let mut input = Input::open(&[capture(&format!("tls/{name}.pcap"))]).unwrap();
    while let Some(packet) = input.next() {
        let Captured { at, link, data, wire_length, place } = packet.unwrap();
        let mut data = data.to_vec();
        if changed.contains(&at.packet.0) {
            *data.last_mut().unwrap() ^= 1;
        }
        analyzer.push(&Captured { at, link, data: &data, wire_length, place });
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    story
}

fn moment(packet: u64, seconds: i64) -> Moment {
    Moment { packet: PacketNo(packet), time: Time(seconds * 1_000_000_000) }
}

/// A session of which these facts became known.
fn told(facts: Facts) -> Story {
    let address = |last: u8, port: u16| SocketAddr::from(([192, 0, 2, last], port));
    let session = Event::Session(Opened {
        session: 1,
        protocol: "rtmps",
        decrypted: Some(true),
        client: address(1, 40_000),
        server: address(2, 443),
        at: moment(1, 0),
        start: Start::Syn,
        proxied: None,
        tunnels: Default::default(),
        attempts: Attempts::default(),
        strangers: Vec::new(),
    });
    let (mut engine, mut story) = (Engine::default(), Story::default());
    for event in [
        session,
        Event::Tls(Tls { session: 1, packets: facts.packets.unwrap_or_default(), facts: Box::new(facts), alert: None }),
    ] {
        story.findings.extend(engine.observe(&event));
        story.events.push(event);
    }
    story
}

const DAY: i64 = 86_400;

/// A certificate that is valid from day 100 to day 200 after 1970-01-01, on a day.
fn on_day(day: i64, self_signed: bool) -> Story {
    let certificate = Certificate {
        subject: "CN=live.example".to_owned(),
        issuer: "CN=An authority".to_owned(),
        not_before: Time(100 * DAY * 1_000_000_000),
        not_after: Time(200 * DAY * 1_000_000_000),
        self_signed,
    };
    let packets = Some((moment(4, day * DAY), moment(6, day * DAY)));
    told(Facts { certificate: Some(certificate), packets, ..Facts::default() })
}

/// A record of the client did not authenticate.
fn bad(sent: Sent) -> Story {
    let first_bad = Some(BadRecord { from: Side::Client, at: moment(9, 0), sequence: 3, offset: 4711 });
    told(Facts { first_bad, reason: Some(Reason::BadRecord), sent: [sent, Sent::default()], ..Facts::default() })
}

pub(super) fn cases() -> Vec<Case> {
    let of = |code, what, story, expected| Case { code, what, story, expected };
    let (ours, closed) = ("nginx-rtmpdump-play-tls13", "nginx-ffmpeg-tls12-gcm");
    let refused = |alert: &'static [u8]| {
        Conversation::new().client(|c| c.raw(CLIENT_HELLO)).server(|s| s.raw(SERVER_HELLO)).client(|c| c.raw(alert))
    };
    let mut cases = vec![
        case(
            "TLS001",
            "a client that does not know who issued the certificate",
            &refused(UNKNOWN_CA),
            &[
                "the client sent a fatal alert, unknown_ca (48): nobody whom it trusts issued the certificate; send the whole chain, or \
               add the issuer to what the client trusts",
            ],
        ),
        case("TLS001", "an orderly end", &refused(CLOSE_NOTIFY), &[]),
        of(
            "TLS002",
            "no key log",
            real(ours, false, &[]),
            &[
                "the session was not decrypted (TLS 1.3): no key log has secrets of the client random b173f6a95d97fe70…; let the client \
               or the server write one by SSLKEYLOGFILE and give it with --keylog (docs/rtmps.md)",
            ],
        ),
        of("TLS002", "a key log", real(ours, true, &[]), &[]),
        of(
            "TLS002",
            "a suite that is not decrypted here",
            told_closed(Facts { reason: Some(Reason::CipherUnsupported), ..Facts::default() }),
            &[
                "the session was not decrypted: its cipher suite, an unknown one, is not one that is decrypted here; have the server \
               choose one of AES-GCM, AES-CBC or ChaCha20-Poly1305",
            ],
        ),
        of(
            "TLS002",
            "secrets of one side alone",
            told_closed(Facts {
                version: Some(Version::TLS_1_3),
                reason: Some(Reason::NoSecrets),
                sent: [Sent { opened: 9, ..Sent::default() }, Sent { closed: 9, ..Sent::default() }],
                ..Facts::default()
            }),
            &[
                "what the server sent was not decrypted (TLS 1.3): no key log has its secrets; let the client or the server write one by \
               SSLKEYLOGFILE and give it with --keylog (docs/rtmps.md)",
            ],
        ),
        of(
            "TLS004",
            "a certificate of its own",
            real(closed, false, &[]),
            &[
                "the server's certificate, of CN=localhost, names itself as its issuer: clients that look refuse it, unless they are told \
               to trust it",
            ],
        ),
        of("TLS004", "of an authority, in time", on_day(150, false), &[]),
        of(
            "TLS004",
            "expired",
            on_day(203, false),
            &["the server's certificate, of CN=live.example, expired on 1970-07-20, 3 days before this session"],
        ),
        of(
            "TLS004",
            "not valid yet",
            on_day(99, false),
            &[
                "the server's certificate, of CN=live.example, is valid from 1970-04-11 on, 1 day after this session began",
            ],
        ),
        of("TLS005", "as it was sent", real(closed, true, &[]), &[]),
        of(
            "TLS005",
            "a byte changed in a packet",
            real(closed, true, &[91]),
            &[
                "record 60 of the client, at byte 10984 of the connection, does not authenticate: others of its sender do, so its bytes \
               were changed on the way or in the capture",
            ],
        ),
        of(
            "TLS005",
            "secrets of another session",
            bad(Sent::default()),
            &[
                "record 3 of the client, at byte 4711 of the connection, does not authenticate: none of its sender does, so the secrets \
               that were given are another session's",
            ],
        ),
        of(
            "TLS005",
            "behind a hole",
            bad(Sent { opened: 9, holes: 1, ..Sent::default() }),
            &[
                "record 3 of the client, at byte 4711 of the connection, does not authenticate: the capture misses bytes before it, so \
               which record it is cannot be known",
            ],
        ),
    ];
    cases.extend(on_wrong_ports());
    cases.extend(refused_by_real_peers());
    cases
}

const UNKNOWN_CA_SAYS: &str = "the client sent a fatal alert, unknown_ca (48): nobody whom it trusts issued the certificate; send the whole chain, or add the \
     issuer to what the client trusts";

/// A client's hello with one extension.
fn hello(extension: u8, body: &[u8]) -> Vec<u8> {
    let long = |bytes: &[u8]| [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat();
    let extensions = long(&[&[0, extension], &long(body)[..]].concat());
    let rest = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0x13, 1, 1, 0], &extensions].concat();
    [&[22, 3, 1][..], &long(&[&[1, 0], &long(&rest)[..]].concat())].concat()
}

/// What OpenSSL and tlslite said to one another, and of what they said nothing was encrypted.
fn refused_by_real_peers() -> Vec<Case> {
    let of = |code, what, story, expected| Case { code, what, story, expected };
    let (refused, changed) = ("openssl-refused", "openssl-changed-on-the-way");
    vec![
        of(
            "TLS001",
            "what real peers refuse",
            real(refused, true, &[]),
            &[
                UNKNOWN_CA_SAYS,
                // In TLS 1.3, where the alert is encrypted.
                UNKNOWN_CA_SAYS,
                "the client sent a fatal alert, certificate_expired (45): the certificate is out of date by its clock; renew the \
                 certificate, or set the clock",
                "the client sent a fatal alert, bad_certificate (42): it does not accept the certificate; see that the certificate names \
                 the server as the client calls it, and that its whole chain is sent",
                "the server sent a fatal alert, protocol_version (70): the sides have no TLS version in common; let the older side use \
                 TLS 1.2 at least, or the server allow what the client has",
                "the server sent a fatal alert, handshake_failure (40): the sides have no cipher suite or curve in common; let the older \
                 side use a newer TLS library, or the server offer a suite that the client has",
                "the server sent a fatal alert, unrecognized_name (112): it does not know the server's name that was asked for; see the \
                 host name in the client's URL, and which names the server has a certificate for",
                "the server sent a fatal alert, certificate_required (116): it wants a certificate of the client; give the client one, or \
                 have the server not ask",
                "the server sent a fatal alert, no_application_protocol (120): the sides have no ALPN protocol in common; have the client \
                 offer none, or one that the server has",
            ],
        ),
        // A key log has nothing of those that end before there are keys.
        of(
            "TLS002",
            "what ends within the handshake",
            real(refused, false, &[]),
            &[
                "the session was not decrypted (TLS 1.3 for ingest.example): no key log has secrets of the client random \
                 f9e4bbe404f30b6d…; let the client or the server write one by SSLKEYLOGFILE and give it with --keylog (docs/rtmps.md)",
                "the session was not decrypted (TLS 1.3 for ingest.example): no key log has secrets of the client random \
                 35bb79bad894b868…; let the client or the server write one by SSLKEYLOGFILE and give it with --keylog (docs/rtmps.md)",
            ],
        ),
        of("TLS002", "the same with its key log", real(refused, true, &[]), &[]),
        of(
            "TLS002",
            "what ends within the handshake without a word",
            told_closed(Facts { version: Some(Version::TLS_1_2), ..Facts::default() }),
            &[
                "the session was not decrypted (TLS 1.2): it ended within TLS's handshake, before anything was encrypted",
            ],
        ),
        of(
            "TLS004",
            "a certificate that a real client refuses as expired",
            real(refused, false, &[]),
            &["the server's certificate, of CN=ingest.example, expired on 2025-04-01, 606 days before this session"],
        ),
        // A byte of a record was changed before it came to the server, and in the second session behind it.
        of(
            "TLS005",
            "a byte changed on the way",
            real(changed, true, &[]),
            &[
                "record 2 of the client, at byte 1844 of the connection, does not authenticate: others of its sender do, so its bytes were \
               changed on the way or in the capture",
            ],
        ),
        of(
            "TLS001",
            "what their receivers say of changed bytes",
            real(changed, true, &[]),
            &[
                "the server sent a fatal alert, bad_record_mac (20): what it got does not authenticate; look for what changes bytes on the \
                 way, or for a fault in the other side's TLS library",
                "the client sent a fatal alert, bad_record_mac (20): what it got does not authenticate; look for what changes bytes on the \
                 way, or for a fault in the other side's TLS library",
            ],
        ),
        of(
            "NET001",
            "a record that does not authenticate",
            real(changed, true, &[]),
            &[
                "about 1536 bytes of the client from offset 1537 on are captured, and not opened; decoding goes on after them",
            ],
        ),
        Case {
            code: "NET009",
            what: "a web page's TLS beside a session of RTMPS",
            story: Story::of_packets(&transform::merge([
                speaks(0, 4, &hello(16, b"\0\x03\x02h2"), SERVER_HELLO),
                speaks(9, 5, &hello(0, b"\0\x09\0\0\x06ingest"), SERVER_HELLO),
            ])),
            expected: &["beside this session, 192.0.2.1:4 speaks TLS to 192.0.2.2:1935, and is answered in TLS"],
        },
        of(
            "TLS003",
            "FFmpeg at a port of TLS",
            real("tlslite-rtmp-in-clear", false, &[]),
            &["the client sends RTMP in clear to a port that speaks TLS: use rtmps:// with it"],
        ),
    ]
}

/// The same with both sides' ends.
fn told_closed(facts: Facts) -> Story {
    use rtmp_inspect::net::How;
    use rtmp_inspect::proto::Close;
    let mut story = told(facts);
    let mut engine = Engine::default();
    let close = |from, last| {
        let (how, at) = (How::Fin, moment(20, 1));
        Event::Close(Close {
            session: 1,
            from,
            how,
            at,
            bytes: 0,
            messages: 0,
            undecoded: 0,
            tcp: None,
            last,
            attempts: Attempts::default(),
            strangers: Vec::new(),
            frames: Vec::new(),
        })
    };
    story.events.extend([close(Side::Client, false), close(Side::Server, true)]);
    story.findings = story.events.iter().flat_map(|event| engine.observe(event)).collect();
    story
}

/// TLS003: RTMP in clear where TLS is spoken, and the other way round.
fn on_wrong_ports() -> Vec<Case> {
    let of = |what, story, expected| Case { code: "TLS003", what, story, expected };
    let merged = |beside: Vec<_>, session: &[_]| {
        Story::of_packets(&transform::merge(beside.into_iter().chain([session.to_vec()])))
    };
    let c1 = [&[3][..], &opening(0, 1)].concat();
    let s1 = [&[3][..], &opening(5, 2), &opening(0, 1)].concat();
    let session = later(Link::v4().packets(&sample::publish(3)), 9);
    // What is no session by its names, lengths and port.
    let on_443 =
        |conversation: &Conversation, port| Link::v4().client_port(port).server_port(443).packets(conversation);
    let tls = || on_443(&Conversation::new().client(|c| c.raw(CLIENT_HELLO)).server(|s| s.raw(SERVER_HELLO)), 4);
    let unanswered = later(on_443(&Conversation::new().client(|c| c.raw(&c1)), 5), 9);
    let both = later(on_443(&sample::publish(3), 5), 9);
    vec![
        case("TLS003", "RTMP on both sides", &sample::publish(3), &[]),
        case(
            "TLS003",
            "a TLS server's alert",
            &Conversation::new().client(|c| c.raw(&c1)).server(|s| s.raw(PROTOCOL_VERSION)),
            &["the client sends RTMP in clear to a port that speaks TLS: use rtmps:// with it"],
        ),
        case(
            "TLS003",
            "a TLS client at an RTMP server",
            &Conversation::new().client(|c| c.raw(CLIENT_HELLO)).server(|s| s.raw(&s1)),
            &["the client begins TLS with a server that speaks RTMP in clear: use rtmp:// with it"],
        ),
        of(
            "a real server's alert",
            Story::of_file(&capture("cases/rtmp-to-tls-port.pcap")),
            &["the client sends RTMP in clear to a port that speaks TLS: use rtmps:// with it"],
        ),
        of(
            "TLS clients beside a session",
            merged(vec![speaks(0, 4, CLIENT_HELLO, &[]), speaks(1, 5, CLIENT_HELLO, &[])], &session),
            &[
                "beside this session, 192.0.2.1:4 begins TLS with 192.0.2.2:1935, where RTMP is spoken in clear: use rtmp:// with it; \
               2 connections of that kind in all",
            ],
        ),
        of(
            "a server that answers others in TLS, and not this one",
            merged(vec![tls()], &unanswered),
            &[
                "the client sends RTMP in clear to 192.0.2.2:443, which does not answer it, and answers 192.0.2.1:4 in TLS: use rtmps:// \
               with it",
            ],
        ),
        of("a server that answers both", merged(vec![tls()], &both), &[]),
    ]
}
