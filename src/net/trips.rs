//! How long one direction's bytes took to be acknowledged over time, in a bounded number of spans.

use crate::limits::Limits;
use crate::wire::Time;

/// Spans at most: where time outgrows them, two become one.
const MOST: usize = Limits::DEFAULT.trip_spans;
/// Nanoseconds of a span at first.
const FIRST: i64 = 1_000_000_000;

/// The longest round trip of each span, in microseconds and one more, so that 0 is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trips {
    start: Time,
    /// Nanoseconds of a span.
    width: i64,
    longest: Vec<u32>,
}

impl Trips {
    pub(super) fn new(at: Time) -> Self {
        Trips { start: at, width: FIRST, longest: Vec::new() }
    }

    /// One of so many nanoseconds, by when its bytes were sent. What is before the first counts with it: clocks go back a little.
    pub(super) fn push(&mut self, at: Time, trip: i64) {
        let since = at.since(self.start).max(0);
        while since / self.width >= MOST as i64 {
            self.longest = self.longest.chunks(2).map(|pair| pair.iter().copied().max().unwrap_or(0)).collect();
            self.width = self.width.saturating_mul(2);
        }
        let index = (since / self.width) as usize;
        if index >= self.longest.len() {
            self.longest.reserve_exact(index + 1 - self.longest.len());
            self.longest.resize(index + 1, 0);
        }
        let trip = u32::try_from(trip / 1000).unwrap_or(u32::MAX).saturating_add(1);
        self.longest[index] = self.longest[index].max(trip);
    }

    /// When there were some, each at the beginning of its span, and the longest in nanoseconds, to a microsecond.
    pub fn iter(&self) -> impl Iterator<Item = (Time, i64)> {
        let at = |index: usize| Time(self.start.0.saturating_add(self.width.saturating_mul(index as i64)));
        let some = self.longest.iter().enumerate().filter(|(_, longest)| **longest > 0);
        some.map(move |(index, longest)| (at(index), i64::from(longest - 1) * 1000))
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        size_of::<Trips>() + self.longest.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_each_span_stays_however_long_it_lasts() {
        let mut trips = Trips::new(Time(5));
        for second in 0..10_000 {
            trips.push(Time(5 + second * FIRST), second * 1000);
        }
        assert!(trips.longest.len() <= MOST && trips.memory() <= 8 * MOST, "{}", trips.memory());
        assert_eq!(trips.iter().map(|(_, trip)| trip).max(), Some(9_999_000));
        assert_eq!(trips.iter().next().map(|(at, _)| at), Some(Time(5)));
        trips.push(Time(i64::MAX), i64::MAX);
        assert!(trips.longest.len() <= MOST);
    }
}
