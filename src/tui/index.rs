//! What is kept of a capture: a small row for everything in the timeline, and the sessions.
//!
//! A row says where its bytes lie, not what they are. A message takes 64 bytes; what few messages have (chunks that are
//! not one behind the other, an answered call) stands beside. Rows are numbered from 0 over all sessions.

use std::collections::BTreeMap;

use crate::evidence::Blocks;
use crate::net::{How, TcpFacts};
use crate::proto::rtmp::{Handshake, HandshakeFacts, Head, HeaderBytes, Message, MessageType, Reading, Run, Step};
use crate::proto::{
    Answer, Close, Deviation, Envelope, Event, EventKind, Flow, Gap, Incomplete, Opened, Resync, Undecodable,
};
use crate::rules::{Finding, Severity};
use crate::wire::{Moment, PacketNo, Side, Time};

/// One row of the timeline.
#[derive(Debug)]
pub enum Row {
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
pub struct MessageRow {
    pub time: Time,
    /// Where its first chunk header starts in the direction's stream.
    pub offset: u64,
    pub n: u32,
    pub session: u32,
    /// The packets that carry its first and its last byte.
    pub packets: (u32, u32),
    pub timestamp: u32,
    pub length: u32,
    pub message_stream_id: u32,
    pub chunk_stream_id: u32,
    /// Payload bytes of every chunk but the last; with [`Runs::Several`] its place among those that have several.
    chunk: u32,
    runs: Runs,
    pub kind: MessageType,
    pub from: Side,
    pub chunk_format: u8,
    /// Whether the timestamp and the message stream are known, and whether the timestamp counts from 0 for want of a first one.
    pub known: (bool, bool, bool),
    /// As RTMP has it, or otherwise, because its sender made a mistake.
    pub reading: Reading,
}

/// Where a message's chunks lie.
#[derive(Clone, Copy, Debug)]
enum Runs {
    One { first_header: u8, later_header: u8 },
    Several,
}

/// A step of the handshake, without its bytes.
#[derive(Clone, Copy, Debug)]
pub struct StepRow {
    pub time: Time,
    pub offset: u64,
    pub session: u32,
    pub packets: (u32, u32),
    pub from: Side,
    pub step: Step,
    pub facts: HandshakeFacts,
}

/// A session: a line of the list, and its rows.
#[derive(Debug)]
pub struct SessionRow {
    pub opened: Opened,
    /// How each side ended, if it did.
    pub ends: [Option<How>; 2],
    /// By side: what TCP did, once it ended.
    pub tcp: [Option<Box<TcpFacts>>; 2],
    pub messages: u64,
    pub counts: Counts,
    /// Its rows, in order.
    pub rows: Blocks<u32>,
}

/// How many findings there are, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 3]);

impl Counts {
    pub fn of(&self, severity: Severity) -> u64 {
        self.0[severity as usize]
    }

