//! AMF0: what `synth` writes, the decoder reads back, every value with its bytes; and what is broken is a problem, not an
//! end.
#![allow(clippy::unwrap_used)]

mod common;

use common::{decoded, whole};
use proptest::prelude::*;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::amf::Amf as Decoded;
use rtmp_inspect::proto::rtmp::{MessageType, record_payload};
use rtmp_inspect::synth::{Amf, object};
use rtmp_inspect::wire::Tree;

#[test]
fn every_marker() {
    let (found, problems) = decoded(&[
        Amf::Number(-0.5),
        Amf::Boolean(true),
        Amf::String("grüße".into()),
        object([("a", Amf::Null), ("", Amf::Undefined), ("a", Amf::Boolean(false))]),
        Amf::EcmaArray { count: 99, members: vec![("k".into(), Amf::Number(1.0))] },
        Amf::StrictArray(vec![Amf::Null, Amf::String(String::new())]),
        Amf::Date { milliseconds: 1.5, timezone: -60 },
        Amf::LongString("long".into()),
        Amf::Unsupported,
        Amf::Xml("<a/>".into()),
        Amf::Typed { class: "C".into(), members: vec![("m".into(), Amf::Reference(0))] },
        Amf::Reference(1),
    ]);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        found,
        [
            Decoded::Number(-0.5),
            Decoded::Boolean(true),
            Decoded::String("grüße".into()),
            Decoded::Object(vec![
                ("a".into(), Decoded::Null),
                (String::new(), Decoded::Undefined),
                ("a".into(), Decoded::Boolean(false)),
            ]),
            Decoded::EcmaArray { count: 99, members: vec![("k".into(), Decoded::Number(1.0))] },
            Decoded::StrictArray(vec![Decoded::Null, Decoded::String(String::new())]),
            Decoded::Date { ms: 1.5, timezone: Some(-60) },
            Decoded::String("long".into()),
            Decoded::Unsupported,
            Decoded::Xml("<a/>".into()),
            Decoded::Typed { class: "C".into(), members: vec![("m".into(), Decoded::Reference(0))] },
            Decoded::Reference(1),
        ]
    );
}

#[test]
fn what_is_broken_is_a_problem_and_what_came_before_it_stands() {
    for (bytes, what) in [
        (vec![4], "AMF0 marker 0x04 is reserved and has no body"),
        (vec![0x0e], "AMF0 marker 0x0e is reserved and has no body"),
        (vec![0x22], "unknown AMF0 marker 0x22"),
        (vec![9], "1 byte behind the last value"),
        (vec![0, 0, 9], "3 bytes behind the last value"),
        (vec![7, 0, 5], "reference 5 names no earlier value"),
        (vec![2, 0, 9, b'x'], "a string needs 9 bytes, 1 is left"),
        (vec![0, 1, 2], "an AMF0 number needs 8 bytes, 2 are left"),
    ] {
        let (found, problems) = decoded(&[Amf::Number(1.0), Amf::Raw(bytes.clone())]);
        assert_eq!(found, [Decoded::Number(1.0)], "{bytes:?}");
        assert_eq!(problems, [what], "{bytes:?}");
    }
}

