//! What every message has, whatever its protocol: an RTMP message, a line or a datagram of FTL.

use bytes::Bytes;

use super::Event;
use super::answer::Answer;
use crate::limits::Limits;
use crate::wire::{Place, Problem, Recorder};

impl Event {
    /// Its number, from 1 over all sessions, in order of completion. None of what is no whole message.
    pub fn n(&self) -> Option<u64> {
        match self {
            Event::Message(message) => Some(message.n),
            Event::Ftl(message) => Some(message.n()),
            _ => None,
        }
    }

    /// Its kind by name, where that has one.
    pub fn type_name(&self) -> Option<&'static str> {
        match self {
            Event::Message(message) => message.head.kind.name(),
            Event::Incomplete(part) => part.head.kind.name(),
            Event::Ftl(message) => Some(message.type_name()),
            _ => None,
        }
    }

    /// Bytes that it has on the wire.
    pub fn size(&self) -> Option<u64> {
        match self {
            Event::Message(message) => Some(u64::from(message.head.size)),
            Event::Incomplete(part) => Some(u64::from(part.head.size)),
            Event::Ftl(message) => Some(message.size()),
            _ => None,
        }
    }

    /// Its bytes, without headers of what carries it.
    pub fn payload(&self) -> Option<&Bytes> {
        match self {
            Event::Message(message) => Some(&message.payload),
            Event::Ftl(message) => Some(message.payload()),
            _ => None,
        }
    }

    /// What of it could not be decoded. Places count from the start of its payload.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Event::Message(message) => &message.problems,
            Event::Ftl(message) => message.problems(),
            _ => &[],
        }
    }

    /// The request that it answers.
    pub fn answers(&self) -> Option<Answer> {
        match self {
            Event::Message(message) => message.answers,
            Event::Ftl(message) => message.answers(),
            _ => None,
        }
    }

    /// Records every field of its payload.
    pub fn record(&self, record: &mut impl Recorder, limits: &Limits) {
        match self {
            Event::Message(message) => message.record(record, limits),
            Event::Ftl(message) => message.record(record),
            _ => {}
        }
    }

    /// Takes out what its bytes say, where these lie in one piece in the capture, so that they can be read again.
    pub fn strip(&mut self) {
        if let Event::Ftl(message) = self {
            message.strip();
        }
    }

    /// Where the bytes lie that were taken out, and how many they are.
    pub fn stripped(&self) -> Option<(Place, usize)> {
        match self {
            Event::Ftl(message) => message.stripped(),
            _ => None,
        }
    }

    /// Puts them back.
    pub fn restore(&mut self, bytes: Bytes) {
        if let Event::Ftl(message) = self {
            message.restore(bytes);
        }
    }

    /// The same as it may be shown, for protocols that know by themselves what is secret. What RTMP's messages hold is known only
    /// with what their session said: see [`Masks`](super::rtmp::secrets::Masks).
    #[must_use]
    pub fn masked(&self) -> Event {
        match self {
            Event::Ftl(message) => Event::Ftl(message.masked()),
            event => event.clone(),
        }
    }

    /// Bytes of memory that it takes, about, for protocols whose messages are kept whole.
    pub fn memory(&self) -> usize {
        match self {
            Event::Ftl(message) => message.memory(),
            _ => size_of::<Event>(),
        }
    }
}
