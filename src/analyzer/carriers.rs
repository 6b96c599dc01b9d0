//! Streams inside of streams: what carries them is told what a connection tells, and gives what the streams inside tell.
//!
//! ```text
//! connection ─► TLS ─► HTTP ─► RTMPE ─► session          each of them may be absent, none comes twice
//! ```
//!
//! A stream inside is looked at as a connection is: its beginning says what it is, and that may be a carrier again. TLS that no
//! secret opens carries nothing; where it is likely RTMPS, it is a session by itself, of which is told what can be seen.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use super::others::Met;
use super::secured::Outer;
use super::{Connection, Content, Fate, INSIDE, Other, State, StreamId, TUNNEL};
use crate::net::{Delivery, Kept, Start};
use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmpe::Rtmpe;
use crate::proto::rtmpt::{Exchange, Signs, Tunneled, Tunnels};
use crate::proto::tls::{self, Tls};
use crate::proto::{Event, Flow, Stranger, Transport, Tunnel};
use crate::wire::{Moment, Side};

/// What each byte that carriers carry adds to the work that they may do in advance ([`Limits::carrier_work`](crate::limits::Limits)), up to that.
const EARNED: u64 = 32;

/// Whether a stream is one inside of TLS or RTMPE.
pub(super) fn is_inside(stream: StreamId) -> bool {
    stream & (INSIDE | TUNNEL) == INSIDE
}

/// Connections that are over and wait for secrets.
const LINGER: usize = 1024;

/// What a stream is carried in.
#[derive(Debug, Default)]
pub(super) struct Wrapping {
    /// TLS, and what is known of that.
    pub(super) tls: Option<Box<tls::Facts>>,
    /// HTTP, and the id of the session in it.
    pub(super) rtmpt: Option<Box<str>>,
    /// The stream of HTTP that it began in.
    road: Option<StreamId>,
    /// It was enciphered by RTMPE.
    pub(super) rtmpe: bool,
    /// The client's address as a proxy announced it in front of what carries it.
    proxied: Option<Box<str>>,
    /// What is to be told of it once it is a session.
    notes: Vec<Note>,
    /// What requests say that carry it, while it is none.
    signs: Signs,
}

#[derive(Debug)]
enum Note {
    Joined { client: SocketAddr, server: SocketAddr, at: Moment },
    Exchange(Box<Exchange>),
}

impl Wrapping {
    /// Whether it is a session of RTMPT itself, not what is inside of that.
    pub(super) fn is_tunnel(&self) -> bool {
        self.rtmpt.is_some() && !self.rtmpe
    }

    /// Whether there is any.
    pub(super) fn is_some(&self) -> bool {
        self.tls.is_some() || self.rtmpt.is_some() || self.rtmpe
    }

    /// Whether what is inside was enciphered, and is deciphered.
    pub(super) fn is_open(&self) -> bool {
        self.tls.is_some() || self.rtmpe
    }

