//! The message streams of a session: which exist, and what each is used for.

use std::collections::BTreeMap;

use super::request::{Use, deed, ended_stream};
use super::requests::Requests;
use crate::limits::Limits;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::{Body, Command, Message, UserControlEvent};
use crate::wire::{Moment, Side};

/// Message streams of a session that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.story_streams;

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
    /// The `n` of the publish or play that it was last asked for.
    pub asked: Option<u64>,
    /// … and which of the two that is.
    pub purpose: Option<Use>,
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
}

impl Stream {
    /// Whether it is known to exist, or to have existed.
    pub fn is_known(&self) -> bool {
        self.created.is_some() || self.asked.is_some() || self.ended.is_some()
    }
}

impl Streams {
    pub fn get(&self, id: u32) -> Option<&Stream> {
        self.streams.get(&id).map(Box::as_ref)
    }

    /// Bytes of memory that it takes, about.
    pub(crate) fn held(&self) -> usize {
        self.streams.len() * size_of::<Stream>()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Stream> {
        self.streams.values().map(Box::as_ref)
    }

    /// The streams whose use a message ends, as its sender wants it. One that names what is published, and no stream
    /// (FCUnpublish), may be about any.
    pub fn ended_by(&self, message: &Message) -> impl Iterator<Item = &Stream> {
        let command = match &message.body {
            Body::Command(command) if message.from == Side::Client => Some(command),
            _ => None,
        };
        let command = command.filter(|command| deed(command).is_some_and(Deed::is_end));
        let named = command.and_then(|command| ended_stream(message, command));
        self.iter().filter(move |stream| command.is_some() && named.is_none_or(|id| id == stream.id))
    }

    fn at(&mut self, id: u32) -> Option<&mut Stream> {
        if self.streams.len() >= REMEMBERED && !self.streams.contains_key(&id) {
            return None;
        }
        Some(self.streams.entry(id).or_insert_with(|| Box::new(Stream { id, ..Stream::default() })))
    }

    pub(super) fn learn(&mut self, message: &Message, requests: &Requests) {
        let id = message.head.message_stream_id;
        match &message.body {
            Body::Command(command) if message.from == Side::Client => self.learn_call(message, command, requests),
            Body::Command(command) => self.learn_answer(message, command, requests),
            Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_) => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.has_media = true;
                    // A server that seeks may say that playing stopped, and goes on.
                    stream.finished &= matches!(message.body, Body::Data(_));
                } else if id == 0 {
                    // Some servers send a player its media on message stream 0.
                    let purpose = if message.from == Side::Client { Use::Publish } else { Use::Play };
                    let uses = |stream: &&mut Box<Stream>| stream.purpose == Some(purpose);
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

    fn learn_call(&mut self, message: &Message, command: &Command, requests: &Requests) {
        let id = message.head.message_stream_id;
        let Some(deed) = deed(command) else { return };
        match deed {
            Deed::Creates => {
                if let Some((early, id)) = requests.early_reply(message).and_then(|early| Some((early, early.stream?)))
                {
                    self.create(id, early.quote.n);
                }
            }
            Deed::Publishes | Deed::Plays => {
                let Some(stream) = self.at(id) else { return };
                stream.ended = None;
                stream.has_media = false;
                stream.unpublished = None;
                stream.finished = false;
                stream.asked = Some(message.n);
                stream.purpose = Some(if deed == Deed::Plays { Use::Play } else { Use::Publish });
            }
            // It names the stream by what is published on it.
            Deed::Ends if procedure::is_courtesy(&command.name) => {
                for stream in self.streams.values_mut() {
                    stream.unpublished.get_or_insert(message.head.last);
                }
            }
            Deed::Ends | Deed::Deletes => {
                if let Some(stream) = ended_stream(message, command).and_then(|id| self.streams.get_mut(&id)) {
                    stream.ended.get_or_insert(message.head.last);
                    stream.begun = false;
                    if deed == Deed::Deletes {
                        stream.created = None;
                    }
                }
            }
            _ => {}
        }
    }

    fn learn_answer(&mut self, message: &Message, command: &Command, requests: &Requests) {
        let request = requests.answered_by(message);
        if let Some(request) = request
            && request.deed == Some(Deed::Creates)
        {
            let named = command.arguments.first().and_then(Amf::number).filter(|_| command.name == "_result");
            if let Some(id) = named {
                self.create(id, message.n);
            }
            return;
        }
        let is_over = command.information_text("code").is_some_and(|code| OVER.contains(&code));
        if !is_over || (!command.is_answer() && !command.is_status()) {
            return;
        }
        let id = request.map_or(message.head.message_stream_id, |request| request.message_stream_id);
        let id = if id == 0 && !self.streams.contains_key(&0) { self.only_asked().unwrap_or(0) } else { id };
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.finished = true;
        }
    }

    /// The stream that is in use, where there is just one.
    fn only_asked(&self) -> Option<u32> {
        let mut asked = self.streams.values().filter(|stream| stream.asked.is_some() && stream.ended.is_none());
        let first = asked.next()?;
        asked.next().is_none().then_some(first.id)
    }
}
