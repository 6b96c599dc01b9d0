//! What a server does about what carries its sessions: TLS, and the requests of RTMPT.

use std::collections::BTreeSet;

use super::profile::Profile;
use super::situation::Situation;
use super::writer::{Writer, name};
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmpt::{Exchange, Request};
use crate::proto::tls::Facts;
use crate::wire::escape;

/// What carries one session.
#[derive(Debug, Default)]
pub(super) struct Fold {
    tls: Option<String>,
    intervals: BTreeSet<u8>,
    content_types: BTreeSet<String>,
    ident: Option<u16>,
}

impl Fold {
    pub(super) fn tls(&mut self, facts: &Facts) {
        let parts: Vec<_> = facts.version_word().into_iter().chain(facts.suite_word()).collect();
        self.tls = (!parts.is_empty()).then(|| parts.join(", "));
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) {
        match exchange.request {
            Some(Request::Ident) => self.ident = exchange.status.or(self.ident),
            // What answers close asks for nothing more.
            Some(Request::Send | Request::Idle) => self.intervals.extend(exchange.polling_interval),
            _ => {}
        }
        if exchange.status == Some(200) && exchange.request != Some(Request::Ident) {
            let kind = exchange.content_type[1].as_deref().map_or_else(|| "none".to_owned(), escape);
            // A server has one or two.
            if self.content_types.len() < 4 {
                self.content_types.insert(kind);
            }
        }
    }

    /// The session is over.
    pub(super) fn tell(&self, capture: usize, session: u32, masks: &Masks, profile: &mut Profile) {
        let mut writer = Writer { profile, masks, capture, session };
        if let Some(tls) = &self.tls {
            writer.fact(name(20, "carrier.tls", "TLS: what is agreed on"), &Situation::of("RTMPS"), tls, None);
        }
        let situation = Situation::of("RTMPT");
        if let Some(status) = self.ident {
            let row = name(21, "carrier.ident", "RTMPT: status of the response to ident");
            writer.fact(row, &situation, status.to_string(), None);
        }
        if let (Some(least), Some(most)) = (self.intervals.first(), self.intervals.last()) {
            let value = if least == most { least.to_string() } else { format!("{least} to {most}") };
            writer.fact(name(22, "carrier.polling_interval", "RTMPT: polling interval"), &situation, value, None);
        }
        if !self.content_types.is_empty() {
            let types: Vec<_> = self.content_types.iter().map(String::as_str).collect();
            let row = name(23, "carrier.content_type", "RTMPT: Content-Type of the responses");
            writer.fact(row, &situation, types.join(", "), None);
        }
    }
}
