//! Figures of a session over time, in a bounded number of buckets, from the book's rows. Nothing is read again.
//!
//! The figures are those of `docs/stats.md`, but that they stand where their message came, and rates are over what came in a second. They grow as the
//! book does. A hole in the capture sets a side's clocks anew: no figure goes over it. When TCP sent something again is known at
//! a side's end.

mod buckets;

use crate::book::{Book, Figure, Frame, Level, Sample};
use crate::wire::{Side, Time};
use buckets::{Buckets, Joined};

/// Rows between looks at whether time is up.
const STRIDE: usize = 256;
/// A step of a clock past which it is no delay but a jump, in ms.
const JUMP: i64 = 10_000;
/// Rates are over a second.
const SECOND: i64 = 1_000_000_000;

/// What there is over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    BitRate,
    FrameRate,
    KeyDistance,
    Arrival,
    Ahead,
    Unacknowledged,
    Window,
    Latency,
    Resent,
}

impl Quantity {
    pub const ALL: [Quantity; 9] = [
        Quantity::BitRate,
        Quantity::FrameRate,
        Quantity::KeyDistance,
        Quantity::Arrival,
        Quantity::Ahead,
        Quantity::Unacknowledged,
        Quantity::Window,
        Quantity::Latency,
        Quantity::Resent,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Quantity::BitRate => "bit rate",
            Quantity::FrameRate => "frame rate",
            Quantity::KeyDistance => "from key frame to key frame",
            Quantity::Arrival => "from media to media",
            Quantity::Ahead => "audio ahead of video",
            Quantity::Unacknowledged => "not yet acknowledged",
            Quantity::Window => "window",
            Quantity::Latency => "latency of answers",
            Quantity::Resent => "retransmissions",
        }
    }

    /// Of a value as it is kept.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::BitRate => "kbit/s",
            Quantity::FrameRate => "frames/s",
            Quantity::Resent => "segments/s",
            Quantity::KeyDistance | Quantity::Arrival | Quantity::Ahead | Quantity::Latency => "ms",
            Quantity::Unacknowledged | Quantity::Window => "bytes",
        }
    }

    /// What it is; a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Quantity::BitRate => "Bits of messages' payloads in a second, without chunk headers and TCP.",
            Quantity::FrameRate => "Messages with a picture that came in a second.",
            Quantity::KeyDistance => "From one picture that can be decoded alone to the next, by their timestamps.",
            Quantity::Arrival => "From one message of audio or video to the next, as they came.",
            Quantity::Ahead => "How far audio's last timestamp was from that of the video beside it.",
            Quantity::Unacknowledged => "What the other side had sent when this one acknowledged, less what it did.",
            Quantity::Window => "Window Acknowledgement Size, as a side announced it.",
            Quantity::Resent => "Segments that TCP sent again in a second; known once the side has ended.",
            Quantity::Latency => "From a call's last packet to its answer's, where the answer came.",
        }
    }

    /// A rate is drawn from 0; anything else is a value each time.
    pub fn is_rate(self) -> bool {
        matches!(self, Quantity::BitRate | Quantity::FrameRate | Quantity::Resent)
    }

    /// A value holds until the next one.
    pub fn is_lasting(self) -> bool {
        self == Quantity::Window
    }

    fn joined(self) -> Joined {
        match self {
            Quantity::BitRate | Quantity::FrameRate | Quantity::Resent => Joined::Sum,
            Quantity::Ahead | Quantity::Window => Joined::Last,
            _ => Joined::Most,
        }
    }
}

/// Where a side's clocks stand.
#[derive(Clone, Copy, Debug, Default)]
struct Clocks {
    /// When audio or video came last.
    media: Option<Time>,
    audio: Option<u32>,
    video: Option<u32>,
    key: Option<u32>,
    /// Bytes sent.
    sent: u64,
}

impl Clocks {
    /// They begin anew; what was sent stays so.
    fn reset(&mut self) {
        *self = Clocks { sent: self.sent, ..Clocks::default() };
    }
}

/// The figures of a session; see the module.
#[derive(Debug)]
pub struct Series {
    session: u32,
    seen: usize,
    start: Option<Time>,
    /// Nanoseconds from the start to what was last.
    length: i64,
    /// By quantity and side.
    values: Vec<[Buckets; 2]>,
    clocks: [Clocks; 2],
    /// The first message of each bucket.
    rows: Buckets,
}

