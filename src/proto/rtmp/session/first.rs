//! A side's first bytes, where they are not at once those of a handshake: whether they are one without its version, one with a
//! version that does not exist, or another protocol.

use super::{Session, Sink};
use crate::proto::rtmp::Reason;
use crate::proto::rtmp::chunk::Chunks;
use crate::proto::rtmp::detect::{Beginning, Foreign};
use crate::proto::rtmp::handshake::HALF;
use crate::proto::{Event, Undecodable};
use crate::wire::{Moment, Side};

/// A side's first bytes, by packets.
#[derive(Debug, Default)]
pub(super) struct First {
    pub(super) bytes: Vec<u8>,
    /// Where each packet's part of them ends.
    ends: Vec<(usize, Moment)>,
}

impl First {
    pub(super) fn push(&mut self, bytes: &[u8], at: Moment) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push((self.bytes.len(), at));
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * size_of::<(usize, Moment)>()
    }
}

impl Session {
    /// Begins with a side's first bytes, of which is known what they are.
    pub(super) fn begin_with(&mut self, from: Side, start: &First, beginning: Beginning, out: &mut Sink<'_>) {
        let direction = &mut self.directions[from.index()];
        let told = start.ends.iter().find(|(end, _)| *end >= Foreign::TOLD_BY).or(start.ends.last());
        let at = told.map(|(_, at)| *at).unwrap_or_default();
        let (session, offset) = (self.session, direction.skip);
        match beginning {
            Beginning::Foreign | Beginning::Other => direction.foreign = Foreign::of(&start.bytes),
            Beginning::Block { at: 0 } => {
                direction.left_out = 1;
                direction.handshake.passed = 1;
                direction.chunks = Chunks::new(direction.offset(HALF), &self.limits);
                if let Some(blocks) = &mut direction.blocks {
                    blocks.push(&[0], at);
                }
            }
            _ => {}
        }
        if let Some(foreign) = direction.foreign {
            let reason = Reason::NotRtmp(foreign);
            out.events.push_back(Event::Undecodable(Undecodable { session, from, offset, at, reason }));
        }
        let mut from_byte = 0;
        for (end, at) in &start.ends {
            self.decode(from, &start.bytes[from_byte..*end], *at, out);
            from_byte = *end;
        }
    }
}
