use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// The server answers with a command of more than 128 bytes, the size of a chunk as the connection begins, before
    /// its Set Chunk Size. That is legal: the answer comes in several chunks.
    ///
    /// Why: OBS Studio up to 25 could not read such an answer, and did not connect.
    ///
    /// Seen: crtmpserver, rtmplite3, rtmpsrv. SRS and MistServer changed their order for OBS.
    ///
    /// Change: send Set Chunk Size before the answer to connect.
    pub(super) struct ChunkSizeAfterLargeReply {
        judged: bool,
    }
    "CTL016", "chunk-size-after-large-reply", Note, "RTMP 1.0 §5.4.1", rests: Sender, media: false, background: true
}

/// RTMP 1.0 §5.4.1: a chunk's payload until a Set Chunk Size.
const FIRST_CHUNK_SIZE: u32 = 128;

impl Rule for ChunkSizeAfterLargeReply {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if self.judged || message.from != Side::Server {
            return;
        }
        if story.of(Side::Server).set_chunk_size {
            self.judged = true;
        } else if let Body::Command(command) = &message.body
            && message.head.length > FIRST_CHUNK_SIZE
        {
            self.judged = true;
            let length = message.head.length;
            let text = format!(
                "the server's {} of {length} bytes goes out before any Set Chunk Size, while {FIRST_CHUNK_SIZE} is in force",
                told(&command.name)
            );
            findings.about(Self::META, message, text);
        }
    }
}
