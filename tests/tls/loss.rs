//! Streams cut otherwise, damaged, or not all there: nothing is given that was not sent, and the rest is found again.

use proptest::prelude::*;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::net::{Delivery, Kept};
use rtmp_inspect::proto::tls::{KeyLog, Reason};
use rtmp_inspect::wire::Side;

use crate::run::{Connection, Frame, NAMES, Random, Told, kept, open, run};

/// Whether what was told is what was sent, with holes where gaps are told.
fn is_part_of(told: &Told, sent: &[u8]) -> bool {
    let mut cuts: Vec<usize> = told.gaps.iter().map(|(at, _)| *at).collect();
    cuts.push(told.bytes.len());
    let (mut start, mut place) = (0, 0);
    for (index, cut) in cuts.iter().enumerate() {
        let run = &told.bytes[start..*cut];
        let found =
            if index == 0 { sent.starts_with(run).then_some(0) } else { memchr::memmem::find(&sent[place..], run) };
        let Some(found) = found else { return false };
        place += found + run.len();
        start = *cut;
    }
    true
}

/// How many records a direction has that are whole and protected.
fn whole_records(deliveries: &[(Side, Kept)], side: Side, removed: &dyn Fn(u64) -> bool) -> u64 {
    let (mut bytes, mut is_there) = (Vec::new(), Vec::new());
    for (from, kept) in deliveries {
        if let Kept::Bytes { bytes: piece, at, .. } = kept
            && *from == side
        {
            bytes.extend_from_slice(piece);
            is_there.extend(piece.iter().map(|_| !removed(at.packet.0)));
        }
    }
    let (mut at, mut whole, mut is_protected) = (0, 0, false);
    while at + 5 <= bytes.len() {
        let end = at + 5 + usize::from(u16::from_be_bytes([bytes[at + 3], bytes[at + 4]]));
        if end > bytes.len() {
            break;
        }
        whole += u64::from(
            (is_protected || bytes[at] == 23) && bytes[at] != 20 && is_there[at..end].iter().all(|there| *there),
        );
        is_protected |= bytes[at] == 20;
        at = end;
    }
    whole
}

/// Removes each packet behind the first ones with a chance of one in `one_in`, and says how many records of those that are whole were opened.
fn lose(name: &str, one_in: u64, seeds: u64) -> (u64, u64) {
    let (frames, secrets) = open(name);
    let sent = run(&frames, &secrets);
    let deliveries = kept(&frames);
    let (mut opened, mut whole) = (0, 0);
    for seed in 0..seeds {
        let mut random = Random(seed + 1);
        // A hello that is lost is another case.
        let there: Vec<Frame> =
            frames.iter().filter(|frame| frame.at.packet.0 <= 14 || random.below(one_in) > 0).cloned().collect();
        let numbers: std::collections::HashSet<u64> = there.iter().map(|frame| frame.at.packet.0).collect();
        let lossy = run(&there, &secrets);
        assert_eq!(lossy.len(), 1);
        for side in Side::BOTH {
            let (told, sent) = (&lossy[0].told[side.index()], &sent[0].told[side.index()]);
            assert!(is_part_of(told, &sent.bytes), "{name}, seed {seed}, {}", side.name());
            assert_eq!(told.closes, 1);
            assert_eq!(told.begins.len(), usize::from(!told.bytes.is_empty()));
            // Bytes are those of the packet that they name.
            opened += lossy[0].tls.facts().sent[side.index()].opened;
            whole += whole_records(&deliveries[0], side, &|packet| !numbers.contains(&packet));
        }
        let facts = lossy[0].tls.facts();
        assert!(facts.first_bad.is_none(), "{name}, seed {seed}: {facts:?}");
    }
    (opened, whole)
}

#[test]
fn a_lost_packet_takes_no_more_than_its_records() {
    for name in NAMES {
        let (opened, whole) = lose(name, 100, 20);
        println!("{name}: {opened} of {whole}");
        assert!(opened <= whole && opened * 1000 >= whole * 995, "{name}: {opened} of {whole}");
    }
}

#[test]
fn so_does_a_tenth_of_them() {
    for name in NAMES {
        let (opened, whole) = lose(name, 10, 4);
        println!("{name}: {opened} of {whole}");
        assert!(opened <= whole && opened * 100 >= whole * 95, "{name}: {opened} of {whole}");
    }
}

