//! What each value of a message is, by where it stands in it.

use std::ops::Range;

use super::super::command::{ARGUMENTS, COMMAND, COMMAND_NAME, OBJECT};
use super::super::data::{DATA, DATA_NAME, VALUES};
use super::super::edges::{PAYLOAD, TRAILING};
use super::super::shared_object;
use super::forms::Place;
use super::vocabulary::{Call, Name, is_common, is_mode};
use crate::wire::{Field, Label, Node, Tree, Value};

/// A value of a message.
#[derive(Clone, Debug)]
pub(super) enum Spot {
    /// Text, or bytes that may be text: where it stands in the payload.
    Text(Range<u32>, Place),
    /// A number that is secret: where it stands, which of these bytes are not its marker, and the number.
    Number { span: Range<u32>, bytes: Range<u32>, text: String },
    /// What is not decoded, so that nobody can tell what in it is secret.
    Opaque(Range<u32>),
}

/// Every value of a recorded payload that may hold a secret, in order.
pub(super) fn spots(tree: &Tree, payload: &[u8]) -> Vec<Spot> {
    let mut walk = Walk { tree, payload, spots: Vec::new(), names_alone: false };
    for root in tree.roots() {
        walk.value(root, Inside::Plain(Place::Text));
    }
    walk.spots
}

/// What is around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// Nothing that makes a difference: the value is this.
    Plain(Place),
    /// The object in which connect says what it wants.
    Connection,
    /// What connect has behind it: applications let users pass their names and passwords there.
    ConnectArgument,
}

struct Walk<'w> {
    tree: &'w Tree,
    payload: &'w [u8],
    spots: Vec<Spot>,
    /// It is an answer to FCPublish or its like: servers have the bare name for a description there (crtmpserver).
    names_alone: bool,
}

