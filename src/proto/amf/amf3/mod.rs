//! AMF3: every marker, each value with the bytes that it came from. Source: AMF3 specification, Adobe 2013.
//!
//! Strings, objects and traits that came before are named by number. The tables begin anew with each outermost value,
//! that is behind each avmplus marker of AMF0: Flash writes it so, and a sender that does otherwise gives a dangling
//! reference, which is a problem, instead of a wrong value, which nobody would see.

pub(super) mod flex;
mod object;
mod tables;
mod vector;

use std::ops::Range;

use super::{Amf, Context, Members};
use crate::wire::words::{self, count, counted};
use crate::wire::{Field, Label, Reader, Recorder, Stop, Trouble, Value};
use tables::{Tables, u29};

const UNDEFINED: u8 = 0x00;
const NULL: u8 = 0x01;
const FALSE: u8 = 0x02;
const TRUE: u8 = 0x03;
const INTEGER: u8 = 0x04;
const DOUBLE: u8 = 0x05;
const STRING: u8 = 0x06;
const XML_DOCUMENT: u8 = 0x07;
const DATE: u8 = 0x08;
const ARRAY: u8 = 0x09;
const OBJECT: u8 = 0x0a;
const XML: u8 = 0x0b;
const BYTE_ARRAY: u8 = 0x0c;
const VECTOR_INT: u8 = 0x0d;
const VECTOR_UINT: u8 = 0x0e;
const VECTOR_DOUBLE: u8 = 0x0f;
const VECTOR_OBJECT: u8 = 0x10;
const DICTIONARY: u8 = 0x11;

/// A value as the program keeps it, and as it is recorded.
type Read = (Amf, Value);

/// Reads one value that no avmplus marker announces, records it as `field` and returns it.
pub fn bare<R: Recorder>(r: &mut Reader<'_, '_, R>, context: &mut Context, field: &'static Field) -> Result<Amf, Stop> {
    context.nested(r, |r, context| r.node(field, |r| outermost(r, context, field)))
}

/// Reads the AMF3 value behind an avmplus marker into the node that is open.
pub(super) fn outermost<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
) -> Result<Read, Stop> {
    body(r, context, &mut Tables::default(), field)
}

/// Reads one value that stands inside another, and records it as `field`.
fn value<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
) -> Result<Amf, Stop> {
    context.nested(r, |r, context| r.node(field, |r| body(r, context, tables, field)))
}

fn body<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
) -> Result<Read, Stop> {
    let at = r.at();
    let marker = r.skip(1, "an AMF3 marker")?[0];
    Ok(match marker {
        UNDEFINED => (Amf::Undefined, Value::Undefined),
        NULL => (Amf::Null, Value::Null),
        FALSE | TRUE => (Amf::Boolean(marker == TRUE), Value::Bool(marker == TRUE)),
        INTEGER => {
            // 29 bits, two's complement.
            let number = (u29(r, "an AMF3 integer")? << 3) as i32 >> 3;
            (Amf::Integer(number), Value::Int(i64::from(number)))
        }
        DOUBLE => {
            let number = f64::from_be_bytes(array(r.skip(8, "an AMF3 double")?));
            (Amf::Number(number), Value::Number(number))
        }
        STRING => {
            let range = tables.string(r, context)?;
            (Amf::String(text(r, &range)), Value::Text(range))
        }
        DATE => match complex(r, tables, "an AMF3 date")? {
            Complex::Reference(read) => read,
            Complex::Own(_) => {
                let ms = f64::from_be_bytes(array(r.skip(8, "an AMF3 date")?));
                (Amf::Date { ms, timezone: None }, Value::Date { ms, timezone: None })
            }
        },
        XML_DOCUMENT | XML => match complex(r, tables, "an AMF3 XML document")? {
            Complex::Reference(read) => read,
            Complex::Own(length) => {
                let range = bytes(r, length, "an AMF3 XML document")?;
                (Amf::Xml(text(r, &range)), Value::Xml(range))
            }
        },
        BYTE_ARRAY => match complex(r, tables, "a byte array")? {
            Complex::Reference(read) => read,
            Complex::Own(length) => {
                let range = bytes(r, length, "a byte array")?;
                (Amf::ByteArray(r.slice(&range).to_vec()), Value::Bytes(range))
            }
        },
        ARRAY => match complex(r, tables, "an AMF3 array")? {
            Complex::Reference(read) => read,
            Complex::Own(count) => self::array_body(r, context, tables, field, count),
        },
        VECTOR_INT | VECTOR_UINT | VECTOR_DOUBLE | VECTOR_OBJECT => match complex(r, tables, "a vector")? {
            Complex::Reference(read) => read,
            Complex::Own(count) => vector::vector(r, context, tables, field, marker, count)?,
        },
        DICTIONARY => match complex(r, tables, "a dictionary")? {
            Complex::Reference(read) => read,
            Complex::Own(count) => vector::dictionary(r, context, tables, field, count)?,
        },
        OBJECT => object::object(r, context, tables, field)?,
        _ => return Err(Stop::new(at, format!("unknown AMF3 marker {marker:#04x}")).of(Trouble::Unknown)),
    })
}

