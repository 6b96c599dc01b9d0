//! Places where a secret stands, and writings of it in the texts of the same session.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use rtmp_inspect::export::Writer;
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::export::text::TextWriter;
use rtmp_inspect::inspection::{Inspection, Options};
use rtmp_inspect::synth::{Amf, Amf3, Conversation, Message, Peer, SharedObjectEvent, SubMessage};
use rtmp_inspect::synth::{aggregate, object, sample, shared_object, values};

use super::{SECRET, assert_hidden, file};

type Says = for<'c> fn(&'c mut Peer, &str) -> &'c mut Peer;
type Writes = fn(&str) -> String;

fn connects<'c>(c: &'c mut Peer, properties: &[(&str, Amf)], behind: &[Amf]) -> &'c mut Peer {
    let properties = properties.iter().map(|(name, value)| (*name, value.clone()));
    let arguments = [&[object(properties)][..], behind].concat();
    c.command("connect", 1, &arguments)
}

fn status<'c>(c: &'c mut Peer, code: &str, description: &str) -> &'c mut Peer {
    c.on_status(1, "status", code, description)
}

/// Places where a secret is one by where it stands, whatever else is known.
const PLACES: &[(&str, Says)] = &[
    ("publish", |c, it| c.publish(1, 5, it)),
    ("publish with parameters", |c, it| c.publish(1, 5, &format!("{it}?token={it}&{it}"))),
    ("publish, behind slashes", |c, it| c.publish(1, 5, &format!("a/b/{it}"))),
    ("PUBLISH, second", |c, it| c.stream_command(1, "PUBLISH", 5, &[Amf::Null, "x".into(), it.into()])),
    ("publish, for its object", |c, it| c.stream_command(1, "publish", 5, &[it.into()])),
    ("play, in a list", |c, it| {
        c.stream_command(1, "play", 5, &[Amf::Null, Amf::StrictArray(vec![it.into(), "b".into()]), (-2).into()])
    }),
    ("play2", |c, it| {
        let names = object([("streamName", it.into()), ("oldStreamName", it.into()), ("transition", "switch".into())]);
        c.stream_command(1, "play2", 5, &[Amf::Null, names])
    }),
    ("releaseStream", |c, it| c.command("releaseStream", 5, &[Amf::Null, it.into()])),
    ("fcpublish", |c, it| c.command("fcpublish", 5, &[Amf::Null, it.into()])),
    ("the description beside onFCPublish", |c, it| {
        let information = object([("code", "NetStream.Publish.Start".into()), ("description", it.into())]);
        c.command("onFCPublish", 0, &[Amf::Null, information])
    }),
    ("the description beside onFCUnsubscribe", |c, it| {
        let information = object([("code", "NetStream.Play.Stop".into()), ("description", it.into())]);
        c.command("onFCUnsubscribe", 0, &[Amf::Null, information])
    }),
    ("FCUnPublish", |c, it| c.command("FCUnPublish", 5, &[Amf::Null, it.into()])),
    ("unsubscribe", |c, it| c.command("unsubscribe", 5, &[Amf::Null, it.into()])),
    ("deleteStream", |c, it| c.command("deleteStream", 5, &[Amf::Null, it.into()])),
    ("a service's token", |c, it| c.command("live.UsherToken", 5, &[Amf::Null, it.into()])),
    ("an answer to secureToken", |c, it| c.command("secureTokenResponse", 0, &[Amf::Null, it.into()])),
    ("login", |c, it| c.command("login", 6, &[Amf::Null, "joe".into(), it.into()])),
    ("publish in AMF3", |c, it| {
        let name = Amf3::from(it).into();
        let payload = values(&["publish".into(), 5.into(), Amf::Null, name, "live".into()]);
        c.message(&Message::new(3, 17, 1, 0, [vec![0], payload].concat()))
    }),
    ("the application's path", |c, it| c.connect(&format!("live/{it}"))),
    ("the application", |c, it| c.connect(it)),
    ("the application's parameters", |c, it| c.connect(&format!("live?vhost=a&sign={it}#{it}"))),
    ("a percent-encoded parameter", |c, it| c.connect(&format!("live%3fkey%3d{it}"))),
    ("a password in the address", |c, it| {
        connects(c, &[("app", "live".into()), ("tcUrl", format!("rtmp://joe:{it}@h/live").into())], &[])
    }),
    ("a password with a slash", |c, it| {
        connects(c, &[("app", "live".into()), ("tcUrl", format!("rtmp://joe:1a/{it}@h/live").into())], &[])
    }),
    ("no application", |c, it| connects(c, &[("tcUrl", format!("rtmp://h:1935/live/{it}").into())], &[])),
    ("passwd", |c, it| connects(c, &[("app", "live".into()), ("passwd", it.into())], &[])),
    ("accessToken", |c, it| connects(c, &[("app", "live".into()), ("accessToken", it.into())], &[])),
    ("stream_key", |c, it| connects(c, &[("app", "live".into()), ("stream_key", it.into())], &[])),
    ("a list in a password", |c, it| {
        let inside = Amf::StrictArray(vec![it.into(), object([("x", it.into())])]);
        connects(c, &[("app", "live".into()), ("password", inside)], &[])
    }),
    ("behind connect", |c, it| connects(c, &[("app", "live".into())], &["joe".into(), it.into()])),
    ("a parameter of a page", |c, it| {
        connects(c, &[("app", "live".into()), ("pageUrl", format!("https://h/p?user={it}").into())], &[])
    }),
    ("a name that was not captured", |c, it| status(c, "NetStream.Publish.Start", &format!("{it} is now published."))),
    ("a path that was not captured", |c, it| status(c, "NetStream.Play.Start", &format!("Started playing live/{it}."))),
    ("a name in quotation marks", |c, it| status(c, "NetStream.Play.StreamNotFound", &format!("no stream '{it}'"))),
    ("details", |c, it| {
        let told =
            object([("level", "status".into()), ("code", "NetStream.Play.Start".into()), ("details", it.into())]);
        c.stream_command(1, "onStatus", 0, &[Amf::Null, told])
    }),
    ("a redirect", |c, it| {
        let told = object([("redirect", format!("rtmp://h/live/{it}").into())]);
        c.command("_error", 1, &[Amf::Null, object([("code", "NetConnection.Connect.Rejected".into()), ("ex", told)])])
    }),
    ("a round of authentication", |c, it| {
        c.error(1, "NetConnection.Connect.Rejected", &format!("[ authmod=adobe ] : ?reason=needauth&opaque={it}=="))
    }),
    ("metadata", |c, it| c.data(1, 0, "onMetaData", &[object([("streamKey", it.into())])])),
    ("an aggregate", |c, it| {
        let inside = [SubMessage::new(18, 0, values(&["onMetaData".into(), object([("token", it.into())])]))];
        c.message(&Message::new(4, 22, 1, 0, aggregate(&inside)))
    }),
    ("a shared object", |c, it| {
        let value = SharedObjectEvent::Change(vec![("secret".into(), it.into())]);
        c.message(&Message::new(3, 19, 0, 0, shared_object("x", 0, 0, &[value])))
    }),
    ("the application's own call", |c, it| c.command("myRegister", 7, &[Amf::Null, it.into()])),
    ("a handler", |c, it| c.data(1, 0, it, &["x".into()])),
    ("what has no known type", |c, it| c.message(&Message::new(3, 99, 1, 0, it.as_bytes().to_vec()))),
    ("what cannot be decoded", |c, it| c.raw(format!("\u{1}{it}").as_bytes())),
];

