//! How long a message is by what it holds, whatever its header says.

use crate::limits::Limits;
use crate::proto::rtmp::mistake::Telling;
use crate::proto::rtmp::{MessageType, body};
use crate::wire::{Reader, Silent};

/// NAL units that are followed.
const FOLLOWED: usize = 4096;

/// What says that a message of this type ends just where `payload` does.
pub(super) fn told(kind: MessageType, payload: &[u8]) -> Option<Telling> {
    let by = if kind == MessageType::VIDEO { Telling::NalUnits } else { Telling::Amf };
    (ends(kind, payload) == Some(true)).then_some(by)
}

/// Whether what a payload holds ends just where the payload does; none where nothing in it says.
pub(in crate::proto::rtmp) fn ends(kind: MessageType, payload: &[u8]) -> Option<bool> {
    match kind {
        MessageType::VIDEO => match payload {
            [first, 0, _, _, _, config @ ..] if first & 0x8f == 7 => Some(is_config(config)),
            _ => nal_units(payload).map(fills),
        },
        kind if is_amf(kind) => Some(is_whole(kind, payload)),
        _ => None,
    }
}

/// Where the NAL units of a video message begin: coded frames as FLV has them for AVC (and HEVC by its unofficial id), and with a
/// FourCC, with and without a composition time.
fn nal_units(payload: &[u8]) -> Option<&[u8]> {
    let start = match payload {
        [first, 1, ..] if first & 0x80 == 0 && matches!(first & 15, 7 | 12 | 13) => 5,
        [first, b'a' | b'h' | b'v', b'v', b'c', b'1', ..] if first & 0x8f == 0x81 => 8,
        [first, b'a' | b'h' | b'v', b'v', b'c', b'1', ..] if first & 0x8f == 0x83 => 5,
        _ => return None,
    };
    payload.get(start..).filter(|rest| !rest.is_empty())
}

/// Whether the lengths of NAL units lead to just the end.
fn fills(mut rest: &[u8]) -> bool {
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

/// Where the NAL units of a video message end, one behind the other: payload bytes up to there.
pub(super) fn unit_ends(payload: &[u8]) -> Vec<usize> {
    let Some(mut rest) = nal_units(payload) else { return Vec::new() };
    let mut ends = Vec::new();
    while ends.len() < FOLLOWED
        && let Some((length, behind)) = rest.split_first_chunk::<4>()
        && let length @ 1.. = u32::from_be_bytes(*length) as usize
        && let Some(behind) = behind.get(length..)
    {
        ends.push(payload.len() - behind.len());
        rest = behind;
    }
    ends
}

/// Whether an AVCDecoderConfigurationRecord ends here: with its parameter sets, or what high profiles have behind them.
fn is_config(record: &[u8]) -> bool {
    behind_config(record).contains(&Some(&[]))
}

/// What stands behind a record's parameter sets, and behind what high profiles have there.
fn behind_config(record: &[u8]) -> [Option<&[u8]>; 2] {
    let [1, profile, _, _, _, sets, rest @ ..] = record else { return [None; 2] };
    let rest = parameter_sets(sets & 31, rest).and_then(|rest| parameter_sets(*rest.first()?, &rest[1..]));
    let more = match rest {
        Some([_, _, _, extensions, rest @ ..]) if matches!(profile, 100 | 110 | 122 | 144) => {
            parameter_sets(*extensions, rest)
        }
        _ => None,
    };
    [rest, more]
}

/// Where the record in an AVC sequence header may end, when it goes on behind that.
pub(super) fn config_ends(payload: &[u8]) -> [Option<usize>; 2] {
    let [first, 0, _, _, _, record @ ..] = payload else { return [None; 2] };
    if first & 0x8f != 7 || is_config(record) {
        return [None; 2];
    }
    behind_config(record).map(|rest| rest.map(|rest| payload.len() - rest.len()))
}

/// What stands behind so many parameter sets.
fn parameter_sets(count: u8, mut bytes: &[u8]) -> Option<&[u8]> {
    for _ in 0..count {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        bytes = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
    }
    Some(bytes)
}

/// The payload bytes among `bytes`, which begin with a chunk's data: chunks of `size` bytes on a chunk stream, with headers of one
/// byte between; none where other bytes stand there.
pub(super) fn payload(bytes: &[u8], size: u32, chunk_stream_id: u32) -> Option<Vec<u8>> {
    let payload = payload_so_far(bytes, size, chunk_stream_id);
    (written(payload.len(), size) == bytes.len()).then_some(payload)
}

/// The same up to where other bytes stand.
pub(super) fn payload_so_far(bytes: &[u8], size: u32, chunk_stream_id: u32) -> Vec<u8> {
    let mut payload = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((data, behind)) = rest.split_at_checked(size as usize) {
        payload.extend_from_slice(data);
        match behind {
            [mark, behind @ ..] if chunk_stream_id < 64 && *mark == 0xc0 | chunk_stream_id as u8 => rest = behind,
            _ => return payload,
        }
    }
    payload.extend_from_slice(rest);
    payload
}

/// The bytes that so many of a payload take from its first chunk's data on, with headers of one byte between chunks.
pub(super) fn written(payload: usize, size: u32) -> usize {
    payload + payload.saturating_sub(1) / (size as usize).max(1)
}

/// Whether a payload of this type is AMF values.
pub(in crate::proto::rtmp) fn is_amf(kind: MessageType) -> bool {
    matches!(
        kind,
        MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0 | MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3
    )
}

/// Whether an AMF payload's values end just where it does.
pub(in crate::proto::rtmp) fn is_whole(kind: MessageType, payload: &[u8]) -> bool {
    let mut silent = Silent;
    let decoded = body::decode(&mut Reader::new(payload, 0, &mut silent), kind, 0, &Limits::DEFAULT);
    decoded.problems.is_empty() && decoded.limit.is_none()
}
