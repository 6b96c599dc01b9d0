//! What a comparison keeps is bounded: captures that go for one bound each, and what is still told.
#![allow(clippy::unwrap_used)]

mod common;

use common::Story;
use rtmp_inspect::compare::{Comparison, Observer, Profile, Row, Scenarios};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::proto::rtmp::status;
use rtmp_inspect::story::Stories;
use rtmp_inspect::synth::{Amf, Conversation, Link, Message, object, sample, values};

const MOST: Limits = Limits::DEFAULT;
const STREAM: u32 = sample::STREAM;

/// Takes a capture in, as the program does.
fn observe(story: &Story, profile: &mut Profile) {
    let mut masks = Masks::new(true, &MOST);
    let mut observer = Observer::new(profile.captures.len(), "a.pcap", &Scenarios::default());
    profile.captures.push(profile.captures.len());
    let mut stories = Stories::under(&MOST);
    for event in &story.events {
        masks.observe(event);
        observer.observe(event, stories.learn(event), &masks, profile);
        masks.forget(event);
    }
}

/// One server, by captures of one session each.
fn compared(sessions: impl IntoIterator<Item = Conversation>) -> Comparison {
    let mut profile = Profile::default();
    sessions.into_iter().for_each(|session| observe(&Story::of(&session), &mut profile));
    Comparison::new(vec![("a".to_owned(), profile)], vec!["a.pcap".to_owned()], 0)
}

fn rows<'c>(comparison: &'c Comparison, key: &'c str) -> impl Iterator<Item = &'c Row> {
    comparison.behaviour.iter().filter(move |row| row.key.starts_with(key))
}

fn value(comparison: &Comparison, key: &str) -> String {
    rows(comparison, key).next().unwrap().cells[0].text()
}

/// So many calls, each answered after so long.
fn calls(names: impl Iterator<Item = String>, milliseconds: i64) -> Conversation {
    (2_u32..).zip(names).fold(sample::connected(), |conversation, (id, name)| {
        conversation.client(|c| c.command(&name, id, &[])).wait_ms(milliseconds).server(|s| s.result(id, &[]))
    })
}

#[test]
fn requests_without_end_are_followed_so_far() {
    let comparison = compared([calls((0..300).map(|n| format!("rpc{n}_")), 1)]);
    // Connect is one, and has rows of its own.
    assert_eq!(rows(&comparison, "request.rpc").count(), MOST.compared_requests - 1);
}

#[test]
fn steps_without_end_are_told_so_far() {
    let says = |from: u32| {
        move |s: &mut rtmp_inspect::synth::Peer| -> () {
            (from..from + 100).for_each(|n| {
                s.command(&format!("a{n}"), 0, &[]);
            })
        }
    };
    let asked = sample::connected().client(|c| c.command("rpc", 2, &[]));
    let answered = asked.server(|s| {
        says(0)(s);
        s.result(2, &[]);
        says(100)(s);
        s
    });
    let story = value(&compared([answered.wait_ms(5000).client(|c| c.ping_request(1))]), "request.rpc");
    assert_eq!(story.split(", ").count(), MOST.compared_steps, "{story}");
    assert!(story.starts_with("a0, a1,") && !story.contains("a100"), "{story}");
}

#[test]
fn kinds_without_end_are_told_so_far() {
    let many = 2 * MOST.compared_kinds as u32;
    let members = |what: &str| object((0..many).map(|n| (format!("{what}{n}"), n.into())).collect::<Vec<_>>());
    let (properties, information) = (members("p"), members("i"));
    let conversation = Conversation::new().handshake().client(|c| c.connect("live"));
    let conversation = conversation.server(|s| s.result(1, &[properties, information.clone()]));
    let conversation = (0..many).fold(conversation, |conversation, n| {
        let payload = values(&[format!("call{n}").as_str().into(), 0.into(), Amf::Null]);
        let chunk_stream = 10 + n;
        conversation
            .client(|c| c.command("rpc", 0, &[]))
            .server(|s| s.message(&Message::new(chunk_stream, 20, 0, 0, payload)))
    });
    let comparison = compared([conversation]);
    assert_eq!(rows(&comparison, "connect.object.p").count(), MOST.compared_kinds);
    assert_eq!(rows(&comparison, "connect.information.i").count(), MOST.compared_kinds);
    assert_eq!(rows(&comparison, "call.").count(), MOST.compared_kinds);
    assert_eq!(rows(&comparison, "streams.").count(), MOST.compared_kinds);
}

