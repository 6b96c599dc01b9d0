//! Captures and conversations through the carrier: the sessions that it finds, and the messages of their RTMP.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::Path;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::Input;
use rtmp_inspect::limits::Reached;
use rtmp_inspect::net::{Connections, Delivery, Kept, Output, Start, Unpacked, Unpacker};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::opening::{Begin, Match, Opening};
use rtmp_inspect::proto::rtmpt::{self, Exchange, Tunneled, Tunnels};
use rtmp_inspect::proto::stream::Sink;
use rtmp_inspect::proto::{protocols, rtmp};
use rtmp_inspect::wire::{Moment, Side};

use crate::common::{Story, digest};

/// What a connection told.
pub(crate) struct Told {
    pub(crate) connection: u64,
    pub(crate) client: SocketAddr,
    pub(crate) server: SocketAddr,
    pub(crate) from: Side,
    pub(crate) kept: Kept,
}

/// What all connections of a capture told, in order.
pub(crate) fn told(path: &Path) -> Vec<Told> {
    told_without(path, |_| false)
}

/// The same without packets that are `lost`.
pub(crate) fn told_without(path: &Path, mut lost: impl FnMut(u64) -> bool) -> Vec<Told> {
    let mut input = Input::open(&[path.to_owned()]).unwrap();
    let (mut unpacker, mut connections) = (Unpacker::new(&Limits::default()), Connections::new(&Limits::default()));
    let (mut ends, mut all) = (BTreeMap::new(), Vec::new());
    let mut take = |output: Output<'_>| match output {
        Output::Open { connection, client, server, .. } => {
            ends.insert(connection, (client, server));
        }
        Output::Tunnels { .. } => {}
        Output::Stream { connection, from, delivery } => {
            let (client, server) = ends[&connection];
            all.push(Told { connection, client, server, from, kept: Kept::of(&delivery) });
        }
    };
    while let Some(packet) = input.next() {
        let packet = packet.unwrap();
        let at = packet.at;
        if lost(at.packet.0) {
            continue;
        }
        let _ = unpacker.push(&packet, &mut |unpacked| {
            if let Unpacked::Segment(segment) = unpacked {
                connections.push(segment, at, &mut take);
            }
        });
    }
    connections.finish(&mut take);
    all
}

/// A session.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) start: Option<Start>,
    /// Connections beside the first.
    pub(crate) joined: Vec<u64>,
    pub(crate) told: Vec<(Side, Kept)>,
    pub(crate) exchanges: Vec<Exchange>,
}

/// The sessions of what connections told, and the limits that were reached.
pub(crate) fn sessions_under(told: &[Told], limits: &Limits) -> (Vec<Session>, Reached) {
    let mut tunnels = Tunnels::new(limits);
    let mut sessions: Vec<Session> = Vec::new();
    let mut give = |tunneled: Tunneled<'_>| match tunneled {
        Tunneled::Opened { tunnel, id, start, .. } => {
            assert_eq!(tunnel as usize, sessions.len());
            sessions.push(Session { id: id.to_owned(), start: Some(start), ..Session::default() });
        }
        Tunneled::Joined { tunnel, connection, .. } => sessions[tunnel as usize].joined.push(connection),
        Tunneled::Stream { tunnel, from, delivery } => {
            sessions[tunnel as usize].told.push((from, Kept::of(&delivery)));
        }
        Tunneled::Exchange { tunnel, exchange } => sessions[tunnel as usize].exchanges.push(exchange.clone()),
    };
    for it in told {
        tunnels.take(it.connection, it.server, it.client, it.from, &it.kept.lend(), &mut give);
    }
    tunnels.finish(Moment::default(), &mut give);
    assert_eq!((tunnels.held(), tunnels.len()), (0, 0));
    let reached = tunnels.reached();
    sessions.iter().for_each(check);
    (sessions, reached)
}

pub(crate) fn sessions(told: &[Told]) -> Vec<Session> {
    sessions_under(told, &Limits::default()).0
}

/// What holds of every session's streams: no byte is missing or there twice, and each side ends once and last.
fn check(session: &Session) {
    let (mut next, mut closed) = ([0; 2], [false; 2]);
    for (from, kept) in &session.told {
        let side = from.index();
        assert!(!closed[side]);
        match kept.lend() {
            Delivery::Bytes { offset, bytes, .. } => {
                assert_eq!(offset, next[side]);
                assert!(!bytes.is_empty());
                next[side] += bytes.len() as u64;
            }
            Delivery::Gap { offset, missing, .. } => {
                assert_eq!(offset, next[side]);
                assert!(missing > 0);
                next[side] += missing;
            }
            Delivery::Close { .. } => closed[side] = true,
            Delivery::Joined => assert_eq!(next[side], 0),
            Delivery::Heard => {}
        }
    }
    assert_eq!(closed, [true; 2], "{}", session.id);
}

