//! How long a message is by what it holds, whatever its header says.

use super::walk::is_whole;
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::mistake::Telling;

/// NAL units that are followed.
const FOLLOWED: usize = 4096;

/// What says that a message of this type ends just where `payload` does.
pub(super) fn told(kind: MessageType, payload: &[u8]) -> Option<Telling> {
    match kind {
        MessageType::VIDEO if fills(payload) => Some(Telling::NalUnits),
        MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0 | MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3
            if is_whole(kind, payload) =>
        {
            Some(Telling::Amf)
        }
        _ => None,
    }
}

/// Whether the lengths of NAL units lead to just the end of a video message.
fn fills(payload: &[u8]) -> bool {
    // Coded frames: as FLV has them for AVC (and HEVC by its unofficial id), and with a FourCC, with and without a composition time.
    let start = match payload {
        [first, 1, ..] if first & 0x80 == 0 && matches!(first & 15, 7 | 12 | 13) => 5,
        [first, b'a' | b'h' | b'v', b'v', b'c', b'1', ..] if first & 0x8f == 0x81 => 8,
        [first, b'a' | b'h' | b'v', b'v', b'c', b'1', ..] if first & 0x8f == 0x83 => 5,
        _ => return false,
    };
    let Some(mut rest) = payload.get(start..).filter(|rest| !rest.is_empty()) else { return false };
    for _ in 0..FOLLOWED {
        let Some((length, behind)) = rest.split_first_chunk::<4>() else { return rest.is_empty() };
        let length = u32::from_be_bytes(*length) as usize;
        if length == 0 {
            return false;
        }
        let Some(behind) = behind.get(length..) else { return false };
        rest = behind;
    }
    false
}

/// The payload bytes among `bytes`, which begin with a chunk's data: chunks of `size` bytes on a chunk stream, with headers of one
/// byte between; none where other bytes stand there.
pub(super) fn payload(bytes: &[u8], size: u32, chunk_stream_id: u32) -> Option<Vec<u8>> {
    let mut payload = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((data, behind)) = rest.split_at_checked(size as usize) {
        payload.extend_from_slice(data);
        match behind {
            [] => return Some(payload),
            [mark, behind @ ..] if chunk_stream_id < 64 && *mark == 0xc0 | chunk_stream_id as u8 => rest = behind,
            _ => return None,
        }
    }
    payload.extend_from_slice(rest);
    Some(payload)
}
