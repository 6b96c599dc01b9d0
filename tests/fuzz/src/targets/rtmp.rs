//! The bytes of both directions → everything, and the same in other packets.
//!
//! The first byte says how much of a conversation comes before (none, a handshake, a connection, a published stream, a
//! played one) and what else is done: whether some packets are lost, the connection's beginning is not captured, or the client
//! publishes a [`SECRET`] before the rest. The second says how many sizes of packets follow, a byte each. The rest is what the
//! sides write: a byte that chooses the side, two of the length, the bytes.

use std::collections::HashMap;
use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use rtmp_inspect::synth::{Conversation, Link, Packet, sample, transform};
use rtmp_inspect::wire::Side;

use super::payload::analyze;
use crate::common::{Story, meaning};

/// Bits of the first byte, above those of what comes before.
const PLANT: u8 = 0x20;
const LOSS: u8 = 0x40;
const MIDSTREAM: u8 = 0x80;

/// The name that is published where one is to be kept secret. Dictionaries have it too.
pub const SECRET: &str = "Zq7Rw9Xk2LmP4";

pub struct Case {
    flags: u8,
    sizes: Vec<usize>,
    /// As the two sides sent it.
    pub packets: Vec<Packet>,
}

/// What comes before, as the first byte says.
fn before(flags: u8) -> Conversation {
    static BEFORE: OnceLock<[Conversation; 5]> = OnceLock::new();
    let known = BEFORE.get_or_init(|| {
        let handshake = Conversation::new().handshake();
        [Conversation::new(), handshake, sample::connected(), sample::publishing(), sample::playing()]
    });
    known[[0, 1, 2, 2, 3, 3, 4, 4][usize::from(flags % 8)]].clone()
}

impl Case {
    pub fn read(bytes: &[u8]) -> Result<Case> {
        let mut u = Unstructured::new(bytes);
        let flags: u8 = u.arbitrary()?;
        let count = usize::from(u.arbitrary::<u8>()? % 32);
        let sizes = u.bytes(count)?.iter().map(|size| 1 + usize::from(*size) * 3).collect();
        let mut conversation = before(flags);
        if flags & PLANT != 0 {
            conversation = conversation.client(|c| c.publish(sample::STREAM, 9, SECRET));
        }
        while let (false, Ok(side), Ok(length)) = (u.is_empty(), u.arbitrary::<u8>(), u.arbitrary::<u16>()) {
            let Ok(said) = u.bytes(usize::from(length).min(u.len())) else { break };
            conversation = conversation.side(Side::BOTH[usize::from(side & 1)], |peer| peer.raw(said));
        }
        let mut packets = Link::v4().packets(&conversation);
        if flags & MIDSTREAM != 0 {
            packets.drain(..3);
        }
        Ok(Case { flags, sizes, packets })
    }

    /// The same in packets of other sizes; of these, those that were captured.
    pub fn captured(&self) -> Vec<Packet> {
        let recut = transform::resegment_by(&self.packets, &self.sizes);
        if self.is_whole() {
            return recut;
        }
        // Which are lost is for the sizes to say.
        let mut at = 0;
        let lost: Vec<usize> = self
            .sizes
            .iter()
            .map_while(|size| {
                at += size;
                (at < recut.len()).then_some(at)
            })
            .collect();
        transform::drop_packets(&recut, &lost)
    }

    /// Whether the secret was published where that is sure to be read: behind a handshake, of which nothing was lost.
    pub fn has_secret(&self) -> bool {
        self.flags & PLANT != 0 && !self.flags.is_multiple_of(8) && self.is_whole()
    }

    /// Whether all packets were captured.
    pub fn is_whole(&self) -> bool {
        self.flags & LOSS == 0
    }
}

pub fn run(bytes: &[u8]) {
    let Ok(case) = Case::read(bytes) else { return };
    let captured = case.captured();
    let everything = analyze(&captured);
    if case.is_whole() && captured != case.packets {
        let sent = Story::of_packets(&case.packets).meaning();
        let captured = meaning(&everything.events);
        let certain = |lines: &[String]| certain(lines, &doubts(&sent, &captured));
        let (sent, captured) = (certain(&sent), certain(&captured));
        assert_eq!(sent, captured, "in other packets it says something else");
    }
    everything.json();
}

/// Where each direction's first doubt is, by its session and side, in either packets.
fn doubts(sent: &[String], captured: &[String]) -> HashMap<String, u64> {
    let mut doubts = HashMap::new();
    for line in sent.iter().chain(captured) {
        let Some((direction, kind, at)) = place(line) else { continue };
        // What was under way there, or reads in two ways.
        let is_given_up = kind == "incomplete" && (line.ends_with("Ambiguous") || line.ends_with("Undecodable"));
        if !is_given_up && !matches!(kind, "deviation" | "undecodable") {
            continue;
        }
        let first = doubts.entry(direction).or_insert(at);
        *first = at.min(*first);
    }
    doubts
}

/// What is the same in all packets: everything of a direction without doubt, and what ends before the first one of any other.
///
/// A message is told with its last packet, so that a live capture shows it at once, and a mistake inside it can only be found, or given up, where that
/// packet has more bytes: then the message is taken back and read otherwise. Which message that is depends on where packets end, and so
/// does all that is read from there on. To have the same in all packets each message would have to wait for the header behind it.
fn certain(lines: &[String], doubts: &HashMap<String, u64>) -> Vec<String> {
    let is_certain = |line: &&String| match place(line) {
        None => true,
        Some((direction, what, at)) => {
            doubts.get(&direction).is_none_or(|doubt| at < *doubt && matches!(what, "message" | "incomplete"))
        }
    };
    lines.iter().filter(is_certain).cloned().collect()
}

/// The direction that a line is about, what it says, and where that is.
fn place(line: &str) -> Option<(String, &str, u64)> {
    let mut words = line.splitn(5, ' ');
    let (session, side, what, at) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some((format!("{session} {side}"), what, at.parse().ok()?))
}
