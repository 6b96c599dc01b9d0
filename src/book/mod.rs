//! A capture so that its parts can be looked at again: what happened as rows, the bytes behind each, and what of that may be
//! shown.
//!
//! Here a row's columns, words, fields and bytes are made; a screen asks for them by the row's number and knows no protocol. What is kept of
//! a row is small (`row`, `index`): payloads are read again from the capture. How any of it looks is not decided here.

mod beside;
mod card;
mod detail;
mod entry;
mod explain;
mod frame;
mod index;
mod item;
mod json;
mod judge;
mod loader;
mod media;
mod outcome;
mod place;
mod rate;
mod row;
mod sample;
mod session;
mod step;
mod value;
mod wire;

use bytes::Bytes;

pub use beside::{Both, Likeness};
pub use card::{Card, Fate};
pub use detail::{Detail, Line};
pub use entry::{Entry, Kind};
pub use frame::{Frame, Level};
pub use index::Widest;
pub use item::Item;
pub use judge::{Ask, Judge};
pub use loader::{Batch, Loader, Options, Other, Progress};
pub use media::Media;
pub use outcome::First;
pub use place::Stand;
pub use sample::{Figure, Sample};
pub use session::{Counts, Rank, Session};
pub use step::Step;
pub use wire::{Wire, WirePart};

use crate::evidence::{Blocks, Evidence, Missing};
use crate::limits::Limits;
use crate::proto::rtmp::secrets::{Masks, Shown as Masked, may_be_text, may_hold_secrets};
use crate::proto::rtmp::{Handshake, Message, type_name};
use crate::proto::{Event, Incomplete, describe, describe_behind};
use crate::rules::{Finding, Severity};
use crate::wire::words::count;
use crate::wire::{Sentence, Side, Time};
use index::Index;
use item::strip;
use row::{Flags, MessageRow, Row, StepRow};

/// The capture as far as it was read.
pub struct Book {
    index: Index,
    evidence: Evidence,
    masks: Masks,
    /// The capture's first packet, once there is one.
    start: Option<Time>,
}

/// A row in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowText {
    /// A message's type, a handshake step's name, the kind of another event, a rule.
    pub kind: String,
    pub what: String,
}

/// A message as it may be shown, and the bytes of its first chunk header.
struct Shown {
    message: Masked<'static>,
    header: Vec<u8>,
}

impl Book {
    /// An empty one; the bytes of what it will take are read by way of `evidence`.
    pub fn over(evidence: Evidence, show_secrets: bool) -> Self {
        Book { index: Index::default(), evidence, masks: Masks::new(show_secrets, &Limits::default()), start: None }
    }

    /// Takes what was read. Whether rows that were shown before may have a secret in them that was not known then.
    pub fn take(&mut self, item: Item) -> bool {
        match item {
            Item::Event(Event::Piece(piece)) => self.evidence.add(&piece),
            Item::KeyFrame(mut event) => {
                self.masks.observe(&event);
                strip(&mut event);
                self.index.add(event, true);
            }
            Item::Event(mut event) => {
                let is_command = matches!(&event, Event::Message(message) if may_hold_secrets(message));
                self.masks.observe(&event);
                strip(&mut event);
                self.index.add(event, false);
                return is_command && !self.masks.reveal;
            }
            Item::Told(answer) => self.index.tell(answer),
            Item::Finding(finding) => self.index.add_finding(finding),
            Item::Card(card) => self.index.add_card(card),
        }
        false
    }

    /// Learns when the capture's first packet was captured.
    pub fn begin(&mut self, start: Option<Time>) {
        self.start = self.start.or(start);
    }

    /// How many rows there are. They are numbered from 0, over all sessions, in the order in which things were complete.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All sessions by number, from 1.
    pub fn sessions(&self) -> &[Session] {
        self.index.sessions()
    }

    /// The capture that a session is in, from 0 as they were given; none where its bytes were derived from others.
    pub fn capture_of(&self, session: u32) -> Option<u32> {
        [Side::Client, Side::Server].into_iter().find_map(|side| self.evidence.file_of(session, side))
    }

    pub fn session(&self, number: u32) -> Option<&Session> {
        self.index.session(number)
    }

    /// How many whole messages there are.
    pub fn messages(&self) -> u64 {
        self.index.messages()
    }

    /// How many findings there are.
    pub fn counts(&self) -> &Counts {
        &self.index.counts
    }

    /// How many holes there are.
    pub fn holes(&self) -> u64 {
        self.index.holes
    }

    /// The rows of all findings, in order.
    pub fn findings(&self) -> &Blocks<u32> {
        self.index.findings()
    }

    /// The finding that stands at a row. What it quotes from the wire is not masked: [`Book::text`] says what may be shown.
    pub fn finding(&self, row: u32) -> Option<&Finding> {
        match self.index.row(row) {
            Some(Row::Finding(finding)) => Some(finding),
            _ => None,
        }
    }

    /// The rows of the findings about the message at a row.
    pub fn about(&self, row: u32) -> impl Iterator<Item = u32> {
        self.index.about(row)
    }

