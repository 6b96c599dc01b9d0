use crate::proto::Close;
use crate::rules::{Findings, Rule, Severity, Story, rule};
use crate::wire::told;
use crate::wire::words::number;

rule! {
    /// A `_result` or `_error` whose transaction id is not that of a call of the other side that waits for its answer. An answer
    /// with the id 0 is a note: 0 stands for a call that wants none.
    ///
    /// Why: the other side takes it for the answer to something else, or drops it; the call that it was meant for hangs.
    ///
    /// Seen: crtmpserver answers GStreamer's releaseStream and FCPublish, which have the transaction id 0.
    ///
    /// Change: answer each call once, with the id that it came with; do not answer id 0.
    pub(super) struct TransactionUnknown {}
    "CMD007", "transaction-unknown", Warning, "RTMP 1.0 §7.2", rests: Session, media: false
}

impl Rule for TransactionUnknown {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        let misnumbered = story.requests.misnumbered();
        for answer in story.requests.unclaimed() {
            // Nothing of the caller was captured.
            if !story.of(answer.from.other()).seen {
                continue;
            }
            let id = answer.transaction_id;
            let meant = misnumbered.iter().find(|(_, early)| *early == answer.quote.n);
            let meant = meant.and_then(|(call, _)| story.requests.get(*call));
            let sent = format!("the {} sent {}({})", answer.from.name(), told(&answer.name), number(id));
            let text = match meant {
                Some(call) => {
                    format!("{sent}, and no call {} waits for it: {} was never answered", number(id), call.call())
                }
                None if id == 0.0 => format!("{sent}, and transaction id 0 wants no answer"),
                None => format!("{sent}, and no call {} waits for it", number(id)),
            };
            let finding = findings.about_earlier(Self::META, &answer.quote, answer.packets, text);
            if id == 0.0 && meant.is_none() {
                finding.severity = Severity::Note;
            }
        }
    }
}
