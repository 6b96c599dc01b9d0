//! Message bodies that hold AMF beside commands and data in AMF0: the "AMF3" types, shared objects, aggregates; what a
//! connection's flags are called; and that their secrets are masked.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Story, json_of, whole};
use proptest::prelude::*;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::amf::Amf as Decoded;
use rtmp_inspect::proto::rtmp::{Body, MessageType, SubMessage as Found, describe, record_payload};
use rtmp_inspect::synth::{
    Amf, Amf3, Message, Random, SharedObjectEvent, SubMessage, aggregate, media, object, sample, shared_object, values,
};
use rtmp_inspect::wire::{Label, Tree, Value as Recorded};
use serde_json::{Value, json};

/// A message of that type from a client that is connected.
fn story(kind: u8, timestamp: u32, payload: Vec<u8>) -> Story {
    Story::of(&sample::connected().client(|c| c.message(&Message::new(3, kind, 0, timestamp, payload))))
}

fn shown(kind: u8, payload: Vec<u8>) -> Value {
    let story = story(kind, 1000, payload);
    json_of(story.messages().last().unwrap(), &story, true)
}

#[test]
fn types_15_and_17_are_data_and_commands() {
    let call = values(&["call".into(), 7.into(), Amf::Null, Amf3::Integer(-1).into(), "amf0".into()]);
    let with_selector = [&[0][..], &call].concat();
    for (payload, selector) in [(with_selector.clone(), Some(0)), (call.clone(), None)] {
        let story = story(17, 0, payload);
        let message = story.messages().last().unwrap();
        assert!(message.problems.is_empty(), "{:?}", message.problems);
        assert_eq!(message.format_selector(), selector);
        let Body::Command(command) = &message.body else { panic!() };
        assert_eq!((command.name.as_str(), command.transaction_id), ("call", Some(7.0)));
        assert_eq!(command.arguments, [Decoded::Integer(-1), Decoded::String("amf0".into())]);
        assert_eq!(describe(message), "call(7) -1 \"amf0\"");
    }
    let line = shown(17, with_selector);
    assert_eq!(line["format_selector"], 0);
    assert_eq!(line["command"]["arguments"], json!([-1, "amf0"]));
    // All of it in AMF3.
    let all = [Amf3::from("call"), Amf3::Integer(7), Amf3::Null].map(Amf::from);
    assert_eq!(shown(17, values(&all))["command"]["transaction_id"], 7);
    let metadata =
        [Amf::from("@setDataFrame"), "onMetaData".into(), Amf3::object([("width", Amf3::Integer(320))]).into()];
    let line = shown(15, [vec![0], values(&metadata)].concat());
    assert_eq!(line["data"], json!({"name": "@setDataFrame", "values": ["onMetaData", {"width": 320}]}));
    assert_eq!(line["format_selector"], 0);
}

#[test]
fn calls_and_answers_of_different_types_find_each_other() {
    let call = [vec![0], values(&["call".into(), 7.into(), Amf::Null])].concat();
    let answer = values(&["_result".into(), 7.into(), Amf::Null, "yes".into()]);
    let story = Story::of(
        &sample::connected()
            .client(|c| c.message(&Message::new(3, 17, 0, 0, call.clone())))
            .server(|s| s.message(&Message::new(3, 20, 0, 0, answer.clone()))),
    );
    let messages: Vec<_> = story.messages().collect();
    let [.., call, answer] = messages.as_slice() else { panic!() };
    assert_eq!(answer.answers.unwrap().n, call.n);
}

