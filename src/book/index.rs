//! Everything that was read, in order: rows of all sessions, numbered from 0, and what leads from one to another.

use std::collections::BTreeMap;

use super::row::{MessageRow, Row, Runs, StepRow};
use super::session::{Counts, Session};
use crate::evidence::Blocks;
use crate::proto::rtmp::Run;
use crate::proto::{Answer, Event};
use crate::rules::{Finding, Severity};
use crate::wire::Time;

/// What of the rows' columns takes most room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widest {
    /// The latest time.
    pub last: Option<Time>,
    pub chunk_stream_id: u32,
    /// Letters of a message's own time.
    pub timestamp: u8,
}

impl Widest {
    fn add(&mut self, row: &Row) {
        self.last = self.last.max(row.envelope().map(|envelope| envelope.last.time));
        let (id, timestamp, is_doubtful) = match row {
            Row::Message(message) => (message.chunk_stream_id, message.timestamp, message.known.2),
            Row::Incomplete(event) => {
                (event.head.chunk_stream_id, event.head.timestamp, event.head.timestamp_inherited)
            }
            _ => return,
        };
        self.chunk_stream_id = self.chunk_stream_id.max(id);
        let letters = timestamp.max(1).ilog10() as u8 + 1 + u8::from(is_doubtful);
        self.timestamp = self.timestamp.max(letters);
    }
}

/// Everything that was read so far.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: Blocks<Row>,
    /// By number, from 1.
    sessions: Vec<Session>,
    /// The row of each message, by its `n`, from 1.
    messages: Blocks<u32>,
    /// The rows of findings.
    findings: Blocks<u32>,
    /// The worst finding about a message, by the message's row.
    marks: BTreeMap<u32, Severity>,
    several: Vec<Box<[Run]>>,
    /// Calls that messages answer, by the answer's row.
    answers: BTreeMap<u32, Answer>,
    pub(super) counts: Counts,
    pub(super) widest: Widest,
}

impl Index {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, row: u32) -> Option<&Row> {
        self.rows.get(row as usize)
    }

    pub(super) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    pub(super) fn session(&self, number: u32) -> Option<&Session> {
        self.sessions.get((number as usize).checked_sub(1)?)
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages.len() as u64
    }

    /// The row of a message.
    pub(super) fn row_of(&self, n: u64) -> Option<u32> {
        self.messages.get(usize::try_from(n).ok()?.checked_sub(1)?).copied()
    }

    /// The rows of all findings, in order.
    pub(super) fn findings(&self) -> &Blocks<u32> {
        &self.findings
    }

    /// The worst finding about the message at a row.
    pub(super) fn mark(&self, row: u32) -> Option<Severity> {
        self.marks.get(&row).copied()
    }

    /// The call that the message at a row answers.
    pub(super) fn answer(&self, row: u32) -> Option<Answer> {
        self.answers.get(&row).copied()
    }

    /// Where a message's chunks lie.
    pub(super) fn runs(&self, message: &MessageRow) -> Vec<Run> {
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
    pub(super) fn add(&mut self, event: Event) {
        let row = match event {
            Event::Session(opened) => {
                let row = Row::Opened(opened.envelope());
                self.sessions.push(Session::new(opened));
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
                let several = self.several.len() as u32;
                let compact = MessageRow::new(&message, several);
                if message.head.runs.len() != 1 {
                    self.several.push(message.head.runs.into());
                }
                Row::Message(compact)
            }
            Event::Flow(flow) => Row::Flow(Box::new(flow)),
            Event::Incomplete(event) => Row::Incomplete(Box::new(event)),
            Event::Gap(event) => Row::Gap(Box::new(event)),
            Event::Undecodable(event) => Row::Undecodable(Box::new(event)),
            Event::Resync(event) => Row::Resync(Box::new(event)),
            Event::Deviation(event) => Row::Deviation(Box::new(event)),
            Event::Close(close) => {
                if let Some(session) = self.session_mut(close.session) {
                    session.close(&close);
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

    pub(super) fn add_finding(&mut self, finding: Finding) {
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
        self.widest.add(&row);
        let number = self.rows.len() as u32;
        if let Some(session) = self.session_mut(row.session()) {
            session.rows.push(number);
        }
        self.rows.push(row);
    }

    fn session_mut(&mut self, number: u32) -> Option<&mut Session> {
        self.sessions.get_mut((number as usize).checked_sub(1)?)
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let several: usize = self.several.iter().map(|runs| runs.len() * size_of::<Run>() + 32).sum();
        let sessions: usize = self.sessions.iter().map(|session| size_of_val(session) + session.rows.memory()).sum();
        let beside = self.answers.len() * 48 + self.marks.len() * 16 + self.findings.len() * size_of::<Finding>();
        self.rows.memory() + self.messages.memory() + self.findings.memory() + several + sessions + beside
    }
}
