//! Values made at random from a seed.

use rtmp_inspect::synth::{Amf, Amf3, Random};

const NAMES: &[&str] = &["a", "b", "code", "größe", "level", "x"];
const TEXTS: &[&str] = &["", "a", "live", "grüße", "NetStream.Play.Start", "日本", "x"];
const ONE_VALUE: &[&str] = &[
    "flex.messaging.io.ArrayCollection",
    "flex.messaging.io.ArrayList",
    "flex.messaging.io.ObjectProxy",
    "flex.messaging.io.ManagedObjectProxy",
    "flex.messaging.io.SerializationProxy",
];

fn pick<'t>(random: &mut Random, from: &[&'t str]) -> &'t str {
    from[random.below(from.len() as u64) as usize]
}

fn number(random: &mut Random) -> f64 {
    match random.below(4) {
        0 => random.below(1000) as f64,
        1 => -(random.below(1 << 40) as f64) / 16.0,
        _ => f64::from_bits(random.number()),
    }
}

fn several<T>(random: &mut Random, most: u64, mut one: impl FnMut(&mut Random) -> T) -> Vec<T> {
    (0..random.below(most + 1)).map(|_| one(random)).collect()
}

/// An AMF0 value, `depth` deep at most. It holds no AMF3: flash-lso goes on with the tables of the AMF3 value before,
/// and cannot be told of Flex there.
pub fn amf0(random: &mut Random, depth: u32) -> Amf {
    let members =
        |random: &mut Random| several(random, 4, |random| (pick(random, NAMES).to_owned(), amf0(random, depth - 1)));
    match random.below(if depth == 0 { 9 } else { 13 }) {
        0 => Amf::Number(number(random)),
        1 => Amf::Boolean(random.below(2) == 0),
        2 => Amf::String(pick(random, TEXTS).into()),
        3 => Amf::Null,
        4 => Amf::Undefined,
        5 => Amf::LongString(pick(random, TEXTS).into()),
        6 => Amf::Unsupported,
        7 => Amf::Date { milliseconds: number(random), timezone: random.number() as i16 },
        8 => Amf::Xml(pick(random, TEXTS).into()),
        9 => Amf::Object(members(random)),
        10 => Amf::EcmaArray { count: random.below(9) as u32, members: members(random) },
        11 => Amf::StrictArray(several(random, 4, |random| amf0(random, depth - 1))),
        _ => Amf::Typed { class: pick(random, NAMES).into(), members: members(random) },
    }
}

/// An AMF3 value, `depth` deep at most.
pub fn amf3(random: &mut Random, depth: u32) -> Amf3 {
    let members =
        |random: &mut Random| several(random, 3, |random| (pick(random, NAMES).to_owned(), amf3(random, depth - 1)));
    let items = |random: &mut Random| several(random, 4, |random| amf3(random, depth - 1));
    match random.below(if depth == 0 { 13 } else { 18 }) {
        0 => Amf3::Undefined,
        1 => Amf3::Null,
        2 => Amf3::Boolean(random.below(2) == 0),
        3 => Amf3::Integer((random.number() as i32) >> (3 + random.below(25))),
        4 => Amf3::Double(number(random)),
        5 => Amf3::String(pick(random, TEXTS).into()),
        6 => Amf3::XmlDocument(pick(random, TEXTS).into()),
        7 => Amf3::Xml(pick(random, TEXTS).into()),
        8 => Amf3::Date(number(random)),
        9 => Amf3::ByteArray(several(random, 9, |random| random.number() as u8)),
        10 => Amf3::VectorInt(several(random, 4, |random| random.number() as i32)),
        11 => Amf3::VectorUint(several(random, 4, |random| random.number() as u32)),
        12 => Amf3::VectorDouble(several(random, 4, |random| random.below(999) as f64 / 8.0)),
        13 => Amf3::Array { members: members(random), items: items(random) },
        14 => Amf3::Object {
            class: pick(random, TEXTS).into(),
            sealed: members(random),
            dynamic: (random.below(2) == 0).then(|| members(random)),
        },
        15 => Amf3::VectorObject { class: pick(random, TEXTS).into(), items: items(random) },
        16 => Amf3::Dictionary(several(random, 3, |random| (amf3(random, depth - 1), amf3(random, depth - 1)))),
        _ => Amf3::Externalizable { class: pick(random, ONE_VALUE).into(), content: vec![amf3(random, depth - 1)] },
    }
}

/// A message of a Flex class whose flag bytes announce its values.
pub fn flex_message(random: &mut Random) -> Amf3 {
    let mut content = Vec::new();
    for bits in [7, 2, 1] {
        let flags = random.number() as u8 & ((1 << bits) - 1);
        content.push(Amf3::Raw(vec![flags]));
        content.extend((0..flags.count_ones()).map(|_| amf3(random, 0)));
    }
    Amf3::Externalizable { class: "flex.messaging.io.CommandMessage".into(), content }
}
