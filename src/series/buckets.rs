//! Values over time in a bounded number of buckets: where time outgrows them, two become one.

use crate::limits::Limits;

/// Buckets of a series at most.
const MOST: usize = Limits::DEFAULT.drawn_places;
/// Nanoseconds of a bucket at first.
const FIRST: i64 = 1_000_000;

/// What values in the same bucket come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Sum,
    Most,
    Last,
    First,
}

impl Joined {
    pub(super) fn join(self, one: f64, other: f64) -> f64 {
        match self {
            Joined::Sum => one + other,
            Joined::Most => one.max(other),
            Joined::Last => other,
            Joined::First => one,
        }
    }
}

/// One value over time.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    joined: Joined,
    /// Nanoseconds of a bucket.
    width: i64,
    values: Vec<Option<f64>>,
}

impl Buckets {
    pub(super) fn new(joined: Joined) -> Self {
        Buckets { joined, width: FIRST, values: Vec::new() }
    }

    /// Takes a value at so many nanoseconds from the beginning.
    pub(super) fn push(&mut self, at: i64, value: f64) {
        let at = at.max(0);
        while at / self.width >= MOST as i64 {
            self.halve();
        }
        let index = (at / self.width) as usize;
        if index >= self.values.len() {
            self.values.resize(index + 1, None);
        }
        let bucket = &mut self.values[index];
        *bucket = Some(bucket.map_or(value, |before| self.joined.join(before, value)));
    }

    fn halve(&mut self) {
        let join = |pair: &[Option<f64>]| match *pair {
            [Some(one), Some(other)] => Some(self.joined.join(one, other)),
            [one, other] => one.or(other),
            [one] => one,
            _ => None,
        };
        self.values = self.values.chunks(2).map(join).collect();
        self.width *= 2;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Nanoseconds of a bucket.
    pub(super) fn width(&self) -> i64 {
        self.width
    }

    /// The last value of the buckets up to a time.
    pub(super) fn latest(&self, at: i64) -> Option<f64> {
        let end = ((at.max(0) / self.width) as usize + 1).min(self.values.len());
        self.values[..end].iter().rev().find_map(|value| *value)
    }

    /// What the values from `start` to `end` come to, in nanoseconds from the beginning: of all buckets that begin in there, and where none
    /// does, of the one that it lies in.
    pub(super) fn over(&self, start: i64, end: i64) -> Option<f64> {
        let first = (start.max(0) + self.width - 1) / self.width;
        let behind = ((end.max(0) + self.width - 1) / self.width).max(first);
        let (first, behind) = if first < behind {
            (first as usize, behind as usize)
        } else {
            let own = (start.max(0) / self.width) as usize;
            (own, own + 1)
        };
        let values = self.values.get(first.min(self.values.len())..behind.min(self.values.len()))?;
        values.iter().flatten().copied().reduce(|one, other| self.joined.join(one, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_buckets_become_one_where_there_are_too_many() {
        let mut sum = Buckets::new(Joined::Sum);
        let mut most = Buckets::new(Joined::Most);
        for at in 0..100_000 {
            sum.push(at * FIRST, 1.0);
            most.push(at * FIRST, at as f64);
        }
        assert!(sum.values.len() <= MOST && sum.width == 16 * FIRST, "{} {}", sum.values.len(), sum.width);
        assert_eq!(sum.over(0, 100_000 * FIRST), Some(100_000.0));
        assert_eq!(most.over(0, 50_000 * FIRST), Some(49_999.0));
        assert_eq!(sum.over(200_000 * FIRST, 300_000 * FIRST), None);
    }

    #[test]
    fn a_stretch_inside_of_a_bucket_has_its_value() {
        let mut last = Buckets::new(Joined::Last);
        last.push(0, 7.0);
        last.push(FIRST * 3, 9.0);
        assert_eq!([last.latest(FIRST * 2), last.latest(FIRST * 20)], [Some(7.0), Some(9.0)]);
        assert_eq!(
            [last.over(10, 20), last.over(FIRST, FIRST + 1), last.over(0, FIRST * 9)],
            [Some(7.0), None, Some(9.0)]
        );
    }
}
