//! One session: its requests, each with what the server did about it.

mod connect;
mod due;
mod server;
mod sighted;
mod steps;
mod tell;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::evidence::Evidence;
use super::media::{Player, Stages, StreamKey};
use super::profile::Profile;
use super::request::{self, CLOSES, PATIENCE, Request, Step, Told};
use super::scenarios::Scenario;
use super::situation::{Path, Situation};
use super::writer::Writer;
use super::{flow, handshake, normal};
use crate::limits::Limits;
use crate::net::How;
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::secrets::{Masks, Place};
use crate::proto::rtmp::{Body, Command, Handshake, Message, UserControl, UserControlEvent, status};
use crate::proto::{Close, Opened};
use crate::story::{self, Story};
use crate::wire::{Side, Time};
use connect::Connect;
use sighted::Sighted;
use steps::Held;

/// Requests of one session that are followed.
const REQUESTS: usize = Limits::DEFAULT.compared_requests;
/// Steps that are kept until it is clear what they are about.
const HELD: usize = Limits::DEFAULT.compared_steps;
/// Kinds of message with their streams, calls of the server, and members of an information object, of one session.
const KINDS: usize = Limits::DEFAULT.compared_kinds;
/// Information objects of one session that are looked at.
const SIGHTINGS: usize = Limits::DEFAULT.compared_sightings;
/// Names of streams, and message streams that were created, in one session.
const NAMES: usize = Limits::DEFAULT.compared_names;

/// What other sessions must know.
pub(super) enum Signal {
    /// The session published the stream, and does no more.
    Unpublished(StreamKey, Time),
}

/// How the connection ended.
#[derive(Clone, Copy)]
struct End {
    from: Side,
    how: How,
    at: Time,
}

pub(super) struct Session {
    capture: usize,
    id: u32,
    server: SocketAddr,
    scenario: Option<Scenario>,
    /// From a hole on nothing more is believed.
    frozen: bool,
    /// The client's last message.
    client_known: u64,
    begun: Time,
    now: Time,
    handshake: handshake::Fold,
    requests: Vec<Request>,
    held: Vec<Held>,
    /// What the server sent before the first request.
    early: Vec<Step>,
    order: u32,
    batch: u32,
    /// Whether the server said something since the last request.
    spoken: bool,
    path: Path,
    client: String,
    app: String,
    names: Vec<String>,
    created: Vec<u32>,
    connect: Connect,
    calls: Vec<(String, String, u64)>,
    /// Situation, kind, chunk stream and message stream of what the server sent, with the first message.
    kinds: BTreeMap<(usize, usize, u32, Option<u32>), u64>,
    situations: Vec<Situation>,
    sightings: Vec<Sighted>,
    published: Option<(StreamKey, usize)>,
    player: Option<Player>,
    flow: flow::Fold,
    end: Option<End>,
    client_end: Option<Time>,
    /// The request at which the server closed the connection.
    closed_at: Option<usize>,
    /// How the server's direction ended.
    server_end: Option<How>,
}

impl Session {
    pub(super) fn new(capture: usize, opened: &Opened, scenario: Option<Scenario>) -> Self {
        Session {
            capture,
            id: opened.session,
            server: opened.server,
            scenario,
            frozen: false,
            client_known: 0,
            begun: opened.at.time,
            now: opened.at.time,
            handshake: handshake::Fold::default(),
            requests: Vec::new(),
            held: Vec::new(),
            early: Vec::new(),
            order: 0,
            batch: 0,
            spoken: false,
            path: Path::default(),
            client: "a client".into(),
            app: String::new(),
            names: Vec::new(),
            created: Vec::new(),
            connect: Connect::default(),
            calls: Vec::new(),
            kinds: BTreeMap::new(),
            situations: Vec::new(),
            sightings: Vec::new(),
            published: None,
            player: None,
            flow: flow::Fold::default(),
            end: None,
            client_end: None,
            closed_at: None,
            server_end: None,
        }
    }

