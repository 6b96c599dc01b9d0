//! Names as they are written: their parts, and what somebody may have meant by one that is none.

use std::ops::Range;

use super::error::Fault;
use super::lexer::is_name;
use super::near::{did_you_mean, near};
use crate::registry::REGISTRY;
use crate::wire::Kind;

/// One part of a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Key(String),
    Index(u32),
    /// `[*]`: every one.
    Any,
}

/// A part and its place.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) part: Part,
    pub(super) span: Range<usize>,
}

/// Why the segments name nothing, and what they may have been meant to name.
pub(super) fn unknown(segments: &[Segment]) -> Fault {
    let fault = Fault::new(&whole(segments), format!("no field `{}`", join(segments)));
    let keys: Vec<&str> = segments
        .iter()
        .map_while(|segment| match &segment.part {
            Part::Key(key) => Some(&**key),
            _ => None,
        })
        .collect();
    let names: Vec<&str> = REGISTRY.names().collect();
    let without_first = |name: &str, form: &str| name.split_once('.').is_some_and(|(_, rest)| rest == form);
    for count in (1..=keys.len()).rev() {
        let forms = names.iter().flat_map(|name| [Some(*name), name.split_once('.').map(|(_, rest)| rest)]);
        let forms = forms.flatten().filter(|form| form.split('.').count() == count);
        let found = near(&keys[..count].join("."), forms);
        let mut behind = String::from("x");
        segments[count..].iter().for_each(|segment| write_part(&mut behind, &segment.part));
        let behind = &behind[1..];
        let may_go_on =
            |name: &str| REGISTRY.get(name).is_some_and(|entry| matches!(entry.field.kind, Kind::Amf | Kind::List));
        let mut meant: Vec<String> = Vec::new();
        for name in &names {
            let is_whole = found.contains(name);
            let is_part = found.iter().any(|form| !names.iter().any(|name| name == form) && without_first(name, form));
            if (is_whole || is_part) && (behind.is_empty() || may_go_on(name)) && meant.len() < 3 {
                meant.push(format!("{name}{behind}"));
            }
        }
        if let Some(help) = did_you_mean(&meant) {
            return fault.help(help);
        }
    }
    // What looks like a name of the wire has to be said from its field on.
    match (segments, REGISTRY.first_of(Kind::Amf)) {
        ([_], Some(field)) => {
            let inside = Part::Key(join(segments));
            let mut name = field.name.to_owned();
            write_part(&mut name, &inside);
            fault.help(format!("`rtmp-inspect fields` lists them; inside an AMF value it would be `{name}`"))
        }
        _ => fault.help("`rtmp-inspect fields` lists them"),
    }
}

/// From the first segment to the last.
pub(super) fn whole(segments: &[Segment]) -> Range<usize> {
    let start = segments.first().map_or(0, |segment| segment.span.start);
    start..segments.last().map_or(start, |segment| segment.span.end)
}

/// The segments as text.
pub(super) fn join(segments: &[Segment]) -> String {
    let mut name = String::new();
    for segment in segments {
        write_part(&mut name, &segment.part);
    }
    name
}

/// Appends a part as it is written behind a name.
pub(super) fn write_part(name: &mut String, part: &Part) {
    match part {
        Part::Key(key) if is_name(key) => {
            if !name.is_empty() {
                name.push('.');
            }
            *name += key;
        }
        Part::Key(key) => *name += &format!("[{key:?}]"),
        Part::Index(index) => *name += &format!("[{index}]"),
        Part::Any => *name += "[*]",
    }
}

/// What a value of this type is, in words.
pub(super) fn noun(kind: Kind, unit: &str) -> String {
    match kind {
        Kind::Uint | Kind::Int | Kind::Number if unit.is_empty() => "a number".into(),
        Kind::Uint | Kind::Int | Kind::Number if unit == "ms" => "a number of milliseconds".into(),
        Kind::Uint | Kind::Int | Kind::Number => format!("a number of {unit}"),
        Kind::Bool => "true or false".into(),
        Kind::Time => "a time".into(),
        Kind::Text => "text".into(),
        Kind::Word => "a word".into(),
        Kind::Bytes | Kind::Opaque => "bytes".into(),
        Kind::Group => "a group".into(),
        Kind::List => "a list".into(),
        Kind::Amf => "an AMF value".into(),
    }
}