#[test]
fn data_messages_as_they_are_sent() {
    let metadata = || object([("width", 320.into())]);
    for (payload, expected, text) in [
        (
            values(&["onMetaData".into(), metadata()]),
            json!({"name": "onMetaData", "values": [{"width": 320}]}),
            "onMetaData width=320",
        ),
        (
            values(&["@setDataFrame".into(), "onMetaData".into(), metadata()]),
            json!({"name": "@setDataFrame", "values": ["onMetaData", {"width": 320}]}),
            "@setDataFrame onMetaData width=320",
        ),
        (
            values(&["onCuePoint".into(), object([("time", 1.into())])]),
            json!({"name": "onCuePoint", "values": [{"time": 1}]}),
            "onCuePoint time=1",
        ),
        (
            values(&["onTextData".into(), object([("text", "hi".into())])]),
            json!({"name": "onTextData", "values": [{"text": "hi"}]}),
            "onTextData text=\"hi\"",
        ),
        (
            values(&["|RtmpSampleAccess".into(), true.into(), false.into()]),
            json!({"name": "|RtmpSampleAccess", "values": [true, false]}),
            "|RtmpSampleAccess true false",
        ),
        (
            values(&["onStatus".into(), object([("code", "NetStream.Data.Start".into())])]),
            json!({"name": "onStatus", "values": [{"code": "NetStream.Data.Start"}]}),
            "onStatus code=\"NetStream.Data.Start\"",
        ),
        (vec![0, 1, 0x51, 0x80], json!({"timecode": 86400}), "timecode, frame 86400"),
    ] {
        let story = story(18, 0, payload.clone());
        let message = story.messages().last().unwrap();
        assert_eq!(message.problems, []);
        assert_eq!(describe(message), text);
        assert_eq!(json_of(message, &story, true)["data"], expected);
    }
    let Body::Data(data) =
        &story(18, 0, values(&["@setDataFrame".into(), "onMetaData".into()])).messages().last().unwrap().body.clone()
    else {
        panic!()
    };
    assert_eq!(data.handler(), "onMetaData");
    // An empty name in AMF3's form is no timecode.
    assert_eq!(shown(15, vec![0, 2, 0, 0])["data"], json!({"name": "", "values": []}));
}

#[test]
fn flags_of_a_connection_have_names() {
    let connect = values(&[
        "connect".into(),
        1.into(),
        object([
            ("app", "live".into()),
            ("audioCodecs", 0x8404.into()),
            ("videoCodecs", 0x84.into()),
            ("videoFunction", 1.into()),
            ("capsEx", 15.into()),
            ("objectEncoding", 3.into()),
            ("fourCcList", Amf::StrictArray(vec!["av01".into()])),
            ("videoFourCcInfoMap", object([("*", 7.into()), ("hvc1", 1.into())])),
        ]),
    ]);
    let story = story(20, 0, connect);
    let message = story.messages().last().unwrap();
    let line = json_of(message, &story, true);
    assert_eq!(
        line["command"]["flags"],
        json!({
            "audioCodecs": ["mp3", "aac", 0x8000],
            "videoCodecs": ["sorenson", "h264"],
            "videoFunction": ["client_seek"],
            "capsEx": ["reconnect", "multitrack", "modex", "timestamp_nano_offset"],
            "objectEncoding": "amf3",
            "videoFourCcInfoMap": {"*": ["can_decode", "can_encode", "can_forward"], "hvc1": ["can_decode"]},
        })
    );
    assert_eq!(line["command"]["object"]["audioCodecs"], 0x8404, "the object keeps its numbers");
    let text = describe(message);
    assert!(text.contains("audioCodecs=mp3|aac|0x8000 videoCodecs=sorenson|h264"), "{text}");
    assert!(text.contains("videoFourCcInfoMap={*=can_decode|can_encode|can_forward hvc1=can_decode}"), "{text}");
    // Each name stands at the bytes that it comes from.
    let mut tree = Tree::default();
    message.record(&mut tree, &Limits::default());
    let named = tree.nodes.iter().find(|node| node.value == Recorded::Word("h264")).unwrap();
    let bytes = &message.payload[named.span.start as usize..named.span.end as usize];
    assert_eq!(bytes, Amf::from(0x84).bytes());
    // Other commands' objects are not a connection's.
    let other = values(&["call".into(), 2.into(), object([("videoCodecs", 4.into())])]);
    assert_eq!(shown(20, other)["command"].get("flags"), None);
}