    pub(super) fn handshake(&mut self, step: &Handshake) {
        if !self.frozen {
            self.handshake.take(step);
        }
    }

    /// Bytes are missing: what comes from here on may have causes that nobody saw.
    pub(super) fn freeze(&mut self) {
        self.settle();
        self.frozen = true;
    }

    /// Bytes of a side are missing. What follows a hole is given out late: since the client's last message the server may
    /// have answered what nobody saw.
    pub(super) fn lose(&mut self, from: Side) {
        if from == Side::Client {
            let known = self.client_known;
            self.sightings.retain(|sighted| sighted.evidence.n.is_none_or(|n| n < known));
        }
        self.freeze();
    }

    pub(super) fn message(
        &mut self,
        message: &Message,
        story: &Story,
        masks: &Masks,
        stages: &mut Stages,
    ) -> Option<Signal> {
        if self.frozen {
            return None;
        }
        self.now = self.now.max(message.head.last.time);
        match message.from {
            Side::Client => {
                self.client_known = message.n;
                self.take_client(message, story, masks, stages)
            }
            Side::Server => {
                self.take_server(message, story, masks, stages);
                None
            }
        }
    }

    fn take_client(&mut self, message: &Message, story: &Story, masks: &Masks, stages: &mut Stages) -> Option<Signal> {
        self.flow.received = message.head.offset + u64::from(message.head.size);
        match &message.body {
            Body::Command(command) => return self.request(message, command, story, masks, stages),
            Body::WindowAcknowledgementSize(window) => self.flow.window = Some(*window),
            Body::UserControl(UserControl { event: UserControlEvent::PING_REQUEST, .. }) => {
                self.flow.asked = Some(message.n);
            }
            Body::Audio(_) | Body::Video(_) | Body::Data(_) | Body::Aggregate(_) => {
                if let Some((key, _)) = &self.published {
                    stages.take(key, message);
                }
            }
            _ => {}
        }
        None
    }

    fn request(
        &mut self,
        message: &Message,
        command: &Command,
        story: &Story,
        masks: &Masks,
        stages: &mut Stages,
    ) -> Option<Signal> {
        if command.is_answer() {
            return None;
        }
        if self.requests.len() >= REQUESTS {
            self.freeze();
            return None;
        }
        let name = normal::clip(&masks.even(self.id, Place::Loose, &command.name));
        let reaction = request::is_reaction(&command.name);
        let asked = story.requests.get(message.n);
        let deed = asked.and_then(|asked| asked.deed);
        let wants_answer = asked.is_some_and(story::Request::expects_reply);
        if self.spoken {
            self.batch += 1;
            self.spoken = false;
        }
        let stream = command.arguments.first().and_then(Amf::text).filter(|_| normal::names_stream(&command.name));
        let key = stream.map(|name| {
            if self.names.len() < NAMES && !self.names.iter().any(|known| known == name) {
                self.names.push(name.to_owned());
            }
            (self.server, normal::bare(&self.app).trim_end_matches('/').to_owned(), normal::bare(name).to_owned())
        });
        let is_published = key.as_ref().is_some_and(|key| stages.is_published(key));
        let text = if deed == Some(Deed::Connects) {
            self.meet(command, masks);
            normal::connect(command)
        } else {
            let stream = match (deed, is_published) {
                (Some(Deed::Publishes), true) => "busy name",
                (Some(Deed::Plays), true) => "published name",
                _ => "name",
            };
            normal::request(command, &name, stream)
        };
        let situation = if reaction {
            Situation::of(name.clone())
        } else {
            // A server may answer on the chunk stream on which it was asked, or not at all where no answer is wanted.
            let is_numbered = asked.is_some_and(story::Request::is_numbered);
            let wanted = if is_numbered { "" } else { ", transaction id 0" };
            let detail = format!("on chunk stream {}{wanted}", message.head.chunk_stream_id);
            self.situation(&name, deed, &text, detail)
        };
        let ends = deed.is_some_and(Deed::is_end) && self.published.is_some();
        self.requests.push(Request {
            n: message.n,
            time: message.head.last.time,
            name,
            deed,
            wants_answer,
            flag: match command.arguments.first() {
                Some(Amf::Boolean(flag)) => Some(*flag),
                _ => None,
            },
            message_stream: message.head.message_stream_id,
            situation: situation.clone(),
            batch: self.batch,
            steps: Vec::new(),
            told: Told::default(),
            is_name_busy: is_published && deed == Some(Deed::Publishes),
            is_amid_media: self.player.as_ref().is_some_and(Player::has_begun),
        });
        let index = self.requests.len() - 1;
        if index == 0 {
            let early = std::mem::take(&mut self.early);
            for step in early {
                self.requests[0].add(step);
            }
        }
        match (deed, key) {
            (Some(Deed::Publishes), Some(key)) => {
                stages.publish(&key, self.id);
                self.published = Some((key, index));
            }
            (Some(Deed::Plays), Some(key)) => {
                self.player = Some(Player::new(key, situation, (message.n, message.head.last.time), stages));
            }
            _ => {}
        }
        if ends { self.unpublish(stages) } else { None }
    }

