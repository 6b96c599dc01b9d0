use super::{about, called};
use crate::proto::rtmpt::{Problem, Request};
use crate::proto::{Close, Tunnel};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{PacketNo, Side};

/// Requests that are kept until it is known whether the client went on. Clients have a few under way at a time.
const MOST: usize = 16;

/// A request without a response.
struct Left {
    name: String,
    packets: (PacketNo, PacketNo),
}

rule! {
    /// A request got no response before its connection ended, or one whose status is not 200. Ident may get any: clients ask it first
    /// and go on whatever it says. Nor are requests told that were under way when the capture ended, or when the client left and
    /// waited for no answer.
    ///
    /// Why: what the request carried may not have arrived, and what the server had to say has not. Most clients give the session up.
    ///
    /// Seen: servers that do not know the session's id any more (404), proxies that wait no longer (502, 504), servers that close
    /// the connection in answer to close.
    ///
    /// Change: look into the server's log, or the proxy's; a server should answer close before it hangs up.
    pub(super) struct RequestUnanswered {
        // Behind the last one that was answered: the client may be about to leave.
        left: Vec<Left>,
    }
    "TUN005", "request-unanswered", Warning, "docs/protocol-notes.md#rtmpt", rests: Event, media: false
}

impl Rule for RequestUnanswered {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        if exchange.request == Some(Request::Ident) {
            return;
        }
        let name = called(exchange);
        if exchange.problems.contains(&Problem::Unanswered) {
            if exchange.certain {
                self.left.push(Left { name, packets: exchange.packets });
            }
            if self.left.len() > MOST {
                self.say(findings);
            }
            return;
        }
        if exchange.status.is_some() {
            self.say(findings);
        }
        if let Some(status) = exchange.status.filter(|status| *status != 200) {
            let what = match status {
                400 => ": the server cannot read it",
                404 => ": the server does not know the session, or no such request",
                408 | 504 => ": somebody waited too long for it",
                413 => ": its body is too large for the server or a proxy",
                500 | 502 | 503 => ": the server, or one behind it, failed",
                _ => "",
            };
            let text = format!("the response to {name} has status {status}, not 200{what}");
            about(findings, Self::META, Side::Server, exchange, text);
        }
    }
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if close.last && story.ending(close).by != Some(Side::Client) {
            self.say(findings);
        }
    }
}

impl RequestUnanswered {
    fn say(&mut self, findings: &mut Findings) {
        for Left { name, packets } in self.left.drain(..) {
            let text = format!("no response came to {name} before its connection ended");
            findings.push(Self::META, Some(Side::Server), text, packets);
        }
    }
}
