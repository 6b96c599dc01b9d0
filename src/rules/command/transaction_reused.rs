use super::Late;
use crate::proto::Close;
use crate::proto::rtmp::command::TRANSACTION_ID;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::told;
use crate::wire::words::number;
use crate::wire::{Side, Time};

rule! {
    /// A call with the transaction id of an earlier call of the same side that still waits for its answer.
    ///
    /// Why: the next answer with this id could belong to either.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: count transaction ids up.
    pub(super) struct TransactionReused {
        late: Late<Reuse>,
    }
    "CMD008", "transaction-reused", Warning, "RTMP 1.0 §7.2", rests: Session, media: false
}

struct Reuse {
    from: Side,
    transaction_id: f64,
    at: Time,
}

impl Rule for TransactionReused {
    fn held(&self) -> usize {
        self.late.held()
    }

    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id.filter(|id| *id != 0.0) else { return };
        let at = message.head.last.time;
        if command.is_answer() {
            // The answer to the earlier call was captured late.
            let caller = message.from.other();
            self.late.forget(|reuse| reuse.from == caller && reuse.transaction_id == id && at < reuse.at);
            return;
        }
        if command.name.starts_with("on") {
            return;
        }
        let waits = story.requests.waiting().find(|call| call.from == message.from && call.transaction_id == Some(id));
        if let Some(earlier) = waits {
            let text = format!(
                "the {} sends {}({id}) while {}({id}) waits for its answer",
                message.from.name(),
                told(&command.name),
                told(&earlier.name),
                id = number(id)
            );
            let mark = place::field(message, &TRANSACTION_ID);
            self.late.keep_at(message, Reuse { from: message.from, transaction_id: id, at }, text, mark);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if close.last {
            // Where nothing of the other side was captured it may have answered.
            self.late.say(Self::META, findings, |reuse| story.of(reuse.from.other()).seen);
        }
    }
}
