//! A mistake of a sender that waits for the message that shows it.

use crate::proto::Deviation;
use crate::proto::rtmp::Message;
use crate::rules::{Finding, Findings, Meta, Quote};
use crate::wire::{PacketNo, Side};

/// By side: the last mistake, and the message that was read by it.
#[derive(Default)]
pub(super) struct Waiting([Option<(Deviation, Option<Shown>)>; 2]);

/// A message that shows a mistake.
pub(super) type Shown = (Quote, (PacketNo, PacketNo));

impl Waiting {
    pub(super) fn put(&mut self, deviation: &Deviation) {
        self.0[deviation.from.index()] = Some((deviation.clone(), None));
    }

    pub(super) fn take(&mut self, from: Side) -> Option<(Deviation, Option<Shown>)> {
        self.0[from.index()].take()
    }

    /// Notes that this message shows it; whether it is the first one.
    pub(super) fn show(&mut self, message: &Message) -> bool {
        let Some((_, shown @ None)) = &mut self.0[message.from.index()] else { return false };
        let head = &message.head;
        *shown = Some((Quote::of(message), (head.first.packet, head.last.packet)));
        true
    }

    pub(super) fn held(&self) -> usize {
        self.0.iter().flatten().filter_map(|(_, shown)| shown.as_ref()).map(|(quote, _)| quote.cost()).sum()
    }

    /// Says it of the message that shows it, or of the packet where it began.
    pub(super) fn say<'f>(
        rule: &'static Meta,
        deviation: &Deviation,
        message: Option<&Message>,
        text: String,
        findings: &'f mut Findings,
    ) -> &'f mut Finding {
        if let Some(message) = message {
            return findings.about(rule, message, text);
        }
        let packet = deviation.at.packet;
        findings.push(rule, Some(deviation.from), text, (packet, packet))
    }
}
