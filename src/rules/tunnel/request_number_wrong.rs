use super::{about, called};
use crate::proto::Tunnel;
use crate::proto::rtmpt::Problem;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// The number in a request's path is not the one behind the last: it jumps, goes back, comes again although it was answered,
    /// comes after the session went on without it, or cannot be read. The same request again on a new connection, where it was not
    /// answered, is right and not told.
    ///
    /// Why: the number says in which order bodies belong together, since several connections may carry a session. A server that goes
    /// by it waits for the missing one, or ends the session; one that does not puts bytes in the wrong order.
    ///
    /// Seen: clients that count by connection instead of by session; proxies that send a request again by themselves.
    ///
    /// Change: count send, idle and close together, from 0 or 1, by one for each request of the session.
    pub(super) struct RequestNumberWrong {}
    "TUN001", "request-number-wrong", Warning, "docs/protocol-notes.md#rtmpt", rests: Event, media: false
}

impl Rule for RequestNumberWrong {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        let name = called(exchange);
        for problem in &exchange.problems {
            let text = match problem {
                Problem::NoNumber => format!("{name} has no number that can be read in its path"),
                Problem::Jumped { expected, left_out } => {
                    let missing = exchange.number.unwrap_or_default().saturating_sub(*expected);
                    let what = if *left_out {
                        format!("the client leaves {} out", count(missing, "number"))
                    } else {
                        format!("{} missing", are(missing))
                    };
                    format!("{name} comes where {expected} was due: {what}")
                }
                Problem::Repeated { expected } => {
                    format!("{name} comes again, although it was answered, where {expected} was due")
                }
                Problem::WentBack { expected } => format!("{name} goes back: {expected} was due"),
                Problem::TooLate => format!("{name} comes too late: the session went on without it"),
                _ => continue,
            };
            about(findings, Self::META, Side::Client, exchange, text);
        }
    }
}

fn are(missing: u64) -> String {
    format!("{} {}", count(missing, "request"), if missing == 1 { "is" } else { "are" })
}
