use crate::proto::Close;
use crate::proto::rtmp::procedure::Deed;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// A `play` that succeeds is answered by NetStream.Play.Start, and by NetStream.Play.Reset before it where the client asked
    /// for a reset. Here media flowed, or the play was accepted, without one of them. Stream Begin is another rule's.
    ///
    /// Why: some players show nothing before NetStream.Play.Start, or keep what they played before.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send the whole exchange: Stream Begin, NetStream.Play.Reset, NetStream.Play.Start.
    pub(super) struct PlayAnswerIncomplete {}
    "CMD019", "play-answer-incomplete", Note, "RTMP 1.0 §7.2.2.1", rests: Session, media: false, background: true
}

impl Rule for PlayAnswerIncomplete {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || !story.of(Side::Server).seen {
            return;
        }
        for stream in story.streams.iter() {
            let Some(request) = story.asked(stream).filter(|request| request.deed == Some(Deed::Plays)) else {
                continue;
            };
            let was_rejected = request.outcome.as_ref().is_some_and(|outcome| !outcome.accepted);
            if was_rejected || !(stream.has_media || request.is_started || request.outcome.is_some()) {
                continue;
            }
            let mut missing = Vec::new();
            if request.asks_reset && !request.is_reset {
                missing.push("NetStream.Play.Reset");
            }
            if !request.is_started {
                missing.push("NetStream.Play.Start");
            }
            if missing.is_empty() {
                continue;
            }
            let text = format!("the server lets {} succeed without {}", request.call(), missing.join(" and "));
            findings.about_request(Self::META, request, text).from = Some(Side::Server);
        }
    }
}
