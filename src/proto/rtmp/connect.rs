//! What the numbers in a `connect` and its answer mean, bit by bit. Source: RTMP 1.0 §7.2.1.1; Enhanced RTMP v2,
//! "Enhancing NetConnection connect Command".
//!
//! The object keeps its numbers; the names are recorded beside it. `capabilities` has no documented bits.

use std::ops::Range;

use super::Command;
use super::command::OBJECT;
use crate::fields;
use crate::limits::Limits;
use crate::proto::amf::{Amf, Context, amf0};
use crate::wire::{Field, Label, Reader, Recorder, Tree, Value};

fields! {
    /// The names of the flags that the connection's properties hold.
    FLAGS: Group "command.flags", "", "RTMP 1.0 §7.2.1.1; Enhanced RTMP v2";
    /// The audio codecs that the client supports.
    AUDIO_CODECS: List "command.flags.audioCodecs", "", "RTMP 1.0 §7.2.1.1";
    /// The video codecs that the client supports.
    VIDEO_CODECS: List "command.flags.videoCodecs", "", "RTMP 1.0 §7.2.1.1";
    /// The special video functions that the sender supports.
    VIDEO_FUNCTION: List "command.flags.videoFunction", "", "RTMP 1.0 §7.2.1.1; Enhanced RTMP v2";
    /// The parts of Enhanced RTMP that the sender supports.
    CAPS_EX: List "command.flags.capsEx", "", "Enhanced RTMP v2";
    /// The AMF version of what follows.
    OBJECT_ENCODING: Word "command.flags.objectEncoding", "", "RTMP 1.0 §7.2.1.1";
    /// What the sender can do with each video codec.
    VIDEO_FOURCC_INFO_MAP: Group "command.flags.videoFourCcInfoMap", "", "Enhanced RTMP v2";
    /// What the sender can do with each audio codec.
    AUDIO_FOURCC_INFO_MAP: Group "command.flags.audioFourCcInfoMap", "", "Enhanced RTMP v2";
    /// What the sender can do with one codec; `*` stands for all.
    FOURCC_INFO: List "command.flags.fourCcInfo", "", "Enhanced RTMP v2";
    /// The name of one flag; the flag itself where it has none.
    FLAG: Word "command.flags.item", "", "RTMP 1.0 §7.2.1.1; Enhanced RTMP v2";
}

/// A property whose number is a set of flags, with their names from the lowest bit.
struct Flags {
    field: &'static Field,
    names: &'static [&'static str],
}

const PROPERTIES: &[Flags] = &[
    Flags {
        field: &AUDIO_CODECS,
        names: &[
            "none", "adpcm", "mp3", "intel", "unused", "nelly8", "nelly", "g711a", "g711u", "nelly16", "aac", "speex",
        ],
    },
    Flags {
        field: &VIDEO_CODECS,
        names: &["unused", "jpeg", "sorenson", "homebrew", "vp6", "vp6alpha", "homebrewv", "h264"],
    },
    Flags {
        field: &VIDEO_FUNCTION,
        names: &["client_seek", "client_hdr", "client_video_packet_type_metadata", "client_large_scale_tile"],
    },
    Flags { field: &CAPS_EX, names: &["reconnect", "multitrack", "modex", "timestamp_nano_offset"] },
];

/// The properties that map a FourCC to flags.
const MAPS: &[&Field] = &[&VIDEO_FOURCC_INFO_MAP, &AUDIO_FOURCC_INFO_MAP];
const INFO: &[&str] = &["can_decode", "can_encode", "can_forward"];

/// A flag's name, or the flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Name(&'static str),
    Bit(u32),
}

/// The flags in a number that can be a set of them.
fn flags(number: f64, names: &'static [&'static str]) -> Option<Vec<Flag>> {
    let bits = number as u32;
    let set = (0..32).filter(|bit| bits >> bit & 1 != 0);
    let flags = set.map(|bit| names.get(bit as usize).map_or(Flag::Bit(1 << bit), |name| Flag::Name(name)));
    (f64::from(bits) == number).then(|| flags.collect())
}

fn encoding(number: f64) -> Option<&'static str> {
    [(0.0, "amf0"), (3.0, "amf3")].into_iter().find(|(value, _)| *value == number).map(|(_, name)| name)
}

/// Whether a command's objects describe a connection.
fn describes_connection(command: &Command) -> bool {
    command.name == "connect" || command.is_answer()
}

