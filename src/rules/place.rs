//! Where in a message's payload the value lies that shows a fault.

use std::ops::Range;

use super::Mark;
use crate::limits::Limits;
use crate::proto::rtmp::Message;
use crate::wire::{Field, Label, Tree};

/// The first value of a field.
pub(super) fn field(message: &Message, field: &'static Field) -> Option<Mark> {
    let tree = tree(message);
    let node = tree.nodes.iter().find(|node| std::ptr::eq(node.field, field))?;
    Some(Mark::Payload(node.span.clone()))
}

/// The first value of a property with that name.
pub(super) fn member(message: &Message, name: &str) -> Option<Mark> {
    property(message, name).map(|(_, value)| Mark::Payload(value))
}

/// The name of the first property that has it.
pub(super) fn key(message: &Message, name: &str) -> Option<Mark> {
    property(message, name).map(|(key, _)| Mark::Payload(key))
}

fn property(message: &Message, name: &str) -> Option<(Range<u32>, Range<u32>)> {
    tree(message).nodes.iter().find_map(|node| match &node.label {
        Label::Key(key) if message.payload.get(key.start as usize..key.end as usize)? == name.as_bytes() => {
            Some((key.clone(), node.span.clone()))
        }
        _ => None,
    })
}

fn tree(message: &Message) -> Tree {
    let mut tree = Tree::default();
    message.record(&mut tree, &Limits::default());
    tree
}
