//! Where a session stands, or how it came out, as its list and its heading say it in one phrase.

use super::request::Use;
use super::{Ending, Request, Story};
use crate::net::How;
use crate::proto::ftl::Phase;
use crate::proto::rtmp::procedure::Deed;
use crate::wire::{Sentence, Side, told};

/// Bytes of a phrase at most.
const LONGEST: usize = 160;

/// How far a session came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// It is enciphered, and its keys are not there.
    Encrypted,
    /// Bytes came, and none of them could be decoded.
    Undecodable,
    /// The handshake is not over.
    Handshaking,
    /// The handshake is over, and the server did not accept the client yet.
    Connecting,
    /// The server accepted the client.
    Connected,
    /// The client asked for a stream, which the server did not answer yet.
    Asking(Use),
    Publishing,
    Playing,
    /// What was published or played came to its end.
    Finished(Use),
    Rejected(Rejection),
}

/// What the server did not grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The command, or what else was not granted.
    pub what: String,
    pub how: Refusal,
}

/// How a server says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// By an answer: its code, which may be empty, and its `n`, where that is known.
    Answer { code: String, n: Option<u64> },
    /// It hung up without an answer.
    Silence,
    /// It granted it, and hung up before any audio or video came.
    NoMedia,
}

/// Where a session stands.
#[derive(Clone, Debug)]
pub struct Standing {
    pub course: Course,
    /// How it ended, once it did.
    pub ending: Option<Ending>,
}

impl Course {
    /// As JSON has it.
    pub fn name(&self) -> &'static str {
        match self {
            Course::Encrypted => "encrypted",
            Course::Undecodable => "undecodable",
            Course::Handshaking => "handshaking",
            Course::Connecting => "connecting",
            Course::Connected => "connected",
            Course::Asking(Use::Publish) => "asking_to_publish",
            Course::Asking(Use::Play) => "asking_to_play",
            Course::Publishing => "publishing",
            Course::Playing => "playing",
            Course::Finished(Use::Publish) => "published",
            Course::Finished(Use::Play) => "played",
            Course::Rejected(_) => "rejected",
        }
    }

    /// In few words.
    pub fn phrase(&self) -> Sentence {
        Sentence::of(self.words(), LONGEST)
    }

    fn words(&self) -> String {
        match self {
            Course::Rejected(Rejection { what, how }) => {
                let why = match how {
                    Refusal::Answer { code, .. } if code.is_empty() => String::new(),
                    Refusal::Answer { code, .. } => format!(" {}", told(code)),
                    Refusal::Silence => ", hung up without an answer".to_owned(),
                    Refusal::NoMedia => ", hung up before any media".to_owned(),
                };
                format!("rejected: {}{why}", told(what))
            }
            Course::Asking(Use::Publish) => "asking to publish".to_owned(),
            Course::Asking(Use::Play) => "asking to play".to_owned(),
            course => course.name().to_owned(),
        }
    }

    /// The message that says so, where it is one.
    pub fn n(&self) -> Option<u64> {
        match self {
            Course::Rejected(Rejection { how: Refusal::Answer { n, .. }, .. }) => *n,
            _ => None,
        }
    }
}

impl Standing {
    /// In few words: `rejected: publish NetStream.Publish.Denied`, `publishing, reset by the client`.
    pub fn phrase(&self) -> Sentence {
        let what = self.course.words();
        match self.end() {
            Some(end) => Sentence::of(format!("{what}, {end}"), LONGEST),
            None => Sentence::of(what, LONGEST),
        }
    }

    /// Who ended it, and how, where that is not what everybody expects.
    fn end(&self) -> Option<String> {
        let Ending { by, how, .. } = self.ending?;
        let is_over = matches!(self.course, Course::Finished(_) | Course::Rejected(_));
        let by = by.map(Side::name);
        match (how, by) {
            (How::EndOfCapture, _) => None,
            (How::Timeout, _) => Some("abandoned".to_owned()),
            // Whoever is through with a stream may hang up as it likes, and so may who was refused.
            _ if is_over => None,
            (How::Fin, Some(by)) => Some(format!("closed by the {by}")),
            (How::Rst, Some(by)) => Some(format!("reset by the {by}")),
            (How::Fin | How::Rst, None) => Some("reset".to_owned()),
        }
    }
}

impl Story {
    /// Where the session stands now.
    pub fn standing(&self) -> Standing {
        Standing { course: self.course(), ending: self.ended }
    }

    fn course(&self) -> Course {
        if self.decrypted == Some(false) {
            return Course::Encrypted;
        }
        if self.ftl.is_some() {
            return self.course_of_ftl();
        }
        let [client, server] = [self.of(Side::Client), self.of(Side::Server)];
        if client.messages + server.messages == 0 {
            let is_lost = (client.lost || server.lost) && !self.is_turned_away();
            return if is_lost { Course::Undecodable } else { self.before_connect() };
        }
        // A courtesy that is refused stops nobody.
        let asked = self.requests.uses().rev().find(|request| request.from == Side::Client);
        if let Some(request) = asked {
            return self.course_of(request);
        }
        let has_media = |side: Side| self.tracks.has_frames(side);
        if has_media(Side::Client) {
            return self.seen_in_the_middle(Use::Publish);
        }
        if has_media(Side::Server) {
            return self.seen_in_the_middle(Use::Play);
        }
        match self.connect.as_ref().and_then(|connect| Some((connect, connect.answer.as_ref()?))) {
            Some((_, answer)) if !answer.accepted => {
                rejected("connect", answer_of(answer.code.as_deref().unwrap_or_default(), Some(answer.n)))
            }
            Some(_) => self.after_connect(),
            None if self.midstream => Course::Connected,
            None => self.before_connect(),
        }
    }

