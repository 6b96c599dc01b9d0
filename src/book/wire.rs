//! A message's bytes as they came: with every chunk header among them, and where packets begin.

use super::Book;
use super::row::Row;

/// A message as it was on the wire, or inside of what was decrypted. What is secret is masked as everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wire {
    pub bytes: Vec<u8>,
    /// What they are, one behind the other, without gaps.
    pub parts: Vec<WirePart>,
    /// Where in `bytes` another packet begins, or of what was derived another piece of it; in order.
    pub borders: Vec<usize>,
    /// Where in `bytes` chunks of other messages stood between; in order.
    pub breaks: Vec<usize>,
    /// They are not in the capture as they are here: they were decrypted, or taken out of what carried them.
    pub is_derived: bool,
}

/// A chunk header, or what is between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WirePart {
    /// From so many bytes on.
    pub at: usize,
    pub length: usize,
    /// Where [`Detail::bytes`](super::Detail::bytes) has them; it has no chunk header but the first.
    pub own: Option<usize>,
    pub is_header: bool,
}

impl Book {
    /// The message at a row as it came; none of another row, nor where bytes are missing.
    pub fn wire(&self, row: u32) -> Option<Wire> {
        let Some(Row::Message(message)) = self.index.row(row) else { return None };
        let shown = self.message(row, message).ok()?;
        let payload = &shown.message.payload;
        let (session, from) = (message.session, message.from);
        let mut wire = Wire { is_derived: self.evidence.is_derived(session, from, message.offset), ..Wire::default() };
        let mut taken = 0;
        for run in self.index.runs(message) {
            let begin = wire.bytes.len();
            if begin > 0 {
                wire.breaks.push(begin);
            }
            let range = run.offset..run.end();
            self.evidence.read(session, from, range.start, (range.end - range.start) as usize, &mut wire.bytes).ok()?;
            let place = |at: u64| begin + (at - run.offset) as usize;
            wire.borders.extend(self.evidence.borders(session, from, range.clone()).into_iter().map(place));
            let mut at = run.offset;
            for (piece, length) in run.pieces() {
                wire.header(place(at), place(piece));
                let (first, length) = (place(piece), length as usize);
                let own = Some(shown.header.len() + taken);
                wire.parts.push(WirePart { at: first, length, own, is_header: false });
                // What is masked is masked here too.
                let masked = payload.get(taken..taken + length)?;
                wire.bytes.get_mut(first..first + length)?.copy_from_slice(masked);
                (at, taken) = (piece + length as u64, taken + length);
            }
            wire.header(place(at), place(range.end));
        }
        Some(wire)
    }
}

impl Wire {
    fn header(&mut self, at: usize, end: usize) {
        if end > at {
            let own = (at == 0).then_some(0);
            self.parts.push(WirePart { at, length: end - at, own, is_header: true });
        }
    }
}
