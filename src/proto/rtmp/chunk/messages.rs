//! Chunks put together: their headers, their data and their ends become messages.

use super::stream::{ChunkStream, LastHeader, Partial};
use super::{Chunked, Chunks, State, moment};
use crate::proto::Why;
use crate::proto::rtmp::header::ChunkHeader;
use crate::proto::rtmp::resync::ChunkSize;
use crate::proto::rtmp::{Extended, ExtendedForm, Head, HeaderBytes, MessageType, Reading};
use crate::wire::Moment;

impl Chunks {
    /// Takes a chunk's header into account: a new message, or more of the one under way.
    pub(super) fn begin_chunk(
        &mut self,
        header: ChunkHeader,
        bytes: &[u8],
        first: Moment,
        last: Moment,
        out: &mut Vec<Chunked>,
    ) {
        let index = self.find(header.chunk_stream_id).unwrap_or_else(|| self.add_stream(header.chunk_stream_id));
        if header.format < 3 || self.streams[index].partial.is_none() {
            self.note_beginning(index, first);
        }
        let stream = &mut self.streams[index];
        if header.format < 3
            && let Some(partial) = stream.partial.take()
        {
            self.partial_bytes -= partial.cost();
            out.push(partial.incomplete(Why::HeaderInside));
        }
        let form = match (stream.last.extended, header.extended) {
            (Some(_), None) if header.format == 3 => ExtendedForm::Omitted,
            (_, Some(_)) if header.format == 3 => ExtendedForm::Repeated,
            _ => ExtendedForm::Single,
        };
        self.omits |= form == ExtendedForm::Omitted;
        let is_new = stream.partial.is_none();
        let partial = if let Some(partial) = &mut stream.partial {
            if let Some(extended) = &mut partial.head.extended {
                extended.form = form;
            }
            partial.head.chunks += 1;
            partial.head.size += bytes.len() as u32;
            if header.extended.is_some() && partial.head.extended.is_none() {
                partial.head.reading = Reading::ExtendedTimestamp;
            }
            if bytes[0] >> 6 < 3 {
                partial.head.reading = Reading::HeaderOnEveryChunk;
            }
            partial
        } else {
            stream.last.inherit(&header, &mut self.absolutes);
            // Until a header says it again.
            stream.last.timed &= !self.form.hides_time(bytes);
            let reading =
                if self.deviates { self.departure.reading(stream.last.length, bytes) } else { Reading::Standard };
            let value = header.extended.or(stream.last.extended);
            let head = Head {
                first,
                last,
                offset: self.offset,
                size: bytes.len() as u32,
                chunks: 1,
                chunk_stream_id: stream.id,
                chunk_format: header.format,
                timestamp: stream.last.timestamp,
                timestamp_known: stream.last.timed,
                timestamp_inherited: stream.last.timed && stream.last.unset,
                delta: stream.last.step,
                length: stream.last.length,
                kind: stream.last.kind,
                message_stream_id: stream.last.message_stream_id,
                message_stream_known: stream.last.placed,
                header: HeaderBytes::new(bytes),
                runs: Vec::new(),
                extended: value.map(|value| Extended {
                    value,
                    form,
                    absolute: stream.last.absolute,
                    ambiguous: stream.last.ambiguous,
                }),
                reading,
            };
            stream.partial.insert(Partial { head, payload: Vec::new(), passed: 0, missing: 0, dropped: false })
        };
        partial.head.carry(first);
        partial.head.carry(last);
        if let Some((_, length)) = self.correction.take_if(|(offset, _)| *offset == self.offset) {
            let said = std::mem::replace(&mut partial.head.length, length.max(partial.passed));
            if said != partial.head.length {
                partial.head.reading = Reading::Length;
            }
        } else if is_new && !self.form.is_right() {
            let length = self.form.length(partial.head.kind, partial.head.length);
            if length != partial.head.length {
                (partial.head.length, partial.head.reading) = (length, Reading::Length);
            }
        }
        let left = partial.head.length - partial.passed;
        let (left, size) = match self.size {
            ChunkSize::Known(size) => (left.min(size), size),
            ChunkSize::AtLeast { .. } => (left, left.max(1)),
        };
        let before = if is_new { 0 } else { partial.cost() };
        if partial.dropped {
            // Where its chunks lie has no use either.
            partial.head.runs.truncate(1);
        } else {
            partial.head.add_chunk(self.offset, bytes.len() as u8, left, size);
        }
        self.partial_bytes = self.partial_bytes - before + partial.cost();
        if self.partial_bytes > self.max_partial_bytes && !partial.dropped {
            let before = partial.cost();
            partial.drop_payload();
            self.partial_bytes = self.partial_bytes - before + partial.cost();
            out.push(Chunked::Reached("partial_bytes"));
        }
        self.state = State::Data { stream: index, left };
    }

