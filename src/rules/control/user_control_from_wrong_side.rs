use crate::proto::rtmp::{Body, Message, UserControlEvent};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// Most user control events go one way: a server tells of its streams and buffers and asks with Ping Request; a client
    /// sets its buffer length.
    ///
    /// Why: the other side has no handler for it: it ignores the event, or takes its sender for a server.
    ///
    /// Seen: rtmp-client (npm) pings the server, and nginx-rtmp answers.
    ///
    /// Change: send from each side what §7.1.7 gives to it.
    pub(super) struct UserControlFromWrongSide {}
    "CTL018", "user-control-from-wrong-side", Warning, "RTMP 1.0 §7.1.7", rests: Sender, unsure: true, media: false
}

/// The side that sends an event, where only one does.
fn sender(event: UserControlEvent) -> Option<Side> {
    match event {
        UserControlEvent::STREAM_BEGIN
        | UserControlEvent::STREAM_EOF
        | UserControlEvent::STREAM_DRY
        | UserControlEvent::STREAM_IS_RECORDED
        | UserControlEvent::PING_REQUEST
        | UserControlEvent::SWF_VERIFICATION_REQUEST
        | UserControlEvent::BUFFER_EMPTY
        | UserControlEvent::BUFFER_READY => Some(Side::Server),
        // Whoever was asked may answer a ping.
        UserControlEvent::SET_BUFFER_LENGTH | UserControlEvent::SWF_VERIFICATION_RESPONSE => Some(Side::Client),
        _ => None,
    }
}

impl Rule for UserControlFromWrongSide {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        // Which side is the client is a guess where the beginning was not captured.
        if story.midstream {
            return;
        }
        let Body::UserControl(control) = message.body else { return };
        if message.head.length < 2 || sender(control.event).is_none_or(|side| side == message.from) {
            return;
        }
        let name = control.event.name().unwrap_or_default();
        let (from, to) = (message.from.name(), message.from.other().name());
        let text = format!("the {from} sends {name}, which is for the {to} to send");
        findings.about(Self::META, message, text).at(Mark::Payload(0..2));
    }
}
