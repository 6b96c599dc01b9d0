//! A message as it may be shown.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use super::super::{Body, Message, SharedObject, SubMessage};
use super::of;
use crate::limits::Limits;
use crate::proto::amf::{Amf, Vector};
use crate::wire::{Label, Tree, Value};

/// What the bytes of a secret are overwritten with. `*` in text is `*` in hex too: `2a`.
const FILL: u8 = b'*';
/// A number of which all bytes were overwritten.
const NUMBER: f64 = f64::from_bits(0x2a2a_2a2a_2a2a_2a2a);

/// How bytes are overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Text,
    /// A number must stay one as long: all bytes but the last of AMF3's integers say that another follows.
    Number,
}

/// What is put over a message's payload.
#[derive(Debug, Default)]
pub(super) struct Veil {
    fills: Vec<(Range<usize>, Fill)>,
    /// What is shown of the values that have secrets, in order.
    pub(super) texts: Vec<Tagged>,
}

/// What is shown of a value that has secrets.
#[derive(Clone, Debug)]
pub(super) struct Tagged {
    /// Where it stands in the payload: a text's own bytes, a number's with its marker.
    pub(super) range: Range<u32>,
    pub(super) is_number: bool,
    pub(super) text: String,
}

impl Veil {
    pub(super) fn put(&mut self, ranges: impl Iterator<Item = Range<usize>>) {
        self.fills.extend(ranges.map(|range| (range, Fill::Text)));
    }

    pub(super) fn fill(&mut self, range: Range<usize>, fill: Fill) {
        self.fills.push((range, fill));
    }
}

/// A message as it may be shown: its payload with asterisks for the bytes of secrets, its body with tags for them.
#[derive(Debug)]
pub struct Shown<'m> {
    message: Cow<'m, Message>,
    texts: Vec<Tagged>,
}

impl Deref for Shown<'_> {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

impl<'m> Shown<'m> {
    /// All of it.
    pub(super) fn whole(message: &'m Message) -> Self {
        Shown { message: Cow::Borrowed(message), texts: Vec::new() }
    }

    pub(super) fn behind(veil: Veil, message: &'m Message, limits: &Limits) -> Self {
        if veil.fills.iter().all(|(range, _)| range.is_empty()) {
            return Shown::whole(message);
        }
        let mut payload = message.payload.to_vec();
        for (range, fill) in veil.fills {
            let length = range.len();
            let bytes = &mut payload[range];
            bytes.fill(FILL);
            if let (Fill::Number, 1..=4, [more @ .., _]) = (fill, length, bytes) {
                more.fill(FILL | 0x80);
            }
        }
        let mut tags = InOrder { texts: Vec::with_capacity(veil.texts.len()), next: 0 };
        for Tagged { range, is_number, text } in &veil.texts {
            let decoded = (!is_number).then(|| String::from_utf8_lossy(&payload[of(range)]).into_owned());
            tags.texts.push((decoded, text.as_str()));
        }
        let mut shown = Message::decode(message.session, message.from, message.head.clone(), payload.into(), limits);
        shown.n = message.n;
        shown.answers = message.answers;
        tags.body(&mut shown.body);
        Shown { message: Cow::Owned(shown), texts: veil.texts }
    }

    /// Whether a secret in it was masked.
    pub fn is_masked(&self) -> bool {
        matches!(self.message, Cow::Owned(_))
    }

    /// What it says, in a line.
    pub fn describe(&self) -> String {
        super::super::describe(&self.message)
    }

    pub fn into_owned(self) -> Shown<'static> {
        Shown { message: Cow::Owned(self.message.into_owned()), texts: self.texts }
    }

    /// Records the payload's fields. Gives the bytes that their text is in: the payload with the tags behind it.
    pub fn record(&self, tree: &mut Tree, limits: &Limits) -> Cow<'_, [u8]> {
        self.message.record(tree, limits);
        if self.texts.is_empty() {
            return Cow::Borrowed(&self.message.payload);
        }
        let mut bytes = self.message.payload.to_vec();
        self.tag(tree, 0, &mut bytes);
        Cow::Owned(bytes)
    }

    /// Puts tags for secrets into a tree of the payload's fields, whose positions count from `base`: behind the bytes that its text
    /// is in.
    pub fn tag(&self, tree: &mut Tree, base: u32, bytes: &mut Vec<u8>) {
        let places = self.texts.iter().map(|Tagged { range, text, .. }| {
            let start = bytes.len() as u32;
            bytes.extend(text.as_bytes());
            ((range.start + base, range.end + base), start..start + text.len() as u32)
        });
        let places: std::collections::HashMap<_, _> = places.collect();
        let find = |range: &Range<u32>| places.get(&(range.start, range.end)).cloned();
        for node in &mut tree.nodes {
            if let Label::Key(range) = &mut node.label
                && let Some(tag) = find(range)
            {
                *range = tag;
            }
            match &mut node.value {
                Value::Text(range)
                | Value::Xml(range)
                | Value::Class(range)
                | Value::Externalizable { class: range, .. } => {
                    if let Some(tag) = find(range) {
                        *range = tag;
                    }
                }
                Value::Number(_) | Value::Int(_) | Value::Uint(_) => {
                    if let Some(tag) = find(&node.span) {
                        node.value = Value::Text(tag);
                    }
                }
                _ => {}
            }
        }
    }
}

