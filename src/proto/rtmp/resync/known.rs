//! What is known of a direction when its next chunk is looked for.
//!
//! The chunk layer fills it in; each chain works on a copy. What any of it is worth is not decided here.

use std::cell::Cell;

use crate::proto::rtmp::MessageType;

/// What one header costs, and what scanning eight bytes does.
pub(super) const HEADER_COST: u64 = 4;
/// Credit that each byte brings with it.
pub(crate) const CREDIT: u64 = 32;
/// Credit at the start of a search, before it has many bytes.
pub(crate) const FIRST_CREDIT: u64 = 1 << 20;

/// What is known of a direction.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) streams: Vec<Past>,
    pub(crate) message_streams: Vec<u32>,
    pub(crate) size: ChunkSize,
    pub(crate) signs: Signs,
    /// What follows the bytes.
    pub(crate) then: Then,
    /// How much looking is still allowed: headers read and bytes scanned. Bytes may be made so that every place of them
    /// looks like a beginning; the work that each byte may cost is bounded by what its sender pays for sending it.
    pub(crate) credit: Cell<u64>,
}

impl Known {
    /// Nothing: the capture began in the middle.
    pub(crate) fn nothing() -> Known {
        Known {
            streams: Vec::new(),
            message_streams: Vec::new(),
            size: ChunkSize::UNKNOWN,
            signs: Signs::default(),
            then: Then::More,
            credit: Cell::new(FIRST_CREDIT),
        }
    }

    /// Whether there is credit for that much work.
    pub(crate) fn spend(&self, work: u64) -> bool {
        let left = self.credit.get().saturating_sub(work);
        self.credit.set(left);
        left > 0
    }
}

/// A chunk stream as it was last seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Past {
    pub(crate) id: u32,
    pub(crate) length: u32,
    pub(crate) kind: MessageType,
    /// Whether that still holds: nothing was missed since.
    pub(crate) fresh: bool,
    /// Payload bytes to come of the message under way, when it is fresh.
    pub(crate) left: u32,
    pub(crate) extended: Option<u32>,
}

impl Past {
    /// Whether its message has more to come for certain.
    pub(super) fn is_under_way(&self) -> bool {
        self.fresh && self.left > 0
    }
}

/// The most payload bytes of a chunk, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkSize {
    Known(u32),
    /// Messages up to `least` bytes came in one chunk. `likely` was the size before a hole, in which it may have changed.
    AtLeast {
        least: u32,
        likely: Option<u32>,
    },
}

impl ChunkSize {
    /// Nothing was seen yet.
    pub(crate) const UNKNOWN: ChunkSize = ChunkSize::AtLeast { least: 0, likely: None };

    /// After a hole.
    pub(crate) fn doubted(self) -> ChunkSize {
        match self {
            ChunkSize::Known(size) => ChunkSize::AtLeast { least: 0, likely: Some(size) },
            ChunkSize::AtLeast { likely, .. } => ChunkSize::AtLeast { least: 0, likely },
        }
    }
}

/// What follows the bytes that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    More,
    /// Nothing that could be joined to them: a hole, or no room.
    Cut,
    /// The stream's end.
    End,
}

/// What the messages of a direction have in common, by which later ones are told from chance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Signs {
    /// The last media message's time, in ms.
    pub(crate) clock: Option<u32>,
    /// The first bytes of audio messages.
    pub(super) audio: Seen,
    /// The codecs of video messages, by [`video_codec`].
    pub(super) video: Seen,
    /// The last Acknowledgement's sequence number.
    pub(super) acknowledged: Option<u32>,
}

impl Signs {
    /// Takes a whole message's payload into account.
    pub(crate) fn remember(&mut self, kind: MessageType, payload: &[u8]) {
        match (kind, payload) {
            (MessageType::AUDIO, [first, ..]) => self.audio.add(*first),
            (MessageType::VIDEO, [first, ..]) => self.video.add(video_codec(*first)),
            (MessageType::ACKNOWLEDGEMENT, [a, b, c, d]) => {
                self.acknowledged = Some(u32::from_be_bytes([*a, *b, *c, *d]));
            }
            _ => {}
        }
    }
}

/// What tells one video codec from another by a message's first byte: the legacy id, or one for all that have a FourCC.
pub(super) fn video_codec(first: u8) -> u8 {
    if first & 0x80 == 0 { first & 15 } else { 0xff }
}

/// The few values that a byte has had: a direction has one codec, or a few where it has several tracks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen([Option<u8>; 4]);

impl Seen {
    pub(super) fn add(&mut self, byte: u8) {
        if !self.has(byte)
            && let Some(room) = self.0.iter_mut().find(|room| room.is_none())
        {
            *room = Some(byte);
        }
    }

    pub(super) fn has(self, byte: u8) -> bool {
        self.0.contains(&Some(byte))
    }

    /// Whether a value was seen, but none that is like this one.
    pub(super) fn excludes(self, like: impl Fn(u8) -> bool) -> bool {
        self.0[0].is_some() && !self.0.iter().flatten().any(|byte| like(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_seen() {
        let mut seen = Seen::default();
        assert!(!seen.excludes(|_| false), "nothing was seen that could exclude");
        for byte in [1, 1, 2, 2, 3, 4, 5] {
            seen.add(byte);
        }
        assert_eq!((1..=5).map(|byte| seen.has(byte)).collect::<Vec<_>>(), [true, true, true, true, false]);
        assert!(seen.excludes(|byte| byte == 5) && !seen.excludes(|byte| byte == 4));
    }

    #[test]
    fn size_is_doubted_after_a_hole_and_stays_likely() {
        let doubted = ChunkSize::AtLeast { least: 0, likely: Some(4096) };
        assert_eq!(ChunkSize::Known(4096).doubted(), doubted);
        assert_eq!(ChunkSize::AtLeast { least: 70, likely: Some(4096) }.doubted(), doubted);
        assert_eq!(ChunkSize::UNKNOWN.doubted(), ChunkSize::UNKNOWN);
    }

    #[test]
    fn signs_are_those_of_whole_messages() {
        let mut signs = Signs::default();
        signs.remember(MessageType::AUDIO, &[]);
        signs.remember(MessageType::ACKNOWLEDGEMENT, &[0, 0, 1]);
        assert!(!signs.audio.has(0) && signs.acknowledged.is_none());
        signs.remember(MessageType::AUDIO, &[0xaf, 1]);
        signs.remember(MessageType::VIDEO, &[0x27, 1]);
        signs.remember(MessageType::VIDEO, &[0x91, b'h']);
        signs.remember(MessageType::ACKNOWLEDGEMENT, &[0, 0, 1, 0]);
        assert!(signs.audio.has(0xaf) && signs.video.has(7) && signs.video.has(0xff));
        assert_eq!(signs.acknowledged, Some(256));
    }

    #[test]
    fn credit_is_spent_once() {
        let known = Known::nothing();
        known.credit.set(5);
        assert!(known.spend(4));
        assert!(!known.spend(1) && !known.spend(1));
    }
}
