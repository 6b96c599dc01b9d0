use crate::net::How;
use crate::proto::Close;
use crate::proto::ftl::{CommandName, Phase};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::{Ftl, Stream, Use};
use crate::wire::Side;

rule! {
    /// One side ended the TCP connection with a reset instead of a FIN. The finding says which, and how far the session was.
    /// A reset behind a FIN, when the stream was closed or the request rejected, ends nothing and is not reported.
    ///
    /// Why: what was under way is lost. Before an answer a reset means no; while a stream runs, somebody died or gave up.
    ///
    /// Seen: programs that close a connection with data unread, crash or are killed; firewalls and load balancers that give a
    /// connection up; servers that refuse without a word.
    ///
    /// Change: look at the log of the side that did it; a server should send a status before it closes, and read until the
    /// client has closed.
    pub(super) struct ConnectionReset {
        media: Option<Side>,
        said: bool,
    }
    "NET004", "connection-reset", Note, "RFC 9293 §3.5.3", rests: Event, unsure: true
}

/// How far a session is, and whether anything was still under way.
struct Step(&'static str, bool);

impl ConnectionReset {
    fn step(&self, story: &Story) -> Step {
        if let Some(ftl) = &story.ftl {
            return ftl_step(ftl);
        }
        let streams = story.streams.iter().filter(|stream| stream.asked.is_some());
        if let Some(stream) = streams.max_by_key(|stream| stream.asked) {
            return stream_step(story, stream);
        }
        match (self.media, &story.connect) {
            (Some(Side::Client), _) => Step("while publishing", true),
            (Some(Side::Server), _) => Step("while playing", true),
            (None, Some(connect)) => match &connect.answer {
                None => Step("before connect was answered", true),
                Some(answer) if answer.accepted => Step("while connected, without a stream", true),
                Some(_) => Step("after connect was rejected", false),
            },
            (None, None) if story.midstream => Step("at a step that the capture does not show", true),
            (None, None) if story.of(Side::Client).gap && story.of(Side::Client).messages == 0 => {
                Step("at a step that was not read", true)
            }
            (None, None) if Side::BOTH.into_iter().any(|side| story.of(side).messages > 0) => {
                Step("before connect", true)
            }
            (None, None) if Side::BOTH.into_iter().all(|side| story.of(side).handshake_done().is_some()) => {
                Step("after the handshake, before any message was decoded", true)
            }
            // Nothing inside of TLS was seen.
            (None, None)
                if story.decrypted == Some(false) && Side::BOTH.into_iter().all(|side| !story.of(side).seen) =>
            {
                Step("at a step that TLS hides", false)
            }
            (None, None) => Step("during the handshake", true),
        }
    }
}

/// The same of a session of FTL.
fn ftl_step(ftl: &Ftl) -> Step {
    let state = &ftl.state;
    if state.disconnected.is_some() {
        return Step("after DISCONNECT", false);
    }
    if state.refused.is_some() {
        return Step("after its server had refused or ended the session", false);
    }
    let waits = |name: CommandName| ftl.unanswered().any(|command| command.name == name);
    Step(
        match state.phase {
            Phase::Started | Phase::Ended => "while publishing",
            _ if waits(CommandName::Start) => "before the dot was answered",
            _ if waits(CommandName::Connect) => "before CONNECT was answered",
            _ if waits(CommandName::Hmac) => "before HMAC was answered",
            Phase::Announcing => "while the client announced its media",
            Phase::Authenticated => "after CONNECT was accepted",
            Phase::Handshaking => "before CONNECT",
            Phase::Opened => "before any command was accepted",
        },
        true,
    )
}

fn stream_step(story: &Story, stream: &Stream) -> Step {
    let Some(asked) = story.asked(stream).filter(|_| stream.ended.is_none() && !stream.finished) else {
        return Step("after the stream was closed", false);
    };
    let accepted = asked.outcome.as_ref().map(|outcome| outcome.accepted);
    match (asked.purpose().unwrap_or(Use::Play), accepted, stream.has_media) {
        (Use::Publish, Some(false), _) => Step("after publish was rejected", false),
        (Use::Play, Some(false), _) => Step("after play was rejected", false),
        (Use::Publish, None, false) => Step("before publish was answered", true),
        (Use::Play, None, false) => Step("before play was answered", true),
        (Use::Publish, ..) => Step("while publishing", true),
        (Use::Play, ..) => Step("while playing", true),
    }
}

impl Rule for ConnectionReset {
    fn message(&mut self, message: &Message, _: &Story, _: &mut Findings) {
        if let Body::Audio(_) | Body::Video(_) | Body::Aggregate(_) = message.body {
            self.media = Some(message.from);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some((side, at)) = close.tcp.as_ref().and_then(|tcp| tcp.reset).filter(|_| !self.said) else { return };
        self.said = true;
        let finished =
            |side: Side| story.of(side).closed == Some(How::Fin) || (close.from == side && close.how == How::Fin);
        let Step(step, ran) = self.step(story);
        if !ran && (finished(side) || finished(side.other())) {
            return;
        }
        let mut text = format!("the {} reset the connection {step}", side.name());
        if finished(side) {
            text.push_str(", after its FIN");
        } else if finished(side.other()) {
            text += &format!(", after the FIN of the {}", side.other().name());
        }
        let finding = findings.push(Self::META, Some(side), text, (at.packet, at.packet));
        // What came before tells the step.
        finding.certain = story.midstream || Side::BOTH.into_iter().all(|side| story.is_whole(side));
    }
}