/// A session in which the server sends so many codes.
fn codes(session: usize, many: usize) -> Conversation {
    (0..many).fold(sample::connected(), |conversation, n| {
        conversation.server(|s| s.on_status(0, "status", &format!("Own.{session}.{n}"), ""))
    })
}

fn unknown_codes(comparison: &Comparison) -> usize {
    comparison.codes.iter().filter(|row| status::find(&row.code).is_none()).count()
}

#[test]
fn codes_without_end_are_told_so_far() {
    // Connect's answer is one that is known.
    assert_eq!(unknown_codes(&compared([codes(0, 300)])), MOST.compared_sightings - 1);
    assert_eq!(unknown_codes(&compared((0..4).map(|session| codes(session, 200)))), MOST.compared_codes - 1);
}

#[test]
fn streams_without_end_are_known_so_far() {
    let most = MOST.compared_names as u32;
    let begun = |stream: u32| {
        let conversation = (1..=2 * most).fold(sample::connected(), |conversation, id| {
            conversation.client(|c| c.create_stream(id + 1)).server(|s| s.create_stream_result(id + 1, 100 + id))
        });
        let conversation = conversation.client(|c| c.command("rpc", 0, &[])).server(|s| s.stream_begin(100 + stream));
        value(&compared([conversation.wait_ms(5000).client(|c| c.ping_request(1))]), "request.rpc")
    };
    assert_eq!(begun(most), "Stream Begin");
    assert_eq!(begun(most + 1), "Stream Begin (of a stream that was not created)");
}

#[test]
fn published_streams_without_end_are_known_so_far() {
    let mut packets = Vec::new();
    let mut say = |conversation: &Conversation, number: usize| {
        let link = Link::between(([192, 0, 2, 9], 40_000 + number as u16).into(), ([192, 0, 2, 2], 1935).into());
        packets.extend(link.packets(conversation));
    };
    let sessions = MOST.compared_streams.div_ceil(200) + 1;
    for session in 0..sessions {
        let conversation = (0..200).fold(sample::connected(), |conversation, n| {
            conversation.client(|c| c.publish(1, 0, &format!("name{}", session * 200 + n)))
        });
        say(&conversation, session);
    }
    // The last name of each of these sessions was free again at its end.
    let kept = MOST.compared_streams + MOST.compared_streams / 200;
    for (number, name) in [(sessions, kept - 2), (sessions + 1, kept + 2)] {
        let asked = sample::connected().client(|c| c.publish(1, 0, &format!("name{name}")));
        say(&asked.server(|s| s.on_status(1, "status", &format!("Own.{name}"), "")), number);
    }
    let mut profile = Profile::default();
    observe(&Story::of_packets(&packets), &mut profile);
    let comparison = Comparison::new(vec![("a".to_owned(), profile)], vec!["a.pcap".to_owned()], 0);
    let situation = |name: usize| {
        let told = format!("Own.{name}");
        let row = rows(&comparison, "request.publish").find(|row| row.cells[0].text().contains(&told)).unwrap();
        row.situation.clone()
    };
    assert!(situation(kept - 2).starts_with("publish(busy name, live)"), "{}", situation(kept - 2));
    assert!(situation(kept + 2).starts_with("publish(name, live)"), "{}", situation(kept + 2));
}

