//! The sessions: what their connections say, request by request.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::quality::RandomState;

use super::cargo::{Cargo, Carrier, Early, Role};
use super::exchange::{Exchange, Problem};
use super::request::{Path, Request, is_id};
use super::tunnel::{Ended, Tunnel};
use super::{Give, Tunneled};
use crate::limits::{Limits, Reached};
use crate::net::{ConnectionId, How, Start};
use crate::proto::http::{Head, Start as HeadStart, Told};
use crate::wire::{IdMap, Moment, Side, Time};

/// The sessions.
#[derive(Debug)]
pub(super) struct State {
    pub(super) limits: Limits,
    pub(super) tunnels: IdMap<u32, Tunnel>,
    /// By server and id. Hashed with a seed of this run.
    pub(super) keys: HashMap<(SocketAddr, Box<str>), u32, RandomState>,
    pub(super) next: u32,
    /// Sessions without a connection, and until when one may come.
    pub(super) lingering: VecDeque<(Time, u32)>,
    /// What all sessions' requests keep.
    pub(super) held: usize,
    pub(super) reached: Reached,
}

impl State {
    /// What a connection says.
    pub(super) fn told(
        &mut self,
        cargo: &mut Cargo,
        others: &IdMap<ConnectionId, Box<Carrier>>,
        told: &Told<'_>,
        give: Give<'_>,
    ) {
        match *told {
            Told::Head { number, from, .. } | Told::Missed { number, from, .. } => {
                let last = if from == Side::Client { &mut cargo.asking } else { &mut cargo.answered };
                *last = Some(number);
                if from == Side::Client
                    && let Some(before) = cargo.unanswered.take()
                {
                    cargo.forget(before);
                }
            }
            _ => {}
        }
        match *told {
            Told::Head { number, from: Side::Client, head } => self.ask(cargo, others, number, head, give),
            Told::Missed { number, from: Side::Client, missing, at } => {
                cargo.is_missing = true;
                let Some(tunnel) = cargo.last else { return };
                let slot = self.with(tunnel, |it| it.miss(cargo.connection, missing, at));
                cargo.roles.extend(slot.map(|slot| (number, Role::Slot { tunnel, slot })));
                self.bound(tunnel, give);
            }
            Told::Unasked { number } => {
                let Some(tunnel) = cargo.last else { return };
                let slot = self.with(tunnel, |it| {
                    let at = it.last;
                    it.unasked(cargo.connection, at)
                });
                if let Some(slot) = slot {
                    cargo.insert(number, Role::Slot { tunnel, slot });
                }
                self.bound(tunnel, give);
            }
            Told::Head { number, from: Side::Server, head } => match cargo.role(number) {
                Some(Role::Early(early)) => early.answer(head),
                Some(Role::Slot { tunnel, slot }) => {
                    let (tunnel, slot) = (*tunnel, *slot);
                    self.with(tunnel, |it| it.answer(slot, Some(head), None, head.first));
                }
                Some(Role::Foreign) | None => {}
            },
            Told::Missed { number, from: Side::Server, missing, at } => match cargo.role(number) {
                Some(Role::Early(early)) => early.exchange.certain = false,
                Some(Role::Slot { tunnel, slot }) => {
                    let (tunnel, slot) = (*tunnel, *slot);
                    self.with(tunnel, |it| it.answer(slot, None, Some(missing), at));
                }
                Some(Role::Foreign) | None => {}
            },
            Told::Body { number, from, bytes, at, place, excess } => match cargo.role(number) {
                Some(Role::Early(early)) => early.body(from, bytes, at),
                Some(Role::Slot { tunnel, slot }) => {
                    let (tunnel, slot) = (*tunnel, *slot);
                    self.with(tunnel, |it| it.body(slot, from, (bytes, place), at, excess, give));
                    self.bound(tunnel, give);
                }
                Some(Role::Foreign) | None => {}
            },
            Told::Hole { number, from, missing, exact, at } => match cargo.role(number) {
                Some(Role::Early(early)) => early.exchange.certain = false,
                Some(Role::Slot { tunnel, slot }) => {
                    let (tunnel, slot) = (*tunnel, *slot);
                    self.with(tunnel, |it| it.hole(slot, from, missing, exact, at, give));
                }
                Some(Role::Foreign) | None => {}
            },
            Told::End { number, from, whole, left, at } => self.end_body(cargo, number, from, (whole, left, at), give),
            Told::Unanswered { number, certain, .. }
                if cargo.asking == Some(number) && matches!(cargo.role(number), Some(Role::Slot { .. })) =>
            {
                // A server may close while its client still sends.
                cargo.unanswered = Some(number);
                if let Some(Role::Slot { tunnel, slot }) = cargo.role(number) {
                    let (tunnel, slot) = (*tunnel, *slot);
                    self.with(tunnel, |it| it.unanswered(slot, certain, give));
                }
            }
            Told::Unanswered { number, at, certain } => match cargo.forget(number) {
                Some(Role::Early(mut early)) => {
                    early.exchange.problems.push(Problem::Unanswered);
                    early.exchange.certain &= certain;
                    self.end_early(cargo, *early, at, give);
                }
                Some(Role::Slot { tunnel, slot }) => {
                    self.with(tunnel, |it| it.unanswered(slot, certain, give));
                }
                Some(Role::Foreign) | None => {}
            },
            Told::Closed { from, how, at, tcp } => {
                cargo.open[from.index()] = false;
                cargo.ended[from.index()] = Some(Ended { how, at, tcp: tcp.map(|tcp| Box::new(tcp.clone())) });
                // The server may still answer one.
                if !cargo.open[Side::Server.index()] {
                    self.give_up_open(cargo, give);
                }
                for tunnel in cargo.tunnels.clone() {
                    let ended = cargo.ended[from.index()].as_ref();
                    self.with(tunnel, |it| it.close(cargo.connection, from, ended));
                    self.settle(cargo, others, tunnel, give);
                    self.rest(tunnel, at, give);
                }
            }
        }
    }

