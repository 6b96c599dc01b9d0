//! Absolute times as JSON has them. How long something took is written by [`words`](crate::wire::words).

use crate::wire::Time;
use crate::wire::words::fraction_into;

/// Writes times as RFC 3339 in UTC. Consecutive times share their second, which is formatted once.
#[derive(Debug, Default)]
pub(super) struct Clock {
    second: Option<i64>,
    text: String,
}

impl Clock {
    /// Appends `2026-11-20T04:15:02.041881Z`: six digits, or nine where the capture's clock has them.
    pub(super) fn write(&mut self, time: Time, out: &mut String) {
        let (second, ns) = (time.0.div_euclid(1_000_000_000), time.0.rem_euclid(1_000_000_000));
        if self.second != Some(second) {
            // Every 64-bit count of nanoseconds is a year between 1677 and 2262.
            let stamp = jiff::Timestamp::from_second(second).unwrap_or_default();
            self.text = stamp.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            self.second = Some(second);
        }
        out.push_str(&self.text);
        fraction_into(out, ns as u64);
        out.push('Z');
    }
}

/// A time in whole seconds: `2026-11-20T04:15:02Z`.
pub(super) fn second(time: Time) -> String {
    let second = time.0.div_euclid(1_000_000_000);
    jiff::Timestamp::from_second(second).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_and_nanoseconds_keep_their_digits() {
        let mut clock = Clock::default();
        let mut text = String::new();
        for ns in [1_780_000_000_041_881_000, 1_780_000_000_041_881_123, 0, -1_000] {
            clock.write(Time(ns), &mut text);
            text.push(' ');
        }
        assert_eq!(
            text,
            "2026-05-28T20:26:40.041881Z 2026-05-28T20:26:40.041881123Z 1970-01-01T00:00:00.000000Z \
             1969-12-31T23:59:59.999999Z "
        );
    }
}
