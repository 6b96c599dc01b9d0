//! Finding the chunk stream again: after a hole in the capture, and where a capture begins in the middle.
//!
//! The next chunk header may be anywhere, and any byte may look like one. A place is believed only when a chain of headers
//! from there on, each standing where the one before says, carries so much evidence that chance cannot have made it. The
//! evidence is counted in bits: how unlikely random bytes are to look so. The first place that is proven is taken. Where
//! nothing is proven, nothing is said.
//!
//! Here is the way in: place after place, as far as the work is paid for. What is known of the direction stands in
//! [`known`]. [`chain`] follows the headers, [`headers`] reads each, [`size`] tries chunk sizes where that is in doubt. What it
//! all is worth say [`evidence`], of a header, and [`payload`], of a payload's first bytes. Keeping the bytes, and going on
//! from a proven place, is the chunk layer's.

mod chain;
mod evidence;
mod headers;
mod known;
mod payload;
mod size;

use self::chain::Chain;
pub(super) use self::evidence::{is_possible, weigh as weigh_header};
pub(super) use self::known::{CREDIT, ChunkSize, FIRST_CREDIT, Known, Past, Signs, Then};
use super::MessageType;

/// How much a payload says for its type.
pub(super) enum Weight {
    Bits(i32),
    /// It cannot be one.
    Never,
    /// Too few of its bytes are there.
    TooShort,
}

/// How much a payload of `length` bytes says for its type, given its bytes as far as they are there.
pub(super) fn weigh_payload(kind: MessageType, payload: &[u8], length: u32, signs: &mut Signs) -> Weight {
    if payload.len() < payload::BEGINNING.min(length as usize) {
        return Weight::TooShort;
    }
    payload::weigh(kind, payload, signs).map_or(Weight::Never, Weight::Bits)
}

/// Whether a payload of this type may begin so.
pub(super) fn fits(kind: MessageType, payload: &[u8], signs: &Signs) -> bool {
    payload::weigh(kind, payload, &mut signs.clone()).is_some()
}

/// Bits that prove a place. Some 2^18 places are tried after a hole, so that a chance of one in 2^30 is left.
const PROOF: i32 = 48;
/// Bits that prove RTMP where nothing at all is known of a connection.
const RECOGNITION: i32 = 72;

/// What became of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Chunks begin here, of this size.
    Proven(ChunkSize),
    Rejected,
    /// More bytes are needed to tell.
    Wait,
}

impl Verdict {
    /// The next try's verdict where this one is rejected.
    fn or(self, next: impl FnOnce() -> Verdict) -> Verdict {
        if self == Verdict::Rejected { next() } else { self }
    }
}

/// Finds the first place from `start` on that is not rejected, with its verdict; `None` when all are.
pub(super) fn seek(bytes: &[u8], start: usize, known: &Known) -> Option<(usize, Verdict)> {
    (start..bytes.len()).find_map(|at| match judge(bytes, at, known, PROOF) {
        _ if known.credit.get() == 0 => Some((at, Verdict::Wait)),
        Verdict::Rejected => None,
        verdict => Some((at, verdict)),
    })
}

/// Whether these bytes, from anywhere in a connection, prove to be an RTMP chunk stream.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    let known = Known { then: Then::Cut, ..Known::nothing() };
    known.credit.set(FIRST_CREDIT + CREDIT * bytes.len() as u64);
    (0..bytes.len()).any(|at| matches!(judge(bytes, at, &known, RECOGNITION), Verdict::Proven(_)))
}

