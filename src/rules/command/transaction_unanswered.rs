use super::{application, had_no_time, then_it_ended};
use crate::proto::Close;
use crate::rules::{Findings, Rule, Severity, Story, rule};

rule! {
    /// A call with a transaction id other than 0 asks for a `_result` or `_error` with the same id. None came before the
    /// connection ended. Where the caller left within a second there is no verdict. For `releaseStream`, `FCPublish`,
    /// `FCUnpublish` and their like this is a note: many servers never answer them, and clients go on.
    ///
    /// Why: a client that waits for the answer hangs: a missing answer to `createStream` stops every publish and play. A server
    /// that closes the connection instead of answering leaves its reason unsaid.
    ///
    /// Seen: nginx-rtmp answers only connect and createStream, and closes the connection instead of rejecting a connect to an
    /// unknown application; SRS closes it instead of rejecting a publish.
    ///
    /// Change: a server should answer what it does not know, or does not allow, with `_error`.
    pub(super) struct TransactionUnanswered {}
    "CMD006", "transaction-unanswered", Warning, "RTMP 1.0 §7.2", rests: Session, unsure: true, each: true, media: false
}

impl Rule for TransactionUnanswered {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        // An answer that carries another id is the answerer's fault, and another rule's.
        let misnumbered = story.requests.misnumbered();
        for call in story.requests.waiting() {
            // The answer may be among what was not captured, or still to come.
            let answerer = story.of(call.from.other());
            if answerer.lost || !answerer.seen || misnumbered.iter().any(|(n, _)| *n == call.n) {
                continue;
            }
            if had_no_time(story, close, call.from, call.at, None) {
                continue;
            }
            let who = call.from.other().name();
            let mut text = format!("the {who} never answered {}{}", call.call(), application(&call.name, story));
            let handler = call.procedure.and_then(|procedure| procedure.told_by);
            if let Some(handler) = handler.filter(|_| call.outcome.is_some()) {
                text += &format!(" by a _result, only by {handler}");
            }
            if !call.is_courtesy() {
                text += &then_it_ended(story, close, call.at);
            }
            let finding = findings.about_request(Self::META, call, text);
            // The one at fault is the one that stays silent.
            finding.from = Some(call.from.other());
            finding.certain = story.ends_in_order(close);
            if call.is_courtesy() {
                finding.severity = Severity::Note;
            }
        }
    }
}
