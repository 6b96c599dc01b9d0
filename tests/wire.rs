//! The chunk stream case by case: what other decoders lose, and what senders do differently.
#![allow(clippy::unwrap_used)]

mod common;

use common::Story;
use rtmp_inspect::proto::rtmp::{Body, ExtendedForm, Reason};
use rtmp_inspect::proto::{Event, Why};
use rtmp_inspect::synth::{Conversation, ExtendedTimestamp, Form, Format, Message, sample};
use rtmp_inspect::wire::Side;

fn audio(csid: u32, time: u32, length: usize) -> Message {
    let mut payload = vec![0xaf, 1];
    payload.extend((0..length).map(|at| (at % 251) as u8));
    Message::new(csid, 8, 1, time, payload)
}

fn video(csid: u32, time: u32, length: usize) -> Message {
    let mut payload = vec![0x27, 1, 0, 0, 0];
    payload.extend((0..length).map(|at| (at % 253) as u8));
    Message::new(csid, 9, 1, time, payload)
}

/// The client's media messages after a clean beginning: chunk stream, timestamp, length, and whether the bytes are right.
fn media(conversation: &Conversation) -> Vec<(u32, u32, usize)> {
    let story = Story::of(conversation);
    for event in &story.events {
        assert!(!matches!(event, Event::Undecodable(_)), "{event:?}");
    }
    story
        .messages_from(Side::Client)
        .iter()
        .filter(|message| matches!(message.head.kind.0, 8 | 9))
        .map(|message| {
            let head = if message.head.kind.0 == 8 { 2 } else { 5 };
            let modulus = if message.head.kind.0 == 8 { 251 } else { 253 };
            let whole = message.payload[head..].iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % modulus);
            assert!(whole, "message {} has other bytes than were sent", message.n);
            (message.head.chunk_stream_id, message.head.timestamp, message.payload.len())
        })
        .collect()
}

#[test]
fn a_chunk_size_of_60000_is_obeyed() {
    let conversation = sample::publishing()
        .client(|c| c.set_chunk_size(60_000).message(&video(6, 40, 59_000)).message(&audio(4, 41, 200)));
    assert_eq!(media(&conversation), [(6, 40, 59_005), (4, 41, 202)]);
}

#[test]
fn a_message_of_any_length_is_found() {
    let conversation = sample::publishing().client(|c| {
        c.message(&video(6, 40, 50_000))
            .message(&audio(4, 41, 200))
            .message(&video(6, 80, 1_000_000))
            .message(&audio(4, 81, 3))
    });
    assert_eq!(media(&conversation), [(6, 40, 50_005), (4, 41, 202), (6, 80, 1_000_005), (4, 81, 5)]);
}

#[test]
fn every_extended_timestamp_dialect_is_read_and_named() {
    for (dialect, form, absolute) in [
        (ExtendedTimestamp::Repeated, ExtendedForm::Repeated, false),
        (ExtendedTimestamp::Omitted, ExtendedForm::Omitted, false),
        (ExtendedTimestamp::Absolute, ExtendedForm::Repeated, true),
    ] {
        let base = 0x0100_0000;
        let mut conversation = sample::publishing().client(|c| {
            c.chunk_layer(|chunks| chunks.extended_timestamp = dialect)
                .set_chunk_size(500)
                .message(&video(6, base, 2_000))
        });
        for frame in 1..20 {
            let time = base + frame * 40;
            conversation = conversation.client(|c| c.message(&video(6, time, 1_800)).message(&audio(4, time + 3, 300)));
        }
        let expected: Vec<_> = std::iter::once((6, base, 2_005))
            .chain((1..20).flat_map(|frame| [(6, base + frame * 40, 1_805), (4, base + frame * 40 + 3, 302)]))
            .collect();
        assert_eq!(media(&conversation), expected, "{dialect:?}");
        let story = Story::of(&conversation);
        let extended: Vec<_> = story.messages().filter_map(|message| message.head.extended).collect();
        assert!(extended.iter().any(|extended| extended.form == form), "{dialect:?}: {extended:?}");
        assert_eq!(extended.iter().any(|extended| extended.absolute), absolute, "{dialect:?}");
    }
}

