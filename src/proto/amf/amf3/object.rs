//! Objects: their traits, sealed and dynamic members, and those that write themselves.

use std::rc::Rc;

use super::tables::{Tables, Traits, dangling, u29};
use super::{Read, enough, flex, members, text, value};
use crate::proto::amf::{Amf, Context};
use crate::wire::{Field, Label, Reader, Recorder, Stop, Trouble, Value};

pub(super) fn object<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    field: &'static Field,
) -> Result<Read, Stop> {
    let at = r.at();
    let head = u29(r, "an AMF3 object")?;
    if head & 1 == 0 {
        return tables.object(at, head >> 1);
    }
    // The object has its number before its members: they may refer to it.
    tables.objects.push(r.current());
    let traits = traits(r, context, tables, at, head)?;
    if traits.is_externalizable {
        return externalizable(r, context, tables, &traits);
    }
    let mut found = Vec::new();
    for name in &traits.sealed {
        if context.has_ended() {
            break;
        }
        r.label(Label::Key(name.clone()));
        let value = value(r, context, tables, field);
        found.extend(context.kept(value).map(|value| (text(r, name), value)));
    }
    if traits.is_dynamic {
        found.extend(members(r, context, tables, field, "object"));
    }
    Ok(if traits.class.is_empty() {
        (Amf::Object(found), Value::Group)
    } else {
        (Amf::Typed { class: text(r, &traits.class), members: found }, Value::Class(traits.class.clone()))
    })
}

/// The traits that an object's first number announces: earlier ones, or new ones.
fn traits<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    at: u32,
    head: u32,
) -> Result<Rc<Traits>, Stop> {
    if head & 2 == 0 {
        let number = head >> 2;
        let Some(traits) = tables.traits.get(number as usize) else {
            return Err(Stop::new(at, dangling("traits", number)).of(Trouble::Dangling));
        };
        for text in std::iter::once(&traits.class).chain(&traits.sealed) {
            context.repeat(r, text)?;
        }
        return Ok(traits.clone());
    }
    let is_externalizable = head & 4 != 0;
    let class = tables.string(r, context)?;
    let mut sealed = Vec::new();
    if !is_externalizable {
        // Each name has at least its length; each value, later, at least its marker.
        enough(r, head >> 4, 2, "sealed members")?;
        for _ in 0..head >> 4 {
            sealed.push(tables.string(r, context)?);
        }
    }
    let traits = Rc::new(Traits { class, is_externalizable, is_dynamic: head & 8 != 0, sealed });
    tables.traits.push(traits.clone());
    Ok(traits)
}

/// An object in its class's own form. Where that is not known, neither is its length: the rest of the bytes is its.
fn externalizable<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    traits: &Traits,
) -> Result<Read, Stop> {
    let class = text(r, &traits.class);
    if let Some(form) = flex::form(&class) {
        let members = flex::read(r, context, tables, form)?;
        return Ok((Amf::Typed { class, members }, Value::Class(traits.class.clone())));
    }
    context.end(r.stop(format!("class {class} writes itself in a form that is not known")).of(Trouble::Limit));
    let start = r.at();
    let bytes = r.skip(r.left(), "an object")?;
    let range = start..start + bytes.len() as u32;
    Ok((
        Amf::Externalizable { class, bytes: bytes.to_vec() },
        Value::Externalizable { class: traits.class.clone(), bytes: range },
    ))
}
