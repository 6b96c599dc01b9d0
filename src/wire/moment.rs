//! When, where and from whom: the words for it that all layers share.

use std::fmt;

use super::Word;

/// A capture's own clock: nanoseconds since 1970-01-01 UTC. It saturates rather than wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Nanoseconds from `earlier` to `self`; negative when the clock went back.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A packet's number, counted from 1 over the whole input, as Wireshark counts frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketNo(pub u64);

impl fmt::Display for PacketNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When something was seen: the packet that carried it and that packet's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    pub packet: PacketNo,
    pub time: Time,
}

/// Where captured bytes lie, so that they can be read again: an input file and the offset in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Which of the inputs, from 0.
    pub file: u32,
    /// Bytes from the start of that file.
    pub offset: u64,
}

/// Who sent it. The client is the side that opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub const BOTH: [Side; 2] = [Side::Client, Side::Server];

    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// 0 for the client, 1 for the server: the place of a side's state in a pair.
    pub fn index(self) -> usize {
        self as usize
    }

    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([Side::Client.name(), Side::Server.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}
