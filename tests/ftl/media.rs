//! Media: datagrams, what each is to the others of its source, and frames.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use rtmp_inspect::proto::ftl::{self, media};
use rtmp_inspect::proto::rtp::{Arrival, Codec, Formats, Frame, Media, NalType};
use rtmp_inspect::synth::ftl::Rtp;
use rtmp_inspect::wire::{PacketNo, Side, Silent, Time};

use crate::pcap::{C, Packet, S, moment, packets};

/// All that a flow of media gave.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) items: Vec<media::Item>,
    pub(crate) frames: Vec<Frame>,
}

pub(crate) fn media_of(packets: &[Packet], port: u16) -> (media::Flow, Heard) {
    let formats = media::formats(&ftl::Attributes::default());
    let (mut flow, mut heard) = (media::Flow::new(formats), Heard::default());
    for packet in packets.iter().filter(|packet| !packet.is_tcp) {
        let from = match packet.ports {
            (_, to) if to == port => Side::Client,
            (from, _) if from == port => Side::Server,
            _ => continue,
        };
        let mut item = flow.datagram(from, packet.at, &packet.payload);
        heard.frames.append(&mut item.frames);
        heard.items.push(item);
    }
    heard.frames.extend(flow.finish().into_iter().map(|(_, frame)| frame));
    (flow, heard)
}

fn count<'n>(names: impl Iterator<Item = &'n str>) -> BTreeMap<&'n str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

#[test]
fn media_of_a_session_that_publishes() {
    let packets = packets("janus-publish.pcap");
    let (flow, heard) = media_of(&packets, 9000);
    assert!(heard.items.iter().all(|item| item.problems.is_empty()));
    let names = count(heard.items.iter().map(|item| item.datagram.type_name()));
    assert_eq!(names, BTreeMap::from([("ftl_ping", 409), ("rtcp_sender_report", 8), ("rtp", 265)]));

    // The same figures as tshark's and as RFC 3550 §A.8 computed apart.
    let streams: Vec<_> = flow.streams().map(|(side, stream)| (side, stream.ssrc(), stream.codec())).collect();
    assert_eq!(streams, [(Side::Client, 78, Some(Codec::H264)), (Side::Client, 77, Some(Codec::Opus))]);
    let counts: Vec<_> = flow.streams().map(|(_, stream)| *stream.counts()).collect();
    assert_eq!((counts[0].packets, counts[0].missing, counts[0].duplicates), (106, 0, 0));
    assert_eq!((counts[1].packets, counts[1].missing, counts[1].duplicates), (159, 0, 0));
    assert!((counts[0].jitter - 32.581_436_981).abs() < 1e-6, "{}", counts[0].jitter);
    assert!((counts[1].jitter - 774.125_119_465).abs() < 1e-6, "{}", counts[1].jitter);

    assert_eq!(heard.frames.len(), 254);
    assert!(heard.frames.iter().all(Frame::is_whole));
    let key = heard.frames.iter().find(|frame| frame.ssrc == 78).unwrap();
    assert_eq!((key.packets, key.first.packet, key.last.packet), (6, PacketNo(174), PacketNo(192)));
    let Media::H264 { units, is_key: true, pictures: Some(pictures), has_pps: true } = &key.media else { panic!() };
    let units: Vec<_> = units.iter().map(|unit| (unit.kind, unit.length)).collect();
    assert_eq!(units, [(NalType::SPS, 23), (NalType::PPS, 4), (NalType::IDR, 4419)]);
    assert_eq!((pictures.width, pictures.height), (Some(320), Some(180)));
    let sequence = pictures.sequence.as_ref().unwrap();
    assert_eq!((sequence.profile, sequence.frame_rate), (Some("Main"), Some(30.0)));
    assert_eq!(key.data.len(), 23 + 4 + 4419 + 12);
    let audio = heard.frames.iter().find(|frame| frame.ssrc == 77).unwrap();
    let Media::Opus(opus) = audio.media else { panic!() };
    assert_eq!((opus.duration, opus.samples()), (20_000, 960));

    // One ping is under way where the capture was cut; Janus echoes the others within a millisecond.
    let echoes: Vec<_> = heard.items.iter().filter_map(|item| item.answers).collect();
    assert_eq!(echoes.len(), 204);
    assert_eq!((echoes[0].number, echoes[0].latency_ns), (1, 79_000));
    let media::Datagram::Ping(ping) = &heard.items[0].datagram else { panic!() };
    // The sender's clock and the capture's are those of one machine.
    let late = heard.items[0].at.time.since(ping.time.unwrap());
    assert!((0..1_000_000).contains(&late), "{late}");
    assert!(media::is_ping(&packets[14].payload) && !media::is_ping(&packets[173].payload));

    // The NTP time goes with the capture's clock, second by second; RTP's time is that of the codec.
    let reports = heard.items.iter().filter_map(|item| match &item.datagram {
        media::Datagram::SenderReport(report) if report.ssrc == 78 => Some((item.at.time, *report)),
        _ => None,
    });
    let reports: Vec<_> = reports.collect();
    assert_eq!(reports[0].1.rtp_timestamp, 3000);
    assert_eq!((reports[0].1.packets, reports[0].1.bytes), (4, 4725));
    let (wall, clock) = (reports[2].0.since(reports[0].0), reports[2].1.ntp.since(reports[0].1.ntp));
    assert!((wall - clock).abs() < 50_000_000, "{wall} {clock}");
}

