//! The bytes of both directions → everything, and the same in other packets.
//!
//! The first byte says how much of a conversation comes before (none, a handshake, a connection, a published stream, a
//! played one) and what else is done; the second how many sizes of packets follow, a byte each. The rest is what the sides
//! write: a byte that chooses the side, two of the length, the bytes.

use arbitrary::{Result, Unstructured};
use rtmp_inspect::synth::{Conversation, Link, sample, transform};
use rtmp_inspect::wire::Side;

use super::payload::analyze;
use crate::common::meaning;

/// Bits of the first byte, above those of what comes before.
const LOSS: u8 = 0x40;
const MIDSTREAM: u8 = 0x80;

struct Case {
    flags: u8,
    sizes: Vec<usize>,
    conversation: Conversation,
}

fn case(bytes: &[u8]) -> Result<Case> {
    let mut u = Unstructured::new(bytes);
    let flags: u8 = u.arbitrary()?;
    let count = usize::from(u.arbitrary::<u8>()? % 32);
    let sizes = u.bytes(count)?.iter().map(|size| 1 + usize::from(*size) * 3).collect();
    let mut conversation = match flags % 8 {
        0 => Conversation::new(),
        1 => Conversation::new().handshake(),
        2 | 3 => sample::connected(),
        4 | 5 => sample::publishing(),
        _ => sample::playing(),
    };
    while let (false, Ok(side), Ok(length)) = (u.is_empty(), u.arbitrary::<u8>(), u.arbitrary::<u16>()) {
        let Ok(said) = u.bytes(usize::from(length).min(u.len())) else { break };
        conversation = conversation.side(Side::BOTH[usize::from(side & 1)], |peer| peer.raw(said));
    }
    Ok(Case { flags, sizes, conversation })
}

pub fn run(bytes: &[u8]) {
    let Ok(Case { flags, sizes, conversation }) = case(bytes) else { return };
    let mut packets = Link::v4().packets(&conversation);
    if flags & MIDSTREAM != 0 {
        packets.drain(..3);
    }
    let recut = transform::resegment_by(&packets, &sizes);
    if flags & LOSS != 0 {
        // Which are lost is for the sizes to say.
        let mut at = 0;
        let lost: Vec<usize> = sizes
            .iter()
            .map_while(|size| {
                at += size;
                (at < recut.len()).then_some(at)
            })
            .collect();
        analyze(&transform::drop_packets(&recut, &lost)).json();
        return;
    }
    let one = analyze(&packets);
    let other = analyze(&recut);
    assert_eq!(meaning(&one.events), meaning(&other.events), "in other packets it says something else");
    one.json();
    other.json();
}
