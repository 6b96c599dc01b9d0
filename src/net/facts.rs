//! What TCP did for one direction, told with its end: the fields, and which of them say something.

use super::{Resent, Segment, Trips};
use crate::fields;
use crate::wire::{Field, Moment, PacketNo, Side, Time, Value};

/// What was seen of one direction's sender at the point of capture, from its first packet to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TcpFacts {
    /// Captured packets, copies included.
    pub packets: u64,
    /// Those of them that are SYNs.
    pub syns: u64,
    /// Segments that were sent again.
    pub retransmissions: u64,
    /// The first and the last of them.
    pub retransmission_packets: Option<(PacketNo, PacketNo)>,
    /// When they were sent.
    pub resent: Option<Box<Resent>>,
    /// Bytes that were sent again.
    pub retransmitted_bytes: u64,
    /// Retransmissions of what the receiver had already acknowledged.
    pub spurious_retransmissions: u64,
    /// Retransmissions of what never came to the point of capture: the network lost the first ones before it.
    pub lost_before_capture: u64,
    /// Segments that came after later ones.
    pub out_of_order: u64,
    /// Packets with data or a SYN that were captured more than once.
    pub copies: u64,
    pub keep_alives: u64,
    pub window_probes: u64,
    /// Payload bytes.
    pub largest_segment: u32,
    pub cut_packets: u64,
    pub cut_bytes: u64,
    /// Runs of bytes that the receiver acknowledged and the capture does not have.
    pub capture_holes: u64,
    pub capture_hole_bytes: u64,
    /// How often this side closed the window for what it receives.
    pub zero_windows: u64,
    /// The packet that first did.
    pub zero_window_packet: Option<PacketNo>,
    /// Nanoseconds. One that was still closed at the end counts up to the connection's last packet.
    pub longest_zero_window: i64,
    /// When the one that was closed for so long was closed.
    pub longest_zero_window_from: Option<Moment>,
    /// Whether the window was closed at the end.
    pub zero_window_at_end: bool,
    /// By how many bits this side's windows are shifted; none where that is not known or not in use.
    pub window_scale: Option<u8>,
    /// Bytes; none where the scale is not known.
    pub largest_window: Option<u64>,
    /// Nanoseconds from this side's SYN to the packet that acknowledged it, both as they were captured: from the point of
    /// capture to the other side and back. Both directions together are the whole way.
    pub round_trip: Option<i64>,
    /// Nanoseconds from data to its acknowledgement, one segment measured at a time.
    pub smallest_round_trip: Option<i64>,
    /// The same, smoothed (RFC 6298 §2).
    pub smoothed_round_trip: Option<i64>,
    /// The longest of them over time.
    pub trips: Option<Box<Trips>>,
    /// Who reset the connection, and with which packet.
    pub reset: Option<(Side, Moment)>,
}

fields! {
    /// Of a close, what TCP did for the direction, as it was seen at the point of capture.
    TCP: Group "close.tcp", "", "RFC 9293";
    /// Captured packets of this side, copies included.
    PACKETS: Uint "close.tcp.packets", "", "RFC 9293";
    /// Segments that this side sent again. A packet that was merely captured twice is not one, nor is a keep-alive.
    RETRANSMISSIONS: Uint "close.tcp.retransmissions", "", "RFC 9293 §3.8.1";
    /// Payload bytes that this side sent again.
    RETRANSMITTED_BYTES: Uint "close.tcp.retransmitted_bytes", "bytes", "RFC 9293 §3.8.1";
    /// Retransmissions of bytes that the receiver had acknowledged already.
    SPURIOUS_RETRANSMISSIONS: Uint "close.tcp.spurious_retransmissions", "", "RFC 5682 §1";
    /// Retransmissions that filled a hole: the network lost the first ones before the point of capture.
    LOST_BEFORE_CAPTURE: Uint "close.tcp.lost_before_capture", "", "RFC 9293 §3.8.1";
    /// Segments that were captured after later ones, and are no retransmissions.
    OUT_OF_ORDER: Uint "close.tcp.out_of_order", "", "RFC 9293 §3.10.7.4";
    /// Packets with data or a SYN that were captured more than once, as a mirror port does, or that the network doubled.
    COPIES: Uint "close.tcp.copies", "", "";
    /// Segments that repeat at most the last acknowledged byte, to ask whether the other side is still there.
    KEEP_ALIVES: Uint "close.tcp.keep_alives", "", "RFC 9293 §3.8.4";
    /// Segments of at most a byte that ask whether the other side's closed window has opened.
    WINDOW_PROBES: Uint "close.tcp.window_probes", "", "RFC 9293 §3.8.6.1";
    /// The most payload bytes in one segment, as it was captured: offload can make it larger than it is on the wire.
    LARGEST_SEGMENT: Uint "close.tcp.largest_segment", "bytes", "RFC 9293 §3.7";
    /// Packets whose payload a snap length cut.
    CUT_PACKETS: Uint "close.tcp.cut_packets", "", "";
    /// Payload bytes that a snap length cut off.
    CUT_BYTES: Uint "close.tcp.cut_bytes", "bytes", "";
    /// Runs of bytes that the receiver acknowledged and no packet of the capture holds: the capture missed them.
    CAPTURE_HOLES: Uint "close.tcp.capture_holes", "", "";
    /// Bytes that the receiver acknowledged and no packet of the capture holds.
    CAPTURE_HOLE_BYTES: Uint "close.tcp.capture_hole_bytes", "bytes", "";
    /// How often this side closed its receive window.
    ZERO_WINDOWS: Uint "close.tcp.zero_windows", "", "RFC 9293 §3.8.6";
    /// How long this side's receive window was closed at most.
    LONGEST_ZERO_WINDOW: Number "close.tcp.longest_zero_window_ms", "ms", "RFC 9293 §3.8.6";
    /// This side's receive window was closed at the end.
    ZERO_WINDOW_AT_END: Bool "close.tcp.zero_window_at_end", "", "RFC 9293 §3.8.6";
    /// By how many bits this side's windows are shifted, where both sides agreed to that.
    WINDOW_SCALE: Uint "close.tcp.window_scale", "", "RFC 7323 §2";
    /// The largest receive window that this side offered, after scaling.
    LARGEST_WINDOW: Uint "close.tcp.largest_window", "bytes", "RFC 9293 §3.8.6";
    /// From this side's SYN to its acknowledgement: from the point of capture to the other side and back. Both directions
    /// together are the round-trip time.
    ROUND_TRIP: Number "close.tcp.round_trip_ms", "ms", "RFC 9293 §3.5";
    /// The least time from this side's data to its acknowledgement, as it was captured.
    SMALLEST_ROUND_TRIP: Number "close.tcp.smallest_round_trip_ms", "ms", "RFC 6298";
    /// The time from this side's data to its acknowledgement, smoothed.
    SMOOTHED_ROUND_TRIP: Number "close.tcp.smoothed_round_trip_ms", "ms", "RFC 6298 §2";
    /// Who reset the connection.
    RESET_BY: Word "close.tcp.reset_by", "", "RFC 9293 §3.5.3", Side::WORDS;
    /// The packet that reset the connection.
    RESET_PACKET: Uint "close.tcp.reset_packet", "", "RFC 9293 §3.5.3";
}

