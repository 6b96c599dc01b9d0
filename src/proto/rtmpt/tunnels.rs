//! All sessions of RTMPT, and the connections that carry them.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use foldhash::quality::RandomState;

use super::exchange::{Exchange, Problem};
use super::request::{Path, Request, is_id};
use super::tunnel::{Ended, Tunnel};
use super::{Give, Tunneled};
use crate::limits::{Limits, Reached};
use crate::net::{ConnectionId, Delivery, How, Start, TcpFacts};
use crate::proto::http::{Connection, Head, Start as HeadStart, Told};
use crate::wire::{IdMap, Moment, Side, Time, map_bytes};

/// Requests of a connection that are not RTMPT's, after which it is left where it has none.
const FOREIGN: u32 = 8;

/// What is kept of the response to an open: an id and the end of its line.
const ANSWER: usize = 256;

/// All sessions of RTMPT. It is told what the connections tell that carry some, and gives what the sessions' streams tell.
#[derive(Debug)]
pub struct Tunnels {
    carriers: IdMap<ConnectionId, Box<Carrier>>,
    state: State,
    /// Of the connections.
    reached: Reached,
    /// What their messages keep that wait.
    held: usize,
    work: u64,
}

/// The sessions.
#[derive(Debug)]
struct State {
    limits: Limits,
    tunnels: IdMap<u32, Tunnel>,
    /// By server and id. Hashed with a seed of this run.
    keys: HashMap<(SocketAddr, Box<str>), u32, RandomState>,
    next: u32,
    /// Sessions without a connection, and until when one may come.
    lingering: VecDeque<(Time, u32)>,
    /// What all sessions' requests keep.
    held: usize,
    reached: Reached,
}

/// A connection.
#[derive(Debug)]
struct Carrier {
    /// None where it turned out to carry no session.
    http: Option<Connection>,
    cargo: Cargo,
}

/// What a connection carries.
#[derive(Debug)]
struct Cargo {
    connection: ConnectionId,
    client: SocketAddr,
    server: SocketAddr,
    /// Its requests that are not over, in the order of their numbers in it, nearly.
    roles: VecDeque<(u64, Role)>,
    /// Sessions that it carries, and the one that it carried last.
    tunnels: Vec<u32>,
    last: Option<u32>,
    /// The last number on it.
    number: Option<u64>,
    /// Requests are missing before the next one.
    is_missing: bool,
    /// What was asked before a session's id was known: ident and open.
    early: Vec<Exchange>,
    foreign: u32,
    open: [bool; 2],
    ended: [Option<Ended>; 2],
}

/// What a request is.
#[derive(Debug)]
enum Role {
    Early(Box<Early>),
    /// A request of a session, and its slot there.
    Slot {
        tunnel: u32,
        slot: u32,
    },
    Foreign,
}

/// An ident or an open.
#[derive(Debug)]
struct Early {
    exchange: Exchange,
    asked: Option<Moment>,
    answer: Vec<u8>,
}

impl Tunnels {
    pub fn new(limits: &Limits) -> Tunnels {
        Tunnels {
            carriers: IdMap::default(),
            state: State {
                limits: limits.clone(),
                tunnels: IdMap::default(),
                keys: HashMap::default(),
                next: 0,
                lingering: VecDeque::new(),
                held: 0,
                reached: Reached::default(),
            },
            reached: Reached::default(),
            held: 0,
            work: 0,
        }
    }

