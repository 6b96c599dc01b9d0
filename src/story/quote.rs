//! A message that is kept to be shown with a finding, and the bytes in it that show the fault.

use std::ops::Range;

use bytes::Bytes;

use crate::limits::Limits;
use crate::proto::rtmp::{Head, Message};
use crate::proto::{Event, ftl};
use crate::wire::{Side, Word};

/// A message with a longer payload is quoted by its beginning alone.
const WHOLE: usize = Limits::DEFAULT.quoted_bytes;
/// … which is so long.
const BEGINNING: usize = Limits::DEFAULT.quoted_beginning;

/// A message that a finding is about, kept to be shown with it.
#[derive(Clone, Debug)]
pub struct Quote {
    session: u32,
    pub n: u64,
    pub from: Side,
    pub head: Head,
    /// All of the payload, or its beginning.
    payload: Bytes,
}

/// What a finding is about, to be shown with it.
#[derive(Clone, Debug)]
pub enum Subject {
    Rtmp(Quote),
    /// A line or a datagram, without the frames that were complete with it.
    Ftl(Box<ftl::Message>),
}

impl Subject {
    /// The message that an event is, where it is one that can be quoted.
    pub fn of(event: &Event) -> Option<Subject> {
        match event {
            Event::Message(message) => Some(Subject::Rtmp(Quote::of(message))),
            Event::Ftl(message) => {
                let length = message.payload().len();
                (1..=WHOLE).contains(&length).then(|| Subject::Ftl(Box::new(message.without_frames())))
            }
            _ => None,
        }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn cost(&self) -> usize {
        match self {
            Subject::Rtmp(quote) => quote.cost(),
            Subject::Ftl(message) => message.memory(),
        }
    }

    /// The bytes that a mark of it marks. They are not masked.
    pub fn marked(&self, mark: &Mark) -> Option<Marked<'_>> {
        match self {
            Subject::Rtmp(quote) => mark.of(quote.head.header.as_slice(), quote.whole()?),
            Subject::Ftl(message) => mark.of(&[], message.payload()),
        }
    }
}

/// Bytes of a message that show a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Of its first chunk's header.
    Header(Range<u32>),
    /// Of its payload.
    Payload(Range<u32>),
}

/// Marked bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked<'m> {
    /// Which part of the message they are of: one of [`Mark::PARTS`].
    pub part: &'static str,
    /// From where to where they stand in that part.
    pub at: Range<u32>,
    pub bytes: &'m [u8],
}

impl Mark {
    /// The names of the parts.
    pub const PARTS: &'static [Word] = &Word::list([Mark::HEADER, Mark::PAYLOAD]);
    const HEADER: &'static str = "header";
    const PAYLOAD: &'static str = "payload";

    /// What it marks of a message that has this header and payload.
    pub fn of<'m>(&self, header: &'m [u8], payload: &'m [u8]) -> Option<Marked<'m>> {
        let (part, bytes, range) = match self {
            Mark::Header(range) => (Mark::HEADER, header, range),
            Mark::Payload(range) => (Mark::PAYLOAD, payload, range),
        };
        let bytes = bytes.get(range.start as usize..(range.end as usize).min(bytes.len()))?;
        Some(Marked { part, at: range.start..range.start + bytes.len() as u32, bytes })
    }
}

impl Quote {
    pub fn of(message: &Message) -> Quote {
        let payload = &message.payload;
        Quote {
            session: message.session,
            n: message.n,
            from: message.from,
            // Where its chunks lie is of no use to a reader.
            head: Head { runs: Vec::new(), ..message.head.clone() },
            payload: if payload.len() <= WHOLE {
                payload.clone()
            } else {
                Bytes::copy_from_slice(&payload[..BEGINNING])
            },
        }
    }

    /// Bytes of memory that the quote of a message takes.
    pub(crate) fn cost_of(message: &Message) -> usize {
        let length = message.payload.len();
        size_of::<Quote>() + if length <= WHOLE { length } else { BEGINNING }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Quote>() + self.payload.len()
    }

    /// The message once more, to be masked and shown; none where its beginning alone was kept.
    pub fn message(&self, limits: &Limits) -> Option<Message> {
        self.whole()?;
        let mut message = Message::decode(self.session, self.from, self.head.clone(), self.payload.clone(), limits);
        message.n = self.n;
        Some(message)
    }

    /// The payload, where all of it was kept. It is not masked.
    pub fn whole(&self) -> Option<&[u8]> {
        (self.payload.len() == self.head.length as usize).then_some(&self.payload)
    }

    /// The payload as far as it was kept. It is not masked: [`Quote::message`] is for what is shown of a whole one.
    pub fn beginning(&self) -> &[u8] {
        &self.payload
    }
}
