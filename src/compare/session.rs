//! One session: its requests, each with what the server did about it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::codes::{Carrier, Sighting};
use super::media::{Player, Stages, StreamKey};
use super::profile::{Anchor, Evidence, Fact, Profile};
use super::request::{self, CLOSES, PATIENCE, Request, Step};
use super::scenarios::Scenario;
use super::situation::{Path, Situation};
use super::{flow, handshake, normal};
use crate::net::How;
use crate::proto::amf::Amf;
use crate::proto::rtmp::body::LimitType;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Body, Command, Data, Handshake, Message, MessageType, UserControl, UserControlEvent};
use crate::proto::{Close, Opened};
use crate::wire::{Side, Time};

/// Requests of one session that are followed. Real clients make under twenty.
const REQUESTS: usize = 256;
/// Steps that are kept until it is clear what they are about.
const HELD: usize = 64;
/// Kinds of message, with their streams, of one session.
const KINDS: usize = 64;
/// Information objects of one session that are looked at.
const SIGHTINGS: usize = 256;
/// Names of streams in one session.
const NAMES: usize = 16;

/// The row that tells whether connect was answered; rows of what may be in the answer hang on it.
const CONNECT_ANSWER: &str = "connect.answer";

/// What other sessions must know.
pub(super) enum Signal {
    /// The session published the stream, and does no more.
    Unpublished(StreamKey, Time),
}

/// A step whose request is not clear before the next answer comes.
struct Held {
    step: Step,
    /// The last request that the server had then.
    request: usize,
}