/// What stands behind the marker of a value that has its place in the table of objects.
enum Complex {
    Reference(Read),
    /// Its own, with the number that the remaining bits give: a length or a count.
    Own(u32),
}

fn complex<R: Recorder>(r: &mut Reader<'_, '_, R>, tables: &mut Tables, what: &str) -> Result<Complex, Stop> {
    let at = r.at();
    let head = u29(r, what)?;
    if head & 1 == 0 {
        return tables.object(at, head >> 1).map(Complex::Reference);
    }
    tables.objects.push(r.current());
    Ok(Complex::Own(head >> 1))
}

/// Names and values up to the empty name, then as many values as the dense part has.
fn array_body<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
    count: u32,
) -> Read {
    let members = members(r, context, tables, field, "array");
    let items = items(r, context, tables, field, count);
    if members.is_empty() {
        (Amf::StrictArray(items), Value::List)
    } else if items.is_empty() {
        (Amf::EcmaArray { count: members.len() as u32, members }, Value::Group)
    } else {
        (Amf::MixedArray { members, items }, Value::Group)
    }
}

/// Names and values up to the empty name, or to the end of the bytes where that stands in its place.
fn members<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
    kind: &str,
) -> Members {
    let mut members = Vec::new();
    while !context.has_ended() {
        if r.is_empty() {
            context.end_unclosed(r, kind, &format!("its {}", count(members.len() as u64, "member")));
            break;
        }
        let name = tables.string(r, context);
        let Some(name) = context.kept(name).filter(|name| !name.is_empty()) else { break };
        r.label(Label::Key(name.clone()));
        let value = value(r, context, tables, field);
        members.extend(context.kept(value).map(|value| (text(r, &name), value)));
    }
    members
}

/// `count` values, numbered, or those that there are.
fn items<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
    count: u32,
) -> Vec<Amf> {
    let mut items = Vec::new();
    for index in 0..count {
        if context.has_ended() {
            break;
        }
        if r.is_empty() {
            context.end_unclosed(r, "array", &format!("{index} of its {}", words::count(u64::from(count), "value")));
            break;
        }
        r.label(Label::Index(index));
        let item = value(r, context, tables, field);
        items.extend(context.kept(item));
    }
    items
}

/// Stops when `count` things of at least `size` bytes cannot be in what is left: the count is a claim that the message
/// cannot keep.
fn enough<R: Recorder>(r: &Reader<'_, '_, R>, count: u32, size: usize, what: &str) -> Result<(), Stop> {
    if count as usize > r.left() / size {
        let what = format!("{count} {what} in an AMF3 value, {}", counted(r.left(), "byte is left", "bytes are left"));
        return Err(r.stop(what).of(Trouble::Truncated));
    }
    Ok(())
}

fn bytes<R: Recorder>(r: &mut Reader<'_, '_, R>, length: u32, what: &str) -> Result<Range<u32>, Stop> {
    let start = r.at();
    r.skip(length as usize, what)?;
    Ok(start..start + length)
}

fn text<R: Recorder>(r: &Reader<'_, '_, R>, range: &Range<u32>) -> String {
    String::from_utf8_lossy(r.slice(range)).into_owned()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}
