//! Where the blocks of a handshake lie when one of them is missing or has another length than 1536 bytes.
//!
//! Nothing in a handshake says where it ends. Two things do: the place of the first chunk, proven like any that is looked for,
//! and the place of the block that repeats the peer's, or is signed for it. The first says how long the whole is, both say
//! which of the two blocks is wrong.

use super::MessageType;
use super::handshake::{BLOCK, Echo, HALF, Handshake, HandshakeFacts, PeerBlock, Step};
use super::hypothesis::Beginning;
use super::mistake::{HandshakeLength, Mistake};
use super::resync::{CREDIT, FIRST_CREDIT};
use crate::wire::{Moment, Side};

/// Where C2 or S2 belongs, and the first chunk.
pub(super) const ECHO: usize = 1 + BLOCK;
pub(super) const CHUNKS: usize = HALF as usize;
/// How many bytes behind that are looked at: two blocks and some chunks.
const REACH: usize = 4096;
/// Bytes of the peer's block by which its echo is found.
const KEY: usize = 32;
/// Values that these have at least: a pattern is found anywhere.
const VALUES: usize = 8;
/// The shortest block that an echo tells.
const SHORTEST: usize = 64;
/// Packets that are told apart, and searches for the first chunk.
const PACKETS: usize = 256;
const TRIES: usize = 64;

/// A direction's bytes from C0 or S0 on, until its first chunk is known.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    bytes: Vec<u8>,
    /// Where each packet's part of them ends.
    bounds: Vec<(usize, Moment)>,
    /// Some are not in the capture.
    pub(super) has_hole: bool,
    /// There was no room for all of them.
    is_cut: bool,
    tries: usize,
    tried: usize,
    /// How much looking was done.
    spent: u64,
}

impl Blocks {
    /// Takes the next bytes. False where there is no room for them: then nothing is looked for any more.
    pub(super) fn push(&mut self, bytes: &[u8], at: Moment) -> bool {
        if self.bytes.len() >= CHUNKS + REACH || self.bounds.len() >= PACKETS {
            self.is_cut = true;
            return false;
        }
        let room = CHUNKS + REACH - self.bytes.len();
        self.is_cut = bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.bounds.push((self.bytes.len(), at));
        true
    }

    /// Bytes that are missing inside the handshake.
    pub(super) fn miss(&mut self, bytes: usize) {
        self.has_hole = true;
        self.bytes.resize(self.bytes.len() + bytes, 0);
        self.bounds.push((self.bytes.len(), Moment::default()));
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity() + self.bounds.capacity() * size_of::<(usize, Moment)>()
    }

