//! What comes into the book, and what of it need not be kept because it can be read again.

use bytes::Bytes;

use super::row::Row;
use crate::proto::amf::Amf;
use crate::proto::rtmp::secrets::may_hold_secrets;
use crate::proto::rtmp::{Body, Head, HeaderBytes, Run};
use crate::proto::{self, Event, Incomplete};
use crate::rules::Finding;

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

/// Everything of an event that only its bytes say is left out: the bytes can be read again. Masks learn from messages that may hold
/// secrets first, so these keep their bytes up to the book.
pub(super) fn strip_media(event: &mut Event) {
    if !matches!(event, Event::Message(message) if may_hold_secrets(message)) {
        strip(event);
    }
}

pub(super) fn strip(event: &mut Event) {
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