    /// Takes the next thing that a direction of a connection tells. It is forgotten when both its directions are closed.
    pub fn take(
        &mut self,
        connection: ConnectionId,
        server: SocketAddr,
        client: SocketAddr,
        from: Side,
        delivery: &Delivery<'_>,
        give: Give<'_>,
    ) {
        let Tunnels { carriers, state, reached, held, work } = self;
        if let Delivery::Bytes { at, .. } | Delivery::Gap { at, .. } | Delivery::Close { at, .. } = delivery {
            state.bury(at.time, give);
        }
        let mut carrier = match carriers.remove(&connection) {
            Some(carrier) => carrier,
            None if carriers.len() >= state.limits.connections => return,
            None => Box::new(Carrier::new(connection, [client, server], &state.limits)),
        };
        let Carrier { http, cargo } = &mut *carrier;
        if let Some(http) = http {
            let before = (http.held(), http.work());
            *held -= before.0;
            http.take(from, delivery, reached, &mut |told| state.told(cargo, carriers, &told, give));
            if *held + http.held() + state.held > state.limits.tunnel_bytes_total {
                state.reached.tunnel_bytes_total += 1;
                http.stop_waiting(&mut |told| state.told(cargo, carriers, &told, give));
                state.relieve(cargo, give);
            }
            *held += http.held();
            *work += http.work() - before.1;
        }
        if http.is_some() && cargo.foreign >= FOREIGN && cargo.tunnels.is_empty() && cargo.early.is_empty() {
            *held -= http.take().map_or(0, |http| http.held());
        }
        if let (None, Delivery::Close { .. }) = (&http, delivery) {
            cargo.open[from.index()] = false;
        }
        if cargo.open == [false; 2] {
            *held -= http.as_ref().map_or(0, Connection::held);
            return;
        }
        carriers.insert(connection, carrier);
    }

    /// No connection tells anything any more: all sessions end.
    pub fn finish(&mut self, at: Moment, give: Give<'_>) {
        let mut left: Vec<_> = self.state.tunnels.keys().copied().collect();
        left.sort_unstable();
        for tunnel in left {
            self.state.end(tunnel, How::EndOfCapture, at, give);
        }
        self.carriers = IdMap::default();
        self.held = 0;
    }

    /// How often a limit was reached so far.
    pub fn reached(&self) -> Reached {
        let mut all = self.reached.clone();
        all.add(&self.state.reached);
        all
    }

    /// Sessions that are followed.
    pub fn len(&self) -> usize {
        self.state.tunnels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory that it takes for what is under way: heads, and what waits for something before it.
    pub fn held(&self) -> usize {
        self.held + self.state.held
    }

    /// Bytes of memory that it takes itself, whatever it is told.
    pub fn own(&self) -> usize {
        let carriers =
            self.carriers.values().map(|carrier| size_of::<Carrier>() + carrier.cargo.memory()).sum::<usize>();
        let keys = self.state.keys.keys().map(|(_, id)| id.len()).sum::<usize>() + map_bytes(&self.state.keys);
        let tunnels = self.state.tunnels.values().map(Tunnel::own).sum::<usize>() + map_bytes(&self.state.tunnels);
        let lingering = self.state.lingering.capacity() * size_of::<(Time, u32)>();
        size_of::<Tunnels>() + carriers + map_bytes(&self.carriers) + keys + tunnels + lingering
    }

    /// Bytes in which heads were looked for.
    pub fn work(&self) -> u64 {
        self.work
    }
}

impl Carrier {
    fn new(connection: ConnectionId, [client, server]: [SocketAddr; 2], limits: &Limits) -> Carrier {
        let cargo = Cargo {
            connection,
            client,
            server,
            roles: VecDeque::new(),
            tunnels: Vec::new(),
            last: None,
            number: None,
            is_missing: false,
            early: Vec::new(),
            foreign: 0,
            open: [true; 2],
            ended: [None, None],
        };
        Carrier { http: Some(Connection::new(limits)), cargo }
    }
}

impl Cargo {
    fn role(&mut self, number: u64) -> Option<&mut Role> {
        self.roles.iter_mut().find(|(known, _)| *known == number).map(|(_, role)| role)
    }

    /// Forgets a request.
    fn forget(&mut self, number: u64) -> Option<Role> {
        let place = self.roles.iter().position(|(known, _)| *known == number)?;
        self.roles.remove(place).map(|(_, role)| role)
    }

    fn memory(&self) -> usize {
        let roles = self.roles.iter().map(|(_, role)| match role {
            Role::Early(early) => size_of::<Early>() + early.exchange.memory() + early.answer.capacity(),
            Role::Slot { .. } | Role::Foreign => 0,
        });
        let early =
            self.early.iter().map(Exchange::memory).sum::<usize>() + self.early.capacity() * size_of::<Exchange>();
        let lists = self.roles.capacity() * size_of::<(u64, Role)>() + self.tunnels.capacity() * size_of::<u32>();
        let ends = self.ended.iter().flatten().filter(|ended| ended.tcp.is_some()).count() * size_of::<TcpFacts>();
        roles.sum::<usize>() + early + lists + ends
    }