/// What breaks off inside an object or array is a problem, and what was read of that stands.
#[test]
fn what_breaks_off_inside_an_object_leaves_what_was_read() {
    let a = || vec![("a".to_owned(), Decoded::Null)];
    let string = [0, 1, b'b', 2, 0, 99, b'x'];
    let long = "a string needs 99 bytes, 1 is left";
    let nested = |inner| vec![("a".to_owned(), Decoded::Null), ("b".to_owned(), inner)];
    for (bytes, read, what) in [
        (vec![3, 0, 1, b'a', 9], Decoded::Object(vec![]), "an object end outside an object"),
        (vec![3, 0, 1, b'a'], Decoded::Object(vec![]), "an AMF0 marker needs 1 byte, 0 are left"),
        ([&[3, 0, 1, b'a', 5][..], &string].concat(), Decoded::Object(a()), long),
        ([&[8, 0, 0, 0, 2, 0, 1, b'a', 5][..], &string].concat(), Decoded::EcmaArray { count: 2, members: a() }, long),
        (
            [&[3, 0, 1, b'a', 5, 0, 1, b'b', 3, 0, 1, b'a', 5][..], &string].concat(),
            Decoded::Object(nested(Decoded::Object(a()))),
            long,
        ),
        ([&[0x0a, 0, 0, 0, 2, 5][..], &string[3..]].concat(), Decoded::StrictArray(vec![Decoded::Null]), long),
        // A name that is longer than the rest.
        (vec![3, 0, 1, b'a', 5, 0, 9, b'x'], Decoded::Object(a()), "a string needs 9 bytes, 1 is left"),
        // The count takes in the end of the object around the array.
        (
            vec![3, 0, 1, b'a', 5, 0, 1, b'b', 0x0a, 0, 0, 0, 2, 5, 0, 0, 9],
            Decoded::Object(nested(Decoded::StrictArray(vec![Decoded::Null]))),
            "the array is not closed: behind 1 of its 2 values only the ends of objects follow",
        ),
        // AMF3: a dynamic object, and an array.
        (
            vec![0x11, 0x0a, 0x0b, 1, 3, b'a', 1, 3, b'b', 6, 99, b'x'],
            Decoded::Object(a()),
            "an AMF3 string needs 49 bytes, 1 is left",
        ),
        (vec![0x11, 9, 5, 1, 1, 0x22], Decoded::StrictArray(vec![Decoded::Null]), "unknown AMF3 marker 0x22"),
    ] {
        let (found, problems) = decoded(&[Amf::Number(1.0), Amf::Raw(bytes.clone())]);
        assert_eq!(found, [Decoded::Number(1.0), read], "{bytes:?}");
        assert_eq!(problems, [what], "{bytes:?}");
    }
}