/// Real media, as a receiver behind a bad way sees it: what is dropped, moved or repeated, by place among the RTP packets of
/// one source.
fn video() -> Vec<Bytes> {
    let packets = packets("janus-publish.pcap");
    let is_video =
        |packet: &Packet| !packet.is_tcp && packet.payload.get(11) == Some(&78) && packet.payload[1] & 0x7f == 96;
    packets.into_iter().filter(is_video).map(|packet| packet.payload).collect()
}

fn flow_of(datagrams: &[(Side, Bytes)]) -> (media::Flow, Heard) {
    let (mut flow, mut heard) = (media::Flow::new(media::formats(&ftl::Attributes::default())), Heard::default());
    for (at, (from, bytes)) in (1..).zip(datagrams) {
        let mut item = flow.datagram(*from, moment(at), bytes);
        heard.frames.append(&mut item.frames);
        heard.items.push(item);
    }
    heard.frames.extend(flow.finish().into_iter().map(|(_, frame)| frame));
    (flow, heard)
}

fn nack(lost: u16, mask: u16) -> Bytes {
    let mut bytes = vec![0x81, 0xcd, 0, 3, 0, 0, 0, 78, 0, 0, 0, 78];
    bytes.extend(lost.to_be_bytes());
    bytes.extend(mask.to_be_bytes());
    bytes.into()
}

