//! What the protocols say, in order of completion.

use std::net::SocketAddr;

use super::rtmp::detect::Foreign;
use super::rtmp::{Handshake, Head, Message, Mistake, Reason};
use super::rtp::Frame;
use super::{ftl, rtmpt, tls};
use crate::net::{Delivery, How, Start, TcpFacts, Tunnels};
use crate::wire::{Moment, PacketNo, Place, Side, Word};

/// One thing that happened on a session.
#[derive(Clone, Debug)]
pub enum Event {
    Session(Opened),
    Flow(Flow),
    /// What became known of the TLS that carries a session.
    Tls(Tls),
    /// A request of RTMPT that carries a part of a session, with its response.
    Tunnel(Tunnel),
    Handshake(Handshake),
    Message(Message),
    /// A control line or a datagram of FTL.
    Ftl(ftl::Message),
    Incomplete(Incomplete),
    Gap(Gap),
    Undecodable(Undecodable),
    Resync(Resync),
    Deviation(Deviation),
    Close(Close),
    /// Where a run of a session's bytes lies in the capture; only when the analyzer was asked for evidence.
    Piece(Piece),
}

/// A session was recognised.
#[derive(Clone, Debug)]
pub struct Opened {
    /// From 1, in the order in which sessions are recognised.
    pub session: u32,
    /// `rtmp`, or `ftl`; `rtmpe` where both sides agree to encipher what follows the handshake, and go on so; with `t` it came in
    /// HTTP, and with `s` at its end in TLS (`rtmps`, `rtmpt`, `rtmpts`, `rtmpte`).
    pub protocol: &'static str,
    /// Of a session that is enciphered on the wire, whether it was deciphered: otherwise nothing behind its handshake can be read.
    pub decrypted: Option<bool>,
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// The connection's first packet.
    pub at: Moment,
    pub start: Start,
    /// The client's address as a proxy announced it before the handshake (PROXY protocol).
    pub proxied: Option<String>,
    /// By side: the tags and tunnels around its first captured packet.
    pub tunnels: [Tunnels; 2],
    /// Connections to the same server that did not come about, and were not told with an earlier session.
    pub attempts: Attempts,
    /// Connections to the same server that speak another protocol, and were not told with an earlier session: one of each protocol.
    pub strangers: Vec<Stranger>,
}

/// What carries a part of a session beside its first connection: FTL's media, RTMPT's further connections.
#[derive(Clone, Debug)]
pub struct Flow {
    pub session: u32,
    pub transport: Transport,
    /// As it is seen from where it was captured: behind a NAT it is not the client's of the connection.
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// The packet with its first datagram, or the connection's first packet.
    pub at: Moment,
    /// The tags and tunnels around that.
    pub tunnels: Tunnels,
}

/// What is known so far of the TLS connection that carries a session. It is told when the session is, when something else becomes
/// known, and at each alert.
#[derive(Clone, Debug)]
pub struct Tls {
    pub session: u32,
    pub facts: Box<tls::Facts>,
    /// When that became known: first the packets of the handshake, as far as that is seen.
    pub packets: (Moment, Moment),
    /// The alert that is told, where it is one.
    pub alert: Option<tls::Alert>,
}

/// A request of RTMPT with its response.
#[derive(Clone, Debug)]
pub struct Tunnel {
    pub session: u32,
    /// The session's id in HTTP.
    pub id: Box<str>,
    pub exchange: Box<rtmpt::Exchange>,
}

/// What the packets of a flow are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    pub const WORDS: &'static [Word] = &Word::list([Transport::Tcp.name(), Transport::Udp.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

/// A connection to a server that speaks another protocol than RTMP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranger {
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// What the client speaks.
    pub foreign: Foreign,
    /// What the server answered in, as far as that was known.
    pub answer: Option<Foreign>,
    /// The packet with the client's first bytes.
    pub packet: PacketNo,
    /// Further connections of that kind to the same server.
    pub more: u64,
}

/// Connections to a server that did not come about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Their SYN was answered by a reset.
    pub refused: u64,
    /// Their SYN was never answered.
    pub unanswered: u64,
    /// Packets of them all.
    pub packets: u64,
    /// The first of these and the last that is known.
    pub range: Option<(PacketNo, PacketNo)>,
}

impl Attempts {
    pub fn count(&self) -> u64 {
        self.refused + self.unanswered
    }
}

impl Opened {
    /// Whether it is carried without TLS.
    pub fn is_clear(&self) -> bool {
        !self.protocol.ends_with('s')
    }

    /// What the client's packets came in, and if the server's are known to have come in something else, that.
    pub fn ways(&self) -> (&Tunnels, Option<&Tunnels>) {
        let [client, server] = &self.tunnels;
        (client, (client != server && !server.is_empty()).then_some(server))
    }
}

/// A message of which not every byte came.
#[derive(Clone, Debug)]
pub struct Incomplete {
    pub session: u32,
    pub from: Side,
    pub head: Head,
    /// Payload bytes that came.
    pub received: u32,
    pub why: Why,
}

