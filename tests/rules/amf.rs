//! Cases of the AMF rules.

use rtmp_inspect::proto::rtmp::{Body, describe};
use rtmp_inspect::synth::{
    Amf, Amf3, Conversation, Message, SharedObjectEvent, SubMessage, aggregate, object, sample, shared_object, values,
};

use crate::common::{Story, capture, json_of};
use crate::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [broken(), unclosed(), mixed(), texts(), arrays(), places(), real()].into_iter().flatten().collect()
}

/// A publisher's metadata with these values.
fn metadata(values: &[Amf]) -> Conversation {
    sample::publishing().client(|c| c.data(1, 0, "onMetaData", values))
}

fn raw(bytes: &[u8]) -> Amf {
    Amf::Raw(bytes.into())
}

/// AMF001, 2, 3, 7 and 9: what cannot be read.
fn broken() -> Vec<Case> {
    let deep = |levels| metadata(&[(0..levels).fold(Amf::Null, |inner, _| Amf::StrictArray(vec![inner]))]);
    vec![
        case("AMF001", "known ones", &sample::publish(1), &[]),
        case(
            "AMF001",
            "none that exists",
            &metadata(&[raw(&[0x22])]),
            &["the client's onMetaData: unknown AMF0 marker 0x22"],
        ),
        case(
            "AMF001",
            "a reserved one",
            &metadata(&[object([("m", raw(&[4]))])]),
            &["the client's onMetaData: AMF0 marker 0x04 is reserved and has no body"],
        ),
        case(
            "AMF001",
            "an object end for a value",
            &metadata(&[object([("m", raw(&[9]))])]),
            &["the client's onMetaData: an object end outside an object"],
        ),
        case(
            "AMF001",
            "none of AMF3",
            &metadata(&[Amf::Amf3(vec![0x22])]),
            &["the client's onMetaData: unknown AMF3 marker 0x22"],
        ),
        case("AMF001", "an object end too many is another rule's", &metadata(&[raw(&[9])]), &[]),
        case("AMF002", "whole", &sample::publish(1), &[]),
        case(
            "AMF002",
            "a string",
            &metadata(&[raw(&[2, 0, 9, b'x'])]),
            &["the client's onMetaData: a string needs 9 bytes, 1 is left"],
        ),
        case("AMF002", "an object without its end is another rule's", &metadata(&[raw(&[3, 0, 1, b'a', 5])]), &[]),
        case(
            "AMF002",
            "an object that breaks off inside",
            &metadata(&[raw(&[3, 0, 1, b'a', 2, 0, 9])]),
            &["the client's onMetaData: a: a string needs 9 bytes, 0 are left"],
        ),
        case(
            "AMF002",
            "a command's first value",
            &sample::publishing().client(|c| c.message(&Message::new(3, 20, 0, 0, vec![2, 0, 9]))),
            &["the client's command_amf0: a string needs 9 bytes, 0 are left"],
        ),
        case("AMF002", "zeros at the end are another rule's", &metadata(&[Amf::Null, raw(&[0, 0])]), &[]),
        case("AMF003", "none", &sample::publish(1), &[]),
        case(
            "AMF003",
            "an object end too many",
            &metadata(&[object([("a", Amf::Null)]), raw(&[0, 0, 9])]),
            &["the client's onMetaData: 3 bytes behind the last value"],
        ),
        case(
            "AMF003",
            "zeros",
            &sample::publishing().client(|c| c.command("lab", 0, &[Amf::Null, raw(&[0; 5])])),
            &["the client's lab: 5 bytes behind the last value"],
        ),
        case("AMF003", "nine zeros are a number", &metadata(&[raw(&[0; 9])]), &[]),
        case("AMF007", "to what came before", &metadata(&[object([("a", Amf::Null)]), Amf::Reference(0)]), &[]),
        case(
            "AMF007",
            "to nothing",
            &metadata(&[Amf::Reference(5)]),
            &["the client's onMetaData: reference 5 names no earlier value"],
        ),
        case(
            "AMF007",
            "to another value's tables",
            &metadata(&[Amf::Amf3(Amf3::list([]).bytes()), Amf::Amf3(Amf3::object_reference(0).bytes())]),
            &["the client's onMetaData: object reference 0 names nothing earlier in this AMF3 value"],
        ),
        case("AMF009", "as deep as is followed", &deep(31), &[]),
        case(
            "AMF009",
            "deeper",
            &deep(32),
            &["the client's onMetaData: AMF values are nested deeper than 32, which is as deep as is followed"],
        ),
    ]
}