    /// What a session inside of it is called.
    pub(super) fn protocol(&self, inner: &'static str) -> &'static str {
        if !matches!(inner, "rtmp" | "rtmpe") {
            return inner;
        }
        // What is deciphered looks as if it had been in clear.
        let is_enciphered = self.rtmpe || inner == "rtmpe";
        match (self.rtmpt.is_some(), is_enciphered, self.tls.is_some()) {
            (false, false, false) => "rtmp",
            (false, false, true) => "rtmps",
            (false, true, false) => "rtmpe",
            (false, true, true) => "rtmpes",
            (true, false, false) => "rtmpt",
            (true, false, true) => "rtmpts",
            (true, true, false) => "rtmpte",
            (true, true, true) => "rtmptes",
        }
    }

    /// The same within another carrier, for what is in it.
    fn inside(&self) -> Wrapping {
        let (notes, signs) = (Vec::new(), Signs::default());
        let Wrapping { tls, rtmpt, rtmpe, proxied, .. } = self;
        let (tls, rtmpt, proxied) = (tls.clone(), rtmpt.clone(), proxied.clone());
        Wrapping { tls, rtmpt, road: None, rtmpe: *rtmpe, proxied, notes, signs }
    }

    /// A PROXY header stood in front of it.
    pub(super) fn note_proxied(&mut self, proxied: Option<String>) {
        self.proxied = proxied.map(String::into_boxed_str).or(self.proxied.take());
    }

    /// What that said.
    pub(super) fn proxied(&self) -> Option<String> {
        self.proxied.as_deref().map(str::to_owned)
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        let exchanges = self.notes.iter().map(|note| match note {
            Note::Exchange(exchange) => size_of::<Exchange>() + exchange.memory(),
            Note::Joined { .. } => 0,
        });
        self.tls.as_ref().map_or(0, |facts| size_of::<tls::Facts>() + facts.memory())
            + self.rtmpt.iter().chain(&self.proxied).map(|text| text.len()).sum::<usize>()
            + self.notes.capacity() * size_of::<Note>()
            + exchanges.sum::<usize>()
    }
}

/// What a carrier is given to do.
#[derive(Clone, Copy)]
enum Turn<'d> {
    Told(&'d Delivery<'d>),
    /// New secrets are there.
    Retry,
    /// None come any more.
    GiveUp,
}

/// A stream that carries another one.
#[derive(Debug)]
pub(super) struct Carried {
    carrier: Carrier,
    pub(super) inside: StreamId,
}

/// What is known of a stream that carries parts of sessions of RTMPT.
#[derive(Debug, Default)]
pub(super) struct Road {
    /// What it is while it carries none.
    met: Met,
    is_used: bool,
    /// By side: whether bytes were missing that were captured, and nothing opened them; and whether others were.
    closed: [bool; 2],
    missed: [bool; 2],
    /// Those that began in it and are not over.
    pub(super) tunnels: BTreeSet<u32>,
}

impl Road {
    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        // A node of eleven may be half empty.
        size_of::<Road>() + self.tunnels.len() * size_of::<[u32; 4]>()
    }
}

#[derive(Debug)]
pub(super) enum Carrier {
    Tls(Box<Outer>),
    Rtmpe(Box<Rtmpe>),
}

impl Carrier {
    pub(super) fn tls(tls: Tls, stranger: Met) -> Carrier {
        Carrier::Tls(Box::new(Outer::new(tls, Met { bytes: 0, ..stranger })))
    }

    /// Bytes that it keeps for what is under way.
    fn held(&self) -> usize {
        match self {
            Carrier::Tls(outer) => outer.tls.held(),
            Carrier::Rtmpe(_) => 0,
        }
    }
}

impl Carried {
    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        match &self.carrier {
            Carrier::Tls(outer) => outer.memory(),
            Carrier::Rtmpe(rtmpe) => size_of::<Rtmpe>() + rtmpe.memory(),
        }
    }
}

impl State {
    /// From here on a stream carries another one. What was kept of it goes there.
    pub(super) fn carry(&mut self, stream: StreamId, carrier: Carrier) {
        let Some(outside) = self.live.get_mut(&stream) else { return };
        let Content::Unknown(opening) = &mut outside.content else { return };
        self.opening_bytes -= opening.cost();
        let (kept, heard) = (opening.take(), opening.heard());
        self.inside += 1;
        let inside = INSIDE | self.inside;
        let mut wrapping = outside.wrapping.inside();
        match &carrier {
            Carrier::Tls(outer) => wrapping.tls = Some(Box::new(outer.tls.facts().clone())),
            Carrier::Rtmpe(_) => wrapping.rtmpe = true,
        }
        wrapping.notes = std::mem::take(&mut outside.wrapping.notes);
        let new = Connection::new(outside.client, outside.server, outside.at, outside.start, wrapping);
        let new = Connection { tunnels: outside.tunnels.clone(), ..new };
        self.carrier_bytes += carrier.held();
        outside.content = Content::Carrier(Box::new(Carried { carrier, inside }));
        self.live.insert(inside, new);
        self.replay(stream, kept, heard);
    }

