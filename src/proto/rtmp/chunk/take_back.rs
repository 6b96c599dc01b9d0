//! Taking back: the message just before a place becomes bytes again, and its chunk stream what it was before.

use super::stream::{ChunkStream, LastHeader, Partial};
use super::{Chunked, Chunks};
use crate::proto::rtmp::hypothesis::{Before, Sizes};
use crate::proto::rtmp::reading::Reading;
use crate::proto::rtmp::resync::{ChunkSize, Signs};
use crate::proto::rtmp::{Head, MessageType, Run};
use crate::wire::Moment;

/// What it takes to read the message that was begun last from its beginning again.
#[derive(Debug, Default)]
pub(super) struct Undo {
    pub(super) stream: usize,
    /// Its chunk stream's last header before.
    pub(super) last: LastHeader,
    pub(super) absolutes: bool,
    pub(super) omits: bool,
    pub(super) signs: Signs,
    /// The chunk sizes as they were before its last Set Chunk Size.
    pub(super) announced: Option<(ChunkSize, Box<Sizes>)>,
    /// From which place on the stream's bytes came in which packet, from that message's beginning on.
    pub(super) moments: Vec<(u64, Moment)>,
}

/// How many packets are told apart in bytes that are taken back.
const MOMENTS: usize = 1024;

impl Chunks {
    /// Notes what it takes to take back the message that begins at the present place.
    pub(super) fn note_beginning(&mut self, stream: usize, at: Moment) {
        let undo = &mut self.undo;
        undo.stream = stream;
        undo.last = self.streams[stream].last;
        (undo.absolutes, undo.omits, undo.signs) = (self.absolutes, self.omits, self.signs);
        undo.moments.clear();
        undo.moments.push((self.offset, at));
    }

    /// Notes which packets the bytes to come are from.
    pub(super) fn note_moments(&mut self, bounds: &[(usize, Moment)]) {
        let mut start = self.offset;
        for (end, at) in bounds {
            if self.undo.moments.len() < MOMENTS {
                self.undo.moments.push((start, *at));
            }
            start = self.offset + *end as u64;
        }
    }

    /// Takes back the chunks just before the present place, as far as they are one message's and lie one behind the other.
    pub(super) fn take_back(&mut self, out: &mut Vec<Chunked>) -> (Vec<u8>, Before) {
        // What an Abort Message gave up is gone.
        let is_message = |chunked: &mut Chunked| matches!(chunked, Chunked::Message(head, _) if head.end() == self.offset && head.kind != MessageType::ABORT);
        if let Some(Chunked::Message(head, payload)) = out.pop_if(is_message) {
            let Some(stream) = self.find(head.chunk_stream_id) else { return (Vec::new(), Before::Nothing) };
            let is_size = head.kind == MessageType::SET_CHUNK_SIZE;
            let (passed, payload) = (head.length, Vec::from(payload));
            let partial = Partial { head, payload, passed, missing: 0, dropped: false };
            return match self.unread(stream, partial) {
                Ok(bytes) => {
                    if is_size && let Some((size, sizes)) = self.undo.announced.take() {
                        (self.size, self.sizes) = (size, *sizes);
                        self.note_deviation();
                    }
                    (bytes, Before::Message)
                }
                Err(partial) => {
                    out.push(Chunked::Message(partial.head, partial.payload.into()));
                    (Vec::new(), Before::Nothing)
                }
            };
        }
        let is_last =
            |stream: &ChunkStream| stream.partial.as_ref().is_some_and(|partial| partial.head.end() == self.offset);
        let Some(stream) = self.streams.iter().position(is_last) else { return (Vec::new(), Before::Nothing) };
        let Some(partial) = self.streams[stream].partial.take() else { return (Vec::new(), Before::Nothing) };
        self.partial_bytes -= partial.cost();
        match self.unread(stream, partial) {
            Ok(bytes) => (bytes, Before::Part),
            Err(partial) => {
                self.partial_bytes += partial.cost();
                self.streams[stream].partial = Some(*partial);
                (Vec::new(), Before::Nothing)
            }
        }
    }

    /// Makes the last chunks of a message bytes again. Where its first one is among them, its chunk stream is as before it.
    fn unread(&mut self, stream: usize, mut partial: Partial) -> Result<Vec<u8>, Box<Partial>> {
        let is_whole = !partial.dropped && partial.missing == 0 && partial.head.reading != Reading::HeaderOnEveryChunk;
        let (count, size) = contiguous(&partial.head.runs, self.offset);
        if !is_whole || count == 0 || size > self.search_bytes as u64 || size > self.doubt_credit() {
            return Err(Box::new(partial));
        }
        let is_all = count == partial.head.runs.len();
        if is_all && self.undo.stream != stream {
            return Err(Box::new(partial));
        }
        let runs = partial.head.runs[partial.head.runs.len() - count..].to_vec();
        let taken: u32 = runs.iter().map(|run| run.payload).sum();
        let data = &partial.payload[partial.payload.len() - taken as usize..];
        let Some(bytes) = written(&partial.head, &runs, data).filter(|bytes| bytes.len() as u64 == size) else {
            return Err(Box::new(partial));
        };
        self.offset -= size;
        if is_all {
            let undo = &self.undo;
            self.streams[stream].last = undo.last;
            (self.absolutes, self.omits, self.signs) = (undo.absolutes, undo.omits, undo.signs);
            return Ok(bytes);
        }
        let head = &mut partial.head;
        head.chunks -= runs.iter().map(|run| run.payload.div_ceil(run.chunk.max(1)).max(1)).sum::<u32>();
        head.size -= bytes.len() as u32;
        head.runs.truncate(head.runs.len() - count);
        partial.passed -= taken;
        partial.payload.truncate(partial.payload.len() - taken as usize);
        self.partial_bytes += partial.cost();
        self.streams[stream].partial = Some(partial);
        Ok(bytes)
    }
}

/// How many of the last runs lie one behind the other up to `end`, and how many bytes they are.
fn contiguous(runs: &[Run], end: u64) -> (usize, u64) {
    let mut start = end;
    let mut count = 0;
    for run in runs.iter().rev() {
        if run.end() != start {
            break;
        }
        start = run.offset;
        count += 1;
    }
    (count, end - start)
}

/// The bytes of a message's chunks, given their payload; none where a header's bytes are not known.
fn written(head: &Head, runs: &[Run], mut data: &[u8]) -> Option<Vec<u8>> {
    let first = head.header.as_slice();
    let mut later = first[..head.header.basic_length() as usize].to_vec();
    later[0] |= 0xc0;
    let basic = later.len();
    if let Some(extended) = head.extended {
        later.extend_from_slice(&extended.value.to_be_bytes());
    }
    let mut bytes = Vec::new();
    for run in runs {
        let mut at = run.offset;
        for (place, length) in run.pieces() {
            let header = (place - at) as usize;
            if at == head.offset {
                bytes.extend_from_slice(first.get(..header)?);
            } else if header == basic || header == later.len() {
                bytes.extend_from_slice(&later[..header]);
            } else {
                return None;
            }
            let (chunk, rest) = data.split_at_checked(length as usize)?;
            bytes.extend_from_slice(chunk);
            data = rest;
            at = place + u64::from(length);
        }
        if run.payload == 0 {
            bytes.extend_from_slice(if run.offset == head.offset { first } else { &later[..basic] });
        }
    }
    Some(bytes)
}
