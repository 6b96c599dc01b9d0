use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::{Request, Stream, Use};
use crate::wire::words::duration;
use crate::wire::{Moment, Side};

rule! {
    /// The connection ended while a stream was being published or played: the client left without saying so (FCUnpublish,
    /// deleteStream or closeStream), or the server closed it. The finding says how long after the request, and when the last
    /// audio or video came. A connection that is reset is for the network rules.
    ///
    /// Why: a server that is not told keeps the stream's name busy until it notices, and a quick reconnect is refused. Where
    /// the server ends it, the reason is in its log and its timeouts.
    ///
    /// Seen: OBS 29, and players that are stopped; nginx-rtmp closes a publisher that sends nothing for as long as
    /// `drop_idle_publisher` says, and a player that may not play just after it accepted it; node-media-server does so with a
    /// publisher whose signature is wrong.
    ///
    /// Change: send deleteStream before the connection is closed.
    pub(super) struct SessionAbandoned {
        last_media: Option<Moment>,
    }
    "CMD026", "session-abandoned", Note, "RTMP 1.0 §7.2", rests: Session
}

impl Rule for SessionAbandoned {
    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let is_media = matches!(message.body, Body::Audio(_) | Body::Video(_) | Body::Aggregate(_));
        // What one side still sends when the other has closed is too late.
        if is_media && story.of(message.from.other()).closed.is_none() {
            self.last_media = Some(message.head.last);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        let ending = story.ending(close);
        for stream in story.streams.iter().filter(|stream| was_running(story, stream, ending.at)) {
            let Some(request) = story.asked(stream) else { continue };
            let farewells = match request.purpose() {
                Some(Use::Publish) => "FCUnpublish, deleteStream or closeStream",
                _ => "deleteStream or closeStream",
            };
            let call = request.call();
            let after = duration(ending.at.time.since(request.at.time));
            let how = match (ending.how, ending.by) {
                (How::Fin, Some(Side::Client)) => format!("the client left {after} after {call} without {farewells}"),
                (How::Fin, _) => format!("the server closed the connection {after} after {call}"),
                (How::Rst | How::Timeout | How::EndOfCapture, _) => continue,
            };
            let since = match self.last_media {
                Some(media) => {
                    let before = duration(ending.at.time.since(media.time).max(0));
                    format!("; the last audio or video came {before} before")
                }
                None => "; no audio or video had come by then".to_owned(),
            };
            let finding = findings.about_request(Self::META, request, format!("{how}{since}"));
            finding.packets.1 = ending.at.packet;
            finding.from = ending.by;
            finding.certain = story.ends_in_order(close);
        }
    }
}

/// Whether a stream was in use at the end and nobody had ended it before.
fn was_running(story: &Story, stream: &Stream, end: Moment) -> bool {
    let is_accepted = |request: &Request| match &request.outcome {
        Some(outcome) => outcome.accepted,
        // A publish without an answer is another rule's.
        None => stream.has_media && request.purpose() == Some(Use::Play),
    };
    story.asked(stream).is_some_and(|request| {
        let was_taken_back = request.over.into_iter().chain(stream.unpublished).any(|at| at.time <= end.time);
        is_accepted(request) && !was_taken_back && !stream.finished
    })
}
