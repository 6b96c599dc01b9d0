//! When one direction's segments were sent again, in a bounded number of spans of time.

use crate::limits::Limits;
use crate::wire::Time;

/// Spans at most: where time outgrows them, two become one.
const MOST: usize = Limits::DEFAULT.resent_spans;
/// Nanoseconds of a span at first.
const FIRST: i64 = 10_000_000;

/// Retransmissions over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resent {
    start: Time,
    /// Nanoseconds of a span.
    width: i64,
    counts: Vec<u32>,
}

impl Resent {
    /// From the first one on.
    pub(super) fn new(at: Time) -> Self {
        Resent { start: at, width: FIRST, counts: vec![1] }
    }

    /// One more. What is before the first counts with it: clocks go back a little.
    pub(super) fn push(&mut self, at: Time) {
        let since = at.since(self.start).max(0);
        while since / self.width >= MOST as i64 {
            self.counts = self.counts.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.width = self.width.saturating_mul(2);
        }
        let index = (since / self.width) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(1);
    }

    /// When there were some, and how many: each at the beginning of its span.
    pub fn iter(&self) -> impl Iterator<Item = (Time, u32)> {
        let at = |index: usize| Time(self.start.0.saturating_add(self.width.saturating_mul(index as i64)));
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(index, count)| (at(index), *count))
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        size_of::<Resent>() + self.counts.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_long_it_lasts_there_are_so_many_spans() {
        let mut resent = Resent::new(Time(5));
        for second in 0..100_000 {
            resent.push(Time(5 + second * 1_000_000_000));
        }
        resent.push(Time(0));
        assert!(resent.counts.len() <= MOST && resent.memory() <= 8 * MOST, "{}", resent.memory());
        assert_eq!(resent.iter().map(|(_, count)| count).sum::<u32>(), 100_002);
        assert_eq!(resent.iter().next().map(|(at, _)| at), Some(Time(5)));
        let last = resent.iter().last().map_or(0, |(at, _)| at.0);
        assert!((99_999_000_000_005 - resent.width..=99_999_000_000_005).contains(&last), "{last}");
        resent.push(Time(i64::MAX));
        assert!(resent.counts.len() <= MOST);
    }
}