    /// A request begins.
    pub(super) fn ask(
        &mut self,
        cargo: &mut Cargo,
        others: &IdMap<ConnectionId, Box<Carrier>>,
        number: u64,
        head: &Head,
        give: Give<'_>,
    ) {
        let path = match &head.start {
            HeadStart::Request { method, target } if **method == *"POST" => Path::of(target),
            _ => None,
        };
        let Some(path) = path else {
            cargo.foreign = cargo.foreign.saturating_add(1);
            cargo.roles.push_back((number, Role::Foreign));
            return;
        };
        if !path.request.is_of_session() {
            let mut exchange = Exchange::new(Some(path.request), None, cargo.connection, head.first);
            exchange.content_type[0].clone_from(&head.content_type);
            exchange.heads[0] = head.bytes;
            let early = Early { exchange, asked: None, answer: Vec::new() };
            if path.request == Request::Open {
                self.give_up_open(cargo, give);
            }
            cargo.roles.push_back((number, Role::Early(Box::new(early))));
            return;
        }
        let tunnel = if let Some(tunnel) = self.keys.get(&(cargo.server, path.id.into())) {
            *tunnel
        } else {
            // The response that has the id is missing, or late.
            let is_open = |exchange: &Exchange| exchange.request == Some(Request::Open);
            let is_asked = |role: &Role| matches!(role, Role::Early(early) if is_open(&early.exchange));
            let asked = cargo.roles.iter().find(|(_, role)| is_asked(role)).map(|(number, _)| *number);
            if let Some(Role::Early(mut early)) = asked.and_then(|number| cargo.forget(number)) {
                early.exchange.certain = false;
                cargo.early.push(early.exchange);
            }
            let start = if cargo.early.iter().any(is_open) { Start::Syn } else { Start::Midstream };
            self.open(cargo, path.id, start, head.first, give)
        };
        self.join(cargo, tunnel, head.first, give);
        let explained = std::mem::take(&mut cargo.is_missing);
        let is_ahead = |it: &Tunnel| path.number.is_some_and(|number| it.is_ahead(number));
        let waits = !explained
            && self.tunnels.get(&tunnel).is_some_and(is_ahead)
            && Self::may_come(cargo, others, tunnel, path.number.unwrap_or(0));
        cargo.number = path.number.or(cargo.number);
        let slot = self.with(tunnel, |it| it.ask(cargo.connection, path, head, [waits, explained], give));
        if let Some(slot) = slot {
            cargo.roles.push_back((number, Role::Slot { tunnel, slot }));
        }
        self.settle(cargo, others, tunnel, give);
        self.bound(tunnel, give);
    }

    /// Whether another connection may bring a request before this number.
    pub(super) fn may_come(
        cargo: &Cargo,
        others: &IdMap<ConnectionId, Box<Carrier>>,
        tunnel: u32,
        number: u64,
    ) -> bool {
        others.values().any(|it| it.http.is_some() && it.cargo.may_bring(tunnel, cargo.server, cargo.client, number))
    }

