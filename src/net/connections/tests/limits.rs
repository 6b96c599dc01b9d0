//! The bounds: on bytes and segments that wait, and on connections.

use super::{C, S, Wire};
use crate::limits::Limits;

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
