//! Bytes in the order of their sequence numbers, each once, whatever order and how often they came.

use super::{C, S, Wire};

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
fn sequence_numbers_from_nowhere_are_ignored() {
    let mut wire = Wire::new();
    wire.handshake()
        .client(C.wrapping_add(1 << 31), "far")
        .client(C.wrapping_add(3 << 30), "behind")
        .client(C + 1, "a");
    assert_eq!(wire.finish(), [r#"0 c 0 "a" #6+0"#, "0 c end #6", "0 s end #6"]);
}
