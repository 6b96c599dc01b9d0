use super::{about, called};
use crate::proto::Tunnel;
use crate::proto::rtmpt::Request;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{self, Side};

/// The type of all bodies of RTMPT.
const TYPE: &str = "application/x-fcs";

rule! {
    /// The Content-Type of a request, or of its response of status 200, is not application/x-fcs, or missing. What answers ident is
    /// not looked at.
    ///
    /// Why: servers and proxies tell RTMPT by it; one that does not know the type may look into the body, change or refuse it.
    ///
    /// Seen: servers that are put together from an HTTP library and leave its default.
    ///
    /// Change: send `Content-Type: application/x-fcs` with each request and each response that has a body.
    pub(super) struct ContentTypeWrong {}
    "TUN003", "content-type-wrong", Note, "docs/protocol-notes.md#rtmpt", rests: Event, media: false
}

impl Rule for ContentTypeWrong {
    fn tunnel(&mut self, told: &Tunnel, _: &Story, findings: &mut Findings) {
        let exchange = &told.exchange;
        let name = called(exchange);
        let is_seen =
            [exchange.request.is_some(), exchange.status == Some(200) && exchange.request != Some(Request::Ident)];
        for side in Side::BOTH {
            let kind = exchange.content_type[side.index()].as_deref();
            if !is_seen[side.index()] || kind.is_some_and(is_right) {
                continue;
            }
            let what = if side == Side::Client { name.clone() } else { format!("the response to {name}") };
            let text = match kind {
                Some(kind) => format!("{what} has the Content-Type {}, not {TYPE}", wire::told(kind)),
                None => format!("{what} has no Content-Type; it should be {TYPE}"),
            };
            about(findings, Self::META, side, exchange, text);
        }
    }
}

/// Whether it is the type of RTMPT, whatever its parameters.
fn is_right(kind: &str) -> bool {
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(TYPE)
}
