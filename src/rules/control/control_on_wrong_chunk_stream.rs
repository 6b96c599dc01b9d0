use crate::proto::rtmp::{Message, type_name};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// Protocol control messages (types 1, 2, 3, 5, 6) must be sent on chunk stream 2.
    ///
    /// Why: some clients look for them there alone and never see the window or the chunk size.
    ///
    /// Seen: SRS 7 sent them on chunk stream 3, and Larix failed.
    ///
    /// Change: use chunk stream 2 for these types and for nothing else.
    pub(super) struct ControlOnWrongChunkStream {}
    "CTL001", "control-on-wrong-chunk-stream", Error, "RTMP 1.0 §5.4", rests: Sender, unsure: true, media: false
}

impl Rule for ControlOnWrongChunkStream {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.kind.is_protocol_control() && head.chunk_stream_id != 2 {
            let text = format!(
                "the {} sends {} on chunk stream {}, not 2",
                message.from.name(),
                type_name(head.kind),
                head.chunk_stream_id
            );
            findings.about(Self::META, message, text).at(Mark::Header(0..head.header.basic_length()));
        }
    }
}
