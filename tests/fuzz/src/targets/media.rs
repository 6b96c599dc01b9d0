//! Audio, video, data and aggregate messages, one after the other: a byte that chooses the type, one of the time that passed
//! in ms, two of the length, the payload.

use arbitrary::Unstructured;
use rtmp_inspect::synth::Message;

use super::payload;

const KINDS: [u8; 4] = [8, 9, 22, 18];
/// As many as fit into one input of the usual size.
const MOST: usize = 32;

pub fn run(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let mut messages = Vec::new();
    let mut time = 0;
    while let (true, Ok(kind), Ok(passed), Ok(length)) =
        (!u.is_empty() && messages.len() < MOST, u.arbitrary::<u8>(), u.arbitrary::<u8>(), u.arbitrary::<u16>())
    {
        let Ok(content) = u.bytes(usize::from(length).min(u.len())) else { break };
        time += u32::from(passed);
        let kind = KINDS[usize::from(kind) % KINDS.len()];
        messages.push(Message::new(4 + u32::from(kind == 9), kind, 1, time, content.to_vec()));
    }
    payload::run(&messages);
}
