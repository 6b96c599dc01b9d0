//! The cases of TCP, one by one. A [`Wire`] sends segments and writes down what comes out, a line each.

#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use super::Connections;
use crate::limits::Limits;
use crate::net::{Flags, How, Identity, Output, Segment, Start};
use crate::wire::{Moment, PacketNo, Place, Side, Time};

const CLIENT: &str = "10.0.0.1:50000";
const SERVER: &str = "10.0.0.2:1935";

/// Initial sequence numbers, so that the first bytes have 1001 and 5001.
const C: u32 = 1000;
const S: u32 = 5000;

struct Wire {
    connections: Connections,
    packet: u64,
    time: i64,
    ends: [SocketAddr; 2],
    log: Vec<String>,
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn line(output: &Output<'_>) -> String {
    let side = |side: &Side| match side {
        Side::Client => "c",
        Side::Server => "s",
    };
    match output {
        Output::Open { connection, client, start, at, .. } => {
            let start = match start {
                Start::Syn => "syn",
                Start::Midstream => "midstream",
            };
            format!("{connection} open {} {start} #{}", client.port(), at.packet)
        }
        Output::Tunnels { connection, from, tunnels } => format!("{connection} {} in {tunnels}", side(from)),
        Output::Joined { connection, from } => format!("{connection} {} joined", side(from)),
        Output::Bytes { connection, from, offset, bytes, at, place } => {
            // The place is shown as the distance from where the packet's payload starts.
            let into = place.offset - at.packet.0 * 1000;
            let text = String::from_utf8_lossy(bytes);
            format!("{connection} {} {offset} {text:?} #{}+{into}", side(from), at.packet)
        }
        Output::Gap { connection, from, offset, missing, at } => {
            format!("{connection} {} {offset} gap {missing} #{}", side(from), at.packet)
        }
        Output::Close { connection, from, how, at, .. } => {
            let how = match how {
                How::Fin => "fin",
                How::Rst => "rst",
                How::Timeout => "timeout",
                How::EndOfCapture => "end",
            };
            format!("{connection} {} {how} #{}", side(from), at.packet)
        }
    }
}

impl Wire {
    fn new() -> Wire {
        Wire::with(&Limits::default())
    }

    fn with(limits: &Limits) -> Wire {
        let ends = [address(CLIENT), address(SERVER)];
        Wire { connections: Connections::new(limits), packet: 0, time: 0, ends, log: Vec::new() }
    }

    /// `flags` are letters of `SAFR`; `from` is 0 for the client.
    fn send(&mut self, from: usize, flags: &str, sequence: u32, acknowledgement: u32, payload: &str) -> &mut Wire {
        self.send_cut(from, flags, sequence, acknowledgement, payload, 0)
    }

    fn send_cut(&mut self, from: usize, flags: &str, sequence: u32, ack: u32, payload: &str, cut: u32) -> &mut Wire {
        self.packet += 1;
        self.time += 1_000_000;
        let has = |flag| flags.contains(flag);
        let segment = Segment {
            source: self.ends[from],
            destination: self.ends[1 - from],
            sequence,
            acknowledgement: ack,
            flags: Flags { syn: has('S'), ack: has('A'), fin: has('F'), rst: has('R') },
            payload: payload.as_bytes(),
            place: Place { file: 0, offset: self.packet * 1000 },
            window: 65_535,
            window_scale: None,
            identity: Identity::None,
            continues: false,
            tunnels: &[],
            cut,
        };
        let at = Moment { packet: PacketNo(self.packet), time: Time(self.time) };
        let log = &mut self.log;
        self.connections.push(&segment, at, &mut |output| log.push(line(&output)));
        self
    }

    fn client(&mut self, sequence: u32, payload: &str) -> &mut Wire {
        self.send(0, "A", sequence, S + 1, payload)
    }

    fn server(&mut self, sequence: u32, payload: &str) -> &mut Wire {
        self.send(1, "A", sequence, C + 1, payload)
    }

    /// The server acknowledges what the client sent.
    fn server_acknowledges(&mut self, ack: u32) -> &mut Wire {
        self.send(1, "A", S + 1, ack, "")
    }