#[test]
fn an_extended_delta_is_added() {
    // A sender that jumps ahead by more than 24 bits hold.
    let conversation = sample::publishing().client(|c| {
        c.message(&audio(4, 10_020, 20))
            .message_as(Format::Type1, &audio(4, 10_020 + 0x0100_0000, 20))
            .message_as(Format::Type2, &audio(4, 10_040 + 0x0100_0000, 20))
    });
    assert_eq!(media(&conversation), [(4, 10_020, 22), (4, 16_787_236, 22), (4, 16_787_256, 22)]);
}

#[test]
fn a_type_3_header_opens_a_new_message() {
    let conversation = sample::publishing().client(|c| {
        c.message_as(Format::Type0, &audio(4, 1000, 20))
            .message_as(Format::Type2, &audio(4, 1023, 20))
            .message_as(Format::Type3, &audio(4, 1046, 20))
            .message_as(Format::Type3, &audio(4, 1069, 20))
    });
    assert_eq!(media(&conversation), [(4, 1000, 22), (4, 1023, 22), (4, 1046, 22), (4, 1069, 22)]);
}

#[test]
fn type_3_right_after_type_0_takes_the_timestamp_for_its_delta() {
    // RTMP 1.0 §5.3.1.2.4, to the letter.
    let conversation = sample::publishing()
        .client(|c| c.message_as(Format::Type0, &audio(4, 40, 20)).message_as(Format::Type3, &audio(4, 80, 20)));
    assert_eq!(media(&conversation), [(4, 40, 22), (4, 80, 22)]);
}

#[test]
fn a_type_3_header_with_extended_timestamp_opens_a_new_message() {
    let delta = 0x0100_0000;
    let conversation = sample::publishing().client(|c| {
        c.message_as(Format::Type0, &audio(4, 5, 20))
            .message_as(Format::Type1, &audio(4, 5 + delta, 20))
            .message_as(Format::Type3, &audio(4, 5 + 2 * delta, 20))
            .message_as(Format::Type2, &audio(4, 5 + 2 * delta + 20, 20))
    });
    let times: Vec<_> = media(&conversation).into_iter().map(|(_, time, _)| time).collect();
    assert_eq!(times, [5, 5 + delta, 5 + 2 * delta, 5 + 2 * delta + 20]);
}

#[test]
fn chunk_stream_ids_of_all_three_forms() {
    let ids = [3, 63, 64, 100, 319, 320, 1000, 65_599];
    let conversation = sample::publishing()
        .client(|c| ids.iter().fold(c, |c, id| c.message(&audio(*id, 7, 300)).message(&audio(*id, 9, 300))));
    let found: Vec<_> = media(&conversation).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(found, ids.iter().flat_map(|id| [*id, *id]).collect::<Vec<_>>());
    // A longer form than the id needs is read all the same.
    for form in [Form::Two, Form::Three] {
        let conversation = sample::publishing().client(|c| {
            c.chunk_layer(|chunks| chunks.form = form).message(&audio(70, 7, 300)).message(&audio(71, 7, 3))
        });
        assert_eq!(media(&conversation), [(70, 7, 302), (71, 7, 5)]);
    }
}

#[test]
fn the_chunk_size_may_change_inside_a_message() {
    let conversation = sample::publishing().client(|c| {
        c.set_chunk_size(100).chunk_layer(|chunks| {
            let mut long = chunks.begin(Format::Type0, &video(6, 40, 1000));
            chunks.chunk(&mut long);
            chunks.chunk(&mut long);
            chunks.set_chunk_size(333);
            while !long.is_finished() {
                chunks.chunk(&mut long);
            }
            chunks.message(&audio(4, 41, 500));
        })
    });
    assert_eq!(media(&conversation), [(6, 40, 1005), (4, 41, 502)]);
}

#[test]
fn an_abort_drops_the_partial_message_and_nothing_else() {
    let conversation = sample::publishing().client(|c| {
        c.set_chunk_size(100).chunk_layer(|chunks| {
            let mut dropped = chunks.begin(Format::Type0, &video(6, 40, 1000));
            let mut kept = chunks.begin(Format::Type0, &audio(4, 41, 300));
            chunks.chunk(&mut dropped);
            chunks.chunk(&mut kept);
            chunks.abort(6);
            while !kept.is_finished() {
                chunks.chunk(&mut kept);
            }
            chunks.message(&video(6, 80, 200));
        })
    });
    assert_eq!(media(&conversation), [(4, 41, 302), (6, 80, 205)]);
    let story = Story::of(&conversation);
    let incomplete: Vec<_> = story
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Incomplete(part) => Some((part.head.chunk_stream_id, part.received, part.why)),
            _ => None,
        })
        .collect();
    assert_eq!(incomplete, [(6, 100, Why::Aborted)]);
}

