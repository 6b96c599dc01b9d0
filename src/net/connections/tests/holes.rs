//! Bytes that were not captured: when they are given up, and when they are waited for.

use super::{C, S, Wire};

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