#[test]
fn every_event_of_a_shared_object() {
    let key = || "k".to_owned();
    let events = [
        SharedObjectEvent::Use,
        SharedObjectEvent::Release,
        SharedObjectEvent::RequestChange(vec![(key(), 1.into())]),
        SharedObjectEvent::Change(vec![(key(), object([("a", Amf::Null)])), ("l".into(), Amf3::Integer(2).into())]),
        SharedObjectEvent::Success(vec![key()]),
        SharedObjectEvent::SendMessage(vec!["hello".into(), true.into()]),
        SharedObjectEvent::Status { code: "SharedObject.NoWriteAccess".into(), level: "error".into() },
        SharedObjectEvent::Clear,
        SharedObjectEvent::Remove(vec![key(), "l".into()]),
        SharedObjectEvent::RequestRemove(key()),
        SharedObjectEvent::UseSuccess,
        SharedObjectEvent::Raw { event: 14, length: 2, data: vec![1, 2] },
    ];
    let payload = shared_object("chat", 3, 2, &events);
    let expected = json!({
        "name": "chat", "version": 3, "flags": 2, "persistent": true, "reserved": 0,
        "events": [
            {"event": 1, "name": "use", "length": 0},
            {"event": 2, "name": "release", "length": 0},
            {"event": 3, "name": "request_change", "length": 12, "key": "k", "value": 1},
            {"event": 4, "name": "change", "length": 17, "key": "k", "value": {"a": null},
                "more": [{"key": "l", "value": 2}]},
            {"event": 5, "name": "success", "length": 3, "key": "k"},
            {"event": 6, "name": "send_message", "length": 10, "handler": "hello", "arguments": [true]},
            {"event": 7, "name": "status", "length": 35, "code": "SharedObject.NoWriteAccess", "level": "error"},
            {"event": 8, "name": "clear", "length": 0},
            {"event": 9, "name": "remove", "length": 6, "key": "k", "more": [{"key": "l"}]},
            {"event": 10, "name": "request_remove", "length": 3, "key": "k"},
            {"event": 11, "name": "use_success", "length": 0},
            {"event": 14, "length": 2, "data": {"$bytes": "0102"}},
        ],
    });
    let line = shown(19, payload.clone());
    assert_eq!(line["shared_object"], expected);
    assert_eq!(line.get("problems"), None);
    let line = shown(16, [&[0][..], &payload].concat());
    assert_eq!(line["shared_object"], expected);
    assert_eq!((&line["format_selector"], line.get("problems")), (&json!(0), None));
    let story = story(19, 0, payload);
    let message = story.messages().last().unwrap();
    let text = "\"chat\" version 3 persistent; use; release; request_change k=1; change k={a=null} l=2; … (12 events)";
    assert_eq!(describe(message), text);
    let Body::SharedObject(found) = &message.body else { panic!() };
    assert_eq!(found.events[3].properties[1], ("l".into(), Some(Decoded::Integer(2))));
    assert_eq!(found.events[8].properties, [("k".into(), None), ("l".into(), None)]);
}

#[test]
fn an_event_that_does_not_fill_its_length_is_a_problem_and_the_next_one_is_read() {
    let raw = |event, length, data: &[u8]| SharedObjectEvent::Raw { event, length, data: data.to_vec() };
    for (event, what) in [
        (raw(1, 2, &[7, 7]), "2 bytes behind the end of the event's content"),
        (raw(3, 4, &[0, 1, b'k', 0]), "an AMF0 number needs 8 bytes, 0 are left"),
        (raw(3, 7, &[0, 1, b'k', 0x99, 5, 5, 5]), "unknown AMF0 marker 0x99"),
        (raw(10, 3, &[0, 9, b'k']), "a name needs 9 bytes, 1 is left"),
        (raw(6, 1, &[5]), "a message's handler is not a string"),
    ] {
        let payload = shared_object("chat", 0, 0, &[event.clone(), SharedObjectEvent::RequestRemove("k".into())]);
        let line = shown(19, payload);
        assert_eq!(line["problems"][0]["what"], what);
        assert_eq!(line["problems"].as_array().unwrap().len(), 1);
        assert_eq!(line["shared_object"]["events"][1]["key"], "k", "{event:?}");
    }
    let cut = shared_object("chat", 0, 0, &[SharedObjectEvent::Raw { event: 10, length: 99, data: vec![0, 1, b'k'] }]);
    let line = shown(19, cut);
    assert_eq!(line["problems"][0]["what"], "an event's data needs 99 bytes, 3 are left");
    assert_eq!(line["shared_object"]["events"][0]["key"], "k");
}

