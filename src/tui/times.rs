//! Which times the rows show, and times that are written.

use crate::wire::{Time, words};

/// From what a row's time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Since {
    /// The capture's first packet.
    #[default]
    Start,
    /// The row that stands before.
    Before,
    /// The row that was chosen.
    Zero,
    /// Nothing: it is that of the clock, in UTC.
    Clock,
}

/// Which times are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) since: Since,
    /// The chosen row, its time, and its number where it has one.
    zero: Option<(u32, Time, Option<u64>)>,
}

impl Times {
    /// Those that count from something that every capture has.
    pub(super) fn of(since: Since) -> Self {
        Times { since, zero: None }
    }

    /// The next kind.
    pub(super) fn turn(&mut self) {
        self.since = match self.since {
            Since::Start => Since::Before,
            Since::Before if self.zero.is_some() => Since::Zero,
            Since::Before | Since::Zero => Since::Clock,
            Since::Clock => Since::Start,
        };
    }

    /// Times count from this row; the same row again ends that.
    pub(super) fn choose(&mut self, row: u32, at: Time, n: Option<u64>) {
        let is_same = self.since == Since::Zero && self.zero.is_some_and(|(zero, ..)| zero == row);
        self.zero = (!is_same).then_some((row, at, n));
        self.since = if is_same { Since::Start } else { Since::Zero };
    }

    /// The chosen row's time.
    pub(super) fn zero(&self) -> Option<Time> {
        self.zero.map(|(_, at, _)| at)
    }

    /// The column's title.
    pub(super) fn title(&self) -> &'static str {
        match self.since {
            Since::Start => "time",
            Since::Before => "delta",
            Since::Zero => "since",
            Since::Clock => "UTC",
        }
    }

    /// What that means, for the line at the bottom.
    pub(super) fn about(&self) -> String {
        match (self.since, self.zero) {
            (Since::Start, _) => "times are since the capture's first packet".to_owned(),
            (Since::Before, _) => "times are since the row before".to_owned(),
            (Since::Zero, Some((_, _, Some(n)))) => format!("times are since message {n}"),
            (Since::Zero, _) => "times are since the chosen row".to_owned(),
            (Since::Clock, _) => "times are of the clock, in UTC".to_owned(),
        }
    }
}

/// The time of the day, in UTC, with so many digits behind the point.
pub(super) fn clock(at: Time, digits: usize) -> String {
    let Ok(time) = jiff::Timestamp::from_nanosecond(i128::from(at.0)) else { return at.0.to_string() };
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    let fraction = format!("{:09}", time.subsec_nanosecond());
    format!("{:02}:{:02}:{:02}.{}", time.hour(), time.minute(), time.second(), &fraction[..digits.min(9)])
}

/// Where somebody wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A message, by its number.
    Message(u64),
    /// Nanoseconds since the start.
    Time(i64),
}

impl Target {
    /// Reads `123`, `1.5s`, `200ms`, `1:02.5`.
    pub(super) fn parse(text: &str) -> Option<Target> {
        let text = text.trim();
        let seconds = |text: &str| text.parse::<f64>().ok().filter(|seconds| (0.0..1e9).contains(seconds));
        let time = |seconds: f64| Some(Target::Time((seconds * 1e9).round() as i64));
        if let Some(text) = text.strip_suffix("ms") {
            return time(seconds(text.trim())? / 1e3);
        }
        if let Some(text) = text.strip_suffix('s') {
            return time(seconds(text.trim())?);
        }
        if text.contains(':') {
            let parts = text.split(':').map(seconds).collect::<Option<Vec<_>>>()?;
            return time(parts.iter().fold(0.0, |sum, part| sum * 60.0 + part));
        }
        if text.contains('.') {
            return time(seconds(text)?);
        }
        text.parse().ok().map(Target::Message)
    }

    /// For a line.
    pub(super) fn name(self) -> String {
        match self {
            Target::Message(n) => format!("message {n}"),
            Target::Time(ns) => format!("{} s", words::seconds(ns, 3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_read() {
        let read = ["123", "1.5s", "200ms", "1:02.5", "2.25", "1:00:00", "", "x", "-1s", "1e300s", "connect"];
        let read = read.map(Target::parse);
        let time = |ms: i64| Some(Target::Time(ms * 1_000_000));
        let wanted = [Some(Target::Message(123)), time(1500), time(200), time(62_500), time(2250), time(3_600_000)];
        assert_eq!(read[..6], wanted);
        assert!(read[6..].iter().all(Option::is_none), "{read:?}");
    }

    #[test]
    fn kinds_of_times_go_around() {
        let mut times = Times::default();
        let mut titles = Vec::new();
        for _ in 0..3 {
            times.turn();
            titles.push(times.title());
        }
        assert_eq!(titles, ["delta", "UTC", "time"]);
        times.choose(7, Time(5), Some(3));
        assert_eq!((times.title(), times.about().as_str()), ("since", "times are since message 3"));
        times.turn();
        assert_eq!(times.title(), "UTC");
        times.since = Since::Zero;
        times.choose(7, Time(5), Some(3));
        assert_eq!((times.title(), times.zero()), ("time", None));
    }

    #[test]
    fn the_clock_is_utc() {
        assert_eq!(clock(Time(1_795_149_770_935_091_000), 6), "04:42:50.935091");
    }
}
