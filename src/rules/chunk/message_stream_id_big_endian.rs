use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// The message stream id is the one number of RTMP whose least significant byte comes first. Here it is one that, read the
    /// other way round, is a stream that the server created.
    ///
    /// Why: receivers that look the stream up drop the message; those that do not hide the fault.
    ///
    /// Seen: samples in issues about Enhanced RTMP; new encoders.
    ///
    /// Change: write the least significant byte first.
    pub(super) struct MessageStreamIdBigEndian {}
    "CHK015", "message-stream-id-big-endian", Warning, "RTMP 1.0 §5.3.1.2.5", rests: Sender
}

impl Rule for MessageStreamIdBigEndian {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let head = &message.head;
        let id = head.message_stream_id;
        // A stream that reads the same from both ends cannot tell.
        if head.chunk_format > 0 || id < 0x1_0000 || id == id.swap_bytes() {
            return;
        }
        let meant = id.swap_bytes();
        let is_created = |id| story.streams.get(id).is_some_and(|stream| stream.created.is_some());
        if is_created(meant) && !is_created(id) {
            let text = format!(
                "the {} writes the message stream as {id}, which is {meant} with its bytes in the wrong order",
                message.from.name()
            );
            let start = head.header.basic_length() + 7;
            findings.about(Self::META, message, text).at(Mark::Header(start..start + 4));
        }
    }
}