#[test]
fn a_header_inside_a_message_gives_up_the_message_and_says_so() {
    let conversation = sample::publishing().client(|c| {
        c.set_chunk_size(100).chunk_layer(|chunks| {
            let mut dropped = chunks.begin(Format::Type0, &video(6, 40, 1000));
            chunks.chunk(&mut dropped);
            chunks.message_as(Format::Type0, &video(6, 80, 50));
        })
    });
    assert_eq!(media(&conversation), [(6, 80, 55)]);
    let story = Story::of(&conversation);
    assert!(story.events.iter().any(|event| matches!(event, Event::Incomplete(part) if part.why == Why::HeaderInside)));
}

#[test]
fn an_impossible_chunk_size_is_not_obeyed() {
    for size in [0_u32, 0x8000_0080, 0xffff_ffff] {
        let conversation = sample::publishing()
            .client(|c| c.message(&Message::control(1, size.to_be_bytes().to_vec())).message(&audio(4, 41, 9000)));
        assert_eq!(media(&conversation), [(4, 41, 9002)], "{size}");
    }
}

#[test]
fn timestamps_wrap() {
    let start = 0xffff_ff00;
    let conversation = sample::publishing().client(|c| {
        c.message(&audio(4, start, 300)).message_as(Format::Type1, &audio(4, start.wrapping_add(0x110), 300))
    });
    assert_eq!(media(&conversation), [(4, start, 302), (4, 0x10, 302)]);
}

#[test]
fn a_first_chunk_that_inherits_is_undecodable_and_what_follows_is_found_again() {
    let conversation = sample::publishing()
        .client(|c| c.raw(&[0xc9, 0xaf, 1, 0x21, 0x10, 5, 6]).message(&audio(4, 41, 20)).message(&audio(4, 60, 20)))
        .server(|s| s.ping_request(1));
    let story = Story::of(&conversation);
    let lost = story.events.iter().find_map(|event| match event {
        Event::Undecodable(lost) => Some((lost.from, lost.reason.clone())),
        _ => None,
    });
    assert_eq!(lost, Some((Side::Client, Reason::FirstChunkInherits { chunk_stream_id: 9, format: 3 })));
    let found = story.events.iter().find_map(|event| match event {
        Event::Resync(found) => Some((found.from, found.skipped)),
        _ => None,
    });
    assert_eq!(found, Some((Side::Client, 7)));
    let times: Vec<_> = story.messages_from(Side::Client).iter().rev().take(2).map(|m| m.head.timestamp).collect();
    assert_eq!(times, [60, 41]);
    let pings =
        story.messages_from(Side::Server).into_iter().filter(|m| matches!(m.body, Body::UserControl(_))).count();
    assert_eq!(pings, 2, "Stream Begin and the ping");
    let undecoded = story.events.iter().find_map(|event| match event {
        Event::Close(close) if close.from == Side::Client => Some(close.undecoded),
        _ => None,
    });
    assert_eq!(undecoded, Some(7), "what was skipped is counted");
}

#[test]
fn rtmp_is_found_on_any_port_and_other_traffic_is_not_rtmp() {
    use rtmp_inspect::synth::Link;
    for port in [80, 443, 554, 6002, 19350] {
        let packets = Link::v4().server_port(port).packets(&sample::publish(2));
        assert!(Story::of_packets(&packets).messages().count() > 10, "port {port}");
        let packets = Link::v6().server_port(port).packets(&sample::publish(2));
        assert!(Story::of_packets(&packets).messages().count() > 10, "port {port} over IPv6");
    }
    let rdp = [&[3, 0, 0, 0x2b, 0x26, 0xe0][..], &[0; 3000]].concat();
    for opening in [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), vec![0x16, 3, 1, 2, 0, 1], vec![0; 4000], rdp] {
        let story = Story::of(&Conversation::new().client(|c| c.raw(&opening)).server(|s| s.raw(&opening)));
        assert!(story.events.is_empty(), "{:?}", &opening[..6]);
    }
}
