//! Servers compared: on real captures what a person finds, and on written ones each state by itself.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use common::capture;
use common::hostile::hostile;
use rtmp_inspect::compare::{Comparison, KINDS, Observer, Profile, Scenarios, State};
use rtmp_inspect::export::compare::{html, json, markdown, text};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::story::Stories;
use rtmp_inspect::synth::{Amf, Connection, Conversation, Handshake, Link, Message, object, sample, values};
use rtmp_inspect::wire::{Side, Time};
use unicode_width::UnicodeWidthStr;

const STREAM: u32 = sample::STREAM;

/// Takes a story's events in, as the program does.
fn observe(story: &common::Story, place: usize, path: &str, scenarios: &Scenarios, profile: &mut Profile) {
    let mut masks = Masks::new(false, &Limits::default());
    profile.captures.push(place);
    let mut observer = Observer::new(place, path, scenarios);
    let mut stories = Stories::under(&Limits::default());
    for event in &story.events {
        masks.observe(event);
        observer.observe(event, stories.learn(event), &masks, profile);
        masks.forget(event);
    }
}

/// Compares conversations, each a capture and a server of its own.
fn compared(servers: &[(&str, Conversation)]) -> Comparison {
    compared_under("", servers)
}

fn compared_under(scenarios: &str, servers: &[(&str, Conversation)]) -> Comparison {
    let scenarios = Scenarios::parse(scenarios).unwrap();
    let mut captures = Vec::new();
    let profiles = servers.iter().map(|(label, conversation)| {
        let mut profile = Profile::default();
        captures.push(format!("{label}.pcap"));
        let story = common::Story::of(conversation);
        observe(&story, captures.len() - 1, &captures[captures.len() - 1], &scenarios, &mut profile);
        ((*label).to_owned(), profile)
    });
    let profiles = profiles.collect();
    Comparison::new(profiles, captures, 0)
}

fn code(comparison: &Comparison, label: usize, code: &str) -> (State, String) {
    let row = comparison.codes.iter().find(|row| row.code == code).unwrap();
    (row.cells[label].state, row.cells[label].detail.clone())
}

fn value(comparison: &Comparison, label: usize, key: &str) -> String {
    let rows: Vec<_> = comparison.behaviour.iter().filter(|row| row.key == key).collect();
    rows.iter().map(|row| row.cells[label].text()).collect::<Vec<_>>().join(" // ")
}

/// `createStream`, answered, and then what the client does on the stream.
fn streaming() -> Conversation {
    sample::connected().client(|c| c.create_stream(2)).server(|s| s.create_stream_result(2, STREAM))
}

fn published(say: impl Fn(&mut rtmp_inspect::synth::Peer) -> &mut rtmp_inspect::synth::Peer) -> Conversation {
    streaming().client(|c| c.publish(STREAM, 3, "s")).server(|s| say(s)).wait_ms(2000).client(|c| c.metadata(STREAM, 0))
}

fn information(level: &str, code: &str) -> Amf {
    object([("level", level.into()), ("code", code.into()), ("description", "".into())])
}

#[test]
fn each_state_comes_of_what_is_on_the_wire() {
    const START: &str = "NetStream.Publish.Start";
    let status = |level: &'static str| published(move |s| s.on_status(STREAM, level, START, "ok"));
    let on_stream_0 = published(|s| s.on_status(0, "status", START, "ok"));
    let numbered = published(|s| {
        let payload = values(&["onStatus".into(), 5.into(), Amf::Null, information("status", START)]);
        s.message(&Message::new(5, 20, STREAM, 0, payload))
    });
    let comparison = compared(&[
        ("right", status("status")),
        ("level", status("error")),
        ("stream", on_stream_0),
        ("numbered", numbered),
        ("silent", published(|s| s)),
        ("player", sample::playing()),
    ]);
    let state = |label| code(&comparison, label, START);
    assert_eq!(state(0), (State::Works, String::new()));
    assert_eq!(state(1), (State::Deviates, "level \"error\" instead of \"status\"".into()));
    assert_eq!(state(2), (State::Deviates, "on message stream 0".into()));
    assert_eq!(state(3), (State::Deviates, "transaction id not 0".into()));
    assert_eq!(state(4), (State::Missing, "publish was accepted without it".into()));
    assert_eq!(state(5), (State::NotExercised, String::new()));
    assert_eq!(code(&comparison, 0, "NetConnection.Connect.Failed").1, "only the player raises it, for itself");
    assert_eq!(value(&comparison, 4, "request.publish"), "nothing");
    assert_eq!(value(&comparison, 5, "request.publish"), "not exercised");
}

#[test]
fn evidence_is_the_message_that_shows_it() {
    let comparison = compared(&[("server", sample::publish(3))]);
    let row = comparison.codes.iter().find(|row| row.code == "NetStream.Publish.Start").unwrap();
    let evidence = row.cells[0].evidence[0];
    let story = common::Story::of(&sample::publish(3));
    let message = story.messages().find(|message| Some(message.n) == evidence.n).unwrap();
    let rtmp_inspect::proto::rtmp::Body::Command(command) = &message.body else { panic!("{message:?}") };
    assert_eq!((command.name.as_str(), evidence.session), ("onStatus", 1));
    assert_eq!(command.information_text("code"), Some("NetStream.Publish.Start"));
}