    /// Goes on without numbers that cannot come any more.
    pub(super) fn settle(
        &mut self,
        cargo: &Cargo,
        others: &IdMap<ConnectionId, Box<Carrier>>,
        tunnel: u32,
        give: Give<'_>,
    ) {
        while let Some(awaited) = self.tunnels.get(&tunnel).and_then(Tunnel::awaited) {
            let number = awaited.saturating_add(1);
            let may_come = cargo.may_bring(tunnel, cargo.server, cargo.client, number)
                || Self::may_come(cargo, others, tunnel, number);
            if may_come {
                return;
            }
            self.with(tunnel, |it| it.give_up_numbers(give));
        }
    }

    pub(super) fn end_body(
        &mut self,
        cargo: &mut Cargo,
        number: u64,
        from: Side,
        (whole, left, at): (bool, u64, Moment),
        give: Give<'_>,
    ) {
        match cargo.role(number) {
            Some(Role::Early(early)) if from == Side::Client => early.asked = Some(at),
            Some(Role::Early(_)) => {
                if let Some(Role::Early(early)) = cargo.forget(number) {
                    self.end_early(cargo, *early, at, give);
                }
            }
            Some(Role::Slot { tunnel, slot }) => {
                let (tunnel, slot) = (*tunnel, *slot);
                self.with(tunnel, |it| it.end(slot, from, whole, left, at, give));
            }
            Some(Role::Foreign) | None => {}
        }
        // What stands behind the last response may still be its own.
        if from == Side::Server {
            cargo.forget_before(number);
        }
    }

    /// An ident or an open is over.
    pub(super) fn end_early(&mut self, cargo: &mut Cargo, early: Early, at: Moment, give: Give<'_>) {
        let Early { exchange, answer, .. } = early;
        if exchange.request == Some(Request::Ident) {
            cargo.early.retain(|other| other.request != Some(Request::Ident));
            cargo.early.push(exchange);
            return;
        }
        let text = std::str::from_utf8(&answer).unwrap_or_default().trim();
        let is_opened = exchange.status == Some(200) && is_id(text);
        cargo.early.push(exchange);
        if is_opened {
            let tunnel = self.open(cargo, text, Start::Syn, at, give);
            self.join(cargo, tunnel, at, give);
        }
    }

    /// An open that got no id, and no request that has one followed: a session that never was one.
    pub(super) fn give_up_open(&mut self, cargo: &mut Cargo, give: Give<'_>) {
        let opens = cargo.early.iter().rev().find(|exchange| exchange.request == Some(Request::Open));
        let Some(at) = opens.map(|exchange| exchange.at) else { return };
        let tunnel = self.open(cargo, "", Start::Syn, at, give);
        self.join(cargo, tunnel, at, give);
        if let Some(tunnel) = self.tunnels.get_mut(&tunnel) {
            tunnel.is_ending = true;
        }
    }

    /// A session begins.
    pub(super) fn open(&mut self, cargo: &mut Cargo, id: &str, start: Start, at: Moment, give: Give<'_>) -> u32 {
        // Those that were ended on this connection are over.
        for tunnel in std::mem::take(&mut cargo.tunnels) {
            match self.tunnels.get(&tunnel) {
                Some(it) if it.is_ending => self.end(tunnel, How::Fin, at, give),
                Some(_) => cargo.tunnels.push(tunnel),
                None => {}
            }
        }
        if let Some(old) = self.keys.get(&(cargo.server, id.into())).copied() {
            self.end(old, How::Timeout, at, give);
        }
        while self.tunnels.len() >= self.limits.tunnels.max(1) {
            let Some(oldest) = self.tunnels.iter().min_by_key(|(number, it)| (it.last.packet, **number)) else { break };
            let oldest = *oldest.0;
            self.reached.tunnels += 1;
            self.end(oldest, How::Timeout, at, give);
        }
        let tunnel = self.next;
        self.next = self.next.wrapping_add(1);
        let &mut Cargo { connection, client, server, .. } = cargo;
        let first = cargo.early.first().map_or(at, |exchange| exchange.at);
        give(Tunneled::Opened { tunnel, id, connection, client, server, start, at: first });
        let mut it = Tunnel::new(tunnel, server, id, start, at);
        it.begin(give);
        for exchange in cargo.early.drain(..) {
            give(Tunneled::Exchange { tunnel, exchange: &exchange });
        }
        self.tunnels.insert(tunnel, it);
        if !id.is_empty() {
            self.keys.insert((server, id.into()), tunnel);
        }
        tunnel
    }

