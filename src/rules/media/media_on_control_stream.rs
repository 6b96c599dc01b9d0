use crate::proto::rtmp::{Message, is_media};
use crate::rules::{Facts, Findings, Mark, Rule, rule};

rule! {
    /// Audio and video belong to a message stream that createStream gave out. Message stream 0 is the connection's own.
    ///
    /// Why: a receiver that hands messages to their streams has none for these; some play them, some drop them.
    ///
    /// Seen: FFmpeg with `-listen`, which sends all media on message stream 0 although it gave out 1.
    ///
    /// Change: send media on the message stream of the publish or play.
    pub(super) struct MediaOnControlStream {}
    "MED005", "media-on-control-stream", Warning, "RTMP 1.0 §7.2.1.3", rests: Event
}

impl Rule for MediaOnControlStream {
    fn message(&mut self, message: &Message, _: &Facts, findings: &mut Findings) {
        let head = &message.head;
        if is_media(message) && head.message_stream_known && head.message_stream_id == 0 {
            let kind = head.kind.name().unwrap_or("media");
            let finding = findings.about(Self::META, message, format!("{kind} on message stream 0"));
            if head.chunk_format == 0 {
                let basic = head.header.basic_length();
                finding.at(Mark::Header(basic + 7..basic + 11));
            }
        }
    }
}