impl Series {
    pub fn new(session: u32) -> Self {
        let values = Quantity::ALL.map(|quantity| [0, 1].map(|_| Buckets::new(quantity.joined())));
        let clocks = [Clocks::default(); 2];
        Series {
            session,
            seen: 0,
            start: None,
            length: 0,
            values: values.into(),
            clocks,
            rows: Buckets::new(Joined::First),
        }
    }

    pub fn session(&self) -> u32 {
        self.session
    }

    /// When the session began, as far as rows tell.
    pub fn start(&self) -> Option<Time> {
        self.start
    }

    /// Nanoseconds from the start to the last row.
    pub fn length(&self) -> i64 {
        self.length
    }

    pub fn is_behind(&self, book: &Book) -> bool {
        book.session(self.session).is_some_and(|session| self.seen < session.rows.len())
    }

    /// Takes in the rows that came since, until time is up.
    pub fn grow(&mut self, book: &Book, is_up: impl FnMut() -> bool) {
        self.grow_with(book, |_| true, is_up);
    }

    /// The same of the rows that are kept; each is asked about once, in their order. How long the session is does not depend on them.
    pub fn grow_with(&mut self, book: &Book, mut keep: impl FnMut(u32) -> bool, mut is_up: impl FnMut() -> bool) {
        let Some(session) = book.session(self.session) else { return };
        while let Some(row) = session.rows.get(self.seen) {
            self.seen += 1;
            let is_kept = keep(*row);
            match book.figure(*row) {
                Some(Figure::Message(sample)) if !is_kept => {
                    let sent = &mut self.clocks[sample.from.index()].sent;
                    *sent = (*sent).max(sample.end);
                    self.reach(sample.at);
                }
                Some(Figure::Message(sample)) => {
                    let at = self.reach(sample.at);
                    self.take(&sample, at);
                    self.rows.push(at, f64::from(*row));
                }
                Some(Figure::Hole(side, at)) => {
                    self.reach(at);
                    self.clocks[side.index()].reset();
                }
                Some(Figure::Other(at)) => {
                    self.reach(at);
                    if let Some((side, resent)) = book.resent(*row) {
                        let start = self.start.unwrap_or(at);
                        for (at, count) in resent {
                            self.push(Quantity::Resent, side, at.since(start), f64::from(count));
                        }
                    }
                }
                None => {}
            }
            if self.seen.is_multiple_of(STRIDE) && is_up() {
                return;
            }
        }
    }

    fn push(&mut self, quantity: Quantity, side: Side, at: i64, value: f64) {
        self.values[quantity as usize][side.index()].push(at, value);
    }

    /// Something was there at a time; gives that in nanoseconds from the start.
    fn reach(&mut self, at: Time) -> i64 {
        let at = at.since(*self.start.get_or_insert(at)).max(0);
        self.length = self.length.max(at);
        at
    }

    fn take(&mut self, sample: &Sample, at: i64) {
        let from = sample.from;
        self.push(Quantity::BitRate, from, at, f64::from(sample.bytes) * 8.0 / 1000.0);
        if let Some(ns) = sample.latency {
            self.push(Quantity::Latency, from, at, ns as f64 / 1e6);
        }
        match sample.level {
            Some(Level::Window(bytes)) => self.push(Quantity::Window, from, at, f64::from(bytes)),
            Some(Level::Acknowledged(bytes)) => {
                let sent = self.clocks[from.other().index()].sent as u32;
                // A side that counts from behind its handshake is ahead of the bytes, which is no figure.
                let rest = sent.wrapping_sub(bytes);
                if sent > 0 && rest < 1 << 31 {
                    self.push(Quantity::Unacknowledged, from, at, f64::from(rest));
                }
            }
            None => {}
        }
        let clocks = &mut self.clocks[from.index()];
        clocks.sent = clocks.sent.max(sample.end);
        if sample.frame != Frame::No {
            self.frame(sample, at);
        }
    }

    /// Sound or a picture.
    fn frame(&mut self, sample: &Sample, at: i64) {
        let (from, is_sound) = (sample.from, sample.frame == Frame::Sound);
        let clocks = &mut self.clocks[from.index()];
        let waited = clocks.media.replace(sample.at).map(|before| sample.at.since(before));
        let mut ahead = None;
        let mut distance = None;
        if let Some(now) = sample.timestamp {
            let own = if is_sound { &mut clocks.audio } else { &mut clocks.video };
            let step = own.replace(now).map_or(0, |before| apart(before, now));
            if !(0..=JUMP).contains(&step) {
                // Whatever happened to the clock, nothing is measured over it.
                if is_sound { clocks.video = None } else { (clocks.audio, clocks.key) = (None, None) }
            }
            ahead = clocks.audio.zip(clocks.video).map(|(audio, video)| apart(video, audio));
            if sample.frame == Frame::Key {
                distance = clocks.key.replace(now).map(|before| apart(before, now));
            }
        }
        if let Some(ns) = waited {
            self.push(Quantity::Arrival, from, at, ns as f64 / 1e6);
        }
        if !is_sound {
            self.push(Quantity::FrameRate, from, at, 1.0);
        }
        if let Some(ms) = ahead {
            self.push(Quantity::Ahead, from, at, ms as f64);
        }
        if let Some(ms) = distance {
            self.push(Quantity::KeyDistance, from, at, ms as f64);
        }
    }

