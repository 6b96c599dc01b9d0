use super::{had_no_time, then_it_ended};
use crate::proto::Close;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// A server answers `publish` with an `onStatus`: NetStream.Publish.Start, or an error that says why not. Here none came, or
    /// the code came in a `_result`. Where the client leaves within a second there is no verdict, and where it named no stream
    /// that is the fault, and another rule's.
    ///
    /// Why: encoders wait for NetStream.Publish.Start before they send media, and look for it in an onStatus alone.
    ///
    /// Seen: SRS closes the connection instead of rejecting a publish of a busy name, nginx-rtmp where `on_publish` refuses; an
    /// early Go server answered with a `_result`.
    ///
    /// Change: send onStatus on the publish's message stream, with an error code where it is rejected.
    pub(super) struct PublishUnanswered {}
    "CMD017", "publish-unanswered", Warning, "RTMP 1.0 §7.2.2.6", rests: Session, unsure: true, media: false
}

impl Rule for PublishUnanswered {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if command.name != "_result" || message.from != Side::Server {
            return;
        }
        let Some(call) = story.requests.answered_by(message).filter(|call| call.deed == Some(Deed::Publishes)) else {
            return;
        };
        if let Some(code) = command.information_text("code").filter(|code| code.starts_with("NetStream.")) {
            let text =
                format!("the server answered {} by a _result with {}, not by an onStatus", call.call(), told(code));
            findings.about(Self::META, message, text);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || !story.of(Side::Server).seen {
            return;
        }
        for request in story.requests.uses().filter(|request| request.deed == Some(Deed::Publishes)) {
            // Where media followed, the answer lies in the hole.
            let is_missed = story.of(Side::Server).gap && request.first_frame.is_some();
            let has_answer = request.statuses > 0 || request.outcome.is_some() || is_missed;
            if has_answer
                || request.names_nothing()
                || had_no_time(story, close, request.from, request.at, request.over)
            {
                continue;
            }
            let ended = then_it_ended(story, close, request.at);
            let text = format!("the server never answered {} by an onStatus{ended}", request.call());
            let finding = findings.about_request(Self::META, request, text);
            finding.from = Some(Side::Server);
            finding.certain = story.ends_in_order(close);
        }
    }
}
