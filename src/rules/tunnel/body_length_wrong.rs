use super::{about, called};
use crate::proto::Tunnel;
use crate::proto::rtmpt::Problem;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// The Content-Length of a request or its response is not its body's length: bytes stand behind the body's end, the next request
    /// begins inside it, it is no number, or the connection ended before it was whole.
    ///
    /// Why: the other side reads the rest of a body as the head of the next message, or the next head as a body, and loses both.
    ///
    /// Seen: librtmp, which forgets the extended timestamp's bytes when it adds up a body: from 4 hours and 40 minutes of stream time
    /// on its length is too small.
    ///
    /// Change: write the body first, with all its chunk headers, and then its length.
    pub(super) struct BodyLengthWrong {}
    "TUN006", "body-length-wrong", Warning, "RFC 9112 §6", rests: Event, media: false
}

impl Rule for BodyLengthWrong {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        let name = called(exchange);
        for problem in &exchange.problems {
            let (from, text) = match *problem {
                Problem::Excess { from, bytes } => (
                    from,
                    format!(
                        "{} behind the end of {}: its Content-Length is too small",
                        stand(bytes),
                        body(from, &name)
                    ),
                ),
                Problem::NoLength { from } => (
                    from,
                    format!(
                        "{} has a Content-Length that cannot be used: it is no number, or stands there twice and differs",
                        whole(from, &name)
                    ),
                ),
                Problem::HoldsRequest => (
                    Side::Client,
                    format!("the next request begins inside the body of {name}: its Content-Length is too large"),
                ),
                Problem::Cut { from, bytes } => (
                    from,
                    format!("the connection ended {} before the end of {}", count(bytes, "byte"), body(from, &name)),
                ),
                _ => continue,
            };
            about(findings, Self::META, from, exchange, text);
        }
    }
}

fn body(from: Side, name: &str) -> String {
    match from {
        Side::Client => format!("the body of {name}"),
        Side::Server => format!("the body of the response to {name}"),
    }
}

fn whole(from: Side, name: &str) -> String {
    match from {
        Side::Client => name.to_owned(),
        Side::Server => format!("the response to {name}"),
    }
}

fn stand(bytes: u64) -> String {
    format!("{} {}", count(bytes, "byte"), if bytes == 1 { "stands" } else { "stand" })
}
