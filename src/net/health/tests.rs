use super::*;
use crate::net::Flags;
use crate::wire::{PacketNo, Place};

const MS: i64 = 1_000_000;

/// A connection as seen between its ends: a segment at a time, each with its own identification unless one is given.
struct Wire {
    health: Health,
    packet: u64,
    identification: Option<u16>,
    window: u16,
    /// Of its SYNs.
    shift: u8,
}

#[derive(Clone, Copy)]
struct Sent {
    from: usize,
    flags: &'static str,
    sequence: u32,
    acknowledgement: u32,
    length: usize,
}

impl Wire {
    /// After a handshake: 10 ms from here to the server and back, 30 ms to the client.
    fn new() -> Wire {
        let mut wire = Wire { health: Health::new(), packet: 0, identification: None, window: 1000, shift: 7 };
        wire.send(0, 0, "S", 99, 0, 0).send(10, 1, "SA", 499, 100, 0).send(40, 0, "A", 100, 500, 0);
        wire
    }

    fn send(&mut self, ms: i64, from: usize, flags: &'static str, sequence: u32, ack: u32, length: usize) -> &mut Wire {
        self.send_at(ms * MS, Sent { from, flags, sequence, acknowledgement: ack, length })
    }

    fn send_at(&mut self, ns: i64, sent: Sent) -> &mut Wire {
        self.packet += 1;
        let has = |flag| sent.flags.contains(flag);
        let ends = [([10, 0, 0, 1], 50_000).into(), ([10, 0, 0, 2], 1935).into()];
        let identification = self.identification.unwrap_or(self.packet as u16);
        let segment = Segment {
            source: ends[sent.from],
            destination: ends[1 - sent.from],
            sequence: sent.sequence,
            acknowledgement: sent.acknowledgement,
            flags: Flags { syn: has('S'), ack: has('A'), fin: has('F'), rst: has('R') },
            payload: &[0; 4000][..sent.length],
            place: Place::default(),
            cut: 0,
            window: self.window,
            window_scale: has('S').then_some(self.shift),
            identity: Identity::Identification(identification),
            continues: false,
            tunnels: &[],
        };
        self.health.see(sent.from, &segment, Moment { packet: PacketNo(self.packet), time: Time(ns) });
        self
    }

    /// The client's data, which begins at 100.
    fn client(&mut self, ms: i64, sequence: u32, length: usize) -> &mut Wire {
        self.send(ms, 0, "A", sequence, 500, length)
    }

    /// The server acknowledges.
    fn acknowledge(&mut self, ms: i64, number: u32) -> &mut Wire {
        self.send(ms, 1, "A", 500, number, 0)
    }

    fn facts(&self) -> TcpFacts {
        self.health.facts(0, None)
    }

    /// Retransmissions and their bytes, what was lost before, what was late, copies.
    fn counts(&self) -> [u64; 5] {
        let facts = self.facts();
        let again = [facts.retransmissions, facts.retransmitted_bytes, facts.lost_before_capture];
        [again[0], again[1], again[2], facts.out_of_order, facts.copies]
    }
}

#[test]
fn round_trips_are_measured_from_the_syn_on_and_where_the_capture_was_made() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).client(51, 200, 100).acknowledge(62, 300).client(70, 300, 10).acknowledge(90, 310);
    let facts = wire.facts();
    assert_eq!((facts.round_trip, wire.health.facts(1, None).round_trip), (Some(10 * MS), Some(30 * MS)));
    assert_eq!(facts.smallest_round_trip, Some(12 * MS));
    assert_eq!(facts.smoothed_round_trip, Some(13 * MS));
}

#[test]
fn what_was_captured_and_comes_again_is_a_retransmission() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).client(51, 200, 100).client(300, 100, 100);
    assert_eq!(wire.counts(), [1, 100, 0, 0, 0]);
    // Half of it is new, and nothing of it was acknowledged before.
    wire.client(400, 250, 100);
    assert_eq!(wire.counts(), [2, 150, 0, 0, 0]);
    assert_eq!(wire.facts().spurious_retransmissions, 0);
    wire.acknowledge(410, 350).client(500, 250, 100);
    assert_eq!(wire.counts(), [3, 250, 0, 0, 0]);
    assert_eq!(wire.facts().spurious_retransmissions, 1);
    assert_eq!(wire.facts().retransmission_packets, Some((PacketNo(6), PacketNo(9))));
    assert_eq!(wire.facts().largest_segment, 100);
}

#[test]
fn the_same_packet_again_is_a_copy() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).client(51, 200, 100);
    wire.identification = Some(wire.packet as u16 - 1);
    wire.client(52, 100, 100);
    assert_eq!(wire.counts(), [0, 0, 0, 0, 1]);
    // Much later it is another packet, whatever its number.
    wire.client(90, 100, 100);
    assert_eq!(wire.counts(), [1, 100, 0, 0, 1]);
}

#[test]
fn what_is_older_than_the_packets_before_it_is_a_copy() {
    let mut wire = Wire::new();
    for packet in 0..20 {
        wire.client(50 + i64::from(packet), 100 + packet * 100, 100);
    }
    wire.send(0, 0, "S", 99, 0, 0);
    for packet in 0..20 {
        wire.identification = Some(4 + packet as u16);
        wire.client(50 + i64::from(packet), 100 + packet * 100, 100);
    }
    assert_eq!(wire.counts(), [0, 0, 0, 0, 21]);
}

