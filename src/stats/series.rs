//! Figures over time: a value for each second of a session in which something came, in a bounded number of them.
//!
//! A second is one of the capture's clock from the session's first packet on. Where there are more than are kept, two spans become one:
//! sums are added, extremes compared, and of what stands the later one stays.

use std::collections::BTreeMap;

use super::latency::Room;
use crate::limits::Limits;

/// Spans of a series at most.
const MOST: usize = Limits::DEFAULT.stats_seconds;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// What a span has, and what two of them have together.
pub trait Join: Default {
    /// Adds what a later one has.
    fn join(&mut self, later: Self);
}

/// Values by span, in a bounded number.
#[derive(Clone, Debug)]
pub struct Spans<T> {
    /// Seconds of a span.
    span: u64,
    values: BTreeMap<u64, T>,
}

impl<T> Default for Spans<T> {
    fn default() -> Self {
        Spans { span: 1, values: BTreeMap::new() }
    }
}

impl<T: Join> Spans<T> {
    /// Seconds of each: more than one where two became one.
    pub fn span(&self) -> u64 {
        self.span
    }

    /// Each with the second at which it begins.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.values.iter().map(|(index, value)| (index * self.span, value))
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The span of so many nanoseconds since the session's first packet. What came before that belongs to the first.
    pub(super) fn at(&mut self, ns: i64, room: &mut Room) -> &mut T {
        let second = (ns.max(0) / SECOND) as u64;
        // The first costs nothing, so that each series has one; with enough seconds in a span there are no more.
        while !self.values.is_empty()
            && !self.values.contains_key(&(second / self.span))
            && (self.values.len() >= MOST || !room.take_second())
        {
            self.fold(room);
        }
        self.values.entry(second / self.span).or_default()
    }

    fn fold(&mut self, room: &mut Room) {
        let before = self.values.len();
        self.span *= 2;
        let mut folded = BTreeMap::<u64, T>::new();
        for (index, value) in std::mem::take(&mut self.values) {
            folded.entry(index / 2).or_default().join(value);
        }
        self.values = folded;
        room.give_seconds(before - self.values.len());
    }

    /// Gives back what it took: the session is told, and nothing of it is kept.
    pub(super) fn release(&self, room: &mut Room) {
        room.give_seconds(self.values.len().saturating_sub(1));
    }
}

/// What a side did in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SideSecond {
    pub messages: u64,
    /// Bytes of their payloads.
    pub payload: u64,
    /// The last Window Acknowledgement Size that it sent.
    pub window: Option<u32>,
    /// Bytes that the other side had sent and this one had not acknowledged, at most, when it acknowledged some.
    pub unacknowledged: Option<u32>,
    /// Segments that TCP sent again.
    pub retransmissions: u64,
    /// Nanoseconds from data to its acknowledgement, at most.
    pub round_trip: Option<i64>,
}

impl Join for SideSecond {
    fn join(&mut self, later: Self) {
        self.messages += later.messages;
        self.payload += later.payload;
        self.window = later.window.or(self.window);
        self.unacknowledged = self.unacknowledged.max(later.unacknowledged);
        self.retransmissions += later.retransmissions;
        self.round_trip = self.round_trip.max(later.round_trip);
    }
}

/// What came of a track in a span. What is measured from frame to frame belongs to the later one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrackSecond {
    pub frames: u64,
    /// Bytes of all frames, and of the largest.
    pub bytes: u64,
    pub largest: u32,
    pub key_frames: u64,
    /// Ms from the key frame before, by the track's clock, at most.
    pub key_interval: Option<i64>,
    /// Frames that are shown before one that was sent before them.
    pub reordered: u64,
    /// Sequence headers, and how often the codec became another one.
    pub configurations: u64,
    pub codec_changes: u64,
    /// Nanoseconds from the arrival of one frame to that of the next, at most.
    pub longest_wait: Option<i64>,
    /// Nanoseconds that a frame came later than its timestamp says, against the earliest so far, at most.
    pub latest: Option<i64>,
    /// Nanoseconds: as RFC 3550 has it, at the last frame.
    pub jitter: Option<f64>,
    /// Frames with the time of the frame before, and with that of an earlier one.
    pub same_times: u64,
    pub repeated_times: u64,
    /// How often the clock went back, or on by more than ten seconds.
    pub back: u64,
    pub jumps: u64,
    /// Of audio, ms that it was ahead of the video beside it at the last frame of either; behind it where negative.
    pub ahead: Option<i64>,
}

impl Join for TrackSecond {
    fn join(&mut self, later: Self) {
        self.frames += later.frames;
        self.bytes += later.bytes;
        self.largest = self.largest.max(later.largest);
        self.key_frames += later.key_frames;
        self.key_interval = self.key_interval.max(later.key_interval);
        self.reordered += later.reordered;
        self.configurations += later.configurations;
        self.codec_changes += later.codec_changes;
        self.longest_wait = self.longest_wait.max(later.longest_wait);
        self.latest = self.latest.max(later.latest);
        self.jitter = later.jitter.or(self.jitter);
        self.same_times += later.same_times;
        self.repeated_times += later.repeated_times;
        self.back += later.back;
        self.jumps += later.jumps;
        self.ahead = later.ahead.or(self.ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(seconds: usize) -> Room {
        Room::new(&Limits { stats_seconds_total: seconds, ..Limits::DEFAULT })
    }

    fn second(n: i64) -> i64 {
        n * SECOND
    }

    #[test]
    fn however_long_it_lasts_there_are_so_many_spans() {
        let (mut spans, mut room) = (Spans::<SideSecond>::default(), room(1 << 20));
        for n in 0..10_000 {
            let span = spans.at(second(n), &mut room);
            span.messages += 1;
            span.unacknowledged = span.unacknowledged.max(Some(n as u32));
            span.window = Some(n as u32);
        }
        assert!(spans.values.len() <= MOST && spans.span() == 32, "{} {}", spans.values.len(), spans.span());
        assert_eq!(spans.iter().map(|(_, span)| span.messages).sum::<u64>(), 10_000);
        let first = spans.iter().next().map(|(at, it)| (at, it.messages, it.unacknowledged, it.window));
        assert_eq!(first, Some((0, 32, Some(31), Some(31))));
        spans.at(i64::MAX, &mut room).messages += 1;
        assert!(spans.values.len() <= MOST);
        // What is not there costs nothing: two spans an hour apart stay seconds.
        let mut spans = Spans::<SideSecond>::default();
        spans.at(0, &mut room).messages += 1;
        spans.at(second(3600), &mut room).messages += 1;
        assert_eq!((spans.span(), spans.iter().map(|(at, _)| at).collect::<Vec<_>>()), (1, vec![0, 3600]));
    }

    #[test]
    fn all_series_together_have_so_many_spans() {
        let mut room = room(10);
        let mut all: Vec<_> = (0..100).map(|_| Spans::<SideSecond>::default()).collect();
        for n in 0..50 {
            for spans in &mut all {
                spans.at(second(n), &mut room).messages += 1;
            }
        }
        let kept: usize = all.iter().map(|spans| spans.values.len()).sum();
        assert!(kept <= 110, "{kept}");
        assert!(all.iter().all(|spans| spans.iter().map(|(_, span)| span.messages).sum::<u64>() == 50));
        for spans in &all {
            spans.release(&mut room);
        }
        assert!((0..10).all(|_| room.take_second()) && !room.take_second());
    }
}
