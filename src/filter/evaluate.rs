//! A filter at work.
//!
//! What an event has by itself is compared where it lies. Only where a field of the payload is asked for, and only when
//! the rest has not decided already, the payload is recorded as a tree, once for each event.

use super::condition::Condition;
use super::parse::{Expr, Test};
use super::path::{Source, Step};
use crate::limits::Limits;
use crate::proto::Event;
use crate::proto::rtmp::{self, MessageType, header};
use crate::registry::native::{Native, OF_BYTES, Seen};
use crate::registry::{REGISTRY, Subject};
use crate::wire::{Field, Kind, Label, Time, Tree, Value};

/// Nodes looked at for one field of one message. A message has at most 65536 AMF values, but values may refer to one
/// another, and `*` behind `*` would then follow them without end.
const VISITED: u32 = 1 << 18;
/// References that refer to references.
const REFERENCES: u32 = 16;

/// Memory that one filter run after another uses again.
#[derive(Debug)]
pub struct Scratch {
    limits: Limits,
    tree: Tree,
    header: Tree,
    recorded: bool,
    header_recorded: bool,
}

impl Scratch {
    /// `limits` are those under which the messages were decoded.
    pub fn new(limits: &Limits) -> Scratch {
        Scratch {
            limits: limits.clone(),
            tree: Tree::default(),
            header: Tree::default(),
            recorded: false,
            header_recorded: false,
        }
    }

    pub(super) fn forget(&mut self) {
        self.recorded = false;
        self.header_recorded = false;
    }

    /// The tree of the payload or of the chunk header, and the bytes that it is of.
    fn recorded<'s>(&'s mut self, subject: &Subject<'s>, of_header: bool) -> (&'s Tree, &'s [u8]) {
        if of_header {
            let bytes = subject.head().map(|head| head.header.as_slice()).unwrap_or_default();
            if !std::mem::replace(&mut self.header_recorded, true) {
                self.header.clear();
                if !bytes.is_empty() {
                    header::record(bytes, 0, &mut self.header);
                }
            }
            return (&self.header, bytes);
        }
        let is_recorded = std::mem::replace(&mut self.recorded, true);
        if !is_recorded {
            self.tree.clear();
        }
        match subject.event {
            Event::Message(message) => {
                if !is_recorded {
                    message.record(&mut self.tree, &self.limits);
                }
                (&self.tree, &message.payload)
            }
            Event::Ftl(message) => {
                if !is_recorded {
                    message.record(&mut self.tree);
                }
                (&self.tree, message.payload())
            }
            Event::Handshake(step) => {
                if !is_recorded {
                    step.record(&mut self.tree);
                }
                (&self.tree, &step.bytes)
            }
            _ => (&self.tree, &[]),
        }
    }
}

pub(super) fn matches(expr: &Expr, subject: &Subject<'_>, scratch: &mut Scratch) -> bool {
    match expr {
        Expr::Any(operands) => operands.iter().any(|operand| matches(operand, subject, scratch)),
        Expr::All(operands) => operands.iter().all(|operand| matches(operand, subject, scratch)),
        Expr::Not(inner) => !matches(inner, subject, scratch),
        Expr::Test(test) => holds(test, subject, scratch),
    }
}

/// Like [`matches()`], of an event whose bytes were left out: none where these decide.
pub(super) fn decide(expr: &Expr, subject: &Subject<'_>, scratch: &mut Scratch) -> Option<bool> {
    let mut several = |operands: &[Expr], wanted: bool| {
        let mut decided = Some(!wanted);
        for operand in operands {
            match decide(operand, subject, scratch) {
                Some(holds) if holds == wanted => return Some(wanted),
                Some(_) => {}
                None => decided = None,
            }
        }
        decided
    };
    match expr {
        Expr::Any(operands) => several(operands, true),
        Expr::All(operands) => several(operands, false),
        Expr::Not(inner) => decide(inner, subject, scratch).map(|holds| !holds),
        Expr::Test(test) => match need(test, subject.event) {
            Need::Nothing => Some(holds(test, subject, scratch)),
            Need::Bytes => None,
            Need::Another => Some(false),
        },
    }
}

/// What a test needs of an event.
enum Need {
    /// Nothing that is not there without its bytes.
    Nothing,
    Bytes,
    /// Another event: this one cannot have the field.
    Another,
}

fn need(test: &Test, event: &Event) -> Need {
    match (event, &test.path.source) {
        (Event::Message(message), Source::Tree { steps, header: false }) => {
            let is_medium = matches!(message.head.kind, MessageType::AUDIO | MessageType::VIDEO);
            match steps.first() {
                Some(Step::Field(field)) if is_medium && is_foreign(field) => Need::Another,
                _ => Need::Bytes,
            }
        }
        (Event::Message(_) | Event::Handshake(_), Source::Native(native)) => {
            let is_recorded = looks_into_group(test, native) && REGISTRY.records(native.field.name);
            let is_of_bytes = OF_BYTES.iter().any(|field| field.name == native.field.name);
            if is_of_bytes || is_recorded { Need::Bytes } else { Need::Nothing }
        }
        (Event::Message(_) | Event::Handshake(_), Source::Tree { .. }) | (Event::Ftl(_), _) => Need::Bytes,
        _ => Need::Nothing,
    }
}

/// Whether no message of media has a field: most messages are media, and need not be read for what they cannot have.
fn is_foreign(field: &'static Field) -> bool {
    let groups = [rtmp::handshake::FIELDS, rtmp::command::FIELDS, rtmp::connect::FIELDS, rtmp::shared_object::FIELDS];
    groups.into_iter().flatten().any(|other| std::ptr::eq(*other, field))
}

