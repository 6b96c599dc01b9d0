//! Wires it together: packets in, events out.
//!
//! [`Analyzer::push`] takes a packet, [`Analyzer::poll`] gives what became known, [`Analyzer::finish`] says that no
//! packet follows. There is no IO here and no clock but the packets' own, so the same packets always give the same events.

mod opening;

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::capture::Packet;
pub use crate::limits::Limits;
use crate::net::{self, ConnectionId, Connections, Output, Start, Tunnels, Unpacker};
pub use crate::proto::Event;
use crate::proto::rtmp::Session;
use crate::proto::rtmp::detect::{self, Foreign, Match};
use crate::proto::{Opened, Piece};
use crate::wire::{IdMap, Moment, Side};
use opening::{Kept, Opening};

/// What an [`Analyzer`] gives beside the protocols' own events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Also say where every session's bytes lie in the capture ([`Event::Piece`]).
    pub evidence: bool,
}

/// Totals over the whole input.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub packets: u64,
    /// Captured bytes of these packets.
    pub bytes: u64,
    pub sessions: u32,
    pub messages: u64,
    pub gaps: u64,
    /// What was not understood, by reason, in order of first appearance.
    pub unread: Vec<(Reason, Tally)>,
    /// The [`Limits`] that were reached, by name, and how often; known at the end.
    pub limits: Vec<(&'static str, u64)>,
    pub first: Option<Moment>,
    pub last: Option<Moment>,
}

/// Why something was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Packet(net::Unread),
    /// A TCP connection whose beginning is not RTMP's, and what it is where that is told by it; its payload bytes are counted.
    NotRtmp(Option<Foreign>),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Packet(net::Unread::LinkType(link)) => write!(f, "unknown link type {}", link.0),
            Reason::Packet(net::Unread::OtherProtocol(number)) => write!(f, "IP protocol {number}"),
            Reason::Packet(unread) => f.write_str(unread.name()),
            Reason::NotRtmp(None) => f.write_str("TCP that is not RTMP"),
            Reason::NotRtmp(Some(foreign)) => write!(f, "TCP that is not RTMP but {}", foreign.name()),
        }
    }
}

/// Packets or bytes that were not understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub packets: u64,
    pub bytes: u64,
}

impl Totals {
    fn tally(&mut self, reason: Reason, packets: u64, bytes: u64) {
        let place = self.unread.iter().position(|(known, _)| *known == reason).unwrap_or_else(|| {
            self.unread.push((reason, Tally::default()));
            self.unread.len() - 1
        });
        let tally = &mut self.unread[place].1;
        tally.packets += packets;
        tally.bytes += bytes;
    }

    /// Notes that a limit was reached so often.
    fn limit(&mut self, name: &'static str, count: u64) {
        if count > 0 {
            self.limits.push((name, count));
        }
    }

    fn not_rtmp(&mut self, foreign: Option<Foreign>, bytes: u64) {
        if bytes > 0 {
            self.tally(Reason::NotRtmp(foreign), 0, bytes);
        }
    }
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
    events: VecDeque<Event>,
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
    Unknown(Opening),
    Rtmp { number: u32, session: Box<Session> },
    Other(Option<Foreign>),
}