/// The flags of a property with that name and number, where it has some.
pub(super) fn names(property: &str, value: &Amf) -> Option<Vec<Flag>> {
    let Flags { names, .. } = PROPERTIES.iter().find(|flags| flags.field.key() == property)?;
    flags(value.number()?, names)
}

/// The flags that a FourCC is mapped to.
pub(super) fn info(value: &Amf) -> Option<Vec<Flag>> {
    flags(value.number()?, INFO)
}

/// Records the names of the flags in the objects that lie at `objects`: those objects are read once more, for the
/// bytes of their members.
pub(super) fn record<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    command: &Command,
    objects: &[Range<u32>],
    limits: &Limits,
) {
    if !R::ON || !describes_connection(command) {
        return;
    }
    let trees: Vec<Tree> = objects
        .iter()
        .map(|object| {
            let mut tree = Tree::default();
            let mut inside = Reader::new(r.slice(object), object.start, &mut tree);
            // What is broken in it is a problem already.
            let _ = amf0::value(&mut inside, &mut Context::new(limits), &OBJECT);
            tree
        })
        .collect();
    let find = |r: &Reader<'_, '_, R>, name: &str| {
        trees.iter().find_map(|tree| Some((tree, member(tree, |key| r.slice(key) == name.as_bytes())?)))
    };
    let mut found = Vec::new();
    for property in PROPERTIES {
        if let Some((tree, node)) = find(r, property.field.key())
            && let Some(flags) = number(tree, node).and_then(|number| flags(number, property.names))
        {
            found.push((property.field, tree.nodes[node].span.clone(), What::Flags(flags)));
        }
    }
    if let Some((tree, node)) = find(r, OBJECT_ENCODING.key())
        && let Some(name) = number(tree, node).and_then(encoding)
    {
        found.push((&OBJECT_ENCODING, tree.nodes[node].span.clone(), What::Word(name)));
    }
    for field in MAPS {
        if let Some((tree, node)) = find(r, field.key()) {
            found.push((field, tree.nodes[node].span.clone(), What::Map(tree, node)));
        }
    }
    let Some(start) = found.iter().map(|(_, span, _)| span.start).min() else { return };
    let end = found.iter().map(|(_, span, _)| span.end).max().unwrap_or(start);
    r.derived(&FLAGS, start..end, Value::Group, |r| {
        for (field, span, what) in found {
            match what {
                What::Flags(flags) => record_flags(r, field, &span, &flags),
                What::Word(word) => r.note(field, span, Value::Word(word)),
                What::Map(tree, node) => r.derived(field, span, Value::Group, |r| record_map(r, tree, node)),
            }
        }
    });
}

/// What a property is shown as.
enum What<'t> {
    Flags(Vec<Flag>),
    Word(&'static str),
    Map(&'t Tree, usize),
}

fn record_flags<R: Recorder>(r: &mut Reader<'_, '_, R>, field: &'static Field, span: &Range<u32>, flags: &[Flag]) {
    r.derived(field, span.clone(), Value::List, |r| {
        for (index, flag) in flags.iter().enumerate() {
            let value = match *flag {
                Flag::Name(name) => Value::Word(name),
                Flag::Bit(bit) => Value::Uint(u64::from(bit)),
            };
            r.label(Label::Index(index as u32)).note(&FLAG, span.clone(), value);
        }
    });
}

fn record_map<R: Recorder>(r: &mut Reader<'_, '_, R>, tree: &Tree, node: usize) {
    for entry in tree.children(node) {
        let Label::Key(key) = &tree.nodes[entry].label else { continue };
        if let Some(flags) = number(tree, entry).and_then(|number| flags(number, INFO)) {
            r.label(Label::Key(key.clone()));
            record_flags(r, &FOURCC_INFO, &tree.nodes[entry].span, &flags);
        }
    }
}

/// The member of the tree's one value whose name is the one that is looked for.
fn member(tree: &Tree, is_it: impl Fn(&Range<u32>) -> bool) -> Option<usize> {
    let root = tree.roots().next()?;
    tree.children(root).find(|child| matches!(&tree.nodes[*child].label, Label::Key(key) if is_it(key)))
}

fn number(tree: &Tree, node: usize) -> Option<f64> {
    match tree.nodes[node].value {
        Value::Number(number) => Some(number),
        Value::Int(number) => Some(number as f64),
        _ => None,
    }
}
