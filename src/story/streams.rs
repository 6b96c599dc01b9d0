use std::collections::BTreeMap;

use super::Calls;
use super::Quote;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Command, Message, UserControlEvent};
use crate::wire::{Moment, PacketNo, Side};

/// Message streams of a session that are remembered. Real clients use one or two.
const REMEMBERED: usize = 1024;

/// Codes that say that what was published or played is over.
const OVER: &[&str] = &[
    "NetStream.Play.Stop",
    "NetStream.Play.Complete",
    "NetStream.Play.UnpublishNotify",
    "NetStream.Unpublish.Success",
];

/// The message streams of a session. Source: RTMP 1.0 §7.2.1.3, §7.2.2.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    // In boxes: a map's node has room for eleven, and most sessions have one.
    streams: BTreeMap<u32, Box<Stream>>,
}

/// One message stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub id: u32,
    /// The `n` of the answer to createStream that named it.
    pub created: Option<u64>,
    /// What it was last asked to do.
    pub asked: Option<Request>,
    /// A Stream Begin was sent for it.
    pub begun: bool,
    /// Audio, video or data went over it since it was asked, or over message stream 0 where it is not in use itself.
    pub has_media: bool,
    /// It was deleted or closed.
    pub ended: Option<Moment>,
    /// The client sent FCUnpublish while it was publishing.
    pub unpublished: Option<Moment>,
    /// The server said that what was published or played is over.
    pub finished: bool,
    /// The last status that nothing had asked for: a hole, or a capture that reorders, may hold the request back.
    early: Option<Status>,
}

/// A status on a stream.
#[derive(Clone, Debug)]
struct Status {
    code: String,
    is_answer: bool,
    is_error: bool,
    n: u64,
    at: Moment,
}

impl Stream {
    /// Whether it is known to exist, or to have existed.
    pub fn is_known(&self) -> bool {
        self.created.is_some() || self.asked.is_some() || self.ended.is_some()
    }
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Publish,
    Play,
}

/// A publish or play.
#[derive(Clone, Debug)]
pub struct Request {
    pub purpose: Use,
    pub name: Option<String>,
    pub transaction_id: Option<f64>,
    pub n: u64,
    pub at: Moment,
    pub packets: (PacketNo, PacketNo),
    /// What the server said of it, by the first status that settles it.
    pub outcome: Option<Outcome>,
    /// Statuses that came for it.
    pub statuses: u64,
    /// A play asks for what was played before to be dropped.
    pub asks_reset: bool,
    /// `NetStream.Play.Reset` came.
    pub is_reset: bool,
    /// `NetStream.Play.Start` or `NetStream.Publish.Start` came.
    pub is_started: bool,
    /// The message itself.
    pub quote: Quote,
}

impl Request {
    /// The command's name and transaction id: `publish(5)`.
    pub fn call(&self) -> String {
        let name = if self.purpose == Use::Publish { "publish" } else { "play" };
        match self.transaction_id {
            Some(id) => format!("{name}({id})"),
            None => name.to_owned(),
        }
    }
}

/// A request's outcome.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub accepted: bool,
    /// The status that says so.
    pub code: String,
    pub n: u64,
    pub at: Moment,
}

impl Streams {
    pub fn get(&self, id: u32) -> Option<&Stream> {
        self.streams.get(&id).map(Box::as_ref)
    }

    /// Bytes of memory that it takes, about.
    pub(crate) fn held(&self) -> usize {
        let quoted = |stream: &Stream| stream.asked.as_ref().map_or(0, |asked| asked.quote.cost());
        self.iter().map(|stream| size_of::<Stream>() + quoted(stream)).sum()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.streams.values().map(Box::as_ref)
    }

    fn at(&mut self, id: u32) -> Option<&mut Stream> {
        if self.streams.len() >= REMEMBERED && !self.streams.contains_key(&id) {
            return None;
        }
        Some(self.streams.entry(id).or_insert_with(|| Box::new(Stream { id, ..Stream::default() })))
    }