/// An information object and where it was.
struct Sighted {
    sighting: Sighting,
    evidence: Evidence,
    /// The situation in which it came.
    situation: Situation,
    fields: String,
    description: Option<String>,
    place: String,
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

/// A property of the connection.
struct Property {
    name: String,
    value: Shown,
}

enum Shown {
    /// Text as it was on the wire.
    Text(String),
    Other(String),
}

/// What the server said of the connection.
#[derive(Default)]
struct Connect {
    answer: Option<(String, u64)>,
    object: Vec<Property>,
    object_kind: Option<&'static str>,
    information: Vec<Property>,
    has_code: bool,
    window: Option<(u32, u64)>,
    bandwidth: Option<(String, u64)>,
    chunk_size: Option<(u32, u64)>,
}

impl Session {
    pub(super) fn new(capture: usize, opened: &Opened, scenario: Option<Scenario>) -> Self {
        Session {
            capture,
            id: opened.session,
            server: opened.server,
            scenario,
            frozen: false,
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

    pub(super) fn message(&mut self, message: &Message, masks: &Masks, stages: &mut Stages) -> Option<Signal> {
        if self.frozen {
            return None;
        }
        self.now = self.now.max(message.head.last.time);
        match message.from {
            Side::Client => self.from_client(message, masks, stages),
            Side::Server => {
                self.from_server(message, masks, stages);
                None
            }
        }
    }

    fn from_client(&mut self, message: &Message, masks: &Masks, stages: &mut Stages) -> Option<Signal> {
        self.flow.received = message.head.offset + u64::from(message.head.size);
        match &message.body {
            Body::Command(command) => return self.request(message, command, masks, stages),
            Body::WindowAcknowledgementSize(window) => self.flow.window = Some(*window),
            Body::UserControl(UserControl { event: UserControlEvent::PING_REQUEST, .. }) => {
                self.flow.asked += 1;
                self.flow.asked_n = Some(message.n);
            }
            Body::Audio(_) | Body::Video(_) | Body::Data(_) => {
                if let Some((key, _)) = &self.published {
                    stages.take(key, message);
                }
            }
            _ => {}
        }
        None
    }

    fn request(&mut self, message: &Message, command: &Command, masks: &Masks, stages: &mut Stages) -> Option<Signal> {
        if command.is_answer() {
            return None;
        }
        if self.requests.len() >= REQUESTS {
            self.freeze();
            return None;
        }
        let reaction = request::is_reaction(&command.name);
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
        let text = if command.name == "connect" {
            self.meet(command, masks);
            normal::connect(command)
        } else {
            let is_published = key.as_ref().is_some_and(|key| stages.is_published(key));
            let stream = match (command.name.as_str(), is_published) {
                ("publish", true) => "busy name",
                ("play", true) => "published name",
                _ => "name",
            };
            normal::request(command, stream)
        };
        let situation = if reaction {
            Situation::of(normal::clip(&command.name))
        } else {
            // A server may answer on the chunk stream on which it was asked, or not at all where no answer is wanted.
            let wanted = if command.transaction_id.is_some_and(|id| id != 0.0) { "" } else { ", transaction id 0" };
            let detail = format!("on chunk stream {}{wanted}", message.head.chunk_stream_id);
            self.situation(&command.name, &text, detail)
        };
        let ends = (command.name == "deleteStream" || command.name == "closeStream" || command.name == "FCUnpublish")
            && self.published.is_some();
        self.requests.push(Request {
            n: message.n,
            time: message.head.last.time,
            name: command.name.clone(),
            transaction_id: command.transaction_id,
            flag: match command.arguments.first() {
                Some(Amf::Boolean(flag)) => Some(*flag),
                _ => None,
            },
            message_stream: message.head.message_stream_id,
            situation: situation.clone(),
            batch: self.batch,
            steps: Vec::new(),
            is_answered: false,
            is_amid_media: self.player.as_ref().is_some_and(Player::has_begun),
            codes: Vec::new(),
        });
        let index = self.requests.len() - 1;
        if index == 0 {
            let early = std::mem::take(&mut self.early);
            early.into_iter().for_each(|step| self.requests[0].add(step));
        }
        match (command.name.as_str(), key) {
            ("publish", Some(key)) => {
                stages.publish(&key, self.id);
                self.published = Some((key, index));
            }
            ("play", Some(key)) => {
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
            self.client = normal::even_masks(&masks.text(self.id, &normal::program(version)));
        }
    }

    /// The situation into which a request brings the server.
    fn situation(&mut self, name: &str, text: &str, detail: String) -> Situation {
        let shown = if name == "connect" { "connect" } else { text };
        let situation = match &self.scenario {
            Some(scenario) => {
                let mut situation = Situation::of(format!("{}\n{name}", scenario.name));
                situation.text.clone_from(&scenario.name);
                situation
            }
            None => {
                self.path.push(&format!("{text} {detail}"));
                self.path.situation(format!("{shown} by {}", self.client), detail)
            }
        };
        // How a stream is ended does not change what was done with it.
        if !["FCUnpublish", "FCUnsubscribe", "deleteStream", "closeStream"].contains(&name) {
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

    fn from_server(&mut self, message: &Message, masks: &Masks, stages: &Stages) {
        self.kind(message);
        let n = message.n;
        match &message.body {
            Body::Audio(_) | Body::Video(_) => {
                if let Some(player) = &mut self.player {
                    player.take(message, stages);
                }
                return;
            }
            Body::Aggregate(_) | Body::Opaque | Body::Abort(_) | Body::SharedObject(_) => {
                if let Body::SharedObject(object) = &message.body {
                    for event in &object.events {
                        if let Some(code) = &event.code {
                            self.sight_shared(message, code, event.level.clone());
                        }
                    }
                }
                return;
            }
            Body::Acknowledgement(number) => return self.flow.acknowledged(*number, n),
            Body::UserControl(control) if control.event == UserControlEvent::PING_REQUEST => {
                return self.flow.pinged(message.head.last.time, n);
            }
            Body::UserControl(control) if control.event == UserControlEvent::PING_RESPONSE => {
                self.flow.answered = Some(n);
                return;
            }
            Body::Data(data) => {
                if let Some(player) = &mut self.player {
                    player.take(message, stages);
                }
                self.data(message, data, masks);
            }
            Body::Command(command) => self.command(message, command, masks),
            Body::SetChunkSize(size) => self.control(message, format!("Set Chunk Size {size}"), |connect| {
                connect.chunk_size.get_or_insert((*size, n));
            }),
            Body::WindowAcknowledgementSize(size) => {
                self.control(message, format!("Window Acknowledgement Size {size}"), |connect| {
                    connect.window.get_or_insert((*size, n));
                });
            }
            Body::SetPeerBandwidth { window, limit } => {
                let limit = match limit {
                    None => "no limit type".to_owned(),
                    Some(limit) => {
                        limit.name().map_or_else(|| format!("limit type {}", limit_number(*limit)), str::to_owned)
                    }
                };
                let value = format!("{window}, {limit}");
                self.control(message, format!("Set Peer Bandwidth {value}"), |connect| {
                    connect.bandwidth.get_or_insert((value, n));
                });
            }
            Body::UserControl(control) => {
                let text = self.user_control(*control);
                self.step(message, text);
            }
        }
        self.spoken = true;
    }

    /// A control message: of the connection while that is being made, later about the last request.
    fn control(&mut self, message: &Message, text: String, keep: impl FnOnce(&mut Connect)) {
        let asked = self.requests.iter().filter(|request| !request::is_reaction(&request.name)).count();
        let making = asked <= 1 || self.connect.answer.is_none();
        if making {
            keep(&mut self.connect);
            // The value has a row of its own.
            let name = name_of(&text).to_owned();
            self.step(message, name);
        } else {
            self.step(message, text);
        }
    }

    fn user_control(&self, control: UserControl) -> String {
        let name = match control.event {
            UserControlEvent::STREAM_BEGIN => "Stream Begin".to_owned(),
            UserControlEvent::STREAM_EOF => "Stream EOF".to_owned(),
            UserControlEvent::STREAM_DRY => "Stream Dry".to_owned(),
            UserControlEvent::STREAM_IS_RECORDED => "Stream Is Recorded".to_owned(),
            event => event.name().map_or_else(|| format!("user control event {}", event.0), str::to_owned),
        };
        match control.stream_id {
            None => name,
            Some(0) => format!("{name} (stream 0)"),
            Some(id) if self.is_own(id) => name,
            Some(_) => format!("{name} (of a stream that was not created)"),
        }
    }

    /// Whether a message stream is one that the server created or that the client uses.
    fn is_own(&self, id: u32) -> bool {
        self.created.contains(&id) || self.requests.iter().any(|request| id != 0 && request.message_stream == id)
    }

    fn command(&mut self, message: &Message, command: &Command, masks: &Masks) {
        let n = message.n;
        if command.is_answer() {
            self.answer(message, command, masks);
            return;
        }
        let code = command.information_text("code");
        let name = self.masked(masks, &command.name);
        let text = match code {
            Some(code) => format!("{name} {}", self.masked(masks, code)),
            None => name.clone(),
        };
        if command.name != "onStatus" && code.is_none() {
            let object = command.object.iter().filter(|value| !matches!(value, Amf::Null | Amf::Undefined));
            let arguments = object.chain(&command.arguments).map(|value| normal::argument(value, true));
            let id = command.transaction_id.map_or("no transaction id".to_owned(), |id| match id {
                0.0 => "transaction id 0".to_owned(),
                _ => "a transaction id".to_owned(),
            });
            let arguments: Vec<String> = arguments.collect();
            let arguments = if arguments.is_empty() { "nothing".to_owned() } else { arguments.join(", ") };
            if self.calls.len() < KINDS && !self.calls.iter().any(|(known, ..)| *known == name) {
                self.calls.push((name.clone(), format!("{id}, {arguments}"), n));
            }
        }
        if let Some(code) = code {
            let carrier = if command.name == "onStatus" { Carrier::OnStatus } else { Carrier::Other(name) };
            self.sight(message, command, code, carrier, masks);
        }
        self.step(message, text);
    }

    fn answer(&mut self, message: &Message, command: &Command, masks: &Masks) {
        let call = message.answers.and_then(|answer| self.requests.iter().position(|request| request.n == answer.n));
        if let Some(code) = command.information_text("code") {
            let to = call.map(|call| self.requests[call].name.clone());
            let carrier = if command.name == "_error" { Carrier::Error(to) } else { Carrier::Result(to) };
            self.sight(message, command, code, carrier, masks);
            if let (Some(call), Some(sighted)) = (call, self.sightings.last_mut())
                && sighted.evidence.n == Some(message.n)
            {
                sighted.situation = self.requests[call].situation.clone();
            }
        }
        let Some(call) = call else {
            let name = command.name.clone();
            return self.step(message, format!("{name} to no call"));
        };
        let name = self.requests[call].name.clone();
        let code = command.information_text("code").map(|code| self.masked(masks, code));
        let text = match &code {
            Some(code) => format!("{} {code}", command.name),
            None => {
                let plain = name == "createStream";
                let values = command.object.iter().chain(&command.arguments);
                let values: Vec<String> = values.map(|value| normal::argument(value, plain)).collect();
                format!("{}({})", command.name, values.join(", "))
            }
        };
        if name == "createStream"
            && let Some(id) = command.arguments.first().and_then(Amf::number)
            && self.created.len() < NAMES
        {
            self.created.push(id as u32);
        }
        if call == 0 && name == "connect" && self.connect.answer.is_none() {
            self.connected(message, command);
        }
        self.release(call);
        let step = self.next_step(message, text);
        let request = &mut self.requests[call];
        request.is_answered = true;
        request.codes.extend(code);
        request.add(step);
    }

    /// The answer to connect, property by property.
    fn connected(&mut self, message: &Message, command: &Command) {
        let form = if message.head.kind == MessageType::COMMAND_AMF3 { " (AMF3)" } else { "" };
        self.connect.answer = Some((format!("{}{form}", command.name), message.n));
        self.connect.has_code = command.information_text("code").is_some();
        let property = |(name, value): &(String, Amf)| Property {
            name: name.clone(),
            value: match value {
                Amf::String(text) if !normal::is_volatile(name) => Shown::Text(text.clone()),
                value => Shown::Other(normal::property(name, value)),
            },
        };
        let members = |object: &Amf| object.members().iter().take(KINDS).map(property).collect();
        if let Some(object) = &command.object {
            self.connect.object = members(object);
            self.connect.object_kind = Some(normal::kind(object));
        }
        if let Some(information) = command.arguments.first() {
            self.connect.information = members(information);
        }
    }

    /// Steps that were held go to their requests: the answer to `call` follows them.
    fn release(&mut self, call: usize) {
        for held in std::mem::take(&mut self.held) {
            let mut request = held.request;
            if request >= call {
                // Sent before the call was answered: about the request before it, if the server had both at once.
                let before =
                    call.checked_sub(1).filter(|before| self.requests[*before].batch == self.requests[call].batch);
                request = before.unwrap_or(call);
            }
            self.requests[request].add(held.step);
        }
    }

    /// Steps that were held go to the last request that the server had.
    fn settle(&mut self) {
        for held in std::mem::take(&mut self.held) {
            self.requests[held.request].add(held.step);
        }
    }

    fn next_step(&mut self, message: &Message, text: String) -> Step {
        self.order += 1;
        Step { order: self.order, text, n: Some(message.n), time: message.head.last.time }
    }

    /// Something that the server did, to be put to the request that it is about.
    fn step(&mut self, message: &Message, text: String) {
        let step = self.next_step(message, text);
        let time = step.time;
        if let Some(player) = &mut self.player
            && player.ended.is_some()
            && !self.requests.last().is_some_and(Request::is_ending)
        {
            if player.after.len() < HELD {
                player.after.push((step.text, message.n));
            }
            return;
        }
        let Some(last) = self.requests.len().checked_sub(1) else {
            if self.early.len() < HELD {
                self.early.push(step);
            }
            return;
        };
        if let Some(cause) = self.cause(&step.text) {
            self.requests[cause].add(step);
            return;
        }
        // What comes later than that has another reason.
        let request = &self.requests[last];
        let has_begun = self.player.as_ref().is_some_and(Player::has_begun);
        if (has_begun && !request.is_amid_media)
            || (time.since(request.last()) > PATIENCE && !request.steps.is_empty() && self.held.is_empty())
        {
            return;
        }
        if self.held.len() < HELD {
            self.held.push(Held { step, request: last });
        }
    }

    /// The request that a step says itself that it is about.
    fn cause(&self, text: &str) -> Option<usize> {
        let last = |is_it: &dyn Fn(&Request) -> bool| self.requests.iter().rposition(is_it);
        match text {
            "onBWDone" => Some(0),
            "onStatus NetStream.Pause.Notify" => {
                last(&|request| request.name.starts_with("pause") && request.flag == Some(true))
            }
            "onStatus NetStream.Unpause.Notify" => {
                last(&|request| request.name.starts_with("pause") && request.flag == Some(false))
            }
            text => {
                // onFCUnpublish answers the FCUnpublish that the server has just got.
                let name = text.strip_prefix("on")?.split(' ').next()?;
                let batch = self.requests.last()?.batch;
                name.starts_with("FC").then(|| last(&|request| request.name == name && request.batch == batch))?
            }
        }
    }

    fn data(&mut self, message: &Message, data: &Data, masks: &Masks) {
        let code = data.values.iter().find_map(|value| value.member("code")).and_then(Amf::text);
        let name = self.masked(masks, &data.name);
        let mut text = match code {
            Some(code) => format!("data {name} {}", self.masked(masks, code)),
            None if data.handler() != data.name => format!("{name} {}", self.masked(masks, data.handler())),
            None => name,
        };
        if data.name == "|RtmpSampleAccess" {
            for value in &data.values {
                text += &format!(" {}", normal::argument(value, false));
            }
        }
        if let Some(code) = code {
            let information = data.values.iter().find(|value| value.member("code").is_some());
            self.sight_with(message, information, code, Carrier::Data, None, masks);
        }
        self.step(message, text);
    }

    fn sight(&mut self, message: &Message, command: &Command, code: &str, carrier: Carrier, masks: &Masks) {
        let information = command.information();
        self.sight_with(message, information, code, carrier, command.transaction_id, masks);
    }

    fn sight_with(
        &mut self,
        message: &Message,
        information: Option<&Amf>,
        code: &str,
        carrier: Carrier,
        transaction_id: Option<f64>,
        masks: &Masks,
    ) {
        let code = self.masked(masks, code);
        if !matches!(carrier, Carrier::Other(_))
            && let Some(request) = self.requests.last_mut()
        {
            request.codes.push(code.clone());
        }
        if self.sightings.len() >= SIGHTINGS {
            return;
        }
        let text = |name: &str| information.and_then(|object| object.member(name)).and_then(Amf::text);
        let stream = message.head.message_stream_known.then_some(message.head.message_stream_id);
        let mut fields: Vec<String> = information
            .map_or(&[][..], Amf::members)
            .iter()
            .take(KINDS)
            .map(|(name, value)| match (name.as_str(), value) {
                ("level", Amf::String(level)) => format!("level \"{}\"", normal::clip(level)),
                (name, value) => format!("{} {}", normal::clip(name), normal::kind(value)),
            })
            .collect();
        fields.sort();
        let id = match (&carrier, transaction_id) {
            (Carrier::OnStatus | Carrier::Other(_), Some(0.0)) => ", transaction id 0",
            (Carrier::OnStatus | Carrier::Other(_), Some(_)) => ", a transaction id",
            (Carrier::OnStatus | Carrier::Other(_), None) => ", no transaction id",
            _ => "",
        };
        let place = match stream {
            None => format!("a message stream that is not known{id}"),
            Some(0) => format!("message stream 0{id}"),
            Some(stream) if self.is_own(stream) => format!("the stream's message stream{id}"),
            Some(_) => format!("another message stream{id}"),
        };
        let sighting = Sighting {
            code,
            // The usual words are no secret, whatever a stream is called.
            level: text("level").map(|level| match level {
                "status" | "warning" | "error" => level.to_owned(),
                level => self.masked(masks, level),
            }),
            has_description: text("description").is_some(),
            carrier,
            transaction_id,
            message_stream: stream,
            is_created: stream.is_some_and(|stream| self.is_own(stream)),
        };
        let description = text("description").map(str::to_owned);
        let situation = self.situations.last().cloned().unwrap_or_else(|| Situation::of("no request"));
        let evidence = self.evidence(Some(message.n));
        let fields = fields.join(", ");
        self.sightings.push(Sighted { sighting, evidence, situation, fields, description, place });
    }

    fn sight_shared(&mut self, message: &Message, code: &str, level: Option<String>) {
        if self.sightings.len() >= SIGHTINGS {
            return;
        }
        let sighting = Sighting {
            code: normal::clip(code),
            level,
            has_description: true,
            carrier: Carrier::SharedObject,
            transaction_id: None,
            message_stream: None,
            is_created: true,
        };
        let situation = self.situations.last().cloned().unwrap_or_else(|| Situation::of("no request"));
        let evidence = self.evidence(Some(message.n));
        let place = "a shared object message".to_owned();
        self.sightings.push(Sighted { sighting, evidence, situation, fields: String::new(), description: None, place });
    }

    /// Which chunk stream and message stream carry what.
    fn kind(&mut self, message: &Message) {
        let Some(situation) = self.situations.len().checked_sub(1) else { return };
        let place = match (&message.body, message.head.kind) {
            (_, kind) if kind.is_protocol_control() => 0,
            (Body::UserControl(_), _) => 1,
            (Body::Command(command), _) if command.is_answer() => 2,
            (Body::Command(command), _) if command.name == "onStatus" => 3,
            (Body::Command(_), _) => 4,
            (Body::Data(_), _) => 5,
            (Body::SharedObject(_), _) => 6,
            (Body::Audio(_), _) => 7,
            (Body::Video(_), _) => 8,
            (Body::Aggregate(_), _) => 9,
            _ => return,
        };
        let stream = message.head.message_stream_known.then_some(message.head.message_stream_id);
        let key = (situation, place, message.head.chunk_stream_id, stream);
        if self.kinds.len() < KINDS || self.kinds.contains_key(&key) {
            self.kinds.entry(key).or_insert(message.n);
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

    /// Text from the wire as it may be shown and compared.
    fn masked(&self, masks: &Masks, text: &str) -> String {
        normal::even_masks(&masks.text(self.id, &normal::clip(text)))
    }

    /// Everything is known: tells it.
    pub(super) fn finish(mut self, masks: &Masks, profile: &mut Profile) {
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

    fn tell_connect(&self, writer: &mut Writer<'_>) {
        let Some(request) = self.requests.first().filter(|request| request.name == "connect") else { return };
        let situation = &request.situation;
        let settled = self.is_settled(0);
        if !request.steps.is_empty() || settled {
            let story = if request.steps.is_empty() { "nothing".to_owned() } else { request.story() };
            let (key, title) = ("connect.steps", "Answer to connect, step by step");
            writer.fact(200, key.into(), title.into(), situation, story, Some(request.n));
        }
        let Some((answer, n)) = &self.connect.answer else { return };
        let connect = &self.connect;
        writer.fact(201, CONNECT_ANSWER.into(), "Answer to connect".into(), situation, answer.clone(), Some(*n));
        if answer.starts_with("_result") {
            let mut control = |rank, key: &str, title: &str, value: Option<(String, u64)>| {
                let n = value.as_ref().map(|(_, n)| *n);
                let value = value.map_or_else(|| "not sent".to_owned(), |(value, _)| value);
                writer.fact(rank, key.into(), title.into(), situation, value, n);
            };
            let bytes = |(size, n): (u32, u64)| (size.to_string(), n);
            control(202, "connect.window", "Window Acknowledgement Size", connect.window.map(bytes));
            control(203, "connect.bandwidth", "Set Peer Bandwidth", connect.bandwidth.clone());
            control(
                204,
                "connect.chunk_size",
                "Set Chunk Size, up to the first request",
                connect.chunk_size.map(bytes),
            );
        }
        if let Some(kind) = connect.object_kind {
            let (key, title) = ("connect.object", "Answer to connect: properties are in");
            writer.fact(205, key.into(), title.into(), situation, kind.to_owned(), Some(*n));
        }
        for (rank, part, title, members) in
            [(206, "object", "property", &connect.object), (207, "information", "information", &connect.information)]
        {
            for Property { name, value } in members {
                let value = match value {
                    Shown::Text(text) if name == "description" => {
                        format!("\"{}\"", writer.shown(&normal::description(text, &self.app, &self.names)))
                    }
                    Shown::Text(text) => format!("\"{}\"", writer.shown(&normal::clip(text))),
                    Shown::Other(text) => writer.shown(text),
                };
                let (name, evidence) = (writer.shown(&normal::clip(name)), Some(*n));
                let anchor = Anchor { rank: 201, key: CONNECT_ANSWER, otherwise: "absent" };
                let (key, title) = (format!("connect.{part}.{name}"), format!("Answer to connect: {title} {name}"));
                writer.hanging(rank, key, title, anchor, situation, value, evidence);
            }
        }
        for (name, value, n) in &self.calls {
            let anchor = Anchor { rank: 201, key: CONNECT_ANSWER, otherwise: "not sent" };
            let (key, title) = (format!("call.{name}"), format!("Call by the server: {name}"));
            if name.starts_with("onFC") {
                writer.fact(208, key, title, situation, value.clone(), Some(*n));
            } else {
                writer.hanging(208, key, title, anchor, situation, value.clone(), Some(*n));
            }
        }
    }

    fn tell_requests(&self, writer: &mut Writer<'_>) {
        for (index, request) in self.requests.iter().enumerate() {
            if let Some(step) = request.steps.iter().min_by_key(|step| step.order).filter(|step| step.text != CLOSES) {
                let answer = request.steps.iter().find(|step| step.text.starts_with('_')).unwrap_or(step);
                let name = writer.shown(&normal::clip(&request.name));
                let (key, title) = (format!("latency.{name}"), format!("{name} to its answer"));
                let rank = 900 + (request::rank(&request.name) - 300).min(19);
                writer.latency(
                    if index == 0 { 899 } else { rank },
                    &key,
                    &title,
                    answer.time.since(request.time),
                    answer.n,
                );
            }
            if request.name == "connect" {
                continue;
            }
            let value = if !request.steps.is_empty() {
                request.story()
            } else if self.is_settled(index) {
                "nothing".to_owned()
            } else {
                continue;
            };
            let name = writer.shown(&normal::clip(&request.name));
            let n = request.steps.iter().min_by_key(|step| step.order).and_then(|step| step.n).unwrap_or(request.n);
            let (key, title) = (format!("request.{name}"), format!("Answer to {name}"));
            writer.fact(request::rank(&request.name), key, title, &request.situation, value, Some(n));
        }
    }

    fn tell_sightings(&self, writer: &mut Writer<'_>) {
        for sighted in &self.sightings {
            let Sighted { sighting, evidence, situation, .. } = sighted;
            if let Some(tally) = writer.profile.code(&sighting.code) {
                tally.sighted(sighting, *evidence);
            }
            // What connect is answered with has rows of its own.
            if self.connect.answer.as_ref().is_some_and(|(_, n)| Some(*n) == evidence.n) {
                continue;
            }
            let name = match &sighting.carrier {
                Carrier::Result(_) => "_result",
                Carrier::Error(_) => "_error",
                Carrier::OnStatus => "onStatus",
                Carrier::Other(name) => name,
                Carrier::Data => "data",
                Carrier::SharedObject => "shared object",
            };
            let code = &sighting.code;
            let key = |part: &str| format!("status.{name}.{code}.{part}");
            let title = |part: &str| format!("{name} {code}: {part}");
            writer.fact(500, key("fields"), title("fields"), situation, writer.shown(&sighted.fields), evidence.n);
            writer.fact(500, key("place"), title("place"), situation, sighted.place.clone(), evidence.n);
            if let Some(description) = &sighted.description {
                let text = normal::description(description, &self.app, &self.names);
                let text = format!("\"{}\"", writer.shown(&text));
                writer.fact(500, key("description"), title("description"), situation, text, evidence.n);
            }
        }
    }

    fn tell_streams(&self, writer: &mut Writer<'_>) {
        const TITLES: [&str; 10] = [
            "protocol control messages",
            "user control messages",
            "answers to calls",
            "onStatus",
            "other commands",
            "data messages",
            "shared objects",
            "audio",
            "video",
            "aggregates",
        ];
        for ((situation, place, chunk_stream, stream), n) in &self.kinds {
            let stream = match stream {
                None => "a message stream that is not known",
                Some(0) => "message stream 0",
                Some(id) if self.is_own(*id) => "the stream's message stream",
                Some(_) => "another message stream",
            };
            let title = TITLES[*place];
            let value = format!("chunk stream {chunk_stream}, {stream}");
            let (key, title) = (format!("streams.{}", title.replace(' ', "_")), format!("Streams of {title}"));
            writer.fact(600 + *place as u32, key, title, &self.situations[*situation], value, Some(*n));
        }
    }

    fn tell_publisher_end(&self, player: &Player, writer: &mut Writer<'_>) {
        let Some(ended) = player.ended else { return };
        let stayed = self.end.is_none_or(|end| end.at.since(ended) > PATIENCE);
        if player.after.is_empty() && !(stayed && !self.frozen) {
            return;
        }
        let mut texts: Vec<&str> = player.after.iter().map(|(text, _)| text.as_str()).collect();
        texts.dedup();
        let value = if texts.is_empty() { "nothing".to_owned() } else { texts.join(", ") };
        let n = player.after.first().map_or(player.play.0, |(_, n)| *n);
        let (key, title) = ("media.publisher_end", "To a player, when the publisher ends");
        writer.fact(707, key.into(), title.into(), &player.situation, value, Some(n));
    }

    fn tell_end(&self, situation: &Situation, writer: &mut Writer<'_>) {
        let Some(end) = self.end else { return };
        let value = match (self.server_closed().is_some(), end.how) {
            (_, How::Timeout | How::EndOfCapture) => return,
            (false, _) => "the client is done first",
            (true, How::Fin) => CLOSES,
            (true, How::Rst) => "the server resets the connection",
        };
        writer.fact(950, "end".into(), "End of the connection".into(), situation, value.into(), None);
    }

    /// Codes that were due and did not come.
    fn tell_missing(&self, writer: &mut Writer<'_>) {
        if self.frozen {
            return;
        }
        let has = |code: &str| self.sightings.iter().any(|sighted| sighted.sighting.code == code);
        for missed in self.missing() {
            let Missed { codes, instead, n } = missed;
            // One of them is due; if one came, that was it.
            if codes.iter().any(|code| has(code)) {
                continue;
            }
            for code in codes {
                let evidence = self.evidence(Some(n));
                if let Some(tally) = writer.profile.code(code) {
                    tally.missed(&instead, evidence);
                }
            }
        }
    }

    fn missing(&self) -> Vec<Missed> {
        let mut missed = Vec::new();
        let mut miss =
            |codes: &[&'static str], instead: String, n| missed.push(Missed { codes: codes.into(), instead, n });
        let Some(connect) = self.requests.first().filter(|request| request.name == "connect") else { return missed };
        let closed = self.server_closed();
        match &self.connect.answer {
            Some((answer, n)) if answer.starts_with("_result") && !self.connect.has_code => {
                miss(&["NetConnection.Connect.Success"], "a _result without a code".into(), *n);
            }
            Some((answer, n)) if answer.starts_with("_error") && !self.connect.has_code => {
                miss(&["NetConnection.Connect.Rejected"], "an _error without a code".into(), *n);
            }
            None if closed.is_some() && self.requests.len() == 1 => {
                miss(
                    &["NetConnection.Connect.Rejected"],
                    "connect refused by closing the connection".into(),
                    connect.n,
                );
            }
            _ => {}
        }
        if self.connect.answer.as_ref().is_some_and(|(answer, _)| answer.starts_with("_result")) && closed.is_some() {
            let before = |request: &&Request| closed.is_some_and(|end| request.time <= end.at);
            let last = self.closed_at.map(|index| &self.requests[index]).or(self.requests.iter().rev().find(before));
            let n = last.map_or(connect.n, |request| request.n);
            let codes = &[
                "NetConnection.Connect.Closed",
                "NetConnection.Connect.IdleTimeout",
                "NetConnection.Connect.AppShutdown",
                "NetConnection.Connect.Rejected",
            ];
            // Only the first of them is due whatever the reason is.
            if !codes.iter().any(|code| self.sightings.iter().any(|sighted| sighted.sighting.code == *code)) {
                miss(&codes[..1], "the server closed the connection without it".into(), n);
            }
        }
        for (index, request) in self.requests.iter().enumerate() {
            let came = |code: &str| request.codes.iter().any(|known| known == code);
            let settled = self.is_settled(index);
            let refused = request.steps.iter().any(|step| step.text == CLOSES);
            if request.is_call() && !request.is_answered && settled {
                let instead = format!("{} was never answered", normal::clip(&request.name));
                miss(&["NetConnection.Call.Failed"], instead, request.n);
            }
            match request.name.as_str() {
                "publish" if !request.codes.iter().any(|code| code.starts_with("NetStream.Publish.")) => {
                    let is_busy = request.situation.text.contains("busy name");
                    if refused && is_busy {
                        let instead = "a publish of a busy name was refused by closing the connection";
                        miss(&["NetStream.Publish.BadName"], instead.into(), request.n);
                    } else if !refused && settled {
                        miss(&["NetStream.Publish.Start"], "publish was accepted without it".into(), request.n);
                    }
                }
                "play"
                    if self.player.as_ref().is_some_and(|player| player.play.0 == request.n && player.has_begun()) =>
                {
                    if !came("NetStream.Play.Start") {
                        miss(&["NetStream.Play.Start"], "media came without it".into(), request.n);
                    }
                }
                "pause" if settled && request.flag == Some(true) => {
                    miss(&["NetStream.Pause.Notify"], "pause was not answered by it".into(), request.n);
                }
                "pause" if settled && request.flag == Some(false) => {
                    miss(&["NetStream.Unpause.Notify"], "the end of a pause was not answered by it".into(), request.n);
                }
                "seek" if settled => {
                    let codes = &["NetStream.Seek.Notify", "NetStream.Seek.Failed", "NetStream.Seek.InvalidTime"];
                    if !codes.iter().any(|code| self.sightings.iter().any(|sighted| sighted.sighting.code == *code)) {
                        miss(&codes[..1], "seek was not answered by it".into(), request.n);
                    }
                }
                _ => {}
            }
        }
        if let Some((_, publish)) = &self.published
            && let Some(end) = self
                .requests
                .iter()
                .rposition(|request| request.name == "deleteStream" || request.name == "closeStream")
            && end > *publish
            && (!self.requests[end].steps.is_empty() || (self.is_settled(end) && !self.left_at(end)))
        {
            let request = &self.requests[end];
            let instead = match request.steps.is_empty() {
                true => format!("{} was not answered by it", request.name),
                false => format!("answer to {}: {}", request.name, request.story()),
            };
            miss(&["NetStream.Unpublish.Success"], instead, request.n);
        }
        if let Some(player) = &self.player
            && let Some(ended) = player.ended
            && (self.end.is_none_or(|end| end.at.since(ended) > PATIENCE) || !player.after.is_empty())
        {
            let told: Vec<&str> = player.after.iter().map(|(text, _)| text.as_str()).collect();
            let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
            let instead = format!("to a player, when the publisher ended: {told}");
            miss(&["NetStream.Play.UnpublishNotify"], instead, player.after.first().map_or(player.play.0, |(_, n)| *n));
        }
        if let Some(scenario) = &self.scenario
            && !scenario.expects.is_empty()
        {
            let is_wanted = |request: &&Request| !request.is_ending() && !request::is_reaction(&request.name);
            let closed_at = self.closed_at.map(|index| &self.requests[index]);
            let request = closed_at.or_else(|| self.requests.iter().rev().find(is_wanted)).unwrap_or(connect);
            let story = if request.steps.is_empty() { "nothing".to_owned() } else { request.story() };
            let later = if closed.is_some() && self.closed_at.is_none() { ", and later the server closes" } else { "" };
            let name = normal::clip(&request.name);
            let instead = format!("{}: answer to {name}: {story}{later}", scenario.name);
            miss(&scenario.expects, instead, request.n);
        }
        missed
    }
}

/// Codes of which one was due, and what came instead.
struct Missed {
    codes: Vec<&'static str>,
    instead: String,
    n: u64,
}

/// Both sides that close within so long do so for the same reason, in nanoseconds.
const TOGETHER: i64 = 100_000_000;

/// Puts a session's facts into the profile.
pub(super) struct Writer<'w> {
    profile: &'w mut Profile,
    masks: &'w Masks,
    capture: usize,
    session: u32,
}

impl Writer<'_> {
    /// Text from the wire as it may be shown, with all the session's secrets known.
    pub(super) fn shown(&self, text: &str) -> String {
        normal::even_masks(&self.masks.text(self.session, text))
    }

    pub(super) fn fact(
        &mut self,
        rank: u32,
        key: String,
        title: String,
        situation: &Situation,
        value: String,
        n: Option<u64>,
    ) {
        let evidence = Evidence { capture: self.capture, session: self.session, n };
        self.profile.record(Fact { rank, key, title, anchor: None, situation, value, evidence });
    }

    /// A fact that another row tells the absence of.
    #[allow(clippy::too_many_arguments)]
    fn hanging(
        &mut self,
        rank: u32,
        key: String,
        title: String,
        anchor: Anchor,
        situation: &Situation,
        value: String,
        n: Option<u64>,
    ) {
        let evidence = Evidence { capture: self.capture, session: self.session, n };
        self.profile.record(Fact { rank, key, title, anchor: Some(anchor), situation, value, evidence });
    }

    pub(super) fn latency(&mut self, rank: u32, key: &str, title: &str, ns: i64, n: Option<u64>) {
        let evidence = Evidence { capture: self.capture, session: self.session, n };
        self.profile.latency(rank, key.to_owned(), title.to_owned(), ns, evidence);
    }
}

/// A control message's name without its value.
fn name_of(text: &str) -> &str {
    text.split(|c: char| c.is_ascii_digit()).next().unwrap_or(text).trim_end()
}

fn limit_number(limit: LimitType) -> u8 {
    limit.0
}