    /// The closing report of a repeated fault is not another finding.
    fn add(&mut self, finding: &Finding) {
        if !finding.again {
            self.0[finding.severity as usize] += 1;
        }
    }
}

/// Everything that was read so far.
#[derive(Debug, Default)]
pub struct Index {
    rows: Blocks<Row>,
    /// By number, from 1.
    sessions: Vec<SessionRow>,
    /// The row of each message, by its `n`, from 1.
    messages: Blocks<u32>,
    /// The rows of findings.
    findings: Blocks<u32>,
    /// The worst finding about a message, by the message's row.
    marks: BTreeMap<u32, Severity>,
    several: Vec<Box<[Run]>>,
    /// Calls that messages answer, by the answer's row.
    answers: BTreeMap<u32, Answer>,
    pub counts: Counts,
}

impl Index {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)
    }

    pub fn sessions(&self) -> &[SessionRow] {
        &self.sessions
    }

    pub fn session(&self, number: u32) -> Option<&SessionRow> {
        self.sessions.get((number as usize).checked_sub(1)?)
    }

    pub fn messages(&self) -> u64 {
        self.messages.len() as u64
    }

    /// The row of a message.
    pub fn row_of(&self, n: u64) -> Option<u32> {
        self.messages.get(usize::try_from(n).ok()?.checked_sub(1)?).copied()
    }

    /// The rows of all findings, in order.
    pub fn findings(&self) -> &Blocks<u32> {
        &self.findings
    }

    /// The worst finding about the message at a row.
    pub fn mark(&self, row: u32) -> Option<Severity> {
        self.marks.get(&row).copied()
    }

    /// The call that the message at a row answers.
    pub fn answer(&self, row: u32) -> Option<Answer> {
        self.answers.get(&row).copied()
    }

    /// Where a message's chunks lie.
    pub fn runs(&self, message: &MessageRow) -> Vec<Run> {
        match message.runs {
            Runs::Several => self.several.get(message.chunk as usize).map_or_else(Vec::new, |runs| runs.to_vec()),
            Runs::One { first_header, later_header } => vec![Run {
                offset: message.offset,
                first_header,
                later_header,
                chunk: message.chunk,
                payload: message.length,
            }],
        }
    }

    /// Takes an event. Payloads are not kept.
    pub fn add(&mut self, event: Event) {
        let row = match event {
            Event::Session(opened) => {
                let row = Row::Opened(opened.envelope());
                let (ends, tcp, counts) = ([None; 2], [None, None], Counts::default());
                self.sessions.push(SessionRow { opened, ends, tcp, messages: 0, counts, rows: Blocks::default() });
                row
            }
            Event::Handshake(step) => Row::Handshake(StepRow::new(&step)),
            Event::Message(message) => {
                let row = self.rows.len() as u32;
                self.messages.push(row);
                if let Some(answer) = message.answers {
                    self.answers.insert(row, answer);
                }
                if let Some(session) = self.session_mut(message.session) {
                    session.messages += 1;
                }
                Row::Message(self.compact(message))
            }
            Event::Flow(flow) => Row::Flow(Box::new(flow)),
            Event::Incomplete(event) => Row::Incomplete(Box::new(event)),
            Event::Gap(event) => Row::Gap(Box::new(event)),
            Event::Undecodable(event) => Row::Undecodable(Box::new(event)),
            Event::Resync(event) => Row::Resync(Box::new(event)),
            Event::Deviation(event) => Row::Deviation(Box::new(event)),
            Event::Close(close) => {
                if let Some(session) = self.session_mut(close.session) {
                    session.ends[close.from.index()] = Some(close.how);
                    session.tcp[close.from.index()].clone_from(&close.tcp);
                }
                Row::Close(Box::new(close))
            }
            Event::Piece(_) => return,
            event @ (Event::Tls(_) | Event::Tunnel(_)) => match event.envelope() {
                Some(envelope) => Row::Kept(Box::new((event, envelope))),
                None => return,
            },
            event @ Event::Ftl(_) => {
                let Some(envelope) = event.envelope() else { return };
                self.messages.push(self.rows.len() as u32);
                if let Some(session) = self.session_mut(envelope.session) {
                    session.messages += 1;
                }
                Row::Kept(Box::new((event, envelope)))
            }
        };
        self.push(row);
    }

    pub fn add_finding(&mut self, finding: Finding) {
        self.counts.add(&finding);
        if let Some(session) = self.session_mut(finding.session) {
            session.counts.add(&finding);
        }
        if let Some(row) = finding.message.and_then(|n| self.row_of(n)) {
            let mark = self.marks.entry(row).or_insert(finding.severity);
            *mark = finding.severity.max(*mark);
        }
        self.findings.push(self.rows.len() as u32);
        self.push(Row::Finding(Box::new(finding)));
    }

    fn push(&mut self, row: Row) {
        let number = self.rows.len() as u32;
        if let Some(session) = self.session_mut(row.session()) {
            session.rows.push(number);
        }
        self.rows.push(row);
    }

    fn session_mut(&mut self, number: u32) -> Option<&mut SessionRow> {
        self.sessions.get_mut((number as usize).checked_sub(1)?)
    }

    fn compact(&mut self, message: Message) -> MessageRow {
        let head = message.head;
        let (runs, chunk) = if let [run] = head.runs[..] {
            (Runs::One { first_header: run.first_header, later_header: run.later_header }, run.chunk)
        } else {
            self.several.push(head.runs.into());
            (Runs::Several, self.several.len() as u32 - 1)
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

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        let several: usize = self.several.iter().map(|runs| runs.len() * size_of::<Run>() + 32).sum();
        let sessions: usize = self.sessions.iter().map(|session| size_of_val(session) + session.rows.memory()).sum();
        let beside = self.answers.len() * 48 + self.marks.len() * 16 + self.findings.len() * size_of::<Finding>();
        self.rows.memory() + self.messages.memory() + self.findings.memory() + several + sessions + beside
    }
}

impl Row {
    /// Where its event belongs and where it stands. A finding is no event, and has none.
    pub fn envelope(&self) -> Option<Envelope> {
        self.told().ok()
    }

    pub fn session(&self) -> u32 {
        self.told().map_or_else(|finding| finding.session, |envelope| envelope.session)
    }

    pub fn from(&self) -> Option<Side> {
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
    pub fn event(&self) -> Option<Event> {
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
    fn new(step: &Handshake) -> Self {
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

    pub fn envelope(&self) -> Envelope {
        let (first, last) = moments(self.packets, self.time);
        let (kind, from, offset) = (EventKind::Handshake, Some(self.from), Some(self.offset));
        Envelope { kind, session: self.session, from, first, last, offset }
    }

    /// The event again, with the bytes that were read again.
    pub fn event(&self, bytes: bytes::Bytes) -> Handshake {
        let (first, last) = moments(self.packets, self.time);
        let StepRow { session, from, step, offset, facts, .. } = *self;
        Handshake { session, from, step, first, last, offset, bytes, facts }
    }
}

impl MessageRow {
    pub fn envelope(&self) -> Envelope {
        let (first, last) = moments(self.packets, self.time);
        let (kind, from, offset) = (EventKind::Message, Some(self.from), Some(self.offset));
        Envelope { kind, session: self.session, from, first, last, offset }
    }

    /// The message's time for a column.
    pub fn time_words(&self) -> String {
        self.head(Vec::new(), &[]).time_words()
    }

    /// The message's head again.
    pub fn head(&self, runs: Vec<Run>, header: &[u8]) -> Head {
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
