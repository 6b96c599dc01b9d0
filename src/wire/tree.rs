//! What a decoder leaves behind when it is asked to record: fields with their bytes and values, in order.

use std::ops::Range;

use super::Field;

/// What a node's bytes mean. Text and bytes are ranges of the decoded bytes, never copies.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Named members follow: an object. Where numbered ones follow them, an array that has both.
    Group,
    /// Numbered members follow: a list.
    List,
    /// Named members follow, and the sender claims this many.
    EcmaArray(u32),
    Uint(u64),
    Int(i64),
    Number(f64),
    Bool(bool),
    /// One of our own names.
    Word(&'static str),
    /// Text from the wire, not yet known to be UTF-8.
    Text(Range<u32>),
    Bytes(Range<u32>),
    Null,
    Undefined,
    /// A moment in milliseconds since 1970, with a time zone in minutes where the format has one.
    Date {
        ms: f64,
        timezone: Option<i16>,
    },
    Xml(Range<u32>),
    /// An object of a named class: the name's range; members follow, and items where the class has them beside.
    Class(Range<u32>),
    /// Numbered pairs follow, each a list of a key and a value: a dictionary.
    Pairs,
    /// An object that is written as its class pleases, in a way that is not known: the class's name, and its bytes.
    Externalizable {
        class: Range<u32>,
        bytes: Range<u32>,
    },
    /// A reference to an earlier value of the same message: its number on the wire, and the node that it names.
    Reference {
        number: u32,
        node: u32,
    },
}

/// How a node is told apart from its siblings, beside its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// The field's own key.
    #[default]
    Field,
    /// A name from the wire (an AMF property): its range.
    Key(Range<u32>),
    /// A position in a list.
    Index(u32),
}

/// One named field with the bytes that it came from.
#[derive(Clone, Debug)]
pub struct Node {
    pub field: &'static Field,
    pub label: Label,
    /// 0 at the top.
    pub depth: u16,
    /// The bytes, counted from the start of what was decoded.
    pub span: Range<u32>,
    pub value: Value,
    /// The index just past the last node inside this one.
    pub end: u32,
}

/// Takes what a [`Reader`](super::Reader) reads.
pub trait Recorder {
    /// Whether anything is kept; lets a decoder skip work that only a record needs.
    const ON: bool;
    fn open(&mut self, field: &'static Field, label: Label, start: u32) -> u32;
    /// Closes the node that `open` gave, also when its inside could not be read to the end.
    fn close(&mut self, node: u32, end: u32, value: Value);
    fn leaf(&mut self, field: &'static Field, label: Label, span: Range<u32>, value: Value);
}

/// Records nothing.
pub struct Silent;

impl Recorder for Silent {
    const ON: bool = false;
    fn open(&mut self, _: &'static Field, _: Label, _: u32) -> u32 {
        0
    }
    fn close(&mut self, _: u32, _: u32, _: Value) {}
    fn leaf(&mut self, _: &'static Field, _: Label, _: Range<u32>, _: Value) {}
}

/// Records every field, in order, parents before children. Clear it and use it again: it keeps its memory.
#[derive(Debug, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    depth: u16,
}

impl Tree {
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.depth = 0;
    }

    /// The direct children of node `parent`, by index.
    pub fn children(&self, parent: usize) -> Children<'_> {
        Children { nodes: &self.nodes, next: parent + 1, end: self.nodes[parent].end as usize }
    }

    /// The nodes that have no parent, by index.
    pub fn roots(&self) -> Children<'_> {
        Children { nodes: &self.nodes, next: 0, end: self.nodes.len() }
    }
}

/// The siblings at one level of a [`Tree`].
pub struct Children<'t> {
    nodes: &'t [Node],
    next: usize,
    end: usize,
}

impl Iterator for Children<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next >= self.end {
            return None;
        }
        let at = self.next;
        self.next = self.nodes[at].end as usize;
        Some(at)
    }
}

impl Recorder for Tree {
    const ON: bool = true;

    fn open(&mut self, field: &'static Field, label: Label, start: u32) -> u32 {
        let index = self.nodes.len() as u32;
        self.nodes.push(Node {
            field,
            label,
            depth: self.depth,
            span: start..start,
            value: Value::Group,
            end: index + 1,
        });
        self.depth += 1;
        index
    }

    fn close(&mut self, node: u32, end: u32, value: Value) {
        let last = self.nodes.len() as u32;
        let node = &mut self.nodes[node as usize];
        node.end = last;
        node.span.end = end;
        node.value = value;
        self.depth = node.depth;
    }

    fn leaf(&mut self, field: &'static Field, label: Label, span: Range<u32>, value: Value) {
        let end = self.nodes.len() as u32 + 1;
        self.nodes.push(Node { field, label, depth: self.depth, span, value, end });
    }
}
