//! Bends packets the way networks and captures do, without a change to what the two sides said (except
//! [`drop`](drop_packets)).
//!
//! Every function keeps the capture's clock: packet times never run backwards, whatever moved.

use super::{Packet, Random, tcp};
use crate::wire::{Side, Time};

/// The largest TCP payload that an IP packet can hold.
const MOST: usize = 65_535 - 60;

/// Several connections in one capture, by time.
pub fn merge(connections: impl IntoIterator<Item = Vec<Packet>>) -> Vec<Packet> {
    let mut packets: Vec<_> = connections.into_iter().flatten().collect();
    packets.sort_by_key(|packet| packet.time);
    packets
}

/// Cuts one direction of one connection anew: borders between packets lie at the offsets in `cuts` (0 = the first byte
/// after the SYN), and where the other side spoke between, and nowhere else. It comes before the other functions: it
/// wants each byte once and in order.
pub fn resegment(packets: &[Packet], from: Side, cuts: &[u64]) -> Vec<Packet> {
    let mut out: Vec<Packet> = Vec::with_capacity(packets.len());
    let mut offset = 0;
    for run in runs(packets, from) {
        let Some(first) = run.iter().find(|packet| packet.from == from && !packet.payload.is_empty()) else {
            out.extend_from_slice(run);
            continue;
        };
        let bytes: Vec<u8> = run.iter().flat_map(|packet| packet.payload.iter().copied()).collect();
        let mut borders: Vec<usize> =
            cuts.iter().filter_map(|cut| usize::try_from(cut.checked_sub(offset)?).ok()).collect();
        borders.retain(|border| (1..bytes.len()).contains(border));
        borders.extend((0..bytes.len()).step_by(MOST));
        borders.push(bytes.len());
        borders.sort_unstable();
        borders.dedup();
        for pair in borders.windows(2) {
            let sequence = first.sequence.wrapping_add(pair[0] as u32);
            out.push(Packet { sequence, payload: bytes[pair[0]..pair[1]].to_vec(), ..first.clone() });
        }
        // The other side's acknowledgements came between; the last of them says the same.
        out.extend(run.iter().rfind(|packet| packet.from != from).cloned());
        offset += bytes.len() as u64;
    }
    let mut last = Time(i64::MIN);
    for packet in &mut out {
        last = last.max(packet.time);
        packet.time = last;
    }
    out
}

/// Cuts both directions into pieces of these sizes, again and again from the first. No sizes leave all as it is.
pub fn resegment_by(packets: &[Packet], sizes: &[usize]) -> Vec<Packet> {
    Side::BOTH.into_iter().fold(packets.to_vec(), |packets, from| {
        let end: u64 =
            packets.iter().filter(|packet| packet.from == from).map(|packet| packet.payload.len() as u64).sum();
        let mut at = 0;
        let next = |size: &usize| {
            at += (*size).max(1) as u64;
            (at < end).then_some(at)
        };
        let cuts: Vec<u64> = sizes.iter().cycle().map_while(next).collect();
        if sizes.is_empty() { packets } else { resegment(&packets, from, &cuts) }
    })
}

