use super::{codec_mislabelled, is_malformed};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// An audio or video message whose FLV header or configuration cannot be read.
    ///
    /// Why: a receiver drops it, or hands broken bytes to its decoder; a broken sequence header costs the whole track.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write the header and the configuration record as the FLV and codec specifications lay them out.
    pub(super) struct MediaMalformed {}
    "MED015", "media-malformed", Warning, "FLV 10.1 §E.4.2, §E.4.3", rests: Event
}

impl Rule for MediaMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let legacy = match &message.body {
            Body::Audio(audio) => !audio.enhanced,
            Body::Video(video) => !video.enhanced,
            _ => false,
        };
        let broken = message.problems.iter().find(|problem| is_malformed(problem));
        if codec_mislabelled::holds(message).is_some() {
            return;
        }
        if let Some(problem) = broken.filter(|_| legacy && !message.payload.is_empty()) {
            let kind = message.head.kind.name().unwrap_or("media");
            let text = format!(
                "the {}'s {kind} message cannot be read at byte {}: {}",
                message.from.name(),
                problem.at,
                problem.what
            );
            findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
        }
    }
}
