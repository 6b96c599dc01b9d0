//! A request's place in its session, from its first byte to the end of its response.

use memchr::memmem;

use super::exchange::{Exchange, Problem};
use super::lane::Lane;
use super::request::Request;
use crate::proto::http::{Head, Length};
use crate::wire::{Moment, Side};

/// A request's place.
#[derive(Debug)]
pub(super) struct Slot {
    /// From 0, in the order in which they were made.
    pub(super) id: u32,
    pub(super) exchange: Exchange,
    /// What it adds to the client's and the server's stream.
    pub(super) lanes: [Lane; 2],
    /// So many of its first bytes are there already, from when it was sent before.
    pub(super) known: u64,
    /// By side: about so many bytes are missing before what comes next, where the message's head is missing.
    pub(super) missed: [Option<u64>; 2],
    /// The polling interval comes next.
    is_polled: bool,
    /// What the response carries is RTMP's.
    is_carried: bool,
    /// It came too late: nothing of it is in the streams.
    pub(super) is_outside: bool,
    /// When its last byte was captured.
    asked: Option<Moment>,
}

impl Slot {
    pub(super) fn new(id: u32, exchange: Exchange) -> Slot {
        Slot {
            id,
            exchange,
            lanes: [Lane::default(), Lane::default()],
            known: 0,
            missed: [None; 2],
            is_polled: false,
            is_carried: false,
            is_outside: false,
            asked: None,
        }
    }

    /// Its response begins, with a head or (none) behind a hole.
    pub(super) fn answer(&mut self, head: Option<&Head>) {
        // Whose request is missing may have been an idle one as well as any.
        let is_polled = self.exchange.request.is_none_or(Request::is_of_session);
        let Some(head) = head else {
            self.exchange.certain = false;
            self.is_carried = is_polled;
            return;
        };
        self.exchange.reach(head.first);
        if head.length == Length::Unknown {
            self.exchange.problems.push(Problem::NoLength { from: Side::Server });
        }
        self.exchange.status = Some(head.status());
        self.exchange.heads[1] = head.bytes;
        self.exchange.content_type[1].clone_from(&head.content_type);
        self.exchange.latency = self.asked.map(|asked| head.first.time.since(asked.time));
        self.is_polled = is_polled && head.status() == 200;
        self.is_carried = self.is_polled;
    }

    /// Bytes of a body: those of them that are RTMP's.
    pub(super) fn body<'b>(&mut self, from: Side, bytes: &'b [u8], at: Moment, excess: bool) -> &'b [u8] {
        self.exchange.reach(at);
        let count = bytes.len() as u64;
        if excess {
            self.exchange.exceed(from, count);
        }
        match from {
            Side::Client => {
                if !excess {
                    self.exchange.bytes_up += count;
                }
                let known = self.known.min(count);
                self.known -= known;
                if holds_request(bytes) && !self.exchange.problems.contains(&Problem::HoldsRequest) {
                    self.exchange.problems.push(Problem::HoldsRequest);
                }
                let is_carried = matches!(self.exchange.request, None | Some(Request::Send)) && !self.is_outside;
                if is_carried { &bytes[known as usize..] } else { &[] }
            }
            Side::Server => {
                if !excess {
                    self.exchange.bytes_down += count;
                }
                let mut rest = bytes;
                if self.is_polled
                    && let [interval, behind @ ..] = bytes
                {
                    self.is_polled = false;
                    self.exchange.polling_interval = Some(*interval);
                    rest = behind;
                }
                if self.is_carried && !self.is_outside { rest } else { &[] }
            }
        }
    }

    /// `missing` bytes of a body are not in the capture: how many of RTMP's these are.
    pub(super) fn hole(&mut self, from: Side, missing: u64) -> u64 {
        self.exchange.certain = false;
        if self.is_outside {
            return 0;
        }
        match from {
            Side::Client if matches!(self.exchange.request, None | Some(Request::Send)) => {
                let known = self.known.min(missing);
                self.known -= known;
                missing - known
            }
            Side::Client => 0,
            Side::Server => {
                let polled = u64::from(std::mem::take(&mut self.is_polled));
                if self.is_carried { missing.saturating_sub(polled) } else { 0 }
            }
        }
    }

    /// A body is over.
    pub(super) fn end(&mut self, from: Side, whole: bool, left: u64, at: Moment) {
        self.lanes[from.index()].is_done = true;
        if !whole && left > 0 {
            self.exchange.problems.push(Problem::Cut { from, bytes: left });
        }
        if whole && left > 0 && !self.exchange.problems.contains(&Problem::HoldsRequest) {
            self.exchange.problems.push(Problem::HoldsRequest);
        }
        match from {
            Side::Client => self.asked = Some(at),
            Side::Server if whole && self.is_polled => self.exchange.problems.push(Problem::NoPollingByte),
            Side::Server => {}
        }
        self.exchange.certain &= whole || left > 0;
    }

    pub(super) fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| lane.is_done)
    }

    /// Bytes of memory that it takes, without what its lanes keep.
    pub(super) fn own(&self) -> usize {
        size_of::<Slot>() + self.exchange.memory()
    }
}

/// Whether a request of a session begins in these bytes. Clients begin one with a packet, so none is looked for across two.
fn holds_request(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 3] = [b"send/", b"idle/", b"close/"];
    const POST: &[u8] = b"POST /";
    memmem::find_iter(bytes, POST).any(|at| STARTS.iter().any(|start| bytes[at + POST.len()..].starts_with(start)))
}
