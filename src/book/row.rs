//! A row of the timeline as it is kept: where its bytes lie, not what they are.
//!
//! A message takes 64 bytes; what few messages have (chunks that are not one behind the other, an answered call) stands beside,
//! in the index.

use super::frame::Frame;
use crate::proto::rtmp::{
    Body, Extended, ExtendedForm, Handshake, HandshakeFacts, Head, HeaderBytes, Message, MessageType, Part, Reading,
    Run, Step,
};
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
    pub(super) frame: Frame,
    pub(super) chunk_format: u8,
    pub(super) flags: Flags,
    /// As RTMP has it, or otherwise, because its sender made a mistake.
    pub(super) reading: Reading,
    /// How its chunks carry the extended timestamp, if they do, and whether that is absolute where a delta is called for.
    pub(super) extended: Option<(ExtendedForm, bool)>,
}

/// What is so of a message, or is not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags(u8);

impl Flags {
    /// Its timestamp is known.
    pub(super) const TIMESTAMP: u8 = 1;
    /// Its message stream is known.
    pub(super) const STREAM: u8 = 2;
    /// Its timestamp counts from 0 for want of a first one.
    pub(super) const INHERITED: u8 = 4;
    /// It has a picture that can be decoded alone.
    pub(super) const KEY: u8 = 8;

    pub(super) fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    pub(super) fn with(self, flag: u8, is_so: bool) -> Self {
        Flags(self.0 | if is_so { flag } else { 0 })
    }
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
            flags: Flags::default()
                .with(Flags::TIMESTAMP, head.timestamp_known)
                .with(Flags::STREAM, head.message_stream_known)
                .with(Flags::INHERITED, head.timestamp_inherited),
            length: head.length,
            message_stream_id: head.message_stream_id,
            chunk_stream_id: head.chunk_stream_id,
            chunk,
            runs,
            kind: head.kind,
            from: message.from,
            frame: frame(&message.body),
            chunk_format: head.chunk_format,
            reading: head.reading,
            extended: head.extended.map(|extended| (extended.form, extended.absolute)),
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
        // It is the last that a header has.
        let extended = header.last_chunk::<4>().zip(self.extended).map(|(value, (form, absolute))| Extended {
            value: u32::from_be_bytes(*value),
            form,
            absolute,
            ambiguous: false,
        });
        Head {
            first,
            last,
            offset: self.offset,
            size: runs.iter().map(|run| size(*run)).sum(),
            chunks: runs.iter().map(|run| chunks(*run)).sum(),
            chunk_stream_id: self.chunk_stream_id,
            chunk_format: self.chunk_format,
            timestamp: self.timestamp,
            timestamp_known: self.flags.has(Flags::TIMESTAMP),
            message_stream_known: self.flags.has(Flags::STREAM),
            timestamp_inherited: self.flags.has(Flags::INHERITED),
            length: self.length,
            kind: self.kind,
            message_stream_id: self.message_stream_id,
            header: HeaderBytes::new(header),
            runs,
            // Nothing that is shown asks for this: the header itself has it.
            delta: None,
            extended,
            reading: self.reading,
        }
    }
}

fn frame(body: &Body) -> Frame {
    match body {
        Body::Audio(_) => Frame::Sound,
        Body::Video(video) if Part::Video(video).is_key() => Frame::Key,
        Body::Video(_) => Frame::Picture,
        _ => Frame::No,
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