    /// The row of the message that was complete at a time, in nanoseconds from the start, or next; within a bucket.
    pub fn row_at(&self, at: i64) -> Option<u32> {
        let row = self.rows.over(at, at + 1).or_else(|| self.rows.over(at, self.length + 1));
        row.map(|row| row as u32)
    }

    /// Whether there is something of it.
    pub fn has(&self, quantity: Quantity) -> bool {
        self.values[quantity as usize].iter().any(|side| !side.is_empty())
    }

    /// Whether there is something of a side.
    pub fn has_of(&self, quantity: Quantity, side: Side) -> bool {
        !self.values[quantity as usize][side.index()].is_empty()
    }

    /// A side's last value up to a time, in nanoseconds from the start.
    pub fn latest(&self, quantity: Quantity, side: Side, at: i64) -> Option<f64> {
        self.values[quantity as usize][side.index()].latest(at)
    }

    /// A side's value from `start` to `end`, in nanoseconds from the start: of a rate the mean, over at least a second where there is
    /// one; of what is a value each time, the highest, or the last one where that says more. None where there is none.
    pub fn value(&self, quantity: Quantity, side: Side, start: i64, end: i64) -> Option<f64> {
        let values = &self.values[quantity as usize][side.index()];
        if values.is_empty() || end < 0 || start > self.length {
            return None;
        }
        if !quantity.is_rate() {
            return values.over(start, end);
        }
        // What is left of the second at the beginning is made up at the end, and the other way round.
        let least = SECOND.max(values.width()).max(end - start);
        let first = (start - (least - (end - start)) / 2).min(self.length - least).max(0);
        let last = (first + least).min(self.length.max(1));
        // A bucket counts where it begins.
        let sum = values.over(first, last + 1).unwrap_or_default();
        Some(sum * SECOND as f64 / (last - first).max(1) as f64)
    }
}

/// Ms from one timestamp to another, which wrap.
fn apart(before: u32, now: u32) -> i64 {
    i64::from(now.wrapping_sub(before) as i32)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::book::{Loader, Options};

    fn read(capture: &str, session: u32) -> Series {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures").join(capture);
        let (mut loader, mut book) = Loader::open(&[path], &Options::default()).unwrap();
        let mut series = Series::new(session);
        let mut done = false;
        while !done {
            let batch = loader.read_packets(50);
            done = batch.progress.done;
            batch.items.into_iter().for_each(|item| {
                book.take(item);
            });
            series.grow(&book, || false);
        }
        assert!(!series.is_behind(&book));
        series
    }

    /// What `stats` says of the same session.
    #[test]
    fn figures_are_those_of_stats() {
        let series = read("node-media-server/ffmpeg-publish-and-play.pcap", 1);
        let all = |quantity| series.value(quantity, Side::Client, 0, series.length()).unwrap();
        let seconds = series.length() as f64 / 1e9;
        let frames = (all(Quantity::FrameRate) * seconds).round();
        assert_eq!(frames, 202.0);
        assert_eq!(all(Quantity::KeyDistance), 2000.0);
        let latency = series.value(Quantity::Latency, Side::Server, 0, series.length()).unwrap();
        assert!((latency - 48.029).abs() < 0.01, "{latency}");
        assert!(!series.has_of(Quantity::Latency, Side::Client) && !series.has(Quantity::Unacknowledged));
        assert_eq!(series.latest(Quantity::Window, Side::Server, series.length()), Some(5_000_000.0));
    }

    /// A side that acknowledges says how far behind it is.
    #[test]
    fn what_is_not_acknowledged_is_told() {
        let series = read("xiu/ffmpeg-extended-timestamp.pcap", 2);
        let sides = [Side::Client, Side::Server];
        let values = sides.map(|side| series.value(Quantity::Unacknowledged, side, 0, series.length()));
        assert!(values.iter().any(Option::is_some), "{values:?}");
    }
}
