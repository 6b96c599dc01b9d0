//! Every limit is attacked: with a small limit and packets made for it, what is kept stays within it, and it is counted.
//! `docs/limits.md` is what the program knows; `BLESS=1` writes its table again.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rtmp_inspect::analyzer::{Analyzer, Held, Limits, Options, Reached};
use rtmp_inspect::book::Loader;
use rtmp_inspect::capture::{self, Input, LinkType};
use rtmp_inspect::export::{Writer as _, report};
use rtmp_inspect::filter::Sessions;
use rtmp_inspect::limits;
use rtmp_inspect::net::How;
use rtmp_inspect::proto::rtmp::Body;
use rtmp_inspect::proto::rtmp::secrets::{self, Masks};
use rtmp_inspect::proto::{Event, Why};
use rtmp_inspect::rules::{Engine, Finding};
use rtmp_inspect::story::{Quote, Stories, Story};
use rtmp_inspect::synth::pcap::Endian;
use rtmp_inspect::synth::pcapng::{self, Resolution};
use rtmp_inspect::synth::{Amf, Conversation, Link, Message, Packet, SubMessage, aggregate, pcap, sample, tcp, values};
use rtmp_inspect::tui;
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

/// What came of packets, and the most that was kept at any time.
struct Run {
    events: Vec<Event>,
    findings: Vec<Finding>,
    reached: Reached,
    most: Held,
    /// Sessions that rules, masks and filters still know at the end.
    left: [usize; 3],
}

/// Keeps no events when `events` is false: there may be many.
fn run_frames(frames: impl IntoIterator<Item = (Time, Vec<u8>, usize)>, limits: &Limits, events: bool) -> Run {
    let (mut analyzer, mut engine) = (Analyzer::new(limits, Options::default()), Engine::under(limits));
    let (mut masks, mut sessions) = (Masks::new(false, limits), Sessions::default());
    let (mut run_events, mut findings) = (Vec::new(), Vec::new());
    let mut most = Held::default();
    let mut drain = |analyzer: &mut Analyzer, most: &mut Held| {
        let held = analyzer.held();
        most.connections = most.connections.max(held.connections);
        most.closed = most.closed.max(held.closed);
        most.live = most.live.max(held.live);
        most.opening_bytes = most.opening_bytes.max(held.opening_bytes);
        most.session_bytes = most.session_bytes.max(held.session_bytes);
        most.attempted_servers = most.attempted_servers.max(held.attempted_servers);
        loop {
            most.events = most.events.max(analyzer.held().events);
            let Some(event) = analyzer.poll() else { return };
            findings.extend(engine.observe(&event));
            assert!(engine.held_bytes() <= limits.judged_bytes_total);
            masks.observe(&event);
            sessions.observe(&event);
            sessions.forget(&event);
            masks.forget(&event);
            if events {
                run_events.push(event);
            }
        }
    };
    for (index, (time, frame, wire_length)) in frames.into_iter().enumerate() {
        analyzer.push(&capture::Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time },
            link: LinkType(1),
            data: &frame,
            wire_length: wire_length as u32,
            place: Place::default(),
        });
        drain(&mut analyzer, &mut most);
    }
    analyzer.finish();
    drain(&mut analyzer, &mut most);
    analyzer.count(masks.reached());
    analyzer.count(&engine.reached());
    let left = [engine.held(), masks.held(), sessions.held()];
    Run { events: run_events, findings, reached: analyzer.totals().reached.clone(), most, left }
}

fn run(packets: &[Packet], limits: &Limits) -> Run {
    let frames = packets.iter().map(|packet| (packet.time, packet.frame()));
    run_frames(frames.map(|(time, frame)| (time, frame.clone(), frame.len())), limits, true)
}

fn say(conversation: &Conversation, limits: &Limits) -> Run {
    run(&Link::v4().packets(conversation), limits)
}

/// The one message under these limits, behind a clean beginning.
fn message(kind: u8, payload: Vec<u8>, limits: &Limits) -> Run {
    say(&sample::connected().client(|c| c.message(&Message::new(3, kind, 0, 0, payload))), limits)
}

