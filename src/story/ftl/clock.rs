//! How a source's RTP clock ran from frame to frame.

use crate::proto::rtp::{Frame, Media};

/// A step of the clock, either way, past which it was set anew, in seconds.
const JUMP: i64 = 10;

/// A source's clock, by its frames. Times are in units of it.
///
/// Timestamps are those of presentation, so that frames need not come in their order: a row of frames takes as long as from the
/// lowest to the highest of them. Where the clock was set anew, a new row begins, and no figure goes from one to the other.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// How often it went more than ten seconds ahead or back.
    pub jumps: u64,
    /// Time from one key frame to the next, in units: how many such, least, most, and all of them.
    pub key_intervals: u64,
    pub key_interval_least: i64,
    pub key_interval_most: i64,
    key_interval_sum: i64,
    /// Rows that are over.
    past: Sum,
    row: Option<Row>,
}

/// Frames but the last of each row, their bytes, and the time of the rows.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    frames: u64,
    bytes: u64,
    time: i64,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    frames: u64,
    bytes: u64,
    lowest: i64,
    highest: i64,
    /// Bytes of the frame with the highest time.
    highest_bytes: u64,
    last_key: Option<i64>,
}

impl Row {
    fn sum(&self) -> Sum {
        Sum { frames: self.frames - 1, bytes: self.bytes - self.highest_bytes, time: self.highest - self.lowest }
    }
}

impl Clock {
    /// The next frame of a clock with so many units in a second.
    pub(super) fn frame(&mut self, frame: &Frame, units: u32) {
        let (bytes, stamp) = (frame.size, frame.timestamp);
        let step = self.row.map(|row| i64::from(stamp.wrapping_sub(row.highest as u32) as i32));
        if step.is_some_and(|step| step.abs() > JUMP * i64::from(units)) {
            self.jumps += 1;
            self.set_anew();
        }
        let time = self.row.map_or_else(
            || i64::from(stamp),
            |row| row.highest + i64::from(stamp.wrapping_sub(row.highest as u32) as i32),
        );
        let row = self.row.get_or_insert(Row {
            frames: 0,
            bytes: 0,
            lowest: time,
            highest: time,
            highest_bytes: bytes,
            last_key: None,
        });
        row.frames += 1;
        row.bytes += bytes;
        row.lowest = row.lowest.min(time);
        if time > row.highest {
            (row.highest, row.highest_bytes) = (time, bytes);
        }
        if matches!(frame.media, Media::H264 { is_key: true, .. })
            && let Some(before) = row.last_key.replace(time)
        {
            self.key_interval((time - before).abs());
        }
    }

    /// The source began anew: nothing goes on from what was.
    pub(super) fn set_anew(&mut self) {
        self.past = self.sum();
        self.row = None;
    }

    fn sum(&self) -> Sum {
        let row = self.row.map_or_else(Sum::default, |row| row.sum());
        let Sum { frames, bytes, time } = self.past;
        Sum { frames: frames + row.frames, bytes: bytes + row.bytes, time: time + row.time }
    }

    fn key_interval(&mut self, interval: i64) {
        let is_first = self.key_intervals == 0;
        self.key_interval_least = if is_first { interval } else { self.key_interval_least.min(interval) };
        self.key_interval_most = self.key_interval_most.max(interval);
        self.key_interval_sum += interval;
        self.key_intervals += 1;
    }

    /// Units that all rows took together.
    pub fn time(&self) -> i64 {
        self.sum().time
    }

    /// Frames in a unit; none where the clock did not move.
    pub fn frame_rate(&self) -> Option<f64> {
        let Sum { frames, time, .. } = self.sum();
        (time > 0).then(|| frames as f64 / time as f64)
    }

    /// Bytes of frames in a unit; none where the clock did not move.
    pub fn byte_rate(&self) -> Option<f64> {
        let Sum { bytes, time, .. } = self.sum();
        (time > 0).then(|| bytes as f64 / time as f64)
    }

    /// The mean time from one key frame to the next, in units.
    pub fn key_interval_mean(&self) -> Option<f64> {
        (self.key_intervals > 0).then(|| self.key_interval_sum as f64 / self.key_intervals as f64)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::wire::Moment;

    fn frame(timestamp: u32, size: u64, is_key: bool) -> Frame {
        let media = if is_key {
            Media::H264 { units: Vec::new(), is_key, pictures: None, has_pps: false }
        } else {
            Media::Opaque
        };
        let (first, last) = (Moment::default(), Moment::default());
        let (data, cut) = (Bytes::new(), 0);
        let (number, ssrc, packets, missing, is_begun, is_ended) = (1, 1, 1, 0, true, true);
        Frame { number, ssrc, timestamp, first, last, packets, missing, is_begun, is_ended, media, size, data, cut }
    }

    fn clock(frames: &[(u32, u64, bool)]) -> Clock {
        let mut clock = Clock::default();
        for (timestamp, length, is_key) in frames {
            clock.frame(&frame(*timestamp, *length, *is_key), 90_000);
        }
        clock
    }

    #[test]
    fn frames_in_the_order_of_decoding_take_the_same_time() {
        let in_order = clock(&[(0, 9, false), (3000, 5, false), (6000, 4, false), (9000, 7, false)]);
        let reordered = clock(&[(0, 9, false), (9000, 7, false), (3000, 5, false), (6000, 4, false)]);
        for clock in [in_order, reordered] {
            assert_eq!((clock.time(), clock.jumps), (9000, 0));
            assert_eq!(clock.frame_rate(), Some(3.0 / 9000.0));
            assert_eq!(clock.byte_rate(), Some(18.0 / 9000.0));
        }
    }

    #[test]
    fn a_clock_wraps() {
        let clock = clock(&[(u32::MAX - 2999, 0, true), (0, 5, false), (3000, 0, true)]);
        assert_eq!((clock.time(), clock.jumps, clock.key_interval_mean()), (6000, 0, Some(6000.0)));
    }

    #[test]
    fn no_figure_goes_over_a_jump() {
        let jumped =
            clock(&[(0, 0, true), (3000, 5, false), (4_000_000, 0, true), (4_003_000, 5, false), (1000, 0, true)]);
        assert_eq!((jumped.time(), jumped.jumps, jumped.key_intervals), (6000, 2, 0));
        assert_eq!(jumped.frame_rate(), Some(2.0 / 6000.0));
        let mut anew = clock(&[(0, 3, false), (3000, 3, false)]);
        anew.set_anew();
        anew.frame(&frame(300_000, 3, false), 90_000);
        anew.frame(&frame(303_000, 3, false), 90_000);
        assert_eq!((anew.time(), anew.jumps), (6000, 0));
    }

    #[test]
    fn one_frame_has_no_rate() {
        assert_eq!((clock(&[(7, 3, false)]).frame_rate(), clock(&[]).byte_rate()), (None, None));
    }
}
