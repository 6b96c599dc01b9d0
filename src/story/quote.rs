use std::ops::Range;

use bytes::Bytes;

use crate::limits::Limits;
use crate::proto::rtmp::{Head, Message};
use crate::wire::Side;

/// A message with a longer payload is quoted by its beginning alone.
const WHOLE: usize = 4096;
/// … which is so long.
const BEGINNING: usize = 256;

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

/// Bytes of a message that show a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Of its first chunk's header.
    Header(Range<u32>),
    /// Of its payload.
    Payload(Range<u32>),
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
        if self.payload.len() != self.head.length as usize {
            return None;
        }
        let mut message = Message::decode(self.session, self.from, self.head.clone(), self.payload.clone(), limits);
        message.n = self.n;
        Some(message)
    }

    /// The payload as far as it was kept. It is not masked: [`Quote::message`] is for what is shown of a whole one.
    pub fn beginning(&self) -> &[u8] {
        &self.payload
    }
}