    /// From here on a stream is RTMPT's: it carries a part of one or more sessions.
    pub(super) fn tunnel(&mut self, stream: StreamId, met: Met) {
        let Some(outside) = self.live.get_mut(&stream) else { return };
        let Content::Unknown(opening) = &mut outside.content else { return };
        self.opening_bytes -= opening.cost();
        let (kept, heard) = (opening.take(), opening.heard());
        outside.content = Content::Tunnels(Box::new(Road { met: Met { bytes: 0, ..met }, ..Road::default() }));
        self.replay(stream, kept, heard);
    }

    fn replay(&mut self, stream: StreamId, kept: Vec<(Side, Kept)>, heard: [bool; 2]) {
        for from in Side::BOTH.into_iter().filter(|side| heard[side.index()]) {
            self.pass(stream, from, &Delivery::Heard);
        }
        for (from, kept) in kept {
            self.pass(stream, from, &kept.lend());
        }
    }

    /// What a direction of a stream tells that carries others.
    pub(super) fn pass(&mut self, stream: StreamId, from: Side, delivery: &Delivery<'_>) {
        let Some(outside) = self.live.get_mut(&stream) else { return };
        let ends = (outside.client, outside.server);
        match &mut outside.content {
            Content::Tunnels(road) => {
                road.met.take(from, delivery);
                if let Delivery::Gap { captured, .. } = delivery {
                    let seen = if *captured { &mut road.closed } else { &mut road.missed };
                    seen[from.index()] = true;
                }
                self.pass_tunnels(stream, ends, from, delivery);
            }
            Content::Carrier(_) => {
                let Content::Carrier(mut carried) = std::mem::replace(&mut outside.content, Content::Other(None))
                else {
                    return;
                };
                self.pass_on(stream, &mut carried, from, Turn::Told(delivery));
                if let Some(outside) = self.live.get_mut(&stream) {
                    outside.content = Content::Carrier(carried);
                }
            }
            Content::Unknown(_) | Content::Session(_) | Content::Other(_) | Content::Over(_) => {}
        }
    }