    /// Whether it may still bring a request of this session with a lower number than these.
    fn may_bring(&self, tunnel: u32, server: SocketAddr, client: SocketAddr, number: u64) -> bool {
        let is_candidate = self.tunnels.contains(&tunnel) || self.tunnels.is_empty() && self.client.ip() == client.ip();
        self.server == server && self.open[0] && is_candidate && self.number.is_none_or(|last| last < number)
    }
}

impl State {
    /// What a connection says.
    fn told(&mut self, cargo: &mut Cargo, others: &IdMap<ConnectionId, Box<Carrier>>, told: &Told<'_>, give: Give<'_>) {
        match *told {
            Told::Head { number, from: Side::Client, head } => self.ask(cargo, others, number, head, give),
            Told::Missed { number, from: Side::Client, missing, at } => {
                cargo.is_missing = true;
                let Some(tunnel) = cargo.last else { return };
                let slot = self.with(tunnel, |it| it.miss(cargo.connection, missing, at));
                cargo.roles.extend(slot.map(|slot| (number, Role::Slot { tunnel, slot })));
            }
            Told::Unasked { number } => {
                let Some(tunnel) = cargo.last else { return };
                let slot = self.with(tunnel, |it| {
                    let at = it.last;
                    it.unasked(cargo.connection, at)
                });
                cargo.roles.extend(slot.map(|slot| (number, Role::Slot { tunnel, slot })));
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
                cargo.ended[from.index()] = Some(Ended { how, at, tcp: tcp.map(|tcp| Box::new(*tcp)) });
                // The server may still answer one.
                if !cargo.open[Side::Server.index()] {
                    self.give_up_open(cargo, give);
                }
                for tunnel in cargo.tunnels.clone() {
                    self.with(tunnel, |it| {
                        cargo
                            .ended
                            .iter()
                            .zip(Side::BOTH)
                            .for_each(|(ended, side)| it.close(cargo.connection, side, ended.as_ref()))
                    });
                    self.settle(cargo, others, tunnel, give);
                    self.rest(tunnel, at, give);
                }
            }
        }
    }

    /// A request begins.
    fn ask(
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
            let early = Early { exchange, asked: None, answer: Vec::new() };
            if path.request == Request::Open {
                self.give_up_open(cargo, give);
            }
            cargo.roles.push_back((number, Role::Early(Box::new(early))));
            return;
        }
        let tunnel = match self.keys.get(&(cargo.server, path.id.into())) {
            Some(tunnel) => *tunnel,
            None => {
                // The response that has the id may be missing.
                let is_open = |exchange: &Exchange| exchange.request == Some(Request::Open);
                let start = if cargo.early.iter().any(is_open) { Start::Syn } else { Start::Midstream };
                self.open(cargo, path.id, start, head.first, give)
            }
        };
        self.join(cargo, tunnel, head.first, give);
        let explained = std::mem::take(&mut cargo.is_missing);
        let is_ahead = |it: &Tunnel| path.number.is_some_and(|number| it.is_ahead(number));
        let waits = !explained
            && self.tunnels.get(&tunnel).is_some_and(is_ahead)
            && self.may_come(cargo, others, tunnel, path.number.unwrap_or(0));
        cargo.number = path.number.or(cargo.number);
        let slot = self.with(tunnel, |it| it.ask(cargo.connection, path, head, [waits, explained], give));
        if let Some(slot) = slot {
            cargo.roles.push_back((number, Role::Slot { tunnel, slot }));
        }
        self.settle(cargo, others, tunnel, give);
        self.bound(tunnel, give);
    }

    /// Whether another connection may bring a request before this number.
    fn may_come(&self, cargo: &Cargo, others: &IdMap<ConnectionId, Box<Carrier>>, tunnel: u32, number: u64) -> bool {
        others.values().any(|it| it.http.is_some() && it.cargo.may_bring(tunnel, cargo.server, cargo.client, number))
    }

    /// Goes on without numbers that cannot come any more.
    fn settle(&mut self, cargo: &Cargo, others: &IdMap<ConnectionId, Box<Carrier>>, tunnel: u32, give: Give<'_>) {
        while let Some(awaited) = self.tunnels.get(&tunnel).and_then(Tunnel::awaited) {
            let number = awaited.saturating_add(1);
            let may_come = cargo.may_bring(tunnel, cargo.server, cargo.client, number)
                || self.may_come(cargo, others, tunnel, number);
            if may_come {
                return;
            }
            self.with(tunnel, |it| it.give_up_numbers(give));
        }
    }

