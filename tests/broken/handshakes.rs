//! Handshakes with a block that is missing, or has another length.

use rtmp_inspect::proto::rtmp::{HandshakeLength, Mistake, Step};
use rtmp_inspect::synth::{Conversation, Random, Write};
use rtmp_inspect::wire::Side;

const BLOCK: usize = 1536;
const LENGTHS: &[usize] = &[256, 1024, 1528, 1532, 1535, 1537, 1540, 1544, 2048, 3072];

/// What is wrong with a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    NoEcho,
    Length(Step),
    Twice(Step),
}

impl Fault {
    /// The conversation with that fault on one side, and the mistake that has to be named. One of four senders of a wrong length echoes
    /// nothing, so that only the sum can be told.
    pub(crate) fn apply(self, good: &Conversation, side: Side, random: &mut Random) -> (Conversation, Mistake) {
        let mut writes: Vec<Write> = good.writes().to_vec();
        let (first, echo) = if side == Side::Client { (0, 2) } else { (1, 1) };
        let echo_from = if side == Side::Client { 0 } else { 1 + BLOCK };
        let is_echo = self == Fault::NoEcho || random.below(4) > 0;
        if !is_echo {
            writes[echo].bytes[echo_from..echo_from + BLOCK].copy_from_slice(&random.bytes(BLOCK));
        }
        let place = |step: Step| if step == Step::Block { (first, 1) } else { (echo, echo_from) };
        let named = |step: Step, is: usize, twice: bool| {
            let it = if is_echo {
                HandshakeLength { step: Some(step), is: is as u32, twice }
            } else {
                HandshakeLength { step: None, is: (1 + BLOCK + is) as u32, twice: false }
            };
            Mistake::HandshakeLength(it)
        };
        let mistake = match self {
            Fault::NoEcho => {
                writes[echo].bytes.drain(echo_from..echo_from + BLOCK);
                Mistake::NoEcho
            }
            Fault::Length(step) => {
                let (write, at) = place(step);
                let length = LENGTHS[random.below(LENGTHS.len() as u64) as usize];
                let mut block: Vec<u8> = writes[write].bytes[at..at + BLOCK].to_vec();
                block.extend(random.bytes(BLOCK));
                writes[write].bytes.splice(at..at + BLOCK, block.into_iter().take(length));
                named(step, length, false)
            }
            Fault::Twice(step) => {
                let (write, at) = place(step);
                let block = writes[write].bytes[at..at + BLOCK].to_vec();
                writes[write].bytes.splice(at..at, block);
                named(step, 2 * BLOCK, true)
            }
        };
        let mut conversation = Conversation::new();
        for write in writes.iter().filter(|write| !write.bytes.is_empty()) {
            let before = rtmp_inspect::wire::Time(write.time.0 - 1_000_000);
            conversation = conversation.at(before).side(write.from, |c| c.raw(&write.bytes));
        }
        (conversation, mistake)
    }
}

/// Whether a mistake is the one that was made: with its block, or with the sum where that is all that can be told.
pub(crate) fn is_named(found: &Mistake, made: &Mistake) -> bool {
    let sum = |it: &HandshakeLength| it.is + if it.step.is_some() { 1 + BLOCK as u32 } else { 0 };
    match (found, made) {
        // What the other side answers may tell the block all the same.
        (Mistake::HandshakeLength(found), Mistake::HandshakeLength(made)) if made.step.is_none() => {
            sum(found) == sum(made)
        }
        _ => found == made,
    }
}
