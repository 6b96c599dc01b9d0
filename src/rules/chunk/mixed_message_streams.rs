use std::collections::BTreeMap;

use crate::limits::Limits;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Rule, Story, rule};

/// Chunk streams of both sides that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_chunk_streams;

rule! {
    /// The messages of a chunk stream belong to one message stream, until that is closed. Here one chunk stream carries
    /// messages of several.
    ///
    /// Why: this is legal, but every change takes a full header, and receivers that keep the message stream from before
    /// give a message to the wrong one.
    ///
    /// Seen: FFmpeg as a player and as a server, GStreamer, node-media-server, crtmpserver, xiu and rtmp-rs, all with
    /// commands.
    ///
    /// Change: give each message stream chunk streams of its own.
    pub(super) struct MixedMessageStreams {
        last: LastStreams,
    }
    "CHK016", "mixed-message-streams", Note, "RTMP 1.0 §5.3.1.2.5", rests: Session, background: true
}

/// By side and chunk stream: the last message stream.
type LastStreams = BTreeMap<(usize, u32), u32>;

impl Rule for MixedMessageStreams {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let head = &message.head;
        // Control messages have rules of their own.
        if head.kind.is_control() || !head.message_stream_known {
            return;
        }
        let place = (message.from.index(), head.chunk_stream_id);
        let id = head.message_stream_id;
        if !self.last.contains_key(&place) && self.last.len() >= REMEMBERED {
            return;
        }
        let Some(before) = self.last.insert(place, id) else { return };
        let is_over = story.streams.get(before).is_some_and(|stream| stream.ended.is_some());
        if before != id && !is_over {
            let chunk_stream = head.chunk_stream_id;
            let (low, high) = (before.min(id), before.max(id));
            let text = format!(
                "the {}'s chunk stream {chunk_stream} carries message streams {low} and {high}",
                message.from.name()
            );
            findings.about(Self::META, message, text);
        }
    }
}