    /// How much looking was done.
    pub(super) fn work(&self) -> u64 {
        self.spent
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The packet of a byte.
    pub(super) fn moment(&self, at: usize) -> Moment {
        let place = self.bounds.partition_point(|(end, _)| *end <= at);
        self.bounds.get(place).or(self.bounds.last()).map(|(_, at)| *at).unwrap_or_default()
    }

    /// The bytes between two places, as the packets brought them.
    pub(super) fn pieces(&self, from: usize, to: usize) -> impl Iterator<Item = (&[u8], Moment)> {
        let starts = std::iter::once(0).chain(self.bounds.iter().map(|(end, _)| *end));
        starts.zip(&self.bounds).filter_map(move |(start, (end, at))| {
            let (start, end) = (start.max(from), (*end).min(to));
            (start < end).then(|| (&self.bytes[start..end], *at))
        })
    }

    /// Where the echo of the peer's block stands, whole or not. Where that could be two places, neither is told.
    pub(super) fn echo_at(&self, peer: &PeerBlock) -> Option<usize> {
        let key = &peer.bytes()[8..8 + KEY];
        let mut values = key.to_vec();
        values.sort_unstable();
        values.dedup();
        if self.has_hole || values.len() < VALUES || memchr::memmem::find_iter(peer.bytes(), key).nth(1).is_some() {
            return None;
        }
        if self.bytes.get(ECHO + 8..).is_some_and(|echo| echo.starts_with(key)) {
            return Some(ECHO);
        }
        let from = 1 + SHORTEST + 8;
        memchr::memmem::find(self.bytes.get(from..)?, key).map(|at| at + from - 8)
    }

    /// Whether it is not known yet that the first block ends where it should: what follows may be the end of the echo's key.
    pub(super) fn is_short_of_telling(&self) -> bool {
        (ECHO + 1..ECHO + 8 + KEY).contains(&self.len())
    }

    /// Where the echo ends as far as it is one.
    fn echo_end(&self, peer: &PeerBlock) -> Option<usize> {
        let at = self.echo_at(peer).filter(|at| *at == ECHO)?;
        let same = self.bytes[at + 8..].iter().zip(&peer.bytes()[8..]).take_while(|(a, b)| a == b).count();
        Some(at + 8 + same)
    }

    /// Where the first chunk begins, if that is not where it should, and is proven.
    pub(super) fn find_chunks(
        &mut self,
        from: Side,
        peer: Option<&PeerBlock>,
        is_echo_right: bool,
        is_end: bool,
    ) -> Option<usize> {
        if self.len() <= ECHO
            || is_end && self.is_cut
            || self.tries > TRIES && self.len() < self.tried + self.tried / 8 && !is_end
        {
            return None;
        }
        // The first byte of a chunk may be by chance the one that the echo would have there.
        let echo_end = if is_echo_right { Some(CHUNKS) } else { peer.and_then(|peer| self.echo_end(peer)) };
        let start = echo_end.map_or(ECHO, |end| (end - 3).max(ECHO));
        (self.tries, self.tried) = (self.tries + 1, self.len());
        let credit = (FIRST_CREDIT + CREDIT * self.len() as u64).saturating_sub(self.spent);
        let search = Beginning::new(credit, is_end);
        let found = match from {
            Side::Client => self.connect(start, &search),
            Side::Server => self.begins(start, &search),
        };
        self.spent += credit - search.credit();
        found.filter(|at| *at != CHUNKS && (!self.has_hole || *at == ECHO) && !self.is_message(*at))
    }

    /// Whether a message stands where the first belongs, by a type 0 header that no chance writes, though the next chunk that is proven
    /// begins `at` some place behind: something is wrong with that message, and nothing with the handshake.
    pub(super) fn is_message(&self, at: usize) -> bool {
        let header = self.bytes.get(CHUNKS..CHUNKS + 12);
        let is_header = matches!(header, Some([2..=63, 0, _, _, 0, _, _, kind, 0 | 1, 0, 0, 0])
            if MessageType(*kind).name().is_some());
        is_header && at > CHUNKS && at != CHUNKS + BLOCK
    }

    /// Where a server's chunks begin.
    fn begins(&self, start: usize, search: &Beginning) -> Option<usize> {
        let right = search.among(&self.bytes, CHUNKS..CHUNKS + 1);
        let early = || search.among(&self.bytes, start..CHUNKS);
        let late = || {
            let bytes = self.bytes.get(CHUNKS..).filter(|bytes| !bytes.is_empty())?;
            search.behind(bytes).map(|stray| CHUNKS + stray)
        };
        right.or_else(early).or_else(late)
    }

    /// Where a client's chunks begin: with `connect`, or what sets sizes before it.
    fn connect(&self, start: usize, search: &Beginning) -> Option<usize> {
        const NAME: &[u8] = b"\x02\0\x07connect";
        let bytes = &self.bytes;
        let is_connect = |at: usize| matches!(bytes[at..], [2..=63, _, _, _, 0, _, _, 20, 0, 0, 0, 0, ref rest @ ..] if rest.starts_with(NAME));
        let header = |name: usize| name.checked_sub(12).filter(|at| *at >= start && is_connect(*at));
        let mut at = memchr::memmem::find_iter(bytes, NAME).find_map(header)?;
        let sets_size = |at: usize| matches!(bytes[at..], [2, _, _, _, 0, 0, 4, 1 | 5, 0, 0, 0, 0, ..]);
        while let Some(before) = at.checked_sub(16).filter(|before| *before >= start && sets_size(*before)) {
            at = before;
        }
        // Behind a whole handshake it may follow on other messages.
        let is_late = at > CHUNKS && search.among(bytes, CHUNKS..CHUNKS + 1).is_some();
        Some(if is_late { CHUNKS } else { at })
    }

    /// The mistake by which the chunks begin at this place, and where C2 or S2 stands, if that is known. `is_whole` says whether
    /// the peer's answer shows that the first block had all its bytes.
    pub(super) fn judge(
        &self,
        from: Side,
        peer: Option<&PeerBlock>,
        chunks: usize,
        is_echo_right: bool,
        is_whole: bool,
    ) -> (Mistake, Option<usize>) {
        if chunks == ECHO {
            return (Mistake::NoEcho, None);
        }
        let answers = |at: usize| {
            let block = self.bytes.get(at..at + BLOCK).filter(|_| !self.has_hole)?;
            let (facts, _) = Handshake::judge(Step::Echo, from, block, peer);
            matches!(facts, HandshakeFacts::Echo { echo: Some(Echo::Exact | Echo::Random | Echo::Signature), .. })
                .then_some(at)
        };
        let begins_right = is_echo_right || peer.is_some_and(|peer| self.echo_at(peer) == Some(ECHO));
        let first = || chunks.checked_sub(BLOCK).filter(|at| *at > SHORTEST && *at != ECHO).and_then(answers);
        let (step, is, echo) = if !begins_right && let Some(at) = first() {
            (Some(Step::Block), at - 1, Some(at))
        } else if begins_right || answers(ECHO).is_some() || is_whole && chunks < CHUNKS {
            (Some(Step::Echo), chunks - ECHO, Some(ECHO).filter(|_| chunks > CHUNKS))
        } else {
            (None, chunks, Some(ECHO).filter(|_| chunks > CHUNKS))
        };
        let start = if step == Some(Step::Block) { 1 } else { ECHO };
        let twice = is == 2 * BLOCK
            && step.is_some()
            && self.bytes.get(start..start + is).is_some_and(|both| both[..BLOCK] == both[BLOCK..]);
        (Mistake::HandshakeLength(HandshakeLength { step, is: is as u32, twice }), echo)
    }

    /// The bytes of a block.
    pub(super) fn block(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(at..at + BLOCK)
    }

    /// Whether an echo that is none where it belongs may be one elsewhere, or the beginning of one.
    pub(super) fn may_be_elsewhere(&self, peer: &PeerBlock, is_signed: bool) -> bool {
        // Behind its 1536 bytes there may be the first ones of the right one.
        let is_begun = (CHUNKS + 1..CHUNKS + 8 + KEY).contains(&self.len());
        !self.has_hole && (is_begun || self.echo_at(peer).is_some() || is_signed && peer.is_signed())
    }
}
