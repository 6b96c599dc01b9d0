use crate::limits::Limits;
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Rule, Severity, clipped, rule};
use crate::wire::{PacketNo, Side};

/// Calls that are answered by `onStatus` or by what happens, not by a `_result`, though many clients number them.
const ANSWERED_OTHERWISE: &[&str] = &[
    "publish",
    "play",
    "play2",
    "deleteStream",
    "closeStream",
    "receiveAudio",
    "receiveVideo",
    "seek",
    "pause",
    "pauseRaw",
];
/// Calls outside the specification that many servers never answer, and that clients do not wait for.
const OFTEN_UNANSWERED: &[&str] =
    &["releaseStream", "FCPublish", "FCUnpublish", "FCSubscribe", "FCUnsubscribe", "getStreamLength", "_checkbw"];
/// Calls that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_calls;

rule! {
    /// A call with a transaction id other than 0 asks for a `_result` or `_error` with the same id. None came before the
    /// connection ended.
    ///
    /// A client that waits for the answer hangs: a missing answer to `createStream` stops every publish and play. A
    /// server should answer what it does not know with `_error`. For `releaseStream`, `FCPublish`, `FCUnpublish` and their
    /// like this is a note: many servers never answer them, and clients go on.
    pub(super) struct TransactionUnanswered {
        waiting: Vec<Call>,
        early: Vec<Early>,
    }
    "CMD006", "transaction-unanswered", Warning, "RTMP 1.0 §7.2", each: true
}

/// An answer without a call so far: a hole in the call's direction holds the call back until the hole is certain.
struct Early {
    from: Side,
    transaction_id: f64,
    packet: PacketNo,
}

struct Call {
    from: Side,
    name: String,
    transaction_id: f64,
    n: u64,
    packets: (PacketNo, PacketNo),
}

impl Rule for TransactionUnanswered {
    fn message(&mut self, message: &Message, _: &Facts, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id else { return };
        let packet = message.head.last.packet;
        if command.is_answer() {
            let before = self.waiting.len();
            self.waiting.retain(|call| call.from == message.from || call.transaction_id != id);
            if self.waiting.len() == before && self.early.len() < REMEMBERED {
                self.early.push(Early { from: message.from, transaction_id: id, packet });
            }
            return;
        }
        if id == 0.0 || command.name.starts_with("on") || ANSWERED_OTHERWISE.contains(&command.name.as_str()) {
            return;
        }
        let answers = |early: &Early| early.from != message.from && early.transaction_id == id && early.packet > packet;
        if let Some(place) = self.early.iter().position(answers) {
            self.early.remove(place);
        } else if self.waiting.len() < REMEMBERED {
            let packets = (message.head.first.packet, packet);
            let name = clipped(command.name.clone());
            self.waiting.push(Call { from: message.from, name, transaction_id: id, n: message.n, packets });
        }
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for call in self.waiting.drain(..) {
            // The answer may be among what was not captured, or still to come.
            let answerer = facts.of(call.from.other());
            if answerer.lost || !answerer.seen {
                continue;
            }
            let text = format!("{}({}) was never answered", call.name, call.transaction_id);
            let finding = findings.push(Self::META, Some(call.from), text, call.packets);
            finding.message = Some(call.n);
            finding.certain = facts.is_whole(call.from.other()) && close.how != How::EndOfCapture;
            if OFTEN_UNANSWERED.contains(&call.name.as_str()) {
                finding.severity = Severity::Note;
            }
        }
    }
}
