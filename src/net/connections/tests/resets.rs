//! Resets that are not believed, and what connections with the same ends leave to one another.

use super::{C, S, Wire};

#[test]
fn rst_beyond_the_window_is_ignored() {
    let mut wire = Wire::new();
    wire.handshake().server_acknowledges(C + 1).send(0, "R", C + 1 + 65_536, 0, "").client(C + 1, "ab");
    assert_eq!(wire.finish(), [r#"0 c 0 "ab" #6+0"#, "0 c end #6", "0 s end #6"]);
    let mut wire = Wire::new();
    wire.handshake().server_acknowledges(C + 1).send(0, "R", C + 1 + 65_535, 0, "");
    assert_eq!(wire.finish(), ["0 c rst #5", "0 s rst #5"]);
}

#[test]
fn rst_that_was_not_believed_ends_nothing() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").send(0, "R", C + 9, 0, "");
    // What the server acknowledges now may have been under way; that does not prove anything.
    wire.server_acknowledges(C + 3).client(C + 3, "cdefgh").server_acknowledges(C + 9);
    wire.client(C + 9, "ij").take();
    let mut same = Wire::new();
    same.handshake().client(C + 1, "ab").send(0, "R", C + 9, 0, "");
    same.server_acknowledges(C + 3).client(C + 3, "cdefgh").server_acknowledges(C + 9).take();
    assert_eq!(same.finish(), ["0 c rst #5", "0 s rst #5"]);
    wire.server_acknowledges(C + 11);
    assert_eq!(wire.finish(), ["0 c end #10", "0 s end #10"]);
}

#[test]
fn a_syn_after_an_rst_begins_again() {
    // A client that was restarted: the server answers from the connection before, which is then reset.
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(1, "A", 77_777, C + 40_000, "").send(0, "R", C + 40_000, 0, "");
    wire.send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").client(C + 1, "ab").wait(4).client(C + 3, "c");
    assert_eq!(
        wire.finish(),
        ["0 open 50000 syn #1", r#"0 c 0 "ab" #6+0"#, r#"0 c 2 "c" #7+0"#, "0 c end #7", "0 s end #7"]
    );
    // One that was refused, and tries again.
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(1, "RA", 0, C + 1, "").send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "");
    wire.client(C + 1, "ab").server(S + 1, "xy").wait(4).client(C + 3, "c");
    assert_eq!(
        wire.finish(),
        [
            "0 open 50000 syn #1",
            r#"0 c 0 "ab" #5+0"#,
            r#"0 s 0 "xy" #6+0"#,
            r#"0 c 2 "c" #7+0"#,
            "0 c end #7",
            "0 s end #7"
        ]
    );
}

#[test]
fn what_an_rst_has_ended_does_not_begin_again() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").send(1, "RA", S + 1, C + 3, "").expect(&[r#"0 c 0 "ab" #4+0"#, "0 s rst #5"]);
    // An answer to the same SYN with another number: it is another connection's.
    wire.send(1, "SA", S + 500, C + 1, "").server(S + 501, "xy");
    let lines = wire.finish();
    assert_eq!(lines.iter().filter(|line| line.starts_with("0 s")).count(), 0, "{lines:?}");
    assert!(lines.contains(&r#"1 s 0 "xy" #7+0"#.to_owned()), "{lines:?}");
}

#[test]
fn what_an_rst_carries_is_not_of_the_stream() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "ab").send(0, "R", C + 3, 0, "go away");
    assert_eq!(wire.finish(), [r#"0 c 0 "ab" #4+0"#, "0 c rst #5", "0 s rst #5"]);
}

#[test]
fn both_sides_may_open_at_once() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(1, "S", S, 0, "").send(0, "SA", C, S + 1, "").send(1, "SA", S, C + 1, "");
    wire.client(C + 1, "ab").server(S + 1, "xy");
    let lines = ["0 open 50000 syn #1", r#"0 c 0 "ab" #5+0"#, r#"0 s 0 "xy" #6+0"#, "0 c end #6", "0 s end #6"];
    assert_eq!(wire.finish(), lines);
}

#[test]
fn the_fin_of_a_direction_without_packets_is_no_byte() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").send(0, "A", C + 1, S + 1, "");
    wire.send(0, "A", C + 1, S + 101, "").send(0, "A", C + 1, S + 102, "").take();
    assert_eq!(wire.finish(), ["0 s 0 gap 100 #4", "0 c end #4", "0 s end #4"]);
}

#[test]
fn ports_used_again_are_seen_by_their_sequence_numbers() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 1, S + 1, "a").send(1, "AF", S + 1, C + 3, "").take();
    // Late copies, also of what was sent before.
    wire.client(C + 1, "a").client(C.wrapping_sub(500), "old").send(0, "A", C + 3, S + 2, "").expect(&[]);
    wire.client(C + 250_000, "ab").client(C + 250_002, "cd");
    let lines = [
        "1 open 50000 midstream #9",
        "1 c joined",
        r#"1 c 0 "ab" #9+0"#,
        r#"1 c 2 "cd" #10+0"#,
        "1 c end #10",
        "1 s end #10",
    ];
    assert_eq!(wire.finish(), lines);
}
