use super::deviation::Waiting;
use crate::proto::rtmp::{Message, Mistake, SizeSource, UsedSize};
use crate::proto::{Close, Deviation};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// A chunk ends where the chunk size in force or its message ends, not before or behind. Here the sender said Set Chunk Size
    /// and went on with chunks of a size that it had left. A size that changes in the middle of a message counts from the next
    /// chunk on. This program reads what follows with the size that is used.
    ///
    /// Why: a receiver that goes by the new size takes headers for data, or data for headers, and loses the direction.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write with the new size from the first chunk after Set Chunk Size on.
    pub(super) struct MessageSplitNeedlessly {
        waiting: Waiting,
    }
    "CHK013", "message-split-needlessly", Warning, "RTMP 1.0 §5.3, §5.4.1", rests: Sender
}

impl MessageSplitNeedlessly {
    fn say(&mut self, from: Side, message: Option<&Message>, findings: &mut Findings) {
        let Some((deviation, _)) = self.waiting.take(from) else { return };
        let Mistake::ChunkSize(size) = deviation.mistake else { return };
        let (who, UsedSize { in_force, used, .. }) = (from.name(), size);
        let text = format!("after Set Chunk Size {in_force} the {who} goes on with chunks of {used} bytes");
        Waiting::say(Self::META, &deviation, message, text, findings);
    }
}

impl Rule for MessageSplitNeedlessly {
    fn deviation(&mut self, deviation: &Deviation, story: &Story, findings: &mut Findings) {
        if !story.is_captured(deviation.from) {
            return;
        }
        if matches!(deviation.mistake, Mistake::ChunkSize(size) if size.source == SizeSource::Before) {
            self.say(deviation.from, None, findings);
            self.waiting.put(deviation);
        }
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        self.say(message.from, Some(message), findings);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.say(close.from, None, findings);
    }
}