impl TcpFacts {
    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        size_of::<TcpFacts>() + self.beside()
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn beside(&self) -> usize {
        self.resent.as_ref().map_or(0, |resent| resent.memory()) + self.trips.as_ref().map_or(0, |trips| trips.memory())
    }

    /// The fields that say something, with their values: times in milliseconds, no number that is zero.
    pub fn members(&self) -> impl Iterator<Item = (&'static Field, Value)> {
        let some = |value: Option<u64>| value.map(Value::Uint);
        let count = |value: u64| (value > 0).then_some(Value::Uint(value));
        let ms = |value: Option<i64>| value.map(|ns| Value::Number(ns as f64 / 1e6));
        let zero_window = (self.zero_windows > 0).then_some(self.longest_zero_window);
        let reset = self.reset;
        [
            (&PACKETS, some(Some(self.packets))),
            (&RETRANSMISSIONS, count(self.retransmissions)),
            (&RETRANSMITTED_BYTES, count(self.retransmitted_bytes)),
            (&SPURIOUS_RETRANSMISSIONS, count(self.spurious_retransmissions)),
            (&LOST_BEFORE_CAPTURE, count(self.lost_before_capture)),
            (&OUT_OF_ORDER, count(self.out_of_order)),
            (&COPIES, count(self.copies)),
            (&KEEP_ALIVES, count(self.keep_alives)),
            (&WINDOW_PROBES, count(self.window_probes)),
            (&LARGEST_SEGMENT, count(u64::from(self.largest_segment))),
            (&CUT_PACKETS, count(self.cut_packets)),
            (&CUT_BYTES, count(self.cut_bytes)),
            (&CAPTURE_HOLES, count(self.capture_holes)),
            (&CAPTURE_HOLE_BYTES, count(self.capture_hole_bytes)),
            (&ZERO_WINDOWS, count(self.zero_windows)),
            (&LONGEST_ZERO_WINDOW, ms(zero_window)),
            (&ZERO_WINDOW_AT_END, self.zero_window_at_end.then_some(Value::Bool(true))),
            (&WINDOW_SCALE, some(self.window_scale.map(u64::from))),
            (&LARGEST_WINDOW, some(self.largest_window)),
            (&ROUND_TRIP, ms(self.round_trip)),
            (&SMALLEST_ROUND_TRIP, ms(self.smallest_round_trip)),
            (&SMOOTHED_ROUND_TRIP, ms(self.smoothed_round_trip)),
            (&RESET_BY, reset.map(|(side, _)| Value::Word(side.name()))),
            (&RESET_PACKET, some(reset.map(|(_, at)| at.packet.0))),
        ]
        .into_iter()
        .filter_map(|(field, value): (&'static Field, _)| Some((field, value?)))
    }

    /// A window that was closed is open again, or is judged as it stands.
    pub(super) fn opened(&mut self, since: Moment, until: Time) {
        let closed = until.since(since.time);
        if closed >= self.longest_zero_window {
            self.longest_zero_window = closed;
            self.longest_zero_window_from = Some(since);
        }
    }

    /// Counts a packet, or a further part of one that was put together from fragments.
    pub(super) fn count(&mut self, segment: &Segment<'_>) {
        self.packets += u64::from(!segment.continues);
        self.syns += u64::from(segment.flags.syn && !segment.continues);
    }
}