/// AMF010: what is not closed.
fn unclosed() -> Vec<Case> {
    let one = &["the client's onMetaData: the object is not closed: the bytes end behind its 1 member"];
    vec![
        case("AMF010", "closed", &sample::publish(1), &[]),
        case("AMF010", "an object", &metadata(&[raw(&[3, 0, 1, b'a', 5])]), one),
        case(
            "AMF010",
            "an object inside one, which takes the other's end",
            &metadata(&[object([("o", raw(&[3, 0, 1, b'a', 5]))])]),
            one,
        ),
        case(
            "AMF010",
            "fewer values than an array says",
            &metadata(&[raw(&[0x0a, 0, 0, 0, 3, 5, 5])]),
            &["the client's onMetaData: the array is not closed: the bytes end behind 2 of its 3 values"],
        ),
        case("AMF010", "a value that breaks off is another rule's", &metadata(&[raw(&[3, 0, 1, b'a', 2, 0, 9])]), &[]),
        Case {
            code: "AMF010",
            what: "an ECMA array",
            story: Story::of_file(&capture("cases/ecma-array-without-end.pcap")),
            expected: &["the client's onMetaData: the array is not closed: the bytes end behind its 11 members"],
        },
    ]
}

/// AMF011: AMF3 where AMF0 is declared, and the reverse.
fn mixed() -> Vec<Case> {
    let said =
        |kind, payload: Vec<u8>| sample::publishing().client(|c| c.message(&Message::new(4, kind, 1, 0, payload)));
    let text = |text: &str| Amf3::String(text.into()).bytes();
    let call = |id: Amf3| [text("probe"), id.bytes(), Amf3::Null.bytes()].concat();
    let with = |first: &[u8], rest: Vec<u8>| [first, &rest].concat();
    vec![
        case("AMF011", "AMF3 behind its marker", &metadata(&[Amf::Amf3(Amf3::list([]).bytes())]), &[]),
        case(
            "AMF011",
            "a command of AMF3 values",
            &said(17, with(&[0], call(Amf3::Integer(0)))),
            &["the client's probe: AMF3 values without an avmplus marker, where AMF0 is declared"],
        ),
        case(
            "AMF011",
            "in a message of AMF0",
            &said(20, call(Amf3::Double(0.0))),
            &["the client's probe: AMF3 values without an avmplus marker, where AMF0 is declared"],
        ),
        case(
            "AMF011",
            "without a format selector",
            &said(17, call(Amf3::Integer(0))),
            &["the client's probe: AMF3 values without an avmplus marker, where AMF0 is declared"],
        ),
        case("CMD022", "AMF3 without a format selector is another's", &said(17, call(Amf3::Integer(0))), &[]),
        case(
            "AMF011",
            "a format selector in data of AMF0",
            &said(18, with(&[0], values(&["probe".into(), 1.into()]))),
            &["the client's probe: a format selector before AMF0 values, which only the message types of AMF3 have"],
        ),
        case(
            "AMF011",
            "a format selector in a command of AMF0",
            &said(20, with(&[0], values(&["probe".into(), 0.into(), Amf::Null]))),
            &["the client's probe: a format selector before AMF0 values, which only the message types of AMF3 have"],
        ),
        case(
            "AMF011",
            "AMF3 behind a format selector in data of AMF0",
            &said(18, with(&[0], [text("probe"), Amf3::Null.bytes()].concat())),
            &["the client's probe: AMF3 values without an avmplus marker, where AMF0 is declared"],
        ),
        case("AMF011", "no transaction id", &said(20, call(Amf3::Null)), &[]),
        case("AMF011", "not whole", &said(15, with(&[0], [text("probe"), vec![0x22]].concat())), &[]),
        case("AMF011", "undefined, and no name", &said(18, vec![6, 6]), &[]),
        case(
            "AMF011",
            "AMF0 behind the marker of AMF3",
            &said(15, with(&[0, 0x11], values(&["probe".into(), 1.into()]))),
            &["the client's probe: AMF0 values behind an avmplus marker, which declares AMF3"],
        ),
        Case {
            code: "AMF011",
            what: "metadata",
            story: Story::of_file(&capture("cases/data-all-amf3.pcap")),
            expected: &["the client's onMetaData: AMF3 values without an avmplus marker, where AMF0 is declared"],
        },
    ]
}

