//! What an FTL session's sides sent, by kind.

use crate::proto::ftl::{Body, Message};
use crate::wire::Side;

/// Lines or datagrams of one kind by one side.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub from: Side,
    /// Its `type_name`.
    pub name: &'static str,
    pub is_line: bool,
    pub messages: u64,
    /// Bytes of the lines with their ends, or of the UDP payloads.
    pub bytes: u64,
}

/// Lines and datagrams by side and kind, in the order of their first ones.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    kinds: Vec<Kind>,
}

impl Traffic {
    pub(super) fn learn(&mut self, message: &Message) {
        let (from, name) = (message.from(), message.type_name());
        let place = self.kinds.iter().position(|kind| kind.from == from && kind.name == name).unwrap_or_else(|| {
            let is_line = matches!(message.body, Body::Line(_));
            self.kinds.push(Kind { from, name, is_line, messages: 0, bytes: 0 });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[place];
        kind.messages += 1;
        kind.bytes += message.size();
    }

    /// What one side sent.
    pub fn of(&self, side: Side) -> impl Iterator<Item = &Kind> {
        self.kinds.iter().filter(move |kind| kind.from == side)
    }

    /// Lines, or datagrams, of one side.
    pub fn count(&self, side: Side, is_line: bool) -> u64 {
        self.of(side).filter(|kind| kind.is_line == is_line).map(|kind| kind.messages).sum()
    }

    pub(super) fn held(&self) -> usize {
        self.kinds.capacity() * size_of::<Kind>()
    }
}
