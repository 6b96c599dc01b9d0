use crate::proto::rtmp::{Message, is_media, parts};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// A client that uses Enhanced RTMP says so in `connect`: `fourCcList`, `capsEx` or the FourCC maps. Here Enhanced RTMP
    /// packets go one way or the other, and its `connect` had none of them.
    ///
    /// Why: the other side cannot know what the client understands; a server may refuse the codec, or send it to a player that
    /// cannot show it.
    ///
    /// Seen: OBS, in all versions that were read; FFmpeg where no codec was named for it.
    ///
    /// Change: a client lists its codecs in `connect`; a server sends such packets only to clients that did.
    pub(super) struct EnhancedNotAnnounced {}
    "MED009", "enhanced-not-announced", Note, "Enhanced RTMP v2 \"Enhancing NetConnection connect Command\"", rests: Session, background: true
}

impl Rule for EnhancedNotAnnounced {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !is_media(message) || story.connect.as_ref().is_none_or(|connect| connect.announces_enhanced) {
            return;
        }
        let mut enhanced = false;
        parts(message, |_, part| enhanced |= part.is_enhanced());
        if enhanced {
            let text = match message.from {
                Side::Client => "the client sends Enhanced RTMP packets that its connect did not announce",
                Side::Server => "the server sends Enhanced RTMP packets to a client whose connect did not ask for them",
            };
            findings.about(Self::META, message, text.to_owned()).at(Mark::Payload(0..1));
        }
    }
}
