//! AMF3: what `synth` writes, the decoder reads back, every value with its bytes; and what is broken, endless or too much
//! is a problem, not an end.
#![allow(clippy::unwrap_used)]

mod common;

use common::{decoded, json};
use proptest::prelude::*;
use rtmp_inspect::proto::amf::{Amf as Decoded, Vector};
use rtmp_inspect::synth::{Amf, Amf3};
use serde_json::{Value, json};

/// One AMF3 value, and what stands in JSON for it. There is nothing wrong with it.
fn read(value: &Amf3) -> (Decoded, Value) {
    let arguments = [Amf::from(value.clone())];
    let (mut found, problems) = decoded(&arguments);
    assert_eq!(problems, Vec::<String>::new(), "{value:?}");
    (found.remove(0), json(&arguments)["command"]["arguments"][0].clone())
}

fn broken(bytes: &[u8]) -> String {
    let (_, mut problems) = decoded(&[Amf::Amf3(bytes.to_vec())]);
    assert_eq!(problems.len(), 1, "{bytes:?}: {problems:?}");
    problems.remove(0)
}

fn text(text: &str) -> Decoded {
    Decoded::String(text.into())
}

fn members(members: &[(&str, Decoded)]) -> Vec<(String, Decoded)> {
    members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn every_marker() {
    for (value, found, shown) in [
        (Amf3::Undefined, Decoded::Undefined, json!({"$undefined": true})),
        (Amf3::Null, Decoded::Null, Value::Null),
        (Amf3::Boolean(true), Decoded::Boolean(true), json!(true)),
        (Amf3::Integer(-1), Decoded::Integer(-1), json!(-1)),
        (Amf3::Integer(0x0fff_ffff), Decoded::Integer(268_435_455), json!(268_435_455)),
        (Amf3::Integer(-0x1000_0000), Decoded::Integer(-268_435_456), json!(-268_435_456)),
        (Amf3::Double(0.5), Decoded::Number(0.5), json!(0.5)),
        ("grüße".into(), text("grüße"), json!("grüße")),
        (Amf3::XmlDocument("<a/>".into()), Decoded::Xml("<a/>".into()), json!({"$xml": "<a/>"})),
        (Amf3::Xml("<b/>".into()), Decoded::Xml("<b/>".into()), json!({"$xml": "<b/>"})),
        (Amf3::Date(1.5), Decoded::Date { ms: 1.5, timezone: None }, json!({"$date": 1.5})),
        (Amf3::ByteArray(vec![0, 255]), Decoded::ByteArray(vec![0, 255]), json!({"$bytes": "00ff"})),
        (Amf3::list([]), Decoded::StrictArray(vec![]), json!([])),
        (
            Amf3::VectorInt(vec![-1, 2]),
            Decoded::Vector { fixed: false, items: Vector::Int(vec![-1, 2]) },
            json!([-1, 2]),
        ),
        (
            Amf3::VectorUint(vec![u32::MAX]),
            Decoded::Vector { fixed: false, items: Vector::Uint(vec![u32::MAX]) },
            json!([u32::MAX]),
        ),
        (
            Amf3::VectorDouble(vec![0.25]),
            Decoded::Vector { fixed: false, items: Vector::Number(vec![0.25]) },
            json!([0.25]),
        ),
        (
            Amf3::VectorObject { class: "C".into(), items: vec![Amf3::Null] },
            Decoded::Vector { fixed: false, items: Vector::Object { class: "C".into(), items: vec![Decoded::Null] } },
            json!([null]),
        ),
        (
            Amf3::Dictionary(vec![("k".into(), Amf3::Integer(1)), (Amf3::list([]), Amf3::Null)]),
            Decoded::Dictionary {
                weak: false,
                entries: vec![(text("k"), Decoded::Integer(1)), (Decoded::StrictArray(vec![]), Decoded::Null)],
            },
            json!({"$pairs": [["k", 1], [[], null]]}),
        ),
        (
            Amf3::object([("a", Amf3::Null), ("b", Amf3::Undefined)]),
            Decoded::Object(members(&[("a", Decoded::Null), ("b", Decoded::Undefined)])),
            json!({"a": null, "b": {"$undefined": true}}),
        ),
    ] {
        assert_eq!(read(&value), (found, shown), "{value:?}");
    }
}

#[test]
fn arrays_with_names_items_and_both() {
    let names = || vec![("k".to_owned(), Amf3::Integer(1))];
    assert_eq!(
        read(&Amf3::Array { members: names(), items: vec![] }),
        (Decoded::EcmaArray { count: 1, members: members(&[("k", Decoded::Integer(1))]) }, json!({"k": 1}))
    );
    assert_eq!(
        read(&Amf3::Array { members: names(), items: vec![Amf3::Null, "x".into()] }),
        (
            Decoded::MixedArray {
                members: members(&[("k", Decoded::Integer(1))]),
                items: vec![Decoded::Null, text("x")]
            },
            json!({"k": 1, "$items": [null, "x"]})
        )
    );
    // A name that would pass for ours.
    let named = vec![("$items".to_owned(), Amf3::Integer(1))];
    let shown = read(&Amf3::Array { members: named, items: vec![Amf3::Null] }).1;
    assert_eq!(shown, json!({"$pairs": [["$items", 1]], "$items": [null]}));
}

#[test]
fn strings_and_traits_are_referred_to() {
    let point = |x: i32, dynamic| Amf3::Object {
        class: "Point".into(),
        sealed: vec![("x".into(), Amf3::Integer(x)), ("Point".into(), "x".into())],
        dynamic,
    };
    let more = || Some(vec![("z".to_owned(), Amf3::Null), (String::from("x"), Amf3::Null)]);
    let value = Amf3::list([point(1, None), point(2, None), "".into(), "x".into(), point(3, more()), point(4, more())]);
    let (found, shown) = read(&value);
    let Decoded::StrictArray(items) = found else { panic!() };
    let expected = members(&[("x", Decoded::Integer(2)), ("Point", text("x"))]);
    assert_eq!(items[1], Decoded::Typed { class: "Point".into(), members: expected });
    assert_eq!(items[2..4], [text(""), text("x")]);
    assert_eq!(
        shown[5],
        json!({"$class": "Point", "$pairs": [["x", 4], ["Point", "x"], ["z", null], ["x", null]]}),
        "a name twice"
    );
}

/// Many readers of JSON take no more than 127 levels. References in references would make any number of them.
#[test]
fn json_is_no_deeper_than_its_readers_take() {
    let nested = |inner: Amf3| (0..25).fold(inner, |inner, _| Amf3::list([inner]));
    let mut values = vec![Amf::from(nested(Amf3::Null))];
    // Each holds the one before, 25 levels down.
    let mut all = vec![nested(Amf3::Null)];
    for number in 0..10 {
        all.push(nested(Amf3::object_reference(1 + number * 25)));
    }
    values.push(Amf::from(Amf3::list(all)));
    let shown = json(&values);
    let depth = |value: &Value| {
        fn depth(value: &Value) -> usize {
            match value {
                Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
                Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
                _ => 0,
            }
        }
        depth(value)
    };
    let text = serde_json::to_string(&shown).unwrap();
    assert!((25..127).contains(&depth(&shown)) && text.contains("$ref"), "{} deep: {text}", depth(&shown));
    // One reference by itself is followed.
    let short = json(&[Amf3::list([Amf3::list([]), Amf3::object_reference(1)]).into()]);
    assert!(!serde_json::to_string(&short).unwrap().contains("$ref"), "{short}");
}

#[test]
fn references_name_what_began_before() {
    let shared = Amf3::list([Amf3::object([("a", Amf3::Null)]), Amf3::object_reference(1), Amf3::object_reference(0)]);
    let (found, shown) = read(&shared);
    let Decoded::StrictArray(items) = found else { panic!() };
    assert_eq!(items[1..], [Decoded::Reference(1), Decoded::Reference(0)]);
    assert_eq!(shown, json!([{"a": null}, {"a": null}, {"$ref": 0}]), "what contains itself is not written out");
    // Each value has tables of its own.
    let two = [Amf::from(Amf3::list([])), Amf::from(Amf3::object_reference(0))];
    let (found, problems) = decoded(&two);
    assert_eq!(found, [Decoded::StrictArray(vec![])]);
    assert_eq!(problems, ["object reference 0 names nothing earlier in this AMF3 value"]);
    // AMF0's numbers are others'.
    let mixed = [Amf::StrictArray(vec![]), Amf3::list([Amf3::list([])]).into(), Amf::Reference(0), Amf::Reference(1)];
    let (found, problems) = decoded(&mixed);
    assert_eq!(found[2], Decoded::Reference(0));
    assert_eq!(problems, ["reference 1 names no earlier value"]);
}

#[test]
fn flex_classes_are_read_in_their_own_form() {
    let collection = |class: &str, content| Amf3::Externalizable { class: class.into(), content };
    let (found, shown) = read(&Amf3::list([
        collection("flex.messaging.io.ArrayCollection", vec![Amf3::list([Amf3::Integer(1)])]),
        collection("flex.messaging.io.ObjectProxy", vec![Amf3::object([("a", Amf3::Null)])]),
        // Traits by reference, and values that go on behind it.
        collection("flex.messaging.io.ArrayCollection", vec![Amf3::object_reference(2)]),
    ]));
    let Decoded::StrictArray(items) = found else { panic!() };
    let source = members(&[("source", Decoded::StrictArray(vec![Decoded::Integer(1)]))]);
    assert_eq!(items[0], Decoded::Typed { class: "flex.messaging.io.ArrayCollection".into(), members: source });
    assert_eq!(
        shown,
        json!([
            {"$class": "flex.messaging.io.ArrayCollection", "source": [1]},
            {"$class": "flex.messaging.io.ObjectProxy", "object": {"a": null}},
            {"$class": "flex.messaging.io.ArrayCollection", "source": [1]},
        ])
    );
    let raw = |bytes: &[u8]| Amf3::Raw(bytes.to_vec());
    // Body and timestamp; a second byte with the message's id in bytes and a flag of the future. Then AsyncMessage: a
    // correlation. Then CommandMessage: an operation.
    let command = collection(
        "DSC",
        vec![
            raw(&[0xa1, 0x06]),
            Amf3::Null,
            Amf3::Double(7.0),
            Amf3::ByteArray(vec![1]),
            "later".into(),
            raw(&[0x01]),
            "id".into(),
            raw(&[0x01]),
            Amf3::Integer(5),
        ],
    );
    let shown = read(&command).1;
    let fields = json!({"$class": "DSC", "body": null, "timestamp": 7, "messageIdBytes": {"$bytes": "01"},
        "correlationId": "id", "operation": 5, "$items": ["later"]});
    assert_eq!(shown, fields);
    let acknowledge = vec![raw(&[0x02]), "client".into(), raw(&[0]), raw(&[0])];
    let shown = read(&collection("flex.messaging.messages.AcknowledgeMessage", acknowledge)).1;
    assert_eq!(shown, json!({"$class": "flex.messaging.messages.AcknowledgeMessage", "clientId": "client"}));
}

#[test]
fn an_unknown_class_takes_the_rest_and_what_came_before_it_stands() {
    let own = Amf3::Externalizable { class: "my.Own".into(), content: vec![Amf3::Raw(vec![1, 2, 3])] };
    let arguments = [Amf::Number(1.0), Amf3::object([("a", Amf3::Integer(1)), ("b", own)]).into()];
    let (found, problems) = decoded(&arguments);
    assert_eq!(problems, ["class my.Own writes itself in a form that is not known"]);
    // The empty name that ends the object's members is among the bytes: nobody can tell.
    let raw = Decoded::Externalizable { class: "my.Own".into(), bytes: vec![1, 2, 3, 1] };
    assert_eq!(found[1], Decoded::Object(members(&[("a", Decoded::Integer(1)), ("b", raw)])));
    let shown = &json(&arguments)["command"]["arguments"];
    assert_eq!(shown[1]["b"], json!({"$externalizable": "my.Own", "$bytes": "01020301"}));
}

#[test]
fn what_is_broken_is_a_problem() {
    for (bytes, what) in [
        (&[][..], "an AMF3 marker needs 1 byte, 0 are left"),
        (&[0x12], "unknown AMF3 marker 0x12"),
        (&[4, 0x80, 0x80], "an AMF3 integer needs 1 byte, 0 are left"),
        (&[6, 4], "string reference 2 names nothing earlier in this AMF3 value"),
        (&[6, 9, b'a'], "an AMF3 string needs 4 bytes, 1 is left"),
        (&[10, 1], "traits reference 0 names nothing earlier in this AMF3 value"),
        (&[9, 0xff, 0xff, 0xff, 0xff, 1], "the array is not closed: the bytes end behind 0 of its 268435455 values"),
        (&[10, 0xff, 0xff, 0xff, 0xf3, 1], "33554431 sealed members in an AMF3 value, 0 bytes are left"),
        (&[0x0d, 0xff, 0xff, 0xff, 0xff, 0, 0], "268435455 numbers in an AMF3 value, 1 byte is left"),
        (&[0x11, 5, 0, 1, 1, 1], "2 keys and values in an AMF3 value, 3 bytes are left"),
        (&[0x0c, 9, 0], "a byte array needs 4 bytes, 1 is left"),
        (&[8, 1, 0], "an AMF3 date needs 8 bytes, 1 is left"),
    ] {
        assert_eq!(broken(bytes), what, "{bytes:?}");
    }
}

#[test]
fn depth_values_and_repeated_text_are_bounded() {
    assert_eq!(
        broken(&[9, 3, 1].repeat(10_000)),
        "AMF values are nested deeper than 32, which is as deep as is followed"
    );
    let many = Amf3::list(vec![Amf3::Null; 100_000]);
    assert_eq!(broken(&many.bytes()), "more AMF values in one message than are followed");
    let numbers = Amf3::VectorInt(vec![0; 100_000]);
    assert_eq!(broken(&numbers.bytes()), "more AMF values in one message than are followed");
    // A long text, and many references to it.
    let long = "x".repeat(100_000);
    let echoes = Amf3::list(vec![Amf3::String(long.clone()); 20]);
    assert_eq!(broken(&echoes.bytes()), "references repeat more text than is followed");
    // The same by the names of an object's members.
    let class = || Amf3::Object { class: String::new(), sealed: vec![(long.clone(), Amf3::Null)], dynamic: None };
    let objects = Amf3::list(std::iter::repeat_with(class).take(20));
    assert_eq!(broken(&objects.bytes()), "references repeat more text than is followed");
}

/// Lists of two, each of the one before it: written out, they would double at every step.
fn laughs(steps: u32, leaf: Amf3) -> Amf3 {
    let step = |number: u32| Amf3::list([Amf3::object_reference(number), Amf3::object_reference(number)]);
    // List 0 holds all; list 1 is the leaf, and step n refers to the list before it.
    Amf3::list(std::iter::once(Amf3::list([leaf])).chain((1..steps).map(step)))
}

#[test]
fn references_to_references_are_written_out_within_a_budget() {
    let arguments = [Amf::from(laughs(500, "ha".into()))];
    let (_, problems) = decoded(&arguments);
    assert_eq!(problems, Vec::<String>::new());
    let shown = json(&arguments);
    assert!(shown.to_string().len() < 200_000, "{} bytes", shown.to_string().len());
    assert_eq!(shown["command"]["arguments"][0][1], json!([["ha"], ["ha"]]), "the first ones are written out");
    // Few values, much text.
    let text = "ha".repeat(50_000);
    let many = std::iter::once(Amf3::list([Amf3::String(text)])).chain(vec![Amf3::object_reference(1); 4000]);
    let shown = json(&[Amf::from(Amf3::list(many))]);
    assert!(shown.to_string().len() < 1_000_000, "{} bytes", shown.to_string().len());
    // AMF0 has the same budget.
    let long = Amf::StrictArray(vec![Amf::LongString("ha".repeat(50_000))]);
    let arguments: Vec<_> = std::iter::once(long).chain(vec![Amf::Reference(0); 4000]).collect();
    let shown = json(&arguments);
    assert!(shown.to_string().len() < 1_000_000, "{} bytes", shown.to_string().len());
}

#[test]
fn cycles_end() {
    let inner = Amf3::object([("outer", Amf3::object_reference(0)), ("me", Amf3::object_reference(1))]);
    let value = Amf3::object([("inner", inner), ("again", Amf3::object_reference(1))]);
    let shown = read(&value).1;
    assert_eq!(shown["inner"], json!({"outer": {"$ref": 0}, "me": {"$ref": 1}}));
    assert_eq!(shown["again"], json!({"outer": {"$ref": 0}, "me": {"$ref": 1}}));
    let dictionary = Amf3::Dictionary(vec![(Amf3::object_reference(0), Amf3::object_reference(0))]);
    assert_eq!(read(&dictionary).1, json!({"$pairs": [[{"$ref": 0}, {"$ref": 0}]]}));
    let collection = Amf3::Externalizable {
        class: "flex.messaging.io.ArrayList".into(),
        content: vec![Amf3::list([Amf3::object_reference(0)])],
    };
    assert_eq!(read(&collection).1, json!({"$class": "flex.messaging.io.ArrayList", "source": [{"$ref": 0}]}));
}

fn any_amf3() -> impl Strategy<Value = Amf3> {
    let leaf = prop_oneof![
        Just(Amf3::Undefined),
        Just(Amf3::Null),
        any::<bool>().prop_map(Amf3::Boolean),
        (-0x1000_0000..0x1000_0000).prop_map(Amf3::Integer),
        any::<f64>().prop_filter("compares", |number| !number.is_nan()).prop_map(Amf3::Double),
        "[a-cü]{0,3}".prop_map(Amf3::String),
        ".{0,9}".prop_map(Amf3::XmlDocument),
        ".{0,9}".prop_map(Amf3::Xml),
        (0.0..1e13).prop_map(Amf3::Date),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Amf3::ByteArray),
        prop::collection::vec(any::<i32>(), 0..4).prop_map(Amf3::VectorInt),
        prop::collection::vec(any::<u32>(), 0..4).prop_map(Amf3::VectorUint),
        prop::collection::vec(-1e9..1e9, 0..4).prop_map(Amf3::VectorDouble),
        // The outermost value began before.
        Just(Amf3::object_reference(0)),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let members = prop::collection::vec(("[a-c]{1,2}", inner.clone()), 0..4);
        let items = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            (members.clone(), items.clone()).prop_map(|(members, items)| Amf3::Array { members, items }),
            ("[A-C]?", members.clone(), prop::option::of(members)).prop_map(|(class, sealed, dynamic)| Amf3::Object {
                class,
                sealed,
                dynamic
            }),
            ("[A-C]?", items).prop_map(|(class, items)| Amf3::VectorObject { class, items }),
            prop::collection::vec((inner.clone(), inner.clone()), 0..3).prop_map(Amf3::Dictionary),
            inner.prop_map(|value| Amf3::Externalizable {
                class: "flex.messaging.io.ArrayCollection".into(),
                content: vec![value]
            }),
        ]
    })
    // A reference needs something that it can name.
    .prop_map(|value| Amf3::list([value]))
}