fn small(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// The addresses of connection `number`.
fn link(number: u32) -> Link {
    let client = ([10, (number >> 16) as u8, (number >> 8) as u8, number as u8], 50_000);
    Link::between(client.into(), ([192, 0, 2, 2], 1935).into())
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// What the capture says at its end.
fn last_words(bytes: &[u8]) -> (String, u64) {
    let file = file(bytes);
    let mut input = Input::open(&[file.path().to_owned()]).unwrap();
    let mut said = String::new();
    while let Some(packet) = input.next() {
        if let Err(error) = packet {
            said = error.to_string();
        }
    }
    (said, input.notes().missed)
}

fn ng() -> pcapng::Writer<Vec<u8>> {
    let mut writer = pcapng::Writer::new(Vec::new(), Endian::Little).unwrap();
    writer.interface(Resolution::Unsaid).unwrap();
    writer
}

/// Declares the attacks: a test each, and the list of them.
macro_rules! attacks {
    ($($(#[$meta:meta])* fn $name:ident() $body:block)*) => {
        $(#[test] $(#[$meta])* fn $name() $body)*
        const HERE: &[&str] = &[$(stringify!($name)),*];
    };
}

const COMPARED: &str = "tests/compared_limits.rs";

/// Attacks that stand beside the tests of what they attack.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("config_bytes", "src/tui/config.rs", "fn a_file_that_is_none_or_too_long_is_not_read"),
    ("remembered_captures", "src/tui/state.rs", "fn it_stays_small"),
    ("remembered_filters", "src/tui/state.rs", "fn it_stays_small"),
    ("remembered_bytes", "src/tui/state.rs", "fn a_place_is_found_again_until_the_capture_changes"),
    ("compared_on_screen", "tests/tui_config.rs", "fn two_sessions_without_end_are_compared_so_far"),
    ("drawn_places", "src/series/buckets.rs", "fn two_buckets_become_one_where_there_are_too_many"),
    ("page_index_bytes", "tests/report.rs", "fn what_a_report_keeps_is_bounded"),
    ("page_index_share", "tests/report.rs", "fn what_a_report_keeps_is_bounded"),
    ("page_rows", "tests/report.rs", "fn a_long_timeline_is_sampled"),
    ("page_sessions", "tests/report.rs", "fn of_many_sessions_those_that_failed_are_shown"),
    ("page_details", "tests/report.rs", "fn of_many_sessions_those_that_failed_are_shown"),
    ("page_places", "tests/report.rs", "fn of_many_findings_the_worst_are_told"),
    ("page_arrows", "tests/report.rs", "fn a_long_ladder_is_cut_in_its_middle"),
    ("key_log_bytes", "tests/tls/keylog.rs", "fn memory_is_bounded_and_the_newest_sessions_stay"),
    ("tls_waiting_bytes", "tests/tls/late.rs", "fn beyond_the_limit_later_records_are_lost"),
    ("tls_waiting_bytes_total", "tests/tls/late.rs", "fn what_waits_on_all_connections_is_bounded"),
    ("tls_told", "tests/tls/told.rs", "fn how_many_sessions_are_told_later_news_is_bounded"),
    ("tls_holes", "tests/tls/told.rs", "fn holes_of_what_stays_closed_are_bounded"),
    ("tls_resumable", "tests/tls/resumed.rs", "fn names_are_bounded"),
    ("tls_handshake_bytes", "tests/tls/facts.rs", "fn a_message_beyond_the_limit_is_passed_over"),
    ("flows", "tests/ftl/flows.rs", "fn flows_that_may_be_media_are_bounded"),
    ("flow_bytes_total", "tests/ftl/flows.rs", "fn what_is_kept_of_flows_is_bounded"),
    ("http_head_bytes", "tests/rtmpt/cut.rs", "fn heads_without_end_are_bounded"),
    ("http_pipelined", "tests/rtmpt/cut.rs", "fn requests_without_answers_are_bounded"),
    ("http_waiting_bytes", "tests/rtmpt/cut.rs", "fn what_a_server_says_before_it_was_asked_waits_so_long"),
    ("tunnels", "tests/rtmpt/cut.rs", "fn opens_without_end_are_bounded"),
    (
        "tunnel_linger_ns",
        "tests/rtmpt/cut.rs",
        "fn a_session_that_nobody_ends_is_over_some_time_after_its_last_connection",
    ),
    ("tunnel_notes", "tests/limits.rs", "fn requests_before_a_session_is_known_are_bounded"),
    ("tunnel_requests", "tests/rtmpt/cut.rs", "fn requests_without_answers_are_bounded"),
    ("tunnel_bytes", "tests/rtmpt/cut.rs", "fn bodies_that_wait_for_an_earlier_request_are_bounded"),
    ("tunnel_bytes_total", "tests/rtmpt/cut.rs", "fn bodies_that_wait_for_an_earlier_request_are_bounded"),
    ("key_log_bytes", "tests/tls/keylog.rs", "fn memory_is_bounded_and_the_newest_sessions_stay"),
    ("tls_waiting_bytes", "tests/tls/late.rs", "fn beyond_the_limit_later_records_are_lost"),
    ("carrier_work", "tests/rtmpe.rs", "fn over_holes_key_stream_is_made_as_long_as_there_is_room_for_work"),
    ("other_connections", "tests/rules/network.rs", "fn a_connection_that_is_no_session_is_named_by_itself"),
    ("latencies", "tests/stats.rs", "fn latencies_past_their_limit_are_counted_and_have_no_median"),
    ("stats_calls", "tests/stats.rs", "fn calls_that_wait_for_too_long_are_not_answered"),
    ("stats_procedures", "tests/stats.rs", "fn endless_names_streams_and_tracks_are_counted_and_not_kept"),
    ("stats_procedures_total", "tests/stats.rs", "fn procedures_of_many_sessions_are_bounded"),
    ("stats_procedure_bytes", "tests/stats.rs", "fn endless_names_streams_and_tracks_are_counted_and_not_kept"),
    ("stats_requests", "tests/stats.rs", "fn endless_names_streams_and_tracks_are_counted_and_not_kept"),
    ("stats_name_bytes", "tests/stats.rs", "fn endless_names_streams_and_tracks_are_counted_and_not_kept"),
    ("stats_encoder_bytes", "tests/stats.rs", "fn endless_types_and_encoders_are_cut"),
    ("stats_types", "tests/stats.rs", "fn endless_types_and_encoders_are_cut"),
    ("stats_seconds", "src/stats/series.rs", "fn however_long_it_lasts_there_are_so_many_spans"),
    ("stats_seconds_total", "src/stats/series.rs", "fn all_series_together_have_so_many_spans"),
    ("stats_times", "src/stats/pace.rs", "fn so_many_times_are_kept"),
    ("trip_spans", "src/net/trips.rs", "fn the_longest_of_each_span_stays_however_long_it_lasts"),
    ("stats_tracks", "tests/stats.rs", "fn endless_names_streams_and_tracks_are_counted_and_not_kept"),
    ("compared_requests", COMPARED, "fn requests_without_end_are_followed_so_far"),
    ("compared_steps", COMPARED, "fn steps_without_end_are_told_so_far"),
    ("compared_kinds", COMPARED, "fn kinds_without_end_are_told_so_far"),
    ("compared_sightings", COMPARED, "fn codes_without_end_are_told_so_far"),
    ("compared_names", COMPARED, "fn streams_without_end_are_known_so_far"),
    ("compared_streams", COMPARED, "fn published_streams_without_end_are_known_so_far"),
    ("compared_metadata", COMPARED, "fn metadata_without_end_are_compared_so_far"),
    ("compared_published", COMPARED, "fn what_publishers_and_servers_say_without_end_is_kept_so_far"),
    ("compared_software", COMPARED, "fn what_publishers_and_servers_say_without_end_is_kept_so_far"),
    ("compared_text", COMPARED, "fn long_texts_and_values_are_cut"),
    ("compared_members", COMPARED, "fn long_texts_and_values_are_cut"),
    ("compared_value", COMPARED, "fn long_texts_and_values_are_cut"),
    ("compared_situation", COMPARED, "fn long_texts_and_values_are_cut"),
    ("compared_rows", COMPARED, "fn rows_and_latencies_without_end_are_told_so_far"),
    ("compared_values", COMPARED, "fn values_and_evidence_without_end_are_told_so_far"),
    ("compared_evidence", COMPARED, "fn values_and_evidence_without_end_are_told_so_far"),
    ("compared_codes", COMPARED, "fn codes_without_end_are_told_so_far"),
    ("compared_details", COMPARED, "fn values_and_evidence_without_end_are_told_so_far"),
    ("compared_latencies", COMPARED, "fn a_median_is_of_so_many_latencies"),
    ("zstd_window", "tests/compressed.rs", "fn zstd_may_not_ask_for_any_memory"),
    ("nesting", "tests/transport.rs", "fn tunnels_in_tunnels_have_an_end"),
    ("fragments", "tests/transport.rs", "fn fragments_keep_their_limits"),
    ("fragment_bytes", "tests/transport.rs", "fn fragments_keep_their_limits"),
    ("fragment_age_ns", "tests/transport.rs", "fn a_packet_without_all_its_fragments_is_lost"),
    ("holes", "src/net/health/tests.rs", "fn holes_are_bounded"),
    ("resent_spans", "src/net/resent.rs", "fn however_long_it_lasts_there_are_so_many_spans"),
    ("tracks", "tests/media.rs", "fn long_lists_end_in_a_count"),
    ("listed_units", "tests/media.rs", "fn long_lists_end_in_a_count"),
    ("filter_bytes", "src/filter/tests/mod.rs", "fn nesting_and_length_are_bounded"),
    ("filter_nesting", "src/filter/tests/mod.rs", "fn nesting_and_length_are_bounded"),
    ("extracted_open", "tests/files.rs", "fn streams_without_end_are_bounded"),
    ("extracted_streams", "tests/files.rs", "fn streams_without_end_are_bounded"),
    ("extracted_bytes", "tests/files.rs", "fn streams_without_end_are_bounded"),
    ("extracted_messages", "src/cli/extract/messages.rs", "fn messages_without_end_are_bounded"),
    ("waiting_findings", "tests/reports.rs", "fn findings_that_wait_for_their_session_to_be_wanted_are_bounded"),
];

attacks! {
    fn record_bytes() {
        let mut bytes = Vec::new();
        pcap::write(&mut bytes, &[]).unwrap();
        bytes.extend([0; 8]);
        bytes.extend((Limits::DEFAULT.record_bytes as u32 + 1).to_le_bytes());
        bytes.extend([0; 4]);
        assert!(last_words(&bytes).0.contains("more than any packet has"));
    }

    fn interfaces() {
        let mut writer = ng();
        for _ in 0..Limits::DEFAULT.interfaces {
            writer.interface(Resolution::Unsaid).unwrap();
        }
        assert!(last_words(&writer.into_inner()).0.contains("more interfaces"));
    }

    fn note_bytes() {
        let mut writer = ng();
        for _ in 0..20 {
            writer.block(10, &[&[0; 4][..], &1_000_000_u32.to_le_bytes(), &vec![7; 1_000_000][..]].concat()).unwrap();
        }
        let (said, missed) = last_words(&writer.into_inner());
        assert_eq!((said.as_str(), missed), ("", 4));
    }

    fn connections() {
        let packets: Vec<_> = (0..100).flat_map(|number| link(number).packets(&sample::connected())).collect();
        let packets: Vec<_> = packets.into_iter().filter(|packet| packet.flags & tcp::FIN == 0).collect();
        let run = run(&packets, &small(|limits| limits.connections = 8));
        assert_eq!((run.most.connections, run.reached.connections), (8, 92));
        assert!(run.most.live <= 8);
        assert_eq!(run.left, [0; 3]);
    }

    fn half_open_connections_go_first() {
        let one = link(1000).packets(&sample::publish(3));
        let (begin, end) = one.split_at(one.len() / 2);
        let mut packets = begin.to_vec();
        packets.extend((0..100).map(|number| Packet { time: begin[0].time, ..link(number).packets(&sample::connected())[0].clone() }));
        packets.extend_from_slice(end);
        let run = run(&packets, &small(|limits| limits.connections = 8));
        assert_eq!((run.most.connections, run.reached.connections), (8, 93));
        let ends: Vec<_> = run.events.iter().filter_map(|event| if let Event::Close(close) = event { Some(close.how) } else { None }).collect();
        assert_eq!(ends, [How::Fin, How::Fin], "who came in does not pay for those who knock");
    }

    fn idle_ns() {
        let limits = Limits::default();
        let first = link(1).packets(&sample::connected());
        let (first, _) = first.split_at(first.len() - 3);
        let hour = limits.idle_ns;
        let late = |packets: Vec<Packet>| packets.into_iter().map(|mut packet| { packet.time.0 += hour + 1_000_000_000; packet });
        let packets: Vec<_> = first.iter().cloned().chain(late(link(2).packets(&sample::connected()))).collect();
        let run = run(&packets, &limits);
        let ends: Vec<_> = run.events.iter().filter_map(|event| if let Event::Close(close) = event { Some((close.session, close.how)) } else { None }).collect();
        assert_eq!(ends, [(1, How::Timeout), (1, How::Timeout), (2, How::Fin), (2, How::Fin)]);
        assert_eq!((run.reached.idle_ns, run.reached.half_open_ns), (1, 0));
    }

    fn half_open_ns() {
        let limits = Limits::default();
        let syn = |number: u32| {
            let mut packet = link(number).packets(&sample::connected())[0].clone();
            packet.time.0 += i64::from(number) * 1_000_000_000;
            packet
        };
        let packets: Vec<_> = (0..1000).map(syn).collect();
        let run = run(&packets, &limits);
        assert_eq!((run.reached.half_open_ns, run.most.connections), (880, 120));
    }

    fn reorder_bytes() {
        let (run, gaps) = hole(&small(|limits| limits.reorder_bytes = 5000));
        assert!(run.reached.reorder_bytes > 0 && gaps > 0);
    }

    fn reorder_segments() {
        let (run, gaps) = hole(&small(|limits| limits.reorder_segments = 5));
        assert!(run.reached.reorder_segments > 0 && gaps > 0);
    }

    fn reorder_bytes_total() {
        let (run, gaps) = hole(&small(|limits| limits.reorder_bytes_total = 10_000));
        assert!(run.reached.reorder_bytes_total > 0 && gaps > 0);
    }

    fn acknowledged_hole_packets() {
        assert!(certain_after(&small(|limits| { limits.acknowledged_hole_packets = 6; limits.acknowledged_hole_ns = i64::MAX; })) < 12);
        assert!(certain_after(&small(|limits| { limits.acknowledged_hole_packets = 40; limits.acknowledged_hole_ns = i64::MAX; })) > 30);
    }

    fn acknowledged_hole_ns() {
        assert!(certain_after(&small(|limits| { limits.acknowledged_hole_packets = 10_000; limits.acknowledged_hole_ns = 1000; })) < 12);
    }

    fn fragment_cuts() {
        let frames = (0..10_u16).map(|place| {
            let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 124, 0, 7];
            frame.extend((0x2000 | (place * 13)).to_be_bytes());
            frame.extend([64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            frame.extend([0; 40]);
            (Time(0), frame, 138)
        });
        assert_eq!(run_frames(frames, &small(|limits| limits.fragment_cuts = 3), true).reached.fragment_cuts, 7);
    }

    fn opening_bytes() {
        let run = unknown(&small(|limits| limits.opening_bytes = 64), true, 4, 500);
        assert!(run.most.opening_bytes > 0 && run.most.opening_bytes < 4 * 3 * 64 * 300, "{}", run.most.opening_bytes);
    }

    fn midstream_opening_bytes() {
        let run = unknown(&small(|limits| limits.midstream_opening_bytes = 300), false, 4, 500);
        assert!(run.most.opening_bytes > 0 && run.most.opening_bytes < 4 * 3 * 300 * 300, "{}", run.most.opening_bytes);
    }

    fn opening_bytes_total() {
        let limits = small(|limits| {
            limits.opening_bytes_total = 20_000;
            limits.acknowledged_hole_packets = 2;
        });
        let run = unknown(&limits, false, 100, 50);
        assert!(run.reached.opening_bytes_total > 0);
        assert!(run.most.opening_bytes <= 20_000, "{}", run.most.opening_bytes);
    }

    fn tls_waiting_bytes_total() {
        // Records that are not whole, on connections side by side.
        let part = [&[23, 3, 3, 0x20, 0][..], &[0; 2000]].concat();
        let mut packets: Vec<_> = (0..20).flat_map(|number| tls(number, &part)).collect();
        packets.sort_by_key(|packet| packet.time);
        assert_eq!(run(&packets, &Limits::default()).reached.tls_waiting_bytes_total, 0);
        let reached = run(&packets, &small(|limits| limits.tls_waiting_bytes_total = 10_000)).reached;
        assert!(reached.tls_waiting_bytes_total > 10, "{}", reached.tls_waiting_bytes_total);
    }

    fn tls_handshake_bytes() {
        let hello = [&[22, 3, 1, 0x10, 4, 1, 0, 0x10, 0][..], &[0; 4096]].concat();
        let reached = |most: usize| {
            let limits = small(|limits| limits.tls_handshake_bytes = most);
            run(&tls(0, &hello), &limits).reached.tls_handshake_bytes
        };
        assert_eq!((reached(4096), reached(4095)), (0, 1));
    }

    fn unread_reasons() {
        let frames = (100..140_u8).map(|protocol| {
            let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0];
            frame.extend([10, 0, 0, 1, 10, 0, 0, 2]);
            frame.extend([0; 20]);
            (Time(0), frame.clone(), frame.len())
        });
        let reached = run_frames(frames, &small(|limits| limits.unread_reasons = 3), true).reached;
        assert!(reached.unread_reasons > 30, "{}", reached.unread_reasons);
    }

    fn attempted_servers() {
        let asked = |number: u16| {
            let link = Link::between(([10, 0, 0, 1], 50_000).into(), ([192, 0, 2, 2], 1000 + number).into());
            let packets = link.packets(&sample::publish(1));
            let mut refusal = Packet { flags: tcp::RST | tcp::ACK, ..packets[1].clone() };
            refusal.time.0 += 1;
            if number == 935 { packets } else { vec![packets[0].clone(), refusal] }
        };
        let later = |(index, mut packet): (usize, Packet)| {
            packet.time.0 += index as i64 * 1_000_000_000;
            packet
        };
        let packets: Vec<_> = (900..1000).flat_map(asked).enumerate().map(later).collect();
        let run = run(&packets, &small(|limits| limits.attempted_servers = 8));
        assert!(run.reached.attempted_servers > 8, "{}", run.reached.attempted_servers);
        assert!(run.most.attempted_servers <= 8, "{}", run.most.attempted_servers);
    }

    fn ready_events() {
        let bytes = [&[4, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf][..], &[0xc4, 0xaf].repeat(30_000)].concat();
        let packets = Link::v4().mtu(65_000).packets(&sample::publishing().client(|c| c.raw(&bytes)));
        let run = run(&packets, &small(|limits| limits.ready_events = 100));
        assert!(run.most.events < 100 + 8192 + 100, "{}", run.most.events);
        let messages = run.events.iter().filter(|event| matches!(event, Event::Message(_))).count();
        assert!(messages > 30_000, "{messages}");
    }

    fn session_bytes_total() {
        let limits = small(|limits| limits.session_bytes_total = 100_000);
        let conversation = sample::publishing().client(|c| c.chunk_layer(|chunks| {
            let mut message = chunks.begin(rtmp_inspect::synth::Format::default(), &Message::new(6, 9, 1, 0, vec![0x17; 60_000]));
            for _ in 0..10 { chunks.chunk(&mut message); }
        }));
        let packets: Vec<_> = (0..20).map(|number| link(number).packets(&conversation)).flat_map(|packets| {
            let length = packets.len() - 3;
            packets.into_iter().take(length)
        }).collect();
        let run = run(&packets, &limits);
        assert!(run.reached.session_bytes_total > 0);
        assert!(run.most.session_bytes <= 100_000, "{}", run.most.session_bytes);
        assert!(run.events.iter().any(|event| matches!(event, Event::Incomplete(part) if part.why == Why::Limit)));
    }

    fn search_bytes() {
        let garbage: Vec<u8> = (0..60_000_u32).map(|number| (number * 7 % 251) as u8 | 0x80).collect();
        let conversation = sample::publishing().client(|c| c.raw(&[0xff; 200])).client(|c| c.raw(&garbage));
        let run = say(&conversation, &small(|limits| limits.search_bytes = 4096));
        assert!(run.reached.search_bytes > 5, "{}", run.reached.search_bytes);
        assert!(run.most.session_bytes < 40_000, "{}", run.most.session_bytes);
    }

    fn partial_bytes() {
        let run = message(9, vec![0x17; 50_000], &small(|limits| limits.partial_bytes = 10_000));
        assert_eq!(run.reached.partial_bytes, 1);
        assert!(run.most.session_bytes < 20_000, "{}", run.most.session_bytes);
        assert!(run.events.iter().any(|event| matches!(event, Event::Incomplete(part) if part.why == Why::Limit)));
        // Chunks of a byte in turns: their places count too.
        let turns = sample::publishing().client(|c| c.set_chunk_size(1).chunk_layer(|chunks| {
            chunks.interleave(&[Message::new(4, 8, 1, 0, vec![0xaf; 5000]), Message::new(6, 9, 1, 0, vec![0x17; 5000])]);
        }));
        let run = say(&turns, &small(|limits| limits.partial_bytes = 20_000));
        assert_eq!(run.reached.partial_bytes, 2);
        assert!(run.most.session_bytes < 40_000, "{}", run.most.session_bytes);
    }

    fn chunk_streams() {
        let conversation = sample::publishing().client(|c| c.chunk_layer(|chunks| {
            for id in 3..40 { chunks.message(&Message::new(id, 8, 1, 0, vec![0xaf, 1])); }
        }));
        // What follows would be messages that prove their place, and there is a hole in it.
        let conversation = conversation.client(|c| c.video(1, 40, vec![0x27; 50_000])).client(|c| c.audio(1, 80, vec![0xaf, 1]));
        let limits = small(|limits| limits.chunk_streams = 10);
        let mut packets = Link::v4().packets(&conversation);
        let large = packets.iter().rposition(|packet| packet.payload.len() > 1400).unwrap();
        for missing in [false, true] {
            let hole = if missing { packets.remove(large).payload.len() as u64 } else { 0 };
            let run = run(&packets, &limits);
            assert_eq!(run.reached.chunk_streams, 1);
            let lost: Vec<_> = run.events.iter().filter_map(|event| match event {
                Event::Undecodable(lost) => Some(lost.offset),
                _ => None,
            }).collect();
            assert_eq!(lost.len(), 1, "the direction is left, and not found again");
            assert!(!run.events.iter().any(|event| matches!(event, Event::Resync(_))));
            let undecoded = run.events.iter().find_map(|event| match event {
                Event::Close(close) if close.from == Side::Client => Some((close.bytes - lost[0], close.undecoded)),
                _ => None,
            });
            let (behind, undecoded) = undecoded.unwrap();
            assert!(behind > 50_000 && undecoded == behind - hole, "{behind} {undecoded}");
        }
    }

    fn pending_calls() {
        let mut conversation = sample::connected();
        for id in 10..20 { conversation = conversation.client(|c| c.command("call", id, &[])); }
        let run = say(&conversation, &small(|limits| limits.pending_calls = 3));
        assert_eq!(run.reached.pending_calls, 7);
    }

    fn amf_depth() {
        let mut payload = values(&["call".into(), 1.into()]);
        payload.extend([3, 0, 1, b'a'].repeat(100_000));
        assert_eq!(message(20, payload, &Limits::default()).reached.amf_depth, 1);
    }

    fn amf_values() {
        let many: Vec<Amf> = (0..100).map(|number: u32| number.into()).collect();
        let payload = values(&[&["call".into(), 1.into()][..], &many].concat());
        let run = message(20, payload, &small(|limits| limits.amf_values = 50));
        assert_eq!(run.reached.amf_values, 1);
    }

    fn amf_repeated() {
        let mut payload = [&[0][..], &values(&["call".into(), 1.into()]), &[0x11, 0x09, 0x81, 0x49, 1]].concat();
        payload.extend([0x06, 0x81, 0x49]);
        payload.extend([b'x'; 100]);
        payload.extend([0x06, 0x00].repeat(99));
        let run = message(17, payload, &small(|limits| limits.amf_repeated = 1000));
        assert_eq!(run.reached.amf_repeated, 1);
    }

    fn aggregate_messages() {
        let messages: Vec<_> = (0..50).map(|time| SubMessage::new(8, time, [0xaf, 1])).collect();
        let run = message(22, aggregate(&messages), &small(|limits| limits.aggregate_messages = 10));
        assert_eq!(run.reached.aggregate_messages, 1);
    }

    fn secrets() {
        let limits = small(|limits| limits.secrets = 2);
        let run = names(&limits);
        assert_eq!(run.reached.secrets, 1);
        assert_eq!(run.left, [0; 3]);
        masks_all_text(&limits);
    }

    fn secret_bytes() {
        let limits = small(|limits| limits.secret_bytes = 10);
        assert_eq!(names(&limits).reached.secret_bytes, 1);
        masks_all_text(&limits);
    }

    fn secret_tags() {
        let limits = small(|limits| limits.secret_tags = 3);
        let mut masks = Masks::new(false, &limits);
        names(&Limits::default()).events.iter().for_each(|event| masks.observe(event));
        let shown = |number| masks.text(1, secrets::Place::Text, &format!("name{number}"));
        assert_eq!([0, 1, 2, 3, 9].map(shown), ["***a", "***b", "***c", "***", "***"]);
    }

    fn finding_bytes() {
        let long = "x".repeat(50_000);
        let run = say(&sample::connected().client(|c| c.create_stream(2)).server(|s| s.error(2, "No", &long)), &Limits::default());
        let longest = run.findings.iter().map(|finding| finding.text.len()).max().unwrap();
        assert!(longest > 500 && longest <= Limits::DEFAULT.finding_bytes + 3, "{longest}");
    }

    fn story_bytes_total() {
        let limits = small(|limits| limits.story_bytes_total = 100_000);
        let text = "x".repeat(1000);
        let mut packets = Vec::new();
        for number in 0..20 {
            let mut conversation = sample::connected();
            // The first says little.
            for id in 10..if number == 0 { 11 } else { 40 } { conversation = conversation.client(|c| c.command("call", id, &[text.as_str().into()])); }
            // Long enough for an answer.
            let all = link(number).packets(&conversation.wait_ms(60_000).server(|s| s.ping_request(1)));
            packets.extend_from_slice(&all[..all.len() - 3]);
        }
        let whole = run(&packets, &Limits::default());
        let run = run(&packets, &limits);
        assert_eq!(whole.reached.story_bytes_total, 0);
        assert!((15..20).contains(&run.reached.story_bytes_total), "{}", run.reached.story_bytes_total);
        let of_first = |run: &Run| run.findings.iter().filter(|finding| finding.session == 1).map(|finding| finding.rule.code).collect::<Vec<_>>();
        assert_eq!(of_first(&run), of_first(&whole));
        assert!(!of_first(&run).is_empty() && run.findings.len() < whole.findings.len());
        assert_eq!(run.left, [0; 3]);

        // Names count as long as they are, though what is quoted of their messages is short.
        let name = "c".repeat(60_000);
        let mut calls = sample::connected();
        for id in 10..20 { calls = calls.client(|c| c.command(&name, id, &[])); }
        let limits = small(|limits| limits.story_bytes_total = 400_000);
        assert_eq!(say(&calls, &limits).reached.story_bytes_total, 1);
    }

    fn judged_bytes_total() {
        let limits = small(|limits| limits.judged_bytes_total = 100_000);
        let text = "x".repeat(1000);
        let mut packets = Vec::new();
        for number in 0..20 {
            let mut conversation = sample::connected();
            // The first says little; the others call with an id that is not free.
            for id in 10..if number == 0 { 11 } else { 40 } { conversation = conversation.client(|c| c.command("call", 10, &[text.as_str().into(), id.into()])); }
            // Long enough for an answer.
            let all = link(number).packets(&conversation.wait_ms(60_000).server(|s| s.ping_request(1)));
            packets.extend_from_slice(&all[..all.len() - 3]);
        }
        let whole = run(&packets, &Limits::default());
        let run = run(&packets, &limits);
        assert_eq!(whole.reached.judged_bytes_total, 0);
        assert!((15..20).contains(&run.reached.judged_bytes_total), "{}", run.reached.judged_bytes_total);
        let of_first = |run: &Run| run.findings.iter().filter(|finding| finding.session == 1).map(|finding| finding.rule.code).collect::<Vec<_>>();
        assert_eq!(of_first(&run), of_first(&whole));
        assert!(!of_first(&run).is_empty() && run.findings.len() < whole.findings.len());
        assert_eq!(run.left, [0; 3]);
    }

    fn story_requests() {
        let mut conversation = sample::connected();
        for id in 10..3010 { conversation = conversation.client(|c| c.command("call", id, &[])); }
        // Long enough for an answer.
        let run = say(&conversation.wait_ms(60_000).server(|s| s.ping_request(1)), &Limits::default());
        let unanswered = run.findings.iter().filter(|finding| finding.rule.code == "CMD006").count();
        // Room is made for several at a time.
        let most = Limits::DEFAULT.story_requests;
        assert!((most / 2..=most).contains(&unanswered), "{unanswered}");
    }

    fn story_reach() {
        let plays = 2 * Limits::DEFAULT.story_reach as u32;
        let conversation = (0..plays).fold(sample::connected(), |conversation, n| conversation.client(|c| c.play(1, n + 2, "s")));
        let story = told(&say(&conversation.server(|s| s.on_status(1, "status", "NetStream.Play.Start", "")), &Limits::default()).events);
        let all: Vec<_> = story.requests.iter().collect();
        let place = all.iter().position(|request| request.name == "play" && request.outcome.is_some()).unwrap();
        assert_eq!(all.len() - place, Limits::DEFAULT.story_reach, "the oldest among those that are looked at");
    }

    fn story_early_statuses() {
        // The play is captured behind its status, and behind further ones.
        let is_started = |further: usize| {
            let conversation = sample::connected().client(|c| c.play(1, 2, "s"));
            let conversation = conversation.server(|s| s.on_status(1, "status", "NetStream.Play.Start", ""));
            let conversation = (0..further).fold(conversation, |conversation, _| {
                conversation.server(|s| s.on_status(1, "status", "NetStream.Seek.Notify", ""))
            });
            let mut events = say(&conversation, &Limits::default()).events;
            let is_play = |event: &Event| matches!(event, Event::Message(message) if matches!(&message.body, Body::Command(command) if command.name == "play"));
            let place = events.iter().position(is_play).unwrap();
            let play = events.remove(place);
            let close = events.iter().position(|event| matches!(event, Event::Close(_))).unwrap();
            events.insert(close, play);
            told(&events).requests.uses().any(|request| request.is_started)
        };
        let most = Limits::DEFAULT.story_early_statuses;
        assert!(is_started(most - 1) && !is_started(most));
    }

    fn story_streams() {
        let streams = Limits::DEFAULT.story_streams as u32 + 100;
        let conversation = (1..=streams).fold(sample::connected(), |conversation, id| conversation.client(|c| c.play(id, 0, "s")));
        assert_eq!(told(&say(&conversation, &Limits::default()).events).streams.iter().count(), Limits::DEFAULT.story_streams);
    }

    fn story_tracks() {
        let streams = Limits::DEFAULT.story_tracks as u32 + 100;
        let conversation = (1..=streams).fold(sample::connected(), |conversation, id| {
            conversation.client(|c| c.audio(id, 0, vec![0xaf, 1, 0]).metadata(id, 0))
        });
        let (story, most) = (told(&say(&conversation, &Limits::default()).events), Limits::DEFAULT.story_tracks);
        assert!(story.tracks.at(most - 1).is_some() && story.tracks.at(most).is_none());
        assert_eq!(story.tracks.all_metadata().count(), most);
    }

    fn quoted_bytes() {
        let most = Limits::DEFAULT.quoted_bytes;
        assert_eq!((quoted(most), quoted(most + 1)), (most, Limits::DEFAULT.quoted_beginning));
    }

    fn quoted_beginning() {
        assert_eq!(quoted(1 << 20), Limits::DEFAULT.quoted_beginning);
    }

    fn modifiers() {
        let modified = |count: usize| message(8, [&[0x97][..], &[0, 0, 0x17].repeat(count - 1), &[0, 0, 0x11], b"mp4a"].concat(), &Limits::default());
        let problems = |run: &Run| run.events.iter().map(|event| if let Event::Message(message) = event { message.problems.len() } else { 0 }).sum::<usize>();
        let most = Limits::DEFAULT.modifiers as usize;
        assert_eq!((problems(&modified(most)), problems(&modified(most + 1))), (0, 1));
    }

    fn judged_tracks() {
        let streams = 2 * Limits::DEFAULT.judged_tracks as u32;
        let conversation = (1..=streams).fold(sample::connected(), |conversation, id| {
            conversation.client(|c| c.message(&Message::new(4, 8, id, 0, vec![0xaf, 1, 0])))
        });
        assert_eq!(cases(&say(&conversation, &Limits::default()), "MED004"), Limits::DEFAULT.judged_tracks as u64);
    }

    fn judged_chunk_streams() {
        let chunk_streams = 2 * Limits::DEFAULT.judged_chunk_streams as u32;
        let conversation = [1, 2].into_iter().fold(sample::connected(), |conversation, stream| {
            conversation.client(|c| c.chunk_layer(|chunks| {
                for id in 10..10 + chunk_streams { chunks.message(&Message::new(id, 8, stream, 0, vec![0xaf, 1, 0])); }
            }))
        });
        // Some were used before.
        let (found, most) = (cases(&say(&conversation, &Limits::default()), "CHK016"), Limits::DEFAULT.judged_chunk_streams as u64);
        assert!(found <= most && found > most - 5, "{found}");
    }

    fn judged_streams() {
        let begins = |count: usize| {
            let server = |conversation: Conversation, id| conversation.server(|s| s.stream_begin(id));
            let conversation = (0..count as u32).fold(sample::connected(), |conversation, id| server(conversation, 100 + id));
            cases(&say(&conversation.client(|c| c.ping_request(1)), &Limits::default()), "CTL015")
        };
        let most = Limits::DEFAULT.judged_streams;
        assert_eq!((begins(most - 2), begins(most + 1)), (1, 0));
    }

    fn judged_pings() {
        let pings = 2 * Limits::DEFAULT.judged_pings as u32;
        let conversation = (0..pings).fold(sample::connected(), |conversation, time| conversation.server(|s| s.ping_request(time)));
        let run = say(&conversation.wait_ms(60_000).client(|c| c.set_buffer_length(1, 100)), &Limits::default());
        assert_eq!(cases(&run, "CTL013"), Limits::DEFAULT.judged_pings as u64);
    }

    fn judged_acknowledgements() {
        let many = 2 * Limits::DEFAULT.judged_acknowledgements as u32;
        let conversation = sample::publishing().server(|s| (0..many).fold(s, |s, number| s.acknowledgement(1_000_000 + number)));
        let run = say(&conversation.client(|c| c.ping_request(1)), &Limits::default());
        assert_eq!(cases(&run, "CTL008"), Limits::DEFAULT.judged_acknowledgements as u64);
    }

    fn judged_early_commands() {
        let many = 2 * Limits::DEFAULT.judged_early_commands as u32;
        let conversation = (1..=many).fold(sample::connected(), |conversation, id| {
            conversation.client(|c| c.stream_command(id, "publish", 0, &["name".into(), "live".into()]))
        });
        assert_eq!(cases(&say(&conversation, &Limits::default()), "CMD015"), Limits::DEFAULT.judged_early_commands as u64);
    }

    fn late_cases() {
        let many = 2 * Limits::DEFAULT.late_cases as u32;
        let conversation = (1..=many).fold(sample::publishing(), |conversation, id| {
            conversation.client(|c| c.command("deleteStream", 0, &[Amf::Null, (1000 + id).into()]))
        });
        assert_eq!(cases(&say(&conversation, &Limits::default()), "CMD025"), Limits::DEFAULT.late_cases as u64);
    }

    fn report_findings() {
        let run = message(20, values(&["call".into(), "x".into()]), &Limits::default());
        let finding = run.findings.first().unwrap();
        let opened = run.events.iter().find(|event| matches!(event, Event::Session(_))).unwrap();
        let masks = Masks::new(false, &Limits::default());
        let parts = |sessions: u32| {
            let mut out = Vec::new();
            let mut report = report::text(&mut out, false, true);
            report.begin(&[], None).unwrap();
            for session in 1..=sessions {
                let mut opened = opened.clone();
                if let Event::Session(opened) = &mut opened { opened.session = session; }
                report.event(&opened, &Story::default(), &masks).unwrap();
                for _ in 0..100 { report.finding(&Finding { session, quote: None, ..finding.clone() }, &masks).unwrap(); }
            }
            drop(report);
            String::from_utf8(out).unwrap().lines().filter(|line| line.starts_with("session ")).count()
        };
        let sessions = Limits::DEFAULT.report_findings as u32 / 100;
        assert_eq!((parts(sessions - 1), parts(sessions + 1)), (0, 2));
    }

    fn ready_bytes() {
        let name = "x".repeat(1000);
        let conversation = sample::connected().client(|c| (2..200).fold(c, |c, id| c.command("call", id, &[Amf::Null, name.as_str().into()])));
        let mut bytes = Vec::new();
        pcap::write(&mut bytes, &Link::v4().packets(&conversation)).unwrap();
        let capture = file(&bytes);
        let longest = |limits: &Limits| load(capture.path(), limits).0.into_iter().max().unwrap();
        let (usual, small) = (longest(&Limits::default()), longest(&small(|limits| limits.ready_bytes = 4000)));
        assert!(usual > 100 && small < 40, "{usual} {small}");
    }

    fn filter_regex_bytes() {
        assert!(rtmp_inspect::filter::Filter::parse("object.app matches \"a{1000}\"").is_ok());
        let error = rtmp_inspect::filter::Filter::parse("object.app matches \"(a{1000}){1000}\"").unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }

    fn ready_items() {
        let (batches, _, _) = index(20_000, &small(|limits| limits.ready_items = 1000));
        let longest = batches.iter().max().unwrap();
        // One packet may give more than there is room for.
        assert!(batches.len() > 10 && *longest < 1000 + 1500, "{longest}");
    }

    fn index_bytes() {
        let limits = small(|limits| limits.index_bytes = 1 << 20);
        let (_, complaints, memory) = index(60_000, &limits);
        assert!(complaints.len() == 1 && complaints[0].contains("reading stopped"), "{complaints:?}");
        let most = limits.index_bytes as u64 + 120_000 * limits.index_share / 100 + (256 << 10);
        assert!(memory as u64 <= most, "{memory}");
    }

    fn index_share() {
        // A capture of usual proportions never comes to it.
        let mut bytes = Vec::new();
        pcap::write(&mut bytes, &Link::v4().packets(&sample::publish(2000))).unwrap();
        let capture = file(&bytes);
        let (_, complaints, memory) = load(capture.path(), &Limits::default());
        assert!(complaints.is_empty());
        assert!(memory > 0 && memory < Limits::DEFAULT.index_bytes);
    }
}

/// The story of the one session, when it is over.
fn told(events: &[Event]) -> Story {
    let mut stories = Stories::under(&Limits::default());
    for event in events {
        stories.learn(event);
    }
    stories.last().clone()
}

/// Bytes that are kept of a message of so many.
fn quoted(length: usize) -> usize {
    let run = message(9, vec![0x17; length], &Limits::default());
    let quotes = run.events.iter().filter_map(|event| match event {
        Event::Message(message) if message.head.length as usize == length => Some(Quote::of(message).beginning().len()),
        _ => None,
    });
    quotes.last().unwrap()
}

/// How often a rule's fault was found.
fn cases(run: &Run, code: &str) -> u64 {
    let of_rule = run.findings.iter().filter(|finding| finding.rule.code == code);
    of_rule.map(|finding| finding.count).max().unwrap_or_default()
}

/// A client's bytes with a segment missing and nobody who acknowledges it.
fn hole(limits: &Limits) -> (Run, usize) {
    let packets = Link::v4().packets(&sample::publishing().client(|c| c.video(1, 0, vec![0x17; 50_000])));
    let mut client: Vec<_> = packets.into_iter().filter(|packet| packet.from == Side::Client).collect();
    let place = client.iter().position(|packet| packet.payload.len() > 1400).unwrap();
    client.remove(place + 5);
    let last = client.len() - 1;
    client.truncate(last);
    let run = run(&client, limits);
    let early = |event: &&Event| matches!(event, Event::Gap(gap) if gap.at.packet.0 < last as u64);
    let gaps = run.events.iter().filter(early).count();
    (run, gaps)
}

/// How many packets it takes until an acknowledged hole is certain.
fn certain_after(limits: &Limits) -> u64 {
    let mut packets = Link::v4().packets(&sample::publishing().client(|c| c.video(1, 0, vec![0x17; 200_000])));
    let place = packets.iter().position(|packet| packet.payload.len() > 1400).unwrap() + 20;
    let place = place + packets[place..].iter().position(|packet| packet.payload.len() > 1400).unwrap();
    packets.remove(place);
    let run = run(&packets, limits);
    let reports = |event: &Event| matches!(event, Event::Gap(_));
    assert!(run.events.iter().any(reports));
    // The event stands where the messages are that follow it: count packets until it comes.
    let mut analyzer = Analyzer::new(limits, Options::default());
    for (index, packet) in packets.iter().enumerate() {
        let frame = packet.frame();
        let at = Moment { packet: PacketNo(index as u64 + 1), time: packet.time };
        let length = frame.len() as u32;
        analyzer.push(&capture::Packet {
            at,
            link: LinkType(1),
            data: &frame,
            wire_length: length,
            place: Place::default(),
        });
        while let Some(event) = analyzer.poll() {
            if reports(&event) {
                return (index - place) as u64;
            }
        }
    }
    u64::MAX
}

/// Connections that say a byte at a time what could still become RTMP.
fn unknown(limits: &Limits, begins: bool, connections: u32, bytes: usize) -> Run {
    let mut packets = Vec::new();
    for number in 0..connections {
        let mut all = link(number).packets(&sample::connected());
        let mut first = all.remove(0);
        if begins {
            packets.push(first.clone());
            first.sequence += 1;
        }
        for place in 0..bytes {
            let sequence = first.sequence.wrapping_add(place as u32);
            // C0, and then zeros: a handshake half that never ends.
            let payload = vec![if place == 0 { 3 } else { 0 }];
            packets.push(Packet { flags: tcp::ACK, sequence, payload, ..first.clone() });
        }
    }
    run(&packets, limits)
}

/// A connection that says this behind the beginning of a TLS handshake message that is short.
fn tls(number: u32, bytes: &[u8]) -> Vec<Packet> {
    let said = [&[22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3][..], bytes].concat();
    let answer = [22, 3, 3, 0, 6, 2, 0, 0, 2, 3, 3];
    link(number).packets(&Conversation::new().client(|c| c.raw(&said)).server(|s| s.raw(&answer)))
}

/// Many streams are named in one session.
fn names(limits: &Limits) -> Run {
    let mut conversation = sample::connected();
    for number in 0..10 {
        conversation = conversation.client(|c| c.publish(1, number + 3, &format!("name{number}")));
    }
    say(&conversation, limits)
}

fn masks_all_text(limits: &Limits) {
    let run = names(&Limits::default());
    let mut masks = Masks::new(false, limits);
    run.events.iter().for_each(|event| masks.observe(event));
    assert_eq!(masks.text(1, secrets::Place::Text, "name9 and all else"), "***");
    assert_eq!(masks.text(2, secrets::Place::Text, "another session"), "another session");
}

/// Loads messages of one byte into the screen: how long the batches were, what was complained, and the memory.
fn index(messages: usize, limits: &Limits) -> (Vec<usize>, Vec<String>, usize) {
    let bytes = [&[4, 0, 0, 0, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf][..], &[0xc4, 0xaf].repeat(messages)].concat();
    let packets = Link::v4().mtu(1500).packets(&sample::publishing().client(|c| c.raw(&bytes)));
    let mut bytes = Vec::new();
    pcap::write(&mut bytes, &packets).unwrap();
    let capture = file(&bytes);
    load(capture.path(), limits)
}

fn load(capture: &Path, limits: &Limits) -> (Vec<usize>, Vec<String>, usize) {
    let options = tui::Options::default();
    let captures = [capture.to_owned()];
    let (mut loader, book) = Loader::open_under(&captures, &options.reading, limits).unwrap();
    let mut app = tui::App::new(book, &captures, &options);
    let mut batches = Vec::new();
    loop {
        let batch = loader.read();
        batches.push(batch.items.len());
        let (done, complaints) = (batch.progress.done, batch.progress.complaints.clone());
        app.take(batch);
        if done {
            let (index, evidence) = app.memory();
            return (batches, complaints, index + evidence);
        }
    }
}

#[test]
fn every_limit_is_attacked_and_counted_or_says_why_not() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    for (_, path, test) in ELSEWHERE {
        assert!(read(path).contains(test), "{path} has no {test}");
    }
    let own = read("tests/limits.rs");
    for limit in Limits::ALL {
        let elsewhere = ELSEWHERE.iter().any(|(name, ..)| *name == limit.name);
        assert!(HERE.contains(&limit.name) || elsewhere, "{} is not attacked", limit.name);
        assert!(limit.doc.len() > 40 && !limit.unit.is_empty(), "{} has no reason", limit.name);
        let mut reached = Reached::default();
        reached.count(limit.name);
        assert_eq!(reached.list(), [(limit.name, 1)]);
        if limit.uncounted.is_empty() && HERE.contains(&limit.name) && limit.name != "note_bytes" {
            assert!(own.contains(&format!("reached.{}", limit.name)), "{}: no test looks at its counter", limit.name);
        }
    }
}

/// A client of RTMPT that polls and sends nothing, and then begins.
#[test]
fn requests_before_a_session_is_known_are_bounded() {
    let post = |path: &str, body: &[u8]| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-fcs\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let ok =
        |body: &[u8]| [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    let mut conversation =
        Conversation::new().client(|c| c.raw(&post("/open/1", &[0]))).server(|s| s.raw(&ok(b"ABCDEFGH\n")));
    for number in 0..50 {
        let idle = post(&format!("/idle/ABCDEFGH/{number}"), &[0]);
        conversation = conversation.client(|c| c.raw(&idle)).server(|s| s.raw(&ok(&[1])));
    }
    let block = [&[3][..], &[0; 8], &[7; 1528]].concat();
    let answer = [&[1][..], &block, &block[1..]].concat();
    conversation = conversation
        .client(|c| c.raw(&post("/send/ABCDEFGH/50", &block)))
        .server(|s| s.raw(&ok(&answer)))
        .client(|c| c.raw(&post("/send/ABCDEFGH/51", &block[1..])))
        .server(|s| s.raw(&ok(&[1])));
    let told = |most| {
        let limits = small(|limits| limits.tunnel_notes = most);
        let run = run(&Link::v4().packets(&conversation), &limits);
        let requests = run.events.iter().filter(|event| matches!(event, Event::Tunnel(_))).count();
        (requests, run.reached.tunnel_notes)
    };
    assert_eq!(told(1000), (53, 0));
    let (requests, left_out) = told(10);
    assert_eq!(requests as u64 + left_out, 53);
    assert!(left_out > 40 - 2, "{left_out}");
}

/// Days of a live pipe: sessions come and go, some without an end, and nothing of them stays.
#[test]
fn nothing_of_a_session_stays_when_it_is_over() {
    let limits = small(|limits| limits.connections = 64);
    let template = link(0).packets(&sample::publish(2));
    let frames = (0..4000_u32).flat_map(|number| {
        // Each third one loses its end.
        let length = template.len() - if number % 3 == 0 { 3 } else { 0 };
        let client = link(number).client;
        template
            .iter()
            .take(length)
            .map(move |packet| {
                let mut packet = packet.clone();
                packet.time.0 += i64::from(number) * 30_000_000_000;
                if packet.from == Side::Client {
                    packet.source = client;
                } else {
                    packet.destination = client;
                }
                packet
            })
            .collect::<Vec<_>>()
    });
    let frames =
        frames.map(|packet| (packet.time, packet.frame())).map(|(time, frame)| (time, frame.clone(), frame.len()));
    let run = run_frames(frames, &Limits { connections: 1000, ..limits }, false);
    assert_eq!(run.left, [0; 3]);
    // An hour of sessions that did not end, one every 90 seconds.
    assert!(run.most.connections <= 45 && run.most.live <= 45, "{:?}", run.most);
    assert!(run.most.session_bytes < 1 << 20 && run.most.closed <= 250, "{:?}", run.most);
    assert!(run.reached.idle_ns > 1200, "{}", run.reached.idle_ns);
}

fn doc() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md")
}

#[test]
fn the_list_of_limits_is_in_sync() {
    const MARK: &str = "<!-- generated -->\n";
    let written = fs::read_to_string(doc()).unwrap();
    let (text, table) = written.split_once(MARK).unwrap();
    let wanted = limits::markdown();
    if std::env::var_os("BLESS").is_some() {
        fs::write(doc(), format!("{text}{MARK}{wanted}")).unwrap();
    } else {
        assert!(table == wanted, "docs/limits.md is old: BLESS=1 cargo test --test limits");
    }
}