#[test]
fn loss_order_copies_and_packets_sent_again() {
    let video = video();
    let sent = |order: &[usize]| order.iter().map(|at| (C, video[*at].clone())).collect::<Vec<_>>();
    let arrivals = |heard: &Heard| -> Vec<_> {
        heard.items.iter().filter_map(|item| item.seen).map(|seen| seen.arrival).collect()
    };
    let all = flow_of(&sent(&[0, 1, 2, 3, 4, 5, 6])).1.frames;

    // Moved: the frames are the same.
    let (flow, heard) = flow_of(&sent(&[0, 1, 4, 2, 3, 5, 6]));
    assert_eq!(arrivals(&heard)[2..6], [Arrival::Ahead { missing: 2 }, Arrival::Late, Arrival::Late, Arrival::Next]);
    assert_eq!(flow.streams().next().unwrap().1.counts().missing, 0);
    let data = |frames: &[Frame]| frames.iter().map(|frame| frame.data.clone()).collect::<Vec<_>>();
    assert_eq!(data(&heard.frames), data(&all));
    assert!(heard.frames.iter().all(Frame::is_whole));

    // Lost in the middle of the key frame.
    let (flow, heard) = flow_of(&sent(&[0, 1, 2, 4, 5, 6]));
    assert_eq!(flow.streams().next().unwrap().1.counts().missing, 1);
    let whole: Vec<_> = heard.frames.iter().map(|frame| (frame.number, frame.missing, frame.is_whole())).collect();
    assert_eq!(whole, [(1, 1, false), (2, 0, true)]);

    // There twice.
    let (_, heard) = flow_of(&sent(&[0, 1, 1, 2, 3, 4, 5]));
    assert_eq!(arrivals(&heard)[2], Arrival::Duplicate);
    assert_eq!(data(&heard.frames), data(&all[..1]));

    // Lost before the place of capture, asked for and sent again; then one that was lost behind it.
    let mut datagrams = sent(&[0, 1, 2, 4, 5]);
    datagrams.push((S, nack(3, 0)));
    datagrams.extend(sent(&[3]));
    datagrams.push((S, nack(4, 0b1)));
    datagrams.extend(sent(&[4, 6]));
    let (flow, heard) = flow_of(&datagrams);
    assert!(!heard.items[5].asked[0].was_seen);
    let first = Arrival::Retransmission { waited_ns: 1_000_000, was_missing: true };
    assert_eq!(heard.items[6].seen.unwrap().arrival, first);
    let asked: Vec<_> = heard.items[7].asked.iter().map(|asked| (asked.number, asked.was_seen)).collect();
    assert_eq!(asked, [(4, true), (5, true)]);
    let second = Arrival::Retransmission { waited_ns: 1_000_000, was_missing: false };
    assert_eq!(heard.items[8].seen.unwrap().arrival, second);
    assert_eq!(heard.items[8].seen.unwrap().frame, Some(1));
    let stream = flow.streams().next().unwrap().1;
    let counts = stream.counts();
    assert_eq!((counts.retransmissions, counts.recovered, counts.asked, counts.missing), (2, 1, 3, 0));
    assert_eq!(stream.unanswered(), 1);
    assert_eq!(data(&heard.frames), data(&all));
}

#[test]
fn numbers_wrap_and_begin_anew() {
    use Arrival::{First, Late, Next, Restart, Strange};

    let video = video();
    let numbered = |number: u16| {
        let mut bytes = video[6].to_vec();
        bytes[2..4].copy_from_slice(&number.to_be_bytes());
        (C, Bytes::from(bytes))
    };
    let seen = |numbers: &[u16]| -> Vec<_> {
        let datagrams: Vec<_> = numbers.iter().map(|number| numbered(*number)).collect();
        flow_of(&datagrams)
            .1
            .items
            .iter()
            .map(|item| item.seen.unwrap())
            .map(|seen| (seen.number, seen.arrival))
            .collect()
    };
    assert_eq!(
        seen(&[65534, 65535, 1, 0]),
        [
            (65534, Arrival::First),
            (65535, Arrival::Next),
            (65537, Arrival::Ahead { missing: 1 }),
            (65536, Arrival::Late)
        ]
    );
    let anew = seen(&[10, 30_000, 11, 30_000, 30_001, 30_002, 29_999]);
    let arrivals: Vec<_> = anew.iter().map(|(_, arrival)| *arrival).collect();
    assert_eq!(arrivals, [First, Strange, Next, Strange, Restart, Next, Late]);
}

