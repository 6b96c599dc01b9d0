//! What the server sends, kind by kind.

use super::super::codes::{Carrier, To};
use super::super::media::Stages;
use super::super::normal;
use super::super::request;
use super::connect::Connect;
use super::{KINDS, NAMES, Session};
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Body, Command, Data, Message, UserControl, UserControlEvent};
use crate::story::{self, Story};

impl Session {
    pub(super) fn take_server(&mut self, message: &Message, story: &Story, masks: &Masks, stages: &Stages) {
        self.kind(message);
        let n = message.n;
        match &message.body {
            Body::Audio(_) | Body::Video(_) | Body::Aggregate(_) => {
                if let Some(player) = &mut self.player {
                    player.take(message, stages);
                }
                return;
            }
            Body::Opaque | Body::Abort(_) | Body::SharedObject(_) => {
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
            Body::Command(command) => self.command(message, command, story, masks),
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
                    Some(limit) => limit.name().map_or_else(|| format!("limit type {}", limit.0), str::to_owned),
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
    pub(super) fn is_own(&self, id: u32) -> bool {
        self.created.contains(&id) || self.requests.iter().any(|request| id != 0 && request.message_stream == id)
    }

    fn command(&mut self, message: &Message, command: &Command, story: &Story, masks: &Masks) {
        let n = message.n;
        if command.is_answer() {
            self.answer(message, command, story, masks);
            return;
        }
        let code = command.information_text("code");
        let name = self.masked(masks, &command.name);
        let text = match code {
            Some(code) => format!("{name} {}", self.code(masks, code)),
            None => name.clone(),
        };
        if !command.is_status() && code.is_none() {
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
            let carrier = if command.is_status() { Carrier::OnStatus } else { Carrier::Other(name) };
            self.sight(message, command, code, carrier, masks);
        }
        // Further word about what was settled before is a step of its own time.
        let told = if command.is_status() { story.requests.last_settled() } else { story.requests.last_answered() };
        let told = told.and_then(|told| self.place_of(told));
        self.step_about(message, text, told.or_else(|| self.cause(command)));
    }

    /// A request of the story.
    fn place_of(&self, told: &story::Request) -> Option<usize> {
        self.requests.iter().position(|request| request.n == told.n)
    }

    fn answer(&mut self, message: &Message, command: &Command, story: &Story, masks: &Masks) {
        let call = story.requests.last_replied().and_then(|call| self.place_of(call));
        if let Some(code) = command.information_text("code") {
            let to = match call.map(|call| self.requests[call].deed) {
                None => To::NoCall,
                Some(Some(Deed::Connects)) => To::Connect,
                Some(_) => To::OtherCall,
            };
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
        let deed = self.requests[call].deed;
        let code = command.information_text("code").map(|code| self.code(masks, code));
        let text = if let Some(code) = &code {
            format!("{} {code}", command.name)
        } else {
            let plain = deed == Some(Deed::Creates);
            let values = command.object.iter().chain(&command.arguments);
            let values: Vec<String> = values.map(|value| normal::argument(value, plain)).collect();
            format!("{}({})", command.name, values.join(", "))
        };
        if deed == Some(Deed::Creates)
            && let Some(id) = command.arguments.first().and_then(Amf::number)
            && self.created.len() < NAMES
        {
            self.created.push(id as u32);
        }
        if call == 0 && deed == Some(Deed::Connects) && self.connect.answer.is_none() {
            self.connected(message, command, masks);
        }
        self.release(call);
        let step = self.next_step(message, text);
        let request = &mut self.requests[call];
        request.add(step);
    }

    fn data(&mut self, message: &Message, data: &Data, masks: &Masks) {
        let code = data.values.iter().find_map(|value| value.member("code")).and_then(Amf::text);
        let name = self.masked(masks, &data.name);
        let mut text = match code {
            Some(code) => format!("data {name} {}", self.code(masks, code)),
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

    /// Which chunk stream and message stream carry what.
    fn kind(&mut self, message: &Message) {
        let Some(situation) = self.situations.len().checked_sub(1) else { return };
        let place = match (&message.body, message.head.kind) {
            (_, kind) if kind.is_protocol_control() => 0,
            (Body::UserControl(_), _) => 1,
            (Body::Command(command), _) if command.is_answer() => 2,
            (Body::Command(command), _) if command.is_status() => 3,
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
}

/// A control message's name without its value.
fn name_of(text: &str) -> &str {
    text.split(|c: char| c.is_ascii_digit()).next().unwrap_or(text).trim_end()
}
