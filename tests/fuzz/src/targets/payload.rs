//! A message's payload → everything, in the middle of a whole connection.

use std::sync::OnceLock;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::{self, LinkType};
use rtmp_inspect::proto::Event;
use rtmp_inspect::synth::{Connection, Conversation, Link, Message, Packet, sample};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side, Time};

use crate::common::everything::Everything;

/// Analyzes packets as frames of Ethernet.
pub fn analyze(packets: &[Packet]) -> Everything {
    let mut everything = Everything::new(&Limits::default());
    for (index, packet) in packets.iter().enumerate() {
        everything.push(&captured(index, packet.time, &packet.frame()));
    }
    everything.finish();
    everything
}

/// The packet of that place in a capture.
pub fn captured(index: usize, time: Time, frame: &[u8]) -> capture::Packet<'_> {
    capture::Packet {
        at: Moment { packet: PacketNo(index as u64 + 1), time },
        link: LinkType(1),
        data: frame,
        wire_length: frame.len() as u32,
        place: Place::default(),
    }
}

/// A client that publishes, in the middle of its connection.
struct Publishing {
    conversation: Conversation,
    connection: Connection,
    /// What was captured so far.
    frames: Vec<(Time, Vec<u8>)>,
}

fn publishing() -> &'static Publishing {
    static PUBLISHING: OnceLock<Publishing> = OnceLock::new();
    PUBLISHING.get_or_init(|| {
        let conversation = sample::publishing();
        let writes = conversation.writes();
        let mut packets = Vec::new();
        let mut connection = Connection::open(Link::v4(), writes[0].time, &mut packets);
        for write in writes {
            connection.write(write, &mut packets);
        }
        let frames = packets.iter().map(|packet| (packet.time, packet.frame())).collect();
        Publishing { conversation, connection, frames }
    })
}

/// Sends these messages, and finds them decoded with the same payloads. What comes before them is always the same, and
/// printed by other tests.
pub fn run(messages: &[Message]) {
    let Publishing { conversation, connection, frames } = publishing();
    let mut connection = connection.clone();
    let mut said = conversation.clone();
    for message in messages {
        said = said.client(|c| c.message(message));
    }
    let mut packets = Vec::new();
    for write in &said.writes()[conversation.writes().len()..] {
        connection.write(write, &mut packets);
    }
    let end = connection.now();
    connection.close(Side::Client, end, &mut packets);

    let mut everything = Everything::new(&Limits::default());
    for (index, (time, frame)) in frames.iter().enumerate() {
        everything.listen(&captured(index, *time, frame));
    }
    for (index, packet) in packets.iter().enumerate() {
        everything.push(&captured(frames.len() + index, packet.time, &packet.frame()));
    }
    everything.finish();
    let found: Vec<_> = everything
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) if message.from == Side::Client => Some(message),
            _ => None,
        })
        .collect();
    let found = &found[found.len() - messages.len()..];
    for (found, sent) in found.iter().zip(messages) {
        assert_eq!((found.head.kind.0, &found.payload[..]), (sent.message_type, &sent.payload[..]));
    }
    everything.json();
}
