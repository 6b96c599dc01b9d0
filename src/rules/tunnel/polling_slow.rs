use super::{about, called};
use crate::proto::Tunnel;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::duration;

/// A server that has something to say waits no longer for a client that polls as it should, …
const LONG: i64 = 1_000_000_000;
/// … or for each of the units of a polling interval, by the longest that clients take one for.
const UNIT: i64 = 100_000_000;

rule! {
    /// More than a second passed between a response and the client's next request, and more than the server asked for: its polling
    /// interval, with a tenth of a second for each unit. No specification has the unit; clients wait less than that.
    ///
    /// Why: a server can speak only in a response. What it has to say, media among it, waits until the client asks again, and then
    /// comes in one piece: it is late, and the player's buffer runs empty.
    ///
    /// Seen: clients that poll by a fixed slow timer, or that stop while they are busy.
    ///
    /// Change: in the client, send idle as soon as the interval has passed, and at once behind a response that carried something; in
    /// the server, ask for a short interval while a stream runs.
    pub(super) struct PollingSlow {
        interval: Option<u8>,
    }
    "TUN004", "polling-slow", Note, "docs/protocol-notes.md#rtmpt", rests: Session, media: false
}

impl Rule for PollingSlow {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        if let (Some(waited), Some(interval)) = (exchange.waited, self.interval)
            && waited > LONG.max(i64::from(interval) * UNIT)
        {
            let text = format!(
                "the client asked again, with {}, only {} after the last response, which had asked for a polling interval \
                 of {interval}: what the server had to say waited as long",
                called(exchange),
                duration(waited)
            );
            about(findings, Self::META, Side::Client, exchange, text);
        }
        self.interval = exchange.polling_interval.or(self.interval);
    }
}
