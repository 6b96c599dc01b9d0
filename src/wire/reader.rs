//! The cursor that all decoders read with, and why they stop.

use std::ops::Range;

use super::{Field, Label, Recorder, Value, words};

/// Why a decoder went no further: what was being read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Bytes from the start of what was decoded.
    pub at: u32,
    /// A clause, lower case, no full stop.
    pub what: String,
    pub trouble: Trouble,
}

/// What kind of thing a [`Stop`] is, for whoever must tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trouble {
    /// None of the others.
    #[default]
    Malformed,
    /// It runs past the end of the bytes.
    Truncated,
    /// The bytes end where the end of it should stand; all that is in it was read.
    Unclosed,
    /// It is written otherwise than its place says, and was read as it is written.
    Mixed,
    /// A marker that says what follows does not exist.
    Unknown,
    /// A reference names nothing.
    Dangling,
    /// Bytes behind the last thing, which are none themselves.
    Trailing,
    /// Things inside one another, deeper than is followed.
    Depth,
    /// Something else that is not followed so far.
    Limit,
    /// Lengths that do not lead from one thing to the next and just to the end.
    Tiling,
    /// Start codes part things that should have lengths.
    Delimited,
    /// It stands in a wrapping that does not belong there, or without the one that does.
    Wrapped,
    /// It is another thing than its label says.
    Mislabelled,
}

impl Stop {
    pub fn new(at: u32, what: impl Into<String>) -> Stop {
        Stop { at, what: what.into(), trouble: Trouble::Malformed }
    }

    /// The same of another kind.
    #[must_use]
    pub fn of(self, trouble: Trouble) -> Stop {
        Stop { trouble, ..self }
    }
}

/// Something on the wire that could not be decoded as it stands. What was decoded before it is still there.
pub type Problem = Stop;

/// A cursor over bytes that records what it reads. All numbers are big-endian unless a method says otherwise.
pub struct Reader<'a, 'r, R> {
    bytes: &'a [u8],
    at: usize,
    /// Added to every recorded position: where `bytes` starts in what the reader's user shows.
    base: u32,
    record: &'r mut R,
    label: Label,
    /// The node whose inside is being read.
    open: u32,
}

impl<'a, 'r, R: Recorder> Reader<'a, 'r, R> {
    pub fn new(bytes: &'a [u8], base: u32, record: &'r mut R) -> Self {
        Reader { bytes, at: 0, base, record, label: Label::Field, open: 0 }
    }

