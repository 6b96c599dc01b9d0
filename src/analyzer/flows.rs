//! UDP flows: which session each belongs to.
//!
//! A flow joins a session that waits for it: the session's server has named the port. Among several that wait at one port, the
//! client's address decides, and then the sources that were announced (RTP's SSRC). Behind a NAT the address may be another than the
//! control connection's. What may be media and that nobody waits for yet is kept a little: its port may be named by a line
//! that is put in order only later. If nobody does, and it proves itself, it is a session of media alone.

use std::net::SocketAddr;

use super::State;
use super::totals::Reason;
use crate::net::{Datagram, How, Start, Tunnels, Unreachable, Unread};
use crate::proto::ftl::{self, media};
use crate::proto::rtp::Formats;
use crate::proto::stream::{Awaited, Sink};
use crate::proto::{Attempts, Event, Opened};
use crate::wire::{Moment, Place, Side, Time};

/// What is known of a flow.
#[derive(Debug)]
pub(super) enum Flow {
    /// It may be media.
    Unknown(Vec<Kept>),
    Session {
        number: u32,
        client: SocketAddr,
        last: Time,
    },
    Other,
}

/// A datagram that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    source: SocketAddr,
    destination: SocketAddr,
    payload: Box<[u8]>,
    place: Option<Place>,
    cut: u32,
    tunnels: Tunnels,
    at: Moment,
    /// Captured bytes of the packet.
    captured: u64,
}

impl Kept {
    fn cost(&self) -> usize {
        size_of::<Kept>() + self.payload.len() + self.tunnels.memory()
    }

    fn lend(&self) -> Datagram<'_> {
        let Kept { source, destination, place, cut, .. } = *self;
        Datagram { source, destination, payload: &self.payload, place, cut, tunnels: self.tunnels.as_slice() }
    }
}

/// A session that waits for datagrams.
#[derive(Debug)]
pub(super) struct Waiting {
    session: u32,
    client: SocketAddr,
    server: SocketAddr,
    awaited: Awaited,
    /// A flow has joined it.
    is_joined: bool,
}

/// Datagrams that are kept of a flow before it is decided that it is no media, or media alone.
const ENOUGH: usize = 64;
/// Without a datagram for so long, a flow is over: servers give up a client long before.
const SILENCE: i64 = 30_000_000_000;
/// How often it is looked which are.
const LOOK: i64 = 1_000_000_000;

impl State {
    /// Takes a datagram of a packet of so many captured bytes, if it is known to be a session's.
    pub(super) fn datagram(&mut self, datagram: &Datagram<'_>, at: Moment, captured: u64) -> bool {
        let Datagram { source, destination, payload, .. } = *datagram;
        match self.flows.get_mut(source, destination) {
            Some(Flow::Session { number, client, last }) => {
                *last = at.time;
                let (number, from) = (*number, side(*client, source));
                self.tell_datagram(number, from, datagram, at);
                return true;
            }
            Some(Flow::Other) => return false,
            Some(Flow::Unknown(_)) => {}
            // Only what looks like RTP is looked at more closely.
            None if !may_be_media(payload) => return false,
            None => {
                let is_dear = |flow: &Flow| matches!(flow, Flow::Session { .. });
                if let Some(gone) = self.flows.insert(source, destination, Flow::Unknown(Vec::new()), is_dear) {
                    self.totals.reached.flows += 1;
                    self.end_flow(gone, How::Timeout, at);
                }
            }
        }
        let kept = Kept {
            source,
            destination,
            payload: payload.into(),
            place: datagram.place,
            cut: datagram.cut,
            tunnels: datagram.tunnels.into(),
            at,
            captured,
        };
        if let Some(Flow::Unknown(all)) = self.flows.get_mut(source, destination) {
            self.flow_bytes += kept.cost();
            all.push(kept);
        }
        // Until its flow is a session's it is not read; then that is taken back.
        let reason = Reason::Packet(Unread::Udp);
        self.totals.tally(reason, 1, captured, self.limits.unread_reasons);
        self.judge_flow(source, destination);
        true
    }

    /// Takes the answer to a datagram that nobody listens where it went to, if the datagram was a session's.
    pub(super) fn unreachable(&mut self, unreachable: Unreachable, at: Moment) -> bool {
        let Unreachable { source, destination } = unreachable;
        let Some(Flow::Session { number, client, .. }) = self.flows.get_mut(source, destination) else { return false };
        let (number, from) = (*number, side(*client, destination));
        let (messages, reached) = (&mut self.totals.messages, &mut self.totals.reached);
        let sink = &mut Sink { events: &mut self.events, messages, reached };
        self.sessions.tell_unreachable(number, from, at, sink);
        true
    }