fn pieces() -> Vec<SubMessage> {
    vec![
        SubMessage::new(18, 0x0150_0000, values(&["onMetaData".into(), object([("width", 320.into())])])),
        SubMessage::new(8, 0x0150_000a, media::aac_frame(8, &mut Random::new(1))),
        SubMessage::new(9, 0x0150_0014, media::avc_frame(media::Frame::Key, 0, 10, &mut Random::new(2))),
    ]
}

#[test]
fn an_aggregate_holds_messages() {
    let mut messages = pieces();
    messages[2].back_pointer = Some(0xdead_beef);
    let story = story(22, 5000, aggregate(&messages));
    let message = story.messages().last().unwrap();
    assert_eq!(message.problems, [], "the last back pointer is often wrong");
    assert_eq!(describe(message), "3 messages: 1 data_amf0, 1 audio, 1 video, 5000 to 5020 ms");
    let Body::Aggregate(found) = &message.body else { panic!() };
    assert_eq!(found.iter().map(|found| found.timestamp).collect::<Vec<_>>(), [5000, 5010, 5020]);
    assert_eq!(found[0].own_timestamp, 0x0150_0000, "all four bytes, the highest last");
    assert_eq!(found.iter().map(Found::has_right_back_pointer).collect::<Vec<_>>(), [true, true, false]);
    assert!(matches!(
        (&found[0].body, &found[1].body, &found[2].body),
        (Body::Data(_), Body::Audio(_), Body::Video(_))
    ));
    let inside = &message.payload[found[1].offset as usize..][..found[1].length as usize];
    assert_eq!(inside, messages[1].payload);
    let line = json_of(message, &story, true);
    let inside = &line["aggregate"]["messages"];
    assert_eq!(inside[0]["data"], json!({"name": "onMetaData", "values": [{"width": 320}]}));
    assert_eq!((&inside[1]["type_name"], &inside[1]["timestamp"]), (&json!("audio"), &json!(5010)));
    assert_eq!(inside[1]["audio"]["codec"], "aac");
    assert_eq!(inside[2]["back_pointer"], 0xdead_beef_u32);
}

#[test]
fn aggregates_that_break_off() {
    let mut messages = pieces();
    messages[2].back_pointer = None;
    let line = shown(22, aggregate(&messages));
    assert_eq!((line.get("problems"), line["aggregate"]["messages"].as_array().unwrap().len()), (None, 3));
    let whole = aggregate(&pieces());
    let line = shown(22, whole[..whole.len() - 8].to_vec());
    assert_eq!(line["problems"][0]["what"].as_str().unwrap(), "a message of 10 bytes in an aggregate, 6 are left");
    assert_eq!(line["aggregate"]["messages"][2]["video"]["codec"], "h264");
    let line = shown(22, [&whole[..], &[8, 0, 0]].concat());
    assert_eq!(line["problems"][0]["what"], "length needs 3 bytes, 2 are left");
    let line = shown(22, [&whole[..], &[8, 0]].concat());
    assert_eq!(line["aggregate"]["messages"].as_array().unwrap().len(), 4, "what there is of the fourth is shown");
    let inside = aggregate(&[SubMessage::new(22, 0, whole.clone()), SubMessage::new(8, 1, vec![])]);
    let line = shown(22, inside);
    assert_eq!(line["problems"][0]["what"], "an aggregate inside an aggregate");
    assert_eq!(line["aggregate"]["messages"][1]["audio"], json!({}), "and what follows it is read");
    let many = aggregate(&vec![SubMessage::new(8, 0, vec![]); 20_000]);
    assert_eq!(shown(22, many)["problems"][0]["what"], "more messages in an aggregate than are followed");
}

