//! Streams inside of streams: what carries them is told what a connection tells, and gives what the stream inside tells.
//!
//! A stream inside is looked at as a connection is: its beginning says what it is, and that may be a carrier again.

use super::{Connection, Content, State, StreamId};
use crate::net::Delivery;
use crate::proto::rtmpe::Rtmpe;
use crate::wire::Side;

/// The numbers of streams that are no connections begin here; connections have lower ones.
const INSIDE: StreamId = 1 << 63;

/// What a stream is carried in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wrapping {
    /// It was enciphered by RTMPE.
    pub(super) rtmpe: bool,
}

/// A stream that carries another one.
#[derive(Debug)]
pub(super) struct Carried {
    carrier: Carrier,
    inside: StreamId,
}

#[derive(Debug)]
pub(super) enum Carrier {
    Rtmpe(Box<Rtmpe>),
}

impl Carrier {
    fn take(&mut self, from: Side, delivery: &Delivery<'_>, give: &mut dyn FnMut(Side, &Delivery<'_>)) {
        match self {
            Carrier::Rtmpe(rtmpe) => rtmpe.take(from, delivery, give),
        }
    }

    /// How what it carries is wrapped, within what wraps itself.
    fn wraps(&self) -> Wrapping {
        match self {
            Carrier::Rtmpe(_) => Wrapping { rtmpe: true },
        }
    }
}

impl Carried {
    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        match &self.carrier {
            Carrier::Rtmpe(rtmpe) => size_of::<Rtmpe>() + rtmpe.memory(),
        }
    }
}

impl State {
    /// From here on a stream carries another one. What was kept of it goes there.
    pub(super) fn carry(&mut self, stream: StreamId, carrier: Carrier) {
        let Some(outside) = self.live.get_mut(&stream) else { return };
        let Content::Unknown(opening) = &mut outside.content else { return };
        self.opening_bytes -= opening.cost();
        let (kept, heard) = (opening.take(), opening.heard());
        self.inside += 1;
        let inside = INSIDE | self.inside;
        let wrapping = carrier.wraps();
        let new = Connection::new(outside.client, outside.server, outside.at, outside.start, wrapping);
        let new = Connection { tunnels: outside.tunnels.clone(), ..new };
        outside.content = Content::Carrier(Box::new(Carried { carrier, inside }));
        self.live.insert(inside, new);
        for from in Side::BOTH.into_iter().filter(|side| heard[side.index()]) {
            self.pass(stream, from, &Delivery::Heard);
        }
        for (from, kept) in kept {
            self.pass(stream, from, &kept.lend());
        }
    }

    /// What a direction of a stream tells that carries another one.
    pub(super) fn pass(&mut self, stream: StreamId, from: Side, delivery: &Delivery<'_>) {
        let Some(outside) = self.live.get_mut(&stream) else { return };
        if !matches!(outside.content, Content::Carrier(_)) {
            return;
        }
        let Content::Carrier(mut carried) = std::mem::replace(&mut outside.content, Content::Other(None)) else {
            return;
        };
        let inside = carried.inside;
        carried.carrier.take(from, delivery, &mut |from, delivery| self.deliver(inside, from, delivery));
        if let Some(outside) = self.live.get_mut(&stream) {
            outside.content = Content::Carrier(carried);
        }
    }
}