#[test]
fn estimates_of_lost_bytes_are_right_where_records_carry_data_alone() {
    for name in NAMES.iter().filter(|name| !name.contains("cbc") && !name.contains("keyupdate")) {
        let (frames, secrets) = open(name);
        let sent = run(&frames, &secrets);
        let mut random = Random(7);
        let there: Vec<Frame> =
            frames.iter().filter(|frame| frame.at.packet.0 <= 20 || random.below(40) > 0).cloned().collect();
        let lossy = run(&there, &secrets);
        let mut gaps = 0;
        for (told, sent) in lossy[0].told.iter().zip(&sent[0].told) {
            let missing: u64 = told.gaps.iter().map(|(_, missing)| missing).sum();
            gaps += told.gaps.len();
            assert_eq!(told.bytes.len() as u64 + missing, sent.bytes.len() as u64, "{name}");
        }
        assert!(gaps > 3, "{name}: {gaps}");
    }
}

/// A capture's deliveries, cut otherwise.
fn cut(deliveries: &[(Side, Kept)], lengths: &[usize], secrets: &KeyLog, limits: &Limits) -> Connection {
    let mut connection = Connection::new(limits);
    let mut lengths = lengths.iter().copied().cycle();
    for (from, kept) in deliveries {
        let Kept::Bytes { offset, bytes, at, place } = kept else {
            connection.take(*from, &kept.lend(), secrets);
            continue;
        };
        let (mut rest, mut offset) = (&bytes[..], *offset);
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(lengths.next().unwrap().min(rest.len()));
            connection.take(*from, &Delivery::Bytes { offset, bytes: piece, at: *at, place: *place }, secrets);
            offset += piece.len() as u64;
            rest = behind;
        }
    }
    connection
}

#[test]
fn every_cut_gives_the_same() {
    for name in NAMES {
        let (frames, secrets) = open(name);
        let deliveries = kept(&frames);
        let whole = &run(&frames, &secrets)[0];
        for lengths in [&[1][..], &[2, 7, 1, 400], &[5], &[17_000]] {
            let connection = cut(&deliveries[0], lengths, &secrets, &Limits::default());
            assert_eq!(connection.bytes(), whole.bytes(), "{name}");
            assert_eq!(connection.told[0].packets, whole.told[0].packets, "{name}");
        }
    }
}

