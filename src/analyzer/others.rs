//! What is no session: connections that speak another protocol than RTMP or never came about, and calls with SRT.
//!
//! Each is told by itself, as long as the list has room. Those of one client host that fare alike at one server are one.

use std::net::SocketAddr;

use crate::net::{Call, Delivery};
use crate::proto::rtmp::detect::Foreign;
use crate::proto::rtmpt::Request;
use crate::wire::words::count;
use crate::wire::{Moment, PacketNo, Side};

/// A connection that is no session, with those like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Other {
    /// The first one's.
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub fate: Fate,
    /// What the server answered in, as far as that is known.
    pub answer: Option<Foreign>,
    /// Of RTMPT, the first request that the server answered with another status than 200, and that.
    pub refused: Option<(Request, u16)>,
    /// Of TLS, that the capture misses its handshake.
    pub cut: bool,
    /// Of the first one: the packet that tells its protocol, or the SYN.
    pub packet: PacketNo,
    /// How many there are.
    pub connections: u64,
}

/// What became of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// What the side that spoke first speaks.
    Speaks(Side, Foreign),
    /// A reset answered its SYN.
    Refused,
    /// Nothing answered its SYN.
    Unanswered,
    /// It was opened, and neither side sent a byte.
    Silent,
    /// The client sent RTMP's version and so many bytes in all, which are fewer than C0 and C1 have; the server as many as the second says.
    Short(u64, u64),
}

impl Other {
    /// Its protocol, where it has one, or its fate; a word for a column.
    pub fn word(&self) -> &'static str {
        match self.fate {
            Fate::Speaks(_, foreign) => foreign.name(),
            Fate::Refused => "refused",
            Fate::Unanswered => "unanswered",
            Fate::Silent => "silent",
            Fate::Short(..) => "cut_short",
        }
    }

    /// Who does what to whom; a clause.
    pub fn clause(&self) -> String {
        let Other { client, server, packet, .. } = self;
        let mut text = match self.fate {
            Fate::Speaks(Side::Client, foreign) => format!("{client} speaks {} to {server}", foreign.name()),
            Fate::Speaks(Side::Server, foreign) => {
                format!("{client} says nothing to {server}, which speaks {}", foreign.name())
            }
            Fate::Refused => format!("{client} asks {server} for a connection, and a reset refuses it"),
            Fate::Unanswered => format!("{client} asks {server} for a connection, and nothing answers"),
            Fate::Silent => format!("{client} opens a connection to {server}, and neither side sends a byte"),
            Fate::Short(sent, 0) => format!("{client} sends {} to {server}, which sends none", short(sent)),
            Fate::Short(sent, answered) => {
                format!("{client} sends {} to {server}, which sends {}", short(sent), count(answered, "byte"))
            }
        };
        if let Some((request, status)) = self.refused {
            text += &format!(", which answers {} with status {status}", request.name());
        } else if let Some(answer) = self.answer {
            text += &format!(", which answers in {}", answer.name());
        }
        text += &format!(" (packet {packet}");
        text += &match self.connections {
            1 => ")".to_owned(),
            more => format!("; {} of that kind)", count(more, "connection")),
        };
        text
    }

    /// What to do about it; a clause.
    pub fn advice(&self) -> &'static str {
        match self.fate {
            Fate::Refused => "refused: see whether the server runs, and on that port",
            Fate::Unanswered => "nothing answers: see whether the address is right, and what a firewall drops",
            Fate::Silent => "no byte: a check of the port does so, or a client that gives up; see what it logs",
            Fate::Short(..) => "C1 is not whole: see why the client stops there, or whether the capture ends too early",
            Fate::Speaks(_, Foreign::Tls) if self.cut => {
                "TLS: the capture misses its handshake, without which no key log opens it, so begin the capture before the client connects"
            }
            Fate::Speaks(_, Foreign::Tls) => {
                "TLS: if it is RTMPS, give its key log (--keylog), or capture it where it is decrypted, behind what ends TLS"
            }
            Fate::Speaks(_, Foreign::Rtmpt) if matches!(self.refused, Some((_, 404))) => {
                "RTMPT: the server has nothing there, see whether RTMPT is switched on in it, and on that port"
            }
            Fate::Speaks(_, Foreign::Rtmpt) if self.refused.is_some() => {
                "RTMPT: the server refuses, its log says why; see what stands between, as a proxy that lets no such request through"
            }
            Fate::Speaks(_, Foreign::Rtmpt) => {
                "RTMPT: no session of RTMP came about in its requests, see what the server answers"
            }
            Fate::Speaks(_, Foreign::Srt) => "SRT: it is not RTMP, give the encoder an rtmp:// address",
            Fate::Speaks(_, Foreign::Connect | Foreign::Socks) => {
                "a proxy is asked for a connection, and what goes through it is not looked into: capture behind the proxy"
            }
            Fate::Speaks(..) => "another protocol: see whether the client has the right port and asks for rtmp://",
        }
    }
}