    /// What the client's connect tells of the client.
    fn meet(&mut self, command: &Command, masks: &Masks) {
        let member = |name| command.object.as_ref().and_then(|object| object.member(name)).and_then(Amf::text);
        member("app").unwrap_or_default().clone_into(&mut self.app);
        if let Some(version) = member("flashVer").or_else(|| member("flashver")) {
            self.client = normal::program(&masks.even(self.id, Place::Text, version));
        }
    }

    /// The situation into which a request brings the server.
    fn situation(&mut self, name: &str, deed: Option<Deed>, text: &str, detail: String) -> Situation {
        let shown = if deed == Some(Deed::Connects) { name } else { text };
        let situation = if let Some(scenario) = &self.scenario {
            let mut situation = Situation::of(format!("{}\n{name}", scenario.name));
            situation.text.clone_from(&scenario.name);
            situation
        } else {
            self.path.push(&format!("{text} {detail}"));
            self.path.situation(format!("{shown} by {}", self.client), detail)
        };
        // How a stream is ended does not change what was done with it.
        if !deed.is_some_and(Deed::is_end) {
            self.situations.push(situation.clone());
        }
        situation
    }

    fn unpublish(&mut self, stages: &mut Stages) -> Option<Signal> {
        let (key, _) = self.published.as_ref()?;
        stages.unpublish(key, self.id).then(|| Signal::Unpublished(key.clone(), self.now))
    }

    /// The publisher of a stream ended.
    pub(super) fn publisher_ended(&mut self, key: &StreamKey, at: Time) {
        if let Some(player) = &mut self.player
            && player.key == *key
            && player.has_begun()
            && self.end.is_none()
            && !self.requests.last().is_some_and(Request::is_ending)
        {
            player.ended.get_or_insert(at);
        }
    }

    pub(super) fn close(&mut self, close: &Close, stages: &mut Stages) -> Option<Signal> {
        self.now = self.now.max(close.at.time);
        match close.from {
            Side::Server => self.server_end = Some(close.how),
            Side::Client => self.client_end = Some(close.at.time),
        }
        self.end.get_or_insert(End { from: close.from, how: close.how, at: close.at.time });
        if close.from == Side::Client { self.unpublish(stages) } else { None }
    }

    fn evidence(&self, n: Option<u64>) -> Evidence {
        Evidence { capture: self.capture, session: self.id, n }
    }

    /// A status code as it may be shown; those that are known are no secret, whatever a stream is called.
    fn code(&self, masks: &Masks, code: &str) -> String {
        match status::find(code) {
            Some(known) => known.code.to_owned(),
            None => self.masked(masks, code),
        }
    }

