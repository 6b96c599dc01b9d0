//! A row of the timeline as it is kept: where its bytes lie, not what they are.
//!
//! A message takes 64 bytes; what few messages have (chunks that are not one behind the other, an answered call) stands beside,
//! in the index.

use crate::proto::rtmp::{Handshake, HandshakeFacts, Head, HeaderBytes, Message, MessageType, Reading, Run, Step};
use crate::proto::{Close, Deviation, Envelope, Event, EventKind, Flow, Gap, Incomplete, Resync, Undecodable};
use crate::rules::Finding;
use crate::wire::{Moment, PacketNo, Side, Time};

/// One row of the timeline.
#[derive(Debug)]
pub(super) enum Row {
    Opened(Envelope),
    Handshake(StepRow),
    Message(MessageRow),
    /// A message of another protocol than RTMP; without its bytes, where these can be read again.
    Kept(Box<(Event, Envelope)>),
    Flow(Box<Flow>),
    Incomplete(Box<Incomplete>),
    Gap(Box<Gap>),
    Undecodable(Box<Undecodable>),
    Resync(Box<Resync>),
    Deviation(Box<Deviation>),
    Close(Box<Close>),
    Finding(Box<Finding>),
}

/// A message, without its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageRow {
    pub(super) time: Time,
    /// Where its first chunk header starts in the direction's stream.
    pub(super) offset: u64,
    pub(super) n: u32,
    pub(super) session: u32,
    /// The packets that carry its first and its last byte.
    pub(super) packets: (u32, u32),
    pub(super) timestamp: u32,
    pub(super) length: u32,
    pub(super) message_stream_id: u32,
    pub(super) chunk_stream_id: u32,
    /// Payload bytes of every chunk but the last; with [`Runs::Several`] its place among those that have several.
    pub(super) chunk: u32,
    pub(super) runs: Runs,
    pub(super) kind: MessageType,
    pub(super) from: Side,
    pub(super) chunk_format: u8,
    /// Whether the timestamp and the message stream are known, and whether the timestamp counts from 0 for want of a first one.
    pub(super) known: (bool, bool, bool),
    /// As RTMP has it, or otherwise, because its sender made a mistake.
    pub(super) reading: Reading,
}

/// Where a message's chunks lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Runs {
    One { first_header: u8, later_header: u8 },
    Several,
}

/// A step of the handshake, without its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepRow {
    pub(super) time: Time,
    pub(super) offset: u64,
    pub(super) session: u32,
    pub(super) packets: (u32, u32),
    pub(super) from: Side,
    pub(super) step: Step,
    pub(super) facts: HandshakeFacts,
}

impl Row {
    /// Where its event belongs and where it stands. A finding is no event, and has none.
    pub(super) fn envelope(&self) -> Option<Envelope> {
        self.told().ok()
    }

    pub(super) fn session(&self) -> u32 {
        self.told().map_or_else(|finding| finding.session, |envelope| envelope.session)
    }

    pub(super) fn from(&self) -> Option<Side> {
        self.told().map_or_else(|finding| finding.from, |envelope| envelope.from)
    }

    fn told(&self) -> Result<Envelope, &Finding> {
        Ok(match self {
            Row::Opened(envelope) => *envelope,
            Row::Handshake(row) => row.envelope(),
            Row::Message(row) => row.envelope(),
            Row::Kept(kept) => kept.1,
            Row::Flow(event) => event.envelope(),
            Row::Incomplete(event) => event.envelope(),
            Row::Gap(event) => event.envelope(),
            Row::Resync(event) => event.envelope(),
            Row::Deviation(event) => event.envelope(),
            Row::Undecodable(event) => event.envelope(),
            Row::Close(event) => event.envelope(),
            Row::Finding(finding) => return Err(finding),
        })
    }

    /// The event itself, where the row keeps all of it.
    pub(super) fn event(&self) -> Option<Event> {
        Some(match self {
            Row::Flow(event) => Event::Flow((**event).clone()),
            Row::Incomplete(event) => Event::Incomplete((**event).clone()),
            Row::Gap(event) => Event::Gap((**event).clone()),
            Row::Resync(event) => Event::Resync((**event).clone()),
            Row::Deviation(event) => Event::Deviation((**event).clone()),
            Row::Undecodable(event) => Event::Undecodable((**event).clone()),
            Row::Close(event) => Event::Close((**event).clone()),
            Row::Opened(_) | Row::Handshake(_) | Row::Message(_) | Row::Kept(_) | Row::Finding(_) => return None,
        })
    }
}

