//! Wires it together: packets in, events out.
//!
//! [`Analyzer::push`] takes a packet, [`Analyzer::poll`] gives what became known, [`Analyzer::finish`] says that no
//! packet follows. There is no IO here and no clock but the packets' own, so the same packets always give the same events.

mod attempts;
mod judge;
mod opening;
mod others;
mod totals;

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::capture::Packet;
pub use crate::limits::{Limits, Reached};
use crate::net::{self, Call, ConnectionId, Connections, How, Output, Start, TcpFacts, Tunnels, Unpacker};
pub use crate::proto::Event;
use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmp::{Session, Sink};
use crate::proto::{Piece, Stranger};
use crate::wire::{IdMap, Moment, Place, Side, map_bytes};
use attempts::{Attempt, Servers};
use opening::{Kept, Opening};
use others::Others;
pub use others::{Fate, Other};
pub use totals::{Reason, Tally, Totals};

/// What an [`Analyzer`] gives beside the protocols' own events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Also say where every session's bytes lie in the capture ([`Event::Piece`]).
    pub evidence: bool,
}

/// Packets → events.
pub struct Analyzer {
    unpacker: Unpacker,
    connections: Connections,
    state: State,
}

struct State {
    limits: Limits,
    options: Options,
    live: IdMap<ConnectionId, Connection>,
    /// Connections whose protocol is not yet known and of which something is kept, the oldest first; some are no longer so.
    openings: VecDeque<ConnectionId>,
    /// What is kept of these.
    opening_bytes: usize,
    /// What all sessions keep.
    session_bytes: usize,
    /// How much looking was done.
    work: u64,
    events: VecDeque<Event>,
    /// What waits until the events are taken, in order.
    waiting: VecDeque<(ConnectionId, Kept)>,
    /// Servers, and who could not connect to them.
    servers: Servers,
    others: Others,
    totals: Totals,
}

struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    at: Moment,
    start: Start,
    /// By side: what its first packet was wrapped in.
    tunnels: [Tunnels; 2],
    open: u8,
    content: Content,
}

enum Content {
    Unknown(Box<Opening>),
    /// With what it kept when it was told something last.
    Rtmp {
        number: u32,
        session: Box<Session>,
        held: usize,
    },
    Other(Option<Foreign>),
}

/// What an [`Analyzer`] keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Connections that are followed.
    pub connections: usize,
    /// Closed ones whose late segments would still be known.
    pub closed: usize,
    /// Those of the connections that the protocols know.
    pub live: usize,
    /// Bytes of those whose protocol is not yet known.
    pub opening_bytes: usize,
    /// Bytes that the sessions keep.
    pub session_bytes: usize,
    /// Servers whose refusals are remembered.
    pub attempted_servers: usize,
    /// Events that lie ready.
    pub events: usize,
}

/// Bytes that are decoded before it is looked whether too many events lie ready.
const SLICE: usize = 16 << 10;

impl Analyzer {
    pub fn new(limits: &Limits, options: Options) -> Self {
        Analyzer {
            unpacker: Unpacker::new(limits),
            connections: Connections::new(limits),
            state: State {
                limits: limits.clone(),
                options,
                live: IdMap::default(),
                openings: VecDeque::new(),
                opening_bytes: 0,
                session_bytes: 0,
                work: 0,
                events: VecDeque::new(),
                waiting: VecDeque::new(),
                servers: Servers::default(),
                others: Others::default(),
                totals: Totals::default(),
            },
        }
    }

    pub fn push(&mut self, packet: &Packet<'_>) {
        let totals = &mut self.state.totals;
        totals.packets += 1;
        totals.bytes += packet.data.len() as u64;
        totals.first.get_or_insert(packet.at);
        totals.last = Some(packet.at);
        let (state, connections) = (&mut self.state, &mut self.connections);
        let read = self.unpacker.push(packet, &mut |segment| {
            connections.push(segment, packet.at, &mut |output| state.take(&output));
        });
        if let Err(unread) = read {
            let most = self.state.limits.unread_reasons;
            self.state.totals.tally(Reason::Packet(unread), 1, packet.data.len() as u64, most);
        }
        if let Some(call) = self.unpacker.take_call() {
            self.state.call(call, packet.at);
        }
    }

    /// The next event, in order of completion. All are to be taken after each packet.
    pub fn poll(&mut self) -> Option<Event> {
        if !self.is_ready() {
            return None;
        }
        self.state.events.pop_front()
    }

