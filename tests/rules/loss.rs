//! What a capture misses is nobody's fault: with packets removed from it, a capture raises no error and no certain warning
//! that the whole one does not.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Packet;
use rtmp_inspect::proto::tls::KeyLog;
use rtmp_inspect::proto::{Event, Keys, rtmpe};
use rtmp_inspect::rules::{Engine, Severity};
use rtmp_inspect::synth::{Random, transform};
use rtmp_inspect::wire::{Moment, PacketNo, Side};

use crate::common::capture;
use crate::common::kept::{Kept, packets};

/// Blame that is certain: the client, the rule, the side at fault.
type Blame = (Option<SocketAddr>, &'static str, Option<Side>, Severity);

/// The secrets of a capture: of TLS or RTMPE, where they stand beside it.
fn keys_of(path: &Path) -> Option<Keys> {
    let beside = |extension: &str| std::fs::read(path.with_extension(extension)).ok();
    let is_rtmpe = path.components().any(|part| part.as_os_str() == "rtmpe");
    let (log, rtmpe) = if is_rtmpe { (None, beside("keys")) } else { (beside("keys"), beside("rtmpe-keys")) };
    let mut keys = Keys::default();
    if let Some(log) = &log {
        let mut tls = KeyLog::new(&Limits::default());
        tls.add(log);
        keys.tls = Arc::new(tls);
    }
    if let Some(secrets) = &rtmpe {
        keys.rtmpe = rtmpe::Secrets::read(&secrets[..]).unwrap();
    }
    (log.is_some() || rtmpe.is_some()).then_some(keys)
}

/// What is certain about the packets that `keep` leaves, with a text of each.
fn blames(packets: &[Kept], keep: impl FnMut(usize) -> bool) -> Vec<(Blame, String)> {
    blames_with(&Arc::default(), packets, keep)
}

/// The same, given secrets.
fn blames_with(keys: &Arc<Keys>, packets: &[Kept], mut keep: impl FnMut(usize) -> bool) -> Vec<(Blame, String)> {
    let options = Options { keys: Arc::clone(keys), ..Options::default() };
    let mut analyzer = Analyzer::new(&Limits::default(), options);
    let mut engine = Engine::default();
    let mut blames = Vec::new();
    let mut clients = Vec::new();
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            if let Event::Session(opened) = &event {
                clients.push((opened.session, opened.client));
            }
            if let Event::Message(message) = &event {
                assert!(message.head.first.packet.0 > 0 && message.head.last.packet.0 > 0, "{message:?}");
            }
            for finding in engine.observe(&event) {
                assert!(finding.packets.0.0 > 0, "{finding:?}");
                if finding.severity == Severity::Error || (finding.certain && finding.severity == Severity::Warning) {
                    let client = clients.iter().find(|(session, _)| *session == finding.session);
                    let client = client.map(|(_, client)| *client);
                    blames
                        .push(((client, finding.rule.code, finding.from, finding.severity), finding.text.to_string()));
                }
            }
        }
    };
    let mut number = 0;
    for (index, kept) in packets.iter().enumerate() {
        if !keep(index) {
            continue;
        }
        number += 1;
        analyzer.push(&Packet { at: Moment { packet: PacketNo(number), time: kept.at.time }, ..kept.packet() });
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    blames
}

/// Takes packets away: at random, in bursts, at the beginning, at the end. Gives what is blamed on somebody then.
fn survive(path: &Path, rounds: u64) -> Vec<String> {
    let packets = packets(path);
    let mut wrong = survive_with(&Arc::default(), path, &packets, rounds);
    if let Some(keys) = keys_of(path) {
        wrong.extend(survive_with(&Arc::new(keys), path, &packets, rounds));
    }
    wrong
}

fn survive_with(keys: &Arc<Keys>, path: &Path, packets: &[Kept], rounds: u64) -> Vec<String> {
    let blames = |keep: &dyn Fn(usize) -> bool| blames_with(keys, packets, keep);
    let mut wrong = Vec::new();
    let whole: BTreeSet<Blame> = blames(&|_| true).into_iter().map(|(blame, _)| blame).collect();
    let count = packets.len() as u64;
    let mut judge = |what: &str, found: Vec<(Blame, String)>| {
        for (blame, text) in found.into_iter().filter(|(blame, _)| !whole.contains(blame)) {
            wrong.push(format!("{} {what}: {blame:?}: {text}", path.display()));
        }
    };
    for seed in 0..rounds {
        let mut random = Random::new(seed + 1);
        for per_mille in [2, 10, 50, 200] {
            let lost: Vec<usize> = (0..packets.len()).filter(|_| random.below(1000) < per_mille).collect();
            let found = blames(&|index| lost.binary_search(&index).is_err());
            judge(&format!("without {per_mille} per mille, seed {seed}: {lost:?}"), found);
        }
        let (from, length) = (random.below(count), random.between(1, 60));
        let burst = from as usize..(from + length) as usize;
        judge(&format!("without packets {burst:?}"), blames(&|index| !burst.contains(&index)));
        // The first packets are where the rules learn most.
        let (from, length) = (random.below(40), random.between(1, 4));
        let burst = from as usize..(from + length) as usize;
        judge(&format!("without packets {burst:?}"), blames(&|index| !burst.contains(&index)));
        let cut = random.below(count) as usize;
        judge(&format!("from packet {cut} on"), blames(&|index| index >= cut));
        judge(&format!("up to packet {cut}"), blames(&|index| index < cut));
    }
    wrong
}

