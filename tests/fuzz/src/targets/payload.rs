//! A message's payload → everything, in the middle of a whole connection.

use std::sync::OnceLock;

use rtmp_inspect::analyzer::Limits;
use rtmp_inspect::capture::{self, LinkType};
use rtmp_inspect::proto::Event;
use rtmp_inspect::synth::{Conversation, Link, Message, Packet, sample};
use rtmp_inspect::wire::{Moment, PacketNo, Place, Side};

use crate::common::everything::Everything;

/// Analyzes packets as frames of Ethernet.
pub fn analyze(packets: &[Packet]) -> Everything {
    let mut everything = Everything::new(&Limits::default());
    for (index, packet) in packets.iter().enumerate() {
        let frame = packet.frame();
        everything.push(&capture::Packet {
            at: Moment { packet: PacketNo(index as u64 + 1), time: packet.time },
            link: LinkType(1),
            data: &frame,
            wire_length: frame.len() as u32,
            place: Place::default(),
        });
    }
    everything.finish();
    everything
}

/// A client that publishes.
fn publishing() -> &'static Conversation {
    static PUBLISHING: OnceLock<Conversation> = OnceLock::new();
    PUBLISHING.get_or_init(sample::publishing)
}

/// Sends these messages, and finds them decoded with the same payloads.
pub fn run(messages: &[Message]) {
    let said = |mut conversation: Conversation| {
        for message in messages {
            conversation = conversation.client(|c| c.message(message));
        }
        conversation
    };
    let everything = analyze(&Link::v4().packets(&said(publishing().clone())));
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