#[test]
fn a_call_that_was_never_answered_misses_its_failure() {
    let call = |c: Conversation| c.client(|c| c.command("lab.method", 7, &[Amf::Null]));
    let answered = call(sample::connected()).server(|s| s.error(7, "NetConnection.Call.Failed", "no such method"));
    let unanswered = call(sample::connected()).wait_ms(1500).client(|c| c.create_stream(8));
    let late = call(sample::connected());
    let comparison = compared(&[("answered", answered), ("unanswered", unanswered), ("late", late)]);
    let state = |label| code(&comparison, label, "NetConnection.Call.Failed");
    assert_eq!(state(0).0, State::Works);
    assert_eq!(state(1), (State::Missing, "lab.method was never answered".into()));
    // The capture ends before the server can have answered.
    assert_eq!(state(2).0, State::NotExercised);
    assert_eq!(value(&comparison, 0, "request.lab.method"), "_error NetConnection.Call.Failed");
    assert_eq!(value(&comparison, 2, "request.lab.method"), "not exercised");
}

#[test]
fn names_ids_and_times_make_no_difference() {
    let session = |name: &'static str, client: u32, wait| {
        streaming().wait_ms(wait).client(move |c| c.publish(STREAM, 3, name)).server(move |s| {
            let information = object([
                ("level", "status".into()),
                ("code", "NetStream.Publish.Start".into()),
                ("description", format!("/live/{} is now published.", name.split('?').next().unwrap()).into()),
                ("clientid", client.into()),
            ]);
            let payload = values(&["onStatus".into(), 0.into(), Amf::Null, information]);
            s.message(&Message::new(5, 20, STREAM, 0, payload))
        })
    };
    let comparison = compared(&[("a", session("cam1", 11_111, 5)), ("b", session("studio-b", 22_222, 700))]);
    let differing: Vec<_> = comparison.behaviour.iter().filter(|row| row.differs).collect();
    assert!(differing.is_empty(), "{differing:?}");
    let description = value(&comparison, 1, "status.onStatus.NetStream.Publish.Start.description");
    assert_eq!(description, "\"/‹app›/‹name› is now published.\"");
}

#[test]
fn a_stream_called_like_a_common_word_hides_nothing_else() {
    let session = |name: &'static str| {
        streaming()
            .client(|c| c.publish(STREAM, 3, name))
            .server(|s| s.on_status(STREAM, "status", "NetStream.Publish.Start", "ok"))
    };
    let comparison =
        compared(&[("a", session("cam")), ("b", session("1")), ("c", session("status")), ("d", session("31"))]);
    let differing: Vec<_> = comparison.behaviour.iter().filter(|row| row.differs).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert_eq!(value(&comparison, 1, "connect.object.fmsVer"), "\"FMS/3,0,1,123\"");
}

#[test]
fn answers_to_other_requests_are_not_held_against_each_other() {
    let live = sample::publishing();
    let recorded = streaming()
        .client(|c| c.stream_command(STREAM, "publish", 3, &[Amf::Null, "s".into(), "record".into()]))
        .server(|s| s.on_status(STREAM, "status", "NetStream.Record.Start", "recording"));
    let comparison = compared(&[("live", live), ("recorded", recorded)]);
    assert!(comparison.behaviour.iter().filter(|row| row.key == "request.publish").all(|row| !row.differs));
    assert_eq!(comparison.behaviour.iter().filter(|row| row.key == "request.publish").count(), 2);
}

#[test]
fn a_scenario_file_says_what_is_due() {
    let scenarios =
        "[[scenario]]\nname = \"no such stream\"\ncaptures = [\"*\"]\nexpects = [\"NetStream.Play.StreamNotFound\"]";
    let play = |c: Conversation| c.client(|c| c.play(STREAM, 3, "nothing"));
    let told = play(streaming()).server(|s| s.on_status(STREAM, "error", "NetStream.Play.StreamNotFound", "no"));
    let silent = play(streaming()).wait_ms(3000).client(|c| c.delete_stream(STREAM));
    let servers = [("told", told), ("silent", silent)];
    let comparison = compared_under(scenarios, &servers);
    let state = |comparison: &Comparison, label| code(comparison, label, "NetStream.Play.StreamNotFound");
    assert_eq!(state(&comparison, 0).0, State::Works);
    assert_eq!(state(&comparison, 1), (State::Missing, "answer to play: nothing (no such stream)".into()));
    // Without the file nobody knows.
    assert_eq!(state(&compared(&servers), 1).0, State::NotExercised);
}

/// The packets of a conversation that the server ends.
fn closed_by_server(conversation: &Conversation) -> Vec<rtmp_inspect::synth::Packet> {
    let mut packets = Vec::new();
    let mut connection = Connection::open(Link::v4(), Time(conversation.writes()[0].time.0 - 1_000_000), &mut packets);
    for write in conversation.writes() {
        connection.write(write, &mut packets);
    }
    connection.close(Side::Server, Time(connection.now().0 + 1_000_000), &mut packets);
    packets
}

/// One capture of one server, under scenarios.
fn of_packets(scenarios: &str, packets: &[rtmp_inspect::synth::Packet]) -> Comparison {
    let mut profile = Profile::default();
    let scenarios = Scenarios::parse(scenarios).unwrap();
    observe(&common::Story::of_packets(packets), 0, "a.pcap", &scenarios, &mut profile);
    Comparison::new(vec![("a".into(), profile)], vec!["a.pcap".into()], 0)
}

/// The codes that are missing.
fn missing(comparison: &Comparison) -> Vec<&str> {
    let rows = comparison.codes.iter().filter(|row| row.cells[0].state == State::Missing);
    rows.map(|row| row.code.as_str()).collect()
}

