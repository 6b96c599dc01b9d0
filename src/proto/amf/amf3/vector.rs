//! Vectors and dictionaries.

use super::tables::Tables;
use super::{Read, VECTOR_DOUBLE, VECTOR_INT, VECTOR_UINT, array, enough, items, text, value};
use crate::proto::amf::value::Vector;
use crate::proto::amf::{Amf, Context};
use crate::wire::{Field, Label, Reader, Recorder, Stop, Value};

/// A vector of `count` items, of the kind that its marker says.
pub(super) fn vector<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
    marker: u8,
    count: u32,
) -> Result<Read, Stop> {
    let fixed = r.skip(1, "a vector's fixed flag")?[0] != 0;
    let items = match marker {
        VECTOR_INT => Vector::Int(numbers(r, context, field, count, |bytes| {
            let number = i32::from_be_bytes(*bytes);
            (number, Value::Int(i64::from(number)))
        })?),
        VECTOR_UINT => Vector::Uint(numbers(r, context, field, count, |bytes| {
            let number = u32::from_be_bytes(*bytes);
            (number, Value::Uint(u64::from(number)))
        })?),
        VECTOR_DOUBLE => Vector::Number(numbers(r, context, field, count, |bytes| {
            let number = f64::from_be_bytes(*bytes);
            (number, Value::Number(number))
        })?),
        _ => {
            let class = tables.string(r, context)?;
            Vector::Object { class: text(r, &class).into(), items: items(r, context, tables, field, count) }
        }
    };
    Ok((Amf::Vector { fixed, items }, Value::List))
}

/// `count` numbers of `N` bytes each, numbered.
fn numbers<R: Recorder, T, const N: usize>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    field: &'static Field,
    count: u32,
    number: impl Fn(&[u8; N]) -> (T, Value),
) -> Result<Vec<T>, Stop> {
    enough(r, count, N, "numbers")?;
    context.count(r, count)?;
    let mut numbers = Vec::new();
    for index in 0..count {
        let at = r.at();
        let (item, shown) = number(&array(r.skip(N, "a vector's number")?));
        r.label(Label::Index(index)).note(field, at..at + N as u32, shown);
        numbers.push(item);
    }
    Ok(numbers)
}

/// A dictionary of `count` keys and values, each of any kind.
pub(super) fn dictionary<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
    count: u32,
) -> Result<Read, Stop> {
    let weak = r.skip(1, "a dictionary's weak flag")?[0] != 0;
    enough(r, count, 2, "keys and values")?;
    let mut entries = Vec::new();
    for index in 0..count {
        r.label(Label::Index(index));
        let entry: Result<_, Stop> = r.node(field, |r| {
            r.label(Label::Index(0));
            let key = value(r, context, tables, field)?;
            if context.has_ended() {
                return Ok(((key, Amf::Undefined), Value::List));
            }
            r.label(Label::Index(1));
            Ok(((key, value(r, context, tables, field)?), Value::List))
        });
        entries.extend(context.kept(entry));
        if context.has_ended() {
            break;
        }
    }
    Ok((Amf::Dictionary { weak, entries }, Value::Pairs))
}
