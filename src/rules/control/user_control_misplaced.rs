use crate::proto::rtmp::{Message, MessageType};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// User control messages (type 4) belong on chunk stream 2 and message stream 0.
    ///
    /// Why: a client that looks for them there alone misses Stream Begin or a ping; a missed ping ends the connection.
    ///
    /// Seen: a server in Go that sends them on message stream 1.
    ///
    /// Change: write chunk stream 2 and message stream 0 into the header of type 4; the stream that it is about stands in
    /// the event's data.
    pub(super) struct UserControlMisplaced {}
    "CTL003", "user-control-misplaced", Warning, "RTMP 1.0 §6.2", rests: Sender, unsure: true, media: false
}

impl Rule for UserControlMisplaced {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.kind != MessageType::USER_CONTROL {
            return;
        }
        let chunk_stream = head.chunk_stream_id;
        let message_stream = if head.message_stream_known { head.message_stream_id } else { 0 };
        let place = match (chunk_stream, message_stream) {
            (2, 0) => return,
            (_, 0) => format!("chunk stream {chunk_stream}, not 2"),
            (2, _) => format!("message stream {message_stream}, not 0"),
            _ => format!("chunk stream {chunk_stream}, not 2, and message stream {message_stream}, not 0"),
        };
        let finding =
            findings.about(Self::META, message, format!("the {} sends user_control on {place}", message.from.name()));
        if chunk_stream != 2 {
            finding.at(Mark::Header(0..head.header.basic_length()));
        }
    }
}
