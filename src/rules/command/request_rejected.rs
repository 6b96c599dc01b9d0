use std::collections::VecDeque;

use crate::limits::Limits;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Rule, clipped, rule};
use crate::wire::Side;

/// Calls that are remembered, to name the one that was rejected.
const REMEMBERED: usize = Limits::DEFAULT.judged_calls / 16;

rule! {
    /// An `_error`, or a status of level `error`: someone said no. The finding says who, to what, and why.
    ///
    /// This is no fault by itself. It is what a person who asks "why does it not connect?" looks for first.
    pub(super) struct RequestRejected {
        calls: VecDeque<(Side, f64, String)>,
    }
    "CMD023", "request-rejected", Note, "RTMP 1.0 §7.2", each: true
}

impl Rule for RequestRejected {
    fn message(&mut self, message: &Message, _: &Facts, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let level = command.information_text("level");
        if command.name != "_error" && level != Some("error") {
            if !command.is_answer()
                && let Some(id) = command.transaction_id
            {
                if self.calls.len() == REMEMBERED {
                    self.calls.pop_front();
                }
                self.calls.push_back((message.from, id, clipped(command.name.clone())));
            }
            return;
        }
        let call = if command.is_answer() {
            self.calls.iter().rev().find(|(from, id, _)| *from != message.from && Some(*id) == command.transaction_id)
        } else {
            None
        };
        let mut text = format!("the {} rejected ", message.from.name());
        match (call, command.name.as_str(), command.transaction_id) {
            (Some((_, id, name)), ..) => text += &format!("{name}({id})"),
            (None, "_error", Some(id)) => text += &format!("call {id}"),
            (None, ..) => text = format!("the {} sent {}", message.from.name(), command.name),
        }
        if let Some(code) = command.information_text("code") {
            text += &format!(": {code}");
        }
        if let Some(description) = command.information_text("description") {
            text += &format!(" \"{description}\"");
        }
        findings.about(Self::META, message, text);
    }
}