const SMALL: &[&str] = &[
    "nginx-rtmp/rtmpdump-vod-seek.pcap",
    "nginx-rtmp/rtmpclient-rpc.pcap",
    "nginx-rtmp/gst-librtmp-publish-rejected-key.pcap",
    "srs/ffmpeg-play-no-stream.pcap",
    "srs/ffmpeg-publish-denied.pcap",
    "crtmpserver/ffmpeg-adobe-auth-bad-password.pcap",
    "node-media-server/ffmpeg-publish-bad-sign.pcap",
];

/// A tunnel's first responses, or requests, are not in the capture, in one piece or in several: what follows them is not the beginning of
/// what its sides said.
#[test]
fn what_follows_a_hole_in_a_tunnel_is_not_its_beginning() {
    for name in ["rtmpt/rtmpt-ffmpeg-publish.pcap", "rtmpt/rtmpt-ffmpeg-play.pcap"] {
        let packets = packets(&capture(name));
        let whole: BTreeSet<Blame> = blames(&packets, |_| true).into_iter().map(|(blame, _)| blame).collect();
        // All of one side's among a few packets behind the first request, and those of both.
        for (from, length, sides) in
            (3..30).flat_map(|from| (1..14).flat_map(move |length| (0..3).map(move |sides| (from, length, sides))))
        {
            let is_lost = |index: usize| {
                let ports = &packets[index].data[34..38];
                let is_server = u16::from_be_bytes([ports[0], ports[1]]) < u16::from_be_bytes([ports[2], ports[3]]);
                (from..from + length).contains(&index) && (sides == 2 || is_server == (sides == 1))
            };
            for (blame, text) in blames(&packets, |index| !is_lost(index)) {
                assert!(whole.contains(&blame), "{name} without {length} from {from} of {sides}: {blame:?}: {text}");
            }
        }
    }
}

#[test]
fn lost_packets_are_blamed_on_nobody() {
    for name in SMALL {
        assert_eq!(survive(&capture(name), 20), [""; 0]);
    }
}

/// Two packets of one connection that were captured in the other order: an answer may come before its request then.
#[test]
fn packets_in_the_other_order_are_blamed_on_nobody() {
    for name in SMALL.iter().chain(&["nginx-rtmp/ffmpeg-publish-flvflags.pcap", "ffmpeg-listen/ffmpeg-publish.pcap"]) {
        let mut packets = packets(&capture(name));
        let whole: BTreeSet<Blame> = blames(&packets, |_| true).into_iter().map(|(blame, _)| blame).collect();
        let last = packets.len() - 1;
        let places = (0..last.min(60)).chain(last.saturating_sub(12).max(60)..last);
        for place in places {
            packets.swap(place, place + 1);
            for (blame, text) in blames(&packets, |_| true) {
                assert!(whole.contains(&blame), "{name}, packet {place} behind the next: {blame:?}: {text}");
            }
            packets.swap(place, place + 1);
        }
    }
}

/// All captures of the repository, or of the folder that `CAPTURES` names, `ROUNDS` times over.
#[test]
#[ignore = "long: run it with --release -- --ignored"]
fn lost_packets_are_blamed_on_nobody_at_length() {
    let folder = std::env::var_os("CAPTURES").map_or_else(|| capture(""), PathBuf::from);
    let rounds = std::env::var("ROUNDS").map_or(10, |rounds| rounds.parse().unwrap());
    let mut folders = vec![folder];
    let (mut seen, mut wrong) = (0, Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
                seen += 1;
                wrong.extend(survive(&path, rounds));
            }
        }
    }
    assert!(seen > 0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The server's first byte is only guessed where its SYN/ACK is lost and the client's segments come in another order. Its
/// handshake is not shown then; that is no reason to say that there was none.
#[test]
fn a_server_whose_first_byte_is_unknown_was_not_silent() {
    use rtmp_inspect::synth::{Link, sample};
    let mut packets = Link::v4().mtu(1000).packets(&sample::publish(5));
    // The SYN/ACK, and the acknowledgement of that.
    packets.drain(1..3);
    let from_client = |at: &usize| packets[*at].from == Side::Client && !packets[*at].payload.is_empty();
    let [first, second] = [0, 1].map(|nth| (0..packets.len()).filter(from_client).nth(nth).unwrap());
    packets.swap(first, second);
    let story = crate::common::Story::of_packets(&packets);
    let steps =
        story.events.iter().filter(|event| matches!(event, Event::Handshake(step) if step.from == Side::Server));
    assert_eq!(steps.count(), 0, "this case has lost its point");
    assert!(story.messages_from(Side::Server).len() > 5);
    let blames: Vec<_> =
        story.findings.iter().filter(|finding| finding.severity > Severity::Note && finding.certain).collect();
    assert!(blames.is_empty(), "{blames:?}");
}

/// Each packet of a conversation that has everything, one at a time.
#[test]
fn no_single_packet_is_missed_as_a_fault() {
    use rtmp_inspect::synth::{Link, sample};
    let conversation = sample::publish(5);
    let packets = Link::v4().packets(&conversation);
    for lost in 0..packets.len() {
        let story = crate::common::Story::of_packets(&transform::drop_packets(&packets, &[lost]));
        for finding in &story.findings {
            let blames = finding.severity > Severity::Note && finding.certain;
            assert!(!blames, "without packet {lost}: {} {}", finding.rule.code, finding.text);
        }
    }
}
