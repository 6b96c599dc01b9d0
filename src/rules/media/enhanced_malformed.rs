use super::{codec_mislabelled, is_malformed};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// An Enhanced RTMP packet that cannot be read: a packet type, modifier, multitrack or FourCC header that is cut or
    /// contradicts itself, or a configuration that its codec does not have.
    ///
    /// Why: a receiver that cannot read the header has no way to the media behind it.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write the header as the specification lays it out; a single track has no size field.
    pub(super) struct EnhancedMalformed {}
    "MED010", "enhanced-malformed", Error, "Enhanced RTMP v2", rests: Event
}

impl Rule for EnhancedMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let enhanced = match &message.body {
            Body::Audio(audio) => audio.enhanced,
            Body::Video(video) => video.enhanced,
            _ => false,
        };
        let broken = message.problems.iter().find(|problem| is_malformed(problem));
        if codec_mislabelled::holds(message).is_some() {
            return;
        }
        if let Some(problem) = broken.filter(|_| enhanced) {
            let text = format!(
                "the {}'s Enhanced RTMP packet cannot be read at byte {}: {}",
                message.from.name(),
                problem.at,
                problem.what
            );
            findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
        }
    }
}
