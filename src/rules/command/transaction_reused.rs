use crate::proto::rtmp::command::TRANSACTION_ID;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Rule, place, rule};

rule! {
    /// A call with the transaction id of an earlier call of the same side that still waits for its answer.
    ///
    /// Why: the next answer with this id could belong to either.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: count transaction ids up.
    pub(super) struct TransactionReused {}
    "CMD008", "transaction-reused", Warning, "RTMP 1.0 §7.2", rests: Session, media: false
}

impl Rule for TransactionReused {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(id) = command.transaction_id.filter(|id| *id != 0.0) else { return };
        // Where nothing of the other side was captured it may have answered.
        if command.is_answer() || command.name.starts_with("on") || !facts.of(message.from.other()).seen {
            return;
        }
        let waits = facts
            .calls
            .waiting()
            .find(|call| call.from == message.from && call.transaction_id == id && call.expects_answer());
        if let Some(earlier) = waits {
            let text = format!("{}({id}) while {}({id}) waits for its answer", command.name, earlier.name);
            findings.about(Self::META, message, text).mark = place::field(message, &TRANSACTION_ID);
        }
    }
}
