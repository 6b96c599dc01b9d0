//! Packets → directed bytes: link layers, tunnels, IP, TCP connections and reassembly.
//!
//! [`Unpacker`] takes captured frames apart down to their TCP segments and UDP datagrams, through tags, labels and tunnels, and puts IP
//! fragments together. [`Connections`] follows every TCP connection and gives, per direction and in order, its bytes, its
//! holes and its end, with what TCP did until then. Nothing here knows what the bytes mean.

mod connection;
mod connections;
mod datagrams;
mod ethernet;
pub(crate) mod facts;
mod fragments;
mod gre;
mod health;
mod icmp;
mod ip;
mod layer;
mod link;
mod mpls;
mod ppp;
mod reassembly;
mod recent;
mod resent;
mod rest;
mod srt;
mod stream;
mod tcp;
mod trips;
mod tunnel;
mod udp;
mod unpack;
mod waiting;
mod wireless;

pub use connections::Connections;
pub use datagrams::{Datagram, Flows};
pub use facts::TcpFacts;
pub use fragments::Lost;
pub use health::Identity;
pub use icmp::Unreachable;
pub use resent::Resent;
pub use srt::Call;
pub use stream::{Delivery, Kept};
pub use trips::Trips;
pub use tunnel::{Tunnel, Tunnels};
pub use unpack::{Unpacked, Unpacker};

use std::net::SocketAddr;

use crate::capture::LinkType;
use crate::wire::{Moment, Place, Side, Word};

/// A TCP segment as it was captured.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: Flags,
    pub payload: &'a [u8],
    /// Where the payload starts in the capture.
    pub place: Place,
    /// Payload bytes that were on the wire but not in the capture (a snap length cut them off).
    pub cut: u32,
    /// The window field, before scaling.
    pub window: u16,
    /// The Window Scale option, in bits; in a SYN alone.
    pub window_scale: Option<u8>,
    pub identity: Identity,
    /// Whether it is a further part of a segment that came in IP fragments.
    pub continues: bool,
    /// What it was wrapped in, the outermost first.
    pub tunnels: &'a [Tunnel],
}

impl Segment<'_> {
    /// Whether it begins a connection, or answers one that does. With RST as well it does neither.
    fn is_syn(&self) -> bool {
        self.flags.syn && !self.flags.rst
    }

    /// Bytes of the stream that were on the wire, captured or not. What an RST carries says why, and is none of them
    /// (RFC 9293 §3.5.3).
    fn length(&self) -> u64 {
        if self.flags.rst { 0 } else { self.payload.len() as u64 + u64::from(self.cut) }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub syn: bool,
    pub ack: bool,
    pub fin: bool,
    pub rst: bool,
}

/// Why a packet gave no TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Frames of this link type are not known.
    LinkType(LinkType),
    /// The frame carries something else than IP: ARP, a protocol of the link, or what is encrypted.
    NotIp,
    /// UDP, without a tunnel in it that is known.
    Udp,
    Icmp,
    /// The IP packet carries neither TCP, UDP, ICMP nor a tunnel that is known.
    OtherProtocol(u8),
    /// A piece of a packet whose other pieces are not all there, or of one of a protocol that is not read.
    Fragment,
    /// More headers inside one another than [`Limits::nesting`](crate::limits::Limits::nesting).
    TooDeep,
    /// A snap length cut the packet before its TCP header was complete.
    Cut,
    /// A header contradicts itself.
    Malformed,
}

impl Unread {
    /// A clause for the user; the link type's or protocol's number is not in it.
    pub fn name(self) -> &'static str {
        match self {
            Unread::LinkType(_) => "unknown link type",
            Unread::NotIp => "not IP",
            Unread::Udp => "UDP",
            Unread::Icmp => "ICMP",
            Unread::OtherProtocol(_) => "not TCP",
            Unread::Fragment => "IP fragment",
            Unread::TooDeep => "too many tunnels inside one another",
            Unread::Cut => "cut before the TCP payload",
            Unread::Malformed => "malformed header",
        }
    }
}

/// A TCP connection's number, from 0, in the order of first packets; never used twice.
pub type ConnectionId = u64;

/// Whether the capture holds a connection's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Syn,
    Midstream,
}

impl Start {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([Start::Syn.name(), Start::Midstream.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Start::Syn => "syn",
            Start::Midstream => "midstream",
        }
    }
}

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Fin,
    Rst,
    /// Nothing came for longer than [`Limits`](crate::limits::Limits) allows, or the same addresses and ports began
    /// a new connection.
    Timeout,
    EndOfCapture,
}

impl How {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([How::Fin.name(), How::Rst.name(), How::Timeout.name(), How::EndOfCapture.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            How::Fin => "fin",
            How::Rst => "rst",
            How::Timeout => "timeout",
            How::EndOfCapture => "end_of_capture",
        }
    }
}

/// What [`Connections`] gives, in the order in which it becomes certain.
#[derive(Debug)]
pub enum Output<'a> {
    Open {
        connection: ConnectionId,
        client: SocketAddr,
        server: SocketAddr,
        start: Start,
        at: Moment,
    },
    /// What the first captured packet of a direction was wrapped in; only where that is anything.
    Tunnels {
        connection: ConnectionId,
        from: Side,
        tunnels: &'a Tunnels,
    },
    /// What a direction of a connection tells. Each opened direction is closed exactly once.
    Stream {
        connection: ConnectionId,
        from: Side,
        delivery: Delivery<'a>,
    },
}
