use std::collections::BTreeSet;
use std::ops::Range;

use super::part::{Part, Piece, parts, short};
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::told;
use crate::wire::{Label, Tree};

rule! {
    /// An object or an associative array has the same key twice.
    ///
    /// Why: some receivers take the first value, some the last, and some disconnect.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write each key once.
    pub(super) struct KeyRepeated {}
    "AMF008", "key-repeated", Warning, "–", rests: Sender, unsure: true, media: false
}

impl Rule for KeyRepeated {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        for part in parts(message) {
            let mut repeated = None;
            part.any(|piece| {
                if let Piece::Value(value) = piece {
                    let mut keys = BTreeSet::new();
                    repeated = value.members().iter().map(|(key, _)| key.as_str()).find(|key| !keys.insert(*key));
                }
                repeated.is_some()
            });
            let Some(key) = repeated else { continue };
            let text = format!(
                "the {}'s {}: an object has the key \"{}\" twice",
                message.from.name(),
                part.name(),
                told(&short(key))
            );
            let finding = findings.about(Self::META, message, text);
            finding.mark = part.ranges(|tree, node| second(&part, tree, node)).map(Mark::Payload);
            return;
        }
    }
}

/// Where the second key of the same name stands in a recorded object.
fn second(part: &Part<'_>, tree: &Tree, node: usize) -> Option<Range<u32>> {
    let mut keys = BTreeSet::new();
    let mut names = tree.children(node).filter_map(|child| match &tree.nodes[child].label {
        Label::Key(range) => Some(range.clone()),
        _ => None,
    });
    names.find(|range| !keys.insert(part.bytes(range)))
}
