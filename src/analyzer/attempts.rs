//! Connections to servers of sessions that are none themselves: those that never came about, whose SYN was refused by a reset or
//! never answered, and strangers, which speak another protocol.
//!
//! They are counted by the server's address and told with the session of that server that begins or ends next; when none
//! follows, with the totals.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::net::{Start, TcpFacts};
use crate::proto::{Attempts, Stranger};
use crate::wire::{Moment, PacketNo, Side, map_bytes};

/// Where nothing more is known so soon after a SYN, in nanoseconds, its answer may still come: Linux repeats a SYN after a second.
const PATIENCE_NS: i64 = 3_000_000_000;

/// A connection that did not come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) first: PacketNo,
    packets: u64,
    /// The packet that refused it.
    pub(super) refused: Option<PacketNo>,
}

impl Attempt {
    /// Judges a connection without a byte, which began at `start`, by what TCP did for both sides; none where it came about, or
    /// nobody knows.
    pub(super) fn of(tcp: [&TcpFacts; 2], start: (Start, Moment), end: Moment) -> Option<Attempt> {
        let [client, server] = tcp;
        // The server's SYN may be missing from the capture; then the client answered it.
        let only_asked = client.syns > 0 && client.packets == client.syns && server.syns == 0;
        if start.0 != Start::Syn || !only_asked {
            return None;
        }
        let packets = client.packets + server.packets;
        let attempt = |refused| Some(Attempt { first: start.1.packet, packets, refused });
        match server.reset {
            Some((Side::Server, at)) => attempt(Some(at.packet)),
            Some((Side::Client, _)) => None,
            None if server.packets > 0 => None,
            None if end.time.since(start.1.time) < PATIENCE_NS => None,
            None => attempt(None),
        }
    }
}

/// What is known of the servers, by their addresses.
#[derive(Default)]
pub(super) struct Servers {
    known: HashMap<SocketAddr, Server>,
    /// How often there were too many.
    pub(super) full: u64,
    /// The first stranger of each protocol that no session will tell, of servers that are forgotten.
    forgotten: Vec<Stranger>,
}

#[derive(Default)]
struct Server {
    has_session: bool,
    /// Since they were told last.
    attempts: Attempts,
    /// The first of each protocol, since they were told last.
    strangers: Vec<Stranger>,
}

impl Servers {
    /// Counts an attempt, where there is room among `most` servers.
    pub(super) fn count(&mut self, server: SocketAddr, attempt: &Attempt, most: usize) {
        let Some(known) = self.at(server, most) else { return };
        let attempts = &mut known.attempts;
        match attempt.refused {
            Some(_) => attempts.refused += 1,
            None => attempts.unanswered += 1,
        }
        let (first, last) = (attempt.first, attempt.refused.unwrap_or(attempt.first));
        let (before, until) = attempts.range.unwrap_or((first, last));
        attempts.range = Some((before.min(first), until.max(last)));
        attempts.packets += attempt.packets;
    }

    /// Takes note of a connection that speaks another protocol, where there is room among `most` servers.
    pub(super) fn meet(&mut self, stranger: Stranger, most: usize) {
        match self.at(stranger.server, most) {
            Some(known) => add(&mut known.strangers, stranger),
            None => add(&mut self.forgotten, stranger),
        }
    }

    /// Servers of which something is kept.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Bytes of memory that they take beside themselves.
    pub(super) fn memory(&self) -> usize {
        let strangers: usize = self.known.values().map(|server| server.strangers.capacity()).sum();
        map_bytes(&self.known) + (self.forgotten.capacity() + strangers) * size_of::<Stranger>()
    }

    /// A session of a server begins or ends: the attempts and strangers that were not told yet.
    pub(super) fn tell(&mut self, server: SocketAddr, most: usize) -> (Attempts, Vec<Stranger>) {
        let Some(known) = self.at(server, most) else { return Default::default() };
        known.has_session = true;
        (std::mem::take(&mut known.attempts), std::mem::take(&mut known.strangers))
    }

    fn at(&mut self, server: SocketAddr, most: usize) -> Option<&mut Server> {
        if self.known.len() >= most && !self.known.contains_key(&server) {
            self.full += 1;
            // Whoever knocks at every door must not hide the servers of sessions.
            let forgotten = &mut self.forgotten;
            self.known.retain(|_, server| {
                if !server.has_session {
                    server.strangers.drain(..).for_each(|stranger| add(forgotten, stranger));
                }
                server.has_session
            });
            if self.known.len() >= most.max(1) {
                return None;
            }
        }
        Some(self.known.entry(server).or_default())
    }

    /// Strangers that no session told, the first of each protocol.
    pub(super) fn rest_of_strangers(&mut self) -> Vec<Stranger> {
        let mut rest = std::mem::take(&mut self.forgotten);
        for server in self.known.values_mut() {
            server.strangers.drain(..).for_each(|stranger| add(&mut rest, stranger));
        }
        rest
    }

    /// Attempts that no session told, of servers that had one, in the order of their addresses.
    pub(super) fn rest(&mut self) -> Vec<(SocketAddr, Attempts)> {
        let known = std::mem::take(&mut self.known).into_iter();
        let mut rest: Vec<_> = known
            .filter(|(_, server)| server.has_session && server.attempts.count() > 0)
            .map(|(address, server)| (address, server.attempts))
            .collect();
        rest.sort_unstable_by_key(|(address, _)| *address);
        rest
    }
}

/// Counts a stranger among those that are known, of which the first of each protocol stands for all.
fn add(known: &mut Vec<Stranger>, stranger: Stranger) {
    let Some(same) = known.iter_mut().find(|same| same.foreign == stranger.foreign) else {
        return known.push(stranger);
    };
    let more = same.more + stranger.more + 1;
    let first = if stranger.packet < same.packet { stranger } else { *same };
    *same = Stranger { more, ..first };
}
