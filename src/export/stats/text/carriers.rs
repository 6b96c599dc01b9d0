//! What a session is carried in, as lines for a person.

use std::io::Write;

use super::{Text, bytes, rate_text};
use crate::proto::tls::Facts;
use crate::stats::{Latencies, SessionStats, Tunneling};
use crate::wire::words::{count, rounded_milliseconds};
use crate::wire::{Side, escape};

impl<W: Write> Text<W> {
    pub(super) fn carriers(&mut self, stats: &SessionStats) {
        if let Some(facts) = &stats.carriers.tls {
            self.tls(facts, stats);
        }
        if let Some(tunnel) = &stats.carriers.tunnel {
            self.tunnel(tunnel, stats);
        }
    }

    fn tls(&mut self, facts: &Facts, stats: &SessionStats) {
        self.line(format_args!("  TLS       {}", facts.describe()));
        if stats.opened.decrypted != Some(false) || stats.opened.protocol != "rtmps" {
            return;
        }
        let rates = Side::BOTH.map(|side| {
            let rate = stats.mean_bit_rate(side).map_or_else(|| "no time".to_owned(), rate_text);
            format!("{} {rate}", side.name())
        });
        self.line(format_args!("            over the whole session, with TLS's own bytes: {}", rates.join(", ")));
    }

    fn tunnel(&mut self, tunnel: &Tunneling, stats: &SessionStats) {
        let id = if tunnel.id.is_empty() { String::new() } else { format!("session {}, ", escape(&tunnel.id)) };
        let connections = count(stats.carriers.further + 1, "connection");
        self.line(format_args!("  RTMPT     {id}{connections}"));
        self.line(format_args!(
            "  {:<34} {:>6} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9}",
            "requests", "count", "answered", "not 200", "least ms", "median", "95 %", "most"
        ));
        for (request, requests) in &tunnel.requests {
            let answered = requests.count - requests.unanswered;
            self.line(format_args!(
                "      {:<30} {:>6} {:>9} {:>7} {}",
                request.name(),
                requests.count,
                format!("{answered}/{}", requests.count),
                requests.refused,
                times(&requests.latencies),
            ));
        }
        if tunnel.without_request > 0 {
            let responses = count(tunnel.without_request, "response");
            self.line(format_args!("      and {responses} without a request in the capture"));
        }
        if tunnel.waited.count > 0 {
            self.line(format_args!(
                "      {:<30} {:>6} {:>9} {:>7} {}",
                "wait before idle",
                tunnel.waited.count,
                "",
                "",
                times(&tunnel.waited)
            ));
        }
        if !tunnel.intervals.is_empty() {
            let asked: Vec<_> = tunnel
                .intervals
                .iter()
                .map(|(interval, times)| format!("{interval} ({})", count(*times, "time")))
                .collect();
            self.line(format_args!("      polling intervals asked for, in the server's unit: {}", asked.join(", ")));
        }
        self.overhead(tunnel, stats);
    }

    /// What HTTP took beside RTMP's own bytes.
    fn overhead(&mut self, tunnel: &Tunneling, stats: &SessionStats) {
        let parts = Side::BOTH.map(|side| {
            let (heads, bodies) = (tunnel.heads[side.index()], tunnel.bodies[side.index()]);
            let all = heads + bodies;
            let rtmp = stats.side(side).bytes.min(bodies);
            let share = (all - rtmp) as f64 * 100.0 / (all.max(1)) as f64;
            format!("{} {} of {} ({share:.1} %)", side.name(), bytes(all - rtmp), bytes(all))
        });
        self.line(format_args!("      beside RTMP, HTTP took: {}", parts.join(", ")));
        if !tunnel.is_whole {
            self.line(format_args!(
                "      The capture misses some of that, or ends in it: counts are of what is there."
            ));
        }
    }
}

/// Least, median, 95 % and most, in ms.
fn times(latencies: &Latencies) -> String {
    let value =
        |ns: Option<i64>| ns.filter(|_| latencies.count > 0).map_or_else(|| "-".to_owned(), rounded_milliseconds);
    format!(
        "{:>9} {:>9} {:>9} {:>9}",
        value(Some(latencies.least)),
        value(latencies.percentile(50)),
        value(latencies.percentile(95)),
        value(Some(latencies.most))
    )
}