    /// Text from the wire as it may be shown and compared.
    fn masked(&self, masks: &Masks, text: &str) -> String {
        normal::clip(&masks.even(self.id, Place::Text, text))
    }

    /// Everything is known: tells it.
    pub(super) fn finish(mut self, story: &Story, masks: &Masks, profile: &mut Profile) {
        for request in &mut self.requests {
            request.told = story.requests.get(request.n).map(Told::of).unwrap_or_default();
        }
        if self.requests.is_empty() {
            // What the server answered was not captured.
            self.sightings.clear();
        }
        self.settle();
        self.closing();
        let mut writer = Writer { profile, masks, capture: self.capture, session: self.id };
        self.handshake.tell(&mut writer);
        self.tell_connect(&mut writer);
        self.tell_requests(&mut writer);
        self.tell_sightings(&mut writer);
        self.tell_streams(&mut writer);
        if let Some(player) = &self.player {
            player.tell(&mut writer);
            self.tell_publisher_end(player, &mut writer);
        }
        if let Some(situation) = self.situations.last() {
            self.flow.tell(&mut writer, situation, self.begun, self.now, !self.frozen);
            self.tell_end(situation, &mut writer);
        }
        self.tell_missing(&mut writer);
    }

    /// Whether the server ended the connection by itself: before the client did, and not because the client was done.
    fn server_closed(&self) -> Option<End> {
        let end = self.end.filter(|end| end.from == Side::Server && matches!(end.how, How::Fin | How::Rst))?;
        let is_done = self.requests.last().is_some_and(|request| request.is_ending() && request.time <= end.at);
        let together = self.client_end.is_some_and(|at| at.since(end.at) < TOGETHER);
        (!is_done || !together).then_some(end)
    }

    /// A server that closes at once answers by that: the request that it was at then.
    fn closing(&mut self) {
        if self.frozen {
            return;
        }
        let Some(end) = self.server_closed() else { return };
        self.order += 1;
        let step = Step { order: self.order, text: CLOSES.into(), n: None, time: end.at };
        let answered = self.requests.iter().rposition(|request| !request.steps.is_empty());
        let is_next = |request: &&mut Request| request.time <= end.at && !request::is_reaction(&request.name);
        let next = self.requests.iter_mut().skip(answered.map_or(0, |answered| answered + 1)).find(is_next);
        let at = match (next, answered) {
            (Some(request), _) => request.n,
            (None, Some(answered)) => self.requests[answered].n,
            (None, None) => return,
        };
        let Some(index) = self.requests.iter().position(|request| request.n == at) else { return };
        if end.at.since(self.requests[index].last()) < PATIENCE {
            self.requests[index].add(step);
            self.closed_at = Some(index);
        }
    }

    /// Whether the client was gone so quickly after a request that it may have missed what came of it.
    fn left_at(&self, index: usize) -> bool {
        self.ended_in_order() && self.now.since(self.requests[index].time) <= PATIENCE
    }

    fn ended_in_order(&self) -> bool {
        let by_client = self.end.is_some_and(|end| end.from == Side::Client && end.how == How::Fin);
        by_client && self.server_end == Some(How::Fin)
    }

    /// Whether it is certain that nothing more came about a request.
    fn is_settled(&self, index: usize) -> bool {
        let request = &self.requests[index];
        // What came after the request at which the server closed never had a chance.
        if self.closed_at.is_some_and(|closed| index > closed) {
            return false;
        }
        if self.requests[index + 1..].iter().any(|later| !later.steps.is_empty()) {
            return true;
        }
        let Some(end) = self.end else { return false };
        if self.frozen {
            return false;
        }
        if end.at.since(request.time) > PATIENCE || self.server_closed().is_some() {
            return true;
        }
        // The server read to the end, and ended its side in order; clients that are done leave at once.
        self.ended_in_order() && request.is_ending()
    }
}

/// Both sides that close within so long do so for the same reason, in nanoseconds.
const TOGETHER: i64 = 100_000_000;
