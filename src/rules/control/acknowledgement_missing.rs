use crate::proto::rtmp::{Body, Message};
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// A side that announced a Window Acknowledgement Size expects an Acknowledgement each time that it has sent so many
    /// bytes. Here it sent more than twice as many, and none ever came.
    ///
    /// A sender that keeps to its window stops: the stream freezes for good. A receiver should acknowledge at least once
    /// a window, with the number of bytes received so far.
    pub(super) struct AcknowledgementMissing {
        reported: [bool; 2],
    }
    "CTL006", "acknowledgement-missing", Warning, "RTMP 1.0 §5.4.3, §5.4.4"
}

impl Rule for AcknowledgementMissing {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        let receiver = message.from.other();
        let Some((window, since)) = facts.of(message.from).window else { return };
        if self.reported[message.from.index()] || matches!(message.body, Body::WindowAcknowledgementSize(_)) {
            return;
        }
        // A receiver of which nothing was captured may have sent any number of them.
        if facts.of(receiver).acknowledgements > 0 || !facts.of(receiver).seen {
            return;
        }
        let sent = (message.head.offset + u64::from(message.head.size)).saturating_sub(since);
        if window == 0 || sent <= 2 * u64::from(window) {
            return;
        }
        self.reported[message.from.index()] = true;
        let (from, to) = (message.from.name(), receiver.name());
        let text = format!("the {to} never acknowledged; the {from} sent {sent} bytes under a window of {window}");
        let finding = findings.about(Self::META, message, text);
        // The one at fault is the one that stays silent.
        finding.from = Some(receiver);
        finding.certain = facts.is_whole(receiver);
    }
}
