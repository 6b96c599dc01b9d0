use crate::proto::rtmp::{Body, Message, type_name};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A Window Acknowledgement Size or Set Peer Bandwidth of 0 bytes.
    ///
    /// Why: nothing may be sent in a window of 0. A receiver that takes it at its word stops, divides by it, or
    /// acknowledges each byte.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: announce a real window, such as 2500000 bytes, or none.
    pub(super) struct WindowSizeZero {}
    "CTL010", "window-size-zero", Error, "RTMP 1.0 §5.4.4, §5.4.5", rests: Sender, unsure: true, media: false
}

impl Rule for WindowSizeZero {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Body::WindowAcknowledgementSize(0) | Body::SetPeerBandwidth { window: 0, .. } = message.body {
            let text = format!(
                "the {} announces a window of 0 bytes by {}",
                message.from.name(),
                type_name(message.head.kind)
            );
            findings.about(Self::META, message, text).at(Mark::Payload(0..4));
        }
    }
}
