//! What every event of the timeline has, whatever its kind: where it belongs, and where in the capture it stands.
//!
//! This is the one place that takes an event's session, side, packets, time and offset out of its own fields. Filters, the
//! timeline's writers and the screen ask here.

use super::ftl;
use super::rtmp::{Handshake, Message};
use super::{Close, Deviation, Event, Flow, Gap, Incomplete, Opened, Piece, Resync, Tls, Tunnel, Undecodable};
use crate::wire::{Moment, Side, Word};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Session,
    Flow,
    Tls,
    Tunnel,
    Handshake,
    Message,
    Incomplete,
    Gap,
    Resync,
    Undecodable,
    Deviation,
    Close,
}

impl EventKind {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        EventKind::Session.name(),
        EventKind::Flow.name(),
        EventKind::Tls.name(),
        EventKind::Tunnel.name(),
        EventKind::Handshake.name(),
        EventKind::Message.name(),
        EventKind::Incomplete.name(),
        EventKind::Gap.name(),
        EventKind::Resync.name(),
        EventKind::Undecodable.name(),
        EventKind::Deviation.name(),
        EventKind::Close.name(),
    ]);

    /// Its `event` in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Session => "session",
            EventKind::Flow => "flow",
            EventKind::Tls => "tls",
            EventKind::Tunnel => "tunnel",
            EventKind::Handshake => "handshake",
            EventKind::Message => "message",
            EventKind::Incomplete => "incomplete",
            EventKind::Gap => "gap",
            EventKind::Resync => "resync",
            EventKind::Undecodable => "undecodable",
            EventKind::Deviation => "deviation",
            EventKind::Close => "close",
        }
    }
}

/// Where an event belongs and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub kind: EventKind,
    pub session: u32,
    /// Who sent it; none for a session, which is of both.
    pub from: Option<Side>,
    /// The packet in which it begins.
    pub first: Moment,
    /// The packet with which it was complete, or certain.
    pub last: Moment,
    /// Where it begins in its direction's stream, where it has a place there.
    pub offset: Option<u64>,
}

impl Envelope {
    /// Of what one packet shows.
    fn at(kind: EventKind, session: u32, from: Option<Side>, at: Moment) -> Envelope {
        Envelope { kind, session, from, first: at, last: at, offset: None }
    }
}

impl Event {
    /// Where it belongs and where it stands. A piece of evidence is nothing that happened, and has none.
    pub fn envelope(&self) -> Option<Envelope> {
        self.told().ok()
    }

    /// The session that it belongs to.
    pub fn session(&self) -> u32 {
        self.told().map_or_else(|piece| piece.session, |envelope| envelope.session)
    }

    fn told(&self) -> Result<Envelope, &Piece> {
        Ok(match self {
            Event::Session(event) => event.envelope(),
            Event::Handshake(event) => event.envelope(),
            Event::Flow(event) => event.envelope(),
            Event::Tls(event) => event.envelope(),
            Event::Tunnel(event) => event.envelope(),
            Event::Message(event) => event.envelope(),
            Event::Ftl(event) => event.envelope(),
            Event::Incomplete(event) => event.envelope(),
            Event::Gap(event) => event.envelope(),
            Event::Undecodable(event) => event.envelope(),
            Event::Resync(event) => event.envelope(),
            Event::Deviation(event) => event.envelope(),
            Event::Close(event) => event.envelope(),
            Event::Piece(piece) => return Err(piece),
        })
    }
}

impl Opened {
    pub fn envelope(&self) -> Envelope {
        Envelope::at(EventKind::Session, self.session, None, self.at)
    }
}

impl Handshake {
    pub fn envelope(&self) -> Envelope {
        let Handshake { session, first, last, .. } = *self;
        Envelope { kind: EventKind::Handshake, session, from: Some(self.from), first, last, offset: Some(self.offset) }
    }
}

impl Message {
    pub fn envelope(&self) -> Envelope {
        let (first, last, offset) = (self.head.first, self.head.last, Some(self.head.offset));
        Envelope { kind: EventKind::Message, session: self.session, from: Some(self.from), first, last, offset }
    }
}

impl Flow {
    pub fn envelope(&self) -> Envelope {
        Envelope::at(EventKind::Flow, self.session, None, self.at)
    }
}

impl Tls {
    pub fn envelope(&self) -> Envelope {
        let (first, last) = self.packets;
        let from = self.alert.map(|alert| alert.from);
        Envelope { first, ..Envelope::at(EventKind::Tls, self.session, from, last) }
    }
}

impl Tunnel {
    pub fn envelope(&self) -> Envelope {
        let (first, last) = self.exchange.packets;
        let from = self.exchange.request.map_or(Side::Server, |_| Side::Client);
        let time = self.exchange.at.time;
        let at = |packet| Moment { packet, time };
        Envelope { first: at(first), ..Envelope::at(EventKind::Tunnel, self.session, Some(from), at(last)) }
    }
}

impl ftl::Message {
    pub fn envelope(&self) -> Envelope {
        let (first, last) = self.packets();
        let (session, from, offset) = (self.session, Some(self.from()), self.offset());
        Envelope { kind: EventKind::Message, session, from, first, last, offset }
    }
}

impl Incomplete {
    pub fn envelope(&self) -> Envelope {
        let (first, last, offset) = (self.head.first, self.head.last, Some(self.head.offset));
        Envelope { kind: EventKind::Incomplete, session: self.session, from: Some(self.from), first, last, offset }
    }
}

impl Gap {
    pub fn envelope(&self) -> Envelope {
        let offset = Some(self.offset);
        Envelope { offset, ..Envelope::at(EventKind::Gap, self.session, Some(self.from), self.at) }
    }
}

impl Undecodable {
    pub fn envelope(&self) -> Envelope {
        let offset = Some(self.offset);
        Envelope { offset, ..Envelope::at(EventKind::Undecodable, self.session, Some(self.from), self.at) }
    }
}

impl Resync {
    pub fn envelope(&self) -> Envelope {
        let offset = Some(self.offset);
        Envelope { offset, ..Envelope::at(EventKind::Resync, self.session, Some(self.from), self.at) }
    }
}

impl Deviation {
    pub fn envelope(&self) -> Envelope {
        let offset = Some(self.offset);
        Envelope { offset, ..Envelope::at(EventKind::Deviation, self.session, Some(self.from), self.at) }
    }
}

impl Close {
    pub fn envelope(&self) -> Envelope {
        Envelope::at(EventKind::Close, self.session, Some(self.from), self.at)
    }
}
