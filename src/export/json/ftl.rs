//! Lines of FTL: a message, and the flow that carries its media.

use std::io::{self, Write};

use serde::ser::SerializeMap;

use super::super::tree_json::{Behind, HexText, Source};
use super::{JsonWriter, Problems, place, put, span};
use crate::proto::rtmp::header;
use crate::proto::rtmp::secrets::Masks;
use crate::proto::{Flow, ftl};
use crate::registry::{self, native as field};

impl<W: Write> JsonWriter<W> {
    pub(super) fn flow(&mut self, flow: &Flow) -> io::Result<()> {
        let envelope = flow.envelope();
        let time = self.time(envelope.last.time);
        self.line(envelope.kind.name(), |map| {
            put(map, &field::SESSION, &flow.session)?;
            put(map, &field::TRANSPORT, flow.transport.name())?;
            put(map, &field::CLIENT, &flow.client.to_string())?;
            put(map, &field::SERVER, &flow.server.to_string())?;
            put(map, &field::PACKET, &envelope.last.packet.0)?;
            put(map, &field::TIME, &time)?;
            if !flow.tunnels.is_empty() {
                put(map, &field::TUNNELS, &flow.tunnels.names())?;
            }
            Ok(())
        })
    }

    /// A message of FTL: what is in it under the name of its kind, with what it is to others.
    pub(super) fn ftl(&mut self, message: &ftl::Message, masks: &Masks) -> io::Result<()> {
        let masked = (!masks.reveal).then(|| message.masked());
        let message = masked.as_ref().unwrap_or(message);
        let envelope = message.envelope();
        let time = self.time(envelope.last.time);
        let mut tree = std::mem::take(&mut self.tree);
        tree.clear();
        message.record(&mut tree);
        let members: Vec<_> = registry::ftl::members(message).collect();
        let behind = members.first().map(|(key, _, _)| Behind {
            key,
            members: members.iter().map(|(_, field, seen)| (*field, *seen)).collect(),
        });
        let with_payload = self.payload;
        let result = self.line(envelope.kind.name(), |map| {
            put(map, &field::N, &message.n())?;
            place(map, &envelope)?;
            put(map, &field::TIME, &time)?;
            map.serialize_entry(field::PACKETS, &span(&envelope))?;
            if envelope.offset.is_some() {
                put(map, &field::OFFSET, &envelope.offset)?;
            }
            put(map, &field::SIZE, &message.size())?;
            put(map, &header::LENGTH, &message.size())?;
            put(map, &header::TYPE_NAME, message.type_name())?;
            Source::new(&tree, message.payload()).members(map, behind.as_ref())?;
            if !message.problems().is_empty() {
                put(map, &field::PROBLEMS, &Problems(message.problems()))?;
            }
            if with_payload {
                put(map, &field::PAYLOAD, &HexText(message.payload()))?;
            }
            Ok(())
        });
        self.tree = tree;
        result
    }
}
