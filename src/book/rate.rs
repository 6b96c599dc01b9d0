//! How fast bytes came over the time of a session, in few numbers: as coarse as they must be for its length.

use crate::wire::Time;

/// Parts of the time that are told apart.
const PARTS: usize = 32;
/// What a part lasts at first, in ns.
const SHORTEST: i64 = 1_000_000;

/// Bytes by time. When the time does not fit any more, parts become twice as long.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    parts: [u32; PARTS],
    /// How often their length was doubled.
    doubled: u32,
    /// Nanoseconds to the last bytes.
    last: i64,
}

impl Rate {
    /// Bytes that came `after` ns.
    pub(super) fn add(&mut self, after: i64, bytes: u64) {
        let after = after.max(0);
        while after / self.length() >= PARTS as i64 {
            for index in 0..PARTS {
                let at = |index: usize| self.parts.get(index).copied().unwrap_or_default();
                self.parts[index] = at(2 * index).saturating_add(at(2 * index + 1));
            }
            self.doubled += 1;
        }
        let part = (after / self.length()) as usize;
        self.parts[part] = self.parts[part].saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.last = self.last.max(after);
    }

    fn length(&self) -> i64 {
        SHORTEST.saturating_mul(1_i64.checked_shl(self.doubled).unwrap_or(i64::MAX))
    }

    /// As so many steps of the time to the last bytes, each a share of the highest one: from 0 to 8, and 0 only where nothing came.
    pub(super) fn steps(&self, steps: usize) -> Vec<u8> {
        let used = (self.last / self.length()) as usize + 1;
        let mut sums = vec![0_u64; steps.min(used)];
        let count = sums.len();
        for (index, bytes) in self.parts.iter().take(used).enumerate() {
            if let Some(sum) = sums.get_mut(index * count / used) {
                *sum += u64::from(*bytes);
            }
        }
        // Where a step has more parts than another, that makes it no higher.
        let parts = |step: usize| (0..used).filter(|index| index * count / used == step).count().max(1) as u64;
        let rates: Vec<_> = sums.iter().enumerate().map(|(step, sum)| sum * 64 / parts(step)).collect();
        let most = rates.iter().copied().max().unwrap_or_default().max(1);
        rates.iter().map(|rate| (rate * 8).div_ceil(most) as u8).collect()
    }
}

/// Nanoseconds from one time to another.
pub(super) fn after(start: Time, at: Time) -> i64 {
    at.since(start).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_coarse_as_it_must_be() {
        let mut rate = Rate::default();
        assert_eq!(rate.steps(8), [0]);
        for part in 0..800 {
            // Nothing comes from second 3 to second 5.
            rate.add(part * 10_000_000, if (300..500).contains(&part) { 0 } else { 10 });
        }
        let steps = rate.steps(8);
        assert_eq!(steps.len(), 8);
        // The second part of that has the first bytes behind it.
        assert!(steps[3] == 0 && steps[4] <= 1, "{steps:?}");
        assert!([0, 1, 2, 6, 7].iter().all(|step| steps[*step] >= 7), "{steps:?}");
        assert_eq!(rate.parts.iter().sum::<u32>(), 6000);
        rate.add(i64::MAX, 5);
        rate.add(-5, 5);
        assert_eq!(rate.parts.iter().sum::<u32>(), 6010);
    }

    #[test]
    fn a_step_is_high_where_more_came() {
        let mut rate = Rate::default();
        for (second, bytes) in [(0, 100), (1, 400), (2, 800), (3, 1)] {
            rate.add(second * 1_000_000_000, bytes);
        }
        let steps = rate.steps(4);
        assert!(steps[0] < steps[1] && steps[1] < steps[2] && steps[3] == 1, "{steps:?}");
    }
}