#[test]
fn metadata_without_end_are_compared_so_far() {
    let members =
        |from: usize| object((from..200).map(|n| (format!("m{n:03}"), (n as u32).into())).collect::<Vec<_>>());
    let change = |from: usize| {
        let link = Link::between(([192, 0, 2, 9], 40_000).into(), ([192, 0, 2, 2], 1935).into());
        let publisher =
            sample::publishing().client(|c| c.data(STREAM, 0, "@setDataFrame", &["onMetaData".into(), members(0)]));
        let later = publisher.now();
        let mut packets = link.packets(&publisher.wait_ms(60_000).client(|c| c.ping_request(1)));
        let player =
            Conversation::new().at(later).handshake().client(|c| c.connect("live")).server(|s| s.connect_result());
        let player = player.client(|c| c.create_stream(2)).server(|s| s.create_stream_result(2, STREAM));
        let player =
            player.client(|c| c.play(STREAM, 3, "s")).server(|s| s.data(STREAM, 0, "onMetaData", &[members(from)]));
        packets.extend(Link::between(([192, 0, 2, 9], 40_001).into(), ([192, 0, 2, 2], 1935).into()).packets(&player));
        packets.sort_by_key(|packet| packet.time);
        let mut profile = Profile::default();
        observe(&Story::of_packets(&packets), &mut profile);
        value(&Comparison::new(vec![("a".to_owned(), profile)], vec!["a.pcap".to_owned()], 0), "media.metadata.change")
    };
    let most = MOST.compared_metadata;
    assert_eq!(change(0), "the same");
    // Of what was published, only so many members are known; what follows them seems new.
    let told = change(most - 1);
    assert!(told.starts_with(&format!("adds m{most:03}, ")) && told.contains("drops m000"), "{told}");
}

#[test]
fn what_publishers_and_servers_say_without_end_is_kept_so_far() {
    let said = |text: String| object([("server", text.as_str().into())]);
    let conversation = (0..2 * MOST.compared_published).fold(sample::publishing(), |conversation, n| {
        conversation.client(|c| c.data(STREAM, 0, "onMetaData", &[said(format!("text{n}"))]))
    });
    let told = |n: usize| {
        let conversation =
            conversation.clone().server(|s| s.data(STREAM, 0, "onMetaData", &[said(format!("text{n}"))]));
        compared([conversation]).tested[0].software.iter().any(|told| told.value == format!("text{n}"))
    };
    assert!(!told(MOST.compared_published - 1) && told(MOST.compared_published));
    let properties = object((0..100).map(|n| (format!("p{n}_version"), "1".into())).collect::<Vec<_>>());
    let conversation = Conversation::new().handshake().client(|c| c.connect("live"));
    let conversation = conversation.server(|s| s.result(1, &[properties]));
    assert_eq!(compared([conversation]).tested[0].software.len(), MOST.compared_software);
}

#[test]
fn long_texts_and_values_are_cut() {
    let long = "x".repeat(4000);
    let items: Vec<Amf> = vec![Amf::Null; 100];
    let properties = object([("text", long.as_str().into()), ("list", Amf::StrictArray(items.clone()))]);
    let conversation =
        Conversation::new().handshake().client(|c| c.connect("live")).server(|s| s.result(1, &[properties]));
    let comparison = compared([conversation]);
    assert_eq!(value(&comparison, "connect.object.text"), format!("\"{}…\"", "x".repeat(MOST.compared_text)));
    let list = value(&comparison, "connect.object.list");
    assert_eq!(list, format!("[{}, …]", vec!["null"; MOST.compared_members].join(", ")));

    let asked = |client: &str, code: &str| {
        let connect = object([("app", "live".into()), ("flashVer", client.repeat(1000).as_str().into())]);
        let conversation = Conversation::new().handshake().client(|c| c.command("connect", 1, &[connect]));
        let conversation = conversation
            .server(|s| s.connect_result())
            .client(|c| c.command(&"y".repeat(1000), 0, &vec![object([("a", 1.into())]); 100]));
        let conversation = conversation.server(|s| s.on_status(0, "status", code, ""));
        let conversation =
            conversation.server(|s| (0..30).fold(s, |s, n| s.command(&format!("{n}{}", "z".repeat(100)), 0, &[])));
        conversation.wait_ms(5000).client(|c| c.ping_request(1))
    };
    let comparison = compared([asked("a", "One"), asked("b", "Two")]);
    let row = rows(&comparison, "request.y").next().unwrap();
    assert_eq!(row.cells[0].text().chars().count(), MOST.compared_value + 1);
    let longest =
        rows(&comparison, "").map(|row| row.situation.split("; ").map(|one| one.chars().count()).max().unwrap()).max();
    assert_eq!(longest, Some(MOST.compared_situation + 1));
}

