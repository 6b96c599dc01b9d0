//! A recorded tree as JSON: the same names and values as everywhere else.

use std::borrow::Cow;
use std::cell::Cell;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use super::time::Clock;
use crate::registry::native::Seen;
use crate::wire::{Field, Kind, Label, Node, Time, Tree, Value};

/// Values written in place of references in one message: a chain of references to references would double each time.
const EXPANDED: usize = 4096;
/// Bytes of text that count as much as one value.
const TEXT: usize = 64;
/// References followed inside references.
const NESTED: u32 = 16;
/// Levels of the tree down to which references are followed: a level of it is up to three of JSON, of which many readers take no
/// more than 127.
const DEEPEST: usize = 36;
/// Bytes of which the hex digits are written at a time.
const HEX: usize = 256;

/// A tree and the bytes that it was recorded from.
pub(super) struct Source<'t> {
    tree: &'t Tree,
    bytes: &'t [u8],
    /// How many more values may be written in place of references.
    budget: Cell<usize>,
}

impl<'t> Source<'t> {
    pub(super) fn new(tree: &'t Tree, bytes: &'t [u8]) -> Self {
        Source { tree, bytes, budget: Cell::new(EXPANDED) }
    }

    fn slice(&self, range: &std::ops::Range<u32>) -> &'t [u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn is_item(&self, node: usize) -> bool {
        matches!(self.tree.nodes[node].label, Label::Index(_))
    }

    /// How much is written for a node, its nodes and the text in them, as far as it is not more than `most` and reaches no more
    /// than `height` levels below it.
    fn weight(&self, node: usize, most: usize, height: usize) -> Option<usize> {
        let top = usize::from(self.tree.nodes[node].depth);
        let inside = &self.tree.nodes[node..self.tree.nodes[node].end as usize];
        let text = |node: &Node| {
            let key = if let Label::Key(range) = &node.label { range.len() } else { 0 };
            let value = match &node.value {
                Value::Text(range) | Value::Bytes(range) | Value::Xml(range) | Value::Class(range) => range.len(),
                Value::Externalizable { class, bytes } => class.len() + bytes.len(),
                _ => 0,
            };
            1 + (key + value) / TEXT
        };
        let mut weight = 0;
        for node in inside {
            weight += text(node);
            if weight > most || usize::from(node.depth) - top > height {
                return None;
            }
        }
        Some(weight)
    }

    /// The root nodes as members of the map that is being written. `behind` adds members to the node of a name.
    pub(super) fn members<M: SerializeMap>(&self, map: &mut M, behind: Option<&Behind>) -> Result<(), M::Error> {
        for node in self.tree.roots() {
            let field = self.tree.nodes[node].field;
            if field.kind != Kind::Opaque {
                let behind = behind.filter(|behind| behind.key == field.key());
                map.serialize_entry(field.key(), &NodeJson { source: self, node, inside: None, behind })?;
            }
        }
        Ok(())
    }
}

/// Members that the bytes do not hold, written at the end of a root node: what a message answers, for one.
pub(super) struct Behind {
    pub(super) key: &'static str,
    pub(super) members: Vec<(&'static Field, Seen<'static>)>,
}

/// One node with all that is in it.
struct NodeJson<'s, 't> {
    source: &'s Source<'t>,
    node: usize,
    /// The references that this one is being written for.
    inside: Option<&'s Inside<'s>>,
    behind: Option<&'s Behind>,
}

struct Inside<'s> {
    node: usize,
    /// The level that it is written at.
    level: usize,
    depth: u32,
    outer: Option<&'s Inside<'s>>,
}