/// Writings of a secret that was said before, in the words of somebody else.
const AGAIN: &[(&str, Writes)] = &[
    ("itself", ToOwned::to_owned),
    ("a word of a sentence", |it| format!("now it is {it}.")),
    ("inside a word", |it| format!("stream{it}01")),
    ("a file", |it| format!("/tmp/{it}.flv")),
    ("percent-encoded", |it| it.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))),
    ("percent-encoded twice", |it| it.bytes().fold(String::new(), |text, byte| text + &format!("%25{byte:02x}"))),
    ("in hex", |it| it.bytes().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))),
    ("in capital hex", |it| it.bytes().fold(String::new(), |text, byte| text + &format!("{byte:02X}"))),
    ("in base64", |it| STANDARD.encode(it)),
    ("in base64 with more", |it| URL_SAFE_NO_PAD.encode(format!("joe:{it}:x"))),
];

/// All that is written of a conversation, in text and in JSON with every payload.
fn written(conversation: &Conversation, show_secrets: bool) -> String {
    let capture = file(conversation);
    let options = Options { show_secrets, ..Options::default() };
    let mut inspection = Inspection::open_with(&[capture.path().to_owned()], &options).unwrap();
    let mut text_bytes = Vec::new();
    let mut text = TextWriter::new(&mut text_bytes, false).with_notes(true);
    let mut json = JsonWriter::new(Vec::new(), true);
    while let Some(told) = inspection.next() {
        let told = told.unwrap();
        for writer in [&mut text as &mut dyn Writer, &mut json] {
            writer.event(told.event, told.story, told.masks).unwrap();
            told.findings.iter().for_each(|finding| writer.finding(finding, told.masks).unwrap());
        }
    }
    let bytes = [json.into_inner(), text_bytes].concat();
    String::from_utf8(bytes).unwrap()
}

