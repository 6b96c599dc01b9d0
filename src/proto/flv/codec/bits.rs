//! Bits inside bytes, most significant first, with the bytes that each value came from.

use std::ops::Range;

use crate::wire::{Field, Reader, Recorder, Stop, Value};

/// A cursor over bits.
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// The position of `bytes` as it is recorded.
    base: u32,
    at: usize,
    /// Bits already read of the byte at `at`.
    used: u8,
    /// In a NAL unit, the zero bytes just read: after two of them a 3 is no content (emulation_prevention_three_byte).
    zeros: Option<u8>,
    /// What is being read, for a person.
    what: &'static str,
}

impl<'a> Bits<'a> {
    /// Bits of bytes that stand for themselves.
    pub(crate) fn plain(bytes: &'a [u8], base: u32, what: &'static str) -> Self {
        Bits { bytes, base, at: 0, used: 0, zeros: None, what }
    }

    /// Bits of a NAL unit's content. Source: H.264 §7.4.1, H.265 §7.4.2.
    pub(crate) fn nal_unit(bytes: &'a [u8], base: u32, what: &'static str) -> Self {
        Bits { zeros: Some(0), ..Bits::plain(bytes, base, what) }
    }

    /// All of the bytes, read or not.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the next bit lies.
    pub(crate) fn at(&self) -> u32 {
        self.base + self.at as u32
    }

    /// The bytes from `start` to the last bit read.
    pub(crate) fn since(&self, start: u32) -> Range<u32> {
        start..self.at() + u32::from(self.used > 0)
    }

    /// How many bits are left, emulation prevention counted in.
    pub(crate) fn left(&self) -> usize {
        (self.bytes.len() - self.at) * 8 - usize::from(self.used)
    }

    /// Passes over what is left of a byte that was begun.
    pub(crate) fn align(&mut self) {
        if self.used > 0 {
            self.used = 0;
            self.at += 1;
        }
    }

    pub(crate) fn stop(&self, what: impl Into<String>) -> Stop {
        Stop::new(self.at(), what)
    }

    pub(crate) fn bit(&mut self) -> Result<bool, Stop> {
        if self.used == 0
            && let Some(zeros) = &mut self.zeros
        {
            if *zeros >= 2 && self.bytes.get(self.at) == Some(&3) {
                self.at += 1;
                *zeros = 0;
            }
            *zeros = if self.bytes.get(self.at) == Some(&0) { zeros.saturating_add(1) } else { 0 };
        }
        let Some(byte) = self.bytes.get(self.at) else {
            return Err(self.stop(format!("{} ends early", self.what)));
        };
        let bit = byte >> (7 - self.used) & 1 == 1;
        self.used += 1;
        if self.used == 8 {
            self.used = 0;
            self.at += 1;
        }
        Ok(bit)
    }

    /// An unsigned number of `count` bits, at most 32.
    pub(crate) fn take(&mut self, count: u32) -> Result<u32, Stop> {
        (0..count).try_fold(0, |sum, _| Ok(sum << 1 | u32::from(self.bit()?)))
    }

    pub(crate) fn skip(&mut self, count: u32) -> Result<(), Stop> {
        (0..count).try_for_each(|_| self.bit().map(|_| ()))
    }

    /// An unsigned Exp-Golomb number. Source: H.264 §9.1.
    pub(crate) fn ue(&mut self) -> Result<u32, Stop> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return Err(self.stop(format!("a number in {} has more than 32 bits", self.what)));
            }
        }
        Ok(((1u64 << zeros) - 1 + u64::from(self.take(zeros)?)) as u32)
    }

    /// A signed Exp-Golomb number. Source: H.264 §9.1.1.
    pub(crate) fn se(&mut self) -> Result<i64, Stop> {
        let number = i64::from(self.ue()?);
        Ok(if number % 2 == 0 { -(number / 2) } else { number / 2 + 1 })
    }

    /// [`take`](Self::take), recorded.
    pub(crate) fn uint<R: Recorder>(
        &mut self,
        r: &mut Reader<'_, '_, R>,
        field: &'static Field,
        count: u32,
    ) -> Result<u32, Stop> {
        let start = self.at();
        let value = self.take(count)?;
        r.note(field, self.since(start), Value::Uint(u64::from(value)));
        Ok(value)
    }

    /// [`bit`](Self::bit), recorded.
    pub(crate) fn flag<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>, field: &'static Field) -> Result<bool, Stop> {
        let start = self.at();
        let value = self.bit()?;
        r.note(field, self.since(start), Value::Bool(value));
        Ok(value)
    }

    /// [`ue`](Self::ue), recorded.
    pub(crate) fn golomb<R: Recorder>(
        &mut self,
        r: &mut Reader<'_, '_, R>,
        field: &'static Field,
    ) -> Result<u32, Stop> {
        let start = self.at();
        let value = self.ue()?;
        r.note(field, self.since(start), Value::Uint(u64::from(value)));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn exp_golomb_numbers_are_those_of_the_table() {
        // 1 010 011 00100 00101, then 1 and 010 as signed 0 and 1.
        let mut bits = Bits::plain(&[0b1010_0110, 0b0100_0010, 0b1101_0000], 0, "a test");
        assert_eq!((0..5).map(|_| bits.ue().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!((bits.se().unwrap(), bits.se().unwrap()), (0, 1));
    }

    #[test]
    fn the_byte_against_start_codes_is_no_content() {
        let mut bits = Bits::nal_unit(&[0, 0, 3, 1, 0, 0, 3], 100, "a test");
        assert_eq!(bits.take(24).unwrap(), 1);
        assert_eq!(bits.at(), 104);
        assert_eq!(bits.take(16).unwrap(), 0);
        assert_eq!(bits.bit().unwrap_err().what, "a test ends early");
        assert!(Bits::plain(&[0; 9], 0, "a test").ue().is_err());
    }
}
