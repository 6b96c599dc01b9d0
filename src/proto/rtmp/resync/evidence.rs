//! What a header says for itself: its evidence in bits, that is how unlikely random bytes are to look so.
//!
//! A chunk stream that was in use before, a length that the type must have, a known message stream and a small step in
//! time all count; what no sender writes is no header. Where a header stands, and what it inherits, is the chain's.

// The weights are tables: a line a case, also where two cases weigh the same.
#![allow(clippy::match_same_arms)]

use super::Past;
use crate::proto::rtmp::header::{self, ChunkHeader};

/// Whether a header can be one at all, whatever else is known: its type has a name, and its length is that of its type.
pub(crate) fn is_possible(header: &ChunkHeader, message_streams: &[u32]) -> bool {
    let length = match (header.kind.0, header.length) {
        (1 | 2 | 3 | 5, length) => length == 4,
        (6, length) => matches!(length, 4 | 5),
        (4, length) => (2..=64).contains(&length),
        (8, _) => true,
        (_, length) => length > 0,
    };
    let stream = header.format > 0
        || header.message_stream_id <= header::LARGEST_ID
        || message_streams.contains(&header.message_stream_id);
    header.kind.name().is_some() && length && stream
}

/// How much a header of type 0, 1 or 2 says for itself; `None` when it cannot be one. It has the length and type that it
/// inherits. `past` is its chunk stream, if that was seen; `clock` the last absolute time, which it may set.
pub(crate) fn weigh(
    header: &ChunkHeader,
    past: Option<&Past>,
    message_streams: &[u32],
    clock: &mut Option<u32>,
) -> Option<i32> {
    header.kind.name()?;
    let before = *clock;
    let bits = chunk_stream(header, past)?;
    if header.format == 0 {
        let time = header.extended.unwrap_or(header.timestamp);
        *clock = Some(time);
        return Some(bits + length(header)? + message_stream(header, message_streams)? + absolute(time, before));
    }
    *clock = header.extended.or(before);
    let length = if header.format == 1 { length(header)? } else { 0 };
    Some(bits + length + delta(header, before)?)
}

fn chunk_stream(header: &ChunkHeader, past: Option<&Past>) -> Option<i32> {
    match past {
        // Its type is the same, because it is not in the header.
        Some(_) if header.format == 2 => Some(6),
        Some(past) if past.kind == header.kind => Some(14),
        Some(_) => Some(8),
        // Its first header may be among what is missing.
        None if (2..64).contains(&header.chunk_stream_id) => Some(2),
        None => None,
    }
}

fn length(header: &ChunkHeader) -> Option<i32> {
    match (header.kind.0, header.length) {
        (1 | 2 | 3 | 5, 4) | (6, 5) => Some(20),
        (4, 3 | 6 | 10 | 14 | 44) => Some(16),
        (1..=6, _) => None,
        (8, 0) => Some(-4),
        (_, 0) => None,
        (_, 1..=0x000f_ffff) => Some(3),
        (_, 0x0010_0000..=0x003f_ffff) => Some(-2),
        _ => None,
    }
}

fn message_stream(header: &ChunkHeader, message_streams: &[u32]) -> Option<i32> {
    match (header.kind.0, header.message_stream_id) {
        (1..=6, 0) => Some(24),
        (1..=6, _) => None,
        (_, id) if message_streams.contains(&id) => Some(24),
        (_, 0..=16) => Some(18),
        (_, 17..=1024) => Some(8),
        _ => None,
    }
}

fn absolute(time: u32, clock: Option<u32>) -> i32 {
    match clock {
        Some(clock) if header::near(time, clock) => 8,
        _ if time == 0 => 6,
        _ => 0,
    }
}