/// Bytes of C0 and C1.
pub(super) const FIRST_BLOCK: u64 = 1537;

/// The beginning of C0 and C1 that a client sent.
fn short(sent: u64) -> String {
    format!("RTMP's version and no more than {} of C0's and C1's {FIRST_BLOCK}", count(sent, "byte"))
}

/// All that are no session.
#[derive(Debug, Default)]
pub(super) struct Others {
    list: Vec<Other>,
    /// Callers and listeners of SRT that are known: a caller repeats itself.
    calls: Vec<(SocketAddr, SocketAddr)>,
}

impl Others {
    /// In the order of their packets.
    pub(super) fn take(&mut self) -> Vec<Other> {
        let mut list = std::mem::take(&mut self.list);
        list.sort_by_key(|other| other.packet);
        list
    }

    /// Bytes of memory that they take beside themselves.
    pub(super) fn memory(&self) -> usize {
        self.list.capacity() * size_of::<Other>() + self.calls.capacity() * size_of::<(SocketAddr, SocketAddr)>()
    }

    /// Takes note of a connection. False where there is no room for it among `most`.
    pub(super) fn note(&mut self, other: Other, most: usize) -> bool {
        if let Some(known) = self.alike(&other) {
            known.connections += 1;
            known.answer = known.answer.or(other.answer);
            known.refused = known.refused.or(other.refused);
            if other.packet < known.packet {
                (known.client, known.packet) = (other.client, other.packet);
            }
            return true;
        }
        let has_room = self.list.len() < most;
        self.list.extend(has_room.then_some(other));
        has_room
    }

    /// Takes note of a step of SRT's handshake. Gives a call that is a new one, and false where there is no room for one.
    pub(super) fn call(&mut self, call: Call, packet: PacketNo, most: usize) -> (Option<Other>, bool) {
        let Call { caller: client, listener: server, from } = call;
        let fate = Fate::Speaks(Side::Client, Foreign::Srt);
        let other = Other { client, server, fate, answer: None, refused: None, cut: false, packet, connections: 1 };
        if from == Side::Server {
            if let Some(known) = self.alike(&other) {
                known.answer = Some(Foreign::Srt);
            }
            return (None, true);
        }
        if self.calls.contains(&(client, server)) {
            return (None, true);
        }
        if self.calls.len() >= most {
            return (None, false);
        }
        self.calls.push((client, server));
        let has_room = self.note(other, most);
        (Some(other), has_room)
    }

    fn alike(&mut self, other: &Other) -> Option<&mut Other> {
        let of = |other: &Other| (other.client.ip(), other.server, other.fate);
        self.list.iter_mut().find(|known| of(known) == of(other))
    }
}

/// What is met in the place of RTMP: the first bytes of both sides tell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    pub(super) foreign: Option<Foreign>,
    pub(super) answer: Option<Foreign>,
    /// When the first bytes came, of the client or else of the server.
    pub(super) first: Option<Moment>,
    /// The beginning was captured.
    pub(super) from_start: bool,
    /// Bytes of both sides.
    pub(super) bytes: u64,
    /// A request of RTMPT that the server refused.
    pub(super) refused: Option<(Request, u16)>,
    /// The capture misses the handshake of TLS.
    pub(super) cut: bool,
}

impl Met {
    /// That the client speaks what it is told by.
    pub(super) fn speaks(&self) -> Option<Fate> {
        self.foreign.map(|foreign| Fate::Speaks(Side::Client, foreign))
    }

    pub(super) fn take(&mut self, from: Side, delivery: &Delivery<'_>) {
        if let Delivery::Bytes { bytes, .. } = delivery {
            self.bytes += bytes.len() as u64;
            if from == Side::Server && self.answer.is_none() {
                self.answer = Foreign::of(bytes);
            }
        }
    }
}