    fn end_body(
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
            let is_old = |(known, role): &(u64, Role)| *known < number && !matches!(role, Role::Early(_));
            while cargo.roles.front().is_some_and(is_old) {
                cargo.roles.pop_front();
            }
        }
    }

    /// An ident or an open is over.
    fn end_early(&mut self, cargo: &mut Cargo, early: Early, at: Moment, give: Give<'_>) {
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
    fn give_up_open(&mut self, cargo: &mut Cargo, give: Give<'_>) {
        let opens = cargo.early.iter().rev().find(|exchange| exchange.request == Some(Request::Open));
        let Some(at) = opens.map(|exchange| exchange.at) else { return };
        let tunnel = self.open(cargo, "", Start::Syn, at, give);
        self.join(cargo, tunnel, at, give);
        if let Some(tunnel) = self.tunnels.get_mut(&tunnel) {
            tunnel.is_ending = true;
        }
    }

    /// A session begins.
    fn open(&mut self, cargo: &mut Cargo, id: &str, start: Start, at: Moment, give: Give<'_>) -> u32 {
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
    fn join(&mut self, cargo: &mut Cargo, tunnel: u32, at: Moment, give: Give<'_>) {
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
    fn with<T>(&mut self, tunnel: u32, act: impl FnOnce(&mut Tunnel) -> T) -> Option<T> {
        let it = self.tunnels.get_mut(&tunnel)?;
        let before = it.held;
        let done = act(it);
        self.held = self.held + it.held - before;
        Some(done)
    }

    /// Gives up what a session waits for where too much is kept.
    fn bound(&mut self, tunnel: u32, give: Give<'_>) {
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
    fn relieve(&mut self, cargo: &Cargo, give: Give<'_>) {
        for tunnel in &cargo.tunnels {
            while self.tunnels.get(tunnel).is_some_and(|it| it.held > 0) {
                self.with(*tunnel, |it| it.give_up_oldest(give));
            }
        }
    }

    /// A session without a connection is over, or waits for one.
    fn rest(&mut self, tunnel: u32, at: Moment, give: Give<'_>) {
        let Some(it) = self.tunnels.get(&tunnel).filter(|it| it.open.is_empty()) else { return };
        if it.is_ending {
            self.end(tunnel, How::Fin, at, give);
        } else {
            if self.lingering.len() > 2 * self.limits.tunnels {
                self.lingering.retain(|(_, tunnel)| self.tunnels.get(tunnel).is_some_and(|it| it.open.is_empty()));
            }
            self.lingering.push_back((Time(at.time.0.saturating_add(self.limits.tunnel_linger_ns)), tunnel));
        }
    }

    /// Ends the sessions to which no connection came.
    fn bury(&mut self, now: Time, give: Give<'_>) {
        while let Some((_, tunnel)) = self.lingering.front().copied().filter(|(until, _)| *until <= now) {
            self.lingering.pop_front();
            // One that came meanwhile has an entry of its own.
            let is_over = |it: &&Tunnel| it.open.is_empty() && now.since(it.last.time) >= self.limits.tunnel_linger_ns;
            if let Some(at) = self.tunnels.get(&tunnel).filter(is_over).map(|it| it.last) {
                self.end(tunnel, How::Timeout, at, give);
            }
        }
    }

    /// A session ends.
    fn end(&mut self, tunnel: u32, how: How, at: Moment, give: Give<'_>) {
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

impl Early {
    fn answer(&mut self, head: &Head) {
        self.exchange.reach(head.first);
        self.exchange.status = Some(head.status());
        self.exchange.content_type[1].clone_from(&head.content_type);
        self.exchange.latency = self.asked.map(|asked| head.first.time.since(asked.time));
    }

    fn body(&mut self, from: Side, bytes: &[u8], at: Moment) {
        self.exchange.reach(at);
        match from {
            Side::Client => self.exchange.bytes_up += bytes.len() as u64,
            Side::Server => {
                self.exchange.bytes_down += bytes.len() as u64;
                let room = ANSWER - self.answer.len();
                self.answer.extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
        }
    }
}