    /// Whether there is a next event: [`Analyzer::front`] then shows it.
    pub fn is_ready(&mut self) -> bool {
        let state = &mut self.state;
        while state.events.is_empty()
            && let Some((connection, kept)) = state.waiting.pop_front()
        {
            state.replay(connection, kept);
        }
        if state.events.is_empty() && state.events.capacity() > 4 * state.limits.ready_events {
            state.events = VecDeque::new();
        }
        !state.events.is_empty()
    }

    /// The next event, where it is. None until it was [looked for](Analyzer::is_ready).
    pub fn front(&self) -> Option<&Event> {
        self.state.events.front()
    }

    /// What is kept at this moment.
    pub fn held(&self) -> Held {
        let (connections, closed) = self.connections.held();
        let state = &self.state;
        Held {
            connections,
            closed,
            live: state.live.len(),
            opening_bytes: state.opening_bytes,
            session_bytes: state.session_bytes,
            attempted_servers: state.servers.len(),
            events: state.events.len(),
        }
    }

    /// Bytes of memory that all of it takes beside itself, as the allocator gives it, when every event was taken. It looks
    /// at every connection.
    pub fn memory(&self) -> usize {
        let state = &self.state;
        let content = |connection: &Connection| {
            let tunnels = connection.tunnels.iter().map(Tunnels::memory).sum::<usize>();
            tunnels
                + match &connection.content {
                    Content::Unknown(opening) => opening.memory(),
                    Content::Rtmp { session, .. } => session.own() + session.held(),
                    Content::Other(_) => 0,
                }
        };
        self.connections.memory()
            + self.unpacker.memory()
            + map_bytes(&state.live)
            + state.live.values().map(content).sum::<usize>()
            + state.openings.capacity() * size_of::<ConnectionId>()
            + state.events.capacity() * size_of::<Event>()
            + state.waiting.capacity() * size_of::<(ConnectionId, Kept)>()
            + state.servers.memory()
            + state.others.memory()
            + state.totals.unread.capacity() * size_of::<(Reason, Tally)>()
    }

    /// How much looking was done so far, in all directions: headers that were read and bytes that were scanned to find chunks
    /// again, or what explains a mistake. It is bounded by the bytes that came.
    pub fn work(&self) -> u64 {
        self.state.work
    }

    /// Adds limits that were reached in front of it or behind it.
    pub fn count(&mut self, reached: &Reached) {
        self.state.totals.reached.add(reached);
    }

    /// No packet follows.
    pub fn finish(&mut self) {
        let state = &mut self.state;
        self.connections.finish(&mut |output| state.take(&output));
        self.unpacker.finish();
        let totals = &mut state.totals;
        let lost = self.unpacker.take_lost();
        if lost.packets > 0 {
            let most = state.limits.unread_reasons;
            totals.tally(Reason::Packet(net::Unread::Fragment), lost.packets, lost.bytes, most);
        }
        totals.reached.attempted_servers += state.servers.full;
        for stranger in state.servers.rest_of_strangers() {
            totals.first_stranger(stranger, true);
        }
        for (server, attempts) in state.servers.rest() {
            totals.tally(Reason::NoConnection(server), attempts.packets, 0, state.limits.unread_reasons);
        }
        totals.others = state.others.take();
        totals.reached.add(self.connections.reached());
        totals.reached.add(&self.unpacker.reached());
    }

    pub fn totals(&self) -> &Totals {
        &self.state.totals
    }
}

