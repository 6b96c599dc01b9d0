//! RTP and RTCP: media in datagrams. Source: RFC 3550; payloads: RFC 6184 (H.264), RFC 7587 (Opus).
//!
//! `rtp` and `rtcp` read one packet each and record its fields. [`Stream`] takes the packets of one source: it puts them in
//! order, tells what is missing, late, sent again or there twice ([`Receiver`]), and makes frames of them. Which payload types
//! stand for what, and which datagrams are RTCP, is for the protocol that carries them to say.

mod format;
mod frames;
mod h264;
mod header;
mod opus;
mod order;
mod receiver;
mod rtcp;
mod stream;

pub use format::{Codec, Formats, Kind};
pub use frames::{Frame, Media, Nal, Pictures};
pub use h264::{Fragment, NalType, Packed, Packing, Unit};
pub use header::Rtp;
pub use opus::Packet as OpusPacket;
pub use receiver::{Arrival, Asked, Counts, Placed, Receiver, WINDOW};
pub use rtcp::{Nack, PacketType, Rtcp, SenderReport};
pub use stream::{Seen, Stream};

use crate::wire::{Field, Problem, Reader, Recorder};

/// Fields that findings point at.
pub(crate) mod field {
    pub(crate) use super::header::{PAYLOAD_TYPE, SSRC, TIMESTAMP};
}

/// Reads an RTP packet: all of a datagram.
pub fn rtp<R: Recorder>(r: &mut Reader<'_, '_, R>, formats: &Formats, problems: &mut Vec<Problem>) -> Rtp {
    header::rtp(r, formats, problems)
}

/// Reads an RTCP packet: all of a datagram.
pub fn rtcp<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Problem>) -> Rtcp {
    rtcp::rtcp(r, problems)
}

/// Every field of RTP and RTCP packets, in groups, each in wire order.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    [header::FIELDS, h264::FIELDS, opus::FIELDS, rtcp::FIELDS].into_iter().flatten().copied()
}