    pub(super) fn learn(&mut self, message: &Message, calls: &Calls) {
        let id = message.head.message_stream_id;
        match &message.body {
            Body::Command(command) if message.from == Side::Client => self.learn_call(message, command, calls),
            Body::Command(command) => self.learn_answer(message, command, calls),
            Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_) => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.has_media = true;
                } else if id == 0 {
                    // Some servers send a player its media on message stream 0.
                    let purpose = if message.from == Side::Client { Use::Publish } else { Use::Play };
                    let uses =
                        |stream: &&mut Box<Stream>| stream.asked.as_ref().is_some_and(|it| it.purpose == purpose);
                    self.streams.values_mut().filter(uses).for_each(|stream| stream.has_media = true);
                }
            }
            Body::UserControl(control) if control.event == UserControlEvent::STREAM_BEGIN => {
                if let Some(stream) = control.stream_id.and_then(|id| self.at(id)) {
                    stream.begun = true;
                }
            }
            Body::UserControl(control) if control.event == UserControlEvent::STREAM_EOF => {
                if let Some(stream) = control.stream_id.and_then(|id| self.streams.get_mut(&id)) {
                    stream.finished = true;
                }
            }
            _ => {}
        }
    }

    fn create(&mut self, id: f64, n: u64) {
        let Some(stream) = self.at(id as u32) else { return };
        if stream.created.is_some() || stream.ended.is_some() {
            // A number that was deleted may be given out again.
            *stream = Stream { id: stream.id, begun: stream.begun, ..Stream::default() };
        }
        stream.created = Some(n);
    }

    fn learn_call(&mut self, message: &Message, command: &Command, calls: &Calls) {
        let id = message.head.message_stream_id;
        let purpose = match command.name.as_str() {
            "createStream" => {
                if let Some((early, id)) = calls.early_answer(message).and_then(|early| Some((early, early.stream?))) {
                    self.create(id, early.quote.n);
                }
                return;
            }
            "FCUnpublish" => {
                for stream in self.streams.values_mut() {
                    stream.unpublished.get_or_insert(message.head.last);
                }
                return;
            }
            // `publish(false)` ends publishing.
            "publish" if command.arguments.first() == Some(&Amf::Boolean(false)) => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.ended = Some(message.head.last);
                }
                return;
            }
            "publish" => Use::Publish,
            "play" | "play2" => Use::Play,
            "deleteStream" | "closeStream" => {
                let named = command.arguments.first().and_then(Amf::number).map(|id| id as u32);
                let id = if command.name == "deleteStream" { named.unwrap_or(id) } else { id };
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.ended.get_or_insert(message.head.last);
                    stream.begun = false;
                    if command.name == "deleteStream" {
                        stream.created = None;
                    }
                }
                return;
            }
            _ => return,
        };
        let Some(stream) = self.at(id) else { return };
        stream.ended = None;
        stream.has_media = false;
        stream.unpublished = None;
        stream.finished = false;
        stream.asked = Some(Request {
            purpose,
            name: command.arguments.first().and_then(Amf::text).map(str::to_owned),
            transaction_id: command.transaction_id,
            n: message.n,
            at: message.head.last,
            packets: (message.head.first.packet, message.head.last.packet),
            outcome: None,
            statuses: 0,
            asks_reset: purpose == Use::Play && command.arguments.get(3) == Some(&Amf::Boolean(true)),
            is_reset: false,
            is_started: false,
            quote: Quote::of(message),
        });
        // In captures of several interfaces the order of packets is not that of their times.
        let first = message.head.first;
        let early = stream.early.take().filter(|early| early.at.packet > first.packet || early.at.time > first.time);
        if let (Some(early), Some(request)) = (early, &mut stream.asked) {
            request.learn(early);
        }
    }

    fn learn_answer(&mut self, message: &Message, command: &Command, calls: &Calls) {
        let call = calls.answered_by(message);
        if let Some(call) = call
            && call.name == "createStream"
        {
            let named = command.arguments.first().and_then(Amf::number).filter(|_| command.name == "_result");
            if let Some(id) = named {
                self.create(id, message.n);
            }
            return;
        }
        let Some(code) = command.information_text("code") else { return };
        if !command.is_answer() && command.name != "onStatus" {
            return;
        }
        // Some servers answer publish and play with `_result`, and some send the status on message stream 0.
        let id = match call {
            Some(call) => call.message_stream_id,
            None => message.head.message_stream_id,
        };
        let id = if id == 0 && !self.streams.contains_key(&0) { self.only_asked().unwrap_or(0) } else { id };
        // What stands on message stream 0 mostly belongs to none.
        let stream = if id == 0 { self.streams.get_mut(&0).map(Box::as_mut) } else { self.at(id) };
        let Some(stream) = stream else { return };
        stream.finished |= OVER.contains(&code);
        let status = Status {
            code: code.to_owned(),
            is_answer: command.is_answer(),
            is_error: command.information_text("level") == Some("error") || command.name == "_error",
            n: message.n,
            at: message.head.last,
        };
        match &mut stream.asked {
            Some(request) if request.outcome.is_none() => request.learn(status),
            Some(request) => {
                request.learn(status.clone());
                stream.early = Some(status);
            }
            None => stream.early = Some(status),
        }
    }

    /// The request that is still open, where there is just one.
    pub fn only_asked_request(&self) -> Option<&Request> {
        self.streams.get(&self.only_asked()?)?.asked.as_ref()
    }

    /// The stream whose request is still open, where there is just one.
    fn only_asked(&self) -> Option<u32> {
        let mut open =
            self.streams.values().filter(|stream| stream.asked.as_ref().is_some_and(|asked| asked.outcome.is_none()));
        let first = open.next()?;
        open.next().is_none().then_some(first.id)
    }
}

impl Request {
    /// Takes note of a status that came for it.
    fn learn(&mut self, status: Status) {
        let Status { code, is_answer, is_error, n, at } = status;
        self.statuses += u64::from(!is_answer);
        self.is_reset |= code == "NetStream.Play.Reset";
        self.is_started |= matches!(code.as_str(), "NetStream.Play.Start" | "NetStream.Publish.Start");
        let settles = match self.purpose {
            Use::Publish => code == "NetStream.Publish.Start",
            Use::Play => code == "NetStream.Play.Start" || code == "NetStream.Data.Start",
        };
        if (settles || is_error) && self.outcome.is_none() {
            self.outcome = Some(Outcome { accepted: !is_error, code, n, at });
        }
    }
}