/// Everything that a story's messages show by default, one line each.
fn masked(story: &Story) -> String {
    story.messages().map(|message| json_of(message, story, false).to_string() + "\n").collect()
}

#[test]
fn secrets_are_masked_in_every_type() {
    let publish = |amf3: bool| {
        let name = if amf3 { Amf3::from("Secret1").into() } else { Amf::from("Secret1") };
        values(&["publish".into(), 5.into(), Amf::Null, name, "live".into()])
    };
    let chat =
        |value: Amf| shared_object("room-Secret1", 0, 0, &[SharedObjectEvent::Change(vec![("k".into(), value)])]);
    let inside = [SubMessage::new(18, 0, values(&["onMetaData".into(), object([("title", "of Secret1".into())])]))];
    let known = [
        (
            15,
            [vec![0], values(&["onMetaData".into(), object([("Secret1", 1.into()), ("name", "Secret1".into())])])]
                .concat(),
        ),
        (16, [vec![0], chat("Secret1".into())].concat()),
        (19, chat(object([("password", "Other2".into())]))),
        (22, aggregate(&inside)),
        (
            17,
            values(&["call".into(), 9.into(), Amf::Null, Amf3::list([Amf3::from("Secret1"), "Secret1".into()]).into()]),
        ),
    ];
    for amf3 in [false, true] {
        let said = sample::connected().client(|c| {
            c.message(&Message::new(3, 17, 1, 0, publish(amf3)));
            known.iter().fold(c, |c, (kind, payload)| c.message(&Message::new(3, *kind, 1, 0, payload.clone())))
        });
        let story = Story::of(&said);
        let shown = masked(&story);
        let hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        for secret in ["Secret1", "Other2"] {
            assert!(!shown.contains(secret) && !shown.contains(&hex(secret)), "{secret}: {shown}");
        }
        assert!(shown.contains("\"live\"") && shown.contains("room-***a"), "{shown}");
        assert!(story.messages().all(|message| message.problems.is_empty()));
    }
}

#[test]
fn what_is_not_decoded_is_hidden_whole() {
    let own = Amf3::Externalizable { class: "my.Own".into(), content: vec![Amf3::Raw(b"Secret1".to_vec())] };
    for (kind, payload) in [
        (17, values(&["call".into(), 9.into(), Amf::Null, own.into()])),
        (17, [values(&["call".into(), 9.into()]), b"\x99Secret1".to_vec()].concat()),
        (18, values(&["onData".into(), Amf::Raw(b"\x99Secret1".to_vec())])),
        (19, shared_object("x", 0, 0, &[SharedObjectEvent::Raw { event: 1, length: 7, data: b"Secret1".to_vec() }])),
        (22, aggregate(&[SubMessage::new(99, 0, b"Secret1".to_vec())])),
    ] {
        let story = story(kind, 0, payload);
        let line = json_of(story.messages().last().unwrap(), &story, false);
        assert!(!line.to_string().contains("536563726574"), "{line}");
    }
}

fn any_event() -> impl Strategy<Value = SharedObjectEvent> {
    let properties = || prop::collection::vec(("[a-z]{0,5}", (0..99).prop_map(Amf::from)), 0..3);
    prop_oneof![
        Just(SharedObjectEvent::Use),
        properties().prop_map(SharedObjectEvent::RequestChange),
        properties().prop_map(SharedObjectEvent::Change),
        prop::collection::vec("[a-z]{0,5}", 0..3).prop_map(SharedObjectEvent::Remove),
        ("[a-z]{0,5}", any::<bool>())
            .prop_map(|(name, flag)| SharedObjectEvent::SendMessage(vec![Amf::String(name), flag.into()])),
    ]
}

