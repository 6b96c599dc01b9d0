use super::part::{Piece, parts};
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A string, a key or a name with a NUL in it. Mostly it is a buffer of fixed length that was written out whole.
    ///
    /// Why: a receiver written in C takes the string to end there; others compare it with one that has no NUL.
    ///
    /// Seen: nginx-rtmp, in the profile and level of the metadata that it sends to players: 32 bytes each.
    ///
    /// Change: write the length of the text, not of its buffer.
    pub(super) struct StringWithNul {}
    "AMF005", "string-with-nul", Note, "–", rests: Event, media: false, background: true
}

impl Rule for StringWithNul {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        for part in parts(message) {
            if part.any(|piece| matches!(piece, Piece::Text(text) if text.contains('\0')))
                && let Some((range, what)) = part.named_text(|bytes| bytes.contains(&0))
            {
                let before = part.bytes(&range).iter().take_while(|byte| **byte != 0).count();
                let text = format!("the {}'s {}: {what} has a NUL after {before}", message.from.name(), part.name());
                findings.about(Self::META, message, text).at(Mark::Payload(range));
                return;
            }
        }
    }
}
