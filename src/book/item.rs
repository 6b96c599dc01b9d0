//! What comes into the book, and what of it need not be kept because it can be read again.

use bytes::Bytes;

use super::card::Card;
use super::row::Row;
use crate::proto::amf::Amf;
use crate::proto::flv::{Audio, Video};
use crate::proto::rtmp::secrets::may_hold_secrets;
use crate::proto::rtmp::{Body, Head, HeaderBytes, Message, Part, Run, parts};
use crate::proto::{self, Answer, Event, Incomplete};
use crate::rules::Finding;

/// What the analyzer and the rules say, in order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Nearly all are events.
pub enum Item {
    Event(Event),
    /// A message with a picture that can be decoded alone; its bytes were left out, so that it does not say so itself.
    KeyFrame(Event),
    Finding(Finding),
    /// The message that comes next is a status about a request, which it answers without a transaction id.
    Told(Answer),
    /// What a session's story says by now.
    Card(Box<Card>),
}

impl Item {
    /// Bytes of memory that the book takes for it, about: rows, places of bytes, names to be masked.
    pub(super) fn cost(&self) -> usize {
        const SESSION: usize = 2048;
        let row = size_of::<Row>() + 2 * size_of::<u32>();
        let runs = |head: &Head| if head.runs.len() == 1 { 0 } else { 32 + head.runs.len() * size_of::<Run>() };
        match self {
            Item::KeyFrame(Event::Message(message)) => row + runs(&message.head),
            Item::KeyFrame(_) => row,
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
                    Body::Acknowledgement(_) | Body::WindowAcknowledgementSize(_) => 48,
                    _ => 0,
                };
                row + runs(&message.head) + text + if message.answers.is_some() { 48 } else { 0 }
            }
            Item::Event(Event::Incomplete(event)) => row + size_of::<Incomplete>() + runs(&event.head) + 64,
            Item::Event(event) if event.n().is_some() => row + event.memory(),
            Item::Event(Event::Close(close)) => row + 128 + close.tcp.as_ref().map_or(0, |tcp| tcp.memory()),
            Item::Event(_) => row + 128,
            Item::Told(_) => 48,
            // It takes the place of the one before.
            Item::Card(_) => 0,
            Item::Finding(finding) => row + size_of::<Finding>() + finding.text.len() + 64,
        }
    }
}

/// Whether a message has a picture that can be decoded alone.
pub(super) fn is_key_frame(event: &Event) -> bool {
    let Event::Message(message) = event else { return false };
    let mut is_key = false;
    parts(message, |_, part| is_key |= part.is_frame() && part.is_key());
    is_key
}

/// Everything of an event that only its bytes say is left out: the bytes can be read again. Masks learn from messages that may hold
/// secrets first, so these keep their bytes up to the book.
pub(super) fn strip_media(event: &mut Event) {
    if !matches!(event, Event::Message(message) if may_hold_secrets(message)) {
        strip(event);
    }
}

/// What rows keep of a body: whether it is sound or a picture, and figures of the connection's flow. Of a trace the same.
fn trace(message: &Message) -> Body {
    if let Body::Acknowledgement(_) | Body::WindowAcknowledgementSize(_) = message.body {
        return message.body.clone();
    }
    let mut trace = Body::Opaque;
    parts(message, |_, part| match part {
        _ if !part.is_frame() => {}
        Part::Audio(_) if trace == Body::Opaque => trace = Body::Audio(Audio::default()),
        Part::Audio(_) => {}
        Part::Video(video) => {
            let is_key = matches!(&trace, Body::Video(other) if Part::Video(other).is_key());
            if !is_key {
                trace = Body::Video(Video { frame_type: video.frame_type, ..Video::default() });
            }
        }
    });
    trace
}

pub(super) fn strip(event: &mut Event) {
    match event {
        Event::Message(message) => {
            message.payload = Bytes::new();
            message.head.header = HeaderBytes::default();
            message.problems = Vec::new();
            message.body = trace(message);
        }
        Event::Handshake(step) => step.bytes = Bytes::new(),
        event => event.strip(),
    }
}