#[test]
fn what_the_player_raises_for_itself_no_server_has_to_send() {
    let comparison = of_packets("", &closed_by_server(&sample::publishing()));
    assert_eq!(value(&comparison, 0, "end"), "the server closes the connection");
    let (state, detail) = code(&comparison, 0, "NetConnection.Connect.Closed");
    assert_eq!((state, &*detail), (State::NotExercised, "the player raises it for itself too"));
    assert!(missing(&comparison).is_empty());
    // Where a server does send it, it is judged like any other.
    let says = |level| sample::publishing().server(|s| s.on_status(0, level, "NetConnection.Connect.Closed", "bye"));
    let comparison = compared(&[("right", says("status")), ("level", says("error"))]);
    assert_eq!(code(&comparison, 0, "NetConnection.Connect.Closed").0, State::Works);
    assert_eq!(code(&comparison, 1, "NetConnection.Connect.Closed").0, State::Deviates);
}

#[test]
fn one_situation_makes_one_code_due() {
    let scenarios = |codes: &str| format!("[[scenario]]\nname = \"no\"\ncaptures = [\"*\"]\nexpects = [{codes}]");
    let two = scenarios("\"NetStream.Publish.Denied\", \"NetStream.Publish.Rejected\"");
    let publish = || streaming().client(|c| c.publish(STREAM, 3, "s"));
    // The first is due, the other would have done as well.
    let refused = of_packets(&two, &closed_by_server(&publish()));
    assert_eq!(missing(&refused), ["NetStream.Publish.Denied"]);
    let told = publish().server(|s| s.on_status(STREAM, "error", "NetStream.Publish.Rejected", "no"));
    let told = of_packets(&two, &closed_by_server(&told));
    assert!(missing(&told).is_empty());
    assert_eq!(code(&told, 0, "NetStream.Publish.Rejected").0, State::Works);
    // What a scenario expects of connect stands in for what any refused connect misses.
    let connect = Conversation::new().handshake().client(|c| c.connect("nothing"));
    let (any, expected) = ("", scenarios("\"NetConnection.Connect.InvalidApp\""));
    let packets = closed_by_server(&connect);
    assert_eq!(missing(&of_packets(any, &packets)), ["NetConnection.Connect.Rejected"]);
    assert_eq!(missing(&of_packets(&expected, &packets)), ["NetConnection.Connect.InvalidApp"]);
    // Also where it came with an answer that has no code.
    let answered = connect.server(|s| s.command("_error", 1, &[Amf::Null, Amf::Null]));
    let packets = closed_by_server(&answered);
    assert_eq!(missing(&of_packets(any, &packets)), ["NetConnection.Connect.Rejected"]);
    assert_eq!(missing(&of_packets(&expected, &packets)), ["NetConnection.Connect.InvalidApp"]);
}

#[test]
fn s2_is_told_by_what_it_is_to_c1() {
    let after = |handshake| {
        let begun = Conversation::new().handshake_as(handshake);
        begun.client(|c| c.connect("live")).server(|s| s.connect_result())
    };
    let comparison = compared(&[
        ("spec", after(Handshake::Simple)),
        ("copy", after(Handshake::Exact)),
        ("other", after(Handshake::BrokenS2)),
    ]);
    let told = |label| value(&comparison, label, "handshake.s2");
    assert_eq!(told(0), "an echo of C1, with a time of its own in bytes 4 to 7");
    assert_eq!(told(1), "an exact copy of C1");
    assert_eq!(told(2), "other bytes, not an echo of C1");
    let signed =
        of_files(&[("a", "nginx-rtmp/ffmpeg-publish-and-play.pcapng"), ("b", "ffmpeg-listen/ffmpeg-publish.pcap")]);
    assert_eq!(value(&signed, 0, "handshake.s2"), "random bytes, with a signature over C1's digest");
    assert_eq!(value(&signed, 1, "handshake.s2"), "an echo of C1, with a time of its own in bytes 4 to 7");
}

/// A server that sends its window on a chunk stream of commands, and a status with the number of its request.
fn odd() -> Conversation {
    let window = Message::new(3, 5, 0, 0, 4096_u32.to_be_bytes().to_vec());
    let start = values(&["onStatus".into(), 3.into(), Amf::Null, information("status", "NetStream.Publish.Start")]);
    Conversation::new()
        .handshake()
        .client(|c| c.connect("live"))
        .server(|s| s.connect_result().message(&window).set_peer_bandwidth(5_000_000, 2).set_chunk_size(4096))
        .client(|c| c.window_acknowledgement_size(4096).set_chunk_size(4096))
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, STREAM))
        .client(|c| c.publish(STREAM, 3, "s"))
        .server(|s| s.stream_begin(STREAM).message(&Message::new(5, 20, STREAM, 0, start)))
}

#[test]
fn the_digest_names_what_breaks_clients_first() {
    let told = |comparison: &Comparison| -> Vec<(String, Vec<usize>)> {
        let all = comparison.digest.iter();
        all.map(|difference| (difference.key.clone(), difference.labels.clone())).collect()
    };
    let expected = |odd: usize, relative: usize| {
        vec![
            ("streams.protocol_control_messages".to_owned(), vec![odd]),
            ("connect.steps".to_owned(), vec![relative]),
            ("status.onStatus.NetStream.Publish.Start.place".to_owned(), vec![odd]),
            ("connect.window".to_owned(), vec![relative]),
        ]
    };
    let comparison = compared(&[("usual", sample::publishing()), ("odd", odd())]);
    assert_eq!(told(&comparison), expected(1, 1));
    assert_eq!(comparison.digest[2].title, "Transaction id of onStatus");
    // Who does what is prescribed is not to blame, whoever the reference is.
    let comparison = compared(&[("odd", odd()), ("usual", sample::publishing())]);
    assert_eq!(told(&comparison), expected(0, 1));
    // Nothing differs, nothing is told.
    assert!(compared(&[("a", odd()), ("b", odd())]).digest.is_empty());
}

