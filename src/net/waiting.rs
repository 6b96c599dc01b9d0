//! Bytes that were captured before something that belongs in front of them.

use std::collections::BTreeMap;

use crate::wire::{Moment, Place};

/// What a kept piece costs beside its bytes: its part of a map node that is half full, and an allocation.
const OVERHEAD: usize = 128;

/// What the first piece costs in addition: the map's first node, with room for eleven pieces.
const FIRST: usize = 640;

/// Bytes where they lie, by their position in the stream.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) position: u64,
    pub(super) bytes: &'a [u8],
    pub(super) at: Moment,
    pub(super) place: Place,
}

impl Piece<'_> {
    pub(super) fn end(&self) -> u64 {
        self.position + self.bytes.len() as u64
    }

    /// Without what is before `position`.
    pub(super) fn from(self, position: u64) -> Self {
        let skip = position.saturating_sub(self.position).min(self.bytes.len() as u64);
        Piece {
            position: self.position + skip,
            bytes: &self.bytes[skip as usize..],
            place: Place { file: self.place.file, offset: self.place.offset + skip },
            ..self
        }
    }

    /// Without what is from `position` on.
    pub(super) fn until(self, position: u64) -> Self {
        let keep = position.saturating_sub(self.position).min(self.bytes.len() as u64);
        Piece { bytes: &self.bytes[..keep as usize], ..self }
    }
}

/// A [`Piece`] with its own copy of the bytes.
pub(super) struct Kept {
    bytes: Box<[u8]>,
    at: Moment,
    place: Place,
}

impl Kept {
    pub(super) fn piece(&self, position: u64) -> Piece<'_> {
        Piece { position, bytes: &self.bytes, at: self.at, place: self.place }
    }
}

/// Pieces by position. They never overlap: of two copies of a byte the first one stays.
///
/// `held` counts what all directions of all connections keep, with what that costs beside the bytes.
pub(super) struct Waiting {
    pieces: BTreeMap<u64, Kept>,
    /// Bytes in `pieces`.
    bytes: usize,
}

impl Waiting {
    pub(super) fn new() -> Self {
        Waiting { pieces: BTreeMap::new(), bytes: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The position of the first piece, and when it was captured.
    pub(super) fn first(&self) -> Option<(u64, Moment)> {
        self.pieces.first_key_value().map(|(position, piece)| (*position, piece.at))
    }

    /// Where the last piece ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.pieces.last_key_value().map(|(position, piece)| position + piece.bytes.len() as u64)
    }

    /// Where the piece ends that has the byte at `position`.
    pub(super) fn end_of(&self, position: u64) -> Option<u64> {
        let (start, piece) = self.pieces.range(..=position).next_back()?;
        let end = start + piece.bytes.len() as u64;
        (end > position).then_some(end)
    }

    pub(super) fn pop(&mut self, held: &mut usize) -> Option<(u64, Kept)> {
        let (position, piece) = self.pieces.pop_first()?;
        self.bytes -= piece.bytes.len();
        *held -= piece.bytes.len() + OVERHEAD;
        if self.pieces.is_empty() {
            *held -= FIRST;
            // An empty map would keep its last node.
            self.pieces = BTreeMap::new();
        }
        Some((position, piece))
    }

    /// Copies those of the piece's bytes that were not captured before.
    pub(super) fn keep(&mut self, piece: Piece<'_>, held: &mut usize) {
        let end = piece.end();
        let mut from = piece.position;
        if let Some((position, before)) = self.pieces.range(..=from).next_back() {
            from = from.max(position + before.bytes.len() as u64);
        }
        while from < end {
            let (until, resume) = match self.pieces.range(from..).next() {
                Some((position, after)) if *position < end => (*position, position + after.bytes.len() as u64),
                _ => (end, end),
            };
            if until > from {
                let part = piece.from(from).until(until);
                self.bytes += part.bytes.len();
                *held += part.bytes.len() + OVERHEAD + if self.pieces.is_empty() { FIRST } else { 0 };
                self.pieces.insert(from, Kept { bytes: part.bytes.into(), at: part.at, place: part.place });
            }
            from = resume;
        }
    }

    /// Drops everything and its memory.
    pub(super) fn clear(&mut self, held: &mut usize) {
        if !self.pieces.is_empty() {
            *held -= self.bytes + self.pieces.len() * OVERHEAD + FIRST;
            *self = Waiting::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A position and what is there.
    type Texts<'a> = &'a [(u64, &'a str)];

    fn kept(pieces: Texts<'_>) -> Vec<(u64, String)> {
        let (mut waiting, mut held) = (Waiting::new(), 0);
        for (position, text) in pieces {
            let (bytes, at, place) = (text.as_bytes(), Moment::default(), Place::default());
            waiting.keep(Piece { position: *position, bytes, at, place }, &mut held);
        }
        let mut found = Vec::new();
        while let Some((position, piece)) = waiting.pop(&mut held) {
            let piece = piece.piece(position);
            // Every place starts at zero, so that it shows what was trimmed.
            let text = String::from_utf8_lossy(piece.bytes);
            found.push((position, format!("{text}+{}", piece.place.offset)));
        }
        assert_eq!((held, waiting.bytes()), (0, 0));
        found
    }

    #[test]
    fn pieces_never_overlap() {
        let cases: [(Texts<'_>, Texts<'_>); 7] = [
            (&[(5, "ab"), (2, "xyz")], &[(2, "xyz+0"), (5, "ab+0")]),
            (&[(5, "ab"), (5, "XY")], &[(5, "ab+0")]),
            (&[(5, "ab"), (5, "XYz")], &[(5, "ab+0"), (7, "z+2")]),
            (&[(5, "ab"), (4, "xYZ")], &[(4, "x+0"), (5, "ab+0")]),
            (&[(5, "abcd"), (6, "XY")], &[(5, "abcd+0")]),
            (&[(5, "a"), (7, "b"), (4, "1234567")], &[(4, "1+0"), (5, "a+0"), (6, "3+2"), (7, "b+0"), (8, "567+4")]),
            (&[(5, "")], &[]),
        ];
        for (pieces, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(position, text)| (*position, (*text).to_owned())).collect();
            assert_eq!(kept(pieces), expected, "{pieces:?}");
        }
    }
}
