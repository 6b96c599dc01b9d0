//! Values in words: what stands behind a field's name, safe to show and no longer than a line can be.

use std::ops::Range;

use crate::registry::{self, native::Seen};
use crate::wire::{Field, Label, Node, Time, Value, escape, escape_into, words};

/// Bytes of a value that are shown on its line.
const CLIP: usize = 256;
/// Bytes of an undecoded value that are shown on its line.
const CLIP_HEX: usize = 16;

fn slice<'b>(bytes: &'b [u8], range: &Range<u32>) -> &'b [u8] {
    bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
}

pub(super) fn label(node: &Node, bytes: &[u8]) -> String {
    match &node.label {
        Label::Field => node.field.key().to_owned(),
        Label::Index(index) => format!("[{index}]"),
        Label::Key(range) => text(slice(bytes, range)),
    }
}

pub(super) fn value(node: &Node, children: usize, bytes: &[u8]) -> String {
    let members = |what: &str| match children {
        1 => format!("1 {what}"),
        _ => format!("{children} {what}s"),
    };
    match &node.value {
        Value::Group if node.depth == 0 => String::new(),
        Value::Group => format!("{{{}}}", members("member")),
        Value::List => format!("[{}]", members("item")),
        Value::EcmaArray(claimed) if *claimed as usize == children => format!("{{{}}}", members("member")),
        Value::EcmaArray(claimed) => format!("{{{}, {claimed} claimed}}", members("member")),
        Value::Class(name) => format!("{} {{{}}}", text(slice(bytes, name)), members("member")),
        Value::Pairs => format!("[{}]", members("pair")),
        Value::Externalizable { class, bytes: range } => {
            format!("{} {}", text(slice(bytes, class)), hex(slice(bytes, range)))
        }
        Value::Uint(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Number(value) => words::number(*value),
        Value::Bool(value) => value.to_string(),
        Value::Word(word) => (*word).to_owned(),
        Value::Text(range) => format!("\"{}\"", text(slice(bytes, range))),
        Value::Xml(range) => format!("xml \"{}\"", text(slice(bytes, range))),
        Value::Bytes(range) => hex(slice(bytes, range)),
        Value::Null => "null".to_owned(),
        Value::Undefined => "undefined".to_owned(),
        Value::Date { ms, timezone } => {
            let timezone = timezone.map_or_else(String::new, |minutes| format!(", timezone {minutes}"));
            format!("date {ms}{timezone}")
        }
        Value::Reference { number, .. } => format!("reference {number}"),
    }
}

/// What a filter calls a node inside of what it calls `above`.
pub(super) fn name(node: &Node, above: &str, bytes: &[u8]) -> String {
    let is_inside = |key: &str| !above.is_empty() && key.len() <= CLIP;
    match &node.label {
        Label::Field => registry::written(node.field).to_owned(),
        Label::Index(index) => format!("{above}[{index}]"),
        Label::Key(range) => match std::str::from_utf8(slice(bytes, range)) {
            Ok(key) if is_inside(key) && is_word(key) => format!("{above}.{key}"),
            Ok(key) if is_inside(key) => format!("{above}[{key:?}]"),
            _ => String::new(),
        },
    }
}

fn is_word(key: &str) -> bool {
    key.starts_with(|c: char| c.is_alphabetic() || c == '_') && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A value as a filter writes it; empty where it is too long, or has no value of its own.
pub(super) fn literal(value: &Value, bytes: &[u8]) -> String {
    match value {
        Value::Uint(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Number(value) if value.is_finite() => words::number(*value),
        Value::Bool(value) => value.to_string(),
        Value::Word(word) => format!("{word:?}"),
        Value::Text(range) | Value::Xml(range) => match std::str::from_utf8(slice(bytes, range)) {
            Ok(text) if text.len() <= CLIP => format!("{text:?}"),
            _ => String::new(),
        },
        Value::Bytes(range) if (1..=CLIP_HEX).contains(&range.len()) => {
            let digits: Vec<_> = slice(bytes, range).iter().map(|byte| format!("{byte:02x}")).collect();
            digits.join(":")
        }
        Value::Null => "null".to_owned(),
        Value::Undefined => "undefined".to_owned(),
        _ => String::new(),
    }
}

/// A field's name, beside a value that has the unit.
pub(super) fn fact_name(field: &'static Field) -> &'static str {
    field.key().trim_end_matches("_ms")
}

/// A value that no bytes of a message hold, with its unit.
pub(super) fn fact(field: &Field, value: &Value) -> String {
    let text = match value {
        Value::Uint(value) => value.to_string(),
        Value::Number(value) => words::number(*value),
        Value::Bool(value) => value.to_string(),
        Value::Word(word) => (*word).to_owned(),
        _ => String::new(),
    };
    if field.unit.is_empty() { text } else { format!("{text} {}", field.unit) }
}

/// Text from the wire, safe to show and not longer than a line can be.
fn text(bytes: &[u8]) -> String {
    let clipped = &bytes[..bytes.len().min(CLIP)];
    let mut shown = String::new();
    escape_into(&mut shown, &String::from_utf8_lossy(clipped));
    if clipped.len() < bytes.len() {
        shown.push('…');
    }
    shown
}

/// All of a text that is longer than its line.
pub(super) fn whole(value: &Value, bytes: &[u8]) -> Option<String> {
    let (Value::Text(range) | Value::Xml(range)) = value else { return None };
    let text = slice(bytes, range);
    (text.len() > CLIP).then(|| escape(&String::from_utf8_lossy(text)))
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<_> = bytes.iter().take(CLIP_HEX).map(|byte| format!("{byte:02x}")).collect();
    let shown = shown.join(" ");
    if bytes.len() > CLIP_HEX { format!("{shown} … ({} bytes)", bytes.len()) } else { shown }
}

/// Absolute, in UTC.
pub(super) fn clock(time: Time) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.0)).map_or_else(|_| time.0.to_string(), |time| time.to_string())
}

/// A value that an event has beside its bytes, with its unit.
pub(super) fn seen(field: &Field, seen: Seen<'_>) -> Option<String> {
    let text = match seen {
        Seen::Uint(value) => value.to_string(),
        Seen::Number(value) => words::number(value),
        Seen::Bool(value) => value.to_string(),
        Seen::Word(word) => word.to_owned(),
        Seen::Text(text) => escape(&String::from_utf8_lossy(text)),
        Seen::Time { at, .. } => clock(Time(at)),
        _ => return None,
    };
    Some(format!("{text} {}", field.unit).trim_end().to_owned())
}
