//! What sessions amount to: each figure against a conversation of which it is known.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::process::Command;

use common::Story;
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::rtmp::MessageType;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::stats::{SessionStats, Stats, Track};
use rtmp_inspect::story::Stories;
use rtmp_inspect::synth::media::{Enhanced, Frame, aac_frame, avc_frame};
use rtmp_inspect::synth::{Conversation, Link, Message, Random, SubMessage, aggregate, object, sample};
use rtmp_inspect::wire::Side;
use serde_json::Value;

const STREAM: u32 = sample::STREAM;

/// The sessions of a story, and all of them together.
fn stats(story: &Story, limits: &Limits) -> (Vec<SessionStats>, Stats) {
    let (mut stats, mut masks, mut stories) = (Stats::new(limits), Masks::default(), Stories::under(limits));
    let mut sessions = Vec::new();
    for event in &story.events {
        masks.observe(event);
        let story = stories.learn(event);
        stats.observe(event, story);
        sessions.extend(stats.take(event, story, &masks).map(|session| *session));
    }
    (sessions, stats)
}

fn of(conversation: &Conversation) -> SessionStats {
    stats(&Story::of(conversation), &Limits::default()).0.remove(0)
}

fn track(stats: &SessionStats, kind: MessageType) -> &Track {
    stats.tracks.iter().find(|track| track.kind == kind).unwrap()
}

fn picture(frame: Frame, length: usize) -> Vec<u8> {
    avc_frame(frame, 0, length, &mut Random::new(7))
}

/// Publishes pictures: when they are sent, after the one before in ms; what time they have; and which are key frames.
fn pictures(list: &[(i64, u32, Frame)]) -> Conversation {
    let mut conversation = sample::publishing().client(sample::sequence_headers);
    for (wait, time, frame) in list {
        // A write comes a millisecond after the one before by itself.
        conversation = conversation.wait_ms(wait - 1).client(|c| c.video(STREAM, *time, picture(*frame, 500)));
    }
    conversation
}

#[test]
fn a_publisher_that_does_all_right() {
    let stats = of(&sample::publish(101));
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.frames, video.steps, video.time, video.longest_step), (101, 100, 4000, 40));
    assert_eq!(video.frame_rate(), Some(25.0));
    assert_eq!((video.back, video.jumps, video.latest, video.configurations), (0, 0, 0, 1));
    assert_eq!((video.codec, video.size), (Some("h264"), Some((320, 180))));
    let audio = track(&stats, MessageType::AUDIO);
    assert_eq!((audio.codec, audio.profile, audio.sample_rate), (Some("aac"), Some("LC"), Some(48_000)));
    // The handshake is six writes, each a millisecond after the one before, and so are the answers.
    let ms = |at| stats.since_start(at) / 1_000_000;
    let (connected, is_accepted) = stats.connect.unwrap();
    assert!(is_accepted && ms(connected) > ms(stats.handshake_done().unwrap()));
    let calls: Vec<_> =
        stats.calls.iter().map(|(side, name, it)| (side, name, it.count, it.asked, it.answered)).collect();
    assert_eq!(calls[..2], [(Side::Client, "connect", 1, 1, 1), (Side::Client, "createStream", 1, 1, 1)]);
    assert_eq!(calls[2..], [(Side::Client, "publish", 1, 0, 0), (Side::Client, "deleteStream", 1, 0, 0)]);
    let (_, _, connect) = stats.calls.iter().next().unwrap();
    assert_eq!((connect.latencies.least, connect.latencies.percentile(50)), (1_000_000, Some(1_000_000)));
    let request = stats.requests.first().unwrap();
    let settled = request.settled.clone().unwrap();
    assert_eq!(
        (settled.code.as_str(), settled.accepted, settled.at.time.since(request.at.time)),
        ("NetStream.Publish.Start", true, 1_000_000)
    );
    assert_eq!(request.name.as_deref(), Some("***a"), "a stream's name is masked");
    assert_eq!(request.first_frame, request.first_key_frame);
}

#[test]
fn what_is_counted_is_what_was_sent() {
    let story = Story::of(&sample::publish(50));
    let (sessions, _) = stats(&story, &Limits::default());
    for side in Side::BOTH {
        let (messages, stats) = (story.messages_from(side), sessions[0].side(side));
        assert_eq!(stats.messages, messages.len() as u64);
        assert_eq!(stats.payload, messages.iter().map(|message| message.payload.len() as u64).sum::<u64>());
        assert_eq!(stats.types.values().map(|it| it.messages).sum::<u64>(), stats.messages);
        assert_eq!(stats.types.values().map(|it| it.payload).sum::<u64>(), stats.payload);
        // The handshake, and every chunk: nothing else was sent.
        assert_eq!(stats.bytes, 3073 + stats.wire);
    }
}

