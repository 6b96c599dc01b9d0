//! What one side sent: messages and bytes by type, what of it is missing, what TCP did.

use std::collections::BTreeMap;

use crate::limits::Limits;
use crate::net::{How, TcpFacts};
use crate::proto::Event;
use crate::proto::rtmp::MessageType;
use crate::wire::Moment;

/// Message types that are told apart.
const TYPES: usize = Limits::DEFAULT.stats_types;

/// What one side sent.
#[derive(Clone, Debug, Default)]
pub struct SideStats {
    pub messages: u64,
    /// Bytes of the messages' payloads.
    pub payload: u64,
    /// Bytes of the messages with their chunk headers.
    pub wire: u64,
    pub chunks: u64,
    /// By message type, as far as they are told apart.
    pub types: BTreeMap<u8, TypeStats>,
    /// When its first and its last message were complete.
    pub first: Option<Moment>,
    pub last: Option<Moment>,
    /// Messages that were begun and not finished.
    pub incomplete: u64,
    /// Holes of the capture, and the bytes missing there.
    pub gaps: u64,
    pub missing: u64,
    /// Where it was not decodable, it may be again later.
    pub lost: bool,
    /// What the close says: all its bytes, those that were not decoded, how it ended, what TCP did.
    pub bytes: u64,
    pub undecoded: u64,
    pub end: Option<(How, Moment)>,
    pub tcp: Option<Box<TcpFacts>>,
}

/// The messages of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeStats {
    pub kind: MessageType,
    pub messages: u64,
    /// Bytes of their payloads.
    pub payload: u64,
}

impl SideStats {
    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::Message(message) => {
                let head = &message.head;
                self.messages += 1;
                self.payload += u64::from(head.length);
                self.wire += u64::from(head.size);
                self.chunks += u64::from(head.chunks);
                self.first.get_or_insert(head.last);
                self.last = Some(head.last);
                if self.types.len() < TYPES || self.types.contains_key(&head.kind.0) {
                    let stats =
                        self.types.entry(head.kind.0).or_insert(TypeStats { kind: head.kind, ..TypeStats::default() });
                    stats.messages += 1;
                    stats.payload += u64::from(head.length);
                }
            }
            Event::Incomplete(_) => self.incomplete += 1,
            Event::Gap(gap) => {
                self.gaps += 1;
                self.missing += gap.bytes;
            }
            Event::Undecodable(_) => self.lost = true,
            Event::Deviation(deviation) => self.lost |= deviation.mistake.loses(),
            Event::Close(close) => {
                self.bytes = close.bytes;
                self.undecoded = close.undecoded;
                self.end = Some((close.how, close.at));
                self.tcp.clone_from(&close.tcp);
            }
            _ => {}
        }
    }

    /// Whether the capture misses nothing so far. What its sender broke off is no miss.
    pub fn is_whole(&self) -> bool {
        self.gaps == 0 && !self.lost
    }

    /// Bits a second of the payloads, from its first message to its last; none where that takes no time.
    pub fn bit_rate(&self) -> Option<f64> {
        let ns = self.last?.time.since(self.first?.time);
        (ns > 0).then(|| self.payload as f64 * 8e9 / ns as f64)
    }

    /// Chunk headers' share of the messages' bytes, from 0 to 1.
    pub fn header_share(&self) -> Option<f64> {
        (self.wire > 0).then(|| self.wire.saturating_sub(self.payload) as f64 / self.wire as f64)
    }
}