#[test]
fn a_code_that_clients_wait_for_is_in_the_digest_and_has_its_row() {
    let silent = published(|s| s);
    let on_zero = published(|s| s.on_status(0, "status", "NetStream.Publish.Start", "ok"));
    let comparison = compared(&[("usual", sample::publishing()), ("silent", silent), ("zero", on_zero)]);
    let digest = &comparison.digest;
    assert_eq!((&*digest[0].key, &*digest[0].labels), ("NetStream.Publish.Start", &[1][..]));
    assert_eq!((&*digest[1].title, &*digest[1].labels), ("Message stream of onStatus", &[2][..]));
    let found: serde_json::Value = serde_json::from_str(&json(&comparison)).unwrap();
    assert_eq!(found["digest"][0]["key"], "NetStream.Publish.Start");
    assert_eq!(found["digest"][0]["labels"], serde_json::json!(["silent"]));
    assert!(found["digest"][0]["why"].as_str().unwrap().contains("wait"));
    for form in [text(&comparison, false, false), markdown(&comparison), html(&comparison)] {
        let (digest, tables) = form.split_once("Tested with").unwrap();
        assert!(digest.contains("What breaks clients first") && digest.contains("silent"), "{digest}");
        assert!(tables.contains("Information objects"));
    }
    // The page leads from the digest to the row.
    let page = html(&comparison);
    for target in page.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    assert!(page.matches("href=").count() == digest.len());
}

#[test]
fn the_digest_is_short_and_its_rows_are_there() {
    let comparison = of_files(&[
        ("nginx", "nginx-rtmp/ffmpeg-publish-and-play.pcapng"),
        ("xiu", "xiu/ffmpeg-extended-timestamp.pcap"),
        ("rtmp-rs", "rtmp-rs/ffmpeg-extended-timestamp.pcap"),
        ("crtmpserver", "crtmpserver/ffmpeg-timestamp-wrap.pcap"),
        ("ffmpeg", "ffmpeg-listen/ffmpeg-publish.pcap"),
    ]);
    assert!(comparison.digest.len() > 5 && comparison.digest.len() <= 10);
    let is_row = |key: &str| {
        comparison.behaviour.iter().any(|row| row.key == key) || comparison.codes.iter().any(|row| row.code == key)
    };
    let keys: BTreeSet<&str> = comparison.digest.iter().map(|difference| &*difference.key).collect();
    assert_eq!(keys.len(), comparison.digest.len());
    assert!(keys.into_iter().all(is_row));
}

#[test]
fn what_a_server_was_tested_as_is_what_the_wire_tells() {
    let servers = [
        ("nginx", "nginx-rtmp/ffmpeg-publish-and-play.pcapng"),
        ("SRS", "srs/ffmpeg-publish-and-play.pcap"),
        ("none", "rtmplite3/rtmpclient-amf3.pcap"),
    ];
    let comparison = of_files(&servers);
    let told = |label: usize| -> Vec<String> {
        let software = &comparison.tested[label].software;
        software.iter().map(|told| format!("{}: {}", told.source, told.value)).collect()
    };
    assert_eq!(told(0), ["fmsVer: FMS/3,0,1,123", "S1: looks like nginx-rtmp, version bytes 13.14.10.13"]);
    assert!(told(1).contains(&"data.srs_server: SRS/7.0.18(Hang)".to_owned()), "{:?}", told(1));
    // The encoder that its publisher named is not the server's.
    assert!(!told(1).iter().any(|line| line.contains("Lavf")), "{:?}", told(1));
    assert!(told(2).is_empty());
    let found: serde_json::Value = serde_json::from_str(&json(&comparison)).unwrap();
    let nginx = &found["tested_with"]["nginx"];
    assert_eq!(nginx["software"][0], serde_json::json!({ "source": "fmsVer", "value": "FMS/3,0,1,123" }));
    assert_eq!(nginx["captures"], serde_json::json!(["nginx-rtmp/ffmpeg-publish-and-play.pcapng"]));
    assert_eq!((&nginx["sessions"], &nginx["left_out"]), (&2.into(), &0.into()));
    let story = common::Story::of_file(&capture(servers[0].1));
    let begun = story.events.iter().find_map(|event| match event {
        rtmp_inspect::proto::Event::Session(opened) => Some(opened.at.time.0),
        _ => None,
    });
    let first = nginx["first"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(Some(first.as_second()), begun.map(|ns| ns / 1_000_000_000));
    for form in [text(&comparison, false, false), markdown(&comparison), html(&comparison)] {
        assert!(form.contains("Tested with") && form.contains("not told on the wire"));
        let form = form.replace("<wbr>", "");
        assert!(form.contains(nginx["first"].as_str().unwrap()) && form.contains("13.14.10.13"));
    }
}

#[test]
fn the_user_s_notes_stand_beside_what_the_wire_tells() {
    let servers = ["a=captures/srs/ffmpeg-publish-and-play.pcap", "a=b=captures/xiu/ffmpeg-extended-timestamp.pcap"];
    let notes = ["--note", "a=SRS 7 <b>from</b> Debian", "--note", "a=on loopback", "--color", "never"];
    for form in ["--markdown", "--html", "--json", "--all"] {
        let output = run(&[&servers[..1], &notes[..], &[form]].concat());
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        let note = if form == "--html" { "SRS 7 &lt;b&gt;from&lt;/b&gt; Debian" } else { "SRS 7 <b>from</b> Debian" };
        assert!(told.contains(note) && told.contains("on loopback"), "{form}: {told}");
    }
    for (note, wrong) in [("b=x", "--note b: there is no such label"), ("a", "--note a: is not LABEL=TEXT")] {
        let output = run(&[&servers[..1], &["--note", note]].concat());
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), format!("rtmp-inspect: {wrong}"));
    }
}

