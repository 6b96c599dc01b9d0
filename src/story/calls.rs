use std::collections::VecDeque;

use super::Quote;
use super::connect::Answered;
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message, procedure};
use crate::wire::{Moment, PacketNo, Side};

/// Calls, and early answers, that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_calls;

/// A call that is captured so long after its answer, in nanoseconds, still belongs to it: captures reorder a little.
const REORDERED_NS: i64 = 100_000_000;

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

impl Call {
    /// Whether a `_result` or `_error` is its answer.
    pub fn expects_answer(&self) -> bool {
        procedure::expects_result(&self.name)
    }

    /// Whether its caller goes on without an answer, and after an `_error` too.
    pub fn is_dispensable(&self) -> bool {
        procedure::is_courtesy(&self.name)
    }
}

/// The calls of both sides that wait for an answer, oldest first. A transaction id of 0 asks for none.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    waiting: VecDeque<Call>,
    early: VecDeque<Early>,
}

/// An answer without a call so far: a hole in the call's direction holds the call back until the hole is certain.
#[derive(Clone, Debug)]
pub struct Early {
    pub from: Side,
    /// `_result` or `_error`.
    pub name: String,
    pub transaction_id: f64,
    pub packets: (PacketNo, PacketNo),
    pub at: Moment,
    /// What it says, should it answer a connect.
    pub(super) answered: Answered,
    /// The message stream that it names, should it answer a createStream.
    pub(super) stream: Option<f64>,
    /// The message itself.
    pub quote: Quote,
}

impl Calls {
    /// Bytes of memory that it takes, about.
    pub(crate) fn held(&self) -> usize {
        let waiting = self.waiting.iter().map(|call| size_of::<Call>() + call.name.len() + call.quote.cost());
        let early = self.early.iter().map(|early| size_of::<Early>() + early.name.len() + early.quote.cost());
        waiting.chain(early).sum()
    }

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

    /// Answers to which no call is known, oldest first.
    pub fn unclaimed(&self) -> impl Iterator<Item = &Early> {
        self.early.iter()
    }

    /// The answer to a call that came before it.
    pub(super) fn early_answer(&self, call: &Message) -> Option<&Early> {
        self.early.get(self.early_place(call)?)
    }

    fn early_place(&self, call: &Message) -> Option<usize> {
        let Body::Command(command) = &call.body else { return None };
        let at = call.head.last;
        self.early.iter().position(|early| {
            early.from != call.from
                && Some(early.transaction_id) == command.transaction_id
                && (early.at.packet > at.packet || at.time.since(early.at.time) < REORDERED_NS)
        })
    }

    pub(super) fn learn(&mut self, message: &Message) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id else { return };
        let packets = (message.head.first.packet, message.head.last.packet);
        if command.is_answer() {
            let answered = self.waiting.iter().position(|call| call.from != message.from && call.transaction_id == id);
            if let Some(place) = answered {
                self.waiting.remove(place);
            } else if self.early.len() < REMEMBERED {
                self.early.push_back(Early {
                    from: message.from,
                    name: command.name.clone(),
                    transaction_id: id,
                    packets,
                    at: message.head.last,
                    answered: Answered::of(message, command),
                    stream: command.arguments.first().and_then(Amf::number).filter(|_| command.name == "_result"),
                    quote: Quote::of(message),
                });
            }
            return;
        }
        if id == 0.0 || command.name == "onStatus" {
            return;
        }
        if let Some(place) = self.early_place(message) {
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
            packets,
            at: message.head.last,
            quote: Quote::of(message),
        });
    }
}
