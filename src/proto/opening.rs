//! The beginning of a connection, by which protocols are told, and what they say of it.

use super::stream::Consumer;
use crate::limits::Limits;
use crate::net::Start;

/// The beginning of a connection, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Each side's bytes from its first one on.
    pub client: &'a [u8],
    pub server: &'a [u8],
    /// Each side's bytes behind its last hole, where there is one.
    pub later: [&'a [u8]; 2],
    /// Whether a side's bytes are the very first that it sent.
    pub from_start: [bool; 2],
    /// No more will come, or no more is kept.
    pub complete: bool,
}

/// What a connection's first bytes say of a protocol.
pub enum Match {
    Yes(Found),
    No,
    /// More bytes may tell.
    NeedMore,
}

/// Makes what reads a session.
pub type Maker = Box<dyn FnOnce(&Begin<'_>) -> Box<dyn Consumer>>;

/// A session was found.
pub struct Found {
    /// Its protocol or that one's variant, as `session.protocol` names it.
    pub protocol: &'static str,
    /// The client's address as a proxy announced it before the first byte (PROXY protocol).
    pub proxied: Option<String>,
    /// Makes what reads the session.
    pub begin: Maker,
}

/// What a session begins with.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'l> {
    /// Its number.
    pub session: u32,
    pub start: Start,
    /// Whether it is one that is enciphered on the wire (RTMPE) and comes deciphered.
    pub is_deciphered: bool,
    /// Stream keys that are known, to judge signatures by.
    pub stream_keys: &'l [String],
    pub limits: &'l Limits,
}