impl Serialize for NodeJson<'_, '_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let source = self.source;
        let node = &source.tree.nodes[self.node];
        match &node.value {
            // A list that broke off is known by its first item.
            Value::Group | Value::EcmaArray(_) => match source.tree.children(self.node).next() {
                Some(first) if source.is_item(first) => self.list(s),
                _ => self.object(s, None),
            },
            Value::Pairs => tagged(s, "$pairs", &List(self)),
            Value::Externalizable { class, bytes } => {
                let mut map = s.serialize_map(None)?;
                map.serialize_entry("$externalizable", &Text(source.slice(class)))?;
                map.serialize_entry("$bytes", &HexText(source.slice(bytes)))?;
                map.end()
            }
            Value::Class(name) => self.object(s, Some(source.slice(name))),
            Value::List => self.list(s),
            Value::Uint(value) => s.serialize_u64(*value),
            Value::Int(value) if node.field.kind == Kind::Time => {
                let mut text = String::with_capacity(30);
                Clock::default().write(Time(*value), &mut text);
                s.serialize_str(&text)
            }
            Value::Int(value) => s.serialize_i64(*value),
            Value::Number(value) => Number(*value).serialize(s),
            Value::Bool(value) => s.serialize_bool(*value),
            Value::Word(word) => s.serialize_str(word),
            Value::Text(range) => Text(source.slice(range)).serialize(s),
            Value::Bytes(range) => Hex(source.slice(range)).serialize(s),
            Value::Null => s.serialize_unit(),
            Value::Undefined => tagged(s, "$undefined", &true),
            Value::Date { ms, timezone } => {
                let mut map = s.serialize_map(None)?;
                map.serialize_entry("$date", &Number(*ms))?;
                if let Some(timezone) = timezone {
                    map.serialize_entry("timezone", timezone)?;
                }
                map.end()
            }
            Value::Xml(range) => tagged(s, "$xml", &Text(source.slice(range))),
            Value::Reference { number, node } => self.reference(s, *number, *node as usize),
        }
    }
}

impl<'t> NodeJson<'_, 't> {
    fn child(&self, node: usize) -> NodeJson<'_, 't> {
        NodeJson { source: self.source, node, inside: self.inside, behind: None }
    }

    /// The level of the tree that it is written at, with what references were followed above it.
    fn level(&self) -> usize {
        let own = |node: usize| usize::from(self.source.tree.nodes[node].depth);
        self.inside.map_or(own(self.node), |inside| inside.level + own(self.node) - own(inside.node))
    }

    fn key(&self, node: usize) -> Cow<'t, str> {
        let node = &self.source.tree.nodes[node];
        match &node.label {
            Label::Field => node.field.key().into(),
            Label::Key(range) => String::from_utf8_lossy(self.source.slice(range)),
            Label::Index(index) => index.to_string().into(),
        }
    }

    /// Whether an object's own names cannot be JSON keys: one comes twice, or would pass for a tag of ours.
    fn needs_pairs(&self, children: &[usize]) -> bool {
        let from_wire = |child: &&usize| matches!(self.source.tree.nodes[**child].label, Label::Key(_));
        let mut names: Vec<_> = children.iter().filter(from_wire).map(|child| self.key(*child)).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1]) || names.iter().any(|name| name.starts_with('$'))
    }

    fn object<S: Serializer>(&self, s: S, class: Option<&[u8]>) -> Result<S::Ok, S::Error> {
        let tree = self.source.tree;
        let (items, children): (Vec<_>, Vec<_>) = tree
            .children(self.node)
            .filter(|child| tree.nodes[*child].field.kind != Kind::Opaque)
            .partition(|child| self.source.is_item(*child));
        let repeats = self.needs_pairs(&children);
        let mut map = s.serialize_map(None)?;
        if let Some(class) = class {
            map.serialize_entry("$class", &Text(class))?;
        }
        if repeats {
            // A key twice, or one that would pass for a tag of ours.
            map.serialize_entry("$pairs", &Pairs { object: self, children: &children })?;
        } else {
            for child in children {
                map.serialize_entry(&self.key(child), &self.child(child))?;
            }
        }
        if !items.is_empty() {
            // The dense part of an array that has both.
            map.serialize_entry("$items", &Items { list: self, items: &items })?;
        }
        if let Some(behind) = self.behind {
            for (field, seen) in &behind.members {
                map.serialize_entry(field.key(), &SeenJson(*seen))?;
            }
        }
        map.end()
    }

    fn list<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(None)?;
        for child in self.source.tree.children(self.node) {
            seq.serialize_element(&self.child(child))?;
        }
        seq.end()
    }

    /// What a reference names, unless the reference stands inside it: that would not end.
    fn reference<S: Serializer>(&self, s: S, n: u32, target: usize) -> Result<S::Ok, S::Error> {
        let contains = |outer: usize| (outer..self.source.tree.nodes[outer].end as usize).contains(&self.node);
        let mut outer = self.inside;
        let mut cycles = contains(target);
        while let Some(inside) = outer {
            cycles |= inside.node == target;
            outer = inside.outer;
        }
        let depth = self.inside.map_or(0, |inside| inside.depth + 1);
        let budget = self.source.budget.get();
        if cycles || depth >= NESTED {
            return tagged(s, "$ref", &n);
        }
        let level = self.level();
        let size = DEEPEST.checked_sub(level).and_then(|height| self.source.weight(target, budget, height));
        let Some(size) = size else { return tagged(s, "$ref", &n) };
        self.source.budget.set(budget - size);
        let inside = Inside { node: target, level, depth, outer: self.inside };
        NodeJson { source: self.source, node: target, inside: Some(&inside), behind: None }.serialize(s)
    }
}