fn expected(value: &Amf3) -> Decoded {
    let all = |items: &[Amf3]| items.iter().map(expected).collect::<Vec<_>>();
    let named = |members: &[(String, Amf3)]| {
        members.iter().map(|(name, value)| (name.clone(), expected(value))).collect::<Vec<_>>()
    };
    let vector = |items| Decoded::Vector { fixed: false, items };
    match value {
        Amf3::Undefined => Decoded::Undefined,
        Amf3::Null => Decoded::Null,
        Amf3::Boolean(flag) => Decoded::Boolean(*flag),
        Amf3::Integer(number) => Decoded::Integer(*number),
        Amf3::Double(number) => Decoded::Number(*number),
        Amf3::String(string) => text(string),
        Amf3::XmlDocument(text) | Amf3::Xml(text) => Decoded::Xml(text.clone()),
        Amf3::Date(ms) => Decoded::Date { ms: *ms, timezone: None },
        Amf3::Array { members, items } if members.is_empty() => Decoded::StrictArray(all(items)),
        Amf3::Array { members, items } if items.is_empty() => {
            Decoded::EcmaArray { count: members.len() as u32, members: named(members) }
        }
        Amf3::Array { members, items } => Decoded::MixedArray { members: named(members), items: all(items) },
        Amf3::Object { class, sealed, dynamic } => {
            let members = [named(sealed), named(dynamic.as_deref().unwrap_or_default())].concat();
            if class.is_empty() { Decoded::Object(members) } else { Decoded::Typed { class: class.clone(), members } }
        }
        Amf3::Externalizable { class, content } => {
            Decoded::Typed { class: class.clone(), members: members(&[("source", expected(&content[0]))]) }
        }
        Amf3::ByteArray(bytes) => Decoded::ByteArray(bytes.clone()),
        Amf3::VectorInt(items) => vector(Vector::Int(items.clone())),
        Amf3::VectorUint(items) => vector(Vector::Uint(items.clone())),
        Amf3::VectorDouble(items) => vector(Vector::Number(items.clone())),
        Amf3::VectorObject { class, items } => {
            vector(Vector::Object { class: class.clone().into(), items: all(items) })
        }
        Amf3::Dictionary(entries) => Decoded::Dictionary {
            weak: false,
            entries: entries.iter().map(|(key, value)| (expected(key), expected(value))).collect(),
        },
        Amf3::Reference { number, .. } => Decoded::Reference(*number),
        Amf3::Raw(_) => panic!("not generated"),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(values in prop::collection::vec(any_amf3(), 0..4)) {
        let arguments: Vec<_> = values.iter().cloned().map(Amf::from).collect();
        let (found, problems) = decoded(&arguments);
        prop_assert_eq!(problems, Vec::<String>::new());
        prop_assert_eq!(found, values.iter().map(expected).collect::<Vec<_>>());
        prop_assert!(json(&arguments)["command"]["arguments"].is_array());
    }

    #[test]
    fn any_bytes_are_claimed_once_and_shown(bytes in prop::collection::vec(0_u8..0x20, 0..60), tail in any::<[u8; 6]>()) {
        // Small numbers are markers, counts and references: most of these go deep.
        let bytes = [bytes, tail.to_vec()].concat();
        let arguments = [Amf::Amf3(bytes)];
        decoded(&arguments);
        prop_assert!(json(&arguments)["command"].is_object());
    }
}
