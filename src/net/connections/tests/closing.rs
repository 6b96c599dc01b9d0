//! FIN and RST, which close a connection behind all that was sent before them.

use super::{C, S, Wire};

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
    wire.expect(&[r#"0 c 0 "ab" #5+0"#, r#"0 s 0 "xy" #6+0"#]);
    assert_eq!(wire.finish(), ["0 c rst #4", "0 s rst #4"]);
}

#[test]
fn rst_takes_effect_when_time_passes() {
    let mut wire = Wire::new();
    wire.handshake().send(1, "RA", S + 1, C + 1, "").expect(&[]);
    wire.wait(4);
    wire.ends[0].set_port(50001);
    wire.send(0, "S", 77, 0, "").expect(&["0 c rst #4", "0 s rst #4", "1 open 50001 syn #5"]);
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
