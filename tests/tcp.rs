//! What TCP did for a direction, whatever else happens to its packets.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use common::Story;
use proptest::prelude::*;
use rtmp_inspect::net::TcpFacts;
use rtmp_inspect::proto::Event;
use rtmp_inspect::synth::{Link, Message, Packet, sample, tcp, transform};
use rtmp_inspect::wire::Side;

fn packets() -> Vec<Packet> {
    let conversation = (0..20_u32).fold(sample::publishing(), |story, frame| {
        story.client(|c| c.message(&Message::new(6, 9, 1, 40 * frame, vec![0x27; 3000])))
    });
    Link::v4().mtu(600).spacing_ns(1_000_000).packets(&conversation.server(|s| s.acknowledgement(30_000)))
}

/// By side.
fn facts(packets: &[Packet]) -> [TcpFacts; 2] {
    let story = Story::of_packets(packets);
    Side::BOTH.map(|side| {
        let closes = story.events.iter().filter_map(|event| match event {
            Event::Close(close) if close.from == side => close.tcp.as_deref().cloned(),
            _ => None,
        });
        let closes: Vec<_> = closes.collect();
        assert_eq!(closes.len(), 1, "each direction ends once");
        closes[0].clone()
    })
}

fn has_payload(packet: &Packet) -> bool {
    packet.payload.len() > 1
}

/// The places of some of the packets that satisfy.
fn choose(packets: &[Packet], which: &[prop::sample::Index], can: impl Fn(&Packet) -> bool) -> Vec<usize> {
    let able: Vec<_> = (0..packets.len()).filter(|place| can(&packets[*place])).collect();
    let chosen: BTreeSet<_> = which.iter().map(|index| able[index.index(able.len())]).collect();
    chosen.into_iter().collect()
}

fn bytes(packets: &[Packet], which: &[usize], side: Side) -> (u64, u64) {
    let own = which.iter().map(|place| &packets[*place]).filter(|packet| packet.from == side);
    own.fold((0, 0), |(count, bytes), packet| (count + 1, bytes + packet.payload.len() as u64))
}

#[test]
fn nothing_is_wrong_where_nothing_is() {
    for facts in facts(&packets()) {
        let quiet = TcpFacts {
            packets: facts.packets,
            syns: 1,
            largest_segment: facts.largest_segment,
            largest_window: Some(65_535),
            round_trip: Some(1_000_000),
            smallest_round_trip: facts.smallest_round_trip,
            smoothed_round_trip: facts.smoothed_round_trip,
            trips: facts.trips.clone(),
            ..TcpFacts::default()
        };
        assert_eq!(facts, quiet);
        assert!(facts.packets > 10 && facts.largest_segment > 0 && facts.smallest_round_trip.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn other_segments_and_copies_are_no_trouble(
        sizes in prop::collection::vec(2_usize..1400, 1..40),
        which in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
    ) {
        let packets = transform::resegment_by(&packets(), &sizes);
        let which = choose(&packets, &which, |packet| packet.flags & tcp::FIN == 0);
        for (side, facts) in Side::BOTH.into_iter().zip(facts(&transform::duplicate(&packets, &which))) {
            prop_assert_eq!((facts.zero_windows, facts.reset), (0, None));
            prop_assert_eq!((facts.retransmissions, facts.out_of_order, facts.capture_holes), (0, 0, 0));
            // What carries nothing is not told apart: no number of it would mean anything.
            let carries = |place: &usize| !packets[*place].payload.is_empty() || packets[*place].flags & tcp::SYN != 0;
            let carrying: Vec<_> = which.iter().copied().filter(carries).collect();
            prop_assert_eq!(facts.copies, bytes(&packets, &carrying, side).0);
        }
    }

    #[test]
    fn retransmissions_are_counted_exactly(
        which in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        after in 2_000_000_i64..100_000_000,
    ) {
        let packets = packets();
        let end = packets.iter().find(|packet| packet.flags & tcp::FIN != 0).unwrap().time.0;
        let which = choose(&packets, &which, |packet| has_payload(packet) && packet.time.0 + after < end);
        for (side, facts) in Side::BOTH.into_iter().zip(facts(&transform::retransmit(&packets, &which, after))) {
            let counted = (facts.retransmissions, facts.retransmitted_bytes);
            prop_assert_eq!(counted, bytes(&packets, &which, side));
            let others = (facts.out_of_order, facts.copies, facts.lost_before_capture, facts.capture_holes);
            prop_assert_eq!(others, (0, 0, 0, 0));
        }
    }

    #[test]
    fn what_the_capture_missed_is_no_loss(which in prop::collection::vec(any::<prop::sample::Index>(), 1..20)) {
        let packets = packets();
        // Of the handshake everything must be there, or it is no RTMP.
        let start = packets.iter().filter(|packet| has_payload(packet)).nth(10).unwrap().time;
        let which = choose(&packets, &which, |packet| has_payload(packet) && packet.time > start);
        for (side, facts) in Side::BOTH.into_iter().zip(facts(&transform::drop_packets(&packets, &which))) {
            prop_assert_eq!(facts.capture_hole_bytes, bytes(&packets, &which, side).1);
            prop_assert_eq!((facts.retransmissions, facts.out_of_order), (0, 0));
        }
    }

    #[test]
    fn what_is_lost_and_sent_again_is_told_from_what_is_late(
        which in prop::collection::vec(any::<prop::sample::Index>(), 1..20),
        after in 2_000_000_i64..100_000_000,
        is_resent in any::<bool>(),
    ) {
        let mut packets = packets();
        for side in Side::BOTH {
            let own = packets.iter_mut().filter(|packet| packet.from == side);
            for (identification, packet) in (1..).zip(own) {
                packet.identification = identification;
            }
        }
        let start = packets.iter().filter(|packet| has_payload(packet)).nth(10).unwrap().time;
        let end = packets.iter().find(|packet| packet.flags & tcp::FIN != 0).unwrap().time.0;
        // Every second segment of the client, so that one that keeps its time comes before each late one.
        let data: Vec<_> = packets.iter().filter(|packet| packet.from == Side::Client && has_payload(packet)).collect();
        let able: BTreeSet<_> = data
            .chunks_exact(2)
            .filter(|pair| pair[0].time > start && pair[1].time.0 < pair[0].time.0 + after && pair[0].time.0 + after < end)
            .map(|pair| pair[0].sequence)
            .collect();
        let is_able = |packet: &Packet| packet.from == Side::Client && has_payload(packet);
        let which = choose(&packets, &which, |packet| is_able(packet) && able.contains(&packet.sequence));
        let late = packets.clone().into_iter().enumerate().map(|(place, mut packet)| {
            if which.contains(&place) {
                packet.time.0 += after;
                packet.identification += if is_resent { 500 } else { 0 };
            }
            packet
        });
        let facts = &facts(&transform::merge([late.collect()]))[0];
        let told = (facts.lost_before_capture + facts.spurious_retransmissions, facts.out_of_order);
        let count = which.len() as u64;
        prop_assert_eq!(told, if is_resent { (count, 0) } else { (0, count) });
        prop_assert_eq!((facts.retransmissions, facts.copies), (told.0, 0));
        prop_assert_eq!(facts.capture_holes, 0);
    }
}
