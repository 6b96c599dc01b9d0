//! The list of all fields, for people: on the terminal and as `docs/fields.md`.

use std::collections::BTreeMap;

use super::native::ALIASES;
use super::{REGISTRY, fields, written};
use crate::wire::{Field, Kind};

/// Words of a field that are listed before the rest is left to `rtmp-inspect fields`.
const LISTED: usize = 40;

/// The lines of `rtmp-inspect fields`: every field whose name begins so.
pub fn lines(prefix: &str) -> String {
    let mut text = String::new();
    for field in fields() {
        let name = written(field);
        if !name.starts_with(prefix) && !field.name.starts_with(prefix) {
            continue;
        }
        text += &format!("{name:<32} {:<18} {}", kind(field), sentence(field));
        if !field.source.is_empty() {
            text += &format!(" [{}]", field.source);
        }
        text.push('\n');
        if !field.words.is_empty() {
            text += &format!("{:<51} one of {}\n", "", words(field).join(", "));
        }
    }
    for (alias, name) in ALIASES.iter().filter(|(alias, _)| alias.starts_with(prefix)) {
        text += &format!("{alias:<32} {:<18} Another name for {name}.\n", "");
    }
    text
}

/// `docs/fields.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Fields\n\n\
         Every field that a [filter](filter.md) can name, as `rtmp-inspect fields` lists them. The same names are the keys\n\
         in JSON and the labels on the screen. This page is made from the program: `BLESS=1 cargo test --test filter`\n\
         writes it again.\n\n\
         `[*]` stands for every position; `[0]` is the first. An AMF value goes on with the names that the wire has:\n\
         `command.object.app`. A name may leave out its first part where the rest is not ambiguous.\n",
    );
    for (group, members) in groups() {
        text +=
            &format!("\n## {group}\n\n| name | type | unit | meaning | source |\n| --- | --- | --- | --- | --- |\n");
        for field in members {
            let mut meaning = sentence(field);
            let words = words(field);
            if !words.is_empty() {
                let listed: Vec<_> = words.iter().take(LISTED).map(|word| format!("`{word}`")).collect();
                let more = if words.len() > LISTED { " …" } else { "" };
                meaning += &format!(" One of {}{more}.", listed.join(", "));
            }
            let cells = [&*meaning, field.source].map(|cell| cell.replace('|', "\\|"));
            let name = written(field);
            text += &format!("| `{name}` | {} | {} | {} | {} |\n", field.kind.name(), field.unit, cells[0], cells[1]);
        }
    }
    text += "\n## Other names\n\n| name | stands for |\n| --- | --- |\n";
    for (alias, name) in ALIASES {
        text += &format!("| `{alias}` | `{name}` |\n");
    }
    text
}

/// The fields under headings: those of one first part together, in order of first appearance.
fn groups() -> Vec<(String, Vec<&'static Field>)> {
    const EVENTS: &str = "Events and message headers";
    const BODIES: &str = "Other fields of messages";
    let mut groups: Vec<(String, Vec<&'static Field>)> = vec![(EVENTS.into(), Vec::new()), (BODIES.into(), Vec::new())];
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for field in fields() {
        let first = field.name.split('.').next().unwrap_or(field.name);
        let is_native = REGISTRY.get(field.name).is_some_and(|entry| entry.native.is_some());
        let is_group = matches!(field.kind, Kind::Group | Kind::List) && REGISTRY.has_members(first);
        let place = if first == field.name && !is_group {
            usize::from(!is_native)
        } else {
            *places.entry(first).or_insert_with(|| {
                groups.push((format!("`{first}`"), Vec::new()));
                groups.len() - 1
            })
        };
        groups[place].1.push(field);
    }
    groups.retain(|(_, members)| !members.is_empty());
    groups
}

fn kind(field: &Field) -> String {
    let unit = if field.unit.is_empty() { String::new() } else { format!(" ({})", field.unit) };
    format!("{}{unit}", field.kind.name())
}

/// A field's documentation on one line.
fn sentence(field: &Field) -> String {
    field.doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The field's words, each once; those of a number with it.
fn words(field: &Field) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in field.words {
        let shown = match word.number {
            Some(number) if field.kind == Kind::Uint => format!("{number} {}", word.name),
            _ => word.name.to_owned(),
        };
        if !words.contains(&shown) {
            words.push(shown);
        }
    }
    words
}