impl Session {
    /// A direction's bytes, with `?` for each byte of a hole that is exact, and `*` for one that is not.
    pub(crate) fn bytes(&self, side: Side) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (_, kept) in self.told.iter().filter(|(from, _)| *from == side) {
            match kept.lend() {
                Delivery::Bytes { bytes: more, .. } => bytes.extend_from_slice(more),
                Delivery::Gap { missing, exact: true, .. } => bytes.resize(bytes.len() + missing as usize, b'?'),
                Delivery::Gap { .. } => bytes.push(b'*'),
                _ => {}
            }
        }
        bytes
    }

    pub(crate) fn text(&self, side: Side) -> String {
        String::from_utf8(self.bytes(side)).unwrap()
    }

    pub(crate) fn exchange(&self, number: u64) -> &Exchange {
        self.exchanges.iter().find(|it| it.number == Some(number)).unwrap()
    }

    /// What the program's RTMP decoder makes of it.
    pub(crate) fn events(&self) -> Vec<Event> {
        let [client, server] =
            Side::BOTH.map(|side| runs(self.told.iter().filter(|(from, _)| *from == side).map(|(_, kept)| kept)));
        let from_start = [self.start == Some(Start::Syn); 2];
        let later = [&client.1[..], &server.1[..]];
        let opening = Opening { client: &client.0, server: &server.0, later, from_start, complete: true };
        let Match::Yes(found) = protocols::detect(&opening) else { return Vec::new() };
        let limits = Limits::default();
        let begin =
            Begin { session: 1, start: self.start.unwrap(), is_deciphered: false, stream_keys: &[], limits: &limits };
        let mut consumer = (found.begin)(&begin);
        let (mut events, mut messages, mut reached) = (VecDeque::new(), 0, Reached::default());
        for (from, kept) in &self.told {
            let mut out = Sink { events: &mut events, messages: &mut messages, reached: &mut reached };
            consumer.take(*from, &kept.lend(), &mut out);
        }
        assert!(consumer.is_over());
        events.into()
    }

    pub(crate) fn messages(&self) -> [Vec<String>; 2] {
        messages(&self.events(), 1)
    }
}

/// A session's messages by side: type, timestamp, stream, length and payload.
pub(crate) fn messages(events: &[Event], session: u32) -> [Vec<String>; 2] {
    let line = |message: &rtmp::Message| {
        let head = &message.head;
        let payload = digest(&message.payload);
        format!("{} {} {} {} {payload}", head.kind.0, head.timestamp, head.message_stream_id, head.length)
    };
    Side::BOTH.map(|side| {
        let of = |event: &Event| match event {
            Event::Message(message) if event.session() == session && message.from == side => Some(line(message)),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    })
}

/// What the clear side of a capture says, by session.
pub(crate) fn clear(path: &Path) -> Vec<[Vec<String>; 2]> {
    let story = Story::of_file(path);
    let count = story.events.iter().map(Event::session).max().unwrap_or(0);
    (1..=count).map(|session| messages(&story.events, session)).collect()
}

/// A side's bytes before its first hole, and those behind its last one.
fn runs<'k>(kept: impl Iterator<Item = &'k Kept>) -> (Vec<u8>, Vec<u8>) {
    let mut runs = vec![Vec::new()];
    for kept in kept {
        match kept.lend() {
            Delivery::Bytes { bytes, .. } => runs.last_mut().unwrap().extend_from_slice(bytes),
            Delivery::Gap { .. } => runs.push(Vec::new()),
            _ => {}
        }
    }
    let later = if runs.len() > 1 { runs.pop().unwrap() } else { Vec::new() };
    (runs.swap_remove(0), later)
}

/// Those connections that carry RTMPT, by their bytes.
pub(crate) fn carriers(told: Vec<Told>) -> Vec<Told> {
    let connections: BTreeSet<u64> = told.iter().map(|it| it.connection).collect();
    let is_ours = |connection: u64| {
        let of = |side: Side| {
            told.iter().filter(move |it| it.connection == connection && it.from == side).map(|it| &it.kept)
        };
        let from_start = Side::BOTH.map(|side| !of(side).any(|kept| matches!(kept, Kept::Joined)));
        let [client, server] = Side::BOTH.map(|side| runs(of(side)));
        let later = [&client.1[..], &server.1[..]];
        let opening = Opening { client: &client.0, server: &server.0, later, from_start, complete: true };
        rtmpt::detect(&opening) == rtmpt::Match::Yes
    };
    let ours: BTreeSet<u64> = connections.into_iter().filter(|connection| is_ours(*connection)).collect();
    told.into_iter().filter(|it| ours.contains(&it.connection)).collect()
}