    /// Looks whose a flow is, by what is kept of it.
    fn judge_flow(&mut self, a: SocketAddr, b: SocketAddr) {
        let Some(Flow::Unknown(kept)) = self.flows.get_mut(a, b) else { return };
        if let Some(waiting) = claim(&mut self.waiting_sessions, kept) {
            waiting.is_joined = true;
            let (number, server) = (waiting.session, waiting.awaited.port);
            let client = if a.port() == server && a.ip() == waiting.server.ip() { b } else { a };
            return self.join_flow(a, b, number, client);
        }
        let is_full = kept.len() >= ENOUGH || self.flow_bytes > self.limits.flow_bytes_total;
        if !is_full {
            return;
        }
        match alone(kept) {
            Some(client) => {
                let server = if client == a { b } else { a };
                let (at, tunnels) = kept.first().map(|kept| (kept.at, kept.tunnels.clone())).unwrap_or_default();
                self.totals.sessions += 1;
                let number = self.totals.sessions;
                self.events.push_back(Event::Session(Opened {
                    session: number,
                    protocol: ftl::NAME,
                    client,
                    server,
                    at,
                    start: Start::Midstream,
                    proxied: None,
                    tunnels: [tunnels, Tunnels::default()],
                    attempts: Attempts::default(),
                    strangers: Vec::new(),
                }));
                self.sessions.open(number, Box::new(ftl::Conversation::of_media(number)));
                self.join_flow(a, b, number, client);
            }
            None => {
                if let Some(flow) = self.flows.get_mut(a, b) {
                    let gone = std::mem::replace(flow, Flow::Other);
                    self.give_up(gone);
                }
            }
        }
    }

    /// From here on a flow is a session's, with all that was kept of it.
    fn join_flow(&mut self, a: SocketAddr, b: SocketAddr, number: u32, client: SocketAddr) {
        let Some(flow) = self.flows.get_mut(a, b) else { return };
        let Flow::Unknown(kept) = std::mem::replace(flow, Flow::Other) else { return };
        let Some((first, last)) = kept.first().zip(kept.last()) else { return };
        *flow = Flow::Session { number, client, last: last.at.time };
        self.flow_bytes -= kept.iter().map(Kept::cost).sum::<usize>();
        let bytes = kept.iter().map(|kept| kept.captured).sum();
        self.totals.take_back(Reason::Packet(Unread::Udp), kept.len() as u64, bytes);
        let server = if client == a { b } else { a };
        let (at, tunnels) = (first.at, first.tunnels.clone());
        self.events.push_back(Event::Flow(crate::proto::Flow { session: number, client, server, at, tunnels }));
        for kept in &kept {
            self.tell_datagram(number, side(client, kept.source), &kept.lend(), kept.at);
        }
    }

    fn tell_datagram(&mut self, number: u32, from: Side, datagram: &Datagram<'_>, at: Moment) {
        let limits = &self.limits;
        let (messages, reached) = (&mut self.totals.messages, &mut self.totals.reached);
        let sink = &mut Sink { events: &mut self.events, messages, reached };
        self.sessions.tell_datagram(number, from, datagram, at, limits, sink);
    }

    /// A session was told something: it may have learned which datagrams will be its own.
    pub(super) fn look_for_flows(&mut self, session: u32, client: SocketAddr, server: SocketAddr) {
        let Some(awaited) = self.sessions.awaited(session) else { return };
        if self.waiting_sessions.iter().any(|waiting| waiting.session == session) {
            return;
        }
        let port = awaited.port;
        self.waiting_sessions.push(Waiting { session, client, server, awaited, is_joined: false });
        let media = SocketAddr::new(server.ip(), port);
        let is_its =
            |(ends, flow): &(&[SocketAddr; 2], &mut Flow)| matches!(flow, Flow::Unknown(_)) && ends.contains(&media);
        let mut unknown: Vec<_> = self.flows.iter_mut().filter(is_its).map(|(ends, _)| *ends).collect();
        unknown.sort_unstable();
        for [a, b] in unknown {
            self.judge_flow(a, b);
        }
    }

    /// Its connection was closed: it ends when its flow does, or now.
    pub(super) fn linger(&mut self, session: u32, at: Moment) {
        let is_joined = |waiting: &Waiting| waiting.session == session && waiting.is_joined;
        if !self.waiting_sessions.iter().any(is_joined) {
            self.finish_session(session, How::Timeout, at);
        }
    }

    /// No more datagrams of a session come: where they alone kept it, it is over.
    fn finish_session(&mut self, session: u32, how: How, at: Moment) {
        let (messages, reached) = (&mut self.totals.messages, &mut self.totals.reached);
        let sink = &mut Sink { events: &mut self.events, messages, reached };
        self.sessions.finish(session, how, at, sink);
        self.end_session(session);
    }