impl State {
    fn take(&mut self, output: &Output<'_>) {
        let has_room = self.waiting.is_empty() && self.events.len() < self.limits.ready_events;
        match *output {
            Output::Open { connection, client, server, start, at } => {
                let content = Content::Unknown(Box::new(Opening::new()));
                let tunnels = Default::default();
                self.live.insert(connection, Connection { client, server, at, start, tunnels, open: 2, content });
            }
            Output::Tunnels { connection, from, tunnels } => {
                if let Some(live) = self.live.get_mut(&connection) {
                    live.tunnels[from.index()].clone_from(tunnels);
                }
            }
            Output::Joined { connection, from } => {
                if has_room {
                    self.join(connection, from);
                } else {
                    self.waiting.push_back((connection, Kept::Joined { from }));
                }
            }
            Output::Heard { connection, from } => {
                if has_room {
                    self.hear(connection, from);
                } else {
                    self.waiting.push_back((connection, Kept::Heard { from }));
                }
            }
            Output::Bytes { connection, from, mut offset, mut bytes, at, mut place } => {
                if has_room && bytes.len() <= SLICE {
                    return self.bytes(connection, from, offset, bytes, at, place);
                }
                while !bytes.is_empty() {
                    let (slice, rest) = bytes.split_at(bytes.len().min(SLICE));
                    if self.waiting.is_empty() && self.events.len() < self.limits.ready_events {
                        self.bytes(connection, from, offset, slice, at, place);
                    } else {
                        self.waiting
                            .push_back((connection, Kept::Bytes { from, offset, bytes: slice.into(), at, place }));
                    }
                    bytes = rest;
                    offset += slice.len() as u64;
                    place.offset += slice.len() as u64;
                }
            }
            Output::Gap { connection, from, offset, missing, at } => {
                if has_room {
                    self.gap(connection, from, offset, missing, at);
                } else {
                    self.waiting.push_back((connection, Kept::Gap { from, offset, missing, at }));
                }
            }
            Output::Close { connection, from, how, at, tcp } => {
                if has_room {
                    self.close(connection, from, how, at, tcp);
                } else {
                    self.waiting.push_back((connection, Kept::Close { from, how, at, tcp: Box::new(*tcp) }));
                }
            }
        }
    }

    fn replay(&mut self, connection: ConnectionId, kept: Kept) {
        match kept {
            Kept::Joined { from } => self.join(connection, from),
            Kept::Heard { from } => self.hear(connection, from),
            Kept::Bytes { from, offset, bytes, at, place } => self.bytes(connection, from, offset, &bytes, at, place),
            Kept::Gap { from, offset, missing, at } => self.gap(connection, from, offset, missing, at),
            Kept::Close { from, how, at, tcp } => self.close(connection, from, how, at, &tcp),
        }
    }

    fn join(&mut self, connection: ConnectionId, from: Side) {
        match self.live.get_mut(&connection).map(|live| &mut live.content) {
            Some(Content::Unknown(opening)) => opening.join(from),
            Some(Content::Rtmp { session, held, .. }) => {
                session.join(from);
                self.session_bytes -= std::mem::replace(held, session.held());
                self.session_bytes += *held;
            }
            Some(Content::Other(_)) | None => {}
        }
    }

    fn hear(&mut self, connection: ConnectionId, from: Side) {
        match self.live.get_mut(&connection).map(|live| &mut live.content) {
            Some(Content::Unknown(opening)) => opening.hear(from),
            Some(Content::Rtmp { session, .. }) => session.hear(from),
            Some(Content::Other(_)) | None => {}
        }
    }

