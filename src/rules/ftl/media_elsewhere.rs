use std::net::IpAddr;

use crate::proto::{Flow, Opened};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// Media comes from another address than the client's control connection, or goes to another port than the one that the
    /// server named last.
    ///
    /// Why: Janus takes a session's media from the address of its control connection alone; of the rest its log alone knows.
    ///
    /// Seen: a NAT with several addresses, which gives each connection another; a control connection through a proxy; clients on
    /// two networks.
    ///
    /// Change: send both from one address: have the NAT keep one address for a client (RFC 4787 §4.1: paired pooling).
    pub(super) struct MediaElsewhere {
        client: Option<IpAddr>,
    }
    "FTL013", "media-elsewhere", Warning, "FTL 0.9, Sending media; RFC 4787 §4.1", rests: Event, media: false
}

impl Rule for MediaElsewhere {
    fn opened(&mut self, opened: &Opened, _: &Story, _: &mut Findings) {
        self.client = Some(opened.client.ip());
    }

    fn flow(&mut self, flow: &Flow, story: &Story, findings: &mut Findings) {
        let Some(client) = self.client else { return };
        let range = (flow.at.packet, flow.at.packet);
        if flow.client.ip() != client {
            let text = format!(
                "media comes from {}, the control connection from {}: a NAT or a proxy is between, or the client has two addresses",
                flow.client.ip(),
                client
            );
            findings.push(Self::META, Some(Side::Client), text, range);
        }
        let named = story.ftl.as_ref().and_then(|ftl| ftl.state.media_port);
        if let Some(port) = named.filter(|port| *port != flow.server.port()) {
            let text = format!("media goes to UDP port {}; the server named {port}", flow.server.port());
            findings.push(Self::META, Some(Side::Client), text, range);
        }
    }
}
