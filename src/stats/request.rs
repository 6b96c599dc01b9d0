use super::calls::clipped;
use crate::proto::amf::Amf;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Command, Message};
use crate::wire::{Moment, Side};

/// Requests of a session that are told.
const REQUESTS: usize = 16;
/// Bytes of a stream's name that are kept.
const NAME: usize = 96;

/// The publishes and plays of a session, and what came of them.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    requests: Vec<Request>,
    /// Those that are not told.
    pub more: u64,
}

/// A publish or play.
#[derive(Clone, Debug)]
pub struct Request {
    pub is_publish: bool,
    /// The stream's name, masked as everything is.
    pub name: Option<String>,
    pub message_stream_id: u32,
    pub n: u64,
    pub at: Moment,
    /// The status that settled it, whether that was good, and when it came.
    pub settled: Option<(String, bool, Moment)>,
    /// When the first audio or video frame, and the first picture that can be decoded alone, was complete.
    pub first_frame: Option<Moment>,
    pub first_key_frame: Option<Moment>,
}

impl Request {
    pub fn command(&self) -> &'static str {
        if self.is_publish { "publish" } else { "play" }
    }
}

impl Requests {
    pub fn iter(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn learn(&mut self, message: &Message, command: &Command, masks: &Masks) {
        match (message.from, command.name.as_str()) {
            (Side::Client, "publish" | "play" | "play2") => self.ask(message, command, masks),
            (Side::Server, "onStatus" | "_result" | "_error") => self.settle(message, command),
            _ => {}
        }
    }

    fn ask(&mut self, message: &Message, command: &Command, masks: &Masks) {
        // `publish(false)` ends publishing.
        if command.arguments.first() == Some(&Amf::Boolean(false)) {
            return;
        }
        if self.requests.len() == REQUESTS {
            self.more += 1;
            return;
        }
        let name = command.arguments.first().and_then(Amf::text);
        self.requests.push(Request {
            is_publish: command.name == "publish",
            name: name.map(|name| clipped(&masks.text(message.session, name), NAME)),
            message_stream_id: message.head.message_stream_id,
            n: message.n,
            at: message.head.last,
            settled: None,
            first_frame: None,
            first_key_frame: None,
        });
    }

    fn settle(&mut self, message: &Message, command: &Command) {
        let Some(code) = command.information_text("code") else { return };
        let is_error = command.name == "_error" || command.information_text("level") == Some("error");
        let id = message.head.message_stream_id;
        let is_answer = |request: &Request| message.answers.is_some_and(|answer| answer.n == request.n);
        // Some servers answer with `_result`, and some send the status on message stream 0.
        let is_of = |request: &Request| id == 0 || request.message_stream_id == id;
        let open = |request: &&mut Request| {
            let settles = match code {
                "NetStream.Publish.Start" => request.is_publish,
                "NetStream.Play.Start" | "NetStream.Data.Start" => !request.is_publish,
                _ => is_error,
            };
            let is_its = if command.is_answer() { is_answer(request) } else { is_of(request) };
            request.settled.is_none() && settles && is_its
        };
        if let Some(request) = self.requests.iter_mut().find(open) {
            request.settled = Some((clipped(code, NAME), !is_error, message.head.last));
        }
    }

    /// A frame of the media that belongs to a request: a publisher sends it, or a player gets it.
    pub(super) fn frame(&mut self, message: &Message, is_key: bool) {
        let id = message.head.message_stream_id;
        let is_its = |request: &&mut Request| {
            request.is_publish == (message.from == Side::Client) && (id == 0 || request.message_stream_id == id)
        };
        if let Some(request) = self.requests.iter_mut().rev().find(is_its) {
            request.first_frame.get_or_insert(message.head.last);
            if is_key {
                request.first_key_frame.get_or_insert(message.head.last);
            }
        }
    }
}
