//! A place in a packet: what is captured from here on, and how much of it was on the wire.

use super::Unread;

/// The part of a packet that no header has claimed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a> {
    /// The captured bytes.
    pub(super) bytes: &'a [u8],
    /// Bytes on the wire; more than are captured where a snap length cut the packet.
    pub(super) length: usize,
    /// Where `bytes` starts in the frame or in the packet that was put together from fragments.
    pub(super) at: usize,
}

impl<'a> Rest<'a> {
    pub(super) fn new(bytes: &'a [u8], length: usize) -> Self {
        Rest { bytes, length: length.max(bytes.len()), at: 0 }
    }

    /// After a header of `count` bytes.
    #[inline]
    pub(super) fn skip(self, count: usize) -> Result<Self, Unread> {
        let bytes = self.bytes.get(count..).ok_or(Unread::Cut)?;
        Ok(Rest { bytes, length: self.length - count, at: self.at + count })
    }

    /// The `length` bytes that a header claims for what follows it. Fewer may be captured, and what comes after them is
    /// padding, a trailer or a checksum.
    #[inline]
    pub(super) fn claim(self, length: usize) -> Self {
        Rest { bytes: &self.bytes[..self.bytes.len().min(length)], length, at: self.at }
    }

    #[inline]
    pub(super) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Unread> {
        self.bytes.get(at..).and_then(|bytes| bytes.first_chunk::<N>()).copied().ok_or(Unread::Cut)
    }

    #[inline]
    pub(super) fn u8(self, at: usize) -> Result<u8, Unread> {
        self.bytes.get(at).copied().ok_or(Unread::Cut)
    }

    #[inline]
    pub(super) fn u16(self, at: usize) -> Result<u16, Unread> {
        self.array(at).map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u32(self, at: usize) -> Result<u32, Unread> {
        self.array(at).map(u32::from_be_bytes)
    }
}
