//! A request with its response, as facts: what rules judge and statistics count.

use super::request::Request;
use crate::net::ConnectionId;
use crate::wire::words::count;
use crate::wire::{Moment, PacketNo, Side, Word};

/// A request with its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// None where only the response is in the capture.
    pub request: Option<Request>,
    /// The request's number in its path.
    pub number: Option<u64>,
    pub connection: ConnectionId,
    /// When its first byte was captured.
    pub at: Moment,
    /// Its first and its last packet, the response included.
    pub packets: (PacketNo, PacketNo),
    /// Bytes of the request's body, and of the response's with the polling interval. Those that are not in the capture are not
    /// counted.
    pub bytes_up: u64,
    pub bytes_down: u64,
    /// Bytes of the request's and of the response's head.
    pub heads: [u64; 2],
    /// The response's first byte: how long the client should wait before it polls again, in a unit of the server's own.
    pub polling_interval: Option<u8>,
    /// Nanoseconds from the request's last byte to the response's first.
    pub latency: Option<i64>,
    /// Nanoseconds from the end of the session's response before it to this request's first byte: how long the client waited. None while
    /// another response is under way, or may be missing.
    pub waited: Option<i64>,
    /// The response's status; none without a response.
    pub status: Option<u16>,
    /// The Content-Type fields of the request and of the response.
    pub content_type: [Option<Box<str>>; 2],
    /// In the order in which they were noticed.
    pub problems: Vec<Problem>,
    /// The capture misses nothing that it tells.
    pub certain: bool,
}

/// What is wrong with a request or its response. A status that is not 200, and a type that is not RTMPT's, are told by their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The path has no number, or none that can be read.
    NoNumber,
    /// The number is not the next one, but a later one: requests between are missing. The client left the numbers out where the capture
    /// has all of the connection that carries the session.
    Jumped { expected: u64, left_out: bool },
    /// The number was there before, and that request was answered.
    Repeated { expected: u64 },
    /// The number is lower than the one before.
    WentBack { expected: u64 },
    /// The same request again, after the first one was not answered. Its body is not taken twice.
    SentAgain,
    /// It came after the session went on without it: its bodies are not in the streams.
    TooLate,
    /// A response of status 200 to send, idle or close has no byte.
    NoPollingByte,
    /// No response came.
    Unanswered,
    /// So many bytes of the client's request, or of the server's response, stand behind the end of its body, as its length says it.
    Excess { from: Side, bytes: u64 },
    /// The length of the client's request's body, or of the server's response's, is none: two that differ, or no number.
    NoLength { from: Side },
    /// A request begins inside the request's body: the body's length is too large.
    HoldsRequest,
    /// The connection ended with so many bytes of the client's request's, or of the server's response's, body missing.
    Cut { from: Side, bytes: u64 },
}

impl Problem {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        "no_number",
        "jumped",
        "repeated",
        "went_back",
        "sent_again",
        "too_late",
        "no_polling_byte",
        "unanswered",
        "excess",
        "no_length",
        "holds_request",
        "cut",
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            Problem::NoNumber => "no_number",
            Problem::Jumped { .. } => "jumped",
            Problem::Repeated { .. } => "repeated",
            Problem::WentBack { .. } => "went_back",
            Problem::SentAgain => "sent_again",
            Problem::TooLate => "too_late",
            Problem::NoPollingByte => "no_polling_byte",
            Problem::Unanswered => "unanswered",
            Problem::Excess { .. } => "excess",
            Problem::NoLength { .. } => "no_length",
            Problem::HoldsRequest => "holds_request",
            Problem::Cut { .. } => "cut",
        }
    }
}

impl Exchange {
    pub(super) fn new(request: Option<Request>, number: Option<u64>, connection: ConnectionId, at: Moment) -> Exchange {
        Exchange {
            request,
            number,
            connection,
            at,
            packets: (at.packet, at.packet),
            bytes_up: 0,
            bytes_down: 0,
            heads: [0; 2],
            polling_interval: None,
            latency: None,
            waited: None,
            status: None,
            content_type: [None, None],
            problems: Vec::new(),
            certain: true,
        }
    }

    /// A packet carried a part of it.
    pub(super) fn reach(&mut self, at: Moment) {
        self.packets = (self.packets.0.min(at.packet), self.packets.1.max(at.packet));
    }

    /// Bytes stand behind a body's end.
    pub(super) fn exceed(&mut self, sender: Side, count: u64) {
        let known = self.problems.iter_mut().find_map(|problem| match problem {
            Problem::Excess { from, bytes } if *from == sender => Some(bytes),
            _ => None,
        });
        match known {
            Some(bytes) => *bytes += count,
            None => self.problems.push(Problem::Excess { from: sender, bytes: count }),
        }
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        let types: usize = self.content_type.iter().flatten().map(|text| text.len()).sum();
        types + self.problems.capacity() * size_of::<Problem>()
    }
}

impl Exchange {
    /// Whether it did nothing but carry RTMP: a send or an idle request that was answered as it should be.
    pub fn is_routine(&self) -> bool {
        matches!(self.request, Some(Request::Send | Request::Idle))
            && self.status == Some(200)
            && self.problems.is_empty()
            && self.certain
    }

    /// In a line, for people.
    pub fn describe(&self) -> String {
        let mut line = self.request.map_or("a request that was not captured", Request::name).to_owned();
        if let Some(number) = self.number {
            line += &format!(" {number}");
        }
        line += &format!(": {} up, {} down", count(self.bytes_up, "byte"), count(self.bytes_down, "byte"));
        if let Some(latency) = self.latency {
            line += &format!(", answered after {:.3} ms", latency as f64 / 1e6);
        }
        if let Some(interval) = self.polling_interval {
            line += &format!(", polling interval {interval}");
        }
        if let Some(status) = self.status.filter(|status| *status != 200) {
            line += &format!(", status {status}");
        }
        for problem in &self.problems {
            line += &format!(", {}", problem.name().replace('_', " "));
        }
        line
    }
}