impl StepRow {
    pub(super) fn new(step: &Handshake) -> Self {
        StepRow {
            time: step.last.time,
            offset: step.offset,
            session: step.session,
            packets: packets(step.first, step.last),
            from: step.from,
            step: step.step,
            facts: step.facts,
        }
    }

    pub(super) fn envelope(&self) -> Envelope {
        let (first, last) = moments(self.packets, self.time);
        let (kind, from, offset) = (EventKind::Handshake, Some(self.from), Some(self.offset));
        Envelope { kind, session: self.session, from, first, last, offset }
    }

    /// The event again, with the bytes that were read again.
    pub(super) fn event(&self, bytes: bytes::Bytes) -> Handshake {
        let (first, last) = moments(self.packets, self.time);
        let StepRow { session, from, step, offset, facts, .. } = *self;
        Handshake { session, from, step, first, last, offset, bytes, facts }
    }
}

impl MessageRow {
    /// A message's row. `several` is the place of its runs among those of messages that have several.
    pub(super) fn new(message: &Message, several: u32) -> Self {
        let head = &message.head;
        let (runs, chunk) = match head.runs[..] {
            [run] => (Runs::One { first_header: run.first_header, later_header: run.later_header }, run.chunk),
            _ => (Runs::Several, several),
        };
        MessageRow {
            time: head.last.time,
            offset: head.offset,
            n: message.n as u32,
            session: message.session,
            packets: packets(head.first, head.last),
            timestamp: head.timestamp,
            known: (head.timestamp_known, head.message_stream_known, head.timestamp_inherited),
            length: head.length,
            message_stream_id: head.message_stream_id,
            chunk_stream_id: head.chunk_stream_id,
            chunk,
            runs,
            kind: head.kind,
            from: message.from,
            chunk_format: head.chunk_format,
            reading: head.reading,
        }
    }

    pub(super) fn envelope(&self) -> Envelope {
        let (first, last) = moments(self.packets, self.time);
        let (kind, from, offset) = (EventKind::Message, Some(self.from), Some(self.offset));
        Envelope { kind, session: self.session, from, first, last, offset }
    }

    /// The message's time for a column.
    pub(super) fn time_words(&self) -> String {
        self.head(Vec::new(), &[]).time_words()
    }

    /// The message's head again.
    pub(super) fn head(&self, runs: Vec<Run>, header: &[u8]) -> Head {
        let (first, last) = moments(self.packets, self.time);
        Head {
            first,
            last,
            offset: self.offset,
            size: runs.iter().map(|run| size(*run)).sum(),
            chunks: runs.iter().map(|run| chunks(*run)).sum(),
            chunk_stream_id: self.chunk_stream_id,
            chunk_format: self.chunk_format,
            timestamp: self.timestamp,
            timestamp_known: self.known.0,
            message_stream_known: self.known.1,
            timestamp_inherited: self.known.2,
            length: self.length,
            kind: self.kind,
            message_stream_id: self.message_stream_id,
            header: HeaderBytes::new(header),
            runs,
            // Nothing that is shown asks for these: the header itself has them.
            delta: None,
            extended: None,
            reading: self.reading,
        }
    }
}

fn packets(first: Moment, last: Moment) -> (u32, u32) {
    (first.packet.0 as u32, last.packet.0 as u32)
}

fn moments(packets: (u32, u32), time: Time) -> (Moment, Moment) {
    let moment = |packet| Moment { packet: PacketNo(u64::from(packet)), time };
    (moment(packets.0), moment(packets.1))
}

fn chunks(run: Run) -> u32 {
    run.payload.div_ceil(run.chunk.max(1)).max(1)
}

fn size(run: Run) -> u32 {
    u32::from(run.first_header) + run.payload + (chunks(run) - 1) * u32::from(run.later_header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<Row>(), 64);
    }
}