    fn pass_on(&mut self, stream: StreamId, carried: &mut Carried, from: Side, turn: Turn<'_>) {
        let inside = carried.inside;
        if let Turn::Told(Delivery::Bytes { bytes, .. }) = turn {
            self.purse = (self.purse + EARNED * bytes.len() as u64).min(self.limits.carrier_work);
        }
        match &mut carried.carrier {
            Carrier::Rtmpe(rtmpe) => {
                let Turn::Told(delivery) = turn else { return };
                let (before, mut purse) = (self.purse, self.purse);
                rtmpe.take(from, delivery, &mut purse, &mut |from, delivery| self.deliver(inside, from, delivery));
                self.purse = purse;
                self.work += before - purse;
            }
            Carrier::Tls(outer) => {
                outer.tls.allow(self.purse);
                let (held, work) = (outer.tls.held(), outer.tls.work());
                let (secrets, most) = (Arc::clone(&self.secrets), self.limits.tls_holes);
                // A session is told what is known of its TLS before all else: what makes it one waits until that is known.
                let mut held_back = Vec::new();
                let is_known = !matches!(self.live.get(&inside), Some(Connection { content: Content::Unknown(_), .. }));
                let give = &mut |from, delivery: &Delivery<'_>| {
                    if is_known {
                        self.deliver(inside, from, delivery);
                    } else {
                        held_back.push((from, Kept::of(delivery)));
                    }
                };
                match turn {
                    Turn::Told(delivery) => {
                        outer.stranger.take(from, delivery);
                        outer.note(from, delivery, most);
                        outer.tls.take(from, delivery, &secrets, give);
                    }
                    Turn::Retry => outer.tls.retry(&secrets, give),
                    Turn::GiveUp => outer.tls.give_up(give),
                }
                self.purse = outer.tls.allowed();
                if self.carrier_bytes + outer.tls.held() - held > self.limits.tls_waiting_bytes_total {
                    self.totals.reached.tls_waiting_bytes_total += 1;
                    outer.tls.shed(&mut |from, delivery| self.deliver(inside, from, delivery));
                }
                let resumable = outer.tls.take_resumable();
                drop(secrets);
                if !resumable.is_empty() && (self.secrets.may_grow() || self.secrets.report().sessions > 0) {
                    Arc::make_mut(&mut self.secrets).learn(resumable);
                }
                self.carrier_bytes = self.carrier_bytes + outer.tls.held() - held;
                self.work += outer.tls.work() - work;
                self.tell_tls(outer, inside);
                for (from, kept) in held_back {
                    self.deliver(inside, from, &kept.lend());
                }
                let told = if let Turn::Told(delivery) = turn { Some(delivery) } else { None };
                self.seal(outer, (stream, inside), from, told);
            }
        }
    }

    /// A connection that is over stays while its records wait for secrets. False where none do.
    pub(super) fn linger_sealed(&mut self, stream: StreamId) -> bool {
        let Some(Connection { content: Content::Carrier(carried), .. }) = self.live.get(&stream) else { return false };
        if !matches!(&carried.carrier, Carrier::Tls(outer) if outer.tls.is_waiting()) {
            return false;
        }
        self.lingering.push_back(stream);
        if self.lingering.len() > LINGER
            && let Some(oldest) = self.lingering.pop_front()
        {
            self.totals.reached.tls_waiting_bytes_total += 1;
            self.turn(oldest, Turn::GiveUp);
        }
        true
    }

    /// New secrets came: connections that are over may be opened by them.
    pub(super) fn retry_sealed(&mut self) {
        for stream in std::mem::take(&mut self.lingering) {
            if !self.turn(stream, Turn::Retry) {
                self.lingering.push_back(stream);
            }
        }
    }

    /// No more secrets come.
    pub(super) fn finish_sealed(&mut self) {
        while let Some(stream) = self.lingering.pop_front() {
            self.turn(stream, Turn::GiveUp);
        }
    }

    /// Looks again at a connection that is over. True where nothing of it waits any more.
    fn turn(&mut self, stream: StreamId, turn: Turn<'_>) -> bool {
        let Some(outside) = self.live.get_mut(&stream) else { return true };
        let Content::Carrier(mut carried) = std::mem::replace(&mut outside.content, Content::Other(None)) else {
            return true;
        };
        self.pass_on(stream, &mut carried, Side::Client, turn);
        let is_over = !matches!(&carried.carrier, Carrier::Tls(outer) if outer.tls.is_waiting());
        if let Some(outside) = self.live.get_mut(&stream) {
            outside.content = Content::Carrier(carried);
        }
        if is_over {
            self.leave(stream, self.totals.last.unwrap_or_default());
        }
        is_over
    }

    fn pass_tunnels(
        &mut self,
        stream: StreamId,
        (client, server): (SocketAddr, SocketAddr),
        from: Side,
        delivery: &Delivery<'_>,
    ) {
        let mut tunnels = self.rtmpt.take();
        let work = tunnels.as_deref().map_or(0, Tunnels::work);
        let known = tunnels.get_or_insert_with(|| Box::new(Tunnels::new(&self.limits)));
        known.take(stream, server, client, from, delivery, &mut |told| self.tunneled(&told));
        self.work += known.work() - work;
        self.rtmpt = tunnels;
    }

    /// Nothing more is told of the connections that carry sessions of RTMPT.
    pub(super) fn finish_tunnels(&mut self, at: Moment) {
        let Some(mut tunnels) = self.rtmpt.take() else { return };
        tunnels.finish(at, &mut |told| self.tunneled(&told));
        self.totals.reached.add(&tunnels.reached());
    }

    fn tunneled(&mut self, told: &Tunneled<'_>) {
        match *told {
            Tunneled::Opened { tunnel, id, connection, client, server, start, at } => {
                let Some(outside) = self.live.get_mut(&connection) else { return };
                if let Content::Tunnels(road) = &mut outside.content {
                    road.is_used = true;
                    road.tunnels.insert(tunnel);
                }
                let wrapping = Wrapping { rtmpt: Some(id.into()), road: Some(connection), ..outside.wrapping.inside() };
                let new = Connection::new(client, server, at, start, wrapping);
                let new = Connection { tunnels: outside.tunnels.clone(), ..new };
                self.live.insert(TUNNEL | StreamId::from(tunnel), new);
            }
            Tunneled::Joined { tunnel, connection, client, server, at } => {
                if let Some(Connection { content: Content::Tunnels(road), .. }) = self.live.get_mut(&connection) {
                    road.is_used = true;
                }
                self.note_of(tunnel, Note::Joined { client, server, at });
            }
            Tunneled::Stream { tunnel, from, mut delivery } => {
                // HTTP does not say why bytes are missing. Where all that were are captured, these are.
                if let Delivery::Gap { captured, .. } = &mut delivery {
                    *captured |= self.is_shut(tunnel, from);
                }
                self.deliver(TUNNEL | StreamId::from(tunnel), from, &delivery);
            }
            Tunneled::Exchange { tunnel, exchange } => {
                self.note_of(tunnel, Note::Exchange(Box::new(exchange.clone())));
            }
        }
    }

    /// Whether what is missing of a session of RTMPT was captured in TLS that nothing opened, all of it.
    fn is_shut(&self, tunnel: u32, from: Side) -> bool {
        let road = self.live.get(&(TUNNEL | StreamId::from(tunnel))).and_then(|stream| stream.wrapping.road);
        match road.and_then(|road| self.live.get(&road)).map(|outside| &outside.content) {
            Some(Content::Tunnels(road)) => road.closed[from.index()] && !road.missed[from.index()],
            _ => false,
        }
    }

    /// Tells something of a session of RTMPT, or keeps it until that is one.
    fn note_of(&mut self, tunnel: u32, note: Note) {
        let Some(stream) = self.live.get_mut(&(TUNNEL | StreamId::from(tunnel))) else { return };
        let id = stream.wrapping.rtmpt.clone();
        let session = match &stream.content {
            Content::Session(session) => *session,
            // It is RTMPE's inside of RTMPT.
            Content::Carrier(carried) => {
                let inside = carried.inside;
                match self.live.get_mut(&inside) {
                    Some(Connection { content: Content::Session(session), .. }) => *session,
                    _ => return self.keep(inside, note),
                }
            }
            _ => return self.keep(TUNNEL | StreamId::from(tunnel), note),
        };
        self.say_note(session, id.as_deref().unwrap_or_default(), note);
    }

    /// Keeps what is to be told of a stream once it is a session.
    fn keep(&mut self, stream: StreamId, note: Note) {
        let Some(inner) = self.live.get_mut(&stream) else { return };
        if let Note::Exchange(exchange) = &note {
            inner.wrapping.signs.take(exchange);
        }
        if inner.wrapping.notes.len() < self.limits.tunnel_notes {
            inner.wrapping.notes.push(note);
        } else {
            self.totals.reached.tunnel_notes += 1;
        }
    }

    /// A stream inside of others became a session: what was kept of it is told.
    pub(super) fn tell_notes(&mut self, stream: StreamId, session: u32) {
        let Some(inner) = self.live.get_mut(&stream) else { return };
        let (notes, facts) = (std::mem::take(&mut inner.wrapping.notes), inner.wrapping.tls.take());
        let id = inner.wrapping.rtmpt.clone();
        // What is known at its first byte may not have come here yet: then it is told next.
        if let Some(facts) = facts.filter(|facts| facts.is_decrypted()) {
            self.say_tls(session, &facts);
        }
        for note in notes {
            self.say_note(session, id.as_deref().unwrap_or_default(), note);
        }
    }

    fn say_note(&mut self, session: u32, id: &str, note: Note) {
        self.events.push_back(match note {
            Note::Joined { client, server, at } => {
                let (transport, tunnels) = (Transport::Tcp, crate::net::Tunnels::default());
                Event::Flow(Flow { session, transport, client, server, at, tunnels })
            }
            Note::Exchange(exchange) => Event::Tunnel(Tunnel { session, id: id.into(), exchange }),
        });
    }

    /// A carrier is over. Where it carried no session, it is told as what it is.
    pub(super) fn end_carrier(&mut self, content: Content, client: SocketAddr, server: SocketAddr) {
        let met = match content {
            Content::Carrier(carried) => {
                let inside = self.live.remove(&carried.inside).map(|inside| inside.content);
                let is_told = matches!(inside, Some(Content::Over(true)));
                self.carrier_bytes -= carried.carrier.held();
                let Carrier::Tls(outer) = carried.carrier else { return };
                self.totals.reached.add(outer.tls.reached());
                match outer.tls.facts().reason {
                    _ if outer.tls.facts().is_decrypted() => self.totals.tls.opened += 1,
                    Some(tls::Reason::NoSecrets) => self.totals.tls.closed += 1,
                    Some(tls::Reason::BadRecord) => self.totals.tls.wrong += 1,
                    _ => {}
                }
                if let Some((session, ..)) = outer.sealed {
                    self.end_session(session);
                    return;
                }
                // What was inside has told itself.
                if is_told {
                    return;
                }
                // Bytes inside were counted by themselves.
                let cut = outer.tls.facts().reason == Some(tls::Reason::HandshakeMissing);
                let bytes = outer.stranger.bytes.saturating_sub(outer.plain_bytes());
                Met { bytes, cut, ..outer.stranger }
            }
            Content::Tunnels(road) if !road.is_used => road.met,
            _ => return,
        };
        self.met(met, met.speaks(), client, server);
    }

    /// A stream of RTMPT is over: what carries it has no more to tell it.
    pub(super) fn leave_road(&mut self, stream: StreamId, wrapping: &Wrapping) {
        let Some(road) = wrapping.road else { return };
        if let Some(Connection { content: Content::Tunnels(road), .. }) = self.live.get_mut(&road) {
            road.tunnels.remove(&((stream & !TUNNEL) as u32));
        }
    }

    /// A session of RTMPT in which no RTMP was spoken.
    pub(super) fn end_tunnel(&mut self, tunnel: &Connection) {
        let signs = &tunnel.wrapping.signs;
        let foreign = if signs.is_rtmpt() { Foreign::Rtmpt } else { Foreign::Http };
        let met = Met {
            foreign: Some(foreign),
            answer: Some(Foreign::Http),
            first: Some(tunnel.at),
            from_start: tunnel.start == Start::Syn,
            bytes: signs.bytes,
            refused: signs.refused.filter(|_| signs.is_rtmpt()),
            cut: false,
        };
        self.met(met, met.speaks(), tunnel.client, tunnel.server);
    }

    /// Takes note of a connection that is no session, and of what became of it where that is known.
    pub(super) fn met(&mut self, met: Met, fate: Option<Fate>, client: SocketAddr, server: SocketAddr) {
        let Met { foreign, answer, first, from_start, bytes, refused, cut } = met;
        self.totals.not_rtmp(foreign, bytes);
        let Some(at) = first else { return };
        // What answers says something where what asks is known from its beginning.
        let told = answer.filter(|_| foreign.is_some() && from_start);
        if let Some(fate) = fate {
            self.note(Other { client, server, fate, answer: told, refused, cut, packet: at.packet, connections: 1 });
        }
        if let Some(foreign) = foreign.filter(|_| from_start) {
            let stranger = Stranger { client, server, foreign, answer, packet: at.packet, more: 0 };
            self.totals.first_stranger(stranger, false);
            self.servers.meet(stranger, self.limits.attempted_servers);
        }
    }
}
