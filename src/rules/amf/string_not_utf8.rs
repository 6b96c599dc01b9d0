use super::part::{Piece, parts};
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// A string, a key or a name that is not UTF-8.
    ///
    /// Why: receivers show garbage, drop the message, or disconnect.
    ///
    /// Seen: FFmpeg as a server, in the description of its answer to publish, from memory that was never written.
    ///
    /// Change: write text in UTF-8, whatever the system's own encoding is.
    pub(super) struct StringNotUtf8 {}
    "AMF004", "string-not-utf8", Warning, "AMF0 §1.3.1", rests: Sender, unsure: true, media: false
}

impl Rule for StringNotUtf8 {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        // The decoder puts this character in place of bytes that are none.
        let is_suspect = |piece: Piece<'_>| matches!(piece, Piece::Text(text) if text.contains('\u{fffd}'));
        for part in parts(message) {
            if part.any(is_suspect)
                && let Some((range, what)) = part.named_text(|bytes| std::str::from_utf8(bytes).is_err())
            {
                let text = format!("the {}'s {}: {what} is not UTF-8", message.from.name(), part.name());
                findings.about(Self::META, message, text).at(Mark::Payload(range));
                return;
            }
        }
    }
}