fn judge(bytes: &[u8], at: usize, known: &Known, proof: i32) -> Verdict {
    // A chain begins with a copy of what is known.
    known.spend(1 + known.streams.len() as u64 / 4);
    // Most places end here: a chain begins with a message, and a message begins with few of the 256 bytes.
    if at > 0 && bytes[at] >> 6 >= 2 && !known.streams.iter().any(|past| past.id == u32::from(bytes[at] & 63)) {
        return Verdict::Rejected;
    }
    Chain::new(bytes, at, known, proof).walk()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::{ChunkWriter, Format, Message, Random, media};

    /// Audio and video in turns, as a publisher sends them, in one chunk each.
    fn media(count: u32, format: Format) -> Vec<u8> {
        let mut random = Random::new(1);
        let mut chunks = ChunkWriter::default();
        chunks.chunk_size = 4096;
        for n in 0..count {
            let format = if n < 2 { Format::Type0 } else { format };
            let audio = Message::new(4, 8, 1, 40 * n, media::aac_frame(100, &mut random));
            let video = Message::new(6, 9, 1, 40 * n, media::avc_frame(media::Frame::Inter, 0, 100, &mut random));
            chunks.message_as(format, if n % 2 == 0 { &audio } else { &video });
        }
        chunks.take()
    }

    fn known(then: Then) -> Known {
        Known { size: ChunkSize::Known(4096), message_streams: vec![1], then, ..Known::nothing() }
    }

    const PROVEN: Verdict = Verdict::Proven(ChunkSize::Known(4096));

    #[test]
    fn first_proven_place_is_taken() {
        let junk = Random::new(2).bytes(5000);
        let bytes = [&junk, &media(4, Format::Type1)[..]].concat();
        assert_eq!(seek(&bytes, 0, &known(Then::Cut)), Some((5000, PROVEN)));
        // The next message is one, too.
        assert_eq!(seek(&bytes, 5001, &known(Then::Cut)), Some((5000 + 112, PROVEN)));
        assert_eq!(seek(&junk, 0, &known(Then::Cut)), None);
    }

    #[test]
    fn a_place_waits_for_bytes_that_may_come() {
        let bytes = &media(2, Format::Type0)[..112];
        assert_eq!(seek(bytes, 0, &known(Then::More)), Some((0, Verdict::Wait)));
        assert_eq!(seek(bytes, 0, &known(Then::Cut)), None);
        // The end of the stream says something as well.
        assert_eq!(seek(bytes, 0, &known(Then::End)), Some((0, PROVEN)));
        assert_eq!(seek(&bytes[..111], 0, &known(Then::End)), None);
    }

    #[test]
    fn nothing_is_looked_at_without_credit() {
        let bytes = media(4, Format::Type0);
        let known = known(Then::Cut);
        known.credit.set(3);
        assert_eq!(seek(&bytes, 0, &known), Some((0, Verdict::Wait)));
    }

    #[test]
    fn size_is_that_at_the_place_and_the_next_one_is_obeyed() {
        let mut chunks = ChunkWriter::default();
        chunks.chunk_size = 200;
        chunks.set_chunk_size(300);
        chunks.message(&Message::new(6, 9, 1, 0, [&[0x27, 1, 0, 0, 0], &[0x11; 295][..]].concat()));
        chunks.message(&Message::new(4, 8, 1, 0, vec![0xaf, 1, 0, 0]));
        let known = Known { size: ChunkSize::Known(200), then: Then::Cut, ..Known::nothing() };
        // More proof than the first headers have.
        let verdict = judge(&chunks.take(), 0, &known, PROOF + 60);
        assert_eq!(verdict, Verdict::Proven(ChunkSize::Known(200)));
    }

    #[test]
    fn length_from_before_a_hole_is_believed_for_what_follows() {
        let stream = |id, kind| Past { id, length: 100, kind, fresh: false, left: 0, extended: None };
        let streams = vec![stream(4, MessageType::AUDIO), stream(6, MessageType::VIDEO)];
        let mut known = Known { streams, ..known(Then::Cut) };
        known.signs.remember(MessageType::AUDIO, &[0xaf]);
        let bytes = media(8, Format::Type2);
        // Two messages under type 0 headers, then those of type 2.
        let rest = &bytes[224..];
        assert_eq!(seek(rest, 0, &known), Some((0, PROVEN)));
        // What is true of a length of 100 is not of any other.
        known.streams.iter_mut().for_each(|past| past.length = 90);
        assert_eq!(seek(rest, 0, &known), None);
    }

    #[test]
    fn rtmp_is_recognised_from_its_middle_and_noise_is_not() {
        let bytes = media(8, Format::Type1);
        assert!(recognise(&bytes[50..]));
        assert!(!recognise(&Random::new(3).bytes(20_000)));
        assert!(!recognise(&bytes[50..200]));
    }
}
