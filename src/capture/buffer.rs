//! The window over a byte stream in which the formats find their records.

use std::io::{self, Read};

use crate::limits::Limits;

/// Read from the source in pieces of this many bytes: large enough that system calls do not show.
const PIECE: usize = 64 << 10;

/// The longest record or block that is read.
pub(super) const LONGEST: usize = Limits::DEFAULT.record_bytes;

/// A window over a byte stream: what is read but not yet consumed, in one piece of memory.
///
/// It grows only when bytes have really arrived, never because a length was claimed.
pub(super) struct Buffer {
    source: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `start` in the stream.
    offset: u64,
    ended: bool,
}

impl Buffer {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Buffer { source, bytes: Vec::new(), start: 0, end: 0, offset: 0, ended: false }
    }

    /// Stream offset of the first byte not consumed.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The `count` bytes at stream offset `offset`, which are still in the window.
    pub(super) fn slice(&self, offset: u64, count: usize) -> &[u8] {
        // Consumed bytes stay in place until the next `fill`.
        let from = (self.start as u64 + offset - self.offset) as usize;
        &self.bytes[from..from + count]
    }

    pub(super) fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Whether at least `count` bytes are in the window, after reading as far as needed and possible.
    #[inline]
    pub(super) fn fill(&mut self, count: usize) -> io::Result<bool> {
        if self.end - self.start >= count { Ok(true) } else { self.read_until(count) }
    }

    #[cold]
    fn read_until(&mut self, count: usize) -> io::Result<bool> {
        debug_assert!(count <= LONGEST + 64);
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        while self.end < count && !self.ended {
            // Double at most: what is claimed but never comes is never allocated.
            if self.bytes.len() - self.end < PIECE / 2 {
                let larger = (self.bytes.len() * 2).max(PIECE);
                self.bytes.resize(larger, 0);
            }
            match self.source.read(&mut self.bytes[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end >= count)
    }
}
