//! A connection, and what it carries: which of its requests is what.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::exchange::Exchange;
use super::tunnel::Ended;
use crate::limits::Limits;
use crate::net::{ConnectionId, TcpFacts};
use crate::proto::http::{Connection, Head};
use crate::wire::{Moment, Side};

/// What is kept of the response to an open: an id and the end of its line.
const ANSWER: usize = 256;

/// A connection.
#[derive(Debug)]
pub(super) struct Carrier {
    /// None where it turned out to carry no session.
    pub(super) http: Option<Connection>,
    pub(super) cargo: Cargo,
}

/// What a connection carries.
#[derive(Debug)]
pub(super) struct Cargo {
    pub(super) connection: ConnectionId,
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
    /// Its requests that are not over, in the order in which they are answered.
    pub(super) roles: VecDeque<(u64, Role)>,
    /// The last request that was told, whose bytes come, and the last one whose response was.
    pub(super) asking: Option<u64>,
    pub(super) answered: Option<u64>,
    /// A request that gets no response, of which bytes may still come.
    pub(super) unanswered: Option<u64>,
    /// Sessions that it carries, and the one that it carried last.
    pub(super) tunnels: Vec<u32>,
    pub(super) last: Option<u32>,
    /// The last number on it.
    pub(super) number: Option<u64>,
    /// Requests are missing before the next one.
    pub(super) is_missing: bool,
    /// What was asked before a session's id was known: ident and open.
    pub(super) early: Vec<Exchange>,
    pub(super) foreign: u32,
    pub(super) open: [bool; 2],
    pub(super) ended: [Option<Ended>; 2],
}

/// What a request is.
#[derive(Debug)]
pub(super) enum Role {
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
pub(super) struct Early {
    pub(super) exchange: Exchange,
    pub(super) asked: Option<Moment>,
    pub(super) answer: Vec<u8>,
}

impl Carrier {
    pub(super) fn new(connection: ConnectionId, [client, server]: [SocketAddr; 2], limits: &Limits) -> Carrier {
        let cargo = Cargo {
            connection,
            client,
            server,
            roles: VecDeque::new(),
            asking: None,
            answered: None,
            unanswered: None,
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
    pub(super) fn role(&mut self, number: u64) -> Option<&mut Role> {
        self.roles.iter_mut().find(|(known, _)| *known == number).map(|(_, role)| role)
    }

    /// Forgets a request.
    pub(super) fn forget(&mut self, number: u64) -> Option<Role> {
        let place = self.roles.iter().position(|(known, _)| *known == number)?;
        self.roles.remove(place).map(|(_, role)| role)
    }

    /// Takes a request that was missed, whose response comes next.
    pub(super) fn insert(&mut self, number: u64, role: Role) {
        let last = self.answered.and_then(|last| self.roles.iter().position(|(known, _)| *known == last));
        self.roles.insert(last.map_or(0, |last| last + 1), (number, role));
    }

    /// Forgets the requests that were answered before this one, but for the one that is still asked.
    pub(super) fn forget_before(&mut self, number: u64) {
        let Some(place) = self.roles.iter().position(|(known, _)| *known == number) else { return };
        for earlier in (0..place).rev() {
            let (known, role) = &self.roles[earlier];
            if Some(*known) != self.asking && !matches!(role, Role::Early(_)) {
                self.roles.remove(earlier);
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        let roles = self.roles.iter().map(|(_, role)| match role {
            Role::Early(early) => size_of::<Early>() + early.exchange.memory() + early.answer.capacity(),
            Role::Slot { .. } | Role::Foreign => 0,
        });
        let early =
            self.early.iter().map(Exchange::memory).sum::<usize>() + self.early.capacity() * size_of::<Exchange>();
        let lists = self.roles.capacity() * size_of::<(u64, Role)>() + self.tunnels.capacity() * size_of::<u32>();
        let ends =
            self.ended.iter().flatten().filter_map(|ended| ended.tcp.as_deref()).map(TcpFacts::memory).sum::<usize>();
        roles.sum::<usize>() + early + lists + ends
    }

    /// Whether it may still bring a request of this session with a lower number than these.
    pub(super) fn may_bring(&self, tunnel: u32, server: SocketAddr, client: SocketAddr, number: u64) -> bool {
        let is_candidate = self.tunnels.contains(&tunnel) || self.tunnels.is_empty() && self.client.ip() == client.ip();
        self.server == server && self.open[0] && is_candidate && self.number.is_none_or(|last| last < number)
    }
}

impl Early {
    pub(super) fn answer(&mut self, head: &Head) {
        self.exchange.reach(head.first);
        self.exchange.status = Some(head.status());
        self.exchange.heads[1] = head.bytes;
        self.exchange.content_type[1].clone_from(&head.content_type);
        self.exchange.latency = self.asked.map(|asked| head.first.time.since(asked.time));
    }

    pub(super) fn body(&mut self, from: Side, bytes: &[u8], at: Moment) {
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