/// Both are shown as they were read.
#[test]
fn what_is_not_closed_or_of_the_wrong_encoding_is_shown() {
    let shown = |name: &str| {
        let story = Story::of_file(&capture(name));
        let message = story.messages().find(|message| matches!(message.body, Body::Data(_))).unwrap();
        describe(message)
    };
    let array = shown("cases/ecma-array-without-end.pcap");
    assert!(array.starts_with("@setDataFrame onMetaData width=640 height=360 "), "{array}");
    assert_eq!(array.matches('=').count(), 11, "{array}");
    let mixed = shown("cases/data-all-amf3.pcap");
    assert!(mixed.starts_with("@setDataFrame onMetaData width="), "{mixed}");
}

/// A stream's name is masked however it is written.
#[test]
fn a_stream_s_name_in_amf3_is_masked() {
    let value = |text: &str| Amf3::String(text.into()).bytes();
    let publish =
        [vec![0], value("publish"), Amf3::Integer(3).bytes(), Amf3::Null.bytes(), value("topsecret"), value("live")];
    let story = Story::of(&sample::connected().client(|c| c.message(&Message::new(4, 17, 1, 0, publish.concat()))));
    let message = story.messages().last().unwrap();
    let line = json_of(message, &story, false).to_string();
    assert!(line.contains("publish") && line.contains("live") && !line.contains("topsecret"), "{line}");
    assert!(!line.contains("746f70736563726574"), "its payload is masked too: {line}");
}

/// AMF004 and AMF005: what stands in texts.
fn texts() -> Vec<Case> {
    let latin = [2, 0, 5, b'g', b'r', 0xfc, 0xdf, b'e'];
    vec![
        case("AMF004", "UTF-8", &metadata(&["gr\u{fc}\u{df}e \u{fffd}".into()]), &[]),
        case(
            "AMF004",
            "Latin-1",
            &metadata(&[raw(&latin)]),
            &["the client's onMetaData: a string of 5 bytes is not UTF-8"],
        ),
        case(
            "AMF004",
            "in a key of an object in an array",
            &metadata(&[Amf::StrictArray(vec![raw(&[3, 0, 1, 0xff, 5, 0, 0, 9])])]),
            &["the client's onMetaData: a string of 1 byte is not UTF-8"],
        ),
        case("AMF005", "none", &sample::publish(1), &[]),
        case(
            "AMF005",
            "inside another",
            &metadata(&[object([("info", object([("a", Amf::Null), ("level", "3\0".into())]))])]),
            &["the client's onMetaData: info.level, a string of 2 bytes, has a NUL after 1"],
        ),
        case(
            "AMF005",
            "alone",
            &metadata(&["x\0".into()]),
            &["the client's onMetaData: a string of 2 bytes has a NUL after 1"],
        ),
        case(
            "AMF005",
            "a buffer",
            &metadata(&[object([("profile", "main\0\0\0\0".into())])]),
            &["the client's onMetaData: profile, a string of 8 bytes, has a NUL after 4"],
        ),
    ]
}

/// AMF006 and AMF008: what is in arrays and objects.
fn arrays() -> Vec<Case> {
    let array = |count| {
        let members = vec![("a".into(), Amf::Null), ("b".into(), Amf::Null)];
        metadata(&[Amf::EcmaArray { count, members }])
    };
    vec![
        case("AMF006", "right", &array(2), &[]),
        case("AMF006", "none", &array(0), &["the client's onMetaData: an ECMA array says 0 entries and has 2"]),
        case(
            "AMF006",
            "far more",
            &array(u32::MAX),
            &["the client's onMetaData: an ECMA array says 4294967295 entries and has 2"],
        ),
        case("AMF006", "more", &array(3), &["the client's onMetaData: an ECMA array says 3 entries and has 2"]),
        case("AMF008", "each once", &metadata(&[object([("a", object([("a", Amf::Null)])), ("b", Amf::Null)])]), &[]),
        case(
            "AMF008",
            "one twice",
            &metadata(&[object([("a", Amf::Null), ("b", Amf::Null), ("a", Amf::Null)])]),
            &["the client's onMetaData: an object has the key \"a\" twice"],
        ),
    ]
}

