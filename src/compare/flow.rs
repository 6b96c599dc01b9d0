//! Acknowledgements and pings.

use super::situation::Situation;
use super::writer::{Writer, name};
use crate::wire::Time;

/// A session in which no ping came shows that none come when it lasted so long, in nanoseconds.
const PATIENCE: i64 = 120_000_000_000;

/// What both sides did to keep the flow going.
#[derive(Debug, Default)]
pub(super) struct Fold {
    /// The window that the client announced, in bytes.
    pub(super) window: Option<u32>,
    /// The client's bytes so far.
    pub(super) received: u64,
    acknowledgements: u64,
    first: Option<(u32, u64)>,
    last: u32,
    pings: u64,
    /// The first and the last ping, and the first one's message.
    ping_times: Option<(Time, Time, u64)>,
    /// The last ping of the client.
    pub(super) asked: Option<u64>,
    /// The last answer to one.
    pub(super) answered: Option<u64>,
}

impl Fold {
    pub(super) fn acknowledged(&mut self, number: u32, n: u64) {
        self.acknowledgements += 1;
        self.first.get_or_insert((number, n));
        self.last = number;
    }

    pub(super) fn pinged(&mut self, at: Time, n: u64) {
        self.pings += 1;
        let (_, last, _) = self.ping_times.get_or_insert((at, at, n));
        *last = (*last).max(at);
    }

    pub(super) fn tell(
        &self,
        writer: &mut Writer<'_>,
        situation: &Situation,
        begun: Time,
        ended: Time,
        is_whole: bool,
    ) {
        let (key, title) = ("flow.acknowledgements", "Acknowledgements to the client");
        if let Some((first, n)) = self.first {
            let each = if self.acknowledgements > 1 {
                f64::from(self.last.wrapping_sub(first)) / (self.acknowledgements - 1) as f64
            } else {
                f64::from(first)
            };
            let value = format!("about every {} bytes", roughly(each));
            writer.fact(name(800, key, title), situation, value, Some(n));
        } else if is_whole && self.window.is_some_and(|window| self.received > 2 * u64::from(window)) {
            writer.fact(name(800, key, title), situation, "none, though its window was passed", None);
        }
        let (key, title) = ("flow.pings", "Ping Requests to the client");
        if let Some((first, last, n)) = self.ping_times {
            let each = if self.pings > 1 {
                last.since(first) as f64 / (self.pings - 1) as f64
            } else {
                first.since(begun) as f64
            };
            let value = format!("about every {} s", roughly(each / 1e9));
            writer.fact(name(801, key, title), situation, value, Some(n));
        } else if is_whole && ended.since(begun) > PATIENCE {
            writer.fact(name(801, key, title), situation, "none in two minutes", None);
        }
        if let Some(n) = self.asked {
            let value = if self.answered.is_some() { "Ping Response" } else { "none" };
            if self.answered.is_some() || is_whole {
                let (key, title) = ("flow.ping_response", "Answer to the client's Ping Request");
                writer.fact(name(802, key, title), situation, value, Some(self.answered.unwrap_or(n)));
            }
        }
    }
}

/// A number with one digit: what is alike in sessions that are.
fn roughly(number: f64) -> String {
    if number < 1.0 {
        return "0".into();
    }
    let scale = 10_f64.powf(number.log10().floor());
    format!("{:.0}", (number / scale).round() * scale)
}

#[cfg(test)]
mod tests {
    use super::roughly;

    #[test]
    fn numbers_keep_one_digit() {
        assert_eq!([131_142.0, 20_007.0, 3.04, 0.4, 96.0].map(roughly), ["100000", "20000", "3", "0", "100"]);
    }
}
