//! How a side's first bytes stand to a handshake: with a version first, with one that does not exist, or without it.

use super::{BLOCK, Foreign, is_signed, is_version};
use crate::wire::Side;

/// What a side begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto::rtmp) enum Beginning {
    /// Nothing came yet.
    Empty,
    /// There is too little to tell.
    Open,
    /// Another protocol that is known.
    Foreign,
    /// C1 or S1, told by its zero bytes or its digest, behind so many bytes: 1, or 0 where C0 or S0 was left out.
    Block { at: usize },
    /// A version that exists, and a C1 or S1 that nothing tells.
    Version,
    /// None of these.
    Other,
}

impl Beginning {
    /// Judges a side's first bytes. Where it `ends` no more will come.
    pub(in crate::proto::rtmp) fn of(bytes: &[u8], from: Side, ends: bool) -> Beginning {
        let Some(first) = bytes.first() else { return Beginning::Empty };
        let is_version = is_version(*first);
        let is_zero = |at: usize| bytes.get(at..at + 4).is_some_and(|field| field == [0; 4]);
        let is_signed = |at: usize| bytes.get(at..at + BLOCK).is_some_and(|block| is_signed(block, from));
        if !is_version && bytes.len() < Foreign::TOLD_BY {
            return if ends { Beginning::Other } else { Beginning::Open };
        }
        if !is_version && Foreign::of(bytes).is_some_and(|foreign| foreign != Foreign::Unknown) {
            return Beginning::Foreign;
        }
        let is_whole = bytes.len() > BLOCK;
        if !is_whole && !ends {
            return Beginning::Open;
        }
        // In the shorter of the two places the bytes of a small time are 0 as well.
        if is_zero(5) || is_signed(1) {
            Beginning::Block { at: 1 }
        } else if is_version {
            Beginning::Version
        } else if (is_whole || bytes.len() == BLOCK) && is_zero(4) || is_signed(0) {
            Beginning::Block { at: 0 }
        } else {
            Beginning::Other
        }
    }
}
