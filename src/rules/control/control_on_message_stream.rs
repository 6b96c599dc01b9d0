use crate::proto::rtmp::{Message, type_name};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Protocol control messages (types 1, 2, 3, 5, 6) must be sent on message stream 0.
    ///
    /// Why: a receiver that dispatches by message stream gives them to a stream's handler and never acts on them.
    ///
    /// Seen: servers that answer every message on the message stream of the request.
    ///
    /// Change: write message stream 0 into the header of these types.
    pub(super) struct ControlOnMessageStream {}
    "CTL002", "control-on-message-stream", Error, "RTMP 1.0 §5.4", rests: Sender, unsure: true, media: false
}

impl Rule for ControlOnMessageStream {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.kind.is_protocol_control() && head.message_stream_known && head.message_stream_id != 0 {
            let text = format!(
                "the {} sends {} on message stream {}, not 0",
                message.from.name(),
                type_name(head.kind),
                head.message_stream_id
            );
            findings.about(Self::META, message, text);
        }
    }
}