#[test]
fn a_hole_is_filled_late_in_order_of_sending_or_never() {
    // Where the identifications are far apart time decides: a round trip is 40 ms.
    let filled = |identification: Option<u16>, ms: i64| {
        let mut wire = Wire::new();
        wire.client(50, 100, 100).client(51, 300, 100);
        wire.identification = identification;
        wire.client(ms, 200, 100);
        wire.counts()
    };
    assert_eq!(filled(None, 52), [1, 100, 1, 0, 0], "sent after what came before it");
    assert_eq!(filled(Some(4), 300), [0, 0, 0, 1, 0], "sent before it");
    assert_eq!(filled(Some(30_000), 91), [0, 0, 0, 1, 0], "within a round trip");
    assert_eq!(filled(Some(30_000), 92), [1, 100, 1, 0, 0], "after it");

    let mut wire = Wire::new();
    wire.client(50, 100, 100).client(51, 300, 100);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (0, 0), "nobody has them yet");
    wire.acknowledge(60, 400).acknowledge(61, 450);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (2, 150));
    wire.client(62, 450, 100);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (2, 150));
}

#[test]
fn a_hole_filled_in_its_middle_leaves_two() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).client(51, 500, 100);
    wire.identification = Some(4);
    wire.client(52, 300, 100);
    assert_eq!(wire.counts(), [0, 0, 0, 1, 0]);
    wire.acknowledge(60, 600);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (2, 200));
}

#[test]
fn holes_are_bounded() {
    let mut wire = Wire::new();
    for hole in 0..1000 {
        wire.client(50, 200 + hole * 200, 100).acknowledge(50, 300 + hole * 200);
    }
    assert_eq!(wire.health.senders[0].holes.len(), HOLES);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (1000, 100_000));
}

#[test]
fn the_end_of_the_stream_is_no_missing_byte() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).send(51, 0, "FA", 200, 500, 0).acknowledge(60, 201);
    assert_eq!(wire.facts().capture_holes, 0);
    let mut wire = Wire::new();
    wire.client(50, 100, 100).send(51, 0, "FA", 201, 500, 0).acknowledge(60, 202);
    assert_eq!((wire.facts().capture_holes, wire.facts().capture_hole_bytes), (1, 1));
}

#[test]
fn windows_are_scaled_and_their_closing_is_timed() {
    let mut wire = Wire::new();
    wire.client(50, 100, 10);
    wire.window = 0;
    wire.client(60, 110, 10).client(70, 120, 10);
    assert_eq!((wire.facts().zero_windows, wire.facts().zero_window_at_end), (1, true));
    assert_eq!(wire.facts().longest_zero_window, 10 * MS);
    wire.window = 2000;
    wire.client(100, 130, 10);
    let facts = wire.facts();
    assert_eq!((facts.zero_windows, facts.zero_window_at_end, facts.longest_zero_window), (1, false, 40 * MS));
    assert_eq!((facts.window_scale, facts.largest_window), (Some(7), Some(2000 << 7)));
    // An older segment that comes late says nothing.
    wire.window = 0;
    wire.client(101, 120, 10);
    assert_eq!(wire.facts().zero_windows, 1);
    // More than RFC 7323 allows stands for the most that it does.
    let mut large = Wire { shift: 15, ..Wire::new() };
    large.send(50, 0, "S", 99, 0, 0).send(60, 1, "SA", 499, 100, 0);
    assert_eq!((large.facts().window_scale, large.facts().largest_window), (Some(14), Some(1000 << 14)));
    // Neither do those that open and close.
    wire.send(102, 0, "FA", 140, 500, 0).send(103, 0, "R", 141, 500, 0);
    assert_eq!(wire.facts().zero_windows, 1);
}

#[test]
fn probes_and_keep_alives_are_no_retransmissions() {
    let mut wire = Wire::new();
    wire.client(50, 100, 100).acknowledge(60, 200);
    // Linux and Windows: without a byte, and with one.
    wire.client(5000, 199, 0).client(6000, 199, 1);
    assert_eq!((wire.facts().keep_alives, wire.facts().retransmissions), (2, 0));
    wire.window = 0;
    wire.acknowledge(6010, 200);
    wire.window = 1000;
    // The byte before the window, and the first behind it, which the receiver may take.
    wire.client(7000, 199, 0).client(8000, 200, 1);
    assert_eq!((wire.facts().keep_alives, wire.facts().window_probes, wire.facts().retransmissions), (2, 2, 0));
    wire.acknowledge(8010, 201).client(8020, 201, 100).acknowledge(8030, 301);
    assert_eq!(wire.counts(), [0; 5]);
    assert_eq!(wire.facts().capture_holes, 0);
}

#[test]
fn a_syn_sent_again_is_a_retransmission_without_bytes() {
    let mut wire = Wire { health: Health::new(), packet: 0, identification: None, window: 1000, shift: 7 };
    wire.send(0, 0, "S", 99, 0, 0).send(1000, 0, "S", 99, 0, 0).send(1010, 1, "SA", 499, 100, 0);
    assert_eq!(wire.counts(), [1, 0, 0, 0, 0]);
    assert_eq!(wire.facts().round_trip, Some(10 * MS));
}

#[test]
fn a_syn_captured_late_changes_nothing() {
    let mut wire = Wire { health: Health::new(), packet: 0, identification: None, window: 1000, shift: 7 };
    wire.client(50, 200, 100).send(51, 0, "S", 99, 0, 0).client(52, 300, 100);
    assert_eq!(wire.counts(), [0; 5]);
    wire.identification = Some(1000);
    wire.client(52, 100, 100);
    assert_eq!(wire.counts(), [0, 0, 0, 1, 0]);
}

#[test]
fn an_answer_from_an_earlier_connection_acknowledges_nothing() {
    let mut wire = Wire::new();
    wire.send(50, 1, "A", 500, 40_100, 0).send(60, 0, "R", 40_100, 0, 0).send(70, 0, "S", 99, 0, 0);
    wire.send(80, 1, "SA", 499, 100, 0);
    assert_eq!(wire.facts().capture_hole_bytes, 0);
}
