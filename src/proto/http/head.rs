//! The head of a request or a response, and what it says of the body behind it.

use crate::wire::{Moment, Side};

/// Header fields of one head. More is no real client's.
const FIELDS: usize = 96;

/// The longest text of a header field, or target, that is kept.
const TEXT: usize = 512;

/// A request's or a response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub start: Start,
    /// The Content-Type field as it was sent, cut at 512 bytes.
    pub content_type: Option<Box<str>>,
    pub length: Length,
    /// Its own length, the empty line included, in bytes.
    pub bytes: u64,
    /// The sender closes the connection behind this message.
    pub closes: bool,
    /// When its first and its last byte were captured.
    pub first: Moment,
    pub last: Moment,
}

/// A head's first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The method and the target, which is cut at 512 bytes.
    Request {
        method: Box<str>,
        target: Box<str>,
    },
    Response {
        status: u16,
    },
}

/// How long a message's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Bytes(u64),
    Chunked,
    /// A response's that goes on until its sender closes the connection.
    UntilClose,
    /// The head contradicts itself, or claims what cannot be.
    Unknown,
}

impl Head {
    /// The status of a response; 0 of a request.
    pub fn status(&self) -> u16 {
        if let Start::Response { status } = self.start { status } else { 0 }
    }

    /// Reads a whole head. None where it is none.
    pub(super) fn read(from: Side, bytes: &[u8], [first, last]: [Moment; 2]) -> Option<Head> {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS];
        let (start, version, fields, size) = match from {
            Side::Client => {
                let mut request = httparse::Request::new(&mut fields);
                let Ok(httparse::Status::Complete(size)) = request.parse(bytes) else { return None };
                let (method, target) = (text(request.method?.as_bytes()), text(request.path?.as_bytes()));
                (Start::Request { method, target }, request.version?, request.headers, size)
            }
            Side::Server => {
                let mut response = httparse::Response::new(&mut fields);
                let Ok(httparse::Status::Complete(size)) = response.parse(bytes) else { return None };
                (Start::Response { status: response.code? }, response.version?, response.headers, size)
            }
        };
        let named = |name: &'static str| {
            fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
        };
        let says = |name: &'static str, word: &str| {
            named(name).any(|value| value.split(|byte| *byte == b',').any(|part| is_word(part, word)))
        };
        let closes = says("connection", "close") || version == 0 && !says("connection", "keep-alive");
        let status = if let Start::Response { status } = start { Some(status) } else { None };
        let length = if matches!(status, Some(100..=199 | 204 | 304)) {
            Length::Bytes(0)
        } else if says("transfer-encoding", "chunked") {
            Length::Chunked
        } else {
            let mut lengths = named("content-length").flat_map(|value| value.split(|byte| *byte == b',')).map(number);
            match (lengths.next(), status) {
                // A length may stand there twice, but not two of them (RFC 9112 §6.3).
                (Some(Some(length)), _) if lengths.all(|other| other == Some(length)) => Length::Bytes(length),
                (Some(_), _) => Length::Unknown,
                (None, Some(_)) => Length::UntilClose,
                (None, None) => Length::Bytes(0),
            }
        };
        let content_type = named("content-type").next().map(text);
        Some(Head { start, content_type, length, bytes: size as u64, closes, first, last })
    }
}

fn text(bytes: &[u8]) -> Box<str> {
    String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT)]).into()
}

fn is_word(part: &[u8], word: &str) -> bool {
    part.trim_ascii().eq_ignore_ascii_case(word.as_bytes())
}

/// Digits alone, and no more than 64 bits of them.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(bytes.trim_ascii()).ok()?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}
