//! What takes the streams of a session and gives events: a protocol, or what carries one inside of something else.

use std::collections::VecDeque;
use std::fmt::Debug;

use super::Event;
use crate::limits::Reached;
use crate::net::Delivery;
use crate::wire::{Moment, Side};

/// Where a session puts what it says, and what all sessions count together.
pub struct Sink<'s> {
    pub events: &'s mut VecDeque<Event>,
    /// Messages so far: the last one's number.
    pub messages: &'s mut u64,
    pub reached: &'s mut Reached,
}

/// A session at work. It is told what its two directions tell, does no IO and keeps no clock.
pub trait Consumer: Debug + Send {
    /// The next thing that a direction tells.
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, out: &mut Sink<'_>);

    /// Gives up what is kept that bytes to come may still need.
    fn shed(&mut self, at: Moment, out: &mut Sink<'_>);

    /// Bytes of memory that it takes for what is under way: what [`Consumer::shed`] gives up.
    fn held(&self) -> usize;

    /// Bytes of memory that it takes itself, whatever it is told.
    fn own(&self) -> usize;

    /// How much looking was done, beyond reading each byte once.
    fn work(&self) -> u64;
}
