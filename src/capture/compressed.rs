//! Compressed captures: gzip, zstd and lz4 are told by their first bytes and read as they come.
//!
//! Memory is bounded whatever the data claims: gzip looks back 32 KiB, lz4 at most 8 MiB, and zstd as far as
//! [`Limits::zstd_window`] allows. How long the result is does not matter here; it is one more long capture. Members that follow one
//! another, as parallel compressors and `cat` make them, are one stream.

use std::io::{self, BufRead, Read};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::GzDecoder;
use lz4_flex::frame::FrameDecoder as Lz4Decoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder as ZstdDecoder};

use crate::limits::Limits;
use crate::wire::words::count;

/// Compressed bytes are read in pieces of this many.
const PIECE: usize = 128 << 10;

pub(super) type Source = Box<dyn Read + Send>;

/// The first four bytes of compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Gzip,
    Zstd,
    Lz4,
    /// The lz4 format of before 2013, which ends with the file.
    Lz4Legacy,
}

impl Codec {
    fn of(start: &[u8]) -> Option<Codec> {
        match start {
            [0x1f, 0x8b, 8, ..] => Some(Codec::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Codec::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Codec::Lz4),
            [0x02, 0x21, 0x4c, 0x18, ..] => Some(Codec::Lz4Legacy),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
            Codec::Lz4 | Codec::Lz4Legacy => "lz4",
        }
    }
}