#[test]
fn a_bit_rate_is_that_of_the_frames_which_the_time_lies_between() {
    // 500 bytes behind five of header and four of length, ten times a second.
    let list: Vec<_> = (0..31).map(|n| (100, n * 100, if n == 0 { Frame::Key } else { Frame::Inter })).collect();
    let stats = of(&pictures(&list));
    let video = track(&stats, MessageType::VIDEO);
    let length = picture(Frame::Inter, 500).len() as u64;
    assert_eq!(video.bytes, 31 * length);
    assert_eq!(video.bit_rate(), Some(80.0 * length as f64));
    assert_eq!(video.peak, video.bit_rate());
}

#[test]
fn a_clock_that_goes_back_or_jumps_is_counted_and_left_out_of_the_rates() {
    let list = [
        (40, 0, Frame::Key),
        (40, 40, Frame::Inter),
        (40, 10, Frame::Inter),
        (40, 50, Frame::Inter),
        (40, 60_050, Frame::Key),
        (40, 60_090, Frame::Inter),
    ];
    let stats = of(&pictures(&list));
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.back, video.jumps, video.steps, video.time), (1, 1, 3, 120));
    assert_eq!(video.key_intervals, 0, "no interval goes over a jump");
}

#[test]
fn frames_that_come_late_are_late_against_the_earliest() {
    let on_time = of(&pictures(&[(40, 0, Frame::Key), (40, 40, Frame::Inter), (40, 80, Frame::Inter)]));
    assert_eq!(track(&on_time, MessageType::VIDEO).latest, 0);
    let late = of(&pictures(&[(40, 0, Frame::Key), (340, 40, Frame::Inter), (1, 80, Frame::Inter)]));
    assert_eq!(track(&late, MessageType::VIDEO).latest, 300);
    // The first one may be the late one.
    let early = of(&pictures(&[(40, 0, Frame::Key), (10, 100, Frame::Inter), (100, 200, Frame::Inter)]));
    assert_eq!(track(&early, MessageType::VIDEO).latest, 0);
    let behind = of(&pictures(&[(40, 0, Frame::Key), (10, 100, Frame::Inter), (150, 200, Frame::Inter)]));
    assert_eq!(track(&behind, MessageType::VIDEO).latest, 50);
}

#[test]
fn key_frames_have_intervals() {
    let frame = |n| if [0, 3, 8].contains(&n) { Frame::Key } else { Frame::Inter };
    let list: Vec<_> = (0..10).map(|n| (100, n * 100, frame(n))).collect();
    let stats = of(&pictures(&list));
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.key_frames, video.key_intervals), (3, 2));
    assert_eq!((video.key_interval_least, video.key_interval_mean(), video.key_interval_most), (300, Some(400.0), 500));
}

#[test]
fn a_seek_is_no_jump() {
    let say = |conversation: Conversation, time| {
        conversation.wait_ms(39).server(|s| s.video(STREAM, time, picture(Frame::Key, 100)))
    };
    let playing = say(say(sample::playing(), 0), 40);
    let sought = playing
        .clone()
        .client(|c| c.stream_command(STREAM, "seek", 4, &[30_000.into()]))
        .server(|s| s.on_status(STREAM, "status", "NetStream.Seek.Notify", "Seeking."));
    let (plain, sought) = (of(&say(say(playing, 30_000), 30_040)), of(&say(say(sought, 30_000), 30_040)));
    assert_eq!(track(&plain, MessageType::VIDEO).jumps, 1);
    let video = track(&sought, MessageType::VIDEO);
    assert_eq!((video.jumps, video.back, video.steps), (0, 0, 2));
}

