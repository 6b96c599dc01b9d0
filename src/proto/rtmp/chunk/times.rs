//! What an extended field means where a delta belongs. Source: RTMP 1.0 §5.3.1.2.1, §5.3.1.3.
//!
//! The standard has a delta there. Some senders write the absolute time (rtmp-rs, lal), and few deltas need the field: one
//! of 4.66 hours and more, and a negative one, which is near 2^32 as a number. So a field near the clock is an absolute
//! time, unless it makes sense as a delta too: where it is a small negative number itself, and where a clock of 31 bits wraps
//! by it. Then the reading that moves the clock less is taken, with doubt. A direction has proven what it writes with its
//! first field that is near the clock and makes no sense as a delta.

use crate::proto::rtmp::header::{SAME_CLOCK, apart};

/// How an extended field is read, and whether the other way makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Delta { certain: bool },
    Absolute { certain: bool },
}

/// Reads a field of a direction that has proven nothing, on a chunk stream whose clock is known.
pub(super) fn read(field: u32, clock: u32) -> Reading {
    let as_time = Some(apart(field, clock)).filter(|step| *step <= SAME_CLOCK);
    let as_delta = delta(field, clock);
    match (as_time, as_delta) {
        // At 0 both are the same.
        _ if clock == 0 => Reading::Delta { certain: true },
        (Some(_), None) => Reading::Absolute { certain: true },
        (Some(time), Some(delta)) if time < delta => Reading::Absolute { certain: false },
        (Some(_), Some(_)) => Reading::Delta { certain: false },
        (None, _) => Reading::Delta { certain: true },
    }
}

/// How far a delta of more than 24 bits moves a clock, in ms, where it makes sense: back by a little, or to the beginning
/// of a clock of 31 bits from about its end.
fn delta(field: u32, clock: u32) -> Option<u32> {
    const HALF: u32 = 1 << 31;
    let wraps = apart(clock, HALF) <= SAME_CLOCK && clock.wrapping_add(field) <= SAME_CLOCK;
    Some(apart(field, if wraps { HALF } else { 0 })).filter(|step| *step <= SAME_CLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELTA: Reading = Reading::Delta { certain: true };
    const TIME: Reading = Reading::Absolute { certain: true };
    const RATHER_DELTA: Reading = Reading::Delta { certain: false };
    const RATHER_TIME: Reading = Reading::Absolute { certain: false };

    #[test]
    fn a_field_near_the_clock_is_a_time_and_any_other_a_delta() {
        assert_eq!(read(16_777_256, 16_777_216), TIME);
        assert_eq!(read(16_777_216, 16_777_256), TIME, "a time that goes back");
        assert_eq!(read(20_000_000, 0), DELTA, "the same either way");
        assert_eq!(read(20_000_000, 40), DELTA);
        assert_eq!(read(3_000_000_000, 2_999_990_000), TIME);
    }

    #[test]
    fn a_small_negative_number_is_a_delta_where_the_clock_is_not_nearer() {
        let minus = |by: u32| by.wrapping_neg();
        assert_eq!(read(minus(265), 300), RATHER_DELTA);
        assert_eq!(read(minus(20), 3_600_000), DELTA, "no time is near");
        assert_eq!(read(minus(60_000), 3_600_000), DELTA);
        assert_eq!(read(minus(4960), minus(5000)), RATHER_TIME, "a clock that comes up to its wrap");
        assert_eq!(read(minus(20), minus(5000)), RATHER_DELTA);
    }

    #[test]
    fn at_the_end_of_31_bits_the_smaller_step_decides() {
        let half = 1 << 31;
        assert_eq!(read(half + 23, half - 21), RATHER_DELTA, "from 21 before the end to 2 after it");
        assert_eq!(read(half - 8, half - 48), TIME, "a delta would not wrap");
        assert_eq!(read(half + 4700, half + 4660), RATHER_TIME);
        assert_eq!(read(half - 2720, half + 4660), RATHER_DELTA, "a clock that went on, and is set back to 1940");
        assert_eq!(read(half + 23, 21), DELTA, "no clock wraps there");
    }
}