/// Puts tags where a body that was decoded from masked bytes has asterisks, in the order in which both have them.
struct InOrder<'t> {
    /// What was decoded, where it is no number, and what is shown for it.
    texts: Vec<(Option<String>, &'t str)>,
    next: usize,
}

impl InOrder<'_> {
    /// The next text that was decoded so. Where a body and the fields of a payload differ, asterisks stay.
    fn tag(&mut self, text: &str) -> Option<String> {
        if !text.contains(char::from(FILL)) {
            return None;
        }
        self.find(|decoded| decoded == Some(text))
    }

    fn find(&mut self, is_it: impl Fn(Option<&str>) -> bool) -> Option<String> {
        const AHEAD: usize = 64;
        let ahead = self.texts[self.next..].iter().take(AHEAD);
        let at = self.next + ahead.map(|(decoded, _)| decoded.as_deref()).position(is_it)?;
        self.next = at + 1;
        Some(self.texts[at].1.to_owned())
    }

    fn text(&mut self, text: &mut String) {
        if let Some(tag) = self.tag(text) {
            *text = tag;
        }
    }

    fn body(&mut self, body: &mut Body) {
        match body {
            Body::Command(command) => {
                self.text(&mut command.name);
                self.values(command.object.as_mut_slice());
                self.values(&mut command.arguments);
            }
            Body::Data(data) => {
                self.text(&mut data.name);
                self.values(&mut data.values);
            }
            Body::SharedObject(object) => self.shared_object(object),
            Body::Aggregate(messages) => {
                for SubMessage { body, .. } in messages {
                    self.body(body);
                }
            }
            _ => {}
        }
    }

    fn shared_object(&mut self, object: &mut SharedObject) {
        self.text(&mut object.name);
        for event in &mut object.events {
            for (key, value) in &mut event.properties {
                self.text(key);
                if let Some(value) = value {
                    self.value(value);
                }
            }
            event.handler.iter_mut().for_each(|text| self.text(text));
            self.values(&mut event.arguments);
            for text in [&mut event.code, &mut event.level].into_iter().flatten() {
                self.text(text);
            }
        }
    }

    fn value(&mut self, value: &mut Amf) {
        match value {
            Amf::Number(number) if number.to_bits() == NUMBER.to_bits() => self.number(value),
            Amf::Integer(number) if is_filled(*number) => self.number(value),
            Amf::String(text) | Amf::Xml(text) => self.text(text),
            Amf::Object(members) | Amf::EcmaArray { members, .. } => self.members(members),
            Amf::Typed { class, members } => {
                self.text(class);
                self.members(members);
            }
            Amf::MixedArray { members, items } => {
                self.members(members);
                self.values(items);
            }
            Amf::StrictArray(items) | Amf::Vector { items: Vector::Object { items, .. }, .. } => {
                self.values(items);
            }
            Amf::Dictionary { entries, .. } => {
                for (key, value) in entries {
                    self.value(key);
                    self.value(value);
                }
            }
            Amf::Externalizable { class, .. } => self.text(class),
            _ => {}
        }
    }

    fn values(&mut self, values: &mut [Amf]) {
        for value in values {
            self.value(value);
        }
    }

    fn members(&mut self, members: &mut [(String, Amf)]) {
        for (key, value) in members {
            self.text(key);
            self.value(value);
        }
    }

    fn number(&mut self, value: &mut Amf) {
        if let Some(tag) = self.find(|decoded| decoded.is_none()) {
            *value = Amf::String(tag);
        }
    }
}

/// Whether an integer of AMF3 is what comes of overwriting one.
fn is_filled(number: i32) -> bool {
    let filled = |bytes: u32| (0..bytes).fold(0_i32, |sum, _| sum << 7 | i32::from(FILL & 0x7f));
    (1..=3).any(|bytes| number == filled(bytes)) || number == (filled(3) << 8 | i32::from(FILL))
}