#[test]
fn no_step_goes_over_a_hole() {
    let mut conversation = sample::publishing().client(sample::sequence_headers);
    for n in 0..20 {
        let picture = picture(Frame::Key, 500 + n);
        conversation = conversation.wait_ms(39).client(|c| c.video(STREAM, 40 * n as u32, picture));
    }
    let whole = Link::v4().packets(&conversation);
    let count = |packets: &[_]| {
        let stats = stats(&Story::of_packets(packets), &Limits::default()).0.remove(0);
        let video = track(&stats, MessageType::VIDEO);
        (video.frames, video.steps, video.longest_step, stats.side(Side::Client).gaps)
    };
    assert_eq!(count(&whole), (20, 19, 40, 0));
    // The packet of a picture in the middle, by its length.
    let large: Vec<_> = (0..whole.len()).filter(|at| whole[*at].frame().len() > 500).collect();
    let mut cut = whole.clone();
    cut.remove(large[large.len() / 2]);
    let (frames, steps, longest, gaps) = count(&cut);
    assert_eq!((frames, gaps), (19, 1));
    assert!(steps <= 17 && longest == 40, "{steps} steps, the longest of {longest} ms");
}

#[test]
fn what_a_sender_breaks_off_is_not_missed() {
    // A message is begun and aborted; the frame behind it is the first.
    let conversation = sample::publishing().client(|c| {
        let begun = [6, 0, 0, 0, 0, 0x40, 0, 9, 1, 0, 0, 0, 0x17];
        c.set_chunk_size(1).raw(&begun).abort(6).set_chunk_size(4096).video(STREAM, 0, picture(Frame::Key, 100))
    });
    let stats = of(&conversation);
    let client = stats.side(Side::Client);
    assert_eq!((client.incomplete, client.is_whole()), (1, true));
    assert!(stats.requests.first().unwrap().first_key_frame.is_some());
}

#[test]
fn sound_is_measured_against_the_picture_beside_it() {
    let conversation =
        sample::publishing().client(sample::sequence_headers).client(|c| {
            c.video(STREAM, 1000, picture(Frame::Key, 100))
                .audio(STREAM, 1200, aac_frame(50, &mut Random::new(1)))
                .video(STREAM, 1280, picture(Frame::Inter, 100))
        });
    let stats = of(&conversation);
    let audio = track(&stats, MessageType::AUDIO);
    assert_eq!((audio.ahead, audio.behind), (Some(200), Some(80)));
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.ahead, video.behind), (None, None));
}

#[test]
fn a_player_waits_for_a_key_frame() {
    let conversation = sample::playing()
        .server(|s| s.video(STREAM, 0, picture(Frame::Inter, 100)))
        .wait_ms(499)
        .server(|s| s.video(STREAM, 500, picture(Frame::Key, 100)));
    let stats = of(&conversation);
    let request = stats.requests.first().unwrap();
    let after = |at: rtmp_inspect::wire::Moment| at.time.since(request.at.time) / 1_000_000;
    assert_eq!(request.settled.as_ref().map(|settled| settled.code.as_str()), Some("NetStream.Play.Start"));
    let (first, key) = (after(request.first_frame.unwrap()), after(request.first_key_frame.unwrap()));
    assert_eq!(key - first, 500);
}

#[test]
fn a_publish_that_is_rejected_is_settled_by_that() {
    let conversation = sample::connected()
        .client(|c| c.create_stream(2))
        .server(|s| s.create_stream_result(2, STREAM))
        .client(|c| c.publish(STREAM, 3, "s"))
        .server(|s| s.on_status(STREAM, "error", "NetStream.Publish.BadName", "It is taken."));
    let stats = of(&conversation);
    let settled = stats.requests.first().unwrap().settled.clone().unwrap();
    assert_eq!((settled.code.as_str(), settled.accepted), ("NetStream.Publish.BadName", false));
}

#[test]
fn tracks_of_a_multitrack_message_are_told_apart() {
    let message = |key: bool| {
        let kind = if key { 1 } else { 2 };
        Enhanced::video(kind).many_tracks(1, *b"av01", &[(0, &[9; 10][..]), (1, &[8; 30][..])])
    };
    let conversation = sample::publishing()
        .client(|c| c.video(STREAM, 0, message(true)))
        .wait_ms(39)
        .client(|c| c.video(STREAM, 40, message(false)));
    let stats = of(&conversation);
    let tracks: Vec<_> =
        stats.tracks.iter().map(|track| (track.id, track.frames, track.key_frames, track.bytes)).collect();
    assert_eq!(tracks, [(0, 2, 1, 20), (1, 2, 1, 60)]);
}