    fn bytes(&mut self, connection: ConnectionId, from: Side, offset: u64, bytes: &[u8], at: Moment, place: Place) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        match &mut live.content {
            Content::Rtmp { number, .. } => {
                if self.options.evidence {
                    let (session, length) = (*number, bytes.len() as u32);
                    self.events.push_back(Event::Piece(Piece { session, from, offset, length, place }));
                }
                self.tell(connection, at, |session, sink| session.bytes(from, bytes, at, sink));
            }
            Content::Unknown(opening) => {
                let before = opening.cost();
                opening.keep(from, offset, bytes, at, place);
                self.opening_bytes += opening.cost() - before;
                self.line_up(connection, before == 0);
                self.judge(connection, false);
                self.make_room();
            }
            Content::Other(foreign) => self.totals.not_rtmp(*foreign, bytes.len() as u64),
        }
    }

    fn gap(&mut self, connection: ConnectionId, from: Side, offset: u64, missing: u64, at: Moment) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        match &mut live.content {
            Content::Rtmp { .. } => {
                self.totals.gaps += 1;
                self.tell(connection, at, |session, sink| session.gap(from, offset, missing, at, sink));
            }
            Content::Unknown(opening) => {
                let before = opening.cost();
                opening.miss(from, offset, missing, at);
                self.opening_bytes += opening.cost() - before;
                self.line_up(connection, before == 0);
                self.judge(connection, false);
                self.make_room();
            }
            Content::Other(_) => {}
        }
    }

    fn close(&mut self, connection: ConnectionId, from: Side, how: How, at: Moment, tcp: &TcpFacts) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        if let Content::Unknown(opening) = &mut live.content {
            let before = opening.cost();
            opening.close(from, how, at, tcp);
            self.opening_bytes += opening.cost() - before;
            if live.open == 1 {
                self.attempt(connection, at);
                self.judge(connection, true);
            } else {
                self.line_up(connection, before == 0);
            }
        } else if let Content::Rtmp { .. } = &mut live.content {
            let server = live.server;
            self.tell(connection, at, |session, sink| session.close(from, how, at, tcp, sink));
            self.tell_beside(server);
        }
        let Some(live) = self.live.get_mut(&connection) else { return };
        live.open -= 1;
        if live.open == 0
            && let Some(gone) = self.live.remove(&connection)
        {
            match gone.content {
                Content::Rtmp { held, .. } => self.session_bytes -= held,
                Content::Unknown(opening) => self.opening_bytes -= opening.cost(),
                Content::Other(_) => {}
            }
        }
    }

    /// Counts a connection that is closing without a byte, where its server refused it or did not answer.
    fn attempt(&mut self, connection: ConnectionId, at: Moment) {
        let Some(live) = self.live.get(&connection) else { return };
        let Content::Unknown(opening) = &live.content else { return };
        let Some(closes) = opening.closes() else { return };
        if let Some(attempt) = Attempt::of(closes, (live.start, live.at), at) {
            self.servers.count(live.server, &attempt, self.limits.attempted_servers);
            let fate = if attempt.refused.is_some() { Fate::Refused } else { Fate::Unanswered };
            let (client, server, packet) = (live.client, live.server, attempt.first);
            self.note(Other { client, server, fate, answer: None, packet, connections: 1 });
        }
    }

    /// Takes note of a connection that is no session.
    fn note(&mut self, other: Other) {
        if !self.others.note(other, self.limits.other_connections) {
            self.totals.reached.other_connections += 1;
        }
    }

    /// Takes note of a call with SRT, which may be meant for the server of a session.
    fn call(&mut self, call: Call, at: Moment) {
        let (new, has_room) = self.others.call(call, at.packet, self.limits.other_connections);
        self.totals.reached.other_connections += u64::from(!has_room);
        if let Some(Other { client, server, packet, .. }) = new {
            let stranger = Stranger { client, server, foreign: Foreign::Srt, answer: None, packet, more: 0 };
            self.servers.meet(stranger, self.limits.attempted_servers);
        }
    }

    /// Tells with a session's last close, where that is the newest event, which connections to its server did not come about or
    /// speak another protocol.
    fn tell_beside(&mut self, server: SocketAddr) {
        if let Some(Event::Close(close)) = self.events.back_mut()
            && close.last
        {
            (close.attempts, close.strangers) = self.servers.tell(server, self.limits.attempted_servers);
        }
    }

    /// Tells a session something, and sees to it that all of them together do not keep too much.
    fn tell(&mut self, connection: ConnectionId, at: Moment, say: impl FnOnce(&mut Session, &mut Sink<'_>)) {
        let Some(Connection { content: Content::Rtmp { session, held, .. }, .. }) = self.live.get_mut(&connection)
        else {
            return;
        };
        let Totals { messages, reached, .. } = &mut self.totals;
        say(session, &mut Sink { events: &mut self.events, messages, reached });
        self.session_bytes -= std::mem::replace(held, session.held());
        self.session_bytes += *held;
        if self.session_bytes > self.limits.session_bytes_total {
            self.shed(at);
        }
    }

    /// The sessions that keep most lose it, until a quarter of what all may keep is free.
    fn shed(&mut self, at: Moment) {
        let enough = self.limits.session_bytes_total / 4 * 3;
        let held = |(id, connection): (&ConnectionId, &Connection)| match &connection.content {
            Content::Rtmp { held, .. } => Some((std::cmp::Reverse(*held), *id)),
            _ => None,
        };
        let mut sessions: Vec<_> = self.live.iter().filter_map(held).collect();
        sessions.sort_unstable();
        for (_, connection) in sessions {
            if self.session_bytes <= enough {
                return;
            }
            let Some(Connection { content: Content::Rtmp { session, held, .. }, .. }) = self.live.get_mut(&connection)
            else {
                continue;
            };
            let Totals { messages, reached, .. } = &mut self.totals;
            reached.session_bytes_total += 1;
            session.shed(at, &mut Sink { events: &mut self.events, messages, reached });
            self.session_bytes -= std::mem::replace(held, session.held());
            self.session_bytes += *held;
        }
    }
}
