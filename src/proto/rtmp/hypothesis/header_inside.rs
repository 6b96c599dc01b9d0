//! A whole header inside what is taken for a message: there, at the latest, that ends.

use crate::proto::rtmp::resync::{Known, Past};
use crate::proto::rtmp::{MessageType, header};
use crate::wire::{Reader, Silent};

/// The longest message that a chance header may have.
const USUAL_LENGTH: u32 = 0xffff;

/// Whether a whole header begins here that says what its chunk stream's last one did, or that of the message that it is inside (`own`): of a hundred thousand places one looks so.
pub(super) fn is_header(bytes: &[u8], known: &Known, own: Option<(u32, MessageType)>) -> bool {
    let Ok(length) = header::length(bytes) else { return false };
    if bytes[0] >> 6 > 1 || bytes.len() < length {
        return false;
    }
    let Ok(header) = header::read(&mut Reader::new(&bytes[..length], 0, &mut Silent)) else { return false };
    let said = (header.chunk_stream_id, header.kind);
    let is_like = |past: &Past| (past.id, past.kind) == said;
    let is_placed = header.format == 1 || known.message_streams.contains(&header.message_stream_id);
    (1..=USUAL_LENGTH).contains(&header.length) && is_placed && (own == Some(said) || known.streams.iter().any(is_like))
}

/// Whether a payload of a message of this chunk stream and type has a whole header inside it.
pub(in crate::proto::rtmp) fn holds_header(payload: &[u8], known: &Known, own: (u32, MessageType)) -> bool {
    (1..payload.len()).any(|at| is_header(&payload[at..], known, Some(own)))
}
