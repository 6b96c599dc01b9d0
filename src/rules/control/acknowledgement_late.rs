use super::ledger::{Count, Judged, Ledgers};
use crate::proto::Close;
use crate::proto::rtmp::Message;
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// A receiver acknowledges each time that it has received a window's bytes. By its own count more than one and a half
    /// windows came between two Acknowledgements, or before the first.
    ///
    /// Why: a sender that keeps to its window stops each time until the Acknowledgement comes, and the stream stutters.
    ///
    /// Seen: GStreamer's rtmp2src under the 4096 bytes that xiu announces: it acknowledges after 8192.
    ///
    /// Change: acknowledge when a window's bytes have come, while a large message is still being read too; half a window,
    /// as FFmpeg does, leaves room.
    pub(super) struct AcknowledgementLate {
        ledgers: Ledgers,
    }
    "CTL007", "acknowledgement-late", Warning, "RTMP 1.0 §5.4.3, §5.4.4", rests: Session
}

impl AcknowledgementLate {
    fn say(judged: &Judged, findings: &mut Findings) {
        let Judged { from, acknowledgement, count, .. } = judged;
        let (Count::Whole { total, before }, Some((window, since))) = (*count, acknowledgement.window) else { return };
        let step = total.saturating_sub(before.max(since));
        if window == 0 || step * 2 <= u64::from(window) * 3 {
            return;
        }
        let text = format!("the {} acknowledges after {step} bytes under a window of {window}", from.name());
        findings.about_earlier(Self::META, &acknowledgement.quote, acknowledgement.packets, text);
    }
}

impl Rule for AcknowledgementLate {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        for judged in self.ledgers.learn(message, facts) {
            Self::say(&judged, findings);
        }
    }

    fn close(&mut self, close: &Close, _: &Facts, findings: &mut Findings) {
        for judged in self.ledgers.close(close) {
            Self::say(&judged, findings);
        }
    }
}