/// A session in which a secret stands in one place.
fn said(says: Says, secret: &str) -> Conversation {
    sample::connected()
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, 1))
        .client(|c| says(c, secret))
}

#[test]
fn a_secret_is_told_by_its_place() {
    for (place, says) in PLACES {
        let conversation = said(*says, SECRET);
        let shown = written(&conversation, false);
        assert_hidden(&shown, SECRET, place);
        assert!(shown.contains("createStream(2)") && shown.contains("NetConnection.Connect.Success"), "{place}");
        let open = written(&conversation, true).to_lowercase();
        let hex = SECRET.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x} "));
        let writings = [SECRET.to_lowercase(), hex[..30].to_owned(), hex.replace(' ', "")];
        assert!(writings.iter().any(|writing| open.contains(writing)), "{place} has no secret: {open}");
    }
}

/// A name need not look like a key, and what has several words is no name.
#[test]
fn a_bare_description_beside_a_courtesy_is_a_name() {
    let says: Says = |c, it| {
        let information = object([("code", "NetStream.Publish.Start".into()), ("description", it.into())]);
        c.command("onFCPublish", 0, &[Amf::Null, information])
    };
    for name in ["mystream2026", "abcd-efgh-ijkl-mnop"] {
        assert_hidden(&written(&said(says, name), false), name, "onFCPublish");
    }
    assert!(written(&said(says, "Started publishing stream."), false).contains("Started publishing stream."));
}

#[test]
fn a_known_secret_is_found_in_every_writing() {
    for (writing, write) in AGAIN {
        let text = write(SECRET);
        let conversation = said(|c, it| c.publish(1, 5, it), SECRET)
            .client(|c| c.data(1, 0, "onMetaData", &[object([("title", text.as_str().into()), ("width", 640.into())])]))
            .server(|s| s.error(9, "NetStream.Failed", &format!("it said: {text}")));
        let shown = written(&conversation, false);
        assert_hidden(&shown, SECRET, writing);
        assert!(!shown.contains(&text), "{writing}: {shown}");
        assert!(shown.contains("it said: ") && shown.contains("title=") && shown.contains("width=640"), "{writing}");
    }
}

#[test]
fn a_known_secret_is_found_in_media_and_control_messages() {
    let metadata = [&[0x94][..], b"avc1", &values(&["note".into(), format!("by {SECRET}").as_str().into()])].concat();
    let event = [&[0, 99][..], SECRET.as_bytes()].concat();
    let behind = [&[0, 0, 0, 0, 0, 1][..], SECRET.as_bytes()].concat();
    for message in [Message::new(6, 9, 1, 0, metadata), Message::control(4, event), Message::control(4, behind)] {
        let conversation = said(|c, it| c.publish(1, 5, it), SECRET).client(|c| c.message(&message));
        let hex = SECRET.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert!(written(&conversation, true).matches(&hex).count() > 1, "it is there");
        assert_hidden(&written(&conversation, false), SECRET, &format!("{message:?}"));
    }
}

/// A number is one after masking too: nothing behind it is misread.
#[test]
fn a_secret_number_is_masked() {
    for (value, amf3) in
        [(Amf::from(133_713), false), (Amf3::Integer(133_713).into(), true), (Amf3::Double(133_713.5).into(), true)]
    {
        let mut shown = String::new();
        let said = sample::connected().client(|c| {
            let properties = object([("password", value.clone()), ("title", "behind".into())]);
            c.data(1, 0, "onMetaData", &[properties])
        });
        write!(shown, "{}", written(&said, false)).unwrap();
        assert!(!shown.contains("133713"), "{amf3}: {shown}");
        assert!(shown.contains("password=\"***a\" title=\"behind\""), "{amf3}: {shown}");
        assert!(shown.contains("\"password\":\"***a\",\"title\":\"behind\""), "{amf3}: {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Whatever the secret, wherever it stands, however it is said again.
    #[test]
    fn no_secret_is_told_whatever_its_place(
        secret in "([A-Z][a-z]?[0-9]){4,12}",
        place in 0..PLACES.len(),
        writing in 0..AGAIN.len(),
    ) {
        prop_assume!(secret.len() >= 10);
        let (place, says) = PLACES[place];
        let (writing, write) = AGAIN[writing];
        let shown = written(&said(says, &secret), false);
        assert_hidden(&shown, &secret, place);
        if !place.starts_with("what ") {
            let text = write(&secret);
            let again = said(says, &secret).client(|c| c.data(1, 0, "onMetaData", &[object([("title", text.into())])]));
            assert_hidden(&written(&again, false), &secret, &format!("{place}, {writing}"));
        }
    }
}
