//! A field's name as somebody wrote it → where its values are, and their type.
//!
//! Names may leave out their first part where the rest says it all. Behind an AMF value the names are the wire's own,
//! and any are possible; in front of it they are the registry's.

use super::error::Fault;
use super::name::{Part, Segment, join, noun, unknown, whole, write_part};
use crate::proto::rtmp::header;
use crate::registry::native::{ALIASES, Native};
use crate::registry::{Entry, REGISTRY, Registry};
use crate::wire::{Field, Kind, Word};

/// One step down a recorded tree.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// To every node of this field, however deep.
    Field(&'static Field),
    /// To the members of that name.
    Key(String),
    /// To the item at a position, which is also written out: some arrays have their positions for keys.
    Index(u32, String),
    /// To every member or item.
    Any,
}

/// Where a field's values come from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Native(&'static Native),
    Tree {
        steps: Vec<Step>,
        /// Whether it lies in the chunk header, not in the payload.
        header: bool,
    },
}

/// A field that was found.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// The whole name, nothing left out.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) unit: &'static str,
    pub(super) words: &'static [Word],
    pub(super) source: Source,
}

/// The lines of a handshake step in JSON have these fields without the first part, whatever else has the same names.
const PREFERRED: &str = "handshake";

/// First parts of what other protocols than RTMP record, and of what carries it. A name that leaves its first part out is RTMP's, where that has one.
pub(super) const OTHERS: &[&str] =
    &["ftl", "ftl_datagram", "ftl_ping", "rtcp", "rtcp_nack", "rtcp_sender_report", "rtp", "tls", "tunnel"];

/// Finds what the segments name. The first is a key.
pub(super) fn resolve(segments: &[Segment]) -> Result<Path, Fault> {
    let aliased = unalias(segments);
    let segments = aliased.as_deref().unwrap_or(segments);
    let exact = match find(None, segments) {
        Ok(path) => return Ok(path),
        Err(miss) => miss,
    };
    if let Ok(path) = find(Some(PREFERRED), segments) {
        return Ok(path);
    }
    let among = |others: bool| {
        let firsts = REGISTRY.first_parts().iter().filter(move |first| OTHERS.contains(first) == others);
        firsts.filter_map(|first| find(Some(first), segments).ok()).collect::<Vec<_>>()
    };
    let mut found = among(false);
    if found.is_empty() {
        found = among(true);
    }
    match (found.pop(), found.is_empty()) {
        (Some(path), true) => Ok(path),
        (Some(path), false) => {
            found.push(path);
            let names: Vec<_> = found.iter().map(|path| format!("`{}`", path.name)).collect();
            let message = format!("`{}` is ambiguous", join(segments));
            Err(Fault::new(&whole(segments), message).help(format!("it may be {}", names.join(" or "))))
        }
        (None, _) => Err(match exact {
            Miss::Fault(fault) => fault,
            Miss::Unknown => unknown(segments),
        }),
    }
}

/// Why a name is none.
enum Miss {
    Unknown,
    Fault(Fault),
}

fn unalias(segments: &[Segment]) -> Option<Vec<Segment>> {
    let (_, name) = ALIASES.iter().find(|(alias, _)| *alias == join(segments))?;
    let span = whole(segments);
    Some(name.split('.').map(|part| Segment { part: Part::Key(part.to_owned()), span: span.clone() }).collect())
}

fn find(first: Option<&str>, segments: &[Segment]) -> Result<Path, Miss> {
    let mut name = first.unwrap_or_default().to_owned();
    let mut rest = segments;
    loop {
        rest = longest(&mut name, rest, |name| REGISTRY.get(name).is_some() || REGISTRY.has_members(name));
        let Some(entry) = REGISTRY.get(&name) else { return Err(Miss::Unknown) };
        if first == Some(&*name) {
            return Err(Miss::Unknown);
        }
        // An event's own lists have no positions: `[*]` says what is the case anyway.
        match rest {
            [Segment { part: Part::Any, .. }] if entry.native.is_some() && REGISTRY.has_members(&name) => {
                return entered(entry, &[]);
            }
            [Segment { part: Part::Any, .. }, behind @ ..] if entry.native.is_some() && !behind.is_empty() => {
                let before = name.len();
                rest = behind;
                rest = longest(&mut name, rest, |name| REGISTRY.get(name).is_some());
                if name.len() == before {
                    return Err(Miss::Unknown);
                }
                if rest.is_empty() {
                    continue;
                }
                return Err(Miss::Unknown);
            }
            _ => return entered(entry, rest),
        }
    }
}

/// Lengthens `name` by as many keys as it can; gives what is left.
fn longest<'s>(name: &mut String, mut rest: &'s [Segment], known: impl Fn(&str) -> bool) -> &'s [Segment] {
    while let [Segment { part: Part::Key(key), .. }, behind @ ..] = rest {
        let longer = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        if !known(&longer) {
            break;
        }
        *name = longer;
        rest = behind;
    }
    rest
}