#[test]
fn rows_and_latencies_without_end_are_told_so_far() {
    let compared = |sessions: usize| {
        compared((0..sessions).map(|session| calls((0..240).map(|n| format!("rpc{session}_{n}")), 1)))
    };
    let sessions = MOST.compared_rows.div_ceil(240);
    let comparison = compared(sessions);
    let told = |comparison: &Comparison| rows(comparison, "request.rpc").count();
    // Each session has other rows beside them.
    assert!(told(&comparison) < MOST.compared_rows && told(&comparison) > MOST.compared_rows / 4 * 3);
    assert_eq!(told(&compared(sessions + 5)), told(&comparison), "nothing is told of further ones");
    assert_eq!(comparison.latencies.len(), MOST.compared_codes);
}

#[test]
fn values_and_evidence_without_end_are_told_so_far() {
    let session = |n: u32| {
        let conversation = Conversation::new().handshake().client(|c| c.connect("live"));
        let conversation = conversation.server(|s| s.window_acknowledgement_size(1000 + n).connect_result());
        conversation.server(|s| s.on_status(0, &format!("level{n:02}"), "NetConnection.Connect.Closed", "bye"))
    };
    let comparison = compared((0..40).map(session));
    let cell = &rows(&comparison, "connect.window").next().unwrap().cells[0];
    assert_eq!((cell.values.len(), cell.values.last().unwrap().as_str()), (MOST.compared_values + 1, "…"));
    let cell = &rows(&comparison, "connect.answer").next().unwrap().cells[0];
    assert_eq!((cell.values.len(), cell.evidence.len()), (1, MOST.compared_evidence));
    let row = comparison.codes.iter().find(|row| row.code == "NetConnection.Connect.Closed").unwrap();
    assert_eq!(row.cells[0].detail.split("; ").count(), MOST.compared_details, "{}", row.cells[0].detail);
}

#[test]
fn a_median_is_of_so_many_latencies() {
    let [quick, slow] = [1, 20].map(|time| Story::of(&calls((0..256 - 1).map(|_| "rpc".to_owned()), time)));
    let mut profile = Profile::default();
    // Half of those that are kept are quick; with the last ones most would be.
    let half = MOST.compared_latencies / 2 / 255;
    (0..half).for_each(|_| observe(&quick, &mut profile));
    (0..=half + 1).for_each(|_| observe(&slow, &mut profile));
    (0..10).for_each(|_| observe(&quick, &mut profile));
    let comparison = Comparison::new(vec![("a".to_owned(), profile)], vec!["a.pcap".to_owned()], 0);
    let told = comparison.latencies.iter().find(|row| row.key == "latency.rpc").unwrap().cells[0].text();
    let count = (2 * half + 12) * 255;
    assert!(count > MOST.compared_latencies && told.ends_with(&format!("of {count}")), "{told}");
    assert!(told.starts_with("median 20.00 ms") || told.starts_with("median 21.00 ms"), "{told}");
}
