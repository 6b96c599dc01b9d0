//! Reassembly against a reference: whatever is done to the segments of a stream, the same bytes come out, and gaps are
//! exactly where nothing was captured.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::net::{Connections, Delivery, Flags, How, Identity, Output, Segment};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

/// A segment of the client's stream: `length` bytes at `offset`, the last `cut` of them not captured.
#[derive(Clone, Debug)]
struct Sent {
    offset: usize,
    length: usize,
    cut: usize,
}

/// What came out for the client's direction.
#[derive(Default)]
struct Got {
    /// By offset; `None` in gaps.
    bytes: Vec<Option<u8>>,
    opens: usize,
    ends: Vec<How>,
    /// The last part was a gap: two in a row would be one.
    after_gap: bool,
}

impl Got {
    fn take(&mut self, output: &Output<'_>) {
        match output {
            Output::Open { .. } => self.opens += 1,
            Output::Stream {
                from: Side::Client, delivery: Delivery::Bytes { offset, bytes, at, place, .. }, ..
            } => {
                assert!(self.ends.is_empty() && !bytes.is_empty());
                assert_eq!(*offset, self.bytes.len() as u64);
                // The test's packets have each byte at a place that tells the packet and the offset.
                assert_eq!(place.unwrap().offset, at.packet.0 << 32 | offset);
                self.bytes.extend(bytes.iter().map(|byte| Some(*byte)));
                self.after_gap = false;
            }
            Output::Stream { from: Side::Client, delivery: Delivery::Gap { offset, missing, .. }, .. } => {
                assert!(self.ends.is_empty() && *missing > 0 && !self.after_gap);
                assert_eq!(*offset, self.bytes.len() as u64);
                self.bytes.extend((0..*missing).map(|_| None));
                self.after_gap = true;
            }
            Output::Stream { from: Side::Client, delivery: Delivery::Close { how, .. }, .. } => self.ends.push(*how),
            Output::Stream { delivery: Delivery::Close { .. } | Delivery::Heard, .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn stream(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Sends a handshake and then the segments, each with its own bytes from `data`.
fn run(isn: u32, data: &[u8], segments: &[Sent], fin: bool, limits: &Limits) -> Got {
    let client: SocketAddr = "10.0.0.1:50000".parse().unwrap();
    let server: SocketAddr = "10.0.0.2:1935".parse().unwrap();
    let mut connections = Connections::new(limits);
    let mut got = Got::default();
    let first = isn.wrapping_add(1);
    let mut packet = 0;
    let mut push = |connections: &mut Connections, got: &mut Got, sequence: u32, flags: Flags, sent: &Sent| {
        packet += 1;
        let segment = Segment {
            source: client,
            destination: server,
            sequence,
            acknowledgement: 1,
            flags,
            payload: &data[sent.offset..sent.offset + sent.length - sent.cut],
            place: Place { file: 0, offset: packet << 32 | sent.offset as u64 },
            cut: sent.cut as u32,
            window: 65_535,
            window_scale: None,
            identity: Identity::None,
            continues: false,
            tunnels: &[],
        };
        let at = Moment { packet: PacketNo(packet), time: Time(packet as i64) };
        connections.push(&segment, at, &mut |output| got.take(&output));
    };
    let nothing = Sent { offset: 0, length: 0, cut: 0 };
    push(&mut connections, &mut got, isn, Flags { syn: true, ..Flags::default() }, &nothing);
    let ack = Flags { ack: true, ..Flags::default() };
    for sent in segments {
        push(&mut connections, &mut got, first.wrapping_add(sent.offset as u32), ack, sent);
    }
    if fin {
        let flags = Flags { fin: true, ..ack };
        push(&mut connections, &mut got, first.wrapping_add(data.len() as u32), flags, &nothing);
    }
    connections.finish(&mut |output| got.take(&output));
    assert_eq!(got.opens, 1);
    assert_eq!(got.ends, [if fin { How::Fin } else { How::EndOfCapture }]);
    got
}

/// Cuts a stream into segments at `borders`.
fn segments(length: usize, borders: &[usize]) -> Vec<Sent> {
    let mut at: Vec<usize> = borders.iter().map(|border| border % length).chain([0, length]).collect();
    at.sort_unstable();
    at.dedup();
    at.windows(2).map(|pair| Sent { offset: pair[0], length: pair[1] - pair[0], cut: 0 }).collect()
}

fn sent_within(length: usize) -> impl Strategy<Value = Sent> {
    (0..length, 1..400_usize, 0..4_usize, 0..400_usize).prop_map(move |(offset, long, is_cut, cut)| {
        let long = long.min(length - offset);
        Sent { offset, length: long, cut: if is_cut == 0 { cut.min(long) } else { 0 } }
    })
}

/// Sequence numbers around the wrap as often as elsewhere.
fn isn() -> impl Strategy<Value = u32> {
    prop_oneof![any::<u32>(), (u32::MAX - 3000)..=u32::MAX]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_copies_give_the_same_bytes(
        isn in isn(),
        length in 1..3000_usize,
        borders in vec(any::<usize>(), 0..40),
        copies in vec(sent_within(3000), 0..40),
        seed in any::<u64>(),
        fin in any::<bool>(),
    ) {
        let data = stream(length);
        let mut all = segments(length, &borders);
        all.extend(copies.into_iter().filter(|copy| copy.offset + copy.length <= length));
        shuffle(&mut all, seed);
        let got = run(isn, &data, &all, fin, &Limits::default());
        prop_assert_eq!(got.bytes, data.into_iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn gaps_are_where_nothing_was_captured(
        isn in isn(),
        length in 1..3000_usize,
        sent in vec(sent_within(3000), 0..12),
        fin in any::<bool>(),
    ) {
        let data = stream(length);
        let sent: Vec<Sent> = sent.into_iter().filter(|sent| sent.offset + sent.length <= length).collect();
        let mut expected = vec![None; length];
        for Sent { offset, length, cut } in &sent {
            for at in *offset..offset + length - cut {
                expected[at] = Some(data[at]);
            }
        }
        if !fin {
            // What is known to have been sent ends with the last segment, cut or not.
            expected.truncate(sent.iter().map(|sent| sent.offset + sent.length).max().unwrap_or(0));
        }
        let got = run(isn, &data, &sent, fin, &Limits::default());
        prop_assert_eq!(got.bytes, expected);
    }

    /// With little room bytes may be lost, but what is delivered is right, and nothing is left out in silence.
    #[test]
    fn little_room_loses_bytes_but_never_mixes_them(
        isn in isn(),
        sent in vec(sent_within(3000), 0..80),
        bytes in 0..500_usize,
        count in 0..8_usize,
        total in 0..6000_usize,
    ) {
        let data = stream(3000);
        let limits =
            Limits { reorder_bytes: bytes, reorder_segments: count, reorder_bytes_total: total, ..Limits::default() };
        let got = run(isn, &data, &sent, false, &limits);
        let end = sent.iter().map(|sent| sent.offset + sent.length).max().unwrap_or(0);
        prop_assert_eq!(got.bytes.len(), end);
        for (at, byte) in got.bytes.iter().enumerate() {
            prop_assert!(byte.is_none_or(|byte| byte == data[at]));
        }
    }

    #[test]
    fn no_segments_break_the_rules(
        steps in vec((0..6_u8, any::<u32>(), any::<u32>(), any::<u8>(), 0..40_usize, any::<u8>(), any::<i64>()), 0..300),
        connections in 0..4_usize,
        room in 0..600_usize,
        wild in any::<bool>(),
    ) {
        let limits = Limits {
            connections,
            reorder_bytes: room,
            reorder_bytes_total: room * 10,
            acknowledged_hole_packets: 8,
            ..Limits::default()
        };
        let mut table = Connections::new(&limits);
        let mut states: std::collections::BTreeMap<u64, [(u64, bool); 2]> = std::collections::BTreeMap::new();
        let mut outputs: Vec<String> = Vec::new();
        let bytes = stream(40);
        let mut out = |output: Output<'_>| {
            outputs.push(format!("{output:?}"));
            match output {
                Output::Tunnels { .. } | Output::Stream { delivery: Delivery::Heard, .. } => {}
                Output::Stream { connection, from, delivery: Delivery::Joined } => assert_eq!(states[&connection][from.index()], (0, false)),
                Output::Open { connection, .. } => assert!(states.insert(connection, [(0, false); 2]).is_none()),
                Output::Stream { connection, from, delivery: Delivery::Bytes { offset, bytes, .. } } => {
                    let (next, closed) = &mut states.get_mut(&connection).unwrap()[from.index()];
                    assert!(*next == offset && !*closed && !bytes.is_empty());
                    *next += bytes.len() as u64;
                }
                Output::Stream { connection, from, delivery: Delivery::Gap { offset, missing, .. } } => {
                    let (next, closed) = &mut states.get_mut(&connection).unwrap()[from.index()];
                    assert!(*next == offset && !*closed && missing > 0);
                    *next += missing;
                }
                Output::Stream { connection, from, delivery: Delivery::Close { .. } } => {
                    let (_, closed) = &mut states.get_mut(&connection).unwrap()[from.index()];
                    assert!(!std::mem::replace(closed, true));
                }
            }
        };
        let mut time = 0_i64;
        for (packet, (ends, sequence, acknowledgement, flags, length, cut, wait)) in steps.into_iter().enumerate() {
            let end = |last: u8| SocketAddr::from(([10, 0, 0, last], 1000 + u16::from(last)));
            let near = |number: u32| if wild { number } else { number % 64 };
            // Even a clock that jumps anywhere must do no harm.
            time = if wild { wait } else { time + wait.rem_euclid(1_000_000_000) };
            let segment = Segment {
                source: end(ends % 3),
                destination: end(3 - ends / 3 * 3),
                sequence: near(sequence),
                acknowledgement: near(acknowledgement),
                flags: Flags {
                    syn: flags % 16 == 1,
                    ack: flags & 0x10 != 0,
                    fin: flags % 16 == 2,
                    rst: flags % 16 == 3 || flags == 0xff,
                },
                payload: &bytes[..length],
                place: Place::default(),
                window: 65_535,
                window_scale: None,
                identity: Identity::None,
                continues: false,
                tunnels: &[],
                cut: if cut < 32 { u32::from(cut) } else { 0 },
            };
            // The other way round half of the time.
            let segment = if flags & 0x20 == 0 {
                segment
            } else {
                Segment { source: segment.destination, destination: segment.source, ..segment }
            };
            let at = Moment { packet: PacketNo(packet as u64), time: Time(time) };
            table.push(&segment, at, &mut out);
        }
        table.finish(&mut out);
        prop_assert!(states.values().flatten().all(|(_, closed)| *closed), "{outputs:#?}");
    }
}

/// A permutation that depends on `seed` alone.
fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for last in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (seed >> 33) as usize % (last + 1));
    }
}