#[test]
fn a_cell_says_in_one_line_what_deviates_and_folds_the_rest() {
    let start = |level: &'static str| published(move |s| s.on_status(0, level, "NetStream.Publish.Start", "ok"));
    let comparison = compared(&[("right", sample::publishing()), ("wrong", start("error"))]);
    let detail = code(&comparison, 1, "NetStream.Publish.Start").1;
    assert_eq!(detail, "level \"error\" instead of \"status\"; on message stream 0");
    let page = markdown(&comparison);
    let row = page.lines().find(|line| line.starts_with("| `NetStream.Publish.Start`")).unwrap();
    assert!(row.contains("| ✓ | ≠ `level \"error\" instead of \"status\"; …` |"), "{row}");
    assert!(!row.contains("wrong.pcap"));
    let (_, folded) = page.split_once("<details>").unwrap();
    assert!(folded.contains("on message stream 0") && folded.contains("wrong.pcap"));
    let page = html(&comparison);
    let (_, cell) = page.split_once("instead of &quot;status&quot;; …</span></summary>").unwrap();
    let (cell, _) = cell.split_once("</details>").unwrap();
    assert!(cell.contains("on message stream 0") && cell.contains("wrong.<wbr>pcap"), "{cell}");
}

#[test]
fn no_control_character_is_left_in_any_form() {
    let code = "My.\u{9b}31m\u{7f}\u{85}Code";
    let say = |s: &mut rtmp_inspect::synth::Peer| {
        let payload = values(&["onStatus".into(), 0.into(), Amf::Null, information("\u{1b}[31m", code)]);
        s.message(&Message::new(5, 20, STREAM, 0, payload));
    };
    let conversation = sample::publishing().server(|s| {
        say(s);
        s
    });
    let comparison = compared(&[("a", conversation), ("b", sample::publishing())]);
    let object = json(&comparison);
    let forms = [text(&comparison, false, true), object.clone(), markdown(&comparison), html(&comparison)];
    for form in forms {
        assert!(form.chars().all(|c| c == '\n' || !c.is_control()), "{form}");
    }
    // The value is still the whole one.
    let found: serde_json::Value = serde_json::from_str(&object).unwrap();
    let row = found["codes"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap();
    assert_eq!(row["level"], "\u{1b}[31m");
    assert!(object.contains("My.\\u009b31m\\u007f\\u0085Code"));
    assert!(text(&comparison, false, false).contains("\\u{1b}"));
}

#[test]
fn a_hole_in_the_capture_is_nobody_s_fault() {
    let conversation = streaming()
        .client(|c| c.publish(STREAM, 3, "s"))
        .server(|s| s.on_status(STREAM, "status", "NetStream.Publish.Start", "ok"));
    let mut packets = Link::v4().packets(&conversation.wait_ms(3000).client(|c| c.metadata(STREAM, 0)));
    // The segment with the answer to publish.
    let lost = packets
        .iter()
        .rposition(|packet| packet.from == rtmp_inspect::wire::Side::Server && !packet.payload.is_empty());
    packets.remove(lost.unwrap());
    let mut profile = Profile::default();
    observe(&common::Story::of_packets(&packets), 0, "a.pcap", &Scenarios::default(), &mut profile);
    let comparison = Comparison::new(vec![("a".into(), profile)], vec!["a.pcap".into()], 0);
    assert_eq!(code(&comparison, 0, "NetStream.Publish.Start").0, State::NotExercised);
}

fn hostile_comparison() -> Comparison {
    let labels = ["\"><script>alert(2)</script>", "b|`c`\n|\u{1b}[31m", "plain"];
    let [a, b, c] = labels;
    compared(&[(a, hostile()), (b, sample::publishing()), (c, sample::playing())])
}

#[test]
fn no_text_from_the_wire_is_markup() {
    let page = html(&hostile_comparison());
    let (head, page) = page.split_once("<main>").unwrap();
    assert!(head.contains("default-src 'none'") && !head.contains("alert"), "{head}");
    // Every tag is one of ours, with nothing of the wire in its attributes.
    let tags: BTreeSet<&str> = page.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()).collect();
    let ours = [
        "/main", "h1", "/h1", "h2", "/h2", "ul", "/ul", "li", "/li", "b", "/b", "p", "/p", "span", "/span", "div",
        "/div", "code", "/code", "i", "/i", "br", "ol", "/ol", "a", "/a", "details", "/details", "summary", "/summary",
        "wbr", "/html",
    ];
    let foreign: Vec<_> = tags.iter().filter(|tag| !ours.contains(tag)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        for attribute in tag.split(' ').skip(1).filter(|part| part.contains('=')) {
            let name = attribute.split('=').next().unwrap();
            assert!(["class", "role", "style", "title", "id", "href"].contains(&name), "{tag}");
            let value = attribute.split('"').nth(1).unwrap();
            let is_place = |value: &str| value.starts_with("row-") || value.starts_with("code-");
            assert!(name != "id" || is_place(value), "{tag}");
            assert!(name != "href" || value.strip_prefix('#').is_some_and(is_place), "{tag}");
        }
    }
    assert!(page.contains("&lt;script&gt;alert(1)"), "the text itself is there");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
}

#[test]
fn no_text_from_the_wire_breaks_markdown_or_a_terminal() {
    let comparison = hostile_comparison();
    let page = markdown(&comparison);
    let mut columns = 0;
    for line in page.lines() {
        if !line.starts_with('|') {
            columns = 0;
            continue;
        }
        let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert!(columns == 0 || columns == bars, "{line}");
        columns = bars;
    }
    // What is not code is ours: no mention, no tag but those of the folds.
    for line in page.lines() {
        let mut rest = line.replace("\\|", "");
        while let Some(start) = rest.find('`') {
            let fence = rest[start..].chars().take_while(|c| *c == '`').count();
            let inside = &rest[start + fence..];
            let close = "`".repeat(fence);
            let mut end = 0;
            loop {
                let at = end + inside[end..].find(&close).unwrap();
                let run = inside[at..].chars().take_while(|c| *c == '`').count();
                if run == fence {
                    end = at;
                    break;
                }
                end = at + run;
            }
            rest = format!("{}{}", &rest[..start], &inside[end + fence..]);
        }
        assert!(!rest.contains('@') && !rest.contains("script") && !rest.contains("img"), "{line}");
    }
    for shown in [page, text(&comparison, false, true)] {
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'));
    }
}

