//! Every field, by name: an event's own, each with the way to its values, then what the decoders record.
//!
//! What a field is called, what it means and what it can be is said once: where a decoder declares it, or in `native` for
//! what an event has beside its bytes. The keys in JSON, the names in a filter, the labels on the screen and
//! `docs/fields.md` are made of that.

pub(crate) mod carriers;
pub(crate) mod ftl;
pub(crate) mod native;
pub mod reference;
mod subject;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use subject::{SessionFacts, Sessions, Subject};

use crate::proto;
use crate::wire::{Field, Kind};
use native::{ALIASES, NATIVES, Native};

/// A field, and where its values come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) field: &'static Field,
    /// Has its values without anything being decoded.
    pub(crate) native: Option<&'static Native>,
}

/// An entry, and its name as a person writes it.
type Named = (Entry, String);

/// All fields by name.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    entries: Vec<Named>,
    by_name: BTreeMap<&'static str, usize>,
    /// What the decoders record, also where an event has a field of the same name.
    decoded: BTreeMap<&'static str, &'static Field>,
    first_parts: Vec<&'static str>,
}

/// The fields of this program. Nothing in this file knows one of them by name.
pub(crate) static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    // Whoever declares an event's field has to say how to get its values.
    let mut declared =
        native::FIELDS.iter().chain(crate::net::facts::FIELDS).chain(ftl::FIELDS).chain(carriers::FIELDS);
    debug_assert!(declared.all(|field| natives().any(|native| native.field.name == field.name)));
    let natives = natives().map(|native| Entry { field: native.field, native: Some(native) });
    let decoded = proto::fields().map(|field| Entry { field, native: None });
    let mut registry = Registry::default();
    for entry in natives.chain(decoded) {
        let place = registry.entries.len();
        // What an event says of itself is what JSON says under the same name.
        registry.by_name.entry(entry.field.name).or_insert_with(|| {
            registry.entries.push((entry, String::new()));
            place
        });
    }
    for field in proto::fields() {
        registry.decoded.entry(field.name).or_insert(field);
    }
    for place in 0..registry.entries.len() {
        registry.entries[place].1 = registry.write(registry.entries[place].0.field.name);
    }
    registry.first_parts = registry.groups();
    registry
});

/// Those of all protocols, and then those of some.
fn natives() -> impl Iterator<Item = &'static Native> {
    NATIVES.iter().chain(carriers::natives()).chain(ftl::NATIVES)
}

/// The fields that an event has beside what its bytes hold.
pub fn own() -> impl Iterator<Item = &'static Field> {
    natives().map(|native| native.field)
}

/// Every field that has a name, an event's own first.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    REGISTRY.entries.iter().map(|(entry, _)| entry.field)
}

impl Registry {
    /// The field of exactly that name.
    pub(crate) fn get(&self, name: &str) -> Option<Entry> {
        self.by_name.get(name).map(|place| self.entries[*place].0)
    }

    /// A field that a decoder records, also where an event has one of the same name.
    pub(crate) fn decoded(name: &str) -> Option<&'static Field> {
        REGISTRY.decoded.get(name).copied()
    }

    /// The first field of a type.
    pub(crate) fn first_of(&self, kind: Kind) -> Option<&'static Field> {
        self.entries.iter().map(|(entry, _)| entry.field).find(|field| field.kind == kind)
    }

    /// Whether any field's name goes on behind this one.
    pub(crate) fn has_members(&self, name: &str) -> bool {
        let inside = format!("{name}.");
        self.by_name.range(&*inside..).next().is_some_and(|(next, _)| next.starts_with(&inside))
    }

    /// The fields whose names go on behind this one and that an event has beside its bytes.
    pub(crate) fn members(&self, name: &'static str) -> impl Iterator<Item = &'static Native> {
        let from = self.by_name.range(name..).take_while(move |(known, _)| known.starts_with(name));
        let inside = from.filter(move |(known, _)| known[name.len()..].starts_with('.'));
        inside.filter_map(|(_, place)| self.entries[*place].0.native)
    }

    /// Whether a decoder records fields whose names go on behind this one.
    pub(crate) fn records(&self, name: &str) -> bool {
        let inside = format!("{name}.");
        self.decoded.range(&*inside..).next().is_some_and(|(next, _)| next.starts_with(&inside))
    }

    /// The first parts of all names that have more than one, where they are fields themselves. Others only say where a
    /// name belongs: values of such a group can stand inside any other value.
    pub(crate) fn first_parts(&self) -> &[&'static str] {
        &self.first_parts
    }

    fn groups(&self) -> Vec<&'static str> {
        let mut parts: Vec<_> =
            self.by_name.keys().filter_map(|name| name.split_once('.')).map(|(first, _)| first).collect();
        parts.dedup();
        parts.retain(|part| self.by_name.contains_key(part));
        parts
    }

    /// Every name as a person writes it, other names included.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = ALIASES.iter().map(|(alias, _)| *alias);
        self.entries.iter().map(|(_, written)| &**written).chain(aliases)
    }

    /// The name as a person writes it.
    pub(crate) fn written(&self, field: &'static Field) -> &str {
        self.by_name.get(field.name).map_or(field.name, |place| &*self.entries[*place].1)
    }

    /// What is inside a list has `[*]` there.
    fn write(&self, name: &str) -> String {
        let mut written = String::new();
        let mut end: usize = 0;
        for part in name.split('.') {
            let before = self.get(&name[..end.saturating_sub(1)]);
            let in_list = before.is_some_and(|before| before.field.kind == Kind::List);
            if in_list {
                written += "[*]";
            }
            if !(in_list && part == "item") {
                if end > 0 {
                    written.push('.');
                }
                written += part;
            }
            end += part.len() + 1;
        }
        written
    }
}

/// The field's name as a filter has it: what is inside a list has `[*]` there.
pub fn written(field: &'static Field) -> &'static str {
    REGISTRY.written(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_with_positions() {
        assert!(REGISTRY.names().any(|name| name == "command.arguments[*]"));
        assert!(REGISTRY.names().any(|name| name == "length"));
        assert!(!REGISTRY.names().any(|name| name == "command.arguments.item"));
        assert!(REGISTRY.has_members("command") && !REGISTRY.has_members("command.name"));
    }

    #[test]
    fn aliases_name_fields_and_are_none() {
        for (alias, name) in ALIASES {
            assert!(REGISTRY.get(name).is_some() && REGISTRY.get(alias).is_none(), "{alias}");
        }
    }
}
