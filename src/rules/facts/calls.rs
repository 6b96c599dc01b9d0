use std::collections::VecDeque;

use crate::proto::rtmp::{Body, Message};
use crate::rules::Quote;
use crate::wire::{Moment, PacketNo, Side};

/// Calls, and early answers, that are remembered.
const REMEMBERED: usize = 1024;

/// A call that waits for its answer.
#[derive(Clone, Debug)]
pub struct Call {
    pub from: Side,
    pub name: String,
    pub transaction_id: f64,
    pub n: u64,
    pub message_stream_id: u32,
    pub packets: (PacketNo, PacketNo),
    /// When it was complete.
    pub at: Moment,
    /// The message itself.
    pub quote: Quote,
}

/// The calls of both sides that wait for an answer, oldest first. A transaction id of 0 asks for none.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    waiting: VecDeque<Call>,
    early: VecDeque<Early>,
}

/// An answer without a call so far: a hole in the call's direction holds the call back until the hole is certain.
#[derive(Clone, Debug)]
struct Early {
    from: Side,
    transaction_id: f64,
    packet: PacketNo,
}

impl Calls {
    /// All that wait, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Call> {
        self.waiting.iter()
    }

    /// The call that a `_result` or `_error` answers.
    pub fn answered_by(&self, message: &Message) -> Option<&Call> {
        let Body::Command(command) = &message.body else { return None };
        if !command.is_answer() {
            return None;
        }
        self.outstanding(message.from.other(), command.transaction_id?)
    }

    /// The oldest call of a side with this transaction id.
    pub fn outstanding(&self, from: Side, transaction_id: f64) -> Option<&Call> {
        self.waiting.iter().find(|call| call.from == from && call.transaction_id == transaction_id)
    }

    pub(super) fn learn(&mut self, message: &Message) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id else { return };
        let packet = message.head.last.packet;
        if command.is_answer() {
            let answered = self.waiting.iter().position(|call| call.from != message.from && call.transaction_id == id);
            if let Some(place) = answered {
                self.waiting.remove(place);
            } else if self.early.len() < REMEMBERED {
                self.early.push_back(Early { from: message.from, transaction_id: id, packet });
            }
            return;
        }
        if id == 0.0 || command.name.starts_with("on") {
            return;
        }
        let answers = |early: &Early| early.from != message.from && early.transaction_id == id && early.packet > packet;
        if let Some(place) = self.early.iter().position(answers) {
            self.early.remove(place);
            return;
        }
        if self.waiting.len() == REMEMBERED {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Call {
            from: message.from,
            name: command.name.clone(),
            transaction_id: id,
            n: message.n,
            message_stream_id: message.head.message_stream_id,
            packets: (message.head.first.packet, packet),
            at: message.head.last,
            quote: Quote::of(message),
        });
    }
}