#[test]
fn ten_servers_fit_eighty_columns() {
    let labels =
        ["a", "nginx-rtmp", "a-server-with-a-long-name-indeed", "日本", "e", "f", "g", "hhhhhhhhhhhh", "i", "j"];
    let servers: Vec<_> = labels.iter().map(|label| (*label, sample::publish(2))).chain([("k", hostile())]).collect();
    let comparison = compared(&servers);
    for all in [false, true] {
        for line in text(&comparison, false, all).lines() {
            assert!(line.width() <= 80, "{line}");
        }
    }
}

#[test]
fn wide_and_combining_characters_take_their_columns() {
    let labels = ["a", "日本語", "e\u{301}te\u{301}", "👍🏽 ok", "plain"];
    let servers: Vec<_> = labels.iter().map(|label| (*label, sample::publish(2))).collect();
    let told = text(&compared(&servers), false, false);
    let heading = told.lines().find(|line| line.starts_with("Information objects")).unwrap();
    let row = told.lines().find(|line| line.starts_with("NetConnection.Connect.Success")).unwrap();
    // Each mark stands under the middle of its label.
    let marks = row.match_indices('✓').map(|(at, _)| row[..at].width());
    let middles = labels
        .map(|label| heading[..heading.find(&format!("  {label}")).unwrap()].width() + 2 + (label.width() - 1) / 2);
    assert_eq!(marks.collect::<Vec<_>>(), middles, "{heading}\n{row}");
    assert_eq!(heading.width(), 47 + labels.map(|label| label.width() + 2).iter().sum::<usize>());
}

#[test]
fn a_long_text_of_wide_characters_is_broken_where_the_line_ends() {
    let long = "漢".repeat(120);
    let comparison = compared(&[(&long, sample::publish(2)), ("b", sample::playing())]);
    let told = text(&comparison, false, true);
    assert!(told.lines().all(|line| line.width() <= 80));
    assert!(told.lines().any(|line| line.width() == 80 && line.starts_with('漢')));
}

#[test]
fn secrets_stay() {
    let conversation = Conversation::new()
        .handshake()
        .client(|c| c.connect("live?token=tkn-4711-x"))
        .server(|s| s.connect_result().on_status(0, "status", "NetConnection.Connect.Closed", "bye key-0815-y"))
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, STREAM))
        .client(|c| c.publish(STREAM, 3, "key-0815-y?pw=word-99-z"))
        .server(|s| s.on_status(STREAM, "error", "NetStream.Publish.BadName", "no key-0815-y?pw=word-99-z here"));
    let comparison = compared(&[("a", conversation), ("b", sample::publishing())]);
    for shown in [html(&comparison), json(&comparison), markdown(&comparison), text(&comparison, false, true)] {
        for secret in ["tkn-4711-x", "key-0815-y", "word-99-z"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(shown.contains("NetStream.Publish.BadName") || shown.contains("NetStream.<wbr>"));
    }
}

#[test]
fn pings_and_acknowledgements_are_told_by_their_intervals() {
    let mut conversation = sample::publishing();
    for round in 1..5 {
        conversation = conversation.wait_ms(3000).server(|s| s.ping_request(round).acknowledgement(round * 20_000));
    }
    let asked = sample::publishing().client(|c| c.ping_request(1)).server(|s| s.ping_response(1));
    let comparison = compared(&[("server", conversation), ("asked", asked)]);
    assert_eq!(value(&comparison, 0, "flow.pings"), "about every 3 s");
    assert_eq!(value(&comparison, 0, "flow.acknowledgements"), "about every 20000 bytes");
    assert_eq!(value(&comparison, 1, "flow.ping_response"), "Ping Response");
    assert_eq!(value(&comparison, 1, "flow.pings"), "not exercised");
}

#[test]
fn media_in_aggregates_are_media() {
    use rtmp_inspect::synth::{SubMessage, aggregate, media};
    let random = &mut rtmp_inspect::synth::Random::new(1);
    let inside = [
        SubMessage::new(8, 0, media::aac_sequence_header()),
        SubMessage::new(9, 0, media::avc_sequence_header()),
        SubMessage::new(9, 0, media::avc_frame(media::Frame::Key, 0, 300, random)),
    ];
    let payload = aggregate(&inside);
    let conversation = sample::playing().server(|s| s.message(&Message::new(6, 22, STREAM, 0, payload)));
    let comparison = compared(&[("server", conversation)]);
    assert_eq!(value(&comparison, 0, "media.video_header"), "before all frames");
    assert_eq!(value(&comparison, 0, "streams.aggregates"), "chunk stream 6, the stream's message stream");
    assert_eq!(code(&comparison, 0, "NetStream.Play.Start").0, State::Works);
}

