use crate::proto::rtmp::command::TRANSACTION_ID;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::story::Connect;
use crate::wire::words::number;

rule! {
    /// The transaction id of `connect` is always 1. A connect that repeats one that was accepted, or waits for its answer, is
    /// another rule's.
    ///
    /// Why: some servers answer with 1 whatever was sent, and a client that waits for its own number hangs.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: number calls from 1, connect first.
    pub(super) struct ConnectTransactionNotOne {}
    "CMD002", "connect-transaction-not-one", Warning, "RTMP 1.0 §7.2.1.1", rests: Event, media: false
}

impl Rule for ConnectTransactionNotOne {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let is_tried = |connect: &Connect| connect.answer.as_ref().is_none_or(|answer| answer.accepted);
        if command.name != "connect" || story.connect.as_ref().is_some_and(is_tried) {
            return;
        }
        if let Some(id) = command.transaction_id.filter(|id| *id != 1.0) {
            // A double that is 1 with its bytes turned round is written by those that copy their own memory.
            let turned = f64::from_bits(id.to_bits().swap_bytes());
            let order = if turned == 1.0 { ": that is 1 with its bytes in the wrong order" } else { "" };
            let text = format!("the client's connect has the transaction id {}, not 1{order}", number(id));
            findings.about(Self::META, message, text).mark = place::field(message, &TRANSACTION_ID);
        }
    }
}
