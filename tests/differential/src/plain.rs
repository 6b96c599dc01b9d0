//! One form for what both decoders make of the same bytes, so that they can be compared.

use flash_lso::types::Value;
use rtmp_inspect::proto::amf::{Amf, Vector};

/// A value as text. Numbers stand with their bits, so that no two are taken for one.
pub fn ours(value: &Amf) -> String {
    match value {
        Amf::Number(number) => format!("number {:016x}", number.to_bits()),
        Amf::Integer(number) => format!("integer {number}"),
        Amf::Boolean(flag) => flag.to_string(),
        Amf::String(text) => format!("{text:?}"),
        Amf::Object(members) => object("", members.iter().map(our_member)),
        Amf::Typed { class, members } => object(class, members.iter().map(our_member)),
        Amf::Null => "null".into(),
        Amf::Undefined => "undefined".into(),
        Amf::Unsupported => "unsupported".into(),
        Amf::Reference(number) => format!("reference {number}"),
        Amf::EcmaArray { count, members } => array(*count, members.iter().map(our_member), [].into_iter()),
        Amf::MixedArray { members, items } => {
            array(members.len() as u32, members.iter().map(our_member), items.iter().map(ours))
        }
        Amf::StrictArray(items) => list(items.iter().map(ours)),
        Amf::Date { ms, timezone } => format!("date {:016x} {timezone:?}", ms.to_bits()),
        Amf::Xml(text) => format!("xml {text:?}"),
        Amf::ByteArray(bytes) => format!("bytes {bytes:?}"),
        Amf::Externalizable { class, .. } => format!("externalizable {class}"),
        Amf::Vector { fixed, items } => match items {
            Vector::Int(items) => format!("int {fixed} {items:?}"),
            Vector::Uint(items) => format!("uint {fixed} {items:?}"),
            Vector::Number(items) => format!("double {fixed} {items:?}"),
            Vector::Object { class, items } => format!("vector {class} {fixed} {}", list(items.iter().map(ours))),
        },
        Amf::Dictionary { weak, entries } => {
            format!("dictionary {weak} {}", list(entries.iter().map(|(key, value)| pair(&ours(key), &ours(value)))))
        }
    }
}

/// The same of a value that flash-lso has read.
pub fn theirs(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("number {:016x}", number.to_bits()),
        Value::Integer(number) => format!("integer {number}"),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::Object { data, .. } => {
            let class = data.class_definition.as_ref().map_or("", |class| &class.name);
            object(class, data.elements.iter().map(|element| pair(&element.name, &theirs(&element.value))))
        }
        Value::Custom(data) => {
            // Its names are its own; ours are the properties' names.
            let name = |name: &str| match name {
                "data" => "source".to_owned(),
                "ttl" => "timeToLive".to_owned(),
                name => {
                    let mut words = name.split('_');
                    let first = words.next().unwrap_or_default().to_owned();
                    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
                }
            };
            let elements = data.elements.iter();
            object(
                &data.class_definition.name,
                elements.map(|element| pair(&name(&element.name), &theirs(&element.value))),
            )
        }
        Value::Null => "null".into(),
        Value::Undefined => "undefined".into(),
        Value::Unsupported => "unsupported".into(),
        // The number is private.
        Value::Reference(reference) => {
            format!("reference {}", format!("{reference:?}").trim_matches(|c: char| !c.is_ascii_digit()))
        }
        Value::Amf3ObjectReference(id) => format!("reference {}", id.0),
        Value::ECMAArray { data, .. } => array(
            data.length,
            data.elements.iter().map(|element| pair(&element.name, &theirs(&element.value))),
            data.dense.iter().map(theirs),
        ),
        Value::StrictArray { values, .. } => list(values.iter().map(theirs)),
        Value::Date { time, timezone_or_utc } => {
            format!("date {:016x} {:?}", time.to_bits(), timezone_or_utc.map(|minutes| minutes as i16))
        }
        Value::XML { value, .. } => format!("xml {value:?}"),
        Value::AMF3(value) => theirs(value),
        Value::ByteArray(bytes) => format!("bytes {bytes:?}"),
        Value::VectorInt(vector) => format!("int {} {:?}", vector.fixed_length, vector.values),
        Value::VectorUInt(vector) => format!("uint {} {:?}", vector.fixed_length, vector.values),
        Value::VectorDouble(vector) => format!("double {} {:?}", vector.fixed_length, vector.values),
        Value::VectorObject { data, .. } => {
            let items = list(data.values.iter().map(theirs));
            format!("vector {} {} {items}", data.object_type_name, data.fixed_length)
        }
        Value::Dictionary { data, .. } => {
            let entries = data.elements.iter().map(|entry| pair(&theirs(&entry.key), &theirs(&entry.value)));
            format!("dictionary {} {}", data.weak_keys, list(entries))
        }
    }
}

fn our_member((name, value): &(String, Amf)) -> String {
    pair(name, &ours(value))
}

fn pair(key: &str, value: &str) -> String {
    format!("{key:?}: {value}")
}

fn object(class: &str, members: impl Iterator<Item = String>) -> String {
    format!("{class:?} {{{}}}", members.collect::<Vec<_>>().join(", "))
}

fn array(count: u32, members: impl Iterator<Item = String>, items: impl Iterator<Item = String>) -> String {
    format!("array of {count} {{{}}} {}", members.collect::<Vec<_>>().join(", "), list(items))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}
