use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Story, rule};

/// Chunk sizes of a side on which it looks back: one that it left may still be what it writes.
const LOOK_BACK: usize = 8;
/// Type 3 headers inside a payload that are no chance (one in 2^32) …
const PROOF: usize = 4;
/// … and in a payload that cannot be decoded.
const PROOF_IN_PROBLEM: usize = 2;

rule! {
    /// A chunk ends where the chunk size in force or its message ends, not before. Here the sender said Set Chunk Size and went on
    /// with chunks of its old size: type 3 headers stand inside the message, each where the old size ends. A size that changes
    /// in the middle of a message counts from the next chunk on.
    ///
    /// Why: a receiver that goes by the new size takes the headers for data and loses the direction.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write with the new size from the first chunk after Set Chunk Size on.
    pub(super) struct MessageSplitNeedlessly {
        sizes: [Option<Sizes>; 2],
    }
    "CHK013", "message-split-needlessly", Warning, "RTMP 1.0 §5.3, §5.4.1", rests: Sender
}

/// A side's chunk size in force, and those before.
type Sizes = (u32, Vec<u32>);

impl Rule for MessageSplitNeedlessly {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let sizes = &mut self.sizes[message.from.index()];
        if let Body::SetChunkSize(size @ 1..=0x7fff_ffff) = message.body {
            let (in_force, before) = sizes.get_or_insert((128, Vec::new()));
            if size != *in_force && !before.contains(in_force) && before.len() < LOOK_BACK {
                before.push(*in_force);
            }
            *in_force = size;
            return;
        }
        let Some((in_force, before)) = sizes else { return };
        for &size in before.iter().filter(|size| **size < *in_force) {
            if let Some(at) = split(message, size) {
                let text = format!("after Set Chunk Size {in_force} it goes on with chunks of {size} bytes");
                findings.about(Self::META, message, text).at(Mark::Payload(at..at + 1));
                return;
            }
        }
    }
}

/// Whether a message's payload holds type 3 headers wherever a chunk of `size` bytes ends; where the first one stands.
fn split(message: &Message, size: u32) -> Option<u32> {
    let head = &message.head;
    if head.length <= size {
        return None;
    }
    let marker = 0xc0 | head.header.as_slice().first()? & 63;
    let header = head.header.basic_length() + if head.extended.is_some() { 4 } else { 0 };
    let (mut found, mut first, mut stands_out, mut start) = (0, None, false, 0);
    for run in &head.runs {
        for (_, length) in run.pieces() {
            let mut at = size;
            while at < length {
                let place = (start + at) as usize;
                if message.payload.get(place) != Some(&marker) {
                    return None;
                }
                first.get_or_insert(start + at);
                // Padding has the same byte everywhere.
                stands_out |= message.payload[place - 1] != marker;
                found += 1;
                at += header + size;
            }
            start += length;
        }
    }
    let needed = if message.problems.is_empty() { PROOF } else { PROOF_IN_PROBLEM };
    first.filter(|_| found >= needed && stands_out)
}
