//! The answer to connect, property by property.

use super::super::normal;
use super::super::profile::Anchor;
use super::super::writer::{Writer, name};
use super::{KINDS, Session};
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Command, Message, MessageType};

/// The row that tells whether connect was answered; rows of what may be in the answer hang on it.
const CONNECT_ANSWER: &str = "connect.answer";

/// A property of the connection.
struct Property {
    name: String,
    value: Shown,
}

enum Shown {
    /// Text as it was on the wire.
    Description(String),
    Value(String),
    /// What is no secret, whatever a stream is called.
    Plain(String),
}

/// What the server said of the connection.
#[derive(Default)]
pub(super) struct Connect {
    pub(super) answer: Option<(String, u64)>,
    object: Vec<Property>,
    pub(super) object_kind: Option<&'static str>,
    information: Vec<Property>,
    pub(super) has_code: bool,
    pub(super) window: Option<(u32, u64)>,
    pub(super) bandwidth: Option<(String, u64)>,
    pub(super) chunk_size: Option<(u32, u64)>,
}

impl Session {
    /// The answer to connect, property by property.
    pub(super) fn connected(&mut self, message: &Message, command: &Command, masks: &Masks) {
        let form = if message.head.kind == MessageType::COMMAND_AMF3 { " (AMF3)" } else { "" };
        self.connect.answer = Some((format!("{}{form}", command.name), message.n));
        self.connect.has_code = command.information_text("code").is_some();
        let property = |(name, value): &(String, Amf)| Property {
            name: name.clone(),
            value: match value {
                Amf::String(text) if name == "description" => Shown::Description(text.clone()),
                Amf::String(text) if name == "level" => Shown::Plain(format!("\"{}\"", self.level(masks, text))),
                Amf::String(text) if name == "code" => Shown::Plain(format!("\"{}\"", self.code(masks, text))),
                value => Shown::Value(normal::property(name, value, &|text| self.masked(masks, text))),
            },
        };
        let members = |object: &Amf| -> Vec<Property> { object.members().iter().take(KINDS).map(property).collect() };
        let object = command.object.as_ref().map(members).unwrap_or_default();
        let information = command.arguments.first().map(members).unwrap_or_default();
        self.connect.object = object;
        self.connect.object_kind = command.object.as_ref().map(normal::kind);
        self.connect.information = information;
    }

    pub(super) fn tell_connect(&self, writer: &mut Writer<'_>) {
        let Some(request) = self.requests.first().filter(|request| request.deed == Some(Deed::Connects)) else {
            return;
        };
        let situation = &request.situation;
        let settled = self.is_settled(0);
        if !request.steps.is_empty() || settled {
            let story = if request.steps.is_empty() { "nothing".to_owned() } else { request.story() };
            let row = name(200, "connect.steps", "Answer to connect, step by step");
            writer.fact(row, situation, story, Some(request.n));
        }
        let Connect { window, bandwidth, chunk_size, .. } = &self.connect;
        let Some((answer, n)) = &self.connect.answer else { return };
        writer.fact(name(201, CONNECT_ANSWER, "Answer to connect"), situation, answer.as_str(), Some(*n));
        if answer.starts_with("_result") {
            let bytes = |value: &Option<(u32, u64)>| value.map(|(size, n)| (size.to_string(), n));
            for (rank, key, title, value) in [
                (202, "connect.window", "Window Acknowledgement Size", bytes(window)),
                (203, "connect.bandwidth", "Set Peer Bandwidth", bandwidth.clone()),
                (204, "connect.chunk_size", "Set Chunk Size, up to the first request", bytes(chunk_size)),
            ] {
                let n = value.as_ref().map(|(_, n)| *n);
                let value = value.map_or_else(|| "not sent".to_owned(), |(value, _)| value);
                writer.fact(name(rank, key, title), situation, value, n);
            }
        }
        if let Some(kind) = self.connect.object_kind {
            writer.fact(name(205, "connect.object", "Answer to connect: properties are in"), situation, kind, Some(*n));
        }
        let anchor = |otherwise| Anchor { rank: 201, key: CONNECT_ANSWER, otherwise };
        for (rank, part, title, members) in [
            (206, "object", "property", &self.connect.object),
            (207, "information", "information", &self.connect.information),
        ] {
            for Property { name: property, value } in members {
                let value = match value {
                    Shown::Description(text) => {
                        format!("\"{}\"", writer.description(text, &self.app, &self.names))
                    }
                    Shown::Value(text) => normal::hide(text, &self.names),
                    Shown::Plain(text) => text.clone(),
                };
                let property = normal::clip(&writer.shown(property));
                let row =
                    name(rank, format!("connect.{part}.{property}"), format!("Answer to connect: {title} {property}"));
                writer.hanging(row, anchor("absent"), situation, value, Some(*n));
            }
        }
        for (call, value, n) in &self.calls {
            let row = name(208, format!("call.{call}"), format!("Call by the server: {call}"));
            if procedure::PROCEDURES.iter().any(|known| known.told_by == Some(call)) {
                writer.fact(row, situation, value.as_str(), Some(*n));
            } else {
                writer.hanging(row, anchor("not sent"), situation, value.as_str(), Some(*n));
            }
        }
    }
}
