//! VP8: the header of a key frame. Source: RFC 6386 §9.1.

use super::picture::size;
use crate::proto::flv::facts::video::{FrameType, Video};
use crate::wire::{Reader, Recorder};

/// The size in a key frame's header. Whatever is no such header is left as it is.
pub(crate) fn picture<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) {
    let at = r.at();
    // Bit 0 of the frame tag is 0 in a key frame; then comes a start code, and both sizes with two bits of scaling.
    if let [tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..] = *r.rest()
        && video.frame_type == FrameType::KEY
        && tag & 1 == 0
    {
        let number = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
        size(r, video, [at + 6..at + 8, at + 8..at + 10], (number(w0, w1), number(h0, h1)));
    }
}