    /// How a publish or a play stands.
    fn course_of(&self, request: &Request) -> Course {
        let used = request.purpose().unwrap_or(Use::Play);
        match &request.outcome {
            Some(outcome) if !outcome.accepted => rejected(&request.name, answer_of(&outcome.code, Some(outcome.n))),
            outcome if request.first_frame.is_none() && request.over.is_none() && self.is_turned_away() => {
                rejected(&request.name, if outcome.is_some() { Refusal::NoMedia } else { Refusal::Silence })
            }
            _ if request.over.is_some() || self.is_through(request, used) => Course::Finished(used),
            None if request.first_frame.is_none() => Course::Asking(used),
            _ => match used {
                Use::Publish => Course::Publishing,
                Use::Play => Course::Playing,
            },
        }
    }

    /// Whether a stream that was granted came to its end, by what was said of it or by its user's hanging up in order.
    fn is_through(&self, request: &Request, used: Use) -> bool {
        let stream = self.streams.get(request.used_stream_id).filter(|stream| stream.asked == Some(request.n));
        let is_said = stream.is_some_and(|stream| match used {
            Use::Publish => stream.unpublished.is_some() || stream.ended.is_some(),
            Use::Play => stream.finished || stream.ended.is_some(),
        });
        let left = self.ended.is_some_and(|ending| ending.how == How::Fin && ending.by == Some(Side::Client));
        is_said || left
    }

    /// A stream that somebody asked for before the capture began.
    fn seen_in_the_middle(&self, used: Use) -> Course {
        let is_over = self.streams.iter().any(|stream| stream.ended.is_some() || stream.unpublished.is_some());
        match used {
            _ if is_over => Course::Finished(used),
            Use::Publish => Course::Publishing,
            Use::Play => Course::Playing,
        }
    }

    fn before_connect(&self) -> Course {
        let is_shaken = |side: Side| self.of(side).handshake_done().is_some() || self.of(side).odd_handshake;
        let asked = self.connect.is_some();
        match asked {
            true if self.is_turned_away() => rejected("connect", Refusal::Silence),
            true => Course::Connecting,
            false if is_shaken(Side::Client) && is_shaken(Side::Server) => Course::Connecting,
            false => Course::Handshaking,
        }
    }

    /// Accepted, and no stream was asked for: perhaps since none was given.
    fn after_connect(&self) -> Course {
        let creates = self.requests.iter().rev().find(|request| request.deed == Some(Deed::Creates));
        let refused = creates.and_then(|request| request.outcome.as_ref().filter(|outcome| !outcome.accepted));
        if let (Some(request), Some(outcome)) = (creates, refused) {
            return rejected(&request.name, answer_of(&outcome.code, Some(outcome.n)));
        }
        let waiting = self.requests.waiting().find(|it| it.from == Side::Client && !it.is_courtesy());
        match waiting.filter(|_| self.is_turned_away()) {
            Some(request) => rejected(&request.name, Refusal::Silence),
            None => Course::Connected,
        }
    }

    /// Whether the server hung up first.
    fn is_turned_away(&self) -> bool {
        self.ended.is_some_and(|ending| ending.by == Some(Side::Server))
    }

    fn course_of_ftl(&self) -> Course {
        let Some(ftl) = &self.ftl else { return Course::Connected };
        let has_media = !ftl.sources.is_empty();
        match (&ftl.state.refused, ftl.state.phase) {
            (Some((code, _)), _) if !code.is_notice() => {
                let refused =
                    ftl.requests.iter().rev().find(|command| command.reply.is_some_and(|reply| reply.code == *code));
                let what = refused.map_or("FTL", |command| command.name.name());
                let n = refused.and_then(|command| command.reply).map(|reply| reply.n);
                rejected(what, answer_of(&code.0.to_string(), n))
            }
            _ if !has_media && self.is_turned_away() && ftl.state.disconnected.is_none() => {
                let unanswered = ftl.requests.iter().rev().find(|command| command.reply.is_none());
                match unanswered {
                    Some(command) => rejected(command.name.name(), Refusal::Silence),
                    None => rejected("FTL", Refusal::NoMedia),
                }
            }
            (_, Phase::Ended) => Course::Finished(Use::Publish),
            _ if has_media && self.ended.is_some_and(|ending| ending.how == How::Fin) => Course::Finished(Use::Publish),
            _ if has_media => Course::Publishing,
            (_, Phase::Opened | Phase::Handshaking) => Course::Handshaking,
            (_, Phase::Authenticated | Phase::Announcing) => Course::Connected,
            (_, Phase::Started) => Course::Asking(Use::Publish),
        }
    }
}

fn rejected(what: &str, how: Refusal) -> Course {
    Course::Rejected(Rejection { what: what.to_owned(), how })
}

fn answer_of(code: &str, n: Option<u64>) -> Refusal {
    Refusal::Answer { code: code.to_owned(), n }
}