proptest! {
    #[test]
    fn shared_objects_are_read_as_written(events in prop::collection::vec(any_event(), 0..6), version in any::<u32>()) {
        let story = story(19, 0, shared_object("o", version, 0, &events));
        let message = story.messages().last().unwrap();
        prop_assert_eq!(&message.problems, &[]);
        let Body::SharedObject(found) = &message.body else { panic!() };
        prop_assert_eq!(found.version, version);
        prop_assert_eq!(found.events.len(), events.len());
        for (found, written) in found.events.iter().zip(&events) {
            match written {
                SharedObjectEvent::RequestChange(properties) | SharedObjectEvent::Change(properties) => {
                    let names: Vec<_> = properties.iter().map(|(name, _)| name).collect();
                    prop_assert_eq!(found.properties.iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
                    prop_assert!(found.properties.iter().all(|(_, value)| value.is_some()));
                }
                SharedObjectEvent::Remove(names) => {
                    prop_assert_eq!(&found.properties.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
                }
                SharedObjectEvent::SendMessage(values) => prop_assert_eq!(found.arguments.len(), values.len() - 1),
                _ => {}
            }
        }
    }

    #[test]
    fn aggregates_are_read_as_written(
        messages in prop::collection::vec((0_u8..24, any::<u32>(), prop::collection::vec(any::<u8>(), 0..20)), 0..8),
        time in any::<u32>(),
    ) {
        let written: Vec<_> = messages.iter().map(|(kind, time, payload)| SubMessage::new(*kind, *time, payload.clone())).collect();
        let story = story(22, time, aggregate(&written));
        let Body::Aggregate(found) = &story.messages().last().unwrap().body else { panic!() };
        prop_assert_eq!(found.len(), written.len());
        for (found, written_one) in found.iter().zip(&written) {
            prop_assert_eq!((found.kind.0, found.own_timestamp, found.length as usize), (written_one.kind, written_one.timestamp, written_one.payload.len()));
            prop_assert_eq!(found.timestamp, time.wrapping_add(written_one.timestamp.wrapping_sub(written[0].timestamp)));
            prop_assert!(found.has_right_back_pointer());
        }
    }

    #[test]
    fn any_bytes_are_claimed_once(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in prop::sample::select(vec![15_u8, 16, 17, 18, 19, 20, 22])) {
        check(kind, &bytes);
        // A header that is right lets more of the rest be reached.
        check(kind, &[&[0, 1, b'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &bytes].concat());
        check(kind, &[&values(&["x".into(), 1.into(), Amf::Null])[..], &[0x11], &bytes].concat());
    }
}

/// Records a payload; every byte is claimed by one root, children lie in their parents, and nothing lies outside.
fn check(kind: u8, bytes: &[u8]) {
    let mut tree = Tree::default();
    record_payload(MessageType(kind), 0, bytes, 0, &mut tree, &Limits::default());
    whole(&tree, bytes.len());
    for node in &tree.nodes {
        if let Label::Key(range) = &node.label {
            assert!(range.end as usize <= bytes.len());
        }
    }
}

/// JSON itself allows the control characters from U+007F on; a terminal obeys them.
#[test]
fn json_has_no_control_characters() {
    let name = "a\u{7f}b\u{9b}31mc\u{85}d é";
    let story = Story::of(&sample::connected().client(|c| c.command(name, 2, &["\u{1b}[2J\u{80}".into()])));
    let mut lines = rtmp_inspect::export::json::JsonWriter::new(Vec::new(), true);
    let masks = rtmp_inspect::proto::rtmp::secrets::Masks::default();
    for event in &story.events {
        rtmp_inspect::export::Writer::event(&mut lines, event, &rtmp_inspect::story::Story::default(), &masks).unwrap();
    }
    let lines = String::from_utf8(lines.into_inner()).unwrap();
    assert!(lines.chars().all(|c| c == '\n' || !c.is_control()));
    let command = lines
        .lines()
        .map(|line| common::strict::parse(line.as_bytes()).unwrap())
        .find(|it| it["command"]["name"] == name);
    assert_eq!(command.unwrap()["command"]["object"], "\u{1b}[2J\u{80}");
}
