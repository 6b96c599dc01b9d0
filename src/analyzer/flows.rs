//! UDP flows: which session each belongs to.
//!
//! A flow joins a session that waits for it: the session's server has named the port. Among several that wait at one port, the
//! client's address decides, and then the sources that were announced (RTP's SSRC). Behind a NAT the address may be another than the
//! control connection's. What may be media and that nobody waits for yet is kept a little: its port may be named by a line
//! that is put in order only later. If nobody does, and it proves itself, it is a session of media alone.

use std::hash::BuildHasher;
use std::net::SocketAddr;

use super::State;
use super::totals::Reason;
use crate::net::{Datagram, How, Start, Tunnels, Unreachable, Unread};
use crate::proto::ftl::{self, media};
use crate::proto::rtp::Formats;
use crate::proto::stream::{Awaited, Sink};
use crate::proto::{Attempts, Event, Opened, Transport};
use crate::wire::{Moment, Place, Side, Silent, Time};

/// What is known of a flow.
#[derive(Debug)]
pub(super) enum Flow {
    /// It may be media. What was kept of it so far, and its client, where it is FTL's by itself.
    Unknown(Vec<Kept>, Option<SocketAddr>),
    Session {
        number: u32,
        client: SocketAddr,
        last: Time,
        recent: Box<Recent>,
    },
    Other,
}

/// The last datagrams of a flow: a mirror may capture each twice.
#[derive(Debug, Default)]
pub(super) struct Recent {
    last: [(u16, u64, Time); 8],
    next: usize,
}

impl Recent {
    /// Whether a datagram was captured a moment ago: the same bytes in an IP packet of the same identification.
    fn is_copy(&mut self, datagram: &Datagram<'_>, at: Moment) -> bool {
        /// A mirror's copies are no farther apart; what is may be the network's own.
        const MOMENT: i64 = 1_000_000;
        if datagram.identification == 0 {
            return false;
        }
        let bytes = foldhash::quality::FixedState::default().hash_one((datagram.source, datagram.payload));
        let is_it = |(identification, known, time): &(u16, u64, Time)| {
            *identification == datagram.identification && *known == bytes && at.time.since(*time) < MOMENT
        };
        if self.last.iter().any(is_it) {
            return true;
        }
        self.last[self.next % self.last.len()] = (datagram.identification, bytes, at.time);
        self.next += 1;
        false
    }
}

/// A datagram that is kept.
#[derive(Debug)]
pub(super) struct Kept {
    source: SocketAddr,
    destination: SocketAddr,
    payload: Box<[u8]>,
    place: Option<Place>,
    cut: u32,
    identification: u16,
    tunnels: Tunnels,
    at: Moment,
    /// Captured bytes of the packet.
    captured: u64,
}

impl Kept {
    /// Bytes of memory that it may take, with its place in a list that grows by doubling and its allocation.
    fn cost(&self) -> usize {
        2 * size_of::<Kept>() + 32 + self.payload.len() + self.tunnels.memory()
    }

    fn lend(&self) -> Datagram<'_> {
        let Kept { source, destination, place, cut, identification, .. } = *self;
        let (payload, tunnels) = (&*self.payload, self.tunnels.as_slice());
        Datagram { source, destination, payload, place, cut, identification, tunnels }
    }
}

impl Flow {
    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        let kept = match self {
            Flow::Unknown(kept, _) => kept,
            Flow::Session { .. } => return size_of::<Recent>(),
            Flow::Other => return 0,
        };
        let pieces = kept.iter().map(|kept| kept.payload.len() + kept.tunnels.memory());
        kept.capacity() * size_of::<Kept>() + pieces.sum::<usize>()
    }
}

/// A session that waits for datagrams.
#[derive(Debug)]
pub(super) struct Waiting {
    session: u32,
    client: SocketAddr,
    server: SocketAddr,
    awaited: Awaited,
    /// Flows that have joined it.
    flows: u32,
    /// Its connection is over, and only its flow keeps it.
    is_left: bool,
}

/// Datagrams by which it is decided whether a flow is FTL's by itself: clients ping every 25 ms.
const ENOUGH: usize = 64;
/// So long a flow that is waits for its control connection, which is heard every 5 s.
const PATIENCE: i64 = 6_000_000_000;
/// … or so many datagrams.
const PATIENT: usize = 4096;
/// Without a datagram for so long, a flow is over: servers give up a client long before.
const SILENCE: i64 = 30_000_000_000;
/// How often it is looked which are.
const LOOK: i64 = 1_000_000_000;

