//! Acknowledgements and pings.

use super::session::Writer;
use super::situation::Situation;
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
    ping_times: Option<(Time, Time, u64)>,
    /// Pings of the client: how many, how many the server answered, and the last one.
    pub(super) asked: u64,
    pub(super) answered: Option<u64>,
    pub(super) asked_n: Option<u64>,
}

impl Fold {
    pub(super) fn acknowledged(&mut self, number: u32, n: u64) {
        self.acknowledgements += 1;
        self.first.get_or_insert((number, n));
        self.last = number;
    }

    pub(super) fn pinged(&mut self, at: Time, n: u64) {
        self.pings += 1;
        let (first, last, first_n) = self.ping_times.get_or_insert((at, at, n));
        *last = (*last).max(at);
        let _ = (first, first_n);
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
            writer.fact(800, key.into(), title.into(), situation, value, Some(n));
        } else if is_whole && self.window.is_some_and(|window| self.received > 2 * u64::from(window)) {
            writer.fact(800, key.into(), title.into(), situation, "none, though its window was passed".into(), None);
        }
        let (key, title) = ("flow.pings", "Ping Requests to the client");
        if let Some((first, last, n)) = self.ping_times {
            let each = if self.pings > 1 {
                last.since(first) as f64 / (self.pings - 1) as f64
            } else {
                first.since(begun) as f64
            };
            let value = format!("about every {} s", roughly(each / 1e9));
            writer.fact(801, key.into(), title.into(), situation, value, Some(n));
        } else if is_whole && ended.since(begun) > PATIENCE {
            writer.fact(801, key.into(), title.into(), situation, "none in two minutes".into(), None);
        }
        if let Some(n) = self.asked_n {
            let value = if self.answered.is_some() { "Ping Response" } else { "none" };
            if self.answered.is_some() || is_whole {
                let (key, title) = ("flow.ping_response", "Answer to the client's Ping Request");
                writer.fact(802, key.into(), title.into(), situation, value.into(), Some(self.answered.unwrap_or(n)));
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
