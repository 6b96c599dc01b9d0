//! What is known of a capture, and what of it may be shown: index, evidence and masks together.

use bytes::Bytes;

use super::index::{Index, MessageRow, Row, StepRow};
use crate::evidence::{Evidence, Missing};
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::secrets::{Masks, Shown as Masked, may_be_text, may_hold_secrets};
use crate::proto::rtmp::{Body, Handshake, Head, HeaderBytes, Message, Run, type_name};
use crate::proto::{self, Event, Incomplete, describe, describe_behind};
use crate::rules::Finding;
use crate::wire::Sentence;
use crate::wire::words::count;

/// What the analyzer and the rules say, in order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Nearly all are events.
pub enum Item {
    Event(Event),
    Finding(Finding),
}

impl Item {
    /// Bytes of memory that the book takes for it, about: rows, places of bytes, names to be masked.
    pub(super) fn cost(&self) -> usize {
        const SESSION: usize = 1024;
        let row = size_of::<Row>() + 2 * size_of::<u32>();
        let runs = |head: &Head| if head.runs.len() == 1 { 0 } else { 32 + head.runs.len() * size_of::<Run>() };
        match self {
            // What was derived goes to a file, but waits in memory for it.
            Item::Event(Event::Piece(piece)) => match &piece.source {
                proto::Source::Captured(_) => 16,
                proto::Source::Derived(bytes) => 16 + bytes.len(),
            },
            Item::Event(Event::Session(opened)) => SESSION + opened.proxied.as_ref().map_or(0, String::len),
            Item::Event(Event::Message(message)) => {
                let text = match &message.body {
                    // A name, its path and the values of its query are words of their own.
                    Body::Command(command) => {
                        command.arguments.first().and_then(Amf::text).map_or(0, |text| 2 * text.len())
                    }
                    _ => 0,
                };
                row + runs(&message.head) + text + if message.answers.is_some() { 48 } else { 0 }
            }
            Item::Event(Event::Incomplete(event)) => row + size_of::<Incomplete>() + runs(&event.head) + 64,
            Item::Event(event) if event.n().is_some() => row + event.memory(),
            Item::Event(_) => row + 128,
            Item::Finding(finding) => row + size_of::<Finding>() + finding.text.len() + 64,
        }
    }
}

/// The capture as far as it was read.
pub struct Book {
    pub index: Index,
    evidence: Evidence,
    masks: Masks,
}

/// A row in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText {
    /// A message's type, a handshake step's name, the kind of another event, a rule.
    pub kind: String,
    pub what: String,
}

/// A message as it may be shown, and the bytes of its first chunk header.
pub struct Shown {
    pub message: Masked<'static>,
    pub header: Vec<u8>,
}

impl Book {
    /// An empty one; the bytes of what it will take are read by way of `evidence`.
    pub fn over(evidence: Evidence, show_secrets: bool) -> Self {
        Book { index: Index::default(), evidence, masks: Masks::new(show_secrets, &Limits::default()) }
    }