#[test]
fn frames_inside_an_aggregate_count() {
    let sub = |time, frame| SubMessage::new(9, time, picture(frame, 100));
    let body = aggregate(&[sub(0, Frame::Key), sub(40, Frame::Inter), sub(80, Frame::Inter)]);
    let message = rtmp_inspect::synth::Message::new(6, 22, STREAM, 1000, body);
    let stats = of(&sample::publishing().client(|c| c.message(&message)));
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.frames, video.steps, video.time), (3, 2, 80));
}

#[test]
fn calls_of_all_sessions_stand_together() {
    let mut packets = Link::v4().packets(&sample::publish(2));
    let other = Link::between(([192, 0, 2, 9], 40_000).into(), ([192, 0, 2, 2], 1935).into());
    packets.extend(other.packets(&sample::publish(2)));
    let (sessions, all) = stats(&Story::of_packets(&packets), &Limits::default());
    assert_eq!((sessions.len(), all.over), (2, 2));
    let connect = all.calls.iter().find(|(_, name, _)| *name == "connect").unwrap().2;
    assert_eq!((connect.count, connect.answered, connect.latencies.count), (2, 2, 2));
    assert_eq!(connect.latencies.percentile(95), Some(1_000_000));
}

/// Counts the lines of a session again, by their JSON alone.
fn agrees(stats: &Value, lines: &[Value]) {
    let of_session = |event: &str| {
        let event = event.to_owned();
        lines.iter().filter(move |line| line["event"] == event && line["session"] == stats["session"])
    };
    let is_ftl = stats["protocol"] == "ftl";
    for side in ["client", "server"] {
        let messages: Vec<_> = of_session("message").filter(|line| line["from"] == side).collect();
        let sent = &stats["sent"][side];
        let sum = |key: &str| messages.iter().map(|line| line[key].as_u64().unwrap()).sum::<u64>();
        if is_ftl {
            let lines = messages.iter().filter(|line| line["ftl"].is_object()).count();
            assert_eq!((&sent["lines"], &sent["datagrams"]), (&lines.into(), &(messages.len() - lines).into()));
        } else {
            assert_eq!(sent["messages"], messages.len());
            assert_eq!(
                (sent["payload_bytes"].as_u64(), sent["chunks"].as_u64()),
                (Some(sum("length")), Some(sum("chunks")))
            );
        }
        let key = if is_ftl { "type_name" } else { "type" };
        for of_type in sent["types"].as_array().unwrap() {
            let those: Vec<_> = messages.iter().filter(|line| line[key] == of_type[key]).collect();
            assert_eq!(of_type["messages"], those.len());
        }
        let close = of_session("close").find(|line| line["from"] == side).unwrap();
        assert_eq!((&sent["bytes"], &sent["how"], &sent["tcp"]), (&close["bytes"], &close["how"], &close["tcp"]));
        let gaps: Vec<_> = of_session("gap").filter(|line| line["from"] == side).collect();
        assert_eq!(sent["gaps"].as_u64().unwrap_or(0), gaps.len() as u64);
    }
    if is_ftl {
        return of_ftl(&stats["ftl"], &of_session("message").collect::<Vec<_>>());
    }
    over_time(stats, &of_session("message").collect::<Vec<_>>());
    for call in stats["calls"].as_array().unwrap() {
        let named: Vec<_> = of_session("message")
            .filter(|line| line["command"]["name"] == call["name"] && line["from"] == call["from"])
            .collect();
        assert_eq!(call["calls"], named.len(), "{call}");
        let answers: Vec<f64> = of_session("message")
            .filter(|line| named.iter().any(|call| call["n"] == line["command"]["answers"]))
            .map(|line| line["command"]["latency_ms"].as_f64().unwrap())
            .collect();
        assert_eq!(call["answered"], answers.len(), "{call}");
        if !answers.is_empty() {
            let most = answers.iter().copied().fold(f64::MIN, f64::max);
            assert_eq!(call["latency_ms"]["most"].as_f64(), Some(most), "{call}");
        }
    }
}

/// Nanoseconds of a line's time, within its day: no capture here is from two.
fn nanoseconds(line: &Value) -> i64 {
    let time = line["time"].as_str().unwrap().trim_end_matches('Z');
    let (_, clock) = time.split_once('T').unwrap();
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let seconds = whole.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap());
    seconds * 1_000_000_000 + format!("{fraction:0<9}").parse::<i64>().unwrap()
}

