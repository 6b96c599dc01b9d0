//! AMF values in one line: cut short, and safe to show.

use super::write;
use crate::proto::amf::{Amf, Vector};
use crate::wire::{escape_into, words};

/// Characters of one text value that are shown.
const TEXT: usize = 80;
/// Members of one object that are shown.
pub(super) const MEMBERS: usize = 12;
/// Values inside one another that are shown.
const DEPTH: usize = 3;
/// Bytes of a line behind which no further value is shown.
const LINE: usize = 4096;

pub(super) fn value_into(line: &mut String, value: &Amf, depth: usize) {
    if line.len() > LINE {
        line.push('…');
        return;
    }
    match value {
        Amf::Number(number) => line.push_str(&words::number(*number)),
        Amf::Integer(number) => write(line, format_args!("{number}")),
        Amf::Boolean(flag) => write(line, format_args!("{flag}")),
        Amf::String(text) => quote(line, text),
        Amf::Xml(text) => {
            line.push_str("xml ");
            quote(line, text);
        }
        Amf::Null => line.push_str("null"),
        Amf::Undefined => line.push_str("undefined"),
        Amf::Unsupported => line.push_str("unsupported"),
        Amf::Reference(index) => write(line, format_args!("reference {index}")),
        Amf::Date { ms, .. } => write(line, format_args!("date {ms}")),
        Amf::ByteArray(bytes) => write(line, format_args!("({})", words::count(bytes.len() as u64, "byte"))),
        Amf::Externalizable { class, bytes } => {
            clip(line, class);
            write(line, format_args!(" ({}, not decoded)", words::count(bytes.len() as u64, "byte")));
        }
        Amf::StrictArray(items) => list_into(line, items, |line, item| inner(line, item, depth)),
        Amf::Vector { items, .. } => match items {
            Vector::Int(items) => list_into(line, items, |line, item| write(line, format_args!("{item}"))),
            Vector::Uint(items) => list_into(line, items, |line, item| write(line, format_args!("{item}"))),
            Vector::Number(items) => list_into(line, items, |line, item| line.push_str(&words::number(*item))),
            Vector::Object { items, .. } => list_into(line, items, |line, item| inner(line, item, depth)),
        },
        Amf::Dictionary { entries, .. } => list_into(line, entries, |line, (key, value)| {
            inner(line, key, depth);
            line.push('=');
            inner(line, value, depth);
        }),
        Amf::Object(members) | Amf::EcmaArray { members, .. } => object_into(line, members, depth),
        Amf::MixedArray { members, items } => {
            object_into(line, members, depth);
            list_into(line, items, |line, item| inner(line, item, depth));
        }
        Amf::Typed { class, members } => {
            clip(line, class);
            object_into(line, members, depth);
        }
    }
}

fn inner(line: &mut String, value: &Amf, depth: usize) {
    if depth < DEPTH {
        value_into(line, value, depth + 1);
    }
}

fn list_into<T>(line: &mut String, items: &[T], mut item_into: impl FnMut(&mut String, &T)) {
    line.push('[');
    for (index, item) in items.iter().take(MEMBERS).enumerate() {
        if index > 0 {
            line.push_str(", ");
        }
        item_into(line, item);
    }
    line.push_str(if items.len() > MEMBERS { ", …]" } else { "]" });
}

fn object_into(line: &mut String, members: &[(String, Amf)], depth: usize) {
    line.push('{');
    if depth < DEPTH {
        members_into(line, members, depth);
    }
    line.push('}');
}

pub(super) fn members_into(line: &mut String, members: &[(String, Amf)], depth: usize) {
    for (index, (name, value)) in members.iter().take(MEMBERS).enumerate() {
        if index > 0 {
            line.push(' ');
        }
        clip(line, name);
        line.push('=');
        value_into(line, value, depth + 1);
    }
    if members.len() > MEMBERS {
        line.push_str(" …");
    }
}

/// Text of at most so many characters, escaped.
pub(super) fn clip(line: &mut String, text: &str) {
    escape_into(line, &words::clip(text, TEXT));
}

pub(super) fn quote(line: &mut String, text: &str) {
    line.push('"');
    clip(line, text);
    line.push('"');
}
