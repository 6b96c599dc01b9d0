//! Chains through a message of which it is not known how much of it lies in a chunk.
//!
//! Each chunk size that may be is tried in a copy of the chain, the most likely first. A size is confirmed by a header
//! behind the message's end, or by several inside it, just where it puts them.

use super::chain::{ALONE, Chain, Guess};
use super::{ChunkSize, Past, RECOGNITION, Verdict};

/// How often a chain may be in doubt about the chunk size.
const DOUBTS: u32 = 5;
/// Headers inside one message that prove its chunk size.
const INSIDE: u32 = 5;
/// Bits that a message's header has before its bytes are searched for a chunk size.
const LIKELY: i32 = 24;
/// The largest chunk size that is searched for: a little above the largest common one.
const LARGEST: usize = 70_000;
/// Chunk sizes that are tried for one message.
const SIZES: usize = 64;
/// Bits that it costs to have chosen among several.
const CHOICE: i32 = 8;

/// A message of doubtful chunk size.
#[derive(Clone, Copy)]
pub(super) struct Open {
    place: usize,
    /// Headers that stood inside it where they should.
    inside: u32,
}

impl Chain<'_> {
    /// Whether a message of doubtful chunk size ends here.
    pub(super) fn is_behind_open(&self) -> bool {
        self.open.is_some_and(|open| self.streams[open.place].left == 0)
    }

    /// Takes into account that a header of this chunk stream stands where the doubtful chunk size puts it.
    pub(super) fn confirm(&mut self, place: usize, is_behind: bool) {
        if let Some(open) = &mut self.open {
            open.inside += u32::from(open.place == place);
            if is_behind || open.inside >= INSIDE {
                self.open = None;
            }
        }
    }

    /// A message is longer than any that is known to fit into a chunk: follows it with the size of before, in one chunk,
    /// and, for the first such message of the chain, with each size that its bytes allow.
    pub(super) fn doubt(&self, place: usize, data: usize, least: u32, likely: Option<u32>) -> Verdict {
        // Two guesses at once, of a length and of a size, fit too easily, unless what follows proves both.
        let is_followed = self.guess.is_some_and(|guess| guess.place == place && guess.end.is_none());
        if self.doubts == DOUBTS || (self.guessed && !is_followed && !self.is_settled()) {
            return Verdict::Rejected;
        }
        // Whether this is RTMP does not hang on a chunk size.
        if self.proof >= RECOGNITION && self.bits >= self.proof + ALONE {
            return Verdict::Proven(self.size);
        }
        self.in_likely_chunks(place, data, likely)
            .or(|| self.in_one_chunk(place, data, likely))
            .or(|| self.in_chunks_of_any_size(place, data, least))
    }

    fn in_likely_chunks(&self, place: usize, data: usize, likely: Option<u32>) -> Verdict {
        match likely {
            Some(size) if self.streams[place].left > size => self.follow(place, data, size, ChunkSize::Known(size), 0),
            _ => Verdict::Rejected,
        }
    }

    fn in_one_chunk(&self, place: usize, data: usize, likely: Option<u32>) -> Verdict {
        let Past { id, left, .. } = self.streams[place];
        // Where the length is guessed as well, a shorter message in chunks ends there too: one byte less for each header
        // inside it.
        if self.guessed {
            let payload = self.payload(place, data);
            if id >= 64 || !self.known.spend(payload.len() as u64 / 8) || payload.contains(&mark(id)) {
                return Verdict::Rejected;
            }
        }
        self.follow(place, data, left, ChunkSize::AtLeast { least: left, likely }, 0)
    }

    /// The header of the next chunk of this message is one byte: its place gives the size away.
    fn in_chunks_of_any_size(&self, place: usize, data: usize, least: u32) -> Verdict {
        let Past { id, left, .. } = self.streams[place];
        if self.doubts > 0 || id >= 64 || self.bits < LIKELY || self.guessed {
            return Verdict::Rejected;
        }
        let payload = self.payload(place, data);
        let (from, until) = (least.max(1) as usize, payload.len().min(LARGEST));
        self.known.spend(until.saturating_sub(from) as u64 / 8);
        let mut found = Verdict::Rejected;
        let mut waits = false;
        let marks = memchr::memchr_iter(mark(id), payload.get(from..until).unwrap_or_default());
        for size in marks.map(|at| (from + at) as u32).take(SIZES) {
            match self.follow(place, data, size, ChunkSize::Known(size), CHOICE) {
                // Many chunks of a small size look like fewer of a larger one as well, but never the other way round.
                proven @ Verdict::Proven(_) if left / size > INSIDE => return proven,
                // Two sizes that both fit prove neither.
                Verdict::Proven(_) if found != Verdict::Rejected => return Verdict::Rejected,
                proven @ Verdict::Proven(_) => found = proven,
                Verdict::Wait => waits = true,
                Verdict::Rejected => {}
            }
        }
        if waits { Verdict::Wait } else { found }
    }

    /// Goes on, in a copy, behind a first chunk of `take` bytes, with this size for the next ones.
    fn follow(&self, place: usize, data: usize, take: u32, size: ChunkSize, cost: i32) -> Verdict {
        self.known.spend(1 + self.streams.len() as u64 / 4);
        let mut chain = self.clone();
        chain.doubts += 1;
        chain.open = Some(Open { place, inside: 0 });
        if chain.guessed {
            chain.guess = Some(Guess { place, end: None });
        }
        chain.size = size;
        chain.bits -= cost;
        chain.take(place, data, take);
        chain.walk()
    }

    /// The bytes that would be the message's payload if it lay in one chunk, as far as they are there.
    fn payload(&self, place: usize, data: usize) -> &[u8] {
        let rest = &self.bytes[data..];
        &rest[..rest.len().min(self.streams[place].left as usize)]
    }
}