/// Why a message stayed incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Bytes of it are missing from the capture.
    Gap,
    /// The sender aborted it.
    Aborted,
    /// A new message header came on its chunk stream.
    HeaderInside,
    /// The connection closed.
    Closed,
    /// The capture ended.
    EndOfCapture,
    /// More unfinished messages than are kept.
    Limit,
    /// What follows in its direction cannot be decoded.
    Undecodable,
    /// Its sender made a mistake, and the bytes do not tell which of them are its own.
    Ambiguous,
}

impl Why {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        Why::Gap.name(),
        Why::Aborted.name(),
        Why::HeaderInside.name(),
        Why::Closed.name(),
        Why::EndOfCapture.name(),
        Why::Limit.name(),
        Why::Undecodable.name(),
        Why::Ambiguous.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Why::Gap => "gap",
            Why::Aborted => "aborted",
            Why::HeaderInside => "header_inside_message",
            Why::Closed => "closed",
            Why::EndOfCapture => "end_of_capture",
            Why::Limit => "limit",
            Why::Undecodable => "undecodable",
            Why::Ambiguous => "ambiguous",
        }
    }

    /// A clause for a person.
    pub fn clause(self) -> &'static str {
        match self {
            Why::Gap => "the capture misses bytes of it",
            Why::Aborted => "the sender aborted it",
            Why::HeaderInside => "a new message began on its chunk stream",
            Why::Closed => "the connection closed inside it",
            Why::EndOfCapture => "the capture ends inside it",
            Why::Limit => "too many unfinished messages at once",
            Why::Undecodable => "its direction stopped being decodable inside it",
            Why::Ambiguous => "the bytes do not tell which of them are its own",
        }
    }
}

/// Bytes of a direction that the capture does not have, or that nothing opens.
#[derive(Clone, Debug)]
pub struct Gap {
    pub session: u32,
    pub from: Side,
    /// Where in the direction's stream they are missing.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
    /// Whether it is exactly that many: otherwise about as many.
    pub exact: bool,
    /// They are in the capture, in what carries the direction, and nothing opens that: encrypted, or damaged.
    pub captured: bool,
    /// The packet at which that became certain.
    pub at: Moment,
    /// Whether decoding goes on just after them: they all lay inside one chunk or the handshake.
    pub survived: bool,
}

impl Gap {
    /// What a delivery says is missing, where it does.
    pub(crate) fn of(session: u32, from: Side, delivery: &Delivery<'_>, survived: bool) -> Option<Gap> {
        let Delivery::Gap { offset, missing, exact, captured, at } = *delivery else { return None };
        Some(Gap { session, from, offset, bytes: missing, exact, captured, at, survived })
    }
}

impl Gap {
    /// Where decoding goes on, where it does so just behind the missing bytes.
    pub fn resync(&self) -> Option<Resync> {
        let Gap { session, from, at, .. } = *self;
        self.survived.then_some(Resync { session, from, offset: self.offset + self.bytes, skipped: 0, at })
    }
}

/// At this point a direction stops being decodable; a `Resync` tells where chunks were found again, if they were.
#[derive(Clone, Debug)]
pub struct Undecodable {
    pub session: u32,
    pub from: Side,
    pub offset: u64,
    pub at: Moment,
    pub reason: Reason,
}

/// A direction's chunks were found again, and that is proven.
#[derive(Clone, Debug)]
pub struct Resync {
    pub session: u32,
    pub from: Side,
    /// Where the first one begins.
    pub offset: u64,
    /// Captured bytes before it that could not be decoded.
    pub skipped: u64,
    /// The packet that holds it.
    pub at: Moment,
}

/// From here on a direction is read as a mistake of its sender has it: that is proven by what follows.
#[derive(Clone, Debug)]
pub struct Deviation {
    pub session: u32,
    pub from: Side,
    /// Where it begins.
    pub offset: u64,
    /// The packet that holds it.
    pub at: Moment,
    pub mistake: Mistake,
}

/// One direction ended.
#[derive(Clone, Debug)]
pub struct Close {
    pub session: u32,
    pub from: Side,
    pub how: How,
    pub at: Moment,
    /// Bytes of the direction, captured or known to be missing.
    pub bytes: u64,
    pub messages: u64,
    /// Bytes that were captured and not decoded.
    pub undecoded: u64,
    /// What TCP did for the direction, where there was a connection.
    pub tcp: Option<Box<TcpFacts>>,
    /// Whether both directions are now closed.
    pub last: bool,
    /// Of the last close, connections to the same server that did not come about, and were not told with a session yet.
    pub attempts: Attempts,
    /// Of the last close, connections to the same server that speak another protocol, and were not told with a session yet.
    pub strangers: Vec<Stranger>,
    /// Of the last close of an FTL session, the frames that still waited for packets, with who sent them. Their bytes are not there.
    pub frames: Vec<(Side, Frame)>,
}

/// A run of a session's bytes, and where they are.
#[derive(Clone, Debug)]
pub struct Piece {
    pub session: u32,
    pub from: Side,
    pub offset: u64,
    pub length: u32,
    /// The packet that carried them: of derived bytes, the one with which they could be.
    pub at: Moment,
    pub source: Source,
}

/// Where bytes of a session are.
#[derive(Clone, Debug)]
pub enum Source {
    /// In the capture, at this place.
    Captured(Place),
    /// Nowhere in the capture: they were derived from what is there (decrypted).
    Derived(Box<[u8]>),
}
