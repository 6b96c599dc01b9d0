//! The lines of FTL's control connection: where each ends, and how. Source: ftl-sdk `ftl_helpers.c`, FTL 0.9 "Commands".
//!
//! Clients end a line with CRLF CRLF, servers with LF; both are taken from either side, and LF alone or CRLF from a client.
//! How a client's line ends is known only with the byte behind it, so such a line is held until there is one or the server
//! speaks. A server's line is given with its first LF: what the client does next may depend on it. The result is the same
//! however TCP cut the bytes.

use bytes::Bytes;

use crate::wire::{Moment, Side, Word};

/// Bytes of the longest line that peers take: ftl-sdk and Janus read into buffers of 512.
pub const LONGEST: usize = 512;
/// Bytes of a line that are kept. A line is 300 bytes at most in practice; what runs on is another protocol or broken.
const KEPT: usize = 4096;

/// How a line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// LF alone.
    #[default]
    Lf,
    CrLf,
    /// CRLF twice: a line and an empty one. A server's second CRLF is counted in the next line's [`Line::blank`].
    CrLfCrLf,
    /// There is none: a hole or the connection's end came first.
    Missing,
}

impl LineEnd {
    /// Every name.
    pub const WORDS: &'static [Word] =
        &Word::list([LineEnd::Lf.name(), LineEnd::CrLf.name(), LineEnd::CrLfCrLf.name(), LineEnd::Missing.name()]);

    pub const fn name(self) -> &'static str {
        match self {
            LineEnd::Lf => "lf",
            LineEnd::CrLf => "crlf",
            LineEnd::CrLfCrLf => "crlf_crlf",
            LineEnd::Missing => "missing",
        }
    }

    /// Bytes that it has.
    pub const fn length(self) -> usize {
        match self {
            LineEnd::Lf => 1,
            LineEnd::CrLf => 2,
            LineEnd::CrLfCrLf => 4,
            LineEnd::Missing => 0,
        }
    }
}

/// One line of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Where it begins in its direction's stream.
    pub offset: u64,
    /// The packet with its first byte.
    pub first: Moment,
    /// The packet with the LF that completes it, or with what cut it off.
    pub last: Moment,
    /// The line with its end, masked nowhere; of an endless one the first bytes.
    pub bytes: Bytes,
    pub end: LineEnd,
    /// Bytes that it has beyond those in `bytes`.
    pub cut: u64,
    /// Bytes of empty lines that stand before it.
    pub blank: u64,
    /// Its beginning may be missing: the capture has a hole before it, or begins in its middle.
    pub headless: bool,
}

impl Line {
    /// It is longer than peers take.
    pub fn is_overlong(&self) -> bool {
        self.text().len() as u64 + self.cut > LONGEST as u64
    }

    /// The line without its end.
    pub fn text(&self) -> &[u8] {
        text(&self.bytes)
    }

    /// It holds bytes that are no printable text.
    pub fn is_binary(&self) -> bool {
        is_binary(self.text())
    }
}

/// A line without its end.
pub(super) fn text(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &line[..end]
}

/// Whether bytes are no printable text: controls, or not UTF-8.
pub(super) fn is_binary(text: &[u8]) -> bool {
    std::str::from_utf8(text).map_or(true, |text| text.chars().any(|char| char.is_control() && char != '\t'))
}

/// One direction's bytes as lines.
#[derive(Debug)]
pub(super) struct Lines {
    from: Side,
    /// Where the next byte stands.
    at: u64,
    /// What was read of a line and is not given yet, none of it CR or LF at its start.
    line: Line,
    bytes: Vec<u8>,
    /// The byte before the next one.
    previous: u8,
    /// The line has its LF, and waits for what follows.
    is_ended: bool,
    blank: u64,
    /// The next byte may be in the middle of a line.
    headless: bool,
}

impl Lines {
    pub(super) fn new(from: Side, from_start: bool) -> Lines {
        Lines {
            from,
            at: 0,
            line: Line::default(),
            bytes: Vec::new(),
            previous: 0,
            is_ended: false,
            blank: 0,
            headless: !from_start,
        }
    }

    /// Takes the next bytes of the stream and gives the lines that they complete.
    pub(super) fn bytes(&mut self, at: Moment, bytes: &[u8], out: &mut Vec<Line>) {
        for byte in bytes {
            self.byte(at, *byte, out);
            self.at += 1;
        }
    }

    fn byte(&mut self, at: Moment, byte: u8, out: &mut Vec<Line>) {
        if self.is_ended && !self.continues_end(byte) {
            self.give(out);
        }
        if self.bytes.is_empty() && matches!(byte, b'\r' | b'\n') {
            self.blank += 1;
            // Whatever the missing bytes were, they end here.
            self.headless &= byte != b'\n';
            return;
        }
        if self.bytes.is_empty() {
            let blank = std::mem::take(&mut self.blank);
            self.line = Line { offset: self.at, first: at, blank, ..Line::default() };
        }
        if self.bytes.len() < KEPT {
            self.bytes.push(byte);
        } else {
            self.line.cut += 1;
        }
        let previous = std::mem::replace(&mut self.previous, byte);
        if byte == b'\n' && !self.is_ended {
            self.is_ended = true;
            self.line.end = if previous == b'\r' { LineEnd::CrLf } else { LineEnd::Lf };
            self.line.last = at;
        }
        let is_done = self.is_ended && (self.from == Side::Server || self.bytes.ends_with(b"\r\n\r\n"));
        // An end that no longer fits is not looked behind.
        if is_done || (self.is_ended && self.line.cut > 0) {
            self.give(out);
        }
    }

    /// Whether a byte behind the line's end belongs to that end: the second CRLF of two.
    fn continues_end(&self, byte: u8) -> bool {
        let bytes = &self.bytes;
        (byte == b'\r' && bytes.ends_with(b"\r\n")) || (byte == b'\n' && bytes.ends_with(b"\r\n\r"))
    }

    /// Gives a line that waits for what follows it, because nothing will or because the other side spoke.
    pub(super) fn settle(&mut self, out: &mut Vec<Line>) {
        if self.is_ended {
            self.give(out);
        }
    }

    /// The stream misses bytes, or ends: what was begun is all that there is of it.
    pub(super) fn break_off(&mut self, at: Moment, out: &mut Vec<Line>) {
        if self.is_ended {
            self.give(out);
        } else if !self.bytes.is_empty() {
            self.line.last = at;
            self.give(out);
        }
    }

    /// Bytes that are missing.
    pub(super) fn gap(&mut self, at: Moment, bytes: u64, out: &mut Vec<Line>) {
        self.break_off(at, out);
        self.at += bytes;
        self.headless = true;
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Bytes of empty lines behind the last line.
    pub(super) fn blank(&self) -> u64 {
        self.blank
    }

    fn give(&mut self, out: &mut Vec<Line>) {
        let mut line = std::mem::take(&mut self.line);
        let mut bytes = std::mem::take(&mut self.bytes);
        // A lone CR behind CRLF begins an empty line; it is no part of this one's end.
        if self.is_ended && bytes.ends_with(b"\n\r") {
            bytes.pop();
            self.blank += 1;
        }
        if !self.is_ended {
            line.end = LineEnd::Missing;
        } else if bytes.ends_with(b"\r\n\r\n") {
            line.end = LineEnd::CrLfCrLf;
        }
        line.bytes = bytes.into();
        line.headless = std::mem::take(&mut self.headless);
        self.is_ended = false;
        out.push(line);
    }
}