fn holds(test: &Test, subject: &Subject<'_>, scratch: &mut Scratch) -> bool {
    let words = test.path.words;
    match &test.path.source {
        Source::Native(native) if looks_into_group(test, native) => group_holds(test, native, subject, scratch),
        Source::Native(native) => (native.values)(subject, &mut |seen| test.condition.holds(seen, words)),
        Source::Tree { steps, header } => {
            let (tree, bytes) = scratch.recorded(subject, *header);
            let start = subject.start;
            let mut walk = Walk { tree, bytes, test, start, left: VISITED };
            walk.from(None, steps)
        }
    }
}

/// Whether a test asks for what is anywhere in an event's own group.
fn looks_into_group(test: &Test, native: &Native) -> bool {
    native.field.kind == Kind::Group && test.condition.looks_inside()
}

fn group_holds(test: &Test, native: &Native, subject: &Subject<'_>, scratch: &mut Scratch) -> bool {
    let name = native.field.name;
    if !(native.values)(subject, &mut |_| true) {
        return false;
    }
    let is_in = |member: &Native| (member.values)(subject, &mut |seen| test.condition.holds(seen, member.field.words));
    if REGISTRY.members(name).any(is_in) {
        return true;
    }
    if !REGISTRY.records(name) {
        return false;
    }
    let (tree, bytes) = scratch.recorded(subject, false);
    let walk = Walk { tree, bytes, test, start: subject.start, left: VISITED };
    let is_member = |field: &Field| field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let members = (0..tree.nodes.len()).filter(|at| is_member(tree.nodes[*at].field));
    members.take(VISITED as usize).any(|at| test.condition.holds(walk.seen(at), tree.nodes[at].field.words))
}

/// A search in one tree.
struct Walk<'w> {
    tree: &'w Tree,
    bytes: &'w [u8],
    test: &'w Test,
    /// The capture's first packet.
    start: Time,
    /// How many more nodes may be looked at.
    left: u32,
}

impl Walk<'_> {
    /// Whether what the steps lead to from `node` satisfies; none is in front of all roots.
    fn from(&mut self, node: Option<usize>, steps: &[Step]) -> bool {
        let Some((step, behind)) = steps.split_first() else {
            return node.is_some_and(|node| self.satisfies(node));
        };
        let tree = self.tree;
        if let Step::Field(field) = step {
            let inside = node.map_or(0..tree.nodes.len(), |node| node + 1..tree.nodes[node].end as usize);
            for at in inside {
                let found = &tree.nodes[at];
                // What has a key or a position is a part of the field's value, not the field; an item is nothing else.
                let is_it = std::ptr::eq(found.field, *field) || found.field.name == field.name;
                let is_it = is_it && (found.label == Label::Field || field.key() == "item");
                if is_it && (!self.spend() || self.from(Some(at), behind)) {
                    return self.left > 0;
                }
            }
            return false;
        }
        let Some(node) = node.and_then(|node| self.target(node)) else { return false };
        for at in tree.children(node) {
            if !self.spend() {
                return false;
            }
            let fits = match step {
                Step::Any => true,
                Step::Key(key) => self.has_key(at, key.as_bytes()),
                Step::Index(index, text) => match &tree.nodes[at].label {
                    Label::Index(position) => position == index,
                    _ => self.has_key(at, text.as_bytes()),
                },
                Step::Field(_) => false,
            };
            if fits && self.from(Some(at), behind) {
                return true;
            }
        }
        false
    }

    fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn has_key(&self, node: usize, key: &[u8]) -> bool {
        let node = &self.tree.nodes[node];
        match &node.label {
            Label::Key(range) => self.slice(range) == key,
            Label::Field => node.field.key().as_bytes() == key,
            Label::Index(_) => false,
        }
    }

    /// What a reference names; any other node is itself.
    fn target(&self, mut node: usize) -> Option<usize> {
        for _ in 0..REFERENCES {
            match self.tree.nodes.get(node)?.value {
                Value::Reference { node: named, .. } => node = named as usize,
                _ => return Some(node),
            }
        }
        None
    }

    fn satisfies(&mut self, node: usize) -> bool {
        if matches!(self.test.condition, Condition::Exists) {
            return true;
        }
        let Some(node) = self.target(node) else { return false };
        let words = self.test.path.words;
        if self.test.condition.looks_inside() {
            let end = self.tree.nodes[node].end as usize;
            return (node..end).any(|at| self.spend() && self.test.condition.holds(self.seen(at), words));
        }
        self.test.condition.holds(self.seen(node), words)
    }

    fn seen(&self, node: usize) -> Seen<'_> {
        match &self.tree.nodes[node].value {
            Value::Uint(value) => Seen::Uint(*value),
            // A clock of the wire.
            Value::Int(at) if self.tree.nodes[node].field.kind == Kind::Time => {
                Seen::Time { at: *at, since: at.saturating_sub(self.start.0) }
            }
            Value::Int(value) => Seen::Int(*value),
            Value::Number(value) => Seen::Number(*value),
            Value::Bool(value) => Seen::Bool(*value),
            Value::Word(word) => Seen::Word(word),
            Value::Text(range) | Value::Xml(range) => Seen::Text(self.slice(range)),
            Value::Bytes(range) => Seen::Bytes(self.slice(range)),
            Value::Null => Seen::Null,
            Value::Undefined => Seen::Undefined,
            Value::Date { ms, .. } => Seen::Date(*ms),
            // Whatever else there is has members and no value of its own.
            _ => Seen::Group,
        }
    }

    fn slice(&self, range: &std::ops::Range<u32>) -> &[u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}
