use super::deviation::Waiting;
use crate::proto::rtmp::{Message, Mistake, Stray, Telling, type_name};
use crate::proto::{Close, Deviation};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// A message's header says how many payload bytes the message has, and behind these the next chunk begins. Here it begins
    /// earlier or later: the payload is shorter or longer than the header says, or bytes that belong to no chunk stand between.
    /// What the payload holds (NAL units, AMF values) tells which, where it can. Where the messages of a type all have as many bytes
    /// more or fewer, that is said once.
    ///
    /// Why: a receiver takes media for the next chunk's header, or that header for media, and loses the direction.
    ///
    /// Seen: no real sender yet; the length of a frame without the bytes of its FLV tag header, and FLV's PreviousTagSize copied
    /// from a file, are the usual ways.
    ///
    /// Change: count all bytes of the payload into the length, with its FLV tag header, and write nothing else.
    pub(super) struct MessageLengthWrong {
        waiting: Waiting,
    }
    "CHK021", "message-length-wrong", Error, "RTMP 1.0 §5.3.1.2.5", rests: Event
}

impl MessageLengthWrong {
    fn say(&mut self, from: Side, message: Option<&Message>, findings: &mut Findings) {
        let Some((deviation, _)) = self.waiting.take(from) else { return };
        let (who, offset) = (from.name(), deviation.offset);
        let name = |message: &Message| type_name(message.head.kind);
        let text = match deviation.mistake {
            Mistake::Length { said, is, by } => {
                let kind = message.map_or_else(|| "message".into(), name);
                let by = match by {
                    Telling::NalUnits => "by the lengths of its NAL units and the place of the next header",
                    Telling::Amf => "by the end of its values and the place of the next header",
                    Telling::NextHeader => "by the place of the next header",
                };
                format!("the {who}'s {kind} of {is} bytes, {by}, has {said} for its length (offset {offset})")
            }
            Mistake::Extra { bytes, .. } => {
                let before = message.filter(|message| message.head.end() == offset);
                let behind = before.map_or_else(String::new, |message| {
                    format!(" behind its {} of {} bytes", name(message), message.head.length)
                });
                let bytes = count(u64::from(bytes), "byte");
                format!(
                    "{bytes} of the {who}{behind} (offset {offset}) belong to no chunk: they are too many, or some are missing, or a length before them is wrong"
                )
            }
            _ => return,
        };
        Waiting::say(Self::META, &deviation, message, text, findings);
    }
}

impl Rule for MessageLengthWrong {
    fn deviation(&mut self, deviation: &Deviation, story: &Story, findings: &mut Findings) {
        // What the capture misses of the handshake may explain it.
        if !story.is_captured(deviation.from) {
            return;
        }
        self.say(deviation.from, None, findings);
        match deviation.mistake {
            Mistake::Length { .. } | Mistake::Extra { what: Stray::Unknown, .. } => self.waiting.put(deviation),
            Mistake::Lengths(surplus) => {
                let (who, offset) = (deviation.from.name(), deviation.offset);
                let text = format!("the {who} writes {} (from offset {offset} on)", surplus.clause());
                Waiting::say(Self::META, deviation, None, text, findings);
            }
            Mistake::Extra { bytes, what: Stray::Ambiguous } => {
                let (bytes, who) = (count(u64::from(bytes), "byte"), deviation.from.name());
                let text = format!(
                    "{bytes} behind the {who}'s message at offset {} belong to no chunk: they are too many, or some are missing, or headers of chunks are inside it, by a size that was not announced, or its length is wrong; the bytes do not tell which of them are its own, and it is not shown",
                    deviation.offset
                );
                Waiting::say(Self::META, deviation, None, text, findings);
            }
            Mistake::Extra { bytes, what: Stray::TagSize } => {
                let (bytes, who) = (count(u64::from(bytes), "byte"), deviation.from.name());
                let text = format!(
                    "{bytes} of the {who} at offset {} are the size of the tag before, which only an FLV file has",
                    deviation.offset
                );
                Waiting::say(Self::META, deviation, None, text, findings);
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        self.say(message.from, Some(message), findings);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.say(close.from, None, findings);
    }
}
