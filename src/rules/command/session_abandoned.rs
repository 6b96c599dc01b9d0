use super::duration;
use crate::net::How;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::facts::{Stream, Use};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::wire::{Moment, Side};

rule! {
    /// The connection ended while a stream was being published or played: the client left without FCUnpublish, deleteStream or
    /// closeStream, or the server closed it, or it was reset. The finding says how long before that the last media came.
    ///
    /// Why: a server that is not told keeps the stream's name busy until it notices, and a quick reconnect is refused. Where
    /// the server ends it, the reason is in its log and its timeouts.
    ///
    /// Seen: OBS that is killed; nginx-rtmp closes a publisher that sends nothing for `drop_idle_publisher`; players that
    /// are stopped.
    ///
    /// Change: send deleteStream before the connection is closed.
    pub(super) struct SessionAbandoned {
        last_media: Option<Moment>,
    }
    "CMD026", "session-abandoned", Note, "RTMP 1.0 §7.2", rests: Session, unsure: true
}

impl Rule for SessionAbandoned {
    fn message(&mut self, message: &Message, _: &Facts, _: &mut Findings) {
        if matches!(message.body, Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_)) {
            self.last_media = Some(message.head.last);
        }
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last {
            return;
        }
        let ending = facts.ending(close);
        for stream in facts.streams.iter().filter(|stream| is_running(stream)) {
            let Some(request) = &stream.asked else { continue };
            let doing = match request.purpose {
                Use::Publish => "published",
                Use::Play => "played",
            };
            let call = request.call();
            let how = match (ending.how, ending.by) {
                (How::Fin, Some(Side::Client)) => {
                    format!("the client left while it {doing} ({call}), without FCUnpublish, deleteStream or closeStream")
                }
                (How::Fin, _) => format!("the server closed the connection while the client {doing} ({call})"),
                (How::Rst, _) => format!("the connection was reset while the client {doing} ({call})"),
                (How::Timeout | How::EndOfCapture, _) => continue,
            };
            let since = self.last_media.filter(|_| stream.has_media);
            let since = since.map(|media| duration(ending.at.time.since(media.time).max(0)));
            let since = since.map(|time| format!("; the last media came {time} before")).unwrap_or_default();
            let finding = findings.about_earlier(Self::META, &request.quote, request.packets, format!("{how}{since}"));
            finding.packets.1 = ending.at.packet;
            finding.from = ending.by;
            finding.certain = facts.ends_in_order(close);
        }
    }
}

/// Whether a stream is in use and nobody ended it.
fn is_running(stream: &Stream) -> bool {
    let is_accepted = |request: &crate::rules::facts::Request| match &request.outcome {
        Some(outcome) => outcome.accepted,
        None => stream.has_media,
    };
    stream.asked.as_ref().is_some_and(is_accepted)
        && stream.ended.is_none()
        && !stream.unpublished
        && !stream.finished
}
