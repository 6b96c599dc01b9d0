//! One source's packets: what each is to the others, and the frames that they make.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Rtp;
use super::format::Codec;
use super::frames::{Frame, Frames};
use super::order::{Order, Packet};
use super::receiver::{Arrival, Asked, Counts, Placed, Receiver};
use crate::wire::Moment;

/// Packets that have room to be given at once.
const READY: usize = 8;
/// Timestamps whose frame's number is remembered, for packets that come late.
const FRAMES: usize = 64;

/// What a packet is among those of its source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Its number without its wrapping.
    pub number: i64,
    pub arrival: Arrival,
    /// The frame that it belongs to, counted from 1; none of a packet that is not of its source.
    pub frame: Option<u64>,
    /// What its source's packets amount to, this one included.
    pub counts: Counts,
}

/// A source.
#[derive(Debug)]
pub struct Stream {
    ssrc: u32,
    codec: Option<Codec>,
    receiver: Receiver,
    order: Order,
    frames: Frames,
    /// Timestamps by the numbers of their frames, oldest first.
    numbers: VecDeque<(u32, u64)>,
    last_number: u64,
    ready: Vec<Packet>,
}

impl Stream {
    /// The source of a first packet.
    pub fn new(rtp: &Rtp) -> Stream {
        Stream {
            ssrc: rtp.ssrc,
            codec: rtp.codec,
            receiver: Receiver::new(rtp.codec.and_then(Codec::clock)),
            order: Order::default(),
            frames: Frames::default(),
            numbers: VecDeque::new(),
            last_number: 0,
            ready: Vec::new(),
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// By its first packet whose payload type was known.
    pub fn codec(&self) -> Option<Codec> {
        self.codec
    }

    pub fn counts(&self) -> &Counts {
        self.receiver.counts()
    }

    /// Packets that were asked for and have not come since.
    pub fn unanswered(&self) -> usize {
        self.receiver.unanswered().count()
    }

    /// The next packet, with the datagram that it was read of. Gives the frames that are complete with it.
    pub fn packet(&mut self, rtp: &Rtp, datagram: &Bytes, at: Moment, out: &mut Vec<Frame>) -> Seen {
        if self.codec.is_none()
            && let Some(codec) = rtp.codec
        {
            self.codec = Some(codec);
            self.receiver.set_clock(codec.clock());
        }
        let Placed { number, arrival } = self.receiver.packet(rtp.sequence_number, rtp.timestamp, at);
        if arrival == Arrival::Strange {
            return self.seen(number, arrival, None);
        }
        if arrival == Arrival::Restart {
            self.order.flush(&mut self.ready);
            self.numbers.clear();
        }
        let frame = self.frame(rtp.timestamp);
        if arrival.is_new() {
            let packet =
                Packet { at, rtp: rtp.clone(), datagram: datagram.clone(), frame, missing: 0, is_first: false };
            self.order.packet(number, packet, &mut self.ready);
        }
        self.give(out);
        self.seen(number, arrival, Some(frame))
    }

    fn seen(&self, number: i64, arrival: Arrival, frame: Option<u64>) -> Seen {
        Seen { number, arrival, frame, counts: *self.receiver.counts() }
    }

    /// Somebody asks for a packet of it again.
    pub fn nack(&mut self, sequence_number: u16, at: Moment) -> Option<Asked> {
        self.receiver.nack(sequence_number, at)
    }

    /// Bytes of memory that packets and the frame under way take.
    pub fn held(&self) -> usize {
        self.order.held() + self.frames.held()
    }

    /// Bytes of memory that its lists take beside that.
    pub fn memory(&self) -> usize {
        let ready = self.ready.capacity() * size_of::<Packet>();
        self.receiver.memory() + self.numbers.capacity() * size_of::<(u32, u64)>() + ready
    }

    /// Nothing more comes: gives what is under way.
    pub fn finish(&mut self, out: &mut Vec<Frame>) {
        self.order.flush(&mut self.ready);
        self.give(out);
        self.frames.finish(out);
    }

    fn give(&mut self, out: &mut Vec<Frame>) {
        for packet in self.ready.drain(..) {
            self.frames.packet(&packet, out);
        }
        // What waited behind a loss was many at once.
        self.ready.shrink_to(READY);
    }

    /// The number of the frame with a timestamp.
    fn frame(&mut self, timestamp: u32) -> u64 {
        if let Some((_, number)) = self.numbers.iter().rev().find(|(known, _)| *known == timestamp) {
            return *number;
        }
        self.last_number += 1;
        if self.numbers.len() == FRAMES {
            self.numbers.pop_front();
        }
        self.numbers.push_back((timestamp, self.last_number));
        self.last_number
    }
}
