use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// Set Peer Bandwidth's limit type is 0 (hard), 1 (soft) or 2 (dynamic).
    ///
    /// Why: a receiver cannot know whether the window is to be kept; some disconnect.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send 2, dynamic, as most servers do, or 0 where the limit is meant.
    pub(super) struct LimitTypeUnknown {}
    "CTL012", "limit-type-unknown", Warning, "RTMP 1.0 §5.4.5", rests: Sender, unsure: true, media: false
}

impl Rule for LimitTypeUnknown {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Body::SetPeerBandwidth { limit: Some(limit), .. } = message.body
            && limit.name().is_none()
        {
            let text = format!(
                "the {} sends set_peer_bandwidth with the limit type {}, which does not exist: 0, 1 and 2 do",
                message.from.name(),
                limit.0
            );
            findings.about(Self::META, message, text).at(Mark::Payload(4..5));
        }
    }
}
