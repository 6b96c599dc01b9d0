use crate::net::How;
use crate::proto::rtmp::{Body, Command, Handshake, Message, Step};
use crate::proto::{Close, Opened};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::wire::Side;

rule! {
    /// One side ended the TCP connection with a reset instead of a FIN. The finding says which, and how far the session was.
    ///
    /// What was under way is lost. Programs reset a connection when they close it with data unread, when they crash or are
    /// killed, and when a firewall or a load balancer gives a connection up; some servers do it to refuse. Before an answer
    /// it means no; while a stream runs, look at the log of the side that did it. A reset behind a FIN, when the stream was
    /// closed or `connect` rejected, ends nothing, and is not reported: many clients leave like that.
    pub(super) struct ConnectionReset {
        at: Progress,
        midstream: bool,
        echoed: [bool; 2],
        finished: [bool; 2],
        said: bool,
    }
    "NET004", "connection-reset", Note, "RFC 9293 §3.5.3"
}

/// How far a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    /// No message came.
    #[default]
    Nothing,
    /// Messages came, none of those below.
    Begun,
    Connecting,
    Rejected,
    Connected,
    PublishAsked,
    Publishing,
    PlayAsked,
    Playing,
    Closed,
}

impl Progress {
    fn clause(self) -> &'static str {
        match self {
            Progress::Nothing => "",
            Progress::Begun => "before connect",
            Progress::Connecting => "before connect was answered",
            Progress::Rejected => "after connect was rejected",
            Progress::Connected => "while connected, without a stream",
            Progress::PublishAsked => "before publish was answered",
            Progress::Publishing => "while publishing",
            Progress::PlayAsked => "before play was answered",
            Progress::Playing => "while playing",
            Progress::Closed => "after the stream was closed",
        }
    }
}

impl ConnectionReset {
    fn step(&self) -> &'static str {
        match (self.at, self.midstream) {
            (Progress::Nothing, false) if self.echoed != [true; 2] => "during the handshake",
            (Progress::Nothing, false) => "after the handshake, before any message was decoded",
            (Progress::Nothing | Progress::Begun, true) => "at a step that the capture does not show",
            (progress, _) => progress.clause(),
        }
    }

    fn command(&mut self, from: Side, command: &Command) {
        let code = command.information_text("code").unwrap_or_default();
        self.at = match (from, command.name.as_str(), self.at) {
            (Side::Client, "connect", _) => Progress::Connecting,
            (Side::Client, "publish", _) => Progress::PublishAsked,
            (Side::Client, "play" | "play2", _) => Progress::PlayAsked,
            (Side::Client, "deleteStream" | "closeStream" | "FCUnpublish", _) => Progress::Closed,
            (Side::Server, "_result", Progress::Connecting) => Progress::Connected,
            (Side::Server, "_error", Progress::Connecting) => Progress::Rejected,
            (Side::Server, "onStatus", Progress::PublishAsked) if code == "NetStream.Publish.Start" => {
                Progress::Publishing
            }
            (Side::Server, "onStatus", Progress::PlayAsked) if code == "NetStream.Play.Start" => Progress::Playing,
            (_, _, Progress::Nothing) => Progress::Begun,
            (.., same) => same,
        };
    }
}

impl Rule for ConnectionReset {
    fn opened(&mut self, opened: &Opened, facts: &Facts, _: &mut Findings) {
        self.midstream = facts.midstream || opened.start == crate::net::Start::Midstream;
    }

    fn handshake(&mut self, step: &Handshake, _: &Facts, _: &mut Findings) {
        self.echoed[step.from.index()] |= step.step == Step::Echo;
    }

    fn message(&mut self, message: &Message, _: &Facts, _: &mut Findings) {
        match (&message.body, message.from) {
            (Body::Command(command), from) => self.command(from, command),
            // Media says what runs, also where the capture has no more of it.
            (Body::Audio(_) | Body::Video(_) | Body::Aggregate(_), from) if self.at != Progress::Closed => {
                self.at = if from == Side::Client { Progress::Publishing } else { Progress::Playing };
            }
            _ if self.at == Progress::Nothing => self.at = Progress::Begun,
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        self.finished[close.from.index()] |= close.how == How::Fin;
        let Some((side, at)) = close.tcp.reset.filter(|_| !self.said) else { return };
        self.said = true;
        let is_over = matches!(self.at, Progress::Closed | Progress::Rejected);
        if is_over && self.finished != [false; 2] {
            return;
        }
        let mut text = format!("the {} reset the connection {}", side.name(), self.step());
        if self.finished[side.index()] {
            text.push_str(", after its FIN");
        } else if self.finished[side.other().index()] {
            text += &format!(", after the FIN of the {}", side.other().name());
        }
        let finding = findings.push(Self::META, Some(side), text, (at.packet, at.packet));
        finding.certain = Side::BOTH.into_iter().all(|side| facts.is_whole(side));
    }
}
