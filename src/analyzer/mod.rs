//! Wires it together: packets in, events out.
//!
//! [`Analyzer::push`] takes a packet, [`Analyzer::poll`] gives what became known, [`Analyzer::finish`] says that no
//! packet follows. There is no IO here and no clock but the packets' own, so the same packets always give the same events.

mod attempts;
mod carriers;
mod flows;
mod judge;
mod opening;
mod others;
mod secured;
mod sessions;
mod totals;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::capture::Packet;
pub use crate::limits::{Limits, Reached};
use crate::net::{
    self, Call, ConnectionId, Connections, Delivery, Flows, How, Kept, Output, Start, Tunnels, Unpacked, Unpacker,
};
pub use crate::proto::Event;
use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmpt::Tunnels as RtmptSessions;
use crate::proto::stream::Sink;
use crate::proto::{Attempts, Keys, Opened, Piece, Source, Stranger, tls};
use crate::wire::{IdMap, Moment, Side, Time, map_bytes};
use attempts::{Attempt, Servers};
use carriers::{Carried, Road, Wrapping};
use flows::{Flow, Waiting};
use opening::Opening;
use others::Others;
pub use others::{Fate, Other};
use sessions::Sessions;
pub use totals::{Keyed, Reason, Tally, Totals};

/// What an [`Analyzer`] gives beside the protocols' own events.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Also say where every session's bytes lie in the capture ([`Event::Piece`]).
    pub evidence: bool,
    /// Secrets that are known beside the captures.
    pub keys: Arc<Keys>,
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
    live: IdMap<StreamId, Connection>,
    /// Streams inside of others so far.
    inside: u64,
    /// Connections that are over, and whose records wait for secrets.
    lingering: VecDeque<StreamId>,
    /// What carriers keep that are not opened yet.
    carrier_bytes: usize,
    /// What is left of the work that carriers may do in advance.
    purse: u64,
    /// TLS secrets: those that were given, and those that captures bring.
    secrets: Arc<tls::KeyLog>,
    /// Sessions of RTMPT, once there is one.
    rtmpt: Option<Box<RtmptSessions>>,
    /// Connections whose protocol is not yet known and of which something is kept, the oldest first; some are no longer so.
    openings: VecDeque<StreamId>,
    /// What is kept of these.
    opening_bytes: usize,
    sessions: Sessions,
    flows: Flows<Flow>,
    /// What is kept of flows that may be media.
    flow_bytes: usize,
    /// Sessions that wait for datagrams.
    waiting_sessions: Vec<Waiting>,
    /// When it is looked which flows are silent.
    next_look: Time,
    /// How much looking was done in sessions that are over.
    work: u64,
    events: VecDeque<Event>,
    /// What waits until the events are taken, in order.
    waiting: VecDeque<(StreamId, Side, Kept)>,
    /// Servers, and who could not connect to them.
    servers: Servers,
    others: Others,
    totals: Totals,
}

/// A connection's number, or that of a stream inside of one.
type StreamId = ConnectionId;

/// The numbers of streams that are no connections begin here; connections have lower ones. Above them are those of RTMPT, which
/// have numbers of their own.
const INSIDE: StreamId = 1 << 62;
const TUNNEL: StreamId = 1 << 63;

struct Connection {
    client: SocketAddr,
    server: SocketAddr,
    at: Moment,
    start: Start,
    /// By side: what its first packet was wrapped in.
    tunnels: [Tunnels; 2],
    wrapping: Wrapping,
    open: u8,
    content: Content,
}

impl Connection {
    fn new(client: SocketAddr, server: SocketAddr, at: Moment, start: Start, wrapping: Wrapping) -> Self {
        let content = Content::Unknown(Box::new(Opening::new()));
        Connection { client, server, at, start, tunnels: Default::default(), wrapping, open: 2, content }
    }

    /// The same once it is over.
    fn over(&self, told: bool) -> Connection {
        let Connection { client, server, at, start, .. } = *self;
        Connection {
            open: 0,
            content: Content::Over(told),
            ..Connection::new(client, server, at, start, Wrapping::default())
        }
    }