/// The same in every body that holds values.
fn places() -> Vec<Case> {
    let bad = || vec![object([("a", Amf::Null), ("a", "x\0".into())])];
    let message =
        |kind, payload: Vec<u8>| sample::publishing().client(|c| c.message(&Message::new(3, kind, 0, 0, payload)));
    let inside = |payload: Vec<u8>| {
        let pieces = [SubMessage::new(8, 0, [0xaf, 1, 2, 3]), SubMessage::new(18, 0, payload)];
        message(22, aggregate(&pieces))
    };
    let cue = |arguments: &[Amf]| [values(&["onCuePoint".into()]), values(arguments)].concat();
    let shared = |event| message(19, shared_object("chat", 0, 0, &[event]));
    let changed = |value: Amf| shared(SharedObjectEvent::Change(vec![("k".into(), value)]));
    vec![
        case(
            "AMF008",
            "in an aggregate",
            &inside(cue(&bad())),
            &["the client's onCuePoint: an object has the key \"a\" twice"],
        ),
        case(
            "AMF005",
            "in an aggregate",
            &inside(cue(&bad())),
            &["the client's onCuePoint: a, a string of 2 bytes, has a NUL after 1"],
        ),
        case(
            "AMF001",
            "in an aggregate",
            &inside(cue(&[raw(&[0x22])])),
            &["the client's onCuePoint: unknown AMF0 marker 0x22"],
        ),
        case(
            "AMF002",
            "in an aggregate",
            &inside(cue(&[raw(&[2, 0, 9])])),
            &["the client's onCuePoint: a string needs 9 bytes, 0 are left"],
        ),
        case(
            "AMF002",
            "of media in an aggregate is another rule's",
            &message(22, aggregate(&[SubMessage::new(9, 0, [0x17])])),
            &[],
        ),
        case(
            "AMF008",
            "in a shared object",
            &changed(bad().remove(0)),
            &["the client's chat: an object has the key \"a\" twice"],
        ),
        case(
            "AMF005",
            "in a shared object",
            &changed("x\0".into()),
            &["the client's chat: a string of 2 bytes has a NUL after 1"],
        ),
        case("AMF001", "in a shared object", &changed(raw(&[0x22])), &["the client's chat: unknown AMF0 marker 0x22"]),
        case(
            "AMF003",
            "in a shared object",
            &shared(SharedObjectEvent::Raw { event: 1, length: 2, data: vec![7, 7] }),
            &["the client's chat: 2 bytes behind the end of the event's content"],
        ),
        case(
            "AMF008",
            "in AMF3",
            &metadata(&[Amf::Amf3(Amf3::object([("a", Amf3::Null), ("a", Amf3::Null)]).bytes())]),
            &["the client's onMetaData: an object has the key \"a\" twice"],
        ),
    ]
}

/// What real programs do.
fn real() -> Vec<Case> {
    let of = |code, name: &str, expected| Case { code, what: "real", story: Story::of_file(&capture(name)), expected };
    ["AMF001", "AMF002", "AMF003", "AMF007", "AMF008", "AMF009"]
        .into_iter()
        .map(|code| of(code, "nginx-rtmp/obs-publish.pcap", &[]))
        .chain([
            of(
                "AMF005",
                "nginx-rtmp/ffmpeg-extended-timestamp.pcap",
                &["the server's onMetaData: profile, a string of 32 bytes, has a NUL after 0"],
            ),
            of(
                "AMF006",
                "srs/ffmpeg-play-no-stream.pcap",
                &["the server's _result: an ECMA array says 0 entries and has 10"],
            ),
        ])
        .collect()
}
