//! The information objects that the server sent.

use super::super::codes::{Carrier, Sighting};
use super::super::evidence::Evidence;
use super::super::normal;
use super::super::situation::Situation;
use super::super::writer::{Writer, name};
use super::{KINDS, SIGHTINGS, Session};
use crate::proto::amf::Amf;
use crate::proto::rtmp::procedure::ON_STATUS;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::rtmp::{Command, Message};

/// An information object and where it was.
pub(super) struct Sighted {
    pub(super) sighting: Sighting,
    pub(super) evidence: Evidence,
    /// The situation in which it came.
    pub(super) situation: Situation,
    pub(super) fields: String,
    pub(super) description: Option<String>,
    pub(super) place: String,
}

impl Session {
    pub(super) fn sight(&mut self, message: &Message, command: &Command, code: &str, carrier: Carrier, masks: &Masks) {
        let information = command.information();
        self.sight_with(message, information, code, carrier, command.transaction_id, masks);
    }

    pub(super) fn sight_with(
        &mut self,
        message: &Message,
        information: Option<&Amf>,
        code: &str,
        carrier: Carrier,
        transaction_id: Option<f64>,
        masks: &Masks,
    ) {
        let code = self.code(masks, code);
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
                ("level", Amf::String(level)) => format!("level \"{}\"", self.level(masks, level)),
                ("code" | "description" | "level", value) => format!("{name} {}", normal::kind(value)),
                (name, value) => format!("{} {}", self.masked(masks, name), normal::kind(value)),
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
            level: text("level").map(|level| self.level(masks, level)),
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

    /// A level as it may be shown; the usual words are no secret, whatever a stream is called.
    pub(super) fn level(&self, masks: &Masks, level: &str) -> String {
        match level {
            "status" | "warning" | "error" => level.to_owned(),
            level => self.masked(masks, level),
        }
    }

    pub(super) fn sight_shared(&mut self, message: &Message, code: &str, level: Option<String>) {
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

    pub(super) fn tell_sightings(&self, writer: &mut Writer<'_>) {
        for sighted in &self.sightings {
            let Sighted { sighting, evidence, situation, .. } = sighted;
            if let Some(tally) = writer.profile.code(&sighting.code) {
                tally.sighted(sighting, *evidence);
            }
            // What connect is answered with has rows of its own.
            if self.connect.answer.as_ref().is_some_and(|(_, n)| Some(*n) == evidence.n) {
                continue;
            }
            let carrier = match &sighting.carrier {
                Carrier::Result(_) => "_result",
                Carrier::Error(_) => "_error",
                Carrier::OnStatus => ON_STATUS,
                Carrier::Other(name) => name,
                Carrier::Data => "data",
                Carrier::SharedObject => "shared object",
            };
            let code = &sighting.code;
            let row = |part| name(500, format!("status.{carrier}.{code}.{part}"), format!("{carrier} {code}: {part}"));
            writer.fact(row("fields"), situation, sighted.fields.as_str(), evidence.n);
            writer.fact(row("place"), situation, sighted.place.as_str(), evidence.n);
            if let Some(description) = &sighted.description {
                let text = writer.description(description, &self.app, &self.names);
                writer.fact(row("description"), situation, format!("\"{text}\""), evidence.n);
            }
        }
    }
}