impl Analyzer {
    pub fn new(limits: &Limits, options: Options) -> Self {
        Analyzer {
            unpacker: Unpacker::new(limits),
            connections: Connections::new(limits),
            state: State {
                limits: limits.clone(),
                options,
                live: IdMap::default(),
                events: VecDeque::new(),
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
            self.state.totals.tally(Reason::Packet(unread), 1, packet.data.len() as u64);
        }
    }

    /// The next event, in order of completion.
    pub fn poll(&mut self) -> Option<Event> {
        self.state.events.pop_front()
    }

    /// No packet follows.
    pub fn finish(&mut self) {
        let state = &mut self.state;
        self.connections.finish(&mut |output| state.take(&output));
        self.unpacker.finish();
        let totals = &mut state.totals;
        let lost = self.unpacker.take_lost();
        if lost.packets > 0 {
            totals.tally(Reason::Packet(net::Unread::Fragment), lost.packets, lost.bytes);
        }
        let overruns = self.connections.overruns();
        totals.limit("connections", overruns.connections);
        totals.limit("reorder_bytes", overruns.reorder_bytes);
        totals.limit("reorder_segments", overruns.reorder_segments);
        totals.limit("reorder_bytes_total", overruns.reorder_bytes_total);
        totals.limit("fragments", self.unpacker.evicted_fragments());
        totals.limit("nesting", self.unpacker.too_deep());
    }

    pub fn totals(&self) -> &Totals {
        &self.state.totals
    }
}

impl State {
    fn take(&mut self, output: &Output<'_>) {
        match *output {
            Output::Open { connection, client, server, start, at } => {
                let content = Content::Unknown(Opening::new());
                let tunnels = Default::default();
                self.live.insert(connection, Connection { client, server, at, start, tunnels, open: 2, content });
            }
            Output::Tunnels { connection, from, tunnels } => {
                if let Some(live) = self.live.get_mut(&connection) {
                    live.tunnels[from.index()].clone_from(tunnels);
                }
            }
            Output::Bytes { connection, from, offset, bytes, at, place } => {
                let Some(live) = self.live.get_mut(&connection) else { return };
                match &mut live.content {
                    Content::Rtmp { number, session } => {
                        if self.options.evidence {
                            let length = bytes.len() as u32;
                            let session = *number;
                            self.events.push_back(Event::Piece(Piece { session, from, offset, length, place }));
                        }
                        session.bytes(from, bytes, at, &mut self.totals.messages, &mut self.events);
                    }
                    Content::Unknown(opening) => {
                        opening.keep(from, offset, bytes, at, place);
                        self.judge(connection, false);
                    }
                    Content::Other(foreign) => self.totals.not_rtmp(*foreign, bytes.len() as u64),
                }
            }
            Output::Gap { connection, from, offset, missing, at } => {
                let Some(live) = self.live.get_mut(&connection) else { return };
                match &mut live.content {
                    Content::Rtmp { session, .. } => {
                        self.totals.gaps += 1;
                        session.gap(from, offset, missing, at, &mut self.totals.messages, &mut self.events);
                    }
                    Content::Unknown(opening) => {
                        opening.miss(from, offset, missing, at);
                        self.judge(connection, false);
                    }
                    Content::Other(_) => {}
                }
            }
            Output::Close { connection, from, how, at, tcp } => {
                let Some(live) = self.live.get_mut(&connection) else { return };
                if let Content::Unknown(opening) = &mut live.content {
                    opening.close(from, how, at, tcp);
                    if live.open == 1 {
                        self.judge(connection, true);
                    }
                } else if let Content::Rtmp { session, .. } = &mut live.content {
                    session.close(from, how, at, tcp, &mut self.totals.messages, &mut self.events);
                }
                if let Some(live) = self.live.get_mut(&connection) {
                    live.open -= 1;
                    if live.open == 0 {
                        self.live.remove(&connection);
                    }
                }
            }
        }
    }

    /// Looks whether a connection's beginning says what it is, and if so, replays that beginning to its protocol.
    fn judge(&mut self, connection: ConnectionId, complete: bool) {
        let Some(live) = self.live.get_mut(&connection) else { return };
        let Content::Unknown(opening) = &mut live.content else { return };
        let is_searched = live.start == Start::Midstream || !opening.is_whole();
        let limit = if is_searched { self.limits.midstream_opening_bytes } else { self.limits.opening_bytes };
        let complete = complete || opening.is_full(limit);
        if is_searched && !complete && !opening.has_grown() {
            return;
        }
        let seen = detect::Opening {
            client: opening.start_of(Side::Client),
            server: opening.start_of(Side::Server),
            later: opening.later(),
            from_start: live.start == Start::Syn,
            complete,
        };
        match detect::detect(&seen) {
            Match::NeedMore => {}
            Match::No => {
                let bytes = opening.bytes();
                let foreign = if live.start == Start::Syn { Foreign::of(seen.client) } else { None };
                live.content = Content::Other(foreign);
                self.totals.not_rtmp(foreign, bytes);
            }
            Match::Yes(found) => {
                let protocol = detect::protocol(&found, &seen);
                let kept = opening.take();
                self.totals.sessions += 1;
                let number = self.totals.sessions;
                self.events.push_back(Event::Session(Opened {
                    session: number,
                    protocol,
                    client: live.client,
                    server: live.server,
                    at: live.at,
                    start: live.start,
                    proxied: found.proxied.clone(),
                    tunnels: live.tunnels.clone(),
                }));
                let session = Box::new(if found.midstream {
                    Session::midstream(number, &self.limits)
                } else {
                    Session::new(number, found.skip, live.start == Start::Syn, &self.limits)
                });
                live.content = Content::Rtmp { number, session };
                for kept in kept {
                    self.replay(connection, kept);
                }
            }
        }
    }

    fn replay(&mut self, connection: ConnectionId, kept: Kept) {
        match kept {
            Kept::Bytes { from, offset, bytes, at, place } => {
                self.take(&Output::Bytes { connection, from, offset, bytes: &bytes, at, place });
            }
            Kept::Gap { from, offset, missing, at } => {
                self.take(&Output::Gap { connection, from, offset, missing, at });
            }
            Kept::Close { from, how, at, tcp } => {
                if let Some(Connection { content: Content::Rtmp { session, .. }, .. }) = self.live.get_mut(&connection)
                {
                    session.close(from, how, at, &tcp, &mut self.totals.messages, &mut self.events);
                }
            }
        }
    }
}