#[test]
fn a_damaged_record_is_named_and_passed_over() {
    for name in NAMES {
        let (frames, secrets) = open(name);
        let sent = &run(&frames, &secrets)[0];
        let mut deliveries = kept(&frames).remove(0);
        let client: Vec<usize> = (0..deliveries.len())
            .filter(
                |index| matches!(&deliveries[*index], (Side::Client, Kept::Bytes { bytes, .. }) if bytes.len() > 30),
            )
            .collect();
        // Behind the hellos, the last byte of a packet, which is a record's last.
        let damaged = client[client.len() - 4];
        let Kept::Bytes { bytes, at, .. } = &mut deliveries[damaged].1 else { panic!() };
        let packet = at.packet;
        *bytes.last_mut().unwrap() ^= 1;
        let connection = cut(&deliveries, &[usize::MAX], &secrets, &Limits::default());
        let facts = connection.tls.facts();
        let bad = facts.first_bad.unwrap();
        assert_eq!((bad.from, bad.at.packet), (Side::Client, packet), "{name}");
        assert_eq!((facts.reason, facts.sent[0].bad), (Some(Reason::BadRecord), 1), "{name}");
        assert_eq!(facts.sent[0].opened + 1, sent.tls.facts().sent[0].opened, "{name}");
        let told = &connection.told[0];
        assert!(told.gaps.len() == 1 && is_part_of(told, &sent.told[0].bytes), "{name}: {:?}", told.gaps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is changed, added and left out, no byte is given that was not sent; and what is kept is bounded.
    #[test]
    fn nothing_is_given_that_was_not_sent(
        which in 0..NAMES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..5u8, any::<u16>()), 1..12),
        lengths in proptest::collection::vec(1..3000usize, 1..8),
    ) {
        let (frames, secrets) = open(NAMES[which]);
        let sent = &run(&frames, &secrets)[0];
        let mut deliveries = kept(&frames).remove(0);
        for (index, kind, value) in changes {
            let index = index.index(deliveries.len());
            let (from, kept) = &mut deliveries[index];
            let Kept::Bytes { offset, bytes, at, .. } = kept else { continue };
            let (from, offset, at) = (*from, *offset, *at);
            match kind {
                0 => {
                    let place = usize::from(value) % bytes.len();
                    bytes[place] ^= (value >> 8) as u8 | 1;
                }
                1 => *bytes = bytes[..bytes.len() / 2].into(),
                2 => *bytes = [&bytes[..], &value.to_be_bytes()[..]].concat().into(),
                3 => {
                    deliveries[index] = (from, Kept::Gap { offset, missing: u64::from(value) + 1, exact: true, captured: false, at });
                }
                _ => {
                    let length = bytes.len() as u64;
                    deliveries[index] = (from, Kept::Gap { offset, missing: length, exact: true, captured: false, at });
                }
            }
        }
        let connection = cut(&deliveries, &lengths, &secrets, &Limits::default());
        for side in Side::BOTH {
            let (told, sent) = (&connection.told[side.index()], &sent.told[side.index()]);
            prop_assert!(is_part_of(told, &sent.bytes));
            prop_assert_eq!(told.closes, 1);
        }
        prop_assert!(connection.most_held < 2 * (256 << 10) + (200 << 10), "{}", connection.most_held);
    }

    /// Bytes that are no TLS, or only begin so, end nothing.
    #[test]
    fn any_bytes_are_taken(
        pieces in proptest::collection::vec((any::<bool>(), 0..6u8, proptest::collection::vec(any::<u8>(), 0..600)), 0..60),
    ) {
        let (_, secrets) = open("stunnel-ffmpeg-tls13");
        let mut connection = Connection::new(&Limits::default());
        for (index, (is_client, kind, bytes)) in pieces.iter().enumerate() {
            let from = if *is_client { Side::Client } else { Side::Server };
            let at = crate::run::moment(index as u64 + 1);
            let bytes = match kind {
                // A record's header, and a message's.
                0 => [&[22, 3, 3, (bytes.len() >> 8) as u8, bytes.len() as u8], &bytes[..]].concat(),
                1 => [&[23, 3, 3, (bytes.len() >> 8) as u8, bytes.len() as u8], &bytes[..]].concat(),
                2 => [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3], &bytes[..]].concat(),
                3 => [&[22, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3], &bytes[..]].concat(),
                4 => [&[20, 3, 3, 0, 1, 1], &bytes[..]].concat(),
                _ => bytes.clone(),
            };
            if bytes.len() % 7 == 3 {
                connection.take(from, &Delivery::Gap { offset: 0, missing: 11, exact: true, captured: false, at }, &secrets);
            }
            connection.take(from, &Delivery::Bytes { offset: 0, bytes: &bytes, at, place: None }, &secrets);
        }
        prop_assert!(connection.bytes().iter().all(|bytes| bytes.is_empty()));
        prop_assert!(connection.tls.held() + connection.tls.own() < 1 << 20);
    }
}

#[test]
fn a_hole_of_unknown_length_is_searched_behind() {
    let (frames, secrets) = open("stunnel-ffmpeg-tls13");
    let sent = &run(&frames, &secrets)[0];
    let mut deliveries = kept(&frames).remove(0);
    let is_client = |(from, kept): &(Side, Kept)| *from == Side::Client && matches!(kept, Kept::Bytes { .. });
    let client: Vec<usize> = (0..deliveries.len()).filter(|index| is_client(&deliveries[*index])).collect();
    // Half of a packet's bytes, and the next packet, with a length that is told wrong.
    let (part, gone) = (client[client.len() / 2], client[client.len() / 2 + 1]);
    let Kept::Bytes { bytes, at, .. } = &mut deliveries[part].1 else { panic!() };
    *bytes = bytes[..bytes.len() / 2].into();
    let at = *at;
    deliveries[gone].1 = Kept::Gap { offset: 0, missing: 150, exact: false, captured: false, at };
    let connection = cut(&deliveries, &[usize::MAX], &secrets, &Limits::default());
    let told = &connection.told[0];
    assert!(told.gaps.len() == 1 && is_part_of(told, &sent.told[0].bytes));
    assert!(told.bytes.len() + 1000 > sent.told[0].bytes.len(), "{}", told.bytes.len());
}
