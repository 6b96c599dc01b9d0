//! What takes the streams of a session and gives events: a protocol, or what carries one inside of something else.

use std::collections::VecDeque;
use std::fmt::Debug;

use super::Event;
use crate::limits::Reached;
use crate::net::{Datagram, Delivery, How};
use crate::wire::{Moment, Side};

/// Where a session puts what it says, and what all sessions count together.
pub struct Sink<'s> {
    pub events: &'s mut VecDeque<Event>,
    /// Messages so far: the last one's number.
    pub messages: &'s mut u64,
    pub reached: &'s mut Reached,
}

/// Datagrams that a session waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The UDP port of its server that they go to; none where the capture does not have it.
    pub port: Option<u16>,
    /// What their sources will be (RTP's SSRC), as far as that was announced.
    pub sources: Vec<u32>,
}

/// A session at work. It is told what its two directions tell, does no IO and keeps no clock.
pub trait Consumer: Debug + Send {
    /// The next thing that a direction tells.
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, out: &mut Sink<'_>);

    /// Whether it may ever wait for datagrams.
    fn takes_datagrams(&self) -> bool {
        false
    }

    /// Datagrams that will be its own, once it knows of some.
    fn awaited(&self) -> Option<Awaited> {
        None
    }

    /// The next of these.
    fn datagram(&mut self, from: Side, datagram: &Datagram<'_>, at: Moment, out: &mut Sink<'_>) {
        let _ = (from, datagram, at, out);
    }

    /// The host of a side says that nobody listens for them there (ICMP).
    fn unreachable(&mut self, from: Side, at: Moment, out: &mut Sink<'_>) {
        let _ = (from, at, out);
    }

    /// No more of these come: it ends where only they kept it.
    fn finish(&mut self, how: How, at: Moment, out: &mut Sink<'_>) {
        let _ = (how, at, out);
    }

    /// Whether it said its last word: both directions are closed, and no datagram is waited for.
    fn is_over(&self) -> bool;

    /// Gives up what is kept that bytes to come may still need.
    fn shed(&mut self, at: Moment, out: &mut Sink<'_>);

    /// Bytes of memory that it takes for what is under way: what [`Consumer::shed`] gives up.
    fn held(&self) -> usize;

    /// Bytes of memory that it takes itself, whatever it is told.
    fn own(&self) -> usize;

    /// How much looking was done, beyond reading each byte once.
    fn work(&self) -> u64;
}