    pub(super) fn add_stream(&mut self, id: u32) -> usize {
        let index = self.streams.len();
        self.streams.push(ChunkStream {
            id,
            last: LastHeader::none(!self.has_hole && self.undecoded == 0),
            partial: None,
        });
        match self.small.get_mut(id as usize) {
            Some(place) => *place = index as u16,
            None => {
                self.large.insert(id, index);
            }
        }
        index
    }

    pub(super) fn data(
        &mut self,
        stream: usize,
        data: &[u8],
        bounds: &[(usize, Moment)],
        at: usize,
        out: &mut Vec<Chunked>,
    ) {
        self.pass(stream, data.len() as u32);
        let Some(partial) = &mut self.streams[stream].partial else { return };
        if !partial.dropped && partial.missing == 0 {
            let before = partial.cost();
            partial.make_room(data.len());
            let after = self.partial_bytes - before + partial.cost();
            if after > self.max_partial_bytes {
                self.partial_bytes -= before;
                partial.drop_payload();
                self.partial_bytes += partial.cost();
                out.push(Chunked::Reached("partial_bytes"));
            } else {
                self.partial_bytes = after;
                partial.payload.extend_from_slice(data);
            }
        }
        partial.head.carry(moment(bounds, at));
        partial.head.carry(moment(bounds, at + data.len() - 1));
    }

    pub(super) fn pass(&mut self, stream: usize, bytes: u32) {
        if let Some(partial) = &mut self.streams[stream].partial {
            partial.passed += bytes;
            partial.head.size += bytes;
        }
    }

    pub(super) fn end_of_chunk(&mut self, index: usize, out: &mut Vec<Chunked>) {
        let stream = &mut self.streams[index];
        if stream.partial.as_ref().is_none_or(|partial| partial.passed < partial.head.length) {
            return;
        }
        let Some(partial) = stream.partial.take() else { return };
        self.partial_bytes -= partial.cost();
        if partial.dropped {
            out.push(partial.incomplete(Why::Limit));
            return;
        }
        if partial.missing > 0 {
            out.push(partial.incomplete(Why::Gap));
            return;
        }
        self.remember(&partial);
        let (kind, word) =
            (partial.head.kind, partial.payload.first_chunk::<4>().map(|word| u32::from_be_bytes(*word)));
        if self.form.has_trailers() {
            self.trailed = Some((self.offset, partial.head.length, partial.head.kind));
        }
        let old_headers = self.old_headers(&partial.head, &partial.payload);
        let is_cut_wrong = self.is_cut_wrong(&partial.head, &partial.payload);
        let is_doubtful = is_cut_wrong || self.is_long_again(&partial.head, &partial.payload);
        out.push(Chunked::Message(partial.head, partial.payload.into()));
        if old_headers > 0 || is_doubtful {
            return self.doubt(out);
        }
        match (kind, word) {
            // §5.4.1: at least 1, the top bit is 0. Anything else cannot be followed and is left for a rule to blame.
            (MessageType::SET_CHUNK_SIZE, Some(size @ 1..=0x7fff_ffff)) => {
                self.undo.announced = Some((self.size, Box::new(self.sizes.clone())));
                self.size = ChunkSize::Known(size);
                self.sizes.announce(size);
                self.note_deviation();
            }
            (MessageType::ABORT, Some(id)) => {
                if let Some(stream) = self.find(id)
                    && let Some(partial) = self.streams[stream].partial.take()
                {
                    self.partial_bytes -= partial.cost();
                    out.push(partial.incomplete(Why::Aborted));
                }
            }
            _ => {}
        }
    }

    /// Takes from a whole message what tells later ones from chance.
    pub(super) fn remember(&mut self, partial: &Partial) {
        let head = &partial.head;
        self.signs.remember(head.kind, &partial.payload);
        if matches!(head.kind, MessageType::AUDIO | MessageType::VIDEO) && head.timestamp_known {
            self.signs.clock = Some(head.timestamp);
        }
        let id = head.message_stream_id;
        if head.message_stream_known && self.message_streams.len() < 16 && !self.message_streams.contains(&id) {
            self.message_streams.push(id);
        }
    }
}