    /// What there is to say of a session that it carries. [`State::open`] gives that its number.
    fn opened(&self, protocol: &'static str, decrypted: Option<bool>, proxied: Option<String>) -> Opened {
        Opened {
            session: 0,
            protocol,
            decrypted,
            client: self.client,
            server: self.server,
            at: self.at,
            start: self.start,
            proxied: proxied.or_else(|| self.wrapping.proxied()),
            tunnels: self.tunnels.clone(),
            attempts: Attempts::default(),
            strangers: Vec::new(),
        }
    }
}

enum Content {
    Unknown(Box<Opening>),
    /// It carries the session of that number.
    Session(u32),
    /// It carries another stream.
    Carrier(Box<Carried>),
    /// It carries parts of sessions of RTMPT.
    Tunnels(Box<Road>),
    Other(Option<Foreign>),
    /// It was carried by another one, and is over. Whether it told what it was.
    Over(bool),
}

impl Content {
    /// Whether it was told what it is.
    fn is_told(&self) -> bool {
        match self {
            Content::Session(_) | Content::Carrier(_) | Content::Tunnels(..) | Content::Other(Some(_)) => true,
            Content::Unknown(_) | Content::Other(None) => false,
            Content::Over(told) => *told,
        }
    }
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
                live: IdMap::default(),
                inside: 0,
                lingering: VecDeque::new(),
                carrier_bytes: 0,
                purse: limits.carrier_work,
                secrets: Arc::clone(&options.keys.tls),
                rtmpt: None,
                openings: VecDeque::new(),
                opening_bytes: 0,
                sessions: Sessions::default(),
                flows: Flows::new(limits.flows),
                flow_bytes: 0,
                waiting_sessions: Vec::new(),
                next_look: Time::default(),
                work: 0,
                events: VecDeque::new(),
                waiting: VecDeque::new(),
                servers: Servers::default(),
                others: Others::default(),
                totals: Totals::default(),
                options,
            },
        }
    }

    pub fn push(&mut self, packet: &Packet<'_>) {
        if !self.state.flows.is_empty() {
            self.state.end_flows(packet.at, How::Timeout);
        }
        let totals = &mut self.state.totals;
        totals.packets += 1;
        totals.bytes += packet.data.len() as u64;
        totals.first.get_or_insert(packet.at);
        totals.last = Some(packet.at);
        let (state, connections) = (&mut self.state, &mut self.connections);
        let mut is_taken = false;
        let read = self.unpacker.push(packet, &mut |unpacked| match unpacked {
            Unpacked::Segment(segment) => connections.push(segment, packet.at, &mut |output| state.take(&output)),
            Unpacked::Datagram(datagram) => is_taken |= state.datagram(datagram, packet.at, packet.data.len() as u64),
        });
        if let Some(unreachable) = self.unpacker.take_unreachable() {
            is_taken |= state.unreachable(unreachable, packet.at);
        }
        if let Err(unread) = read
            && !is_taken
        {
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
    #[inline]
    pub fn is_ready(&mut self) -> bool {
        let state = &self.state;
        let is_idle = state.waiting.is_empty() && state.events.capacity() <= 4 * state.limits.ready_events;
        !state.events.is_empty() || !is_idle && self.go_on()
    }

    /// Decodes what waits until there is an event, and gives up room that is seldom needed.
    fn go_on(&mut self) -> bool {
        let state = &mut self.state;
        while state.events.is_empty()
            && let Some((connection, from, kept)) = state.waiting.pop_front()
        {
            state.deliver(connection, from, &kept.lend());
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
            session_bytes: state.sessions.bytes(),
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
                + connection.wrapping.memory()
                + match &connection.content {
                    Content::Unknown(opening) => opening.memory(),
                    Content::Carrier(carried) => size_of::<Carried>() + carried.memory(),
                    Content::Tunnels(road) => road.memory(),
                    Content::Session(_) | Content::Other(_) | Content::Over(_) => 0,
                }
        };
        self.connections.memory()
            + self.unpacker.memory()
            + map_bytes(&state.live)
            + state.live.values().map(content).sum::<usize>()
            + state.sessions.memory()
            // Those that were given are the caller's.
            + if Arc::ptr_eq(&state.secrets, &state.options.keys.tls) { 0 } else { state.secrets.memory() }
            + state.rtmpt.as_ref().map_or(0, |rtmpt| rtmpt.own() + rtmpt.held())
            + state.flows.memory()
            + state.flows.values().map(Flow::memory).sum::<usize>()
            + state.waiting_sessions.capacity() * size_of::<Waiting>()
            + (state.openings.capacity() + state.lingering.capacity()) * size_of::<StreamId>()
            + state.events.capacity() * size_of::<Event>()
            + state.waiting.capacity() * size_of::<(StreamId, Side, Kept)>()
            + state.servers.memory()
            + state.others.memory()
            + state.totals.unread.capacity() * size_of::<(Reason, Tally)>()
    }

    /// How much looking was done so far, in all directions: headers that were read and bytes that were scanned to find chunks
    /// again, or what explains a mistake. It is bounded by the bytes that came.
    pub fn work(&self) -> u64 {
        self.state.work + self.state.sessions.work()
    }

    /// Secrets of TLS that a capture brings, as a key log has them.
    pub fn add_secrets(&mut self, key_log: &[u8]) {
        Arc::make_mut(&mut self.state.secrets).add(key_log);
        self.state.retry_sealed();
    }

    /// The secrets that it was given at its beginning.
    pub fn keys(&self) -> &Keys {
        &self.state.options.keys
    }

    /// Whether captures may bring secrets of TLS: what needs some waits for them then.
    pub fn expect_secrets(&mut self, may_come: bool) {
        if self.state.secrets.may_grow() != may_come {
            Arc::make_mut(&mut self.state.secrets).set_may_grow(may_come);
        }
    }

    /// Adds limits that were reached in front of it or behind it.
    pub fn count(&mut self, reached: &Reached) {
        self.state.totals.reached.add(reached);
    }

    /// No packet follows.
    pub fn finish(&mut self) {
        self.expect_secrets(false);
        let state = &mut self.state;
        self.connections.finish(&mut |output| state.take(&output));
        state.finish_sealed();
        if let Some(last) = state.totals.last {
            state.finish_tunnels(last);
            state.end_flows(last, How::EndOfCapture);
        }
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
        match *output {
            Output::Open { connection, client, server, start, at } => {
                let new = Connection::new(client, server, at, start, Wrapping::default());
                self.live.insert(connection, new);
            }
            Output::Tunnels { connection, from, tunnels } => {
                if let Some(live) = self.live.get_mut(&connection) {
                    live.tunnels[from.index()].clone_from(tunnels);
                }
            }
            Output::Stream { connection, from, delivery: Delivery::Bytes { mut offset, mut bytes, at, mut place } }
                if bytes.len() > SLICE =>
            {
                while !bytes.is_empty() {
                    let (slice, rest) = bytes.split_at(bytes.len().min(SLICE));
                    self.stream(connection, from, &Delivery::Bytes { offset, bytes: slice, at, place });
                    bytes = rest;
                    offset += slice.len() as u64;
                    if let Some(place) = &mut place {
                        place.offset += slice.len() as u64;
                    }
                }
            }
            Output::Stream { connection, from, ref delivery } => self.stream(connection, from, delivery),
        }
    }

    /// What a direction tells, now or when the events that lie ready were taken.
    fn stream(&mut self, connection: StreamId, from: Side, delivery: &Delivery<'_>) {
        if self.waiting.is_empty() && self.events.len() < self.limits.ready_events {
            self.deliver(connection, from, delivery);
        } else {
            self.waiting.push_back((connection, from, Kept::of(delivery)));
        }
    }

    fn deliver(&mut self, connection: StreamId, from: Side, delivery: &Delivery<'_>) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        match &mut live.content {
            Content::Session(session) => {
                let (session, client, server) = (*session, live.client, live.server);
                self.tell(session, client, server, from, delivery);
            }
            Content::Unknown(opening) => {
                let before = opening.cost();
                opening.keep(from, delivery);
                self.opening_bytes += opening.cost() - before;
                match delivery {
                    Delivery::Joined | Delivery::Heard => {}
                    Delivery::Bytes { .. } | Delivery::Gap { .. } => {
                        self.line_up(connection, before == 0);
                        self.judge(connection, false);
                        self.make_room();
                    }
                    Delivery::Close { at, .. } if live.open == 1 => {
                        self.attempt(connection, *at);
                        self.judge(connection, true);
                    }
                    Delivery::Close { .. } => self.line_up(connection, before == 0),
                }
            }
            Content::Carrier(_) | Content::Tunnels(..) => self.pass(connection, from, delivery),
            Content::Over(_) => {}
            Content::Other(foreign) => {
                // Those of RTMPT are counted by request.
                if let Delivery::Bytes { bytes, .. } = delivery
                    && !live.wrapping.is_tunnel()
                {
                    self.totals.not_rtmp(*foreign, bytes.len() as u64);
                }
            }
        }
        if let Delivery::Close { at, .. } = delivery {
            self.end(connection, *at);
        }
    }

    /// A session begins: it gets its number, and is told with what happened at its server before it.
    fn open(&mut self, mut opened: Opened) -> u32 {
        self.totals.sessions += 1;
        opened.session = self.totals.sessions;
        (opened.attempts, opened.strangers) = self.servers.tell(opened.server, self.limits.attempted_servers);
        self.events.push_back(Event::Session(opened));
        self.totals.sessions
    }

    /// A session is told what one of its directions tells.
    fn tell(&mut self, session: u32, client: SocketAddr, server: SocketAddr, from: Side, delivery: &Delivery<'_>) {
        match *delivery {
            Delivery::Bytes { offset, bytes, at, place } if self.options.evidence => {
                let length = bytes.len() as u32;
                let source = place.map_or_else(|| Source::Derived(bytes.into()), Source::Captured);
                self.events.push_back(Event::Piece(Piece { session, from, offset, length, at, source }));
            }
            Delivery::Gap { .. } => self.totals.gaps += 1,
            _ => {}
        }
        let Totals { messages, reached, .. } = &mut self.totals;
        let sink = &mut Sink { events: &mut self.events, messages, reached };
        if self.sessions.tell(session, from, delivery, &self.limits, sink) {
            self.look_for_flows(session, client, server);
        }
        if let Delivery::Close { .. } = delivery {
            self.tell_beside(server);
        }
    }

    /// One direction of a connection was closed.
    fn end(&mut self, connection: StreamId, at: Moment) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        live.open -= 1;
        if live.open == 0 && !self.linger_sealed(connection) {
            self.leave(connection, at);
        }
    }

    /// A connection or a stream inside of one is over.
    fn leave(&mut self, connection: StreamId, at: Moment) {
        if let Some(gone) = self.live.remove(&connection) {
            let is_tunnel = gone.wrapping.is_tunnel();
            let told = gone.content.is_told();
            // What carries it asks what it was.
            let over = carriers::is_inside(connection).then(|| gone.over(told));
            self.leave_road(connection, &gone.wrapping);
            match &gone.content {
                Content::Unknown(_) | Content::Other(_) if is_tunnel => self.end_tunnel(&gone),
                _ => {}
            }
            match gone.content {
                Content::Session(session) => {
                    if !self.end_session(session) {
                        self.linger(session, at);
                    }
                }
                Content::Unknown(opening) => self.opening_bytes -= opening.cost(),
                content @ (Content::Carrier(_) | Content::Tunnels(..)) => {
                    self.end_carrier(content, gone.client, gone.server);
                }
                Content::Other(_) | Content::Over(_) => {}
            }
            if let Some(over) = over {
                self.live.insert(connection, over);
            }
        }
    }

    /// Takes note of a connection that is closing without a byte, and counts it where its server refused it or did not answer.
    fn attempt(&mut self, connection: StreamId, at: Moment) {
        let Some(live) = self.live.get(&connection) else { return };
        let Content::Unknown(opening) = &live.content else { return };
        // Of what carries it something was captured.
        if live.wrapping.is_some() {
            return;
        }
        let Some(closes) = opening.closes() else { return };
        if let Some(attempt) = Attempt::of(closes, (live.start, live.at), at) {
            self.servers.count(live.server, &attempt, self.limits.attempted_servers);
            let fate = if attempt.refused.is_some() { Fate::Refused } else { Fate::Unanswered };
            let (client, server, packet) = (live.client, live.server, attempt.first);
            self.note(Other { client, server, fate, answer: None, refused: None, cut: false, packet, connections: 1 });
        } else if live.start == Start::Syn && closes[Side::Server.index()].syns > 0 {
            let (client, server, packet) = (live.client, live.server, live.at.packet);
            self.note(Other {
                client,
                server,
                fate: Fate::Silent,
                answer: None,
                refused: None,
                cut: false,
                packet,
                connections: 1,
            });
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
}
