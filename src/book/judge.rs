//! A row as a filter is asked of it: the event again, with what the rules found at it.
//!
//! The event is as it is on the wire, not masked: a filter may look for a stream's key, and what is shown is masked all the same. Its bytes
//! are read again only where the filter cannot do without them.

use bytes::Bytes;

use super::Book;
use super::row::{MessageRow, Row};
use crate::proto::Event;
use crate::proto::rtmp::command::COMMAND_NAME;
use crate::proto::rtmp::{Body, Message};
use crate::registry::{self, Sessions, Subject, native};
use crate::rules::Finding;
use crate::wire::Field;

/// Who decides whether an event is wanted.
pub trait Ask {
    /// Of an event whose bytes were left out; none where they are needed.
    fn decide(&mut self, subject: &Subject<'_>) -> Option<bool>;

    /// Of a whole event.
    fn matches(&mut self, subject: &Subject<'_>) -> bool;
}

/// Asks about rows, in their order.
#[derive(Debug, Default)]
pub struct Judge {
    sessions: Sessions,
    /// The row of the last event, and whether it was wanted.
    last: Option<(u32, bool)>,
}

impl Judge {
    /// Whether a row is wanted. A finding is if its event is, and would be with this finding alone.
    pub fn wants(&mut self, book: &Book, row: u32, ask: &mut impl Ask) -> bool {
        let Some(Row::Finding(finding)) = book.index.row(row) else {
            let findings = book.findings_at(row);
            let wants = self.event(book, row, &findings, ask);
            self.last = Some((row, wants));
            return wants;
        };
        let Some(of) = book.event_of(row) else { return false };
        let is_wanted = match self.last {
            Some((last, wants)) if last == of => wants,
            _ => self.event(book, of, &book.findings_at(of), ask),
        };
        self.last = Some((of, is_wanted));
        is_wanted && self.event(book, of, std::slice::from_ref(finding), ask)
    }

    fn event(&mut self, book: &Book, row: u32, findings: &[Finding], ask: &mut impl Ask) -> bool {
        let Some(event) = book.bare(row) else { return false };
        self.sessions.observe(&event);
        let start = book.start.unwrap_or_default();
        let session = self.sessions.get(event.session());
        let decided = ask.decide(&Subject { event: &event, findings, session, start });
        decided.unwrap_or_else(|| {
            let event = book.whole(row).unwrap_or(event);
            ask.matches(&Subject { event: &event, findings, session, start })
        })
    }
}

impl Book {
    /// How a filter may ask for rows of the same kind, the best first.
    pub fn ways(&self, row: u32) -> Vec<String> {
        let Some(kept) = self.index.row(row) else { return Vec::new() };
        let way = |field: &'static Field, value: &str| format!("{} == {value:?}", registry::written(field));
        let Some(event) = self.bare(row) else {
            let Row::Finding(finding) = kept else { return Vec::new() };
            return vec![way(&native::CODE, finding.rule.code)];
        };
        let kind = event.envelope().map(|envelope| way(&native::EVENT, envelope.kind.name()));
        // Of a command its name says more than its type.
        let own = match self.whole(row) {
            Some(Event::Message(Message { body: Body::Command(command), .. })) => {
                Some(way(&COMMAND_NAME, &command.name))
            }
            _ => None,
        };
        let of_type = event.type_name().map(|name| way(&native::TYPE_NAME, name));
        own.into_iter().chain(of_type).chain(kind).collect()
    }

    /// The row of the event at which the finding of a row was made.
    fn event_of(&self, finding: u32) -> Option<u32> {
        (0..finding).rev().find(|row| !matches!(self.index.row(*row), Some(Row::Finding(_))))
    }

    /// What the rules found at the event of a row. It stands below.
    fn findings_at(&self, row: u32) -> Vec<Finding> {
        let below = (row + 1..).map_while(|below| match self.index.row(below) {
            Some(Row::Finding(finding)) => Some((**finding).clone()),
            _ => None,
        });
        below.collect()
    }

    /// A row's event without its bytes. A finding is none.
    fn bare(&self, row: u32) -> Option<Event> {
        Some(match self.index.row(row)? {
            Row::Opened(envelope) => Event::Session(self.session(envelope.session)?.opened.clone()),
            Row::Handshake(step) => Event::Handshake(step.event(Bytes::new())),
            Row::Message(message) => Event::Message(self.bare_message(row, message)),
            Row::Kept(kept) => kept.0.clone(),
            other => other.event()?,
        })
    }

    fn bare_message(&self, row: u32, message: &MessageRow) -> Message {
        Message {
            n: u64::from(message.n),
            session: message.session,
            from: message.from,
            head: message.head(self.index.runs(message), &[]),
            payload: Bytes::new(),
            body: Body::Opaque,
            problems: Vec::new(),
            answers: self.index.answer(row),
            limit: None,
        }
    }

    /// A row's event with its bytes, where these can be read.
    fn whole(&self, row: u32) -> Option<Event> {
        match self.index.row(row)? {
            Row::Handshake(step) => self.step(step).ok().map(Event::Handshake),
            Row::Message(message) => self.unmasked(row, message).ok().map(|(message, _)| Event::Message(message)),
            Row::Kept(kept) => self.unmasked_event(&kept.0).ok(),
            _ => None,
        }
    }
}
