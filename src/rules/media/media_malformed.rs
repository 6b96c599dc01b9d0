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
        if let Some(problem) = message.problems.first().filter(|_| legacy && !message.payload.is_empty()) {
            let kind = message.head.kind.name().unwrap_or("media");
            let text = format!("the {kind} message cannot be read at byte {}: {}", problem.at, problem.what);
            findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
        }
    }
}
