//! Totals over the whole input, with what was not understood.

use std::net::SocketAddr;

use super::Other;
use crate::limits::Reached;
use crate::net;
use crate::proto::Stranger;
use crate::proto::rtmp::detect::Foreign;
use crate::wire::Moment;

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
    /// Connections that are no session, in the order of their packets; there when no packet follows.
    pub others: Vec<Other>,
    /// Connections of TLS.
    pub tls: Keyed,
    /// Sessions of RTMPE.
    pub rtmpe: Keyed,
    /// How often each of the [`Limits`](crate::limits::Limits) was reached; whole when all events were taken.
    pub reached: Reached,
    pub first: Option<Moment>,
    pub last: Option<Moment>,
}

/// What a secret has to open, of one kind; whole when no packet follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keyed {
    /// Of these there was one.
    pub opened: u64,
    /// Of these there was none.
    pub closed: u64,
    /// Of these there was one that opened nothing: it is not its own.
    pub wrong: u64,
}

/// Why something was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Packet(net::Unread),
    /// A TCP connection whose beginning is not RTMP's, and what it is where that is told by it; its payload bytes are counted.
    NotRtmp(Option<Foreign>),
    /// TCP connections to the server of a session that were refused or not answered when that was over.
    NoConnection(SocketAddr),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Packet(net::Unread::LinkType(link)) => write!(f, "unknown link type {}", link.0),
            Reason::Packet(net::Unread::OtherProtocol(number)) => write!(f, "IP protocol {number}"),
            Reason::Packet(unread) => f.write_str(unread.name()),
            Reason::NoConnection(server) => write!(f, "TCP connections to {server} that were refused or not answered"),
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
    /// Of connections that are not RTMP, the first one; where there are some, of those that no finding tells.
    pub first: Option<Stranger>,
}

impl Totals {
    pub(super) fn tally(&mut self, reason: Reason, packets: u64, bytes: u64, most: usize) {
        let place = self.unread.iter().position(|(known, _)| *known == reason);
        if place.is_none() && self.unread.len() >= most {
            self.reached.unread_reasons += 1;
            return;
        }
        let place = place.unwrap_or_else(|| {
            self.unread.push((reason, Tally::default()));
            self.unread.len() - 1
        });
        let tally = &mut self.unread[place].1;
        tally.packets += packets;
        tally.bytes += bytes;
    }

    /// What was taken for unread was read after all.
    pub(super) fn take_back(&mut self, reason: Reason, packets: u64, bytes: u64) {
        let Some(place) = self.unread.iter().position(|(known, _)| *known == reason) else { return };
        let tally = &mut self.unread[place].1;
        tally.packets = tally.packets.saturating_sub(packets);
        tally.bytes = tally.bytes.saturating_sub(bytes);
        if *tally == Tally::default() {
            self.unread.remove(place);
        }
    }

    /// A connection turned out to speak another protocol. It stands for those of that protocol where it is the first, or better
    /// than that.
    pub(super) fn first_stranger(&mut self, stranger: Stranger, is_better: bool) {
        let reason = Reason::NotRtmp(Some(stranger.foreign));
        if let Some((_, tally)) = self.unread.iter_mut().find(|(known, _)| *known == reason) {
            tally.first = tally.first.filter(|_| !is_better).or(Some(stranger));
        }
    }

    pub(super) fn not_rtmp(&mut self, foreign: Option<Foreign>, bytes: u64) {
        if bytes > 0 {
            // These always have their place.
            self.tally(Reason::NotRtmp(foreign), 0, bytes, usize::MAX);
        }
    }
}
