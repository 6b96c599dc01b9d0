//! The payload of a message with AMF0 values: a byte that chooses its type, and the payload.

use rtmp_inspect::synth::Message;

use super::payload;

/// Command, data, shared object, and their AMF3 forms, whose values are AMF0 as well.
const KINDS: [u8; 6] = [20, 18, 19, 17, 15, 16];

pub fn run(bytes: &[u8]) {
    let Some((kind, content)) = bytes.split_first() else { return };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    payload::run(&[Message::new(3, kind, 0, 0, content.to_vec())]);
}