impl<'w> Walk<'w> {
    fn slice(&self, range: &Range<u32>) -> &'w [u8] {
        self.payload.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn text(&self, node: usize) -> Option<&'w [u8]> {
        match &self.tree.nodes[node].value {
            Value::Text(range) => Some(self.slice(range)),
            _ => None,
        }
    }

    fn key(&self, node: usize) -> Option<&'w [u8]> {
        match &self.tree.nodes[node].label {
            Label::Key(range) => Some(self.slice(range)),
            _ => None,
        }
    }

    fn child(&self, parent: usize, field: &'static Field) -> Option<usize> {
        self.tree.children(parent).find(|child| is(self.tree.nodes[*child].field, field))
    }

    fn put(&mut self, range: &Range<u32>, place: Place) {
        if !range.is_empty() {
            self.spots.push(Spot::Text(range.clone(), place));
        }
    }

    /// A value with all that is in it.
    fn value(&mut self, index: usize, inside: Inside) {
        let node = &self.tree.nodes[index];
        if let Label::Key(range) = &node.label {
            self.put(range, Place::Word);
        }
        if is(node.field, &COMMAND) {
            return self.command(index);
        }
        if is(node.field, &DATA) {
            return self.data(index);
        }
        let place = match inside {
            Inside::Plain(place) => place,
            Inside::Connection => Place::Text,
            Inside::ConnectArgument => Place::Secret,
        };
        match &node.value {
            Value::Bytes(range) if is(node.field, &TRAILING) || is(node.field, &PAYLOAD) => {
                self.spots.push(Spot::Opaque(range.clone()));
            }
            Value::Externalizable { class, bytes } => {
                self.put(class, Place::Word);
                self.spots.push(Spot::Opaque(bytes.clone()));
            }
            Value::Text(range) | Value::Xml(range) | Value::Bytes(range) => self.put(range, place),
            Value::Class(range) => self.put(range, Place::Word),
            Value::Number(number) => self.number(node, place, *number),
            Value::Int(number) => self.number(node, place, *number as f64),
            Value::Uint(number) => self.number(node, place, *number as f64),
            _ => {}
        }
        self.members(index, inside);
    }

    fn number(&mut self, node: &Node, place: Place, number: f64) {
        const AVM_PLUS: u8 = 0x11;
        if place == Place::Secret {
            let Range { start, end } = node.span;
            let markers = if self.slice(&node.span).first() == Some(&AVM_PLUS) { 2 } else { 1 };
            let is_double = matches!(node.value, Value::Number(_));
            let first = if is_double { end.saturating_sub(8).max(start) } else { (start + markers).min(end) };
            self.spots.push(Spot::Number { span: start..end, bytes: first..end, text: number.to_string() });
        }
    }

    fn members(&mut self, parent: usize, inside: Inside) {
        let code = self.tree.children(parent).find(|child| self.key(*child) == Some(b"code"));
        let code = code.and_then(|code| self.text(code));
        // A shared object has its properties' names beside their values.
        let mut named = None;
        for child in self.tree.children(parent) {
            if is(self.tree.nodes[child].field, &shared_object::KEY) {
                named = self.text(child);
            }
            let is_named = is(self.tree.nodes[child].field, &shared_object::VALUE);
            let inside = match self.key(child).or(named.filter(|_| is_named)) {
                Some(key) => self.property(child, key, inside, code),
                None if inside == Inside::Connection => Inside::Plain(Place::Text),
                None => inside,
            };
            self.value(child, inside);
        }
    }

    /// What is around a property's value. `code`: that of the object, if it tells what became of something.
    fn property(&self, node: usize, key: &[u8], inside: Inside, code: Option<&[u8]>) -> Inside {
        let quotes_names = code.is_some_and(|code| code.starts_with(b"NetStream."));
        let around = match inside {
            Inside::Plain(Place::Name) if code.is_some() => Place::Text,
            Inside::Plain(place) => place,
            // An object says by its names what is in it: servers put there what they are.
            Inside::ConnectArgument => Place::Loose,
            Inside::Connection => Place::Text,
        };
        let name = Name::of(key);
        Inside::Plain(match key {
            _ if around == Place::Secret || name.is_credential() => Place::Secret,
            _ if name.is_user() => Place::User,
            _ if name.is_stream_name() => Place::Name,
            b"app" => Place::App,
            b"code" | b"level" if code.is_some() => Place::Word,
            b"description" if self.names_alone && self.text(node).is_some_and(is_name_alone) => Place::Name,
            b"description" if quotes_names => Place::Description,
            // SRS says `stream` there, whatever the stream is called.
            b"details" if quotes_names && !self.text(node).is_some_and(is_common) => Place::Name,
            b"transition" if self.text(node).is_some_and(is_mode) => Place::Word,
            _ => around,
        })
    }

    fn data(&mut self, data: usize) {
        let name = self.child(data, &DATA_NAME);
        let mut is_named_further = false;
        if let Some(name) = name {
            self.value(name, Inside::Plain(self.handler(name)));
            is_named_further = self.text(name).is_some_and(|text| text.starts_with(b"@"));
        }
        let values = self.child(data, &VALUES);
        for (index, value) in values.into_iter().flat_map(|values| self.tree.children(values)).enumerate() {
            // The handler that `@setDataFrame` names reads as a second name.
            let place = if index == 0 && is_named_further { self.handler(value) } else { Place::Text };
            self.value(value, Inside::Plain(place));
        }
    }

    /// A handler's name: where it is not one by its beginning, nobody knows what it is.
    fn handler(&self, name: usize) -> Place {
        let is_known = self.text(name).is_some_and(|text| text.starts_with(b"on") || text.starts_with(b"@"));
        if is_known { Place::Word } else { Place::Loose }
    }

    fn command(&mut self, command: usize) {
        let name = self.child(command, &COMMAND_NAME);
        let called = name.and_then(|name| self.text(name)).unwrap_or_default();
        let call = Call::of(called);
        self.names_alone = called.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"onFC"));
        if let Some(name) = name {
            self.value(name, Inside::Plain(if call == Call::Other { Place::Loose } else { Place::Word }));
        }
        let inside = Inside::Plain(match call {
            Call::Connect | Call::Answer | Call::Harmless => Place::Text,
            Call::Stream { .. } => Place::Name,
            Call::Credentials => Place::Secret,
            Call::Other => Place::Loose,
        });
        if let Some(object) = self.child(command, &OBJECT) {
            self.value(object, if call == Call::Connect { Inside::Connection } else { inside });
        }
        let arguments = self.child(command, &ARGUMENTS);
        for (index, argument) in arguments.into_iter().flat_map(|arguments| self.tree.children(arguments)).enumerate() {
            self.argument(index, argument, call, inside);
        }
        // What is told of the connection beside these is worked out from them; what could not be read may be among the rest.
        let is_told = |field| [&COMMAND_NAME, &OBJECT, &ARGUMENTS].iter().any(|told| is(field, told));
        for child in self.tree.children(command).filter(|child| !is_told(self.tree.nodes[*child].field)) {
            self.value(child, Inside::Plain(Place::Text));
        }
    }

    fn argument(&mut self, index: usize, argument: usize, call: Call, inside: Inside) {
        let is_number = matches!(self.tree.nodes[argument].value, Value::Number(_) | Value::Int(_));
        let is_mode = self.text(argument).is_some_and(is_mode);
        let inside = match call {
            Call::Connect => Inside::ConnectArgument,
            Call::Stream { by_number: false, .. } if index == 0 && is_number => Inside::Plain(Place::Secret),
            Call::Stream { publishes: true, .. } if index == 1 && is_mode => Inside::Plain(Place::Word),
            _ => inside,
        };
        self.value(argument, inside);
    }
}

/// Whether a description may be a name alone: a word that is none of ours.
fn is_name_alone(text: &[u8]) -> bool {
    !text.iter().any(u8::is_ascii_whitespace) && !is_common(text)
}

fn is(field: &'static Field, other: &'static Field) -> bool {
    std::ptr::eq(field, other)
}
