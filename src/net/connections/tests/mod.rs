//! The cases of TCP, one by one. A [`Wire`] sends segments and writes down what comes out, a line each.

#![allow(clippy::unwrap_used)]

mod closing;
mod holes;
mod limits;
mod opening;
mod order;
mod resets;

use std::net::SocketAddr;

use super::Connections;
use crate::limits::Limits;
use crate::net::{Delivery, Flags, How, Identity, Output, Segment, Start};
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
        Output::Stream { connection, from, delivery: Delivery::Joined } => {
            format!("{connection} {} joined", side(from))
        }
        Output::Stream { connection, from, delivery: Delivery::Heard } => format!("{connection} {} heard", side(from)),
        Output::Stream { connection, from, delivery: Delivery::Bytes { offset, bytes, at, place } } => {
            // The place is shown as the distance from where the packet's payload starts.
            let into = place.unwrap().offset - at.packet.0 * 1000;
            let text = String::from_utf8_lossy(bytes);
            format!("{connection} {} {offset} {text:?} #{}+{into}", side(from), at.packet)
        }
        Output::Stream { connection, from, delivery: Delivery::Gap { offset, missing, at, .. } } => {
            format!("{connection} {} {offset} gap {missing} #{}", side(from), at.packet)
        }
        Output::Stream { connection, from, delivery: Delivery::Close { how, at, .. } } => {
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

    /// What came, but for who had heard of whom.
    fn take(&mut self) -> Vec<String> {
        let mut log = self.take_all();
        log.retain(|line| !line.ends_with(" heard"));
        log
    }

    fn take_all(&mut self) -> Vec<String> {
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
