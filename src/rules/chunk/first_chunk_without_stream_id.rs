use std::collections::BTreeSet;

use crate::limits::Limits;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

/// Chunk streams of both sides that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_chunk_streams;

rule! {
    /// The first chunk of a chunk stream must have a type 0 header. A type 1 header, as here, leaves out the message stream, and
    /// its time counts from nothing.
    ///
    /// Why: receivers take message stream 0 and time 0, or disconnect.
    ///
    /// Seen: librtmp with its control messages on chunk stream 2; rtmpsrv on 3 and 5; Red5 sends so to please librtmp.
    ///
    /// Change: begin every chunk stream with a type 0 header.
    pub(super) struct FirstChunkWithoutStreamId {
        seen: BTreeSet<(usize, u32)>,
    }
    "CHK002", "first-chunk-without-stream-id", Warning, "RTMP 1.0 §5.3.1.2.1", rests: Sender
}

impl Rule for FirstChunkWithoutStreamId {
    fn held(&self) -> usize {
        self.seen.len() * 32
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.message_stream_known || head.chunk_format != 1 || self.seen.len() >= REMEMBERED {
            return;
        }
        if self.seen.insert((message.from.index(), head.chunk_stream_id)) {
            let text = format!(
                "the {}'s first chunk on chunk stream {} has a type 1 header, without a message stream id; type 0 belongs there",
                message.from.name(),
                head.chunk_stream_id
            );
            findings.about(Self::META, message, text).at(Mark::Header(0..head.header.as_slice().len() as u32));
        }
    }
}
