//! What a session is carried in: TLS as it was last told, and figures of RTMPT's requests.

use std::collections::BTreeMap;

use super::latency::{Latencies, Room};
use crate::proto::rtmpt::{Exchange, Problem, Request};
use crate::proto::tls::Facts;
use crate::proto::{Event, Flow, Transport};

/// What carries a session.
#[derive(Clone, Debug, Default)]
pub struct Carriers {
    /// Of RTMPS, what was known of TLS last.
    pub tls: Option<Box<Facts>>,
    pub tunnel: Option<Box<Tunneling>>,
    /// Connections that carry a part of the session beside its first.
    pub further: u64,
}

/// What RTMPT's requests amount to.
#[derive(Clone, Debug, Default)]
pub struct Tunneling {
    /// The session's id in HTTP.
    pub id: Box<str>,
    /// By what they ask for.
    pub requests: BTreeMap<Request, Requests>,
    /// Responses whose request was not captured.
    pub without_request: u64,
    /// How often a response asked for each polling interval, in the server's own unit.
    pub intervals: BTreeMap<u8, u64>,
    /// Nanoseconds that the client waited behind a response before it sent idle.
    pub waited: Latencies,
    /// Bytes of heads and of bodies, of requests and of responses.
    pub heads: [u64; 2],
    pub bodies: [u64; 2],
    /// Whether all of them were captured: otherwise heads and bodies have more bytes.
    pub is_whole: bool,
}

/// The requests of one kind.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    pub count: u64,
    pub unanswered: u64,
    /// Responses of a status other than 200.
    pub refused: u64,
    /// Nanoseconds from a request's last byte to its response's first.
    pub latencies: Latencies,
}

impl Carriers {
    pub(super) fn learn(&mut self, event: &Event, room: &mut Room) {
        match event {
            Event::Tls(told) => self.tls = Some(told.facts.clone()),
            Event::Flow(Flow { transport: Transport::Tcp, .. }) => self.further += 1,
            Event::Tunnel(told) => {
                let new = || Box::new(Tunneling { id: told.id.clone(), is_whole: true, ..Tunneling::default() });
                self.tunnel.get_or_insert_with(new).learn(&told.exchange, room);
            }
            _ => {}
        }
    }

    /// Its latencies are given away with it.
    pub(super) fn release(&self, room: &mut Room) {
        let Some(tunnel) = &self.tunnel else { return };
        tunnel.waited.release(room);
        tunnel.requests.values().for_each(|requests| requests.latencies.release(room));
    }
}

impl Tunneling {
    fn learn(&mut self, exchange: &Exchange, room: &mut Room) {
        self.is_whole &= exchange.certain;
        for side in 0..2 {
            self.heads[side] += exchange.heads[side];
        }
        self.bodies[0] += exchange.bytes_up;
        self.bodies[1] += exchange.bytes_down;
        if let Some(interval) = exchange.polling_interval {
            *self.intervals.entry(interval).or_default() += 1;
        }
        let Some(request) = exchange.request else {
            self.without_request += 1;
            return;
        };
        if let (Request::Idle, Some(waited)) = (request, exchange.waited) {
            self.waited.add(waited, room);
        }
        let requests = self.requests.entry(request).or_default();
        requests.count += 1;
        requests.unanswered += u64::from(exchange.problems.contains(&Problem::Unanswered));
        requests.refused += u64::from(exchange.status.is_some_and(|status| status != 200));
        if let Some(latency) = exchange.latency {
            requests.latencies.add(latency, room);
        }
    }
}