    fn handshake(&mut self) -> &mut Wire {
        self.send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").send(0, "A", C + 1, S + 1, "");
        assert_eq!(self.take(), ["0 open 50000 syn #1"]);
        self
    }

    fn wait(&mut self, seconds: i64) -> &mut Wire {
        self.time += seconds * 1_000_000_000;
        self
    }

    fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn finish(&mut self) -> Vec<String> {
        let log = &mut self.log;
        self.connections.finish(&mut |output| log.push(line(&output)));
        assert_eq!(self.connections.held, 0, "nothing stays buffered");
        self.take()
    }

    fn expect(&mut self, lines: &[&str]) -> &mut Wire {
        assert_eq!(self.take(), lines);
        self
    }
}

#[test]
fn bytes_in_order_come_at_once() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").expect(&[r#"0 c 0 "ab" #4+0"#]);
    wire.server(S + 1, "xyz").expect(&[r#"0 s 0 "xyz" #5+0"#]);
    wire.client(C + 3, "c").expect(&[r#"0 c 2 "c" #6+0"#]);
    assert_eq!(wire.finish(), ["0 c end #6", "0 s end #6"]);
    assert!(wire.finish().is_empty());
}

#[test]
fn late_segment_fills_the_hole_and_each_keeps_its_own_moment() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 3, "cd").client(C + 5, "ef").expect(&[]);
    wire.client(C + 1, "ab").expect(&[r#"0 c 0 "ab" #6+0"#, r#"0 c 2 "cd" #4+0"#, r#"0 c 4 "ef" #5+0"#]);
}

#[test]
fn copies_are_not_delivered_again() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "abc").client(C + 1, "abc").client(C + 2, "bc").client(C + 1, "a");
    wire.expect(&[r#"0 c 0 "abc" #4+0"#]);
    wire.client(C + 6, "fg").client(C + 6, "fg").client(C + 4, "de");
    wire.expect(&[r#"0 c 3 "de" #10+0"#, r#"0 c 5 "fg" #8+0"#]);
}

#[test]
fn first_captured_bytes_win_in_an_overlap() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "abc").take();
    // Retransmitted with other borders and, against the rules, other bytes.
    wire.client(C + 2, "XXde").expect(&[r#"0 c 3 "de" #5+2"#]);
    wire.client(C + 8, "hi").client(C + 7, "YYYYj").expect(&[]);
    wire.client(C + 6, "fZ").expect(&[
        r#"0 c 5 "f" #8+0"#,
        r#"0 c 6 "Y" #7+0"#,
        r#"0 c 7 "hi" #6+0"#,
        r#"0 c 9 "Yj" #7+3"#,
    ]);
}

#[test]
fn one_segment_can_go_around_buffered_ones() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 3, "cd").client(C + 7, "gh").client(C + 1, "ABCDEFGHIJ");
    wire.expect(&[
        r#"0 c 0 "AB" #6+0"#,
        r#"0 c 2 "cd" #4+0"#,
        r#"0 c 4 "EF" #6+4"#,
        r#"0 c 6 "gh" #5+0"#,
        r#"0 c 8 "IJ" #6+8"#,
    ]);
}

#[test]
fn sequence_numbers_wrap() {
    let mut wire = Wire::new();
    let first = u32::MAX - 1;
    wire.send(0, "S", first.wrapping_sub(1), 0, "").send(1, "SA", S, first, "").take();
    wire.client(2, "ef").client(first, "abcd").client(4, "gh");
    wire.expect(&[r#"0 c 0 "abcd" #4+0"#, r#"0 c 4 "ef" #3+0"#, r#"0 c 6 "gh" #5+0"#]);
}

#[test]
fn offsets_do_not_wrap() {
    // Six gigabytes, almost all of it cut off by a snap length.
    let mut wire = Wire::new();
    wire.handshake();
    let step = 1 << 29;
    let mut offset = 0_u64;
    for _ in 0..12 {
        wire.send_cut(0, "A", (C + 1).wrapping_add(offset as u32), S + 1, "ab", step - 2);
        offset += u64::from(step);
        wire.server_acknowledges((C + 1).wrapping_add(offset as u32)).wait(4);
    }
    let log = wire.finish();
    assert!(log.contains(&format!("0 c {} \"ab\" #26+0", 11 * u64::from(step))), "{log:#?}");
    assert_eq!(log.iter().filter(|line| line.contains("gap 536870910")).count(), 12);
}

#[test]
fn probes_and_keep_alives_are_not_data() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "abc").take();
    wire.client(C + 3, "\0").client(C + 3, "").server_acknowledges(C + 4).expect(&[]);
    // A probe of a closed window carries the next byte.
    wire.client(C + 4, "d").client(C + 4, "d").client(C + 4, "def");
    wire.expect(&[r#"0 c 3 "d" #8+0"#, r#"0 c 4 "ef" #10+1"#]);
    assert_eq!(wire.finish(), ["0 c end #10", "0 s end #10"]);
}

#[test]
fn fin_closes_one_direction_each() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 1, S + 1, "bye").expect(&[r#"0 c 0 "bye" #4+0"#, "0 c fin #4"]);
    wire.server(S + 1, "yet").send(1, "AF", S + 4, C + 5, "");
    wire.expect(&[r#"0 s 0 "yet" #5+0"#, "0 s fin #6"]);
    assert!(wire.finish().is_empty());
}

#[test]
fn fin_waits_for_what_is_before_it() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 4, S + 1, "d").client(C + 1, "abc");
    wire.expect(&[r#"0 c 0 "abc" #5+0"#, r#"0 c 3 "d" #4+0"#, "0 c fin #4"]);
    // Alone, and with its hole never filled.
    wire.send(1, "AF", S + 3, C + 5, "").expect(&[]);
    assert_eq!(wire.finish(), ["0 s 0 gap 2 #6", "0 s fin #6"]);
}

#[test]
fn bytes_after_the_fin_are_ignored() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 3, S + 1, "").client(C + 1, "abXX");
    wire.expect(&[r#"0 c 0 "ab" #5+0"#, "0 c fin #4"]);
}

#[test]
fn fin_of_long_ago_closes_nothing() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "abc").send(0, "AF", C + 2, S + 1, "").client(C + 4, "d");
    assert_eq!(wire.finish(), [r#"0 c 0 "abc" #4+0"#, r#"0 c 3 "d" #6+0"#, "0 c end #6", "0 s end #6"]);
}

#[test]
fn rst_closes_both_directions_after_what_was_reordered() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "RA", C + 3, S + 1, "").client(C + 1, "ab").server(S + 1, "xy");
    wire.expect(&[r#"0 c 0 "ab" #5+0"#, "0 c rst #4", r#"0 s 0 "xy" #6+0"#]);
    assert_eq!(wire.finish(), ["0 s rst #4"]);
}

#[test]
fn rst_closes_its_senders_direction_once_all_of_that_is_there() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").server(S + 1, "x").take();
    wire.send(1, "RA", S + 2, C + 3, "").expect(&["0 s rst #6"]);
    // What the other has sent until it heard of that still counts.
    wire.client(C + 3, "cd").expect(&[r#"0 c 2 "cd" #7+0"#]);
    assert_eq!(wire.finish(), ["0 c rst #6"]);
    // One that answers a segment of no connection has its number from that segment: it tells nothing of its sender.
    let mut wire = Wire::new();
    wire.handshake().server(S + 1, "x").take();
    wire.send(1, "R", S + 2, 0, "").expect(&[]);
    wire.server(S + 2, "y").take();
    assert_eq!(wire.finish(), ["0 c end #6", "0 s end #6"]);
}

#[test]
fn rst_that_nobody_obeys_ends_nothing() {
    // Outside the window: its supposed sender goes on.
    let mut wire = Wire::new();
    wire.handshake().send(0, "R", C + 1_000_000, 0, "").client(C + 1, "ab").wait(4).client(C + 3, "cd").wait(4);
    wire.client(C + 5, "e").take();
    assert_eq!(wire.finish(), ["0 c end #7", "0 s end #7"]);
    // Its supposed sender hears on.
    let mut wire = Wire::new();
    wire.handshake().send(0, "R", C + 1_000_000, 0, "").server(S + 1, "xy").send(0, "A", C + 1, S + 3, "").wait(4);
    wire.server(S + 3, "z").expect(&[r#"0 s 0 "xy" #5+0"#, r#"0 s 2 "z" #7+0"#]);
    assert_eq!(wire.finish(), ["0 c end #7", "0 s end #7"]);
}

#[test]
fn rst_takes_effect_when_time_passes() {
    let mut wire = Wire::new();
    wire.handshake().send(1, "RA", S + 1, C + 1, "").expect(&["0 s rst #4"]);
    wire.wait(4);
    wire.ends[0].set_port(50001);
    wire.send(0, "S", 77, 0, "").expect(&["0 c rst #4", "1 open 50001 syn #5"]);
}

#[test]
fn rst_from_nowhere_is_ignored() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "R", C.wrapping_add(1 << 31), 0, "").client(C + 1, "ab");
    assert_eq!(wire.finish(), [r#"0 c 0 "ab" #5+0"#, "0 c end #5", "0 s end #5"]);
}

#[test]
fn refused_connection() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(1, "RA", 0, C + 1, "");
    assert_eq!(wire.finish(), ["0 open 50000 syn #1", "0 c rst #2", "0 s rst #2"]);
}

#[test]
fn acknowledged_hole_becomes_a_gap_after_some_packets() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 4, "de").server_acknowledges(C + 6);
    for _ in 0..127 {
        wire.server_acknowledges(C + 6);
    }
    wire.expect(&[]).server_acknowledges(C + 6).expect(&["0 c 0 gap 3 #4", r#"0 c 3 "de" #4+0"#]);
    // Too late.
    wire.client(C + 1, "abc").client(C + 6, "f").expect(&[r#"0 c 5 "f" #135+0"#]);
}

#[test]
fn acknowledged_hole_becomes_a_gap_after_some_time() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 4, "de").server_acknowledges(C + 6).wait(2).expect(&[]);
    wire.wait(2);
    // Any packet tells the time.
    wire.ends[0].set_port(50001);
    wire.send(0, "A", 1, 1, "").expect(&["0 c 0 gap 3 #4", r#"0 c 3 "de" #4+0"#]);
}

#[test]
fn time_is_watched_for_each_hole_anew() {
    let mut wire = Wire::new();
    for (sequence, lines) in
        [(C + 4, ["0 c 0 gap 3 #4", r#"0 c 3 "d" #4+0"#]), (C + 8, ["0 c 4 gap 3 #7", r#"0 c 7 "d" #7+0"#])]
    {
        if sequence == C + 4 {
            wire.handshake();
        }
        wire.ends[0].set_port(50000);
        wire.client(sequence, "d").server_acknowledges(sequence + 1).expect(&[]);
        wire.ends[0].set_port(50001);
        wire.wait(4).send(0, "A", 1, 1, "").expect(&lines);
    }
}

#[test]
fn hole_that_nobody_acknowledged_stays_open() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 4, "de");
    for _ in 0..500 {
        // The receiver is missing the same bytes.
        wire.server_acknowledges(C + 1).wait(1);
    }
    wire.expect(&[]).client(C + 1, "abc").expect(&[r#"0 c 0 "abc" #505+0"#, r#"0 c 3 "de" #4+0"#]);
}

#[test]
fn hole_can_be_filled_in_part() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 7, "gh").client(C + 3, "cd");
    assert_eq!(
        wire.finish(),
        ["0 c 0 gap 2 #5", r#"0 c 2 "cd" #5+0"#, "0 c 4 gap 2 #4", r#"0 c 6 "gh" #4+0"#, "0 c end #5", "0 s end #5"]
    );
}

#[test]
fn holes_at_the_end_are_told_by_acknowledgements() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").server_acknowledges(C + 13).take();
    assert_eq!(wire.finish(), ["0 c 2 gap 10 #5", "0 c end #5", "0 s end #5"]);
    // An acknowledged FIN is no byte; an acknowledgement from nowhere counts for nothing.
    for bogus in [C + 4, C.wrapping_add(1 << 31)] {
        let mut wire = Wire::new();
        wire.handshake().client(C + 1, "ab").server_acknowledges(bogus).take();
        assert_eq!(wire.finish(), ["0 c end #5", "0 s end #5"]);
    }
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 1, S + 1, "ab").server_acknowledges(C + 4).take();
    assert_eq!(wire.finish(), ["0 s end #5"]);
}

#[test]
fn bytes_cut_by_a_snap_length_are_a_hole() {
    let mut wire = Wire::new();
    wire.handshake().send_cut(0, "A", C + 1, S + 1, "ab", 3).client(C + 6, "fg");
    wire.expect(&[r#"0 c 0 "ab" #4+0"#]);
    wire.client(C + 3, "cde").expect(&[r#"0 c 2 "cde" #6+0"#, r#"0 c 5 "fg" #5+0"#]);
    wire.send_cut(0, "A", C + 8, S + 1, "h", 9).take();
    assert_eq!(wire.finish(), ["0 c 8 gap 9 #7", "0 c end #7", "0 s end #7"]);
}

#[test]
fn too_many_buffered_bytes_give_up_the_hole() {
    let mut wire = Wire::with(&Limits { reorder_bytes: 4, ..Limits::default() });
    wire.handshake().client(C + 3, "cd").client(C + 7, "gh").expect(&[]);
    wire.client(C + 9, "i").expect(&["0 c 0 gap 2 #4", r#"0 c 2 "cd" #4+0"#]);
    wire.client(C + 5, "ef").expect(&[r#"0 c 4 "ef" #7+0"#, r#"0 c 6 "gh" #5+0"#, r#"0 c 8 "i" #6+0"#]);
    let mut wire = Wire::with(&Limits { reorder_segments: 2, ..Limits::default() });
    wire.handshake().client(C + 3, "cd").client(C + 7, "gh").client(C + 9, "i");
    wire.expect(&["0 c 0 gap 2 #4", r#"0 c 2 "cd" #4+0"#]);
    let mut wire = Wire::with(&Limits { reorder_bytes_total: 1000, ..Limits::default() });
    wire.handshake()
        .client(C + 3, "cd")
        .expect(&[])
        .server(S + 3, "zz")
        .expect(&["0 s 0 gap 2 #5", r#"0 s 2 "zz" #5+0"#]);
}

#[test]
fn sequence_numbers_from_nowhere_are_ignored() {
    let mut wire = Wire::new();
    wire.handshake()
        .client(C.wrapping_add(1 << 31), "far")
        .client(C.wrapping_add(3 << 30), "behind")
        .client(C + 1, "a");
    assert_eq!(wire.finish(), [r#"0 c 0 "a" #6+0"#, "0 c end #6", "0 s end #6"]);
}

#[test]
fn nothing_but_sequence_numbers_from_nowhere_is_another_connection() {
    let mut wire = Wire::new();
    wire.handshake();
    let far = C.wrapping_add(1 << 31);
    for n in 0..130 {
        wire.client(far + n, "x");
    }
    wire.expect(&["0 c timeout #133", "0 s timeout #133"]);
    assert_eq!(wire.finish()[..3], ["1 open 50000 midstream #133", "1 c joined", r#"1 c 0 "x" #133+0"#]);
}

#[test]
fn repeated_syn_is_not_a_new_connection() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").send(1, "SA", S, C + 1, "");
    wire.client(C + 1, "a").send(0, "S", C, 0, "").client(C + 2, "b");
    wire.expect(&["0 open 50000 syn #1", r#"0 c 0 "a" #5+0"#, r#"0 c 1 "b" #7+0"#]);
}

#[test]
fn other_syn_is_a_new_connection() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "a").send(0, "S", C + 7000, 0, "").client(C + 7001, "b");
    assert_eq!(
        wire.finish(),
        [
            r#"0 c 0 "a" #4+0"#,
            "0 c timeout #5",
            "0 s timeout #5",
            "1 open 50000 syn #5",
            r#"1 c 0 "b" #6+0"#,
            "1 c end #6",
            "1 s end #6",
        ]
    );
}

#[test]
fn other_syn_after_an_rst_does_not_hide_the_rst() {
    let mut wire = Wire::new();
    wire.handshake().send(1, "RA", S + 1, C + 1, "").send(0, "S", 9, 0, "");
    wire.expect(&["0 s rst #4", "0 c rst #4", "1 open 50000 syn #5"]);
}

#[test]
fn server_may_answer_a_repeated_syn_anew() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").send(0, "S", C, 0, "").send(1, "SA", S + 900, C + 1, "");
    wire.send(1, "A", S + 901, C + 1, "x").expect(&["0 open 50000 syn #1", r#"0 s 0 "x" #5+0"#]);
}

#[test]
fn data_in_the_syn_counts_from_zero() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "fast").send(1, "SA", S, C + 5, "").send(0, "A", C + 5, S + 1, "er");
    wire.expect(&["0 open 50000 syn #1", r#"0 c 0 "fast" #1+0"#, r#"0 c 4 "er" #3+0"#]);
    // Refused by the server: sent again.
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "fast").send(1, "SA", S, C + 1, "").send(0, "A", C + 1, S + 1, "faster");
    wire.expect(&["0 open 50000 syn #1", r#"0 c 0 "fast" #1+0"#, r#"0 c 4 "er" #3+4"#]);
}

#[test]
fn syn_ack_alone_tells_both_beginnings() {
    let mut wire = Wire::new();
    wire.send(1, "SA", S, C + 1, "").client(C + 3, "cd").client(C + 1, "ab").server(S + 1, "x");
    wire.expect(&["0 open 50000 syn #1", r#"0 c 0 "ab" #3+0"#, r#"0 c 2 "cd" #2+0"#, r#"0 s 0 "x" #4+0"#]);
}

#[test]
fn syn_without_its_answer() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").client(C + 1, "hi").server(S + 1, "xy").take();
    assert_eq!(wire.finish(), ["0 c end #3", "0 s end #3"]);
    // Before the client's first acknowledgement nothing says whether this is the server's first byte, nor does one of more
    // than the SYN.
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").server(S + 1, "xy").expect(&["0 open 50000 syn #1"]);
    wire.send(0, "A", C + 1, S + 3, "").expect(&["0 s joined", r#"0 s 0 "xy" #2+0"#]);
    // One that was sent before all else tells it; a later one tells of a byte that may be any.
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(0, "A", C + 1, S + 1, "").server(S + 1, "xy");
    wire.expect(&["0 open 50000 syn #1", r#"0 s 0 "xy" #3+0"#]);
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(0, "A", C + 3, S + 1, "").server(S + 1, "xy");
    wire.expect(&["0 open 50000 syn #1", "0 s joined", r#"0 s 0 "xy" #3+0"#]);
}

#[test]
fn syn_captured_after_the_data_still_counts() {
    let mut wire = Wire::new();
    wire.client(C + 1, "ab").server(S + 1, "x").send(1, "SA", S, C + 1, "").send(0, "S", C, 0, "").client(C + 3, "c");
    wire.expect(&["0 open 50000 syn #1", r#"0 c 0 "ab" #1+0"#, r#"0 s 0 "x" #2+0"#, r#"0 c 2 "c" #5+0"#]);
}

#[test]
fn midstream_starts_at_the_lowest_byte_after_a_little_while() {
    let mut wire = Wire::new();
    wire.client(C + 51, "cd").client(C + 49, "ab").server(S + 1, "x").expect(&[]);
    wire.client(C + 53, "e").wait(4).client(C + 53, "");
    wire.expect(&[
        "0 open 50000 midstream #1",
        "0 c joined",
        r#"0 c 0 "ab" #2+0"#,
        r#"0 c 2 "cd" #1+0"#,
        "0 s joined",
        r#"0 s 0 "x" #3+0"#,
        r#"0 c 4 "e" #4+0"#,
    ]);
}

#[test]
fn acknowledgements_tell_where_the_other_direction_stands() {
    let mut wire = Wire::new();
    wire.client(C + 1, "ab").wait(4).client(C + 3, "c");
    wire.expect(&["0 open 50000 midstream #1", "0 c joined", r#"0 c 0 "ab" #1+0"#, r#"0 c 2 "c" #2+0"#]);
    // The client has everything up to here, so this is next for certain.
    wire.server(S + 1, "x").expect(&["0 s joined", r#"0 s 0 "x" #3+0"#]);
    // And this is not; nothing is said about when the rest was sent.
    let mut wire = Wire::new();
    wire.client(C + 1, "ab").wait(4).client(C + 3, "c").take();
    wire.server(S + 4, "yz").send(0, "A", C + 4, S + 6, "").server(S + 3, "x").expect(&[]);
    assert_eq!(wire.finish()[..3], ["0 s joined", r#"0 s 0 "x" #5+0"#, r#"0 s 1 "yz" #3+0"#]);
}

#[test]
fn midstream_client_is_guessed_by_port_then_by_who_speaks_first() {
    let mut wire = Wire::new();
    wire.server(S + 1, "x").client(C + 1, "a");
    let lines = ["0 open 50000 midstream #1", "0 s joined", r#"0 s 0 "x" #1+0"#, "0 c joined", r#"0 c 0 "a" #2+0"#];
    assert_eq!(wire.finish()[..5], lines);
    let mut wire = Wire::new();
    wire.ends[1].set_port(40000);
    wire.server(S + 1, "x").client(C + 1, "a");
    let lines = ["0 open 40000 midstream #1", "0 c joined", r#"0 c 0 "x" #1+0"#, "0 s joined", r#"0 s 0 "a" #2+0"#];
    assert_eq!(wire.finish()[..5], lines);
}

#[test]
fn packets_without_payload_open_nothing() {
    let mut wire = Wire::new();
    wire.client(C + 1, "").send(1, "RA", S, C, "").send(0, "AF", C, S, "");
    assert!(wire.finish().is_empty());
}

#[test]
fn late_copies_do_not_open_a_closed_connection_again() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 1, S + 1, "a").send(1, "AF", S + 1, C + 3, "").take();
    wire.client(C + 1, "a").send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").send(0, "AF", C + 1, S + 1, "a");
    wire.expect(&[]);
    wire.send(0, "S", C + 99, 0, "").expect(&["1 open 50000 syn #10"]);
}

#[test]
fn the_longest_idle_connection_makes_room() {
    let mut wire = Wire::with(&Limits { connections: 2, ..Limits::default() });
    let mut syn = |port: u16, sequence: u32, log: &[&str]| {
        wire.ends[0].set_port(port);
        wire.send(0, "S", sequence, 0, "").expect(log);
    };
    syn(1, 1, &["0 open 1 syn #1"]);
    syn(2, 1, &["1 open 2 syn #2"]);
    syn(1, 1, &[]);
    syn(3, 1, &["1 c timeout #4", "1 s timeout #4", "2 open 3 syn #4"]);
    assert_eq!(wire.finish(), ["0 c end #4", "0 s end #4", "2 c end #4", "2 s end #4"]);
}

#[test]
fn connections_end_in_the_order_in_which_they_began() {
    let mut wire = Wire::new();
    for port in (1..50).rev() {
        wire.ends[0].set_port(port);
        wire.send(0, "S", C, 0, "");
    }
    wire.take();
    let ids: Vec<u32> = wire.finish().iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(ids, (0..49).flat_map(|id| [id, id]).collect::<Vec<u32>>());
}

#[test]
fn closed_connections_are_remembered_in_bounds() {
    let mut wire = Wire::with(&Limits { connections: 8, ..Limits::default() });
    for port in 1..1000 {
        wire.ends[0].set_port(port);
        wire.send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "");
        wire.send(0, "AF", C + 1, S + 1, "").send(1, "AF", S + 1, C + 2, "");
    }
    assert!(wire.connections.table.len() <= 16 + 8);
    assert!(wire.connections.tombstones.len() <= 16);
    assert_eq!(wire.connections.open.len(), 0);
}

#[test]
fn same_ends_are_no_connection() {
    let mut wire = Wire::new();
    wire.ends[1] = wire.ends[0];
    wire.send(0, "S", C, 0, "abc");
    assert!(wire.finish().is_empty());
}