/// What came in each second, counted from the lines: of a side, and of the tracks whose messages carry one part each.
fn over_time(stats: &Value, messages: &[&Value]) {
    let start = nanoseconds(stats);
    let second = |line: &Value, span: u64| ((nanoseconds(line) - start).max(0) / 1_000_000_000) as u64 / span * span;
    for side in ["client", "server"] {
        let series = &stats["series"][side];
        let span = series["span_s"].as_u64().unwrap();
        let mut known = BTreeMap::<u64, [u64; 2]>::new();
        for line in messages.iter().filter(|line| line["from"] == side) {
            let sums = known.entry(second(line, span)).or_default();
            *sums = [sums[0] + 1, sums[1] + line["length"].as_u64().unwrap()];
        }
        let spans = series["spans"].as_array().unwrap().iter();
        let told =
            spans.map(|span| (span["s"].as_u64(), [&span["messages"], &span["payload_bytes"]].map(Value::as_u64)));
        let told = told.filter(|(_, sums)| sums[0] != Some(0));
        let known = known.into_iter().map(|(second, sums)| (Some(second), sums.map(Some)));
        assert_eq!(told.collect::<Vec<_>>(), known.collect::<Vec<_>>(), "{side}");
        let resent: u64 =
            series["spans"].as_array().unwrap().iter().filter_map(|it| it["retransmissions"].as_u64()).sum();
        assert_eq!(resent, stats["sent"][side]["tcp"]["retransmissions"].as_u64().unwrap_or(0));
    }
    let is_plain = |line: &&&Value| {
        line["aggregate"].is_null() && ["audio", "video"].iter().all(|it| line[it]["tracks"].is_null())
    };
    if !messages.iter().all(|line| is_plain(&line)) {
        return;
    }
    for track in stats["series"]["tracks"].as_array().unwrap() {
        let (kind, span) = (track["kind"].as_str().unwrap(), track["span_s"].as_u64().unwrap());
        let mut known = BTreeMap::<u64, [u64; 4]>::new();
        for line in messages.iter().filter(|line| line["from"] == track["from"] && line["length"] != 0) {
            let stream = line["message_stream_id"].as_u64().unwrap_or(0);
            let part = &line[kind];
            let is_frame = matches!(part["packet_type"].as_str(), None | Some("coded_frames" | "coded_frames_x"));
            if stream != track["message_stream_id"] || !part.is_object() || part["frame_type"] == "command" || !is_frame
            {
                continue;
            }
            let sums = known.entry(second(line, span)).or_default();
            let length = line["length"].as_u64().unwrap();
            let is_key = kind == "video" && matches!(part["frame_type"].as_str(), Some("key" | "generated_key"));
            *sums = [sums[0] + 1, sums[1] + length, sums[2].max(length), sums[3] + u64::from(is_key)];
        }
        let keys = ["frames", "bytes", "largest_frame", "key_frames"];
        let spans = track["spans"].as_array().unwrap().iter().filter(|span| span["frames"] != 0);
        let told = spans.map(|span| (span["s"].as_u64().unwrap(), keys.map(|key| span[key].as_u64().unwrap_or(0))));
        assert_eq!(told.collect::<Vec<_>>(), known.into_iter().collect::<Vec<_>>(), "{kind} {stats}");
    }
}

/// The same of what FTL alone has.
fn of_ftl(stats: &Value, messages: &[&Value]) {
    let count = |is: &dyn Fn(&Value) -> bool| messages.iter().filter(|line| is(line)).count();
    for source in stats["sources"].as_array().unwrap() {
        let is_its = |line: &Value| line["rtp"]["ssrc"] == source["ssrc"] && line["from"] == source["from"];
        assert_eq!(source["packets"], count(&is_its));
        for (key, arrival) in [("late", "late"), ("duplicates", "duplicate"), ("retransmissions", "retransmission")] {
            assert_eq!(source[key], count(&|line| is_its(line) && line["rtp"]["arrival"] == arrival), "{key}");
        }
        let reports = count(&|line| line["rtcp_sender_report"]["ssrc"] == source["ssrc"]);
        assert_eq!(source["sender_reports"], reports);
    }
    let answered = |body: &str| {
        let latencies = messages.iter().filter_map(|line| line[body]["latency_ms"].as_f64());
        latencies.fold((0, f64::MIN), |(count, most), latency| (count + 1, most.max(latency)))
    };
    if stats["media_pings"].is_object() {
        assert_eq!(stats["nacks"], count(&|line| line["type_name"] == "rtcp_nack"));
        let (count, most) = answered("ftl_ping");
        let pings = &stats["media_pings"];
        assert_eq!((&pings["answered"], &pings["latency_ms"]["most"]), (&count.into(), &most.into()));
    }
    for command in stats["commands"].as_array().unwrap() {
        let reply = messages.iter().find(|line| line["ftl"]["answers"] == command["n"]);
        let its = reply.map(|line| (&line["n"], &line["ftl"]["code"], &line["ftl"]["latency_ms"]));
        let told = command.get("answered_by").map(|n| (n, &command["code"], &command["latency_ms"]));
        assert_eq!(told, its, "{command}");
    }
}