    /// Bytes not yet read.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn is_empty(&self) -> bool {
        self.left() == 0
    }

    /// The position of the next byte, as it is recorded.
    pub fn at(&self) -> u32 {
        self.base + self.at as u32
    }

    /// The bytes not yet read.
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The recorded node whose inside is being read, so that a later value can refer to it.
    pub fn current(&self) -> u32 {
        self.open
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The bytes in a recorded range.
    pub fn slice(&self, range: &Range<u32>) -> &'a [u8] {
        let start = (range.start - self.base) as usize;
        &self.bytes[start..start + range.len()]
    }

    /// Gives the next recorded node a label instead of its field's key.
    pub fn label(&mut self, label: Label) -> &mut Self {
        self.label = label;
        self
    }

    pub fn stop(&self, what: impl Into<String>) -> Stop {
        Stop::new(self.at(), what)
    }

    /// The next `count` bytes, recorded as nothing.
    pub fn skip(&mut self, count: usize, what: &str) -> Result<&'a [u8], Stop> {
        let Some(taken) = self.bytes[self.at..].get(..count) else {
            let what = format!(
                "{what} needs {}, {} {} left",
                words::count(count as u64, "byte"),
                self.left(),
                words::plural(self.left() as u64, "is", "are")
            );
            return Err(self.stop(what).of(Trouble::Truncated));
        };
        self.at += count;
        Ok(taken)
    }

    fn take(&mut self, count: usize, field: &'static Field) -> Result<(&'a [u8], Range<u32>), Stop> {
        let start = self.at();
        let taken = self.skip(count, field.key())?;
        Ok((taken, start..start + count as u32))
    }

    /// Records a value that the reader's user worked out itself from `span`.
    pub fn note(&mut self, field: &'static Field, span: Range<u32>, value: Value) {
        let label = std::mem::take(&mut self.label);
        self.record.leaf(field, label, span, value);
    }

    /// A node that the reader's user works out itself from `span`, bytes that were read before, with what is in it.
    pub fn derived<T>(
        &mut self,
        field: &'static Field,
        span: Range<u32>,
        value: Value,
        inside: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let label = std::mem::take(&mut self.label);
        let node = self.record.open(field, label, span.start);
        let result = inside(self);
        self.record.close(node, span.end, value);
        result
    }

    fn uint(&mut self, field: &'static Field, count: usize) -> Result<u32, Stop> {
        let (taken, span) = self.take(count, field)?;
        let value = taken.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        self.note(field, span, Value::Uint(u64::from(value)));
        Ok(value)
    }

    pub fn u8(&mut self, field: &'static Field) -> Result<u8, Stop> {
        self.uint(field, 1).map(|value| value as u8)
    }

    pub fn u16(&mut self, field: &'static Field) -> Result<u16, Stop> {
        self.uint(field, 2).map(|value| value as u16)
    }

    pub fn u24(&mut self, field: &'static Field) -> Result<u32, Stop> {
        self.uint(field, 3)
    }

    pub fn u32(&mut self, field: &'static Field) -> Result<u32, Stop> {
        self.uint(field, 4)
    }

    /// Four bytes, least significant first.
    pub fn u32_le(&mut self, field: &'static Field) -> Result<u32, Stop> {
        let (taken, span) = self.take(4, field)?;
        let value = taken.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        self.note(field, span, Value::Uint(u64::from(value)));
        Ok(value)
    }

    /// Three bytes, two's complement.
    pub fn i24(&mut self, field: &'static Field) -> Result<i32, Stop> {
        let (taken, span) = self.take(3, field)?;
        let value = i32::from_be_bytes([taken[0], taken[1], taken[2], 0]) >> 8;
        self.note(field, span, Value::Int(i64::from(value)));
        Ok(value)
    }

    pub fn bytes(&mut self, field: &'static Field, count: usize) -> Result<&'a [u8], Stop> {
        let (taken, span) = self.take(count, field)?;
        self.note(field, span.clone(), Value::Bytes(span));
        Ok(taken)
    }

    /// Everything that is left, if anything is, as plain bytes.
    pub fn remainder(&mut self, field: &'static Field) {
        if !self.is_empty() {
            let _ = self.bytes(field, self.left());
        }
    }

    /// Reads inside the next `count` bytes, or those that are left, as if nothing came behind them.
    pub fn within<T>(&mut self, count: usize, inside: impl FnOnce(&mut Self) -> T) -> T {
        let whole = self.bytes;
        self.bytes = &whole[..whole.len().min(self.at.saturating_add(count))];
        let result = inside(self);
        self.bytes = whole;
        result
    }

    /// Named members. The node is closed also when the inside stops early, so that what was there is seen.
    pub fn group<T>(
        &mut self,
        field: &'static Field,
        inside: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.node(field, |r| inside(r).map(|value| (value, Value::Group)))
    }

    /// A node whose value is known only when its inside was read. If the inside stops, it is a group of what was read.
    pub fn node<T>(
        &mut self,
        field: &'static Field,
        inside: impl FnOnce(&mut Self) -> Result<(T, Value), Stop>,
    ) -> Result<T, Stop> {
        let label = std::mem::take(&mut self.label);
        let node = self.record.open(field, label, self.at());
        let outer = std::mem::replace(&mut self.open, node);
        let result = inside(self);
        self.open = outer;
        let end = self.at();
        match result {
            Ok((value, shown)) => {
                self.record.close(node, end, shown);
                Ok(value)
            }
            Err(stop) => {
                self.record.close(node, end, Value::Group);
                Err(stop)
            }
        }
    }
}
