use super::{about, called};
use crate::proto::Tunnel;
use crate::proto::rtmpt::Problem;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// A response of status 200 to send, idle or close has an empty body: its first byte, the polling interval, is missing.
    ///
    /// Why: the client takes the first byte of each body away. Where a server leaves it out, a client waits for it, or takes a byte
    /// of RTMP for it and reads all that follows one byte too early.
    ///
    /// Seen: servers that answer an idle request with Content-Length 0 where they have nothing to say.
    ///
    /// Change: begin the body of every such response with the polling interval (1, say), also where nothing follows.
    pub(super) struct PollingByteMissing {}
    "TUN002", "polling-byte-missing", Error, "docs/protocol-notes.md#rtmpt", rests: Event, media: false
}

impl Rule for PollingByteMissing {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        if exchange.problems.contains(&Problem::NoPollingByte) {
            let text = format!("the response to {} is empty, without the polling interval", called(exchange));
            about(findings, Self::META, Side::Server, exchange, text);
        }
    }
}