/// The rest of a name from a field of the registry on.
fn entered(entry: Entry, rest: &[Segment]) -> Result<Path, Miss> {
    let field = entry.field;
    let mut steps = Steps { steps: Vec::new(), name: REGISTRY.written(field).to_owned() };
    if let Some(native) = entry.native {
        let [next, ..] = rest else { return Ok(steps.path(field, Source::Native(native))) };
        return Err(nothing_inside(&steps.name, field, next));
    }
    let list = field.name.strip_suffix(".item").and_then(Registry::decoded);
    match list.filter(|list| list.kind == Kind::List) {
        Some(list) => steps.steps.extend([Step::Field(list), Step::Any]),
        None => steps.steps.push(Step::Field(field)),
    }
    inside(steps, field, rest)
}

fn inside(mut steps: Steps, field: &'static Field, rest: &[Segment]) -> Result<Path, Miss> {
    let [next, behind @ ..] = rest else { return Ok(steps.done(field)) };
    match (field.kind, &next.part) {
        (Kind::Amf, _) => Ok(steps.dynamic(rest)),
        (Kind::List, Part::Index(_) | Part::Any) => {
            steps.push(&next.part);
            // Lists side by side may share what their items are.
            let group = field.name.rsplit_once('.').map_or("", |(group, _)| group);
            let is_list = Registry::decoded(group).is_some_and(|group| group.kind == Kind::List);
            let shared = Registry::decoded(&format!("{group}.item")).filter(|_| !is_list);
            let item = Registry::decoded(&format!("{}.item", field.name)).or(shared);
            match item {
                Some(item) if !matches!(item.kind, Kind::Group) => return inside(steps, item, behind),
                _ if behind.is_empty() => return Ok(steps.done_with(item)),
                _ => {}
            }
            // A member of the item, or of what the list is in, as a track's are those of its message; or a field of what the
            // item holds, under its usual name.
            for prefix in [&*format!("{}.item", field.name), field.name, group, ""] {
                let mut name = prefix.to_owned();
                let left =
                    longest(&mut name, behind, |name| Registry::decoded(name).is_some() || REGISTRY.has_members(name));
                if let Some(found) = Registry::decoded(&name).filter(|_| left.len() < behind.len()) {
                    steps.steps.push(Step::Field(found));
                    let below = found.name.strip_prefix(prefix).unwrap_or(found.name).trim_start_matches('.');
                    steps.name.push('.');
                    steps.name += below;
                    return inside(steps, found, left);
                }
            }
            if item.is_none() { Ok(steps.dynamic(behind)) } else { Err(Miss::Unknown) }
        }
        // A group whose members have the names of the wire.
        (Kind::Group, _) if Registry::decoded(&format!("{}.item", field.name)).is_some_and(is_amf) => {
            Ok(steps.dynamic(rest))
        }
        (Kind::Group, Part::Key(_)) if REGISTRY.has_members(field.name) => Err(Miss::Unknown),
        (Kind::Group, _) if !REGISTRY.has_members(field.name) => Ok(steps.dynamic(rest)),
        (Kind::List, Part::Key(_)) => {
            let fault = Fault::new(&next.span, format!("`{}` is a list", steps.name));
            Err(Miss::Fault(fault.help(format!("`{0}[0]` is its first value, `{0}[*]` is each of them", steps.name))))
        }
        _ => Err(nothing_inside(&steps.name, field, next)),
    }
}

fn is_amf(field: &Field) -> bool {
    field.kind == Kind::Amf
}

fn nothing_inside(name: &str, field: &Field, next: &Segment) -> Miss {
    if matches!(next.part, Part::Key(_)) && REGISTRY.has_members(field.name) {
        return Miss::Unknown;
    }
    let what = match field.kind {
        Kind::Group => "has no positions",
        _ => "has nothing inside",
    };
    Miss::Fault(Fault::new(&next.span, format!("`{name}` is {} and {what}", noun(field.kind, field.unit))))
}

/// A name on its way.
struct Steps {
    steps: Vec<Step>,
    name: String,
}

impl Steps {
    fn push(&mut self, part: &Part) {
        self.steps.push(match part {
            Part::Key(key) => Step::Key(key.clone()),
            Part::Index(index) => Step::Index(*index, index.to_string()),
            Part::Any => Step::Any,
        });
        write_part(&mut self.name, part);
    }

    /// Inside an AMF value: names of the wire.
    fn dynamic(mut self, rest: &[Segment]) -> Path {
        for segment in rest {
            self.push(&segment.part);
        }
        self.done_with(None)
    }

    fn done(self, field: &'static Field) -> Path {
        self.done_with(Some(field))
    }

    /// `None` is any value.
    fn done_with(mut self, field: Option<&'static Field>) -> Path {
        let steps = std::mem::take(&mut self.steps);
        let in_header = |step: &Step| matches!(step, Step::Field(field) if header::FIELDS.iter().any(|other| std::ptr::eq(*field, *other)));
        let header = steps.first().is_some_and(in_header);
        let source = Source::Tree { steps, header };
        match field {
            Some(field) => self.path(field, source),
            None => Path { name: self.name, kind: Kind::Amf, unit: "", words: &[], source },
        }
    }

    fn path(self, field: &'static Field, source: Source) -> Path {
        Path { name: self.name, kind: field.kind, unit: field.unit, words: field.words, source }
    }
}