/// Values whose end is missing, what was read of them, and what is said.
#[test]
fn what_is_not_closed_keeps_what_was_read() {
    let a = |inner: Decoded| vec![("a".to_owned(), inner)];
    let class = "C".to_owned();
    for (bytes, read, what) in [
        (vec![3], Decoded::Object(vec![]), "the object is not closed: the bytes end behind its 0 members"),
        (
            vec![3, 0, 1, b'a', 5],
            Decoded::Object(a(Decoded::Null)),
            "the object is not closed: the bytes end behind its 1 member",
        ),
        (
            vec![3, 0, 1, b'a', 5, 0, 0],
            Decoded::Object(a(Decoded::Null)),
            "the object is not closed: the bytes end behind its 1 member",
        ),
        (
            vec![8, 0, 0, 0, 1, 0, 1, b'a', 5, 0],
            Decoded::EcmaArray { count: 1, members: a(Decoded::Null) },
            "the array is not closed: the bytes end behind its 1 member",
        ),
        (
            vec![0x10, 0, 1, b'C', 0, 1, b'a', 5],
            Decoded::Typed { class, members: a(Decoded::Null) },
            "the object is not closed: the bytes end behind its 1 member",
        ),
        (
            vec![3, 0, 1, b'a', 3, 0, 1, b'a', 5],
            Decoded::Object(a(Decoded::Object(a(Decoded::Null)))),
            "the object is not closed: the bytes end behind its 1 member",
        ),
        (
            vec![0x0a, 0, 0, 0, 3, 5, 5],
            Decoded::StrictArray(vec![Decoded::Null; 2]),
            "the array is not closed: the bytes end behind 2 of its 3 values",
        ),
        (
            vec![0x0a, 0xff, 0xff, 0xff, 0xff],
            Decoded::StrictArray(vec![]),
            "the array is not closed: the bytes end behind 0 of its 4294967295 values",
        ),
        (
            vec![0x11, 9, 7, 1, 1],
            Decoded::StrictArray(vec![Decoded::Null]),
            "the array is not closed: the bytes end behind 1 of its 3 values",
        ),
        (
            vec![0x11, 10, 0x0b, 1, 3, b'a', 1],
            Decoded::Object(a(Decoded::Null)),
            "the object is not closed: the bytes end behind its 1 member",
        ),
    ] {
        let (found, problems) = decoded(&[Amf::Number(1.0), Amf::Raw(bytes.clone())]);
        assert_eq!(found, [Decoded::Number(1.0), read], "{bytes:?}");
        assert_eq!(problems, [what], "{bytes:?}");
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = [3, 0, 1, b'a'].repeat(100_000);
    let (_, problems) = decoded(&[Amf::Raw(deep)]);
    assert_eq!(problems, ["AMF values are nested deeper than 32, which is as deep as is followed"]);
    let many = vec![5; 1_000_000];
    let (found, problems) = decoded(&[Amf::Raw(many)]);
    assert_eq!(problems, ["more AMF values in one message than are followed"]);
    assert!(found.len() > 60_000);
}

fn any_amf() -> impl Strategy<Value = Amf> {
    let leaf = prop_oneof![
        any::<f64>().prop_filter("compares", |number| !number.is_nan()).prop_map(Amf::Number),
        any::<bool>().prop_map(Amf::Boolean),
        ".{0,20}".prop_map(Amf::String),
        Just(Amf::Null),
        Just(Amf::Undefined),
        ".{0,20}".prop_map(Amf::LongString),
        Just(Amf::Unsupported),
        (0.0..1e13, any::<i16>()).prop_map(|(milliseconds, timezone)| Amf::Date { milliseconds, timezone }),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::vec((".{0,8}", inner.clone()), 0..6);
        prop_oneof![
            members.clone().prop_map(Amf::Object),
            (any::<u32>(), members.clone()).prop_map(|(count, members)| Amf::EcmaArray { count, members }),
            prop::collection::vec(inner, 0..6).prop_map(Amf::StrictArray),
            (".{0,8}", members).prop_map(|(class, members)| Amf::Typed { class, members }),
        ]
    })
}

fn expected(value: &Amf) -> Decoded {
    let members =
        |members: &[(String, Amf)]| members.iter().map(|(name, value)| (name.clone(), expected(value))).collect();
    match value {
        Amf::Number(number) => Decoded::Number(*number),
        Amf::Boolean(flag) => Decoded::Boolean(*flag),
        Amf::String(text) | Amf::LongString(text) => Decoded::String(text.clone()),
        Amf::Object(inner) => Decoded::Object(members(inner)),
        Amf::Null => Decoded::Null,
        Amf::Undefined => Decoded::Undefined,
        Amf::EcmaArray { count, members: inner } => Decoded::EcmaArray { count: *count, members: members(inner) },
        Amf::StrictArray(items) => Decoded::StrictArray(items.iter().map(expected).collect()),
        Amf::Date { milliseconds, timezone } => Decoded::Date { ms: *milliseconds, timezone: Some(*timezone) },
        Amf::Unsupported => Decoded::Unsupported,
        Amf::Typed { class, members: inner } => Decoded::Typed { class: class.clone(), members: members(inner) },
        other => panic!("{other:?} is not generated"),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(arguments in prop::collection::vec(any_amf(), 0..6)) {
        let (found, problems) = decoded(&arguments);
        prop_assert_eq!(problems, Vec::<String>::new());
        prop_assert_eq!(found, arguments.iter().map(expected).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_claimed_once_and_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 0_u8..23) {
        let mut tree = Tree::default();
        record_payload(MessageType(kind), 0, &bytes, 0, &mut tree, &Limits::default());
        whole(&tree, bytes.len());
    }
}