fn delta(header: &ChunkHeader, clock: Option<u32>) -> Option<i32> {
    let delta = match (header.extended, clock) {
        (None, _) => header.timestamp,
        // The absolute time, as some senders write it: a true delta of hours is next to never meant. The field itself
        // says something: it is there only behind three bytes of 255.
        (Some(time), Some(clock)) => header::apart(time, clock).min(60_000),
        (Some(_), None) => 60_000,
    };
    match delta {
        0..=100 => Some(14),
        101..=1_000 => Some(11),
        1_001..=10_000 => Some(8),
        10_001..=60_000 => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::rtmp::MessageType;

    /// A type 0 header of a short video message, as every publisher writes it.
    const VIDEO: ChunkHeader = ChunkHeader {
        format: 0,
        chunk_stream_id: 6,
        timestamp: 40,
        length: 500,
        kind: MessageType::VIDEO,
        message_stream_id: 1,
        extended: None,
    };

    fn bits(header: ChunkHeader, past: Option<&Past>, clock: u32) -> Option<i32> {
        weigh(&header, past, &[], &mut Some(clock))
    }

    fn past(kind: MessageType) -> Past {
        Past { id: 6, length: 500, kind, fresh: false, left: 0, extended: None }
    }

    #[test]
    fn what_weighs_something_is_possible() {
        let lengths: Vec<u32> = (0..80).chain([0x000f_ffff, 0x0010_0000, 0x0040_0000]).collect();
        let mut weighed = 0;
        for kind in (0..=255).map(MessageType) {
            for (length, message_stream_id) in
                lengths.iter().flat_map(|length| [0, 1, 1024, 1025].map(|id| (*length, id)))
            {
                for format in [0, 1] {
                    let header = ChunkHeader { format, length, kind, message_stream_id, ..VIDEO };
                    if bits(header, None, 0).is_some() {
                        assert!(is_possible(&header, &[]), "{header:?}");
                        weighed += 1;
                    }
                }
            }
        }
        assert!(weighed > 1000);
    }

    #[test]
    fn headers_that_nobody_writes_are_none() {
        let none = [
            ChunkHeader { kind: MessageType(7), ..VIDEO },
            ChunkHeader { kind: MessageType::SET_CHUNK_SIZE, length: 4, ..VIDEO },
            ChunkHeader { kind: MessageType::SET_CHUNK_SIZE, length: 5, message_stream_id: 0, ..VIDEO },
            ChunkHeader { length: 0, ..VIDEO },
            ChunkHeader { length: 0x0040_0000, ..VIDEO },
            ChunkHeader { message_stream_id: 0x0100_0000, ..VIDEO },
            ChunkHeader { chunk_stream_id: 64, ..VIDEO },
            ChunkHeader { format: 1, timestamp: 60_001, ..VIDEO },
        ];
        for header in none {
            assert_eq!(bits(header, None, 0), None, "{header:?}");
        }
        assert!(bits(VIDEO, None, 0).is_some());
        let control = ChunkHeader { kind: MessageType::SET_CHUNK_SIZE, length: 4, message_stream_id: 0, ..VIDEO };
        assert!(bits(control, None, 0) > bits(VIDEO, None, 0));
    }

    #[test]
    fn what_was_there_before_counts() {
        let (same, other) = (past(MessageType::VIDEO), past(MessageType::AUDIO));
        assert!(bits(VIDEO, Some(&same), 0) > bits(VIDEO, Some(&other), 0));
        assert!(bits(VIDEO, Some(&other), 0) > bits(VIDEO, None, 0));
        // A large chunk stream id is believed only then, and a large message stream.
        assert!(bits(ChunkHeader { chunk_stream_id: 64, ..VIDEO }, Some(&same), 0).is_some());
        let far = ChunkHeader { message_stream_id: 0x0100_0000, ..VIDEO };
        assert!(weigh(&far, None, &[0x0100_0000], &mut None).is_some());
    }

    #[test]
    fn the_smaller_the_step_in_time_the_more_it_says() {
        let step = |timestamp| bits(ChunkHeader { format: 2, timestamp, ..VIDEO }, Some(&past(MessageType::VIDEO)), 0);
        let steps = [100, 1_000, 10_000, 60_000, 60_001].map(step);
        assert!(steps.is_sorted_by(|a, b| a > b), "{steps:?}");
        assert!(bits(VIDEO, None, 60_040) > bits(VIDEO, None, 60_041));
    }

    #[test]
    fn extended_timestamp_is_near_the_clock_or_says_little() {
        let header = |time| ChunkHeader { format: 1, timestamp: 0x00ff_ffff, extended: Some(time), ..VIDEO };
        assert!(bits(header(0x0100_0000), None, 0x00ff_fff0) > bits(header(0x0100_0000), None, 5));
        let mut clock = Some(5);
        weigh(&header(0x0100_0000), None, &[], &mut clock);
        assert_eq!(clock, Some(0x0100_0000));
        // A delta moves nothing: it is that of its chunk stream alone.
        weigh(&ChunkHeader { format: 1, ..VIDEO }, None, &[], &mut clock);
        assert_eq!(clock, Some(0x0100_0000));
        weigh(&VIDEO, None, &[], &mut clock);
        assert_eq!(clock, Some(40));
    }
}
