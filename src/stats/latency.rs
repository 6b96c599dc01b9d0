//! Times from calls to their answers, with room for a median as long as that is bounded.

use crate::limits::Limits;

/// How many latencies and spans of time may still be kept, of all sessions together.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    left: usize,
    seconds: usize,
    /// Those that were not kept.
    pub refused: u64,
}

impl Room {
    pub fn new(limits: &Limits) -> Room {
        Room { left: limits.latencies, seconds: limits.stats_seconds_total, refused: 0 }
    }

    /// Whether there is room for one more span of a series, which is taken then.
    pub(super) fn take_second(&mut self) -> bool {
        let has_room = self.seconds > 0;
        self.seconds = self.seconds.saturating_sub(1);
        has_room
    }

    pub(super) fn give_seconds(&mut self, count: usize) {
        self.seconds += count;
    }
}

/// Times from calls to their answers, in nanoseconds. Where packets were captured in another order, one may be negative.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    pub count: u64,
    pub least: i64,
    pub most: i64,
    /// Those that are kept, for the median and the like.
    kept: Vec<i64>,
}

impl Latencies {
    pub(super) fn add(&mut self, latency: i64, room: &mut Room) {
        self.least = if self.count == 0 { latency } else { self.least.min(latency) };
        self.most = if self.count == 0 { latency } else { self.most.max(latency) };
        self.count += 1;
        if room.left > 0 {
            room.left -= 1;
            self.kept.push(latency);
        } else {
            room.refused += 1;
        }
    }

    /// Adds those of another session.
    pub(super) fn add_all(&mut self, others: &Latencies, room: &mut Room) {
        if others.count == 0 {
            return;
        }
        self.least = if self.count == 0 { others.least } else { self.least.min(others.least) };
        self.most = if self.count == 0 { others.most } else { self.most.max(others.most) };
        self.count += others.count;
        let fit = others.kept.len().min(room.left);
        self.kept.extend_from_slice(&others.kept[..fit]);
        room.left -= fit;
        room.refused += (others.kept.len() - fit) as u64;
    }

    pub(super) fn release(&self, room: &mut Room) {
        room.left += self.kept.len();
    }

    /// The least latency that so many of a hundred do not exceed (nearest rank): 50 is the median. None where not all are kept.
    pub fn percentile(&self, percent: usize) -> Option<i64> {
        if self.count == 0 || self.kept.len() as u64 != self.count {
            return None;
        }
        let mut sorted = self.kept.clone();
        let rank = (sorted.len() * percent).div_ceil(100).clamp(1, sorted.len());
        Some(*sorted.select_nth_unstable(rank - 1).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_there_were() {
        let (mut latencies, mut room) =
            (Latencies::default(), Room::new(&Limits { latencies: 100, ..Limits::DEFAULT }));
        for latency in [50, 10, 40, 20, 30] {
            latencies.add(latency, &mut room);
        }
        assert_eq!((latencies.least, latencies.most), (10, 50));
        let percentiles = [0, 20, 21, 50, 80, 95, 100].map(|percent| latencies.percentile(percent).unwrap_or(-1));
        assert_eq!(percentiles, [10, 10, 20, 30, 40, 50, 50]);
    }

    #[test]
    fn what_is_not_kept_has_no_median_and_still_counts() {
        let (mut latencies, mut room) = (Latencies::default(), Room::new(&Limits { latencies: 2, ..Limits::DEFAULT }));
        for latency in [5, 1, 9] {
            latencies.add(latency, &mut room);
        }
        assert_eq!((latencies.count, latencies.least, latencies.most, latencies.percentile(50)), (3, 1, 9, None));
        assert_eq!(room.refused, 1);
        latencies.release(&mut room);
        assert_eq!(room.left, 2);
    }
}
