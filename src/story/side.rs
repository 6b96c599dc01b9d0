//! One direction of a session: what its sender said of itself and announced, and how much of it was captured.

use crate::net::How;
use crate::proto::Gap;
use crate::proto::ftl;
use crate::proto::rtmp::{Body, Handshake, HandshakeFacts, LimitType, Message, Scheme, Step};
use crate::wire::{Moment, PacketNo};

/// One direction: what its sender said and announced.
#[derive(Clone, Debug)]
pub struct SideFacts {
    /// Bytes of it are missing from the capture.
    pub gap: bool,
    /// Its chunks could not be decoded from some point on.
    pub lost: bool,
    /// Anything that this side sent was captured.
    pub seen: bool,
    /// How it ended.
    pub closed: Option<How>,
    /// … and when.
    pub closed_at: Option<Moment>,
    /// … and after how many bytes, those that are missing too.
    pub ended_bytes: u64,
    /// It ended, and its segments were captured in the order in which they were sent.
    pub in_order: bool,
    /// When it closed its TCP window for longest, and for how many nanoseconds, as it is known at its end.
    pub window_closed: Option<(Moment, i64)>,
    /// Its handshake steps that came whole (C0 C1 C2, S0 S1 S2), each with the packet that completed it.
    pub handshake: [Option<Moment>; 3],
    /// What those steps say, each with the packet that began it.
    pub steps: [Option<(Moment, HandshakeFacts)>; 3],
    /// C0 or S0 was left out: its first byte is C1's or S1's.
    pub left_out_version: bool,
    /// A block of its handshake is missing or has another length, as its chunks show.
    pub odd_handshake: bool,
    /// Messages that it sent.
    pub messages: u64,
    /// When its last message was complete.
    pub last: Option<Moment>,
    /// The number of that message.
    pub last_n: Option<u64>,
    /// The packet up to which what it sent is known: its last event's.
    pub known: PacketNo,
    /// Bytes of this side up to the end of its last message, the handshake included.
    pub bytes: u64,
    /// Payload bytes that its chunks carry at most: 128 until it says otherwise.
    pub chunk_size: u32,
    /// Whether it ever sent a Set Chunk Size.
    pub set_chunk_size: bool,
    /// The last Window Acknowledgement Size that this side sent, in bytes, and its own bytes up to there.
    pub window: Option<(u32, u64)>,
    /// The last Set Peer Bandwidth that this side sent: window in bytes, limit type.
    pub bandwidth: Option<(u32, Option<LimitType>)>,
    /// Acknowledgements that this side sent.
    pub acknowledgements: u64,
    /// The sequence number of the last one.
    pub acknowledged: Option<u32>,
}

impl Default for SideFacts {
    fn default() -> Self {
        SideFacts {
            gap: false,
            lost: false,
            seen: false,
            closed: None,
            closed_at: None,
            ended_bytes: 0,
            in_order: false,
            window_closed: None,
            handshake: [None; 3],
            steps: [None; 3],
            left_out_version: false,
            odd_handshake: false,
            messages: 0,
            last: None,
            last_n: None,
            known: PacketNo::default(),
            bytes: 0,
            chunk_size: 128,
            set_chunk_size: false,
            window: None,
            bandwidth: None,
            acknowledgements: 0,
            acknowledged: None,
        }
    }
}

impl SideFacts {
    /// When this side's half of the handshake was complete.
    pub fn handshake_done(&self) -> Option<Moment> {
        self.handshake[2]
    }

    /// Whether its C1 or S1 has a valid digest.
    pub fn is_signed(&self) -> bool {
        let block = self.steps[1].map(|(_, facts)| facts);
        matches!(block, Some(HandshakeFacts::Block { scheme, .. }) if scheme != Scheme::Simple)
    }

    pub(super) fn learn_message(&mut self, message: &Message) {
        self.seen = true;
        self.messages += 1;
        self.last = Some(message.head.last);
        self.last_n = Some(message.n);
        self.known = self.known.max(message.head.last.packet);
        self.bytes = self.bytes.max(message.head.end());
        match message.body {
            Body::WindowAcknowledgementSize(window) => self.window = Some((window, self.bytes)),
            Body::SetPeerBandwidth { window, limit } => self.bandwidth = Some((window, limit)),
            Body::SetChunkSize(size) => {
                self.chunk_size = size;
                self.set_chunk_size = true;
            }
            Body::Acknowledgement(number) => {
                self.acknowledgements += 1;
                self.acknowledged = Some(number);
            }
            _ => {}
        }
    }

    pub(super) fn learn_ftl(&mut self, message: &ftl::Message) {
        let (_, last) = message.packets();
        self.seen = true;
        self.messages += 1;
        self.last = Some(last);
        self.last_n = Some(message.n());
        // Datagrams say nothing of what the control connection's other side said up to then.
        if matches!(message.body, ftl::Body::Line(_)) {
            self.known = self.known.max(last.packet);
        }
    }

    pub(super) fn learn_handshake(&mut self, step: &Handshake) {
        self.seen = true;
        self.known = self.known.max(step.last.packet);
        let place = match step.step {
            Step::Version => 0,
            Step::Block => 1,
            Step::Echo => 2,
        };
        self.left_out_version |= step.step == Step::Block && self.handshake[0].is_none() && !self.gap;
        self.handshake[place] = Some(step.last);
        self.steps[place] = Some((step.first, step.facts));
        self.bytes = self.bytes.max(step.offset + step.bytes.len() as u64);
    }

    pub(super) fn learn_gap(&mut self, gap: &Gap) {
        self.gap = true;
        self.lost |= !gap.survived;
    }
}