/// The header, of type 3, of the next chunk on a chunk stream below 64.
fn mark(chunk_stream_id: u32) -> u8 {
    0xc0 | chunk_stream_id as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rtmp::resync::{Known, Then, seek};
    use crate::synth::{ChunkWriter, Message};

    /// Messages in chunks of 200 bytes; what is written at another size says none of it.
    fn chunks(lengths: &[usize]) -> Vec<u8> {
        let mut chunks = ChunkWriter::default();
        chunks.chunk_size = 200;
        for (time, length) in (0..).zip(lengths) {
            let mut payload = vec![0x11; *length];
            payload[..6].copy_from_slice(&[0x27, 1, 0, 0, 0, 0]);
            chunks.message(&Message::new(6, 9, 1, 40 * time, payload));
        }
        chunks.take()
    }

    fn sought(bytes: &[u8], size: ChunkSize, then: Then) -> Option<(usize, Verdict)> {
        seek(bytes, 0, &Known { size, then, ..Known::nothing() })
    }

    const PROVEN: Option<(usize, Verdict)> = Some((0, Verdict::Proven(ChunkSize::Known(200))));

    #[test]
    fn headers_inside_a_message_give_the_size_away() {
        assert_eq!(sought(&chunks(&[900, 50, 50]), ChunkSize::UNKNOWN, Then::Cut), PROVEN);
        // Also without its end, where there are many.
        let long = chunks(&[1900]);
        assert_eq!(sought(&long[..1500], ChunkSize::UNKNOWN, Then::Cut), PROVEN);
        assert_eq!(sought(&long[..700], ChunkSize::UNKNOWN, Then::Cut), None);
    }

    #[test]
    fn size_of_before_is_believed_again_when_it_fits() {
        let likely = |size| ChunkSize::Known(size).doubted();
        let bytes = chunks(&[300, 50, 50]);
        assert_eq!(sought(&bytes, likely(200), Then::Cut), PROVEN);
        // Another one is found where the old one leads nowhere.
        assert_eq!(sought(&bytes, likely(128), Then::Cut), PROVEN);
    }

    #[test]
    fn message_in_one_chunk_says_how_large_that_may_be() {
        let verdict = Verdict::Proven(ChunkSize::AtLeast { least: 150, likely: None });
        assert_eq!(sought(&chunks(&[150, 50, 50]), ChunkSize::UNKNOWN, Then::Cut), Some((0, verdict)));
    }

    #[test]
    fn two_sizes_that_both_fit_prove_neither_by_themselves() {
        // Of 200 and 201 bytes: behind either lies a header's byte, and the next message behind both.
        let mut bytes = chunks(&[300, 50, 50]);
        assert_eq!(bytes[12 + 200], mark(6));
        bytes[12 + 201] = mark(6);
        let next = Verdict::Proven(ChunkSize::AtLeast { least: 50, likely: None });
        assert_eq!(sought(&bytes, ChunkSize::UNKNOWN, Then::Cut), Some((12 + 300 + 1, next)));
        // That one of them is the size from before a hole does.
        assert_eq!(sought(&bytes, ChunkSize::Known(200).doubted(), Then::Cut), PROVEN);
    }

    #[test]
    fn more_bytes_may_tell() {
        let bytes = chunks(&[900, 50, 50]);
        assert_eq!(sought(&bytes[..500], ChunkSize::UNKNOWN, Then::More), Some((0, Verdict::Wait)));
        assert_eq!(sought(&bytes[..500], ChunkSize::UNKNOWN, Then::Cut), None);
    }
}
