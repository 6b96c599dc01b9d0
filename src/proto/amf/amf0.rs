//! AMF0: every marker, each value with the bytes that it came from. Source: AMF0 specification, Adobe 2007.

use super::amf3;
use super::{Amf, Context, Members};
use crate::wire::words::count;
use crate::wire::{Field, Label, Reader, Recorder, Stop, Trouble, Value};

const NUMBER: u8 = 0x00;
const BOOLEAN: u8 = 0x01;
const STRING: u8 = 0x02;
const OBJECT: u8 = 0x03;
const MOVIE_CLIP: u8 = 0x04;
const NULL: u8 = 0x05;
const UNDEFINED: u8 = 0x06;
const REFERENCE: u8 = 0x07;
const ECMA_ARRAY: u8 = 0x08;
const OBJECT_END: u8 = 0x09;
const STRICT_ARRAY: u8 = 0x0a;
const DATE: u8 = 0x0b;
const LONG_STRING: u8 = 0x0c;
const UNSUPPORTED: u8 = 0x0d;
const RECORD_SET: u8 = 0x0e;
const XML: u8 = 0x0f;
const TYPED_OBJECT: u8 = 0x10;
const AVM_PLUS: u8 = 0x11;

/// Reads one value, records it as `field` and returns it.
pub fn value<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
) -> Result<Amf, Stop> {
    context.nested(r, |r, context| r.node(field, |r| body(r, context, field)))
}

/// Reads one of the values that stand behind those that a message must have, as [`value`] does. Where only the zeros and
/// object ends are left that some senders fill up or end too often with, they are trailing bytes and no broken value.
pub fn further<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
) -> Result<Amf, Stop> {
    let (at, rest) = (r.at(), r.rest());
    value(r, context, field).map_err(|stop| {
        if rest.iter().all(|byte| matches!(*byte, 0 | OBJECT_END)) {
            Stop::new(at, format!("{} behind the last value", count(rest.len() as u64, "byte"))).of(Trouble::Trailing)
        } else {
            stop
        }
    })
}

fn body<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
) -> Result<(Amf, Value), Stop> {
    let at = r.at();
    let marker = r.skip(1, "an AMF0 marker")?[0];
    Ok(match marker {
        NUMBER => {
            let number = number(r)?;
            (Amf::Number(number), Value::Number(number))
        }
        BOOLEAN => {
            let flag = r.skip(1, "an AMF0 boolean")?[0] != 0;
            (Amf::Boolean(flag), Value::Bool(flag))
        }
        STRING => {
            let (text, range) = short_text(r)?;
            (Amf::String(text), Value::Text(range))
        }
        LONG_STRING => {
            let (text, range) = long_text(r)?;
            (Amf::String(text), Value::Text(range))
        }
        XML => {
            let (text, range) = long_text(r)?;
            (Amf::Xml(text), Value::Xml(range))
        }
        OBJECT => {
            context.complex.push(r.current());
            (Amf::Object(members(r, context, field, "object")), Value::Group)
        }
        ECMA_ARRAY => {
            context.complex.push(r.current());
            let count = u32::from_be_bytes(array(r.skip(4, "an ECMA array's count")?));
            (Amf::EcmaArray { count, members: members(r, context, field, "array") }, Value::EcmaArray(count))
        }
        TYPED_OBJECT => {
            context.complex.push(r.current());
            let (class, range) = short_text(r)?;
            (Amf::Typed { class, members: members(r, context, field, "object") }, Value::Class(range))
        }
        STRICT_ARRAY => {
            context.complex.push(r.current());
            let count = u32::from_be_bytes(array(r.skip(4, "a strict array's count")?));
            // However many it says, no more are read than there are.
            let mut items = Vec::new();
            for index in 0..count {
                if are_ends(r.rest()) {
                    context.end_array(r, index, count);
                    break;
                }
                r.label(Label::Index(index));
                let item = value(r, context, field);
                items.extend(context.kept(item));
                if context.has_ended() {
                    break;
                }
            }
            (Amf::StrictArray(items), Value::List)
        }
        NULL => (Amf::Null, Value::Null),
        UNDEFINED => (Amf::Undefined, Value::Undefined),
        UNSUPPORTED => (Amf::Unsupported, Value::Word("unsupported")),
        REFERENCE => {
            let number = u32::from(u16::from_be_bytes(array(r.skip(2, "an AMF0 reference")?)));
            let Some(node) = context.complex.get(number as usize) else {
                return Err(Stop::new(at, format!("reference {number} names no earlier value")).of(Trouble::Dangling));
            };
            (Amf::Reference(number), Value::Reference { number, node: *node })
        }
        DATE => {
            let ms = number(r)?;
            let timezone = i16::from_be_bytes(array(r.skip(2, "a date's time zone")?));
            (Amf::Date { ms, timezone: Some(timezone) }, Value::Date { ms, timezone: Some(timezone) })
        }
        AVM_PLUS => amf3::outermost(r, context, field)?,
        MOVIE_CLIP | RECORD_SET => {
            return Err(
                Stop::new(at, format!("AMF0 marker {marker:#04x} is reserved and has no body")).of(Trouble::Unknown)
            );
        }
        OBJECT_END => return Err(Stop::new(at, "an object end outside an object").of(Trouble::Unknown)),
        _ => return Err(Stop::new(at, format!("unknown AMF0 marker {marker:#04x}")).of(Trouble::Unknown)),
    })
}

/// Names and values up to the empty name that is followed by an object end. A name may be empty: only the marker ends. Where
/// the bytes end in its place, or a value cannot be read, what was read stands, in an object or array of that `kind` that is not closed.
fn members<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
    kind: &str,
) -> Members {
    let mut members = Vec::new();
    while !context.has_ended() {
        if matches!(r.rest(), [] | [0] | [0, 0]) {
            context.end_unclosed(r, kind, &format!("its {}", count(members.len() as u64, "member")));
            let _ = r.skip(r.left(), "an object end");
            break;
        }
        let Some((name, range)) = context.kept(short_text(r)) else { break };
        if name.is_empty() && r.peek() == Some(OBJECT_END) {
            let _ = r.skip(1, "an object end");
            break;
        }
        r.label(Label::Key(range));
        let value = value(r, context, field);
        members.extend(context.kept(value).map(|value| (name, value)));
    }
    members
}

/// Whether bytes are the ends of objects alone, too few of them for a number, which is the one value that begins so.
fn are_ends(bytes: &[u8]) -> bool {
    bytes.len() < 9 && bytes.chunks(3).all(|end| end == [0, 0, OBJECT_END])
}

fn short_text<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<(String, std::ops::Range<u32>), Stop> {
    let length = u16::from_be_bytes(array(r.skip(2, "a string's length")?));
    text(r, usize::from(length))
}

fn long_text<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<(String, std::ops::Range<u32>), Stop> {
    let length = u32::from_be_bytes(array(r.skip(4, "a long string's length")?));
    text(r, length as usize)
}

fn text<R: Recorder>(r: &mut Reader<'_, '_, R>, length: usize) -> Result<(String, std::ops::Range<u32>), Stop> {
    let start = r.at();
    let bytes = r.skip(length, "a string")?;
    Ok((String::from_utf8_lossy(bytes).into_owned(), start..start + length as u32))
}

fn number<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<f64, Stop> {
    Ok(f64::from_be_bytes(array(r.skip(8, "an AMF0 number")?)))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}