/// Whether these bytes begin a frame to be skipped, which zstd and lz4 share (RFC 8878 §3.1.2).
fn is_skippable(start: &[u8]) -> bool {
    matches!(start, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What to read a capture from.
pub(super) struct Opened {
    pub(super) source: Source,
    /// If it is compressed, how many of its own bytes were read so far.
    pub(super) compressed: Option<Arc<AtomicU64>>,
}

/// Looks at how the source begins. Gives it as it is, or what comes of it when it is decompressed.
pub(super) fn open(mut source: Source) -> io::Result<Opened> {
    let mut start = Vec::new();
    while start.len() < 4 {
        let mut bytes = [0; 4];
        match source.read(&mut bytes[..4 - start.len()]) {
            Ok(0) => break,
            Ok(read) => start.extend_from_slice(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if Codec::of(&start).is_none() && !is_skippable(&start) {
        return Ok(Opened { source: Box::new(io::Cursor::new(start).chain(source)), compressed: None });
    }
    let read = Arc::new(AtomicU64::new(start.len() as u64));
    let raw = Raw { source, bytes: start, start: 0, starved: false, read: Arc::clone(&read) };
    let decompressor = Decompressor { state: State::Between(raw), codec: "compressed" };
    Ok(Opened { source: Box::new(decompressor), compressed: Some(read) })
}

/// Compressed bytes, with those ahead that are looked at before they are used.
struct Raw {
    source: Source,
    bytes: Vec<u8>,
    start: usize,
    /// Whether more was asked for than there is.
    starved: bool,
    read: Arc<AtomicU64>,
}

impl Raw {
    /// At least `count` bytes ahead, or all that are left.
    fn ahead(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.bytes.len() - self.start < count {
            self.bytes.drain(..self.start);
            self.start = 0;
            let known = self.bytes.len();
            self.bytes.resize(known + PIECE, 0);
            let read = self.source.read(&mut self.bytes[known..]);
            self.bytes.truncate(known + read.as_ref().copied().unwrap_or(0));
            match read {
                Ok(0) => break,
                Ok(read) => {
                    self.read.fetch_add(read as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.bytes[self.start..])
    }
}

impl BufRead for Raw {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead(1)?.is_empty() {
            self.starved = true;
        }
        Ok(&self.bytes[self.start..])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
    }
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ahead = self.fill_buf()?;
        let count = ahead.len().min(into.len());
        into[..count].copy_from_slice(&ahead[..count]);
        self.consume(count);
        Ok(count)
    }
}

enum State {
    /// Before the first member, or after one.
    Between(Raw),
    Gzip(GzDecoder<Raw>),
    Zstd(Box<ZstdDecoder>, Raw),
    Lz4(Box<Lz4Decoder<Raw>>, Codec),
    /// At the end, or damaged.
    Over,
}

/// Gives what compressed members hold, one after the other.
struct Decompressor {
    state: State,
    /// The last member's, for what is said of it.
    codec: &'static str,
}

impl Read for Decompressor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.state {
                State::Over => return Ok(0),
                State::Between(_) => {
                    if !self.begin()? {
                        return Ok(0);
                    }
                    continue;
                }
                State::Gzip(decoder) => decoder.read(into),
                State::Zstd(decoder, raw) => read_zstd(decoder, raw, into),
                State::Lz4(decoder, _) => decoder.read(into),
            };
            match read {
                Ok(0) => self.end()?,
                Ok(read) => return Ok(read),
                Err(error) => return Err(self.fail(&error)),
            }
        }
    }
}

impl Decompressor {
    /// Begins the next member; false if there is none.
    fn begin(&mut self) -> io::Result<bool> {
        let State::Between(mut raw) = mem::replace(&mut self.state, State::Over) else { return Ok(false) };
        loop {
            let start = raw.ahead(8)?;
            if let Some(codec) = Codec::of(start) {
                self.codec = codec.name();
                self.state = match codec {
                    Codec::Gzip => State::Gzip(GzDecoder::new(raw)),
                    Codec::Zstd => State::Zstd(Box::new(self.zstd(&mut raw)?), raw),
                    Codec::Lz4 | Codec::Lz4Legacy => State::Lz4(Box::new(Lz4Decoder::new(raw)), codec),
                };
                return Ok(true);
            }
            match start {
                [] => return Ok(false),
                // What fills up a block of a tape or disk.
                [0, ..] => {
                    let zeros = start.iter().take_while(|byte| **byte == 0).count();
                    raw.consume(zeros);
                }
                [_, _, _, _, length @ ..] if is_skippable(start) && length.len() >= 4 => {
                    let length: [u8; 4] = length.first_chunk().copied().unwrap_or_default();
                    raw.consume(8);
                    let length = u64::from(u32::from_le_bytes(length));
                    if io::copy(&mut raw.by_ref().take(length), &mut io::sink())? < length {
                        return Err(self.cut(&raw));
                    }
                }
                _ => {
                    let what = format!("after the {} data comes something else", self.codec);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                }
            }
        }
    }

    fn zstd(&self, raw: &mut Raw) -> io::Result<ZstdDecoder> {
        let mut decoder = ZstdDecoder::new();
        decoder.set_max_window_size(Limits::DEFAULT.zstd_window);
        match decoder.init(&mut *raw) {
            Ok(()) => Ok(decoder),
            Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                let (needed, most) = (requested.div_ceil(1 << 20), Limits::DEFAULT.zstd_window >> 20);
                // The farthest that the program knows.
                let log = requested.saturating_sub(1).checked_ilog2().map_or(0, |log| log + 1).min(31);
                let what = format!(
                    "the zstd data looks back {needed} MiB, which all would have to be kept in memory, and {most} are \
                     allowed; pipe it in from `zstd -dc --long={log}`"
                );
                Err(io::Error::new(io::ErrorKind::InvalidData, what))
            }
            Err(_) if raw.starved => Err(self.cut(raw)),
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    /// A member has given everything.
    fn end(&mut self) -> io::Result<()> {
        let raw = match mem::replace(&mut self.state, State::Over) {
            State::Between(raw) => raw,
            State::Gzip(decoder) => decoder.into_inner(),
            State::Zstd(decoder, raw) => {
                let (said, found) = (decoder.get_checksum_from_data(), decoder.get_calculated_checksum());
                if raw.starved {
                    return Err(self.cut(&raw));
                }
                if said.is_some() && said != found {
                    return Err(self.damaged("its checksum is wrong"));
                }
                raw
            }
            State::Lz4(decoder, codec) => {
                let raw = decoder.into_inner();
                // The decoder takes an end before a block for the end of the data.
                if raw.starved && codec == Codec::Lz4 {
                    return Err(self.cut(&raw));
                }
                raw
            }
            State::Over => return Ok(()),
        };
        self.state = State::Between(raw);
        Ok(())
    }

    /// What is to be said of an error inside a member.
    fn fail(&mut self, error: &io::Error) -> io::Error {
        let state = mem::replace(&mut self.state, State::Over);
        let raw = match &state {
            State::Gzip(decoder) => decoder.get_ref(),
            State::Lz4(decoder, _) => decoder.get_ref(),
            State::Zstd(_, raw) | State::Between(raw) => raw,
            State::Over => return self.damaged(&error.to_string()),
        };
        if raw.starved { self.cut(raw) } else { self.damaged(&error.to_string()) }
    }

    fn cut(&self, raw: &Raw) -> io::Error {
        let read = raw.read.load(Ordering::Relaxed);
        let what = format!("the {} data breaks off after {}", self.codec, count(read, "byte"));
        io::Error::new(io::ErrorKind::UnexpectedEof, what)
    }

    fn damaged(&self, what: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("the {} data is damaged: {what}", self.codec))
    }
}

/// Decodes as many blocks as it takes to have bytes to give; none at the frame's end.
///
/// The decoder gives nothing of what later blocks may look back to. So where the data breaks off, the frame is ended for it:
/// then it gives all that it has.
fn read_zstd(decoder: &mut ZstdDecoder, raw: &mut Raw, into: &mut [u8]) -> io::Result<usize> {
    /// The header of a last block without content, and a checksum, which is not looked at.
    const END: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];
    while decoder.can_collect() == 0 {
        if decoder.is_finished() {
            return Ok(0);
        }
        let decoded = if has_zstd_block(raw)? {
            decoder.decode_blocks(&mut *raw, BlockDecodingStrategy::UptoBlocks(1))
        } else {
            raw.starved = true;
            decoder.decode_blocks(&END[..], BlockDecodingStrategy::UptoBlocks(1))
        };
        match decoded {
            Ok(_) => {}
            // All blocks are there, the checksum behind them is not.
            Err(_) if decoder.is_finished() => raw.starved = true,
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    decoder.read(into)
}

/// Whether the next block is there as a whole (RFC 8878 §3.1.1.2).
fn has_zstd_block(raw: &mut Raw) -> io::Result<bool> {
    const HEADER: usize = 3;
    const REPEATED: u32 = 1;
    /// No block is longer; of one that claims to be, the decoder will say so.
    const LONGEST: usize = 128 << 10;
    let Some(&[low, middle, high]) = raw.ahead(HEADER)?.first_chunk::<HEADER>() else { return Ok(false) };
    let header = u32::from_le_bytes([low, middle, high, 0]);
    let content = if header >> 1 & 3 == REPEATED { 1 } else { (header >> 3) as usize };
    let length = HEADER + content.min(LONGEST);
    Ok(raw.ahead(length)?.len() >= length)
}