    /// What of the rows' columns takes most room, so far.
    pub fn widest(&self) -> Widest {
        self.index.widest
    }

    /// The session of a row.
    pub fn session_of(&self, row: u32) -> Option<u32> {
        self.index.row(row).map(Row::session)
    }

    /// The worst finding about the message at a row.
    pub fn mark(&self, row: u32) -> Option<Severity> {
        self.index.mark(row)
    }

    /// The row of a message.
    pub fn row_of(&self, n: u64) -> Option<u32> {
        self.index.row_of(n)
    }

    /// The row of the worst finding about the message at a row.
    pub fn why(&self, row: u32) -> Option<u32> {
        self.index.why(row)
    }

    /// The row of the message that answers the call at a row.
    pub fn answered_by(&self, row: u32) -> Option<u32> {
        self.index.answered_by(row)
    }

    /// Whether the message at a row has a picture that can be decoded alone.
    pub fn is_key_frame(&self, row: u32) -> bool {
        matches!(self.index.row(row), Some(Row::Message(message)) if message.flags.has(Flags::KEY))
    }

    /// Whether something is missing at a row, or could not be read.
    pub fn is_hole(&self, row: u32) -> bool {
        matches!(self.index.row(row), Some(Row::Gap(_) | Row::Incomplete(_) | Row::Undecodable(_)))
    }

    /// How bad the finding of a row is.
    pub fn severity(&self, row: u32) -> Option<Severity> {
        match self.index.row(row) {
            Some(Row::Finding(finding)) => Some(finding.severity),
            _ => None,
        }
    }

    /// When a row was complete, or certain. A finding has no time.
    pub fn time(&self, row: u32) -> Option<Time> {
        self.index.row(row)?.envelope().map(|envelope| envelope.last.time)
    }

    /// The message that a row refers to: the one that a finding is about, or the call that is answered, by its number or by a status.
    pub fn reference(&self, row: u32) -> Option<u64> {
        match self.index.row(row) {
            Some(Row::Finding(finding)) => finding.message,
            _ => self.index.settles(row).map(|answer| answer.n),
        }
    }

    /// What stands in the columns of a row, without its words.
    pub fn entry(&self, row: u32) -> Option<Entry> {
        self.index.row(row).map(Entry::of)
    }

    /// A row's media, if it is a message of media.
    pub fn media(&self, row: u32) -> Option<Media> {
        self.index.row(row).and_then(Media::of)
    }

    /// The fields of a row, and its bytes.
    pub fn detail(&self, row: u32) -> Detail {
        Detail::load(self, row)
    }

    fn limits(&self) -> &Limits {
        &self.masks.limits
    }

    /// Bytes of memory that index and evidence take.
    pub fn memory(&self) -> (usize, usize) {
        (self.index.memory(), self.evidence.memory())
    }

    /// Reads a message again and decodes it.
    fn message(&self, row: u32, message: &MessageRow) -> Result<Shown, Missing> {
        let (whole, header) = self.unmasked(row, message)?;
        let message = self.masks.message(&whole).into_owned();
        Ok(Shown { message, header })
    }

    /// The same as it is on the wire, and its header.
    fn unmasked(&self, row: u32, message: &MessageRow) -> Result<(Message, Vec<u8>), Missing> {
        let runs = self.index.runs(message);
        let (header, payload, read) = self.evidence.message(message.session, message.from, &runs);
        read?;
        let head = message.head(runs, &header);
        let mut whole = Message::decode(message.session, message.from, head, payload.into(), self.limits());
        whole.n = u64::from(message.n);
        whole.answers = self.index.answer(row);
        Ok((whole, header))
    }

    /// A message that is kept, with its bytes, which are read again where they are not there. As it may be shown.
    fn restored(&self, event: &Event) -> Result<Event, Missing> {
        let whole = self.unmasked_event(event)?;
        Ok(if self.masks.reveal { whole } else { whole.masked() })
    }

    /// The same as it is on the wire.
    fn unmasked_event(&self, event: &Event) -> Result<Event, Missing> {
        let mut whole = event.clone();
        if let Some((place, length)) = event.stripped() {
            let mut bytes = Vec::new();
            self.evidence.read_at(place, length, &mut bytes)?;
            whole.restore(bytes.into());
        }
        Ok(whole)
    }

    /// What came of an incomplete message, up to the first byte that is missing: header and payload, as they may be
    /// shown.
    fn incomplete(&self, event: &Incomplete) -> Result<(Vec<u8>, Vec<u8>), Missing> {
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
    fn step(&self, step: &StepRow) -> Result<Handshake, Missing> {
        let mut bytes = Vec::new();
        self.evidence.read(step.session, step.from, step.offset, step.step.length(), &mut bytes)?;
        Ok(step.event(bytes.into()))
    }

    /// A sentence that quotes the wire, as it may be shown.
    fn masked(&self, session: u32, sentence: &Sentence) -> String {
        crate::wire::escape(&self.masks.sentence(session, sentence))
    }

    /// What an event says that is no message.
    fn describe(&self, event: &Event) -> String {
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
    fn finding_text(&self, finding: &Finding) -> String {
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
