//! How one track ran: when its frames came against when their timestamps say, in which order they are shown, and which times come twice.

use std::collections::VecDeque;

use crate::limits::Limits;
use crate::wire::Moment;

/// Times of frames that are kept, to see them come again, and those at which they are shown.
const TIMES: usize = Limits::DEFAULT.stats_times;

/// Where a track's frames stand, since its clock was set.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// The arrival of the last frame, and its time in ms.
    last: Option<(Moment, u32)>,
    /// Nanoseconds.
    jitter: f64,
    /// Times of the last frames, the newest at the end.
    times: VecDeque<u32>,
    /// Times at which the frames since the last key frame are shown, in ms since 2^32 wraps.
    shown: VecDeque<u32>,
    /// Frames since the last key frame, that one counted; none before the first.
    group: Option<u64>,
}

/// What a frame tells beside itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Nanoseconds since the frame before came.
    pub(super) wait: Option<i64>,
    /// Nanoseconds, behind this frame.
    pub(super) jitter: Option<f64>,
    pub(super) is_same_time: bool,
    pub(super) is_repeated_time: bool,
    /// How many frames that were sent before are shown after it.
    pub(super) depth: u64,
    /// Of a key frame: the frames of the group before, up to it.
    pub(super) group: Option<u64>,
}

/// A frame as the track's pace sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) at: Moment,
    /// In ms.
    pub(super) time: u32,
    pub(super) is_key: bool,
    /// Of a picture with one.
    pub(super) composition_time: Option<i32>,
}

impl Pace {
    /// The next frame. `is_step` is whether the clock went on to it, not back and not far.
    pub(super) fn frame(&mut self, frame: Frame, is_step: bool) -> Told {
        let mut told = Told::default();
        let Frame { at, time, is_key, composition_time } = frame;
        if let Some((before, time_before)) = self.last.replace((at, time)) {
            let wait = at.time.since(before.time);
            told.wait = Some(wait);
            told.is_same_time = time == time_before;
            if is_step {
                let step = i64::from(time.wrapping_sub(time_before)) * 1_000_000;
                self.jitter += ((wait - step).abs() as f64 - self.jitter) / 16.0;
                told.jitter = Some(self.jitter);
            } else {
                self.jitter = 0.0;
            }
        }
        told.is_repeated_time = !told.is_same_time && self.times.contains(&time);
        keep(&mut self.times, time);
        if is_key {
            told.group = self.group.replace(0);
            self.shown.clear();
        }
        if let Some(frames) = &mut self.group {
            *frames += 1;
        }
        if let Some(offset) = composition_time {
            let shown = time.wrapping_add_signed(offset);
            let is_later = |earlier: &&u32| (shown.wrapping_sub(**earlier) as i32) < 0;
            told.depth = self.shown.iter().filter(is_later).count() as u64;
            keep(&mut self.shown, shown);
        }
        told
    }
}

fn keep(times: &mut VecDeque<u32>, time: u32) {
    if times.len() >= TIMES {
        times.pop_front();
    }
    times.push_back(time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Time;

    fn frame(ms: i64, time: u32, is_key: bool, composition_time: i32) -> Frame {
        let at = Moment { time: Time(ms * 1_000_000), ..Moment::default() };
        Frame { at, time, is_key, composition_time: Some(composition_time) }
    }

    #[test]
    fn pictures_that_are_shown_earlier_than_sent_are_counted() {
        let mut pace = Pace::default();
        // I P B B in the order of sending: the two are shown before the P, and the next group stands for itself.
        let shown = [(true, 80), (false, 160), (false, 40), (false, 40), (true, 80)];
        let depths = shown.iter().zip(0..).map(|(&(is_key, offset), n)| {
            let told = pace.frame(frame(i64::from(n) * 40, n * 40, is_key, offset), true);
            (told.depth, told.group)
        });
        assert_eq!(depths.collect::<Vec<_>>(), [(0, None), (0, None), (1, None), (1, None), (0, Some(4))]);
    }

    #[test]
    fn so_many_times_are_kept() {
        let mut pace = Pace::default();
        let told: Vec<_> = (0..10_000_u32).map(|n| pace.frame(frame(0, n % 33, false, 0), true)).collect();
        assert!(pace.times.len() == TIMES && pace.shown.len() == TIMES && TIMES < 33);
        assert!(told.iter().all(|told| !told.is_repeated_time && told.depth <= 32));
    }

    #[test]
    fn jitter_is_that_of_rtp_and_times_that_come_again_are_seen() {
        let mut pace = Pace::default();
        pace.frame(frame(0, 0, true, 0), true);
        assert_eq!(pace.frame(frame(56, 40, false, 0), true).jitter, Some(1e6));
        let told = pace.frame(frame(56, 40, false, 0), true);
        assert!(told.is_same_time && !told.is_repeated_time && told.wait == Some(0));
        let told = pace.frame(frame(57, 0, false, 0), false);
        assert!(told.is_repeated_time && !told.is_same_time && told.jitter.is_none());
    }
}