/// Moves packets by up to about `places`, as a seed decides. The packets of the opening stay in front.
pub fn reorder(packets: &[Packet], places: u64, seed: u64) -> Vec<Packet> {
    let random = &mut Random::new(seed);
    let mut ranked: Vec<(u64, &Packet)> = (0..).zip(packets).collect();
    for (rank, packet) in &mut ranked {
        if packet.flags & tcp::SYN == 0 {
            *rank += random.below(places + 1);
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    on_the_clock_of(packets, ranked.into_iter().map(|(_, packet)| packet.clone()))
}

/// Sends packets a second time, right after the first. `which` are places in `packets`.
pub fn duplicate(packets: &[Packet], which: &[usize]) -> Vec<Packet> {
    let copies = |(place, packet): (usize, &Packet)| {
        let count = 1 + usize::from(which.contains(&place));
        std::iter::repeat_n(packet.clone(), count).collect::<Vec<_>>()
    };
    packets.iter().enumerate().flat_map(copies).collect()
}

/// Sends packets again, each so many nanoseconds later: between those that are captured then.
pub fn retransmit(packets: &[Packet], which: &[usize], after: i64) -> Vec<Packet> {
    let again = which.iter().filter_map(|place| packets.get(*place));
    let again = again.map(|packet| Packet { time: Time(packet.time.0 + after), ..packet.clone() });
    let mut out = [packets.to_vec(), again.collect()].concat();
    out.sort_by_key(|packet| packet.time);
    out
}

/// Retransmits with an overlap: each chosen packet with payload begins up to `bytes` earlier, with the bytes that its
/// direction has already sent there.
pub fn overlap(packets: &[Packet], which: &[usize], bytes: usize) -> Vec<Packet> {
    let mut out = packets.to_vec();
    for place in which.iter().copied().filter(|place| *place < packets.len()) {
        let packet = &packets[place];
        let before = packets[..place].iter().rfind(|other| {
            let same_direction = (other.source, other.destination) == (packet.source, packet.destination);
            same_direction && !other.payload.is_empty() && other.next_sequence() == packet.sequence
        });
        if let (Some(before), false) = (before, packet.payload.is_empty()) {
            let tail = &before.payload[before.payload.len().saturating_sub(bytes)..];
            out[place].sequence = packet.sequence.wrapping_sub(tail.len() as u32);
            out[place].payload = [tail, &packet.payload].concat();
        }
    }
    out
}

/// Leaves packets out: a loss that the capture never sees repaired.
pub fn drop_packets(packets: &[Packet], which: &[usize]) -> Vec<Packet> {
    packets.iter().enumerate().filter(|(place, _)| !which.contains(place)).map(|(_, packet)| packet.clone()).collect()
}

/// Parts the packets so that in each part only `from` sends payload, or nobody does.
fn runs(packets: &[Packet], from: Side) -> impl Iterator<Item = &[Packet]> {
    const MARKS: u8 = tcp::SYN | tcp::FIN | tcp::RST;
    let ours = move |packet: &Packet| packet.flags & MARKS == 0 && (packet.from == from || packet.payload.is_empty());
    packets.chunk_by(move |a, b| ours(a) && ours(b))
}

/// Gives packets in a new order the times of the old one.
fn on_the_clock_of(packets: &[Packet], moved: impl Iterator<Item = Packet>) -> Vec<Packet> {
    let mut last = Time(i64::MIN);
    let times = packets.iter().map(|packet| {
        last = last.max(packet.time);
        last
    });
    moved.zip(times).map(|(packet, time)| Packet { time, ..packet }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::synth::{Link, sample};

    fn packets() -> Vec<Packet> {
        Link::v4().packets(&sample::publish(3))
    }

    /// A direction's bytes, put together by sequence number alone.
    fn bytes(packets: &[Packet], from: Side) -> Vec<u8> {
        let own = packets.iter().filter(|packet| packet.from == from);
        let by_sequence: BTreeMap<u32, u8> =
            own.flat_map(|packet| (packet.sequence..).zip(packet.payload.iter().copied())).collect();
        by_sequence.into_values().collect()
    }

    fn assert_same(bent: &[Packet]) {
        let packets = packets();
        for side in Side::BOTH {
            assert!(bytes(bent, side) == bytes(&packets, side), "other bytes from the {}", side.name());
        }
        assert!(bent.windows(2).all(|pair| pair[0].time <= pair[1].time));
    }

    #[test]
    fn cuts_lie_where_they_are_asked_for() {
        let cut = resegment(&packets(), Side::Client, &[1, 1000, 1537, 3000, 3073]);
        assert_same(&cut);
        let sizes: Vec<_> = cut
            .iter()
            .filter(|packet| packet.from == Side::Client && !packet.payload.is_empty())
            .map(|packet| packet.payload.len())
            .collect();
        // C0 and C1 are one write of 1537, C2 another of 1536; `connect` follows it without a word of the server between.
        assert_eq!(sizes[..5], [1, 999, 537, 1463, 73]);
    }

    #[test]
    fn pieces_may_be_single_bytes_or_whole_writes() {
        let single = resegment_by(&packets(), &[1]);
        assert_same(&single);
        assert!(single.iter().all(|packet| packet.payload.len() <= 1));
        let whole = resegment_by(&packets(), &[1 << 30]);
        assert_same(&whole);
        assert!(whole.len() < packets().len());
        assert_eq!(resegment_by(&packets(), &[]), packets());
    }

    #[test]
    fn what_was_said_survives_reorder_duplicate_and_overlap() {
        let packets = packets();
        let all: Vec<usize> = (0..packets.len()).collect();
        let moved = reorder(&packets, 5, 1);
        assert_ne!(moved, packets);
        assert_same(&moved);
        assert_eq!(reorder(&packets, 0, 1), packets);
        assert_eq!(duplicate(&packets, &all).len(), 2 * packets.len());
        assert_same(&duplicate(&packets, &[5, 9]));
        let overlapping = overlap(&packets, &all, 10);
        assert_ne!(overlapping, packets);
        assert_same(&overlapping);
    }

    #[test]
    fn a_dropped_packet_is_gone() {
        let packets = packets();
        assert_eq!(drop_packets(&packets, &[0, 4]).len(), packets.len() - 2);
        assert_eq!(drop_packets(&packets, &[0])[0], packets[1]);
    }

    #[test]
    fn connections_merge_by_time() {
        let other = Link::v4().client_port(50_001).packets(&sample::play(2));
        let merged = merge([packets(), other.clone()]);
        assert_eq!(merged.len(), packets().len() + other.len());
        assert!(merged.windows(2).all(|pair| pair[0].time <= pair[1].time));
    }
}
