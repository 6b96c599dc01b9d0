//! A longer capture never says less: every message of a capture that is cut at some packet is also in the whole.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use common::capture;
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::Input;
use rtmp_inspect::proto::Event;
use rtmp_inspect::wire::Side;

/// A message as both should have it, whatever the numbers of messages and sessions are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Said {
    session: Session,
    from: Side,
    offset: u64,
    kind: u8,
    /// Where it is known.
    timestamp: Option<u32>,
    message_stream_id: Option<u32>,
    length: usize,
    payload: u64,
}

/// A session's client, server and first packet.
type Session = (SocketAddr, SocketAddr, u64);

/// What a capture's first packets say.
#[derive(Default)]
struct Part {
    packets: u64,
    sessions: BTreeMap<u32, Session>,
    messages: Vec<Said>,
    /// Where a sender's mistake is proven from.
    deviations: HashSet<(Session, Side, u64)>,
}

fn part(path: &Path, packets: u64) -> Part {
    let mut analyzer = Analyzer::new(&Limits::default(), Options::default());
    let mut part = Part::default();
    let Part { sessions, messages, deviations, .. } = &mut part;
    let mut read = 0;
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            match event {
                Event::Session(opened) => {
                    sessions.insert(opened.session, (opened.client, opened.server, opened.at.packet.0));
                }
                Event::Message(message) => {
                    let head = &message.head;
                    let mut hasher = DefaultHasher::new();
                    message.payload.hash(&mut hasher);
                    messages.push(Said {
                        session: sessions[&message.session],
                        from: message.from,
                        offset: head.offset,
                        kind: head.kind.0,
                        timestamp: head.timestamp_known.then_some(head.timestamp),
                        message_stream_id: head.message_stream_known.then_some(head.message_stream_id),
                        length: message.payload.len(),
                        payload: hasher.finish(),
                    });
                }
                Event::Deviation(deviation) => {
                    deviations.insert((sessions[&deviation.session], deviation.from, deviation.offset));
                }
                _ => {}
            }
        }
    };
    let Ok(mut input) = Input::open(&[path.to_owned()]) else { return part };
    while read < packets
        && let Some(packet) = input.next()
    {
        if let Ok(packet) = packet {
            analyzer.push(&packet);
            read += 1;
        }
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    part.packets = read;
    part
}

/// Whether a message is in the whole. What a cut does not know of it, the whole may.
fn is_in(whole: &HashSet<Said>, cut: &Said) -> bool {
    let is_same = |said: &Said| {
        let known = Said {
            timestamp: cut.timestamp.and(said.timestamp),
            message_stream_id: cut.message_stream_id.and(said.message_stream_id),
            ..said.clone()
        };
        known == *cut
    };
    whole.contains(cut) || whole.iter().any(is_same)
}

/// Cuts a capture at so many places; what the whole does not have, with the number of packets that have it.
fn lost(path: &Path, cuts: u64) -> Vec<(u64, String)> {
    let whole = part(path, u64::MAX);
    let messages: HashSet<Said> = whole.messages.into_iter().collect();
    let sessions: HashSet<Session> = whole.sessions.into_values().collect();
    let step = (whole.packets / cuts).max(1);
    let mut lost = Vec::new();
    // Every packet of the beginning, where a session is found, and then places all over it.
    let early = 1..=whole.packets.min(cuts / 2);
    for cut in early.chain((1..whole.packets).step_by(step as usize)) {
        let part = part(path, cut);
        let unknown = part.sessions.values().filter(|session| !sessions.contains(session));
        lost.extend(unknown.map(|session| (cut, format!("{session:?}"))));
        // A sender's mistake is proven by what follows it: until then its bytes are read as they stand.
        let is_proven_later = |said: &Said| {
            let proven = whole.deviations.difference(&part.deviations);
            proven
                .into_iter()
                .any(|(session, from, at)| (*session, *from) == (said.session, said.from) && *at <= said.offset)
        };
        let missing = part.messages.iter().filter(|said| !is_in(&messages, said) && !is_proven_later(said));
        lost.extend(missing.map(|said| (cut, format!("{said:?}"))));
    }
    lost
}

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            captures(&path, found);
        } else if name.contains(".pcap") {
            found.push(path);
        }
    }
}

/// `CUT_CAPTURES` names a folder whose captures are cut instead, `CUTS` at how many places each (20).
#[test]
fn a_longer_capture_never_says_less() {
    let folder = std::env::var_os("CUT_CAPTURES").map_or_else(|| capture(""), PathBuf::from);
    let cuts = std::env::var("CUTS").map_or(20, |cuts| cuts.parse().unwrap());
    let mut paths = Vec::new();
    captures(&folder, &mut paths);
    assert!(!paths.is_empty());
    let mut failed = false;
    for path in paths {
        for (cut, said) in lost(&path, cuts).iter().take(3) {
            println!("{}: cut behind {cut}: {said}", path.display());
            failed = true;
        }
    }
    assert!(!failed, "the whole does not have what a part of it has");
}
