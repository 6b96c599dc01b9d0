//! What opens a connection, and what does not: SYNs, data in the middle, ends that are used again. Where its bytes begin.

use super::{C, S, Wire};

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
fn late_copies_do_not_open_a_closed_connection_again() {
    let mut wire = Wire::new();
    wire.handshake().send(0, "AF", C + 1, S + 1, "a").send(1, "AF", S + 1, C + 3, "").take();
    wire.client(C + 1, "a").send(0, "S", C, 0, "").send(1, "SA", S, C + 1, "").send(0, "AF", C + 1, S + 1, "a");
    wire.expect(&[]);
    wire.send(0, "S", C + 99, 0, "").expect(&["1 open 50000 syn #10"]);
}

#[test]
fn same_ends_are_no_connection() {
    let mut wire = Wire::new();
    wire.ends[1] = wire.ends[0];
    wire.send(0, "S", C, 0, "abc");
    assert!(wire.finish().is_empty());
}

/// Lines that say who had heard of whom, among the bytes.
fn heard(wire: &mut Wire) -> Vec<String> {
    let mut log = wire.take_all();
    log.retain(|line| line.contains("heard") || line.contains('"'));
    log
}

#[test]
fn who_acknowledges_a_byte_had_one() {
    let mut wire = Wire::new();
    wire.handshake().client(C + 1, "a").client(C + 2, "b").send(1, "A", S + 1, C + 3, "x");
    wire.send(0, "A", C + 3, S + 2, "c");
    let lines =
        [r#"0 c 0 "a" #4+0"#, r#"0 c 1 "b" #5+0"#, "0 s heard", r#"0 s 0 "x" #6+0"#, "0 c heard", r#"0 c 2 "c" #7+0"#];
    assert_eq!(heard(&mut wire), lines);
    // What was acknowledged may be captured later than its acknowledgement, or never.
    let mut wire = Wire::new();
    wire.handshake().send(0, "A", C + 1, S + 2, "a").send(1, "A", S + 1, C + 2, "x");
    assert_eq!(heard(&mut wire), ["0 c heard", r#"0 c 0 "a" #4+0"#, "0 s heard", r#"0 s 0 "x" #5+0"#]);
}

#[test]
fn where_the_other_side_began_is_not_known_it_may_have_been_heard() {
    let mut wire = Wire::new();
    wire.send(0, "S", C, 0, "").client(C + 1, "a");
    assert_eq!(heard(&mut wire), ["0 c heard", r#"0 c 0 "a" #2+0"#]);
}
