//! Numbers of a clock that are not what they seem: small negative ones in too few bits, and clocks that wrap too early.

use crate::proto::rtmp::Head;

/// From this time on a header has an extended timestamp.
const EXTENDED: u32 = 0x00ff_ffff;

/// In ms: so little is a step, more is another place.
pub(super) const NEAR: u32 = 60_000;

/// How far below 0 a step that fits into 24 or 31 bits may lead and be taken for a negative one.
pub(super) const BELOW: u32 = 1000;

/// Bits of the clocks that senders have beside the standard's 32.
const SHORT: [u8; 2] = [24, 31];

/// A number that is a negative one in so many bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Negative {
    pub(super) by: u32,
    pub(super) bits: u8,
}

impl std::fmt::Display for Negative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "-{} in {} bits", self.by, self.bits)
    }
}

/// What a number is, where it is at most `most` below the end of 24, 31 or 32 bits.
pub(super) fn negative(number: u32, most: u32) -> Option<Negative> {
    SHORT.into_iter().chain([32]).find_map(|bits| {
        let by = u32::try_from((1_u64 << bits).checked_sub(u64::from(number))?).ok()?;
        (by > 0 && by <= most && by <= 1 << (bits - 1)).then_some(Negative { by, bits })
    })
}

/// What the delta of a message is, where it is a negative number: one that leads back to a time that the clock may have
/// had. From 0 a delta is a first time.
pub(super) fn negative_delta(head: &Head) -> Option<Negative> {
    // What most are: no negative number in 24 bits or more.
    let delta = head.delta.filter(|delta| *delta >= 1 << 23 && head.timestamp_known)?;
    let before = head.timestamp.wrapping_sub(delta);
    if before == 0 || head.kind.is_control() || early_wrap(before, head.timestamp).is_some() {
        return None;
    }
    let found = negative(delta, before.max(NEAR))?;
    let most = if found.bits == 32 { NEAR } else { BELOW };
    (found.by <= before.max(most)).then_some(found)
}

/// The time that a type 0 header's extended timestamp is with its bytes the other way round, where that is meant.
pub(super) fn swapped(head: &Head, before: u32, now: u32) -> Option<u32> {
    let is_written = head.chunk_format == 0 && head.extended.is_some_and(|extended| extended.value == now);
    if is_written { other_way_round(before, now) } else { None }
}

/// A time with its bytes the other way round, where that is near the one before, written so or as it should be, and the time itself is
/// not.
fn other_way_round(before: u32, now: u32) -> Option<u32> {
    let is_near = |a: u32, b: u32| (a.wrapping_sub(b) as i32).unsigned_abs() <= NEAR;
    let time = now.swap_bytes();
    let is_meant = is_near(time, before) || is_near(time, before.swap_bytes());
    (time >= EXTENDED && is_meant && !is_near(now, before)).then_some(time)
}

/// The bits of a clock that wrapped from `before` to `now`, where that is not the standard's 32.
pub(super) fn early_wrap(before: u32, now: u32) -> Option<u8> {
    SHORT.into_iter().find(|bits| {
        let left = (1_u32 << bits).checked_sub(before);
        now < before && left.and_then(|left| left.checked_add(now)).is_some_and(|step| step <= NEAR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn bytes_the_other_way_round_are_told_by_the_time_before() {
        assert_eq!(other_way_round(0x00ff_fff0, 0xffff_ff00), Some(0x00ff_ffff), "from a time of 24 bits");
        assert_eq!(other_way_round(0x1000_0001, 0x2800_0001), Some(0x0100_0028), "from one that is swapped, too");
        assert_eq!(other_way_round(0x0100_0000, 0x0100_0028), None, "as it should be");
        assert_eq!(other_way_round(0x00ff_fff0, 0x7f00_0000), None, "a jump");
    }

    #[test]
    fn a_negative_number_is_told_in_its_bits() {
        let told = |number| negative(number, NEAR).map(|negative| negative.to_string());
        assert_eq!(told(0x00ff_ffec).as_deref(), Some("-20 in 24 bits"));
        assert_eq!(told(0x7fff_fef7).as_deref(), Some("-265 in 31 bits"));
        assert_eq!(told(0xffff_fef7).as_deref(), Some("-265 in 32 bits"));
        assert_eq!(told(u32::MAX).as_deref(), Some("-1 in 32 bits"));
        for number in [0, 40, 0x0100_0000, 0x8000_0000, 16_700_000, u32::MAX - NEAR] {
            assert_eq!(told(number), None, "{number}");
        }
    }

    #[test]
    fn a_clock_wraps_early_where_a_small_step_leads_over_its_end() {
        assert_eq!(early_wrap((1 << 24) - 16, 24), Some(24));
        assert_eq!(early_wrap((1 << 31) - 21, 2), Some(31));
        assert_eq!(early_wrap(u32::MAX - 16, 24), None, "the standard's wrap");
        assert_eq!(early_wrap(1000, 0), None);
        assert_eq!(early_wrap(40, 1 << 24), None);
    }
}
