//! What goes into files: the audio, the video and the data of a stream, one after the other; those inside an aggregate too.

use bytes::Bytes;

use crate::proto::rtmp::{Body, Message, MessageType, SubMessage};
use crate::wire::Moment;

/// Audio, video or data of a stream.
#[derive(Clone, Debug)]
pub(super) struct Item<'m> {
    pub(super) kind: MessageType,
    /// In ms, as it was sent; it wraps at 2^32. None where the capture does not tell.
    pub(super) time: Option<u32>,
    /// The chunk stream, which has a clock of its own.
    pub(super) chunk_stream_id: u32,
    /// How far its header moved that clock, where only that is known.
    pub(super) delta: Option<u32>,
    pub(super) payload: Bytes,
    pub(super) body: &'m Body,
    /// Where the payload begins in that of the message, from where the body's places count.
    pub(super) base: u32,
    /// The message that carries it.
    pub(super) n: u64,
    pub(super) at: Moment,
}

impl Item<'_> {
    /// Whether it is sound or a picture: no configuration, and not empty.
    pub(super) fn is_frame(&self) -> bool {
        match self.body {
            _ if self.payload.is_empty() => false,
            Body::Audio(audio) => !matches!(audio.packet_type, Some("sequence_start" | "multichannel_config")),
            Body::Video(video) => !matches!(
                video.packet_type,
                Some("sequence_start" | "mpeg2ts_sequence_start" | "metadata" | "sequence_end")
            ),
            _ => false,
        }
    }

    /// Whether it has the form of Enhanced RTMP.
    pub(super) fn is_enhanced(&self) -> bool {
        match self.body {
            Body::Audio(audio) => audio.enhanced,
            Body::Video(video) => video.enhanced,
            _ => false,
        }
    }

    /// The bytes of a place that the body names.
    pub(super) fn bytes(&self, place: &std::ops::Range<u32>) -> Bytes {
        let of = |at: u32| (at.saturating_sub(self.base) as usize).min(self.payload.len());
        let (start, end) = (of(place.start), of(place.end));
        self.payload.slice(start..end.max(start))
    }
}

/// Whether a message of this type goes into files.
pub(super) fn is_stored(kind: MessageType) -> bool {
    matches!(kind, MessageType::AUDIO | MessageType::VIDEO | MessageType::DATA_AMF0 | MessageType::DATA_AMF3)
}

/// What of a message goes into files, in order. What an aggregate holds that is cut off is none of it: `cut` counts that.
pub(super) fn items<'m>(message: &'m Message, cut: &mut u64) -> Vec<Item<'m>> {
    let head = &message.head;
    let item = |kind, time, payload, body, base| Item {
        kind,
        time: head.timestamp_known.then_some(time),
        chunk_stream_id: head.chunk_stream_id,
        delta: head.delta,
        payload,
        body,
        base,
        n: message.n,
        at: head.last,
    };
    match &message.body {
        Body::Aggregate(inside) => {
            let whole = |inside: &&SubMessage| {
                let end = u64::from(inside.offset) + u64::from(inside.length);
                let is_whole = end <= message.payload.len() as u64;
                *cut += u64::from(!is_whole && is_stored(inside.kind));
                is_whole
            };
            let stored = inside.iter().filter(|inside| is_stored(inside.kind)).filter(whole);
            let made = stored.map(|inside| {
                let (start, end) = (inside.offset as usize, (inside.offset + inside.length) as usize);
                item(inside.kind, inside.timestamp, message.payload.slice(start..end), &inside.body, inside.offset)
            });
            made.collect()
        }
        body if is_stored(head.kind) => vec![item(head.kind, head.timestamp, message.payload.clone(), body, 0)],
        _ => Vec::new(),
    }
}
