use super::numbered;
use crate::proto::rtmp::procedure::{self, Place};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// Commands of a NetStream (publish, play, seek, pause and their like) belong on the message stream that createStream gave.
    /// This one is on message stream 0, which is the connection's.
    ///
    /// Why: servers that look up the stream by its number reject the command or never see it.
    ///
    /// Seen: a Go client publishes on message stream 0; most servers let it pass.
    ///
    /// Change: write the number from createStream's result into the message header.
    pub(super) struct StreamCommandOnControlStream {}
    "CMD014", "stream-command-on-control-stream", Warning, "RTMP 1.0 §7.2.2", rests: Event, media: false
}

impl Rule for StreamCommandOnControlStream {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let head = &message.head;
        if message.from != Side::Client || !head.message_stream_known || head.message_stream_id != 0 {
            return;
        }
        if procedure::find(&command.name).is_some_and(|procedure| procedure.place == Place::Stream) {
            findings.about(
                Self::META,
                message,
                format!(
                    "the client sends {} on message stream 0, not on one that createStream made",
                    numbered(command)
                ),
            );
        }
    }
}
