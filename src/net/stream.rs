//! What one direction of a byte stream can tell: reassembly says it of TCP, and what carries a stream inside of another
//! says it of that.

use super::{How, TcpFacts};
use crate::wire::{Moment, Place};

/// One thing that a direction tells. Offsets count from its first byte (midstream: from the first byte seen).
#[derive(Clone, Copy, Debug)]
pub enum Delivery<'a> {
    /// Before its first bytes, where these are not known to be the first that were sent.
    Joined,
    /// Its sender acknowledges the other side's first byte, or may do so: what it sends from here on may answer that. Comes
    /// before such bytes, once, where the beginning was captured.
    Heard,
    /// Bytes in order. `at` is the packet that carried them, `place` where the first of them lies in the capture: none where
    /// they do not stand there as they are, but are derived (decrypted).
    Bytes { offset: u64, bytes: &'a [u8], at: Moment, place: Option<Place> },
    /// `missing` bytes from `offset` on were never captured; or they were `captured`, and nothing opens what they are in. What follows
    /// them is still delivered. Where it is not `exact`, that is an estimate: what follows may stand elsewhere in what was sent.
    Gap { offset: u64, missing: u64, exact: bool, captured: bool, at: Moment },
    /// It ended: no bytes of it follow. Each direction is closed exactly once. `tcp` is there where one connection carried all
    /// of it.
    Close { how: How, at: Moment, tcp: Option<&'a TcpFacts> },
}

/// A delivery that is kept.
#[derive(Debug)]
pub enum Kept {
    Joined,
    Heard,
    Bytes { offset: u64, bytes: Box<[u8]>, at: Moment, place: Option<Place> },
    Gap { offset: u64, missing: u64, exact: bool, captured: bool, at: Moment },
    Close { how: How, at: Moment, tcp: Option<Box<TcpFacts>> },
}

impl Kept {
    pub fn of(delivery: &Delivery<'_>) -> Kept {
        match *delivery {
            Delivery::Joined => Kept::Joined,
            Delivery::Heard => Kept::Heard,
            Delivery::Bytes { offset, bytes, at, place } => Kept::Bytes { offset, bytes: bytes.into(), at, place },
            Delivery::Gap { offset, missing, exact, captured, at } => {
                Kept::Gap { offset, missing, exact, captured, at }
            }
            Delivery::Close { how, at, tcp } => Kept::Close { how, at, tcp: tcp.map(|tcp| Box::new(tcp.clone())) },
        }
    }

    pub fn lend(&self) -> Delivery<'_> {
        match *self {
            Kept::Joined => Delivery::Joined,
            Kept::Heard => Delivery::Heard,
            Kept::Bytes { offset, ref bytes, at, place } => Delivery::Bytes { offset, bytes, at, place },
            Kept::Gap { offset, missing, exact, captured, at } => {
                Delivery::Gap { offset, missing, exact, captured, at }
            }
            Kept::Close { how, at, ref tcp } => Delivery::Close { how, at, tcp: tcp.as_deref() },
        }
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        match self {
            Kept::Bytes { bytes, .. } => bytes.len(),
            Kept::Close { tcp: Some(tcp), .. } => tcp.memory(),
            Kept::Close { .. } | Kept::Joined | Kept::Heard | Kept::Gap { .. } => 0,
        }
    }
}
