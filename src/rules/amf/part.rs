//! Where a message holds AMF values: a command, a data message, a shared object, or one of the messages in an aggregate.

use std::ops::Range;

use crate::limits::Limits;
use crate::proto::amf::{Amf, Vector};
use crate::proto::rtmp::{Body, Message, MessageType, record_payload, type_name};
use crate::wire::told;
use crate::wire::words::{clip, count};
use crate::wire::{Label, Node, Problem, Tree, Trouble, Value};

/// One body with AMF values.
pub(super) struct Part<'m> {
    kind: MessageType,
    body: &'m Body,
    /// The message's payload.
    payload: &'m [u8],
    /// Where it lies in the message's payload.
    range: Range<u32>,
}

/// A text or a value, wherever it stands.
pub(super) enum Piece<'m> {
    /// A name, a key, a string, a class or an XML document.
    Text(&'m str),
    Value(&'m Amf),
}

/// The bodies of a message that hold AMF values.
pub(super) fn parts(message: &Message) -> Vec<Part<'_>> {
    let part = |kind, body, range| Part { kind, body, payload: &message.payload, range };
    match &message.body {
        Body::Aggregate(messages) => messages
            .iter()
            .filter(|inner| holds_values(&inner.body))
            .map(|inner| part(inner.kind, &inner.body, inner.offset..inner.offset.saturating_add(inner.length)))
            .collect(),
        body if holds_values(body) => vec![part(message.head.kind, body, 0..message.payload.len() as u32)],
        _ => Vec::new(),
    }
}

/// The first problem of a kind in such a body.
pub(super) fn problem(message: &Message, trouble: Trouble) -> Option<(Part<'_>, &Problem)> {
    let mut problems = message.problems.iter().filter(|problem| problem.trouble == trouble).peekable();
    problems.peek()?;
    let mut parts = parts(message);
    let (place, problem) = problems.find_map(|problem| {
        let place = parts.partition_point(|part| part.range.start <= problem.at).checked_sub(1)?;
        (problem.at <= parts[place].range.end).then_some((place, problem))
    })?;
    Some((parts.swap_remove(place), problem))
}

/// A name from the wire, cut where it is longer than any real one.
pub(super) fn short(name: &str) -> String {
    clip(name, NAME).into_owned()
}

/// Characters of a name that are shown.
const NAME: usize = 64;

fn holds_values(body: &Body) -> bool {
    matches!(body, Body::Command(_) | Body::Data(_) | Body::SharedObject(_))
}

impl<'m> Part<'m> {
    /// What it is called: a command's, a data message's or a shared object's name.
    pub(super) fn name(&self) -> String {
        let name = match self.body {
            Body::Command(command) => &command.name,
            Body::Data(data) => data.handler(),
            Body::SharedObject(object) => &object.name,
            _ => "",
        };
        if name.is_empty() { type_name(self.kind) } else { told(&short(name)).to_string() }
    }

    /// The byte at a place of the payload; the last one, where the bytes end before.
    pub(super) fn byte(&self, at: u32) -> Range<u32> {
        let at = at.min(self.end().saturating_sub(1));
        at..at + 1
    }

    /// From such a byte on to the end, which in a shared object is the event's and not known.
    pub(super) fn rest(&self, at: u32) -> Range<u32> {
        let byte = self.byte(at);
        if matches!(self.body, Body::SharedObject(_)) { byte } else { byte.start..self.end().max(byte.end) }
    }

    fn end(&self) -> u32 {
        self.range.end.min(self.payload.len() as u32)
    }