#[test]
fn broken_captures_are_compared_as_far_as_they_go() {
    use rtmp_inspect::synth::Random;
    let mut random = Random::new(7);
    for round in 0..60 {
        let conversation = if round % 2 == 0 { sample::publish(3) } else { hostile() };
        let mut packets = Link::v4().packets(&conversation);
        for _ in 0..random.between(1, 6) {
            let place = random.between(0, packets.len() as u64 - 1) as usize;
            match random.between(0, 3) {
                0 => drop(packets.remove(place)),
                1 => packets.truncate(place.max(4)),
                2 => packets.swap(place, 3),
                _ => {
                    let bytes = random.bytes(8);
                    let payload = &mut packets[place].payload;
                    let at = random.between(0, payload.len() as u64) as usize;
                    for (byte, new) in payload.iter_mut().skip(at).zip(bytes) {
                        *byte = new;
                    }
                }
            }
        }
        let mut profile = Profile::default();
        observe(&common::Story::of_packets(&packets), 0, "a.pcap", &Scenarios::default(), &mut profile);
        let comparison =
            Comparison::new(vec![("a".into(), profile.clone()), (String::new(), profile)], vec!["a.pcap".into()], 0);
        assert!(!comparison.differs(), "the same is no difference");
        let shown = [html(&comparison), json(&comparison), markdown(&comparison), text(&comparison, true, true)];
        assert!(shown.iter().all(|form| form.len() > 500));
    }
}

fn run(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).current_dir(root).arg("compare").args(arguments).output().unwrap()
}

/// The same client against two servers. This list was made by reading the two timelines side by side.
const SRS_BESIDE_NGINX_RTMP: &[&str] = &[
    "S1: version bytes",
    "S1: time",
    "Answer to connect, step by step",
    "Window Acknowledgement Size",
    "Set Peer Bandwidth",
    "Set Chunk Size, up to the first request",
    "Answer to connect: property capabilities",
    "Answer to connect: property fmsVer",
    "Answer to connect: property mode",
    "Answer to connect: information data",
    "Answer to connect: information description",
    "Call by the server: onBWDone",
    "Answer to releaseStream",
    "Answer to FCPublish",
    "Answer to play",
    "Answer to FCUnpublish",
    "onStatus NetStream.Play.Start: description",
    "onStatus NetStream.Play.Start: fields",
    "onStatus NetStream.Publish.Start: description",
    "onStatus NetStream.Publish.Start: fields",
    "Streams of data messages",
    "Streams of audio",
    "Streams of video",
    "Metadata: beside the publisher's",
    "Sequence header of video to a player",
    "Time of the first sequence header to a late player",
    "First picture to a late player",
];

fn of_files(servers: &[(&str, &str)]) -> Comparison {
    let mut captures = Vec::new();
    let profiles = servers.iter().map(|(label, name)| {
        let mut profile = Profile::default();
        captures.push((*name).to_owned());
        let story = common::Story::of_file(&capture(name));
        observe(&story, captures.len() - 1, name, &Scenarios::default(), &mut profile);
        ((*label).to_owned(), profile)
    });
    let profiles = profiles.collect();
    Comparison::new(profiles, captures, 0)
}

#[test]
fn every_difference_that_a_person_finds_and_no_other() {
    let comparison = of_files(&[
        ("nginx-rtmp", "nginx-rtmp/ffmpeg-publish-and-play.pcapng"),
        ("SRS", "srs/ffmpeg-publish-and-play.pcap"),
    ]);
    let found: Vec<&str> =
        comparison.behaviour.iter().filter(|row| row.differs).map(|row| row.title.as_str()).collect();
    assert_eq!(found, SRS_BESIDE_NGINX_RTMP);
    let codes: Vec<_> =
        comparison.codes.iter().filter(|row| comparison.code_differs(row)).map(|row| &*row.code).collect();
    assert_eq!(codes, ["NetStream.Unpublish.Success"]);
}

#[test]
fn a_server_does_not_differ_from_itself() {
    let same: &[&[&str]] = &[
        &["a=captures/nginx-rtmp/ffmpeg-publish-and-play.pcapng", "b=captures/transport/base-mtu1500.pcap"],
        &["a=captures/nginx-rtmp/obs-publish.pcap", "b=captures/nginx-rtmp/ffmpeg-extended-timestamp.pcap"],
        &["a=captures/node-media-server/ffmpeg-publish-and-play.pcap", "b=captures/enhanced/nms4-*.pcap"],
        &["a=captures/srs/ffmpeg-publish-and-play.pcap", "b=captures/srs/ffmpeg-play-no-stream.pcap"],
        &["a=captures/transport/base-mtu1500.pcap", "b=captures/transport/derived-overlaps.pcap"],
        &["a=captures/transport/base-mtu1500.pcap", "b=captures/transport/derived-out-of-order-far.pcap"],
    ];
    for pair in same {
        let output = run(&[pair, &["--exit-code"][..]].concat());
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{pair:?}\n{told}");
        // That is worth something where both were seen.
        let json = run(&[pair, &["--json"][..]].concat()).stdout;
        let found: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let rows = found["behaviour"].as_array().unwrap();
        let both = rows.iter().filter(|row| row["cells"].get("a").is_some() && row["cells"].get("b").is_some());
        assert!(both.count() > 15, "{pair:?}");
    }
}