    /// Takes what was read. Whether rows that were shown before may have a secret in them that was not known then.
    pub fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Event(Event::Piece(piece)) => self.evidence.add(&piece),
            Item::Event(mut event) => {
                let is_command = matches!(&event, Event::Message(message) if may_hold_secrets(message));
                self.masks.observe(&event);
                strip(&mut event);
                self.index.add(event);
                return is_command && !self.masks.reveal;
            }
            Item::Finding(finding) => self.index.add_finding(finding),
        }
        false
    }

    pub fn limits(&self) -> &Limits {
        &self.masks.limits
    }

    /// Bytes of memory that index and evidence take.
    pub fn memory(&self) -> (usize, usize) {
        (self.index.memory(), self.evidence.memory())
    }

    /// Reads a message again and decodes it.
    pub fn message(&self, row: u32, message: &MessageRow) -> Result<Shown, Missing> {
        let runs = self.index.runs(message);
        let (header, payload, read) = self.evidence.message(message.session, message.from, &runs);
        read?;
        let head = message.head(runs, &header);
        let mut whole = Message::decode(message.session, message.from, head, payload.into(), self.limits());
        whole.n = u64::from(message.n);
        whole.answers = self.index.answer(row);
        let message = self.masks.message(&whole).into_owned();
        Ok(Shown { message, header })
    }

    /// A message that is kept, with its bytes, which are read again where they are not there. As it may be shown.
    pub fn restored(&self, event: &Event) -> Result<Event, Missing> {
        let mut whole = event.clone();
        if let Some((place, length)) = event.stripped() {
            let mut bytes = Vec::new();
            self.evidence.read_at(place, length, &mut bytes)?;
            whole.restore(bytes.into());
        }
        Ok(if self.masks.reveal { whole } else { whole.masked() })
    }

    /// What came of an incomplete message, up to the first byte that is missing: header and payload, as they may be
    /// shown.
    pub fn incomplete(&self, event: &Incomplete) -> Result<(Vec<u8>, Vec<u8>), Missing> {
        let (header, mut payload, read) = self.evidence.message(event.session, event.from, &event.head.runs);
        if header.is_empty() {
            read?;
        }
        // Half a command cannot be decoded well enough to tell what in it is secret.
        if may_be_text(event.head.kind) && !self.masks.reveal {
            payload.fill(b'*');
        }
        Ok((header, payload))
    }

    /// Reads a step of the handshake again.
    pub fn step(&self, step: &StepRow) -> Result<Handshake, Missing> {
        let mut bytes = Vec::new();
        self.evidence.read(step.session, step.from, step.offset, step.step.length(), &mut bytes)?;
        Ok(step.event(bytes.into()))
    }

    /// A sentence that quotes the wire, as it may be shown.
    pub fn masked(&self, session: u32, sentence: &Sentence) -> String {
        crate::wire::escape(&self.masks.sentence(session, sentence))
    }

    /// What an event says that is no message.
    pub fn describe(&self, event: &Event) -> String {
        describe_behind(&self.masks, event)
    }

    /// A row in words.
    pub fn text(&self, row: u32) -> RowText {
        let Some(entry) = self.index.row(row) else { return RowText::default() };
        let (kind, what) = match entry {
            Row::Opened(envelope) => {
                let session = envelope.session;
                let opened = self.index.session(session).map(|session| Event::Session(session.opened.clone()));
                (format!("session {session}"), opened.as_ref().map_or_else(String::new, describe))
            }
            Row::Handshake(step) => {
                let name = step.step.name(step.from).to_owned();
                (name, describe(&Event::Handshake(step.event(Bytes::new()))))
            }
            Row::Message(message) => {
                let what = match self.message(row, message) {
                    Ok(shown) => shown.message.describe(),
                    Err(missing) => format!("{}; {missing}", count(u64::from(message.length), "byte")),
                };
                (type_name(message.kind), what)
            }
            Row::Kept(kept) => {
                let event = &kept.0;
                let what = match self.restored(event) {
                    Ok(shown) => self.describe(&shown),
                    Err(missing) => format!("{}; {missing}", count(event.size().unwrap_or_default(), "byte")),
                };
                let kind = event.type_name().unwrap_or_else(|| kept.1.kind.name());
                (kind.to_owned(), what)
            }
            Row::Finding(finding) => (
                format!("{}[{}]", finding.severity.name(), finding.rule.code),
                format!("{}: {}", finding.rule.name, self.finding_text(finding)),
            ),
            Row::Incomplete(_)
            | Row::Flow(_)
            | Row::Gap(_)
            | Row::Resync(_)
            | Row::Undecodable(_)
            | Row::Deviation(_)
            | Row::Close(_) => {
                let kind = match entry {
                    Row::Incomplete(event) => type_name(event.head.kind),
                    _ => entry.envelope().map_or_else(String::new, |envelope| envelope.kind.name().to_owned()),
                };
                (kind, entry.event().as_ref().map_or_else(String::new, |event| self.describe(event)))
            }
        };
        RowText { kind, what }
    }

    /// What a finding says, and what is to be known beside.
    pub fn finding_text(&self, finding: &Finding) -> String {
        let mut text = self.masked(finding.session, &finding.text);
        if finding.count > 1 {
            text += &format!(" ({} times; this is the last)", finding.count);
        }
        if let Some(doubt) = finding.doubt() {
            text += &format!(" (uncertain: {doubt})");
        }
        text
    }
}

/// Everything of an event that only its bytes say is left out: the bytes can be read again. Masks learn from messages that may hold
/// secrets first, so these keep their bytes up to the book.
pub(super) fn strip_media(event: &mut Event) {
    if !matches!(event, Event::Message(message) if may_hold_secrets(message)) {
        strip(event);
    }
}

fn strip(event: &mut Event) {
    match event {
        Event::Message(message) => {
            message.payload = Bytes::new();
            message.head.header = HeaderBytes::default();
            message.problems = Vec::new();
            message.body = Body::Opaque;
        }
        Event::Handshake(step) => step.bytes = Bytes::new(),
        event => event.strip(),
    }
}
