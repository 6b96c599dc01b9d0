//! Packets → directed bytes: link layers, IP, TCP connections and reassembly.
//!
//! [`segment`] takes one captured frame apart down to its TCP segment. [`Connections`] follows every TCP connection and
//! gives, per direction and in order, its bytes, its holes and its end. Nothing here knows what the bytes mean.

use std::net::SocketAddr;

use crate::wire::{Moment, Place, Side};

/// A TCP segment as it was captured.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    pub source: SocketAddr,
    pub destination: SocketAddr,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: Flags,
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire but not in the capture (a snap length cut them off).
    pub cut: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub syn: bool,
    pub ack: bool,
    pub fin: bool,
    pub rst: bool,
}

/// A TCP connection's number, from 0, in the order of first packets; never used twice.
pub type ConnectionId = u64;

/// Whether the capture holds a connection's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Syn,
    Midstream,
}

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Fin,
    Rst,
    /// Nothing came for longer than [`Limits`](crate::analyzer::Limits) allows, or the same addresses and ports began
    /// a new connection.
    Timeout,
    EndOfCapture,
}

/// What [`Connections`] gives, in the order in which it becomes certain.
#[derive(Debug)]
pub enum Output<'a> {
    Open { connection: ConnectionId, client: SocketAddr, server: SocketAddr, start: Start, at: Moment },
    /// Bytes in order. `offset` counts from the first byte after the SYN (midstream: from the first byte seen), `at` is
    /// the packet that carried them, `place` where the first of them lies in the capture.
    Bytes { connection: ConnectionId, from: Side, offset: u64, bytes: &'a [u8], at: Moment, place: Place },
    /// `missing` bytes from `offset` on were never captured. What follows them is still delivered.
    Gap { connection: ConnectionId, from: Side, offset: u64, missing: u64, at: Moment },
    /// One direction ended: no bytes of it follow. Each opened direction is closed exactly once.
    Close { connection: ConnectionId, from: Side, how: How, at: Moment },
}