    /// Forgets a session that said its last word.
    pub(super) fn end_session(&mut self, session: u32) -> bool {
        let is_over = self.sessions.is_over(session);
        if is_over {
            self.work += self.sessions.end(session);
            self.waiting_sessions.retain(|waiting| waiting.session != session);
        } else if let Some(waiting) = self.waiting_sessions.iter_mut().find(|waiting| waiting.session == session) {
            // Another flow may join it.
            waiting.is_joined = false;
        }
        is_over
    }

    /// Looks now and then which flows are silent; at the end of the capture all are over.
    pub(super) fn end_flows(&mut self, now: Moment, how: How) {
        if how == How::Timeout && now.time.since(self.next_look) < 0 {
            return;
        }
        self.next_look = Time(now.time.0.saturating_add(LOOK));
        let mut over = Vec::new();
        for (ends, flow) in self.flows.iter_mut() {
            let last = match flow {
                Flow::Session { last, .. } => *last,
                Flow::Unknown(kept) => kept.last().map(|kept| kept.at.time).unwrap_or_default(),
                Flow::Other => continue,
            };
            if how == How::EndOfCapture || now.time.since(last) > SILENCE {
                over.push(*ends);
            }
        }
        over.sort_unstable();
        for [a, b] in over {
            if let Some(flow) = self.flows.remove(a, b) {
                self.end_flow(flow, how, now);
            }
        }
        if how == How::EndOfCapture {
            let mut left: Vec<_> = self.waiting_sessions.iter().map(|waiting| waiting.session).collect();
            left.sort_unstable();
            for session in left {
                self.finish_session(session, how, now);
            }
        }
    }

    /// A flow is over, or has no room.
    fn end_flow(&mut self, flow: Flow, how: How, now: Moment) {
        match flow {
            Flow::Session { number, .. } => self.finish_session(number, how, now),
            flow => self.give_up(flow),
        }
    }

    /// What was kept of a flow is nobody's.
    fn give_up(&mut self, flow: Flow) {
        let Flow::Unknown(kept) = flow else { return };
        self.flow_bytes -= kept.iter().map(Kept::cost).sum::<usize>();
    }
}

fn side(client: SocketAddr, source: SocketAddr) -> Side {
    if source == client { Side::Client } else { Side::Server }
}

/// Whether a datagram looks like RTP or RTCP, of types that FTL has.
fn may_be_media(payload: &[u8]) -> bool {
    matches!(payload, [first, second, _, _, ..] if first >> 6 == 2 && matches!(second, 96..=127 | 192..))
}

/// Which session waits for a flow.
fn claim<'w>(waiting: &'w mut [Waiting], kept: &[Kept]) -> Option<&'w mut Waiting> {
    let first = kept.first()?;
    // Client and server of a session that waits for this flow, by who sent the first datagram.
    let client_of = |waiting: &Waiting| {
        let is_server = |end: SocketAddr| end.ip() == waiting.server.ip() && end.port() == waiting.awaited.port;
        if is_server(first.destination) {
            Some(first.source)
        } else {
            is_server(first.source).then_some(first.destination)
        }
    };
    let fits: Vec<_> = waiting.iter().enumerate().filter_map(|(at, w)| Some((at, client_of(w)?))).collect();
    let is_near = |(at, client): &&(usize, SocketAddr)| waiting[*at].client.ip() == client.ip();
    let near: Vec<_> = fits.iter().filter(is_near).collect();
    let at = match (&near[..], &fits[..]) {
        ([(at, _)], _) | ([], [(at, _)]) => *at,
        _ => {
            let source = kept.iter().find_map(|kept| source_of(&kept.payload))?;
            let has = |(at, _): &&&(usize, SocketAddr)| waiting[*at].awaited.sources.contains(&source);
            let fits: Vec<_> = fits.iter().collect();
            near.iter().chain(&fits).find(has).map(|(at, _)| *at)?
        }
    };
    waiting.get_mut(at)
}

/// The source of an RTP packet or a sender report.
fn source_of(payload: &[u8]) -> Option<u32> {
    match media::decode(payload, &Formats::default(), &mut crate::wire::Silent).0 {
        media::Datagram::Rtp(rtp) if rtp.payload.start > 0 => Some(rtp.ssrc),
        media::Datagram::SenderReport(report) => Some(report.ssrc),
        _ => None,
    }
}

/// Who is the client of a flow that is FTL's by itself: who pings, and sends media of FTL's payload types.
fn alone(kept: &[Kept]) -> Option<SocketAddr> {
    let client = kept.iter().find(|kept| media::is_ping(&kept.payload))?.source;
    let formats = media::formats(&ftl::Attributes::default());
    let is_media = |kept: &&Kept| {
        let datagram = media::decode(&kept.payload, &formats, &mut crate::wire::Silent).0;
        kept.source == client && matches!(datagram, media::Datagram::Rtp(rtp) if formats.has(rtp.payload_type))
    };
    (kept.iter().filter(is_media).count() >= 2).then_some(client)
}