#[test]
fn the_exit_code_tells_of_a_difference() {
    let servers =
        ["nginx=captures/nginx-rtmp/ffmpeg-publish-and-play.pcapng", "captures/srs/ffmpeg-publish-and-play.pcap"];
    assert_eq!(run(&servers).status.code(), Some(0));
    let output = run(&[&servers[..], &["--exit-code", "--json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["labels"], serde_json::json!(["nginx", "ffmpeg-publish-and-play"]));
    assert_eq!((&found["reference"], &found["differs"]), (&"nginx".into(), &true.into()));
    let cell = &found["codes"][7]["cells"]["nginx"];
    assert_eq!(cell["state"], "works");
    assert_eq!(cell["evidence"][0]["n"], 5);
    assert_eq!(cell["evidence"][0]["session"], 1);
}

#[test]
fn captures_without_a_name_are_servers_of_their_own() {
    let captures =
        ["captures/srs/ffmpeg-publish-and-play.pcap", "captures/node-media-server/ffmpeg-publish-and-play.pcap"];
    let output = run(&[&captures[..], &["--json", "--exit-code"]].concat());
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let labels = ["srs/ffmpeg-publish-and-play", "node-media-server/ffmpeg-publish-and-play"];
    assert_eq!(found["labels"], serde_json::json!(labels));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_same_bytes_on_every_run() {
    for form in ["--json", "--markdown", "--html", "--all"] {
        let arguments = ["a=captures/srs", "b=captures/node-media-server/*.pcap", form];
        assert!(run(&arguments).stdout == run(&arguments).stdout, "{form}");
    }
}

const BEGIN: &str = "<!-- begin: written by the test -->\n";
const END: &str = "<!-- end -->\n";
const RANKING: &str = "<!-- ranking: written by the test -->\n";

/// Two tests write into one file.
static DOCUMENT: Mutex<()> = Mutex::new(());

/// Puts `new` between a mark and the next [`END`] of docs/compare.md, or finds it there.
fn kept(mark: &str, new: &str) {
    let _guard = DOCUMENT.lock().unwrap_or_else(PoisonError::into_inner);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compare.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(mark).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let new = format!("{before}{mark}\n{new}\n{END}{after}");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, new).unwrap();
    } else {
        assert!(document == new, "docs/compare.md is old: BLESS=1 cargo test --test compare");
    }
}

#[test]
fn the_ranking_in_the_documentation_is_the_program_s() {
    let rows =
        KINDS.iter().enumerate().map(|(index, kind)| format!("| {} | {} | {} |\n", index + 1, kind.what(), kind.why));
    kept(RANKING, &format!("| | difference | why |\n| --- | --- | --- |\n{}", rows.collect::<String>()));
}

#[test]
fn the_table_in_the_documentation_is_what_the_captures_say() {
    let output = run(&[
        "--markdown",
        "--scenarios",
        "docs/compare.toml",
        "nginx-rtmp=captures/nginx-rtmp",
        "nginx-rtmp=captures/enhanced/nginx-*.pcap",
        "SRS=captures/srs",
        "node-media-server=captures/node-media-server",
        "node-media-server=captures/enhanced/nms4-*.pcap",
        "crtmpserver=captures/crtmpserver",
        "xiu=captures/xiu",
        "rtmp-rs=captures/rtmp-rs",
        "FFmpeg=captures/ffmpeg-listen",
    ]);
    let told = String::from_utf8(output.stdout).unwrap();
    // One capture shows what is no RTMP on its port.
    let said = "rtmp-inspect: captures/nginx-rtmp/not-rtmp-http-and-tls.pcap: no RTMP in 16 packets\n  127.0.0.1:33544 speaks HTTP";
    assert_eq!(output.status.code(), Some(0), "{told}");
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(complaints.starts_with(said) && complaints.matches("rtmp-inspect: ").count() == 1, "{complaints}");
    kept(BEGIN, &told);
}

/// What carries the sessions: servers beside one another that the same encoder publishes to.
const CARRIED: &[&str] = &[
    "tls12=captures/tls/nginx-ffmpeg-tls12-gcm.pcap",
    "tls13=captures/tls/stunnel-ffmpeg-tls13.pcap",
    "rtmpt=captures/rtmpt/rtmpt-ffmpeg-publish.pcap",
    "rtmpts=captures/tls/rtmpts-ffmpeg-publish.pcap",
];

/// The key logs of these, put together.
fn carried(form: &str) -> String {
    let mut keys = tempfile::NamedTempFile::new().unwrap();
    for name in ["nginx-ffmpeg-tls12-gcm", "stunnel-ffmpeg-tls13", "rtmpts-ffmpeg-publish"] {
        let mut log = std::fs::File::open(capture(&format!("tls/{name}.keys"))).unwrap();
        std::io::copy(&mut log, &mut keys).unwrap();
    }
    let output = run(&[CARRIED, &[form, "--keylog", keys.path().to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_carries_sessions_is_compared() {
    let json: serde_json::Value = serde_json::from_str(&carried("--json")).unwrap();
    let rows: Vec<(String, bool, Vec<Option<String>>)> = json["behaviour"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["key"].as_str().unwrap().contains("carrier."))
        .map(|row| {
            let value = |label| row["cells"][label]["value"].as_str().map(str::to_owned);
            let cells = ["tls12", "tls13", "rtmpt", "rtmpts"].map(value).to_vec();
            (row["title"].as_str().unwrap().to_owned(), row["differs"].as_bool().unwrap(), cells)
        })
        .collect();
    insta::assert_debug_snapshot!(rows);

    // Text and HTML have the same rows, with who differs.
    let (text, html) = (carried("--all"), carried("--html").replace("<wbr>", ""));
    for (title, differs, cells) in &rows {
        let mark = if *differs { '≠' } else { ' ' };
        assert!(text.contains(&format!("\n{mark} {title}\n")), "{title} in\n{text}");
        assert!(html.contains(title.as_str()), "{title}");
        for cell in cells.iter().flatten() {
            assert!(text.contains(cell.as_str()) && html.contains(cell.as_str()), "{cell}");
        }
    }
    let tls = text.split("≠ TLS: what is agreed on\n").nth(1).unwrap();
    let lines: Vec<&str> = tls.lines().take(3).map(str::trim).collect();
    assert!(lines[0] == "tls12: TLS 1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "{lines:?}");
    assert!(lines[2].starts_with("≠ tls13, rtmpts: TLS 1.3, TLS_AES_256_GCM_SHA384 ("), "{lines:?}");
}