#[test]
fn other_forms_of_packets() {
    let formats = Formats { types: vec![(96, Some(Codec::H264))] };
    let decode = |bytes: &[u8]| media::decode(bytes, &formats, &mut Silent);
    let head = [0x80, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3];
    let with = |rest: &[u8]| [&head[..], rest].concat();

    // STAP-A with an SPS and a PPS.
    let (media::Datagram::Rtp(rtp), problems) = decode(&with(&[24, 0, 2, 0x67, 1, 0, 1, 0x68])) else { panic!() };
    assert!(problems.is_empty());
    let units: Vec<_> = rtp.units.unwrap().units.into_iter().map(|unit| (unit.kind, unit.span)).collect();
    assert_eq!(units, [(NalType::SPS, 15..17), (NalType::PPS, 19..20)]);
    assert!(!decode(&with(&[24, 0, 9, 0x67])).1.is_empty());
    assert!(!decode(&with(&[25, 0, 0])).1.is_empty());
    assert!(!decode(&with(&[28, 0xc5, 0])).1.is_empty());
    assert!(!decode(&with(&[])).1.is_empty());

    // Padding, an extension and a contributor.
    let mut padded = with(&[0, 0, 0, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 0x41, 7, 0, 0, 3]);
    padded[0] = 0xb1;
    let (media::Datagram::Rtp(rtp), problems) = decode(&padded) else { panic!() };
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((rtp.payload, rtp.marker, rtp.ssrc), (24..26, true, 3));
    padded[28] = 200;
    assert!(!decode(&padded).1.is_empty());

    // A NACK of several.
    let (media::Datagram::Nack(found), problems) = decode(&nack(65_534, 0b1000_0000_0000_0101)) else { panic!() };
    assert!(problems.is_empty());
    assert_eq!(found.lost, [65_534, 65_535, 1, 14]);

    // Pings of Windows, and of a machine with the other byte order.
    let ping = |bytes: &[u8]| match decode(bytes) {
        (media::Datagram::Ping(ping), _) => ping.time,
        _ => None,
    };
    let expected = Some(Time(1_795_123_477_000_500_000));
    let seconds = 1_795_123_477u32;
    let windows = [&[0x81, 0xfa, 0, 12][..], &seconds.to_le_bytes(), &500u32.to_le_bytes()].concat();
    assert_eq!(ping(&windows), expected);
    assert!(media::is_ping(&windows));
    let wide = |seconds: [u8; 8], micros: [u8; 8]| [&[0x81, 0xfa, 0, 24, 0, 0, 0, 0][..], &seconds, &micros].concat();
    assert_eq!(ping(&wide(u64::from(seconds).to_le_bytes(), 500u64.to_le_bytes())), expected);
    assert_eq!(ping(&wide(u64::from(seconds).to_be_bytes(), 500u64.to_be_bytes())), expected);
    assert_eq!(ping(&windows[..11]), None);
}

/// The client is killed: the last frame and ping are as whole as all others, and nothing is left under way.
#[test]
fn media_of_a_client_that_is_killed() {
    let packets = packets("janus-client-killed.pcap");
    let (flow, heard) = media_of(&packets, 9000);
    let names = count(heard.items.iter().map(|item| item.datagram.type_name()));
    assert_eq!(names, BTreeMap::from([("ftl_ping", 312), ("rtcp_sender_report", 4), ("rtp", 163)]));
    let counts: Vec<_> = flow.streams().map(|(_, stream)| (stream.ssrc(), stream.counts().packets)).collect();
    assert_eq!(counts, [(78, 64), (77, 99)]);
    assert_eq!(heard.frames.len(), 158);
    assert!(heard.frames.iter().all(Frame::is_whole));
    assert_eq!(heard.items.iter().filter(|item| item.answers.is_some()).count(), 156);
}

/// Payload types may become known behind the first packets: from then on the source has its codec.
#[test]
fn formats_that_are_known_late() {
    let video = video();
    let mut flow = media::Flow::new(Formats::default());
    let mut frames = flow.datagram(C, moment(1), &video[6]).frames;
    assert_eq!(flow.streams().next().unwrap().1.codec(), None);
    flow.agree(media::formats(&ftl::Attributes::default()));
    frames.append(&mut flow.datagram(C, moment(2), &video[7]).frames);
    assert_eq!(flow.streams().next().unwrap().1.codec(), Some(Codec::H264));
    let kinds: Vec<_> = frames.iter().map(|frame| matches!(frame.media, Media::H264 { .. })).collect();
    assert_eq!(kinds, [false, true]);
}

