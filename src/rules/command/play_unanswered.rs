use super::{had_no_time, then_it_ended};
use crate::proto::Close;
use crate::proto::rtmp::procedure::Deed;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

rule! {
    /// A server answers `play` with an `onStatus` (NetStream.Play.Reset, .Start, .StreamNotFound or .Failed) or with media. Here
    /// nothing came. Where the client leaves within a second there is no verdict, and where it named no stream that is the fault,
    /// and another rule's.
    ///
    /// Why: the player shows nothing and cannot say why.
    ///
    /// Seen: servers that let a play of a missing stream wait for its publisher.
    ///
    /// Change: send NetStream.Play.Start when the play is accepted, NetStream.Play.StreamNotFound where there is no stream.
    pub(super) struct PlayUnanswered {}
    "CMD018", "play-unanswered", Warning, "RTMP 1.0 §7.2.2.1", rests: Session, unsure: true, media: false
}

impl Rule for PlayUnanswered {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || !story.of(Side::Server).seen {
            return;
        }
        for request in story.requests.uses().filter(|request| request.deed == Some(Deed::Plays)) {
            let has_media = story.streams.get(request.message_stream_id).is_some_and(|stream| stream.has_media);
            let has_answer = request.statuses > 0 || request.outcome.is_some() || has_media;
            if has_answer
                || request.names_nothing()
                || had_no_time(story, close, request.from, request.at, request.over)
            {
                continue;
            }
            let ended = then_it_ended(story, close, request.at);
            let text = format!("the server answered {} neither by an onStatus nor by media{ended}", request.call());
            let finding = findings.about_request(Self::META, request, text);
            finding.from = Some(Side::Server);
            finding.certain = story.ends_in_order(close);
        }
    }
}
