use crate::net::Start;
use crate::proto::Event;
use crate::proto::rtmp::Body;
use crate::wire::Side;

/// What several rules need to know of a session: a fold over its events.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub midstream: bool,
    sides: [SideFacts; 2],
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub struct SideFacts {
    /// Bytes of it are missing from the capture.
    pub gap: bool,
    /// Its chunks could not be decoded from some point on.
    pub lost: bool,
    /// The last Window Acknowledgement Size that this side sent, in bytes, and its own bytes up to there.
    pub window: Option<(u32, u64)>,
    /// Acknowledgements that this side sent.
    pub acknowledgements: u64,
    /// Anything that this side sent was captured.
    pub seen: bool,
    /// Bytes of this side up to the end of its last message.
    pub bytes: u64,
}

impl Facts {
    pub fn of(&self, side: Side) -> &SideFacts {
        &self.sides[side.index()]
    }

    /// Whether everything that this side sent so far was captured and decoded.
    pub fn is_whole(&self, side: Side) -> bool {
        let facts = self.of(side);
        !self.midstream && !facts.gap && !facts.lost
    }

    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::Session(opened) => self.midstream = opened.start == Start::Midstream,
            Event::Gap(gap) => {
                let facts = &mut self.sides[gap.from.index()];
                facts.gap = true;
                facts.lost |= !gap.survived;
            }
            Event::Handshake(step) => self.sides[step.from.index()].seen = true,
            Event::Undecodable(lost) => self.sides[lost.from.index()].lost = true,
            Event::Message(message) => {
                let facts = &mut self.sides[message.from.index()];
                facts.seen = true;
                facts.bytes = facts.bytes.max(message.head.offset + u64::from(message.head.size));
                match message.body {
                    Body::WindowAcknowledgementSize(window) => facts.window = Some((window, facts.bytes)),
                    Body::Acknowledgement(_) => facts.acknowledgements += 1,
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