struct List<'p, 's, 't>(&'p NodeJson<'s, 't>);

impl Serialize for List<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.list(s)
    }
}

struct Items<'p, 's, 't> {
    list: &'p NodeJson<'s, 't>,
    items: &'p [usize],
}

impl Serialize for Items<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.items.iter().map(|item| self.list.child(*item)))
    }
}

struct Pairs<'p, 's, 't> {
    object: &'p NodeJson<'s, 't>,
    children: &'p [usize],
}

impl Serialize for Pairs<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.children.iter().map(|child| (self.object.key(*child), self.object.child(*child))))
    }
}

fn tagged<S: Serializer>(s: S, tag: &'static str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = s.serialize_map(Some(1))?;
    map.serialize_entry(tag, value)?;
    map.end()
}

/// A value that an event has beside its bytes.
pub(super) struct SeenJson<'a>(pub(super) Seen<'a>);

impl Serialize for SeenJson<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Seen::Uint(value) => s.serialize_u64(value),
            Seen::Number(value) => s.serialize_f64(value),
            Seen::Bool(value) => s.serialize_bool(value),
            Seen::Word(word) => s.serialize_str(word),
            Seen::Text(text) => Text(text).serialize(s),
            Seen::Time { at, .. } => {
                let mut text = String::with_capacity(30);
                Clock::default().write(Time(at), &mut text);
                s.serialize_str(&text)
            }
            // No member has one of the others.
            _ => s.serialize_none(),
        }
    }
}

/// A number: whole ones without a fraction, and those that JSON lacks by name.
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let value = self.0;
        if value.is_nan() {
            tagged(s, "$number", &"NaN")
        } else if value.is_infinite() {
            tagged(s, "$number", &if value > 0.0 { "Infinity" } else { "-Infinity" })
        } else if value.fract() == 0.0 && value.abs() < EXACT && !(value == 0.0 && value.is_sign_negative()) {
            s.serialize_i64(value as i64)
        } else {
            s.serialize_f64(value)
        }
    }
}

/// Text where it is UTF-8, its bytes where not.
pub(super) struct Text<'a>(pub(super) &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => s.serialize_str(text),
            Err(_) => tagged(s, "$bytes", &HexText(self.0)),
        }
    }
}

/// Bytes as the rest of JSON has them: tagged hex.
struct Hex<'a>(&'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        tagged(s, "$bytes", &HexText(self.0))
    }
}

/// Bytes as a string of hex digits.
pub(super) struct HexText<'a>(pub(super) &'a [u8]);

impl std::fmt::Display for HexText<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chunks(HEX).try_for_each(|bytes| f.write_str(&hex::encode(bytes)))
    }
}

impl Serialize for HexText<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