#[test]
fn every_capture_has_statistics_that_agree_with_its_lines() {
    let mut sessions = 0;
    insta::glob!("../captures", "**/*.pcap*", |path| {
        let output = |arguments: &[&str]| {
            let command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).arg(path).output().unwrap();
            let lines = command.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            lines.map(|line| common::strict::parse(line).unwrap()).collect::<Vec<Value>>()
        };
        let (lines, stats) = (output(&["--json"]), output(&["stats", "--json"]));
        assert_eq!(lines.first(), stats.first(), "the capture line");
        assert_eq!(lines.last(), stats.last(), "the summary");
        for line in stats.iter().filter(|line| line["session"].is_u64()) {
            sessions += 1;
            agrees(line, &lines);
        }
    });
    assert!(sessions > 60, "{sessions}");
}

/// I P B B, two groups of four, one frame late and one time twice.
#[test]
fn figures_over_time_are_of_the_second_in_which_a_frame_came() {
    let shown = |offset, frame| avc_frame(frame, offset, 500, &mut Random::new(7));
    let list = [
        (40, 0, 80, Frame::Key),
        (40, 40, 160, Frame::Inter),
        (40, 80, 40, Frame::Inter),
        (40, 120, 40, Frame::Inter),
        (1040, 160, 80, Frame::Key),
        (40, 200, 160, Frame::Inter),
        (40, 200, 40, Frame::Inter),
        (40, 280, 40, Frame::Inter),
        (40, 320, 80, Frame::Key),
    ];
    let mut conversation = sample::publishing().client(sample::sequence_headers);
    for (wait, time, offset, frame) in list {
        conversation = conversation.wait_ms(wait - 1).client(|c| c.video(STREAM, time, shown(offset, frame)));
    }
    let stats = of(&conversation);
    let video = track(&stats, MessageType::VIDEO);
    assert_eq!((video.groups, video.group_least, video.group_most), (2, 4, 4));
    assert_eq!((video.reordered, video.depth, video.same_times, video.repeated_times), (4, 1, 1, 0));
    assert_eq!((video.longest_wait, video.codec_changes), (1_040_000_000, 0));
    // 1 s late: a sixteenth of that, and what is left of it; then 40 ms of a step that was none, and of one of 80.
    let first = 1e9 / 16.0;
    assert_eq!(video.highest_jitter, first);
    let spans: Vec<_> = video.seconds.iter().collect();
    assert_eq!(
        spans.iter().map(|(second, span)| (*second, span.frames, span.key_frames)).collect::<Vec<_>>(),
        [(0, 4, 1), (1, 5, 2)]
    );
    assert_eq!((spans[0].1.configurations, spans[0].1.latest), (1, Some(0)));
    assert_eq!((spans[1].1.longest_wait, spans[1].1.key_interval), (Some(1_040_000_000), Some(160)));
    assert_eq!(spans[1].1.same_times, 1);
    let by_hand = [0.0, 40e6, 40e6, 0.0].iter().fold(first, |jitter, d| jitter + (d - jitter) / 16.0);
    assert!((spans[1].1.jitter.unwrap() - by_hand).abs() < 1.0, "{:?} {by_hand}", spans[1].1.jitter);
    let client = stats.seconds(Side::Client);
    assert_eq!(client.iter().map(|(_, span)| span.messages).sum::<u64>(), stats.side(Side::Client).messages);
}

