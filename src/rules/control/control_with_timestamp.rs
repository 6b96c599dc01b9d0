use crate::proto::rtmp::{Message, type_name};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Protocol control and user control messages (types 1 to 6) take effect when they are received: their timestamp is
    /// ignored, and should be 0.
    ///
    /// Why: it is no fault by itself. A receiver that feeds it into a stream's clock sees a jump.
    ///
    /// Seen: Flash Player, with times near 16777215 in its acknowledgements; FFmpeg, with 1 in Set Buffer Length and the
    /// stream's time in acknowledgements; node-media-server 2, with the connection's time in pings; rtmplite3; rtmp-client (npm).
    ///
    /// Change: write the timestamp 0 into the header of these types, and never use theirs.
    pub(super) struct ControlWithTimestamp {}
    "CTL004", "control-with-timestamp", Note, "RTMP 1.0 §5.4", rests: Event, media: false, background: true
}

impl Rule for ControlWithTimestamp {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        let is_control = head.kind.is_control();
        if is_control && head.timestamp_known && head.timestamp != 0 {
            let text = format!(
                "the {} sends {} with the timestamp {}, not 0",
                message.from.name(),
                type_name(head.kind),
                head.timestamp
            );
            findings.about(Self::META, message, text);
        }
    }
}
