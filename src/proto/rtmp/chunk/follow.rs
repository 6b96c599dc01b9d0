//! The chunks that follow one another inside a message, taken at once: most of what there is.

use super::{Chunks, State};
use crate::proto::rtmp::hypothesis::ExtendedField;
use crate::proto::rtmp::resync::ChunkSize;

impl Chunks {
    /// Takes further chunks of the message under way on a chunk stream, as far as they lie in `bytes`, which are of one packet that
    /// carries some of it already; gives how many bytes that was. Each has a type 3 header of one byte, about which nothing can
    /// be doubted. What is not so simple is left to [`header`](Chunks::header).
    pub(super) fn follow(&mut self, index: usize, bytes: &[u8]) -> usize {
        let stream = &mut self.streams[index];
        let (ChunkSize::Known(size), Some(partial)) = (self.size, &mut stream.partial) else { return 0 };
        let header = 0xc0 | stream.id as u8;
        let may_have_field = stream.last.extended.is_some() || self.form.extended == ExtendedField::Inside;
        let is_next = bytes.first() == Some(&header) && (2..64).contains(&stream.id) && !may_have_field;
        let head = &partial.head;
        let is_simple =
            !partial.dropped && partial.missing == 0 && head.extended.is_none() && self.correction.is_none();
        let fits = self.partial_bytes + head.length as usize <= self.max_partial_bytes;
        if !(is_next && is_simple && fits && partial.passed < head.length) {
            return 0;
        }
        let before = partial.cost();
        partial.make_room(bytes.len().min((head.length - partial.passed) as usize));
        let head = &mut partial.head;
        let (mut at, mut passed, mut chunks) = (0, 0, 0);
        let mut left = head.length - partial.passed;
        let mut chunk = size.min(left);
        head.add_chunk(self.offset, 1, chunk, size);
        loop {
            let data = &bytes[at + 1..];
            let data = &data[..data.len().min(chunk as usize)];
            partial.payload.extend_from_slice(data);
            at += 1 + data.len();
            passed += data.len() as u32;
            left -= data.len() as u32;
            chunks += 1;
            if data.len() < chunk as usize {
                chunk -= data.len() as u32;
                break;
            }
            chunk = 0;
            if left == 0 || bytes.get(at) != Some(&header) {
                break;
            }
            chunk = size.min(left);
            if let Some(run) = head.runs.last_mut() {
                run.later_header = 1;
                run.payload += chunk;
            }
        }
        head.chunks += chunks;
        head.size += at as u32;
        partial.passed += passed;
        self.partial_bytes = self.partial_bytes - before + partial.cost();
        self.offset += at as u64;
        self.state = State::Data { stream: index, left: chunk };
        at
    }
}