    /// A connection carries a part of a session.
    pub(super) fn join(&mut self, cargo: &mut Cargo, tunnel: u32, at: Moment, give: Give<'_>) {
        cargo.last = Some(tunnel);
        let Some(it) = self.tunnels.get_mut(&tunnel) else { return };
        if cargo.tunnels.contains(&tunnel) {
            return;
        }
        cargo.tunnels.push(tunnel);
        let &mut Cargo { connection, client, server, .. } = cargo;
        if it.join(connection) {
            give(Tunneled::Joined { tunnel, connection, client, server, at });
        }
        for (ended, side) in cargo.ended.iter().zip(Side::BOTH) {
            it.close(connection, side, ended.as_ref());
        }
    }

    /// Works on a session, and counts what it keeps.
    pub(super) fn with<T>(&mut self, tunnel: u32, act: impl FnOnce(&mut Tunnel) -> T) -> Option<T> {
        let it = self.tunnels.get_mut(&tunnel)?;
        let before = it.held;
        let done = act(it);
        self.held = self.held + it.held - before;
        Some(done)
    }

    /// Gives up what a session waits for where too much is kept.
    pub(super) fn bound(&mut self, tunnel: u32, give: Give<'_>) {
        let (most, bytes) = (self.limits.tunnel_requests.max(1), self.limits.tunnel_bytes);
        while let Some(it) = self.tunnels.get(&tunnel) {
            match (it.len() > most, it.held > bytes) {
                (true, _) => self.reached.tunnel_requests += 1,
                (_, true) => self.reached.tunnel_bytes += 1,
                _ => return,
            }
            self.with(tunnel, |it| it.give_up_oldest(give));
        }
    }

    /// Gives up what the sessions of a connection wait for.
    pub(super) fn relieve(&mut self, cargo: &Cargo, give: Give<'_>) {
        for tunnel in &cargo.tunnels {
            while self.tunnels.get(tunnel).is_some_and(|it| it.held > 0) {
                self.with(*tunnel, |it| it.give_up_oldest(give));
            }
        }
    }

    /// A session without a connection is over, or waits for one.
    pub(super) fn rest(&mut self, tunnel: u32, at: Moment, give: Give<'_>) {
        let Some(it) = self.tunnels.get(&tunnel).filter(|it| it.open.is_empty()) else { return };
        if it.is_ending {
            self.end(tunnel, How::Fin, at, give);
        } else {
            let until = Time(at.time.0.saturating_add(self.limits.tunnel_linger_ns));
            let Some(it) = self.tunnels.get_mut(&tunnel) else { return };
            it.rests_until = until;
            if std::mem::replace(&mut it.is_resting, true) {
                return;
            }
            if self.lingering.len() > 2 * self.limits.tunnels {
                self.lingering.retain(|(_, tunnel)| self.tunnels.contains_key(tunnel));
            }
            self.lingering.push_back((until, tunnel));
        }
    }

    /// Ends the sessions to which no connection came.
    pub(super) fn bury(&mut self, now: Time, give: Give<'_>) {
        while let Some((_, tunnel)) = self.lingering.front().copied().filter(|(until, _)| *until <= now) {
            self.lingering.pop_front();
            let Some(it) = self.tunnels.get_mut(&tunnel) else { continue };
            it.is_resting = it.open.is_empty() && it.rests_until > now;
            if it.is_resting {
                // A connection came and went meanwhile.
                let until = it.rests_until;
                let place = self.lingering.partition_point(|(other, _)| *other <= until);
                self.lingering.insert(place, (until, tunnel));
            } else if it.open.is_empty() {
                let at = it.last;
                self.end(tunnel, How::Timeout, at, give);
            }
        }
    }

    /// A session ends.
    pub(super) fn end(&mut self, tunnel: u32, how: How, at: Moment, give: Give<'_>) {
        self.with(tunnel, |it| it.finish(how, at, give));
        if let Some(it) = self.tunnels.remove(&tunnel) {
            self.held -= it.held;
            let key = (it.server, it.id);
            if self.keys.get(&key) == Some(&tunnel) {
                self.keys.remove(&key);
            }
        }
    }
}