    /// Whether any text or value is such.
    pub(super) fn any(&self, mut is_such: impl FnMut(Piece<'m>) -> bool) -> bool {
        let is_such: &mut dyn FnMut(Piece<'m>) -> bool = &mut is_such;
        match self.body {
            Body::Command(command) => {
                is_such(Piece::Text(&command.name))
                    || command.object.iter().chain(&command.arguments).any(|amf| value(amf, is_such))
            }
            Body::Data(data) => is_such(Piece::Text(&data.name)) || data.values.iter().any(|amf| value(amf, is_such)),
            Body::SharedObject(object) => {
                is_such(Piece::Text(&object.name))
                    || object.events.iter().any(|event| {
                        let texts = event.handler.iter().chain(&event.code).chain(&event.level);
                        let keys = event.properties.iter().map(|(key, _)| key);
                        texts.chain(keys).any(|text| is_such(Piece::Text(text)))
                            || event
                                .properties
                                .iter()
                                .filter_map(|(_, amf)| amf.as_ref())
                                .any(|amf| value(amf, is_such))
                            || event.arguments.iter().any(|amf| value(amf, is_such))
                    })
            }
            _ => false,
        }
    }

    /// Where the first text of such bytes lies in the payload.
    pub(super) fn text(&self, is_such: impl Fn(&[u8]) -> bool) -> Option<Range<u32>> {
        self.ranges(|tree, node| {
            let node = &tree.nodes[node];
            let key = match &node.label {
                Label::Key(range) => Some(range.clone()),
                _ => None,
            };
            let text = match &node.value {
                Value::Text(range) | Value::Xml(range) | Value::Class(range) => Some(range.clone()),
                Value::Externalizable { class, .. } => Some(class.clone()),
                _ => None,
            };
            key.into_iter().chain(text).find(|range| is_such(self.bytes(range)))
        })
    }

    /// The first text of such bytes, and what to call it: by the property whose value it is, where it is one's.
    pub(super) fn named_text(&self, is_such: impl Fn(&[u8]) -> bool) -> Option<(Range<u32>, String)> {
        let range = self.text(is_such)?;
        let what = format!("a string of {}", count(range.len() as u64, "byte"));
        let path = self.path(|node| node.span.start <= range.start && range.end <= node.span.end);
        Some((range, path.map_or(what.clone(), |path| format!("{path}, {what},"))))
    }

    /// The path of the property that breaks off at a place of the payload, if any does.
    pub(super) fn broken_path(&self, at: u32) -> Option<String> {
        self.path(|node| node.span.start <= at && at <= node.span.end)
    }

    /// The names on the way down to the last node that is such, with all that it lies in: `info.profile`.
    fn path(&self, is_such: impl Fn(&Node) -> bool) -> Option<String> {
        let tree = self.tree();
        let mut names = Vec::new();
        let mut next = tree.nodes.len();
        // From the last such node outwards: what it lies in stands before it, less deep.
        let mut depth = u16::MAX;
        while let Some(at) = tree.nodes[..next].iter().rposition(|node| node.depth < depth && is_such(node)) {
            let node = &tree.nodes[at];
            if let Label::Key(key) = &node.label {
                names.push(told(&short(&String::from_utf8_lossy(self.bytes(key)))).to_string());
            }
            (next, depth) = (at, node.depth);
        }
        names.reverse();
        (!names.is_empty()).then(|| names.join("."))
    }

    /// The first range that `of` finds in the recorded fields, given each by its place.
    pub(super) fn ranges(&self, mut of: impl FnMut(&Tree, usize) -> Option<Range<u32>>) -> Option<Range<u32>> {
        let tree = self.tree();
        (0..tree.nodes.len()).find_map(|node| of(&tree, node))
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        let bytes = self.bytes(&(self.range.start..self.end()));
        record_payload(self.kind, 0, bytes, self.range.start, &mut tree, &Limits::default());
        tree
    }

    /// Bytes of the payload; none where they are not in it.
    pub(super) fn bytes(&self, range: &Range<u32>) -> &'m [u8] {
        self.payload.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

/// Whether a value, or anything in it, is such.
fn value<'m>(amf: &'m Amf, is_such: &mut dyn FnMut(Piece<'m>) -> bool) -> bool {
    if is_such(Piece::Value(amf)) {
        return true;
    }
    match amf {
        Amf::String(text) | Amf::Xml(text) => is_such(Piece::Text(text)),
        Amf::Object(inner) | Amf::EcmaArray { members: inner, .. } => members(inner, is_such),
        Amf::Typed { class, members: inner } => is_such(Piece::Text(class)) || members(inner, is_such),
        Amf::MixedArray { members: inner, items } => {
            members(inner, is_such) || items.iter().any(|item| value(item, is_such))
        }
        Amf::StrictArray(items) => items.iter().any(|item| value(item, is_such)),
        Amf::Externalizable { class, .. } => is_such(Piece::Text(class)),
        Amf::Vector { items: Vector::Object { class, items }, .. } => {
            is_such(Piece::Text(class)) || items.iter().any(|item| value(item, is_such))
        }
        Amf::Dictionary { entries, .. } => {
            entries.iter().any(|(key, item)| value(key, is_such) || value(item, is_such))
        }
        Amf::Number(_)
        | Amf::Integer(_)
        | Amf::Boolean(_)
        | Amf::Null
        | Amf::Undefined
        | Amf::Reference(_)
        | Amf::Date { .. }
        | Amf::Unsupported
        | Amf::ByteArray(_)
        | Amf::Vector { .. } => false,
    }
}

fn members<'m>(members: &'m [(String, Amf)], is_such: &mut dyn FnMut(Piece<'m>) -> bool) -> bool {
    members.iter().any(|(key, amf)| is_such(Piece::Text(key)) || value(amf, is_such))
}
