use crate::proto::Close;
use crate::rules::{Facts, Findings, Rule, Severity, rule};

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
rule! {
    /// A call with a transaction id other than 0 asks for a `_result` or `_error` with the same id. None came before the
    /// connection ended. For `releaseStream`, `FCPublish`, `FCUnpublish` and their like this is a note: many servers never
    /// answer them, and clients go on.
    ///
    /// Why: a client that waits for the answer hangs: a missing answer to `createStream` stops every publish and play.
    ///
    /// Seen: nginx-rtmp answers only connect and createStream; SRS drops the connection instead of rejecting a publish.
    ///
    /// Change: a server should answer what it does not know with `_error`.
    pub(super) struct TransactionUnanswered {}
    "CMD006", "transaction-unanswered", Warning, "RTMP 1.0 §7.2", rests: Session, unsure: true, each: true
}

impl Rule for TransactionUnanswered {
    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for call in facts.calls.waiting() {
            // The answer may be among what was not captured, or still to come.
            let answerer = facts.of(call.from.other());
            if answerer.lost || !answerer.seen || ANSWERED_OTHERWISE.contains(&call.name.as_str()) {
                continue;
            }
            let text = format!("{}({}) was never answered", call.name, call.transaction_id);
            let finding = findings.about_earlier(Self::META, &call.quote, call.packets, text);
            finding.certain = facts.ends_in_order(close);
            if OFTEN_UNANSWERED.contains(&call.name.as_str()) {
                finding.severity = Severity::Note;
            }
        }
    }
}
