use crate::proto::rtmp::{Message, type_name};
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// Protocol control messages (types 1, 2, 3, 5, 6) must have message stream id 0.
    ///
    /// They steer the connection, not a stream; a receiver that hands messages to their streams first loses them. A
    /// sender should set message stream id 0.
    pub(super) struct ControlOnMessageStream {}
    "CTL002", "control-on-message-stream", Error, "RTMP 1.0 §5.4"
}

impl Rule for ControlOnMessageStream {
    fn message(&mut self, message: &Message, _: &Facts, findings: &mut Findings) {
        let head = &message.head;
        if head.kind.is_protocol_control() && head.message_stream_id != 0 {
            let text = format!("{} on message stream {}, not 0", type_name(head.kind), head.message_stream_id);
            findings.about(Self::META, message, text);
        }
    }
}
