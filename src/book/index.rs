//! Everything that was read, in order: rows of all sessions, numbered from 0, and what leads from one to another.

use std::collections::{BTreeMap, BTreeSet};

use super::card::Card;
use super::frame::Level;
use super::row::{Flags, MessageRow, Row, Runs, StepRow};
use super::session::{Counts, Session};
use crate::evidence::Blocks;
use crate::proto::rtmp::{Body, Run};
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
    /// Letters of an outcome.
    pub outcome: u8,
}

impl Widest {
    fn add(&mut self, row: &Row) {
        self.last = self.last.max(row.envelope().map(|envelope| envelope.last.time));
        let (id, timestamp, is_doubtful) = match row {
            Row::Message(message) => (message.chunk_stream_id, message.timestamp, message.flags.has(Flags::INHERITED)),
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
    /// The worst finding about a message, and its row, by the message's row.
    marks: BTreeMap<u32, (Severity, u32)>,
    /// Findings about a message: the message's row, the finding's.
    about: BTreeSet<(u32, u32)>,
    several: Vec<Box<[Run]>>,
    /// Calls that messages answer, by the answer's row.
    answers: BTreeMap<u32, Answer>,
    /// Requests that statuses are about, by the status's row.
    told: BTreeMap<u32, Answer>,
    /// What the message that comes next answers so.
    coming: Option<Answer>,
    /// The rows of answers of either kind, by the message that they answer.
    answered: BTreeSet<(u64, u32)>,
    /// What messages say of the connection's flow, by row.
    levels: BTreeMap<u32, Level>,
    pub(super) counts: Counts,
    pub(super) holes: u64,
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
        self.marks.get(&row).map(|(severity, _)| *severity)
    }

    /// The row of the worst finding about the message at a row.
    pub(super) fn why(&self, row: u32) -> Option<u32> {
        self.marks.get(&row).map(|(_, finding)| *finding)
    }

    /// The row of the message that answers the call at a row.
    pub(super) fn answered_by(&self, row: u32) -> Option<u32> {
        let n = match self.row(row)? {
            Row::Message(call) => u64::from(call.n),
            Row::Kept(kept) => kept.0.n()?,
            _ => return None,
        };
        self.answered.range((n, 0)..=(n, u32::MAX)).next().map(|(_, row)| *row)
    }

    /// The message that comes next is a status about a request.
    pub(super) fn tell(&mut self, answer: Answer) {
        self.coming = Some(answer);
    }

    /// The message at a row answers a request without saying so.
    fn told(&mut self, row: u32, answer: Option<Answer>) {
        if let Some(answer) = answer {
            self.told.insert(row, answer);
            self.answered.insert((answer.n, row));
        }
    }

    /// The call that the message at a row answers, by its number or by a status.
    pub(super) fn settles(&self, row: u32) -> Option<Answer> {
        self.answers.get(&row).or_else(|| self.told.get(&row)).copied()
    }

    /// The rows of the findings about the message at a row.
    pub(super) fn about(&self, row: u32) -> impl Iterator<Item = u32> {
        self.about.range((row, 0)..=(row, u32::MAX)).map(|(_, finding)| *finding)
    }

    /// The call that the message at a row answers.
    pub(super) fn answer(&self, row: u32) -> Option<Answer> {
        self.answers.get(&row).copied()
    }

    /// What the message at a row says of the connection's flow.
    pub(super) fn level(&self, row: u32) -> Option<Level> {
        self.levels.get(&row).copied()
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

    /// Takes an event, which may have a picture that can be decoded alone. Payloads are not kept.
    pub(super) fn add(&mut self, event: Event, is_key: bool) {
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
                    self.answered.insert((answer.n, row));
                }
                let coming = self.coming.take();
                self.told(row, coming);
                match message.body {
                    Body::Acknowledgement(bytes) => {
                        self.levels.insert(row, Level::Acknowledged(bytes));
                    }
                    Body::WindowAcknowledgementSize(bytes) => {
                        self.levels.insert(row, Level::Window(bytes));
                    }
                    _ => {}
                }
                if let Some(session) = self.session_mut(message.session) {
                    session.messages += 1;
                    session.came(message.head.last.time, u64::from(message.head.size));
                }
                let several = self.several.len() as u32;
                let mut compact = MessageRow::new(&message, several);
                compact.flags = compact.flags.with(Flags::KEY, is_key);
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
                let row = self.rows.len() as u32;
                self.messages.push(row);
                self.told(row, event.answers());
                let size = event.size().unwrap_or_default();
                if let Some(session) = self.session_mut(envelope.session) {
                    session.messages += 1;
                    session.came(envelope.last.time, size);
                }
                Row::Kept(Box::new((event, envelope)))
            }
        };
        self.push(row);
    }

    /// What a session's story says, instead of what it said before.
    pub(super) fn add_card(&mut self, card: Box<Card>) {
        let letters = card.outcome.chars().count().min(usize::from(u8::MAX)) as u8;
        self.widest.outcome = self.widest.outcome.max(letters);
        if let Some(session) = self.session_mut(card.session) {
            session.card = Some(card);
        }
    }

    pub(super) fn add_finding(&mut self, finding: Finding) {
        self.counts.add(&finding);
        let own = self.rows.len() as u32;
        if let Some(session) = self.session_mut(finding.session) {
            session.judge(&finding, own);
        }
        if let Some(row) = finding.message.and_then(|n| self.row_of(n)) {
            let worst = (finding.severity, own);
            let mark = self.marks.entry(row).or_insert(worst);
            if worst.0 > mark.0 {
                *mark = worst;
            }
            self.about.insert((row, own));
            // What the caller goes on without is a note.
            if finding.rule.is_of_silence()
                && finding.judged > Severity::Note
                && let Some(session) = self.session_mut(finding.session)
            {
                session.miss(row);
            }
        }
        self.findings.push(own);
        self.push(Row::Finding(Box::new(finding)));
    }

    fn push(&mut self, row: Row) {
        self.holes += u64::from(matches!(row, Row::Gap(_)));
        self.widest.add(&row);
        let number = self.rows.len() as u32;
        if let Some(session) = self.session_mut(row.session()) {
            session.add(number, &row);
        }
        self.rows.push(row);
    }

    fn session_mut(&mut self, number: u32) -> Option<&mut Session> {
        self.sessions.get_mut((number as usize).checked_sub(1)?)
    }

    /// Bytes of memory that it takes.
    pub(super) fn memory(&self) -> usize {
        let several: usize = self.several.iter().map(|runs| runs.len() * size_of::<Run>() + 32).sum();
        let sessions: usize =
            self.sessions.iter().map(|session| size_of_val(session) + session.rows.memory() + session.beside()).sum();
        let beside = (self.answers.len() + self.told.len() + self.levels.len()) * 48
            + self.answered.len() * 24
            + (self.marks.len() + self.about.len()) * 16
            + self.findings.len() * size_of::<Finding>();
        self.rows.memory() + self.messages.memory() + self.findings.memory() + several + sessions + beside
    }
}
