//! A session of TLS that nothing opens, or that has nothing inside: when it was, how much each side sent, and who ended it.

use crate::net::Delivery;
use crate::proto::event::{Attempts, Close, Event, Gap};
use crate::proto::stream::{Consumer, Sink};
use crate::wire::{Moment, Side};

/// Takes what the connection's directions tell.
#[derive(Debug)]
pub struct Sealed {
    session: u32,
    /// By side: bytes of the connection, captured or missing, and those of them that were captured.
    bytes: [u64; 2],
    captured: [u64; 2],
    closed: [bool; 2],
    /// Something opens it: what is inside counts then, which is nothing.
    is_empty: bool,
}

impl Sealed {
    /// A session that begins after so many bytes of its sides, of which so many were captured.
    pub fn new(session: u32, bytes: [u64; 2], captured: [u64; 2], is_empty: bool) -> Sealed {
        Sealed { session, bytes, captured, closed: [false; 2], is_empty }
    }
}

impl Consumer for Sealed {
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, out: &mut Sink<'_>) {
        let (session, side) = (self.session, from.index());
        match *delivery {
            Delivery::Joined | Delivery::Heard => {}
            Delivery::Bytes { .. } | Delivery::Gap { .. } if self.is_empty => {}
            Delivery::Bytes { offset, bytes, .. } => {
                self.captured[side] += bytes.len() as u64;
                self.bytes[side] = self.bytes[side].max(offset + bytes.len() as u64);
            }
            Delivery::Gap { offset, missing, .. } => {
                self.bytes[side] = self.bytes[side].max(offset + missing);
                out.events.extend(Gap::of(session, from, delivery, true).map(Event::Gap));
            }
            Delivery::Close { how, at, tcp } => {
                self.closed[side] = true;
                out.events.push_back(Event::Close(Close {
                    session,
                    from,
                    how,
                    at,
                    bytes: self.bytes[side],
                    messages: 0,
                    undecoded: self.captured[side],
                    tcp: tcp.map(|tcp| Box::new(tcp.clone())),
                    last: self.closed == [true; 2],
                    attempts: Attempts::default(),
                    strangers: Vec::new(),
                    frames: Vec::new(),
                }));
            }
        }
    }

    fn is_over(&self) -> bool {
        self.closed == [true; 2]
    }

    fn shed(&mut self, _: Moment, _: &mut Sink<'_>) {}

    fn held(&self) -> usize {
        0
    }

    fn own(&self) -> usize {
        size_of::<Sealed>()
    }

    fn work(&self) -> u64 {
        0
    }
}
