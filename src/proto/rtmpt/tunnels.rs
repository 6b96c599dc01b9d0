//! All sessions of RTMPT, and the connections that carry them.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use super::Give;
use super::cargo::Carrier;
use super::sessions::State;
use super::tunnel::Tunnel;
use crate::limits::{Limits, Reached};
use crate::net::{ConnectionId, Delivery, How};
use crate::proto::http::Connection;
use crate::wire::{IdMap, Moment, Side, Time, map_bytes};

/// Requests of a connection that are not RTMPT's, after which it is left where it has none.
const FOREIGN: u32 = 8;

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
        let now = match delivery {
            Delivery::Bytes { at, .. } | Delivery::Gap { at, .. } | Delivery::Close { at, .. } => Some(*at),
            Delivery::Joined | Delivery::Heard => None,
        };
        if let Some(at) = now {
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
                if let Some(at) = now.filter(|_| *held + http.held() + state.held > state.limits.tunnel_bytes_total) {
                    http.shed(at, &mut |told| state.told(cargo, carriers, &told, give));
                }
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
