use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A user control event that neither the specification names nor known servers and clients send.
    ///
    /// Why: it is legal to ignore it, and then what its sender wants does not happen.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: nothing, if both sides know the event; otherwise use one of the specification's.
    pub(super) struct UnknownUserControl {}
    "CTL014", "unknown-user-control", Note, "RTMP 1.0 §7.1.7", rests: Sender, unsure: true, media: false
}

impl Rule for UnknownUserControl {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Body::UserControl(control) = message.body
            && message.head.length >= 2
            && control.event.name().is_none()
        {
            let text = format!(
                "the {} sends user control event {}, which nobody is known to send",
                message.from.name(),
                control.event.0
            );
            findings.about(Self::META, message, text).at(Mark::Payload(0..2));
        }
    }
}