#[test]
fn latencies_past_their_limit_are_counted_and_have_no_median() {
    let mut conversation = sample::connected();
    for id in 2..12 {
        conversation = conversation.client(|c| c.command("rpc", id, &[])).server(|s| s.result(id, &[]));
    }
    let limits = Limits { latencies: 5, ..Limits::default() };
    let (sessions, all) = stats(&Story::of(&conversation), &limits);
    let rpc = sessions[0].calls.iter().find(|(_, name, _)| *name == "rpc").unwrap().2;
    assert_eq!((rpc.answered, rpc.latencies.count, rpc.latencies.percentile(50)), (10, 10, None));
    assert_eq!((rpc.latencies.least, rpc.latencies.most), (1_000_000, 1_000_000));
    // 11 answers, of which five are kept; what is kept is free again when the session is over.
    assert_eq!(all.reached().latencies, 6);
}

#[test]
fn endless_names_streams_and_tracks_are_counted_and_not_kept() {
    let mut conversation = sample::connected();
    for n in 0..200u32 {
        let name = format!("{n}{}", "x".repeat(1000));
        conversation = conversation
            .client(|c| c.command(&name, 0, &[]).publish(n + 1, 0, &name).video(n + 1, 0, picture(Frame::Key, 10)));
    }
    let stats = of(&conversation);
    let limits = Limits::DEFAULT;
    let longest = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap() - "…".len();
    assert_eq!(stats.calls.iter().count(), limits.stats_procedures);
    let called = of(&sample::connected().client(|c| c.command(&"x".repeat(1000), 0, &[])));
    assert_eq!(longest(&mut called.calls.iter().map(|(_, name, _)| name.len())), limits.stats_procedure_bytes);
    assert_eq!((stats.requests.len(), stats.tracks.iter().count()), (limits.stats_requests, limits.stats_tracks));
    // There are more names than are told apart: each is masked, and short.
    assert!(stats.requests.iter().all(|request| request.name.as_deref() == Some("***")));
    let told: u64 = stats.calls.iter().map(|(.., it)| it.count).sum();
    // connect, and two each time.
    assert_eq!(told + stats.calls.more, 401);
    assert_eq!(stats.requests.len() as u64 + stats.more_requests, 200);
    assert_eq!(stats.tracks.iter().map(|it| it.frames).sum::<u64>() + stats.tracks.more, 200);
}

#[test]
fn calls_that_wait_for_too_long_are_not_answered() {
    let last = Limits::DEFAULT.stats_calls as u32 + 2;
    let mut conversation = sample::connected();
    for id in 2..=last {
        conversation = conversation.client(|c| c.command("rpc", id, &[]));
    }
    let stats = of(&conversation.server(|s| s.result(2, &[]).result(3, &[]).result(last, &[])));
    let rpc = stats.calls.iter().find(|(_, name, _)| *name == "rpc").unwrap().2;
    assert_eq!((rpc.count, rpc.answered), (u64::from(last) - 1, 2), "the first one had to go");
}

#[test]
fn procedures_of_many_sessions_are_bounded() {
    let mut packets = Vec::new();
    for session in 0..20_u32 {
        let link = Link::between(([192, 0, 2, 9], 40_000 + session as u16).into(), ([192, 0, 2, 2], 1935).into());
        let conversation = (0..20).fold(sample::connected(), |conversation, n| {
            conversation.client(|c| c.command(&format!("rpc{session}_{n}"), 0, &[]))
        });
        packets.extend(link.packets(&conversation));
    }
    let all = stats(&Story::of_packets(&packets), &Limits::default()).1;
    assert_eq!(all.calls.iter().count(), Limits::DEFAULT.stats_procedures_total);
    assert_eq!(all.calls.iter().map(|(.., it)| it.count).sum::<u64>() + all.calls.more, 20 * 21);
}

#[test]
fn endless_types_and_encoders_are_cut() {
    let encoder = object([("encoder", "x".repeat(1000).as_str().into())]);
    let conversation =
        sample::publishing().client(|c| c.data(STREAM, 0, "@setDataFrame", &["onMetaData".into(), encoder]));
    let conversation = (100..200).fold(conversation, |conversation, kind| {
        conversation.client(|c| c.message(&Message::new(4, kind, STREAM, 0, vec![1])))
    });
    let stats = of(&conversation);
    let client = stats.side(Side::Client);
    assert_eq!(client.types.len(), Limits::DEFAULT.stats_types);
    assert!(client.messages > 100 && client.types.values().map(|it| it.messages).sum::<u64>() < client.messages);
    let encoder = stats.metadata[0].encoder.as_ref().unwrap();
    assert_eq!(encoder.len(), Limits::DEFAULT.stats_encoder_bytes + "…".len());
}