impl State {
    /// Takes a datagram of a packet of so many captured bytes, if it is known to be a session's.
    pub(super) fn datagram(&mut self, datagram: &Datagram<'_>, at: Moment, captured: u64) -> bool {
        let Datagram { source, destination, payload, .. } = *datagram;
        match self.flows.get_mut(source, destination) {
            Some(Flow::Session { number, client, last, recent }) => {
                *last = at.time;
                if recent.is_copy(datagram, at) {
                    return true;
                }
                let (number, from) = (*number, side(*client, source));
                self.tell_datagram(number, from, datagram, at);
                return true;
            }
            Some(Flow::Other) => return false,
            Some(Flow::Unknown(..)) => {}
            // Only what looks like RTP is looked at more closely.
            None if !may_be_media(payload) => return false,
            None => {
                let is_dear = |flow: &Flow| matches!(flow, Flow::Session { .. });
                if let Some(gone) =
                    self.flows.insert(source, destination, Flow::Unknown(Vec::with_capacity(1), None), is_dear)
                {
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
            identification: datagram.identification,
            tunnels: datagram.tunnels.into(),
            at,
            captured,
        };
        if let Some(Flow::Unknown(all, _)) = self.flows.get_mut(source, destination) {
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
        let Some(Flow::Unknown(kept, client)) = self.flows.get_mut(a, b) else { return };
        if let Some(waiting) = claim(&mut self.waiting_sessions, kept) {
            waiting.flows += 1;
            let (number, server) = (waiting.session, waiting.server.ip());
            let is_server = |end: SocketAddr| end.ip() == server && Some(end.port()) == waiting.awaited.port;
            let client = if is_server(a) { b } else { a };
            return self.join_flow(a, b, number, client);
        }
        let is_late = self.flow_bytes > self.limits.flow_bytes_total;
        if kept.len() == ENOUGH || is_late {
            *client = alone(kept);
        }
        // Before their media ftl-sdk's clients ping for two seconds.
        let may_come = kept.len() >= ENOUGH && kept.iter().take(ENOUGH).any(|kept| media::is_ping(&kept.payload));
        let is_given_up = (kept.len() == ENOUGH || is_late) && client.is_none() && !may_come;
        let waited = kept.last().zip(kept.first()).map_or(0, |(last, first)| last.at.time.since(first.at.time));
        let is_due = kept.len() > ENOUGH && (waited > PATIENCE || kept.len() >= PATIENT);
        if is_given_up || is_due || is_late {
            self.conclude_flow(a, b);
        }
    }

    /// Decides what a flow is that no session waits for by its port: media alone, or of a session that was joined behind the
    /// reply which names the port, or no media.
    fn conclude_flow(&mut self, a: SocketAddr, b: SocketAddr) {
        let Some(flow) = self.flows.get_mut(a, b) else { return };
        let Flow::Unknown(kept, client) = flow else { return };
        let Some(client) = client.or_else(|| alone(kept)) else {
            let gone = std::mem::replace(flow, Flow::Other);
            return self.give_up(&gone);
        };
        let server = if client == a { b } else { a };
        let may_be_its = |waiting: &&mut Waiting| {
            let hosts = waiting.client.ip() == client.ip() && waiting.server.ip() == server.ip();
            let sources = &waiting.awaited.sources;
            let mut all = kept.iter().filter_map(|kept| source_of(&kept.payload));
            let is_announced = sources.is_empty() || all.any(|source| sources.contains(&source));
            hosts && waiting.awaited.port.is_none() && waiting.flows == 0 && is_announced
        };
        if let Some(waiting) = self.waiting_sessions.iter_mut().find(may_be_its) {
            waiting.flows += 1;
            let number = waiting.session;
            return self.join_flow(a, b, number, client);
        }
        let (at, tunnels) = kept.first().map(|kept| (kept.at, kept.tunnels.clone())).unwrap_or_default();
        let number = self.open(Opened {
            session: 0,
            protocol: ftl::NAME,
            decrypted: None,
            client,
            server,
            at,
            start: Start::Midstream,
            proxied: None,
            tunnels: [tunnels, Tunnels::default()],
            attempts: Attempts::default(),
            strangers: Vec::new(),
        });
        self.sessions.open(number, Box::new(ftl::Conversation::of_media(number)));
        self.join_flow(a, b, number, client);
    }

    /// From here on a flow is a session's, with all that was kept of it.
    fn join_flow(&mut self, a: SocketAddr, b: SocketAddr, number: u32, client: SocketAddr) {
        let Some(flow) = self.flows.get_mut(a, b) else { return };
        let Flow::Unknown(kept, _) = std::mem::replace(flow, Flow::Other) else { return };
        let Some((first, last)) = kept.first().zip(kept.last()) else { return };
        let mut recent = Recent::default();
        let is_copy = |kept: &Kept, recent: &mut Recent| recent.is_copy(&kept.lend(), kept.at);
        let copies: Vec<_> = kept.iter().map(|kept| is_copy(kept, &mut recent)).collect();
        *flow = Flow::Session { number, client, last: last.at.time, recent: Box::new(recent) };
        self.flow_bytes -= kept.iter().map(Kept::cost).sum::<usize>();
        let bytes = kept.iter().map(|kept| kept.captured).sum();
        self.totals.take_back(Reason::Packet(Unread::Udp), kept.len() as u64, bytes);
        let server = if client == a { b } else { a };
        let (at, tunnels) = (first.at, first.tunnels.clone());
        self.events.push_back(Event::Flow(crate::proto::Flow {
            session: number,
            transport: Transport::Udp,
            client,
            server,
            at,
            tunnels,
        }));
        for (kept, _) in kept.iter().zip(copies).filter(|(_, is_copy)| !is_copy) {
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
        let port = awaited.port;
        match self.waiting_sessions.iter_mut().find(|waiting| waiting.session == session) {
            Some(waiting) if waiting.awaited.port.is_some() => return,
            // Now it may know more.
            Some(waiting) => waiting.awaited = awaited,
            None => {
                self.waiting_sessions.push(Waiting { session, client, server, awaited, flows: 0, is_left: false });
            }
        }
        let Some(port) = port else { return };
        let media = SocketAddr::new(server.ip(), port);
        self.supersede(session, client, media);
        let is_its =
            |(ends, flow): &(&[SocketAddr; 2], &mut Flow)| matches!(flow, Flow::Unknown(..)) && ends.contains(&media);
        let mut unknown: Vec<_> = self.flows.iter_mut().filter(is_its).map(|(ends, _)| *ends).collect();
        unknown.sort_unstable();
        for [a, b] in unknown {
            self.judge_flow(a, b);
        }
    }

    /// Its connection was closed: it ends when its flow does, or now.
    pub(super) fn linger(&mut self, session: u32, at: Moment) {
        let is_any = |waiting: &&Waiting| waiting.session == session && waiting.awaited.port.is_none();
        if let Some(waiting) = self.waiting_sessions.iter().find(is_any) {
            // What was kept until it is known whose it is may be its own.
            let hosts = [waiting.client.ip(), waiting.server.ip()];
            let is_its = |(ends, flow): &(&[SocketAddr; 2], &mut Flow)| {
                matches!(flow, Flow::Unknown(..)) && ends.iter().all(|end| hosts.contains(&end.ip()))
            };
            let mut unknown: Vec<_> = self.flows.iter_mut().filter(is_its).map(|(ends, _)| *ends).collect();
            unknown.sort_unstable();
            for [a, b] in unknown {
                self.conclude_flow(a, b);
            }
        }
        let is_joined = |waiting: &Waiting| waiting.session == session && waiting.flows > 0;
        match self.waiting_sessions.iter_mut().find(|waiting| is_joined(waiting)) {
            Some(waiting) => waiting.is_left = true,
            None => self.finish_session(session, How::Timeout, at),
        }
    }

    /// A client that begins anew leaves its flows to the new session: those of one whose connection is over, or that announced the
    /// same sources.
    fn supersede(&mut self, session: u32, client: SocketAddr, media: SocketAddr) {
        let Some(new) = self.waiting_sessions.iter().find(|waiting| waiting.session == session) else { return };
        let is_old = |waiting: &&Waiting| {
            let is_same = !new.awaited.sources.is_empty() && waiting.awaited.sources == new.awaited.sources;
            waiting.session != session && waiting.client.ip() == client.ip() && (waiting.is_left || is_same)
        };
        let old: Vec<_> = self.waiting_sessions.iter().filter(is_old).map(|waiting| waiting.session).collect();
        if old.is_empty() {
            return;
        }
        let is_theirs = |(ends, flow): &(&[SocketAddr; 2], &mut Flow)| {
            ends.contains(&media) && matches!(flow, Flow::Session { number, .. } if old.contains(number))
        };
        let mut left: Vec<_> = self.flows.iter_mut().filter(is_theirs).map(|(ends, _)| *ends).collect();
        left.sort_unstable();
        let now = self.totals.last.unwrap_or_default();
        for [a, b] in left {
            if let Some(flow) = self.flows.remove(a, b) {
                self.end_flow(flow, How::Timeout, now);
            }
        }
    }

    /// No more datagrams of a session come: where they alone kept it, it is over.
    fn finish_session(&mut self, session: u32, how: How, at: Moment) {
        let (messages, reached) = (&mut self.totals.messages, &mut self.totals.reached);
        let sink = &mut Sink { events: &mut self.events, messages, reached };
        self.sessions.finish(session, how, at, sink);
        // Where its connection goes on, another flow may join it.
        self.end_session(session);
    }

    /// Forgets a session that said its last word.
    pub(super) fn end_session(&mut self, session: u32) -> bool {
        let is_over = self.sessions.is_over(session);
        if is_over {
            self.work += self.sessions.end(session);
            self.waiting_sessions.retain(|waiting| waiting.session != session);
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
            let (number, last) = match flow {
                Flow::Session { number, last, .. } => (*number, *last),
                Flow::Unknown(kept, _) => (u32::MAX, kept.last().map(|kept| kept.at.time).unwrap_or_default()),
                Flow::Other => continue,
            };
            if how == How::EndOfCapture || now.time.since(last) > SILENCE {
                over.push((number, *ends));
            }
        }
        // Sessions end in the order of their numbers.
        over.sort_unstable();
        for (_, [a, b]) in over {
            self.conclude_flow(a, b);
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
            Flow::Session { number, .. } => {
                let its = self.waiting_sessions.iter_mut().find(|waiting| waiting.session == number);
                // Others of the session may go on.
                let has_more = its.is_some_and(|waiting| {
                    waiting.flows -= 1;
                    waiting.flows > 0
                });
                if !has_more {
                    self.finish_session(number, how, now);
                }
            }
            flow => self.give_up(&flow),
        }
    }

    /// What was kept of a flow is nobody's.
    fn give_up(&mut self, flow: &Flow) {
        let Flow::Unknown(kept, _) = flow else { return };
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
        let is_server = |end: SocketAddr| end.ip() == waiting.server.ip() && Some(end.port()) == waiting.awaited.port;
        if is_server(first.destination) {
            Some(first.source)
        } else {
            is_server(first.source).then_some(first.destination)
        }
    };
    let fits: Vec<_> = waiting.iter().enumerate().filter_map(|(at, w)| Some((at, client_of(w)?))).collect();
    let is_near = |at: usize, client: SocketAddr| waiting[at].client.ip() == client.ip();
    // Who has no flow yet comes first: a client that began anew may have left another session behind.
    let ranked = [(true, true), (true, false), (false, true), (false, false)].map(|(near, free)| {
        let is_it = |(at, client): &&(usize, SocketAddr)| {
            (is_near(*at, *client) || !near) && (waiting[*at].flows == 0 || !free)
        };
        fits.iter().filter(is_it).map(|(at, _)| *at).collect::<Vec<_>>()
    });
    let at = if let [at] = ranked.iter().find(|those| !those.is_empty())?[..] {
        at
    } else {
        let source = source_of(&kept.last()?.payload)?;
        let has = |at: &&usize| waiting[**at].awaited.sources.contains(&source);
        // Of those that announced it, the newest.
        ranked.iter().flat_map(|those| those.iter().rev()).find(has).copied()?
    };
    waiting.get_mut(at)
}

/// The source of an RTP packet or a sender report.
fn source_of(payload: &[u8]) -> Option<u32> {
    match media::decode(payload, &Formats::default(), &mut Silent).0 {
        media::Datagram::Rtp(rtp) if rtp.payload.start > 0 => Some(rtp.ssrc),
        media::Datagram::SenderReport(report) => Some(report.ssrc),
        _ => None,
    }
}

/// Who is the client of a flow that is FTL's by itself: who sends media of FTL's payload types, where FTL's pings are seen.
fn alone(kept: &[Kept]) -> Option<SocketAddr> {
    let formats = media::formats(&ftl::Attributes::default());
    let is_media = |kept: &&Kept| {
        let datagram = media::decode(&kept.payload, &formats, &mut Silent).0;
        matches!(datagram, media::Datagram::Rtp(rtp) if formats.has(rtp.payload_type))
    };
    let mut media = kept.iter().filter(is_media);
    let (client, again) = (media.next()?.source, media.next()?.source);
    (client == again && kept.iter().any(|kept| media::is_ping(&kept.payload))).then_some(client)
}
