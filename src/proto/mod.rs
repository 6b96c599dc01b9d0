//! Protocols: directed bytes → events.
//!
//! Each protocol has a folder. [`amf`] and [`flv`] are payload formats that [`rtmp`] carries; they know nothing of it.
//! A decoder here does no IO and keeps no clock; it is told bytes, holes and ends, and gives [`Event`]s.

pub mod amf;
mod event;
pub mod flv;
pub mod rtmp;

pub use event::{Close, Event, Gap, Incomplete, Opened, Piece, Undecodable, Why};
