//! Bodies in chunks (RFC 9112 §7.1), read byte by byte: nothing of the lines around the data is kept.

/// Where in a chunked body the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunked {
    /// The size's digits so far.
    Size { size: u64, digits: u8 },
    /// Behind the digits: an extension, to the line's end.
    Extension { size: u64 },
    /// Bytes of data that are left.
    Data { left: u64 },
    /// The end of the line behind the data.
    DataEnd,
    /// Lines behind the last chunk; how much of the line is there.
    Trailer { is_empty: bool },
}

/// What a step makes of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many bytes are data.
    Data(usize),
    /// So many bytes are none.
    Line(usize),
    /// The body ends behind so many bytes.
    End(usize),
    /// These bytes cannot be a chunk's.
    Broken,
}

/// A size has at most as many digits as 64 bits have.
const DIGITS: u8 = 16;

impl Chunked {
    pub(super) const START: Chunked = Chunked::Size { size: 0, digits: 0 };

    /// The next of the bytes, of which there is one at least.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Step {
        for (at, byte) in bytes.iter().enumerate() {
            match *self {
                Chunked::Size { size, digits } => {
                    if let Some(digit) = char::from(*byte).to_digit(16) {
                        if digits == DIGITS {
                            return Step::Broken;
                        }
                        *self = Chunked::Size { size: size << 4 | u64::from(digit), digits: digits + 1 };
                    } else if digits > 0 && *byte == b'\n' {
                        *self = Chunked::data(size);
                    } else if digits > 0 && matches!(byte, b';' | b' ' | b'\t' | b'\r') {
                        *self = Chunked::Extension { size };
                    } else {
                        return Step::Broken;
                    }
                }
                Chunked::Extension { size } => {
                    if *byte == b'\n' {
                        *self = Chunked::data(size);
                    }
                }
                Chunked::Data { .. } if at > 0 => return Step::Line(at),
                Chunked::Data { left } => {
                    let used = left.min(bytes.len() as u64);
                    self.skip(used);
                    return Step::Data(used as usize);
                }
                Chunked::DataEnd => match byte {
                    b'\r' => {}
                    b'\n' => *self = Chunked::START,
                    _ => return Step::Broken,
                },
                Chunked::Trailer { is_empty } => match byte {
                    b'\r' => {}
                    b'\n' if is_empty => return Step::End(at + 1),
                    b'\n' => *self = Chunked::Trailer { is_empty: true },
                    _ => *self = Chunked::Trailer { is_empty: false },
                },
            }
        }
        Step::Line(bytes.len())
    }

    /// So many bytes of the data at hand have passed.
    pub(super) fn skip(&mut self, bytes: u64) {
        if let Chunked::Data { left } = self {
            *left = left.saturating_sub(bytes);
            if *left == 0 {
                *self = Chunked::DataEnd;
            }
        }
    }

    fn data(size: u64) -> Chunked {
        if size == 0 { Chunked::Trailer { is_empty: true } } else { Chunked::Data { left: size } }
    }
}
