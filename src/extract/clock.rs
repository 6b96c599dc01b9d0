//! The times of a stream's audio, video and data: as they were sent, and as they go on where a clock wraps.
//!
//! Clocks wrap at 2^32. Some senders' wrap at 2^31, or at 2^24, as they do not write the rest.

use std::collections::BTreeMap;

use super::item::Item;
use crate::proto::rtmp::MessageType;

/// The bits of clocks that wrap too early, and the longest step, in ms, by which one does.
const SHORT: [u32; 2] = [24, 31];
const NEAR: u32 = 60_000;
/// Times that go back by as much, in ms, are said to. What is less is how senders mix what they send.
const BACK: i64 = 1000;
/// Chunk streams whose clocks are kept. Real senders use two or three for a stream.
const CHUNK_STREAMS: usize = 64;

/// A time, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// As it was sent.
    pub(super) sent: u32,
    /// Without its wrapping.
    pub(super) whole: i64,
}

/// Where the clocks of a stream stand.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// By chunk stream: the time of the item before, as it was sent. What only says how far the time moved does so from there.
    chunk_streams: BTreeMap<u32, u32>,
    /// By kind, audio and video: the time of the frame before.
    frames: [Option<Stamp>; 2],
    /// Of the last frame; before there is one, of the last item.
    last: Option<Stamp>,
}

impl Clock {
    /// When the next item is. Where the capture does not tell, the clock of its chunk stream goes on by what its header says. Of a frame also
    /// when the one before it of its kind was.
    pub(super) fn take(&mut self, item: &Item<'_>) -> (Stamp, Option<Stamp>) {
        let clock = self.chunk_streams.get(&item.chunk_stream_id).copied();
        let sent = item.time.unwrap_or_else(|| {
            let before = clock.or(self.last.map(|last| last.sent)).unwrap_or(0);
            before.wrapping_add(item.delta.unwrap_or(0))
        });
        if clock.is_some() || self.chunk_streams.len() < CHUNK_STREAMS {
            self.chunk_streams.insert(item.chunk_stream_id, sent);
        }
        let row = usize::from(item.kind == MessageType::VIDEO);
        let is_data = !matches!(item.kind, MessageType::AUDIO | MessageType::VIDEO);
        let before = self.frames[row].filter(|_| !is_data);
        let near = before.or_else(|| self.frames.iter().flatten().next().copied());
        let whole = near.map_or(i64::from(sent), |near| near.whole + step(near.sent, sent));
        let stamp = Stamp { sent, whole };
        let is_frame = item.is_frame();
        if is_frame {
            self.frames[row] = Some(stamp);
        }
        if is_frame || self.frames == [None; 2] {
            self.last = Some(stamp);
        }
        (stamp, before.filter(|_| is_frame))
    }

    /// The time of the last frame; before there is one, of the last item.
    pub(super) fn last(&self) -> Option<Stamp> {
        self.last
    }
}

/// What is to be said where the times of a file go back, if they do by more than a little; a clause.
pub(super) fn back(before: i64, now: i64) -> Option<String> {
    (now <= before - BACK).then(|| format!("times go back from {before} to {now} ms"))
}

/// How far a clock moved, in ms: negative where it went back.
fn step(before: u32, now: u32) -> i64 {
    let over = |from: u32, to: u32| {
        SHORT.into_iter().find_map(|bits| {
            let left = (1_u32 << bits).checked_sub(from)?;
            left.checked_add(to).filter(|step| to < from && *step <= NEAR)
        })
    };
    let forth = || over(before, now).map(i64::from);
    // Audio and video do not wrap at once.
    let back = || over(now, before).map(|step| -i64::from(step));
    forth().or_else(back).unwrap_or_else(|| i64::from(now.wrapping_sub(before) as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_where_its_bits_end() {
        for bits in [24, 31] {
            let end = 1u32 << bits;
            assert_eq!((step(end - 22, 1), step(1, end - 22)), (23, -23), "{bits}");
        }
        assert_eq!((step(u32::MAX, 9), step(9, u32::MAX)), (10, -10));
        assert_eq!((step(9000, 2000), step(2000, 9000), step(5, 5)), (-7000, 7000, 0));
        assert_eq!(step((1 << 24) - 40, 1 << 24), 40, "it has more bits");
    }

    #[test]
    fn little_steps_back_are_not_said() {
        assert_eq!(back(9000, 8500), None);
        assert_eq!(back(9000, 2000).as_deref(), Some("times go back from 9000 to 2000 ms"));
    }
}