/// An SPS of pictures of 16 by 16, of which so much is cut off: left, right, top and bottom, two pixels each.
fn sps(crop: [u32; 4]) -> Vec<u8> {
    // Exp-Golomb: H.264 §9.1.
    let code = |number: u32| format!("{:01$b}", number + 1, 2 * (number + 1).ilog2() as usize + 1);
    let before = [0, 0, 0, 0, 1].map(code).concat() + "0" + &code(0) + &code(0) + "111";
    let mut bits = before + &crop.map(code).concat() + "01";
    bits += &"0".repeat(bits.len().next_multiple_of(8) - bits.len());
    let bytes =
        bits.as_bytes().chunks(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    [0x67, 66, 0xc0, 30].into_iter().chain(bytes).collect()
}

/// A crop that leaves nothing of the pictures gives no size, instead of a wrong one.
#[test]
fn a_crop_that_leaves_nothing() {
    let size = |crop: [u32; 4]| {
        let rtp = |sequence_number: u16, payload: Vec<u8>| {
            let marker = sequence_number == 1;
            Bytes::from(Rtp { marker, payload_type: 96, sequence_number, timestamp: 9, ssrc: 78, payload }.bytes())
        };
        let heard = flow_of(&[(C, rtp(0, sps(crop))), (C, rtp(1, vec![0x65, 1, 2, 3]))]).1;
        let [Frame { media: Media::H264 { pictures: Some(pictures), .. }, .. }] = &heard.frames[..] else {
            panic!("{:?}", heard.frames)
        };
        (pictures.width, pictures.height)
    };
    assert_eq!(size([0, 0, 0, 0]), (Some(16), Some(16)));
    assert_eq!(size([1, 6, 0, 1]), (Some(2), Some(14)));
    assert_eq!(size([1, 7, 0, 0]), (None, None));
    assert_eq!(size([0, 0, 200, 9]), (None, None));
}

/// A frame whose missing packet never comes is told a second later, not at the end.
#[test]
fn a_hole_is_waited_for_and_then_passed() {
    let video = video();
    let mut flow = media::Flow::new(media::formats(&ftl::Attributes::default()));
    let mut frames = Vec::new();
    for (at, place) in [0, 1, 2, 4, 5, 6].into_iter().enumerate() {
        frames.append(&mut flow.datagram(C, moment(at as u64), &video[place]).frames);
    }
    assert!(frames.is_empty());
    frames.append(&mut flow.datagram(C, moment(1500), &video[7]).frames);
    assert_eq!(frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [1, 2, 3]);
}

proptest! {
    /// Whatever the network does to them, the frames that are called whole are those that were sent.
    #[test]
    fn whole_frames_are_what_was_sent(
        moves in proptest::collection::vec((0usize..106, 0usize..106), 0..12),
        lost in proptest::collection::vec(0usize..106, 0..8),
        twice in proptest::collection::vec(0usize..106, 0..8),
    ) {
        let video = video();
        let mut order: Vec<usize> = (0..video.len()).filter(|at| !lost.contains(at)).collect();
        order.extend(twice.iter().filter(|at| !lost.contains(at)));
        for (one, other) in moves {
            let length = order.len();
            order.swap(one % length, other % length);
        }
        let datagrams = |order: &[usize]| order.iter().map(|at| (C, video[*at].clone())).collect::<Vec<_>>();
        let sent = flow_of(&datagrams(&(0..video.len()).collect::<Vec<_>>())).1.frames;
        let (flow, heard) = flow_of(&datagrams(&order));
        for frame in heard.frames.iter().filter(|frame| frame.is_whole()) {
            prop_assert!(sent.iter().any(|other| other.timestamp == frame.timestamp && other.data == frame.data));
        }
        let counts = flow.streams().next().unwrap().1.counts();
        let came: std::collections::BTreeSet<_> = order.iter().collect();
        let span = (**came.last().unwrap() - **came.first().unwrap() + 1) as u64;
        prop_assert_eq!(counts.missing, span - came.len() as u64);
        prop_assert_eq!(counts.duplicates, (order.len() - came.len()) as u64);
    }
}
