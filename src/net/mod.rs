//! Packets → directed bytes: link layers, IP, TCP connections and reassembly.
//!
//! [`segment`] takes one captured frame apart down to its TCP segment. [`Connections`] follows every TCP connection and
//! gives, per direction and in order, its bytes, its holes and its end. Nothing here knows what the bytes mean. Tunnels,
//! IP fragments and wireless frames are not opened: such packets are [`Unread`].

mod connection;
mod connections;
mod ip;
mod link;
mod reassembly;
mod recent;
mod waiting;

pub use connections::Connections;

use std::net::SocketAddr;

use crate::capture::{LinkType, Packet};
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
    /// Bytes from the start of the packet to the payload.
    pub payload_at: u32,
    /// Payload bytes that were on the wire but not in the capture (a snap length cut them off).
    pub cut: u32,
}

impl Segment<'_> {
    /// Where the payload lies in the capture, when `packet` is the place of the packet's first byte.
    pub fn payload_place(&self, packet: Place) -> Place {
        Place { file: packet.file, offset: packet.offset + u64::from(self.payload_at) }
    }

    /// Whether it begins a connection, or answers one that does. With RST as well it does neither.
    fn is_syn(&self) -> bool {
        self.flags.syn && !self.flags.rst
    }

    /// Payload bytes that were on the wire, captured or not.
    fn length(&self) -> u64 {
        self.payload.len() as u64 + u64::from(self.cut)
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
    /// The frame carries something else than IP: ARP, a tunnel, a protocol of the link.
    NotIp,
    Udp,
    Icmp,
    /// The IP packet carries neither TCP, UDP nor ICMP.
    OtherProtocol(u8),
    /// A piece of an IP packet.
    Fragment,
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
            Unread::Cut => "cut before the TCP payload",
            Unread::Malformed => "malformed header",
        }
    }
}

/// Takes a captured packet apart down to its TCP segment.
pub fn segment<'a>(packet: &Packet<'a>) -> Result<Segment<'a>, Unread> {
    ip::segment(packet.data, link::ip_at(packet)?, packet.wire_length)
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
    /// Bytes in order. `offset` counts from the first byte after the SYN (midstream: from the first byte seen), `at` is
    /// the packet that carried them, `place` where the first of them lies in the capture.
    Bytes {
        connection: ConnectionId,
        from: Side,
        offset: u64,
        bytes: &'a [u8],
        at: Moment,
        place: Place,
    },
    /// `missing` bytes from `offset` on were never captured. What follows them is still delivered.
    Gap {
        connection: ConnectionId,
        from: Side,
        offset: u64,
        missing: u64,
        at: Moment,
    },
    /// One direction ended: no bytes of it follow. Each opened direction is closed exactly once.
    Close {
        connection: ConnectionId,
        from: Side,
        how: How,
        at: Moment,
    },
}
