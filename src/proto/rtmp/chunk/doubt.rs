//! Doubt: a header stands where none can be, and nothing is missing from the capture. So the sender made a mistake, at this place or
//! inside the message before it.
//!
//! That message is taken back, as far as its chunks lie one behind the other, and its bytes are kept together with those that
//! follow, until one of the [hypotheses](crate::proto::rtmp::hypothesis) explains them all or none can. Then they are
//! read again, in the way that is proven, or up to the impossible header.

use super::stream::{ChunkStream, LastHeader, Partial};
use super::{Chunked, Chunks, Reason, State, after, moment};
use crate::proto::rtmp::header::{self, ChunkHeader, LARGEST_ID, LONG, STEP, apart};
use crate::proto::rtmp::hypothesis::{
    self, Before, Case, Explanation, ExtendedField, Sizes, Story, Verdict, is_amf, is_whole, tag_size,
};
use crate::proto::rtmp::mistake::{Mistake, Stray, Telling};
use crate::proto::rtmp::reading::Reading;
use crate::proto::rtmp::resync::{ChunkSize, Then, fits};
use crate::proto::rtmp::{Head, MessageType, Run};
use crate::wire::Moment;

/// Bytes in which the sender's mistake is looked for: from the last proven place on.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) bytes: Vec<u8>,
    pub(super) bounds: Vec<(usize, Moment)>,
    /// Where the header stands that cannot be one.
    symptom: usize,
    before: Before,
    /// How many bytes there were when all hypotheses waited for more.
    tried: usize,
    /// The header may be one.
    is_mild: bool,
}

/// What it takes to read the message that was begun last from its beginning again.
#[derive(Debug, Default)]
pub(super) struct Undo {
    stream: usize,
    /// Its chunk stream's last header before.
    last: LastHeader,
    absolutes: bool,
    omits: bool,
    /// The chunk sizes as they were before its last Set Chunk Size.
    pub(super) announced: Option<(ChunkSize, Box<Sizes>)>,
    /// From which place on the stream's bytes came in which packet, from that message's beginning on.
    moments: Vec<(u64, Moment)>,
}

/// The chunk size by which a direction is read, and the one in force.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Departure {
    size: u32,
    in_force: u32,
}

/// How many packets are told apart in bytes that are taken back.
const MOMENTS: usize = 1024;
/// Bytes up to which every further one leads to another try; beyond, an eighth more does.
const EAGER: usize = 4096;
/// Distances of chunk headers that are tried.
const SIZES: usize = 64;
/// The longest AMF payload that is looked at once more.
const MOST_VALUES: usize = 65_536;
/// Bytes of the smallest message with a delta that matters.
const MESSAGE: u32 = 12;
/// Messages that are looked at so.
const ENDS: usize = 16;
/// Payload bytes that a header may say too much.
const MOST_MISSING: u32 = 16;
/// First bytes that are told of what cannot be decoded.
pub(super) const FIRST: usize = 12;

impl Chunks {
    /// Whether nothing explains a header but a mistake of the sender; or nothing much speaks for it.
    pub(super) fn is_suspect(&self, header: &ChunkHeader, rest: &[u8]) -> bool {
        let ChunkHeader { format, kind, length, .. } = *header;
        let Some(place) = self.find(header.chunk_stream_id) else {
            return match format {
                0 => self.is_odd(header),
                1 => self.is_odd(header) || header.chunk_stream_id >= 64 || header.timestamp > STEP || length > LONG,
                _ => true,
            };
        };
        let stream = &self.streams[place];
        if let Some(partial) = &stream.partial {
            let is_next =
                self.form.on_every_chunk && (format == 2 || (length, kind) == (partial.head.length, partial.head.kind));
            return format < 3 && !is_next;
        }
        let is_new = stream.last.kind != kind;
        let is_far = header.timestamp > STEP && header.extended.is_none();
        match format {
            0 => self.is_odd(header) || (length > LONG && is_new),
            1 => self.is_odd(header) || (is_new && (kind.name().is_none() || length > LONG || is_far)),
            2 if is_far => true,
            _ => stream.last.fresh && stream.last.extended.is_none() && !self.begins(stream, rest),
        }
    }

    /// Whether a header of type 0 or 1 says what no sender says.
    fn is_odd(&self, header: &ChunkHeader) -> bool {
        let ChunkHeader { format, kind, message_stream_id, .. } = *header;
        let length = self.form.length(kind, header.length);
        let has_length = match kind.0 {
            1 | 2 | 3 | 5 => length == 4,
            6 => length == 5,
            4 => (2..=64).contains(&length),
            _ => true,
        };
        let is_far = message_stream_id > LARGEST_ID && !self.message_streams.contains(&message_stream_id);
        // Another of a type that was proven is one more.
        let is_known = |stream: usize| self.streams[stream].last.kind == kind;
        let is_strange =
            kind.name().is_none() && (length > 0xffff || !self.find(header.chunk_stream_id).is_some_and(is_known));
        !has_length || is_strange || (format == 0 && is_far)
    }

    /// Whether the present place is the end of a media message, which says of itself neither its length nor that it is one piece.
    fn is_behind_media(&self, out: &[Chunked]) -> bool {
        matches!(out.last(), Some(Chunked::Message(head, _))
            if matches!(head.kind, MessageType::AUDIO | MessageType::VIDEO) && head.end() == self.offset)
    }

    /// Whether the payload begins as those of the chunk stream do, as far as it is there.
    fn begins(&self, stream: &ChunkStream, rest: &[u8]) -> bool {
        let payload = &rest[..rest.len().min(stream.last.length as usize)];
        match (stream.last.kind, payload) {
            // Sizes of 16 MiB and more, and such event types, are seldom.
            (MessageType::SET_CHUNK_SIZE | MessageType::USER_CONTROL, [first, ..]) => *first == 0,
            (MessageType::ABORT, [a, b, ..]) => (*a, *b) == (0, 0),
            (MessageType::SET_PEER_BANDWIDTH, [_, _, _, _, limit]) => *limit < 3,
            (
                MessageType::AUDIO | MessageType::VIDEO | MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0,
                [_, _, _, _, _, _, ..],
            ) => fits(stream.last.kind, payload, &self.signs),
            _ => true,
        }
    }

    /// Whether a header that is not whole cannot become one.
    pub(super) fn is_odd_beginning(&self, bytes: &[u8], out: &[Chunked]) -> bool {
        let (format, id) = (bytes[0] >> 6, u32::from(bytes[0] & 63));
        let place = if id < 2 { None } else { self.find(id) };
        if place.is_none() && (format > 0 || id < 2 || self.is_behind_media(out) || self.has_broken_values(out)) {
            return true;
        }
        if place.is_some_and(|place| self.streams[place].partial.is_some()) && format < 3 && !self.form.on_every_chunk {
            return true;
        }
        // As far as its time is there.
        let Some(first) = bytes.get(1).filter(|_| format < 3) else { return false };
        let low = u32::from_be_bytes([0, *first, bytes.get(2).copied().unwrap_or(0), 0]);
        let clock = if format == 0 { self.signs.clock.unwrap_or(0) } else { 0 };
        // The time's lower three bytes, where the field that says it whole is behind.
        let clock = if self.form.extended == ExtendedField::Uncalled { clock & header::EXTENDED } else { clock };
        let is_near = apart(low, clock) <= 2 * STEP || low == 0;
        !is_near && *first != 0xff
    }

    /// The message under way when no more bytes come, where its AMF values are whole without the few bytes that are missing: its
    /// header says more than it has.
    pub(super) fn end_with_values(&mut self, out: &mut Vec<Chunked>) {
        let State::Data { stream, left: 1..=MOST_MISSING } = self.state else { return };
        let Some(partial) = &mut self.streams[stream].partial else { return };
        let said = partial.head.length;
        let is_whole = partial.missing == 0
            && !partial.dropped
            && said - partial.passed <= MOST_MISSING
            && is_amf(partial.head.kind)
            && partial.payload.len() <= MOST_VALUES
            && is_whole(partial.head.kind, &partial.payload);
        if self.has_hole || !is_whole {
            return;
        }
        let Some(mut partial) = self.streams[stream].partial.take() else { return };
        self.partial_bytes -= partial.cost();
        let mistake = Mistake::Length { said, is: partial.passed, by: Telling::Amf };
        out.push(Chunked::Deviation { offset: partial.head.offset, at: partial.head.first, mistake });
        (partial.head.length, partial.head.reading) = (partial.passed, Reading::Length);
        out.push(Chunked::Message(partial.head, partial.payload.into()));
    }

    /// Looks for the end of the message under way when no more bytes come: its header may say much more than it has, and what is
    /// taken for it be chunks.
    pub(super) fn doubt_length(&mut self, out: &mut Vec<Chunked>) {
        // Each message that is cut short so may be followed by another.
        for _ in 0..ENDS {
            let State::Data { stream, left } = self.state else { return };
            let Some(partial) = &mut self.streams[stream].partial else { return };
            if self.has_hole || partial.passed == 0 || partial.dropped || self.offset < self.trusted {
                return;
            }
            // Its last chunk is as long as its bytes go.
            if let Some(run) = partial.head.runs.last_mut() {
                run.payload = run.payload.saturating_sub(left);
            }
            let before = self.offset;
            self.doubt_mildly(out);
            self.go_on(Then::End, out);
            if self.offset <= before && self.trusted > before {
                return;
            }
        }
    }

    /// Whether chunk headers of another size that the sender announced stand inside a message that came in one chunk.
    pub(super) fn has_old_headers(&self, head: &Head, payload: &[u8]) -> bool {
        let ChunkSize::Known(size) = self.size else { return false };
        if self.has_hole || self.offset <= self.trusted || !is_one_chunk(head) {
            return false;
        }
        let others = self.sizes.past.iter().copied().chain([self.sizes.in_force()]);
        others.filter(|other| *other < size).any(|other| marks(head, payload, other as usize) > 1)
    }

    /// Whether the message before the present place came in one chunk and holds, at equal distances, as many chunk headers as bytes
    /// are left behind it: it ends with these.
    pub(super) fn hides_headers(&self, left: usize, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, payload)) = out.last().filter(|_| self.is_behind_media(out)) else {
            return false;
        };
        is_one_chunk(head)
            && memchr::memchr_iter(mark(head), payload).take(SIZES).any(|size| marks(head, payload, size) == left)
    }

    /// How many bytes behind the message before the present place belong to none; nothing where more bytes are needed to tell.
    pub(super) fn trailer(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(trailed) = self.trailed.take_if(|(offset, ..)| *offset == self.offset) else { return Some(0) };
        let (_, length, kind) = trailed;
        let (field, stray) = (tag_size(length), self.form.stray(kind));
        let is_short = rest.len() < stray || self.form.tag_sizes && rest.len() < field.len() && field.starts_with(rest);
        if is_short && !self.at_end {
            self.trailed = Some(trailed);
            return None;
        }
        let is_field = self.form.tag_sizes && rest.starts_with(&field);
        Some(if is_field { field.len() } else { stray.min(rest.len()) })
    }

    /// Whether the message before the present place is AMF values that do not end with it, and the header here is one that a few of
    /// their bytes may look like.
    pub(super) fn is_behind_broken_values(&self, header: &ChunkHeader, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, _)) = out.last() else { return false };
        if !is_amf(head.kind) {
            return false;
        }
        let is_like = |stream: usize| header.format == 2 || self.streams[stream].last.kind == header.kind;
        let is_usual = match header.format {
            3 => header.chunk_stream_id != head.chunk_stream_id,
            _ => self.find(header.chunk_stream_id).is_some_and(is_like),
        };
        !is_usual && self.has_broken_values(out)
    }

    /// Whether the message before the present place is AMF values that do not end with it.
    fn has_broken_values(&self, out: &[Chunked]) -> bool {
        let Some(Chunked::Message(head, payload)) = out.last() else { return false };
        let is_behind = head.end() == self.offset && is_amf(head.kind) && payload.len() <= MOST_VALUES;
        is_behind && self.may_doubt() && !is_whole(head.kind, payload)
    }

    /// Notes what it takes to take back the message that begins at the present place.
    pub(super) fn note_beginning(&mut self, stream: usize, at: Moment) {
        let undo = &mut self.undo;
        undo.stream = stream;
        undo.last = self.streams[stream].last;
        (undo.absolutes, undo.omits) = (self.absolutes, self.omits);
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

    /// Bytes of memory that it takes.
    pub(super) fn held_by_doubt(&self) -> usize {
        let bounds = self.doubt.as_ref().map_or(0, |doubt| {
            let bounds = doubt.bounds.capacity() * size_of::<(usize, Moment)>();
            size_of::<Doubt>() + doubt.bytes.capacity() + bounds
        });
        let sizes = |sizes: &Sizes| size_of::<Sizes>() + sizes.past.capacity() * size_of::<u32>();
        let announced = self.undo.announced.as_ref().map_or(0, |(_, announced)| sizes(announced));
        bounds + announced + self.undo.moments.capacity() * size_of::<(u64, Moment)>()
    }

    /// Whether doubt may begin at the present place.
    pub(super) fn may_doubt(&self) -> bool {
        !self.has_hole && self.offset >= self.trusted && self.doubt_credit() > 0
    }

    fn doubt_credit(&self) -> u64 {
        self.credit(self.doubt_spent)
    }

    /// The header at the present place cannot be one: that is explained, or nothing explains it.
    pub(super) fn face(&mut self, at: Moment, out: &mut Vec<Chunked>) {
        match self.hopeless.take_if(|(offset, _)| *offset == self.offset) {
            Some((_, reason)) => self.lose_chunks(reason, at, out),
            None => self.doubt(out),
        }
    }

    /// Takes back the message before it, and waits for what explains both.
    pub(super) fn doubt(&mut self, out: &mut Vec<Chunked>) {
        self.doubt_as(false, out);
    }

    /// The same where nothing is impossible: what nothing explains is read as it stands.
    pub(super) fn doubt_mildly(&mut self, out: &mut Vec<Chunked>) {
        self.doubt_as(true, out);
    }

    fn doubt_as(&mut self, is_mild: bool, out: &mut Vec<Chunked>) {
        let symptom = self.offset;
        let (bytes, before) = self.take_back(out);
        self.doubt_spent += bytes.len() as u64;
        let offset = self.offset;
        let place = |(at, _): &(u64, Moment)| *at < symptom;
        let known: Vec<_> = self.undo.moments.iter().filter(|known| place(known)).copied().collect();
        let ends = known.iter().skip(1).map(|(at, _)| *at).chain([symptom]);
        let bounds = known.iter().zip(ends).filter(|(_, end)| *end > offset);
        let bounds = bounds.map(|((_, at), end)| ((end - offset) as usize, *at)).collect();
        let symptom = bytes.len();
        self.doubt = Some(Box::new(Doubt { bytes, bounds, symptom, before, tried: 0, is_mild }));
        self.state = State::Doubting;
    }

    /// Takes back the chunks just before the present place, as far as they are one message's and lie one behind the other.
    fn take_back(&mut self, out: &mut Vec<Chunked>) -> (Vec<u8>, Before) {
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
            (self.absolutes, self.omits) = (undo.absolutes, undo.omits);
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

    /// Looks for what explains the bytes; whether that is decided.
    pub(super) fn settle(&mut self, then: Then, out: &mut Vec<Chunked>) -> bool {
        let Some(doubt) = self.doubt.take() else { return true };
        let is_full = doubt.bytes.len() >= self.search_bytes;
        let then = if is_full { Then::Cut } else { then };
        // So many are told where nothing explains them.
        let is_short = doubt.bytes.len() < doubt.symptom + FIRST;
        let enough = if doubt.tried < EAGER { doubt.tried + 1 } else { doubt.tried + doubt.tried / 8 };
        if then == Then::More && doubt.bytes.len() < enough {
            self.doubt = Some(doubt);
            return false;
        }
        let known = self.known(then);
        let credit = self.doubt_credit();
        known.credit.set(credit);
        let (ChunkSize::Known(size) | ChunkSize::AtLeast { least: size, .. }) = self.size;
        let verdict = hypothesis::explain(&Case {
            bytes: &doubt.bytes[..doubt.bytes.len().min(self.search_bytes)],
            known: &known,
            symptom: doubt.symptom,
            before: doubt.before,
            size,
            form: self.form,
            sizes: &self.sizes,
            last_length: self.last_length,
        });
        self.doubt_spent += credit - known.credit.get();
        match verdict {
            Verdict::Proven(explanation) => self.adopt(explanation, *doubt, out),
            Verdict::Wait | Verdict::Rejected
                if then == Then::More && (is_short || verdict == Verdict::Wait && known.credit.get() > 0) =>
            {
                self.doubt = Some(Box::new(Doubt { tried: doubt.bytes.len(), ..*doubt }));
                return false;
            }
            _ => {
                if is_full {
                    out.push(Chunked::Reached("search_bytes"));
                }
                self.despair(*doubt, out);
            }
        }
        true
    }

    /// Reads the bytes in the way that is proven.
    fn adopt(&mut self, explanation: Explanation, doubt: Doubt, out: &mut Vec<Chunked>) {
        let (start, symptom) = (self.offset, self.offset + doubt.symptom as u64);
        self.trusted = start + explanation.until as u64;
        let is_over = self.deviates
            && (self.size, self.form) != (ChunkSize::Known(explanation.size), explanation.form)
            && explanation.form.is_right()
            && explanation.size == self.sizes.in_force();
        let mistake = match explanation.story {
            Story::Standard => is_over.then_some(Mistake::Over),
            Story::Mistake(mistake) => Some(mistake),
            Story::FlvTags => return self.give_up_at(Reason::FlvTags, doubt, out),
            Story::Inherits => {
                let first = doubt.bytes[doubt.symptom];
                let (chunk_stream_id, format) = (u32::from(first & 63), first >> 6);
                return self.give_up_at(Reason::FirstChunkInherits { chunk_stream_id, format }, doubt, out);
            }
        };
        self.size = ChunkSize::Known(explanation.size);
        self.form = explanation.form;
        self.note_deviation();
        if let (Some(kind), Some(by)) = (explanation.kind, mistake.and_then(Mistake::surplus)) {
            self.last_length = Some((kind, by));
        }
        let mut from = 0;
        if let Some(mistake @ Mistake::Extra { bytes, what: Stray::Unknown }) = mistake {
            // What stands before them is read as it stands; what is wrong inside it may have the same cause.
            out.push(Chunked::Deviation { offset: symptom, at: moment(&doubt.bounds, doubt.symptom), mistake });
            self.state = State::Header;
            let bounds = doubt.bounds.clone();
            self.run(&doubt.bytes[..doubt.symptom], &bounds, out);
            from = doubt.symptom + bytes as usize;
            self.offset += u64::from(bytes);
            self.undecoded += u64::from(bytes);
            // So many may hold a message, whose delta the next ones count on.
            if bytes >= MESSAGE {
                self.streams.iter_mut().for_each(|stream| stream.last.timed = false);
            }
        } else if let Some(mistake) = mistake {
            if let Mistake::Length { is, .. } = mistake {
                self.correction = Some((start, is));
            }
            out.push(Chunked::Deviation { offset: start, at: moment(&doubt.bounds, 0), mistake });
        }
        self.read_again(doubt, from, out);
    }

    /// Nothing explains the bytes: they are read up to the impossible header, and from there on the next chunk is looked for.
    fn despair(&mut self, doubt: Doubt, out: &mut Vec<Chunked>) {
        if doubt.is_mild {
            self.trusted = self.offset + doubt.symptom as u64 + 1;
            return self.read_again(doubt, 0, out);
        }
        let reason = self.no_chunks(&doubt.bytes[doubt.symptom..]);
        self.give_up_at(reason, doubt, out);
    }

    /// The reason of bytes that are no chunk stream.
    pub(super) fn no_chunks(&self, bytes: &[u8]) -> Reason {
        let (ChunkSize::Known(size) | ChunkSize::AtLeast { least: size, .. }) = self.size;
        let mut first = [0; FIRST];
        let count = bytes.len().min(FIRST);
        first[..count].copy_from_slice(&bytes[..count]);
        Reason::NoChunks { size, first, count: count as u8 }
    }

    fn give_up_at(&mut self, reason: Reason, doubt: Doubt, out: &mut Vec<Chunked>) {
        let symptom = self.offset + doubt.symptom as u64;
        self.trusted = symptom;
        self.hopeless = Some((symptom, reason));
        self.read_again(doubt, 0, out);
    }

    fn read_again(&mut self, doubt: Doubt, from: usize, out: &mut Vec<Chunked>) {
        self.state = State::Header;
        let Doubt { bytes, bounds, .. } = doubt;
        let bounds = after(bounds, from);
        let used = self.run(&bytes[from..], &bounds, out);
        self.store(&bytes[from + used..], after(bounds, used));
    }

    /// Whether the direction is read otherwise than RTMP and itself have it.
    pub(super) fn note_deviation(&mut self) {
        let size = match self.size {
            ChunkSize::Known(size) => size,
            ChunkSize::AtLeast { .. } => self.sizes.in_force(),
        };
        self.departure = Departure { size, in_force: self.sizes.in_force() };
        self.deviates = self.departure.size != self.departure.in_force || !self.form.is_right();
    }
}

impl Departure {
    /// How a message is read, given its length and its first header.
    pub(super) fn reading(self, length: u32, first_header: &[u8]) -> Reading {
        let Departure { size, in_force } = self;
        match first_header[0] >> 6 {
            // Four bytes are those of an extended timestamp, or of a message stream id that is missing as a whole.
            0..3 if header::length(first_header).is_ok_and(|length| length < first_header.len()) => {
                Reading::ExtendedTimestamp
            }
            0 if has_time_of_ones(first_header) && header::length(first_header) == Ok(first_header.len() + 4) => {
                Reading::ExtendedTimestamp
            }
            0 if header::length(first_header) != Ok(first_header.len()) => Reading::MessageStreamId,
            _ if size != in_force && length > size.min(in_force) => Reading::ChunkSize,
            _ => Reading::Standard,
        }
    }
}

/// Whether a header's time calls for an extended timestamp.
fn has_time_of_ones(header: &[u8]) -> bool {
    header.windows(3).skip(1).take(3).any(|time| time == [0xff; 3])
}

/// Whether a message came in one chunk, whose header can be told inside it.
fn is_one_chunk(head: &Head) -> bool {
    matches!(head.runs[..], [Run { later_header: 0, .. }]) && head.chunk_stream_id < 64
}

/// The type 3 header of a message's chunk stream.
fn mark(head: &Head) -> u8 {
    0xc0 | head.chunk_stream_id as u8
}

/// How many chunk headers stand in a payload where chunks of `size` bytes end; none unless that is everywhere, and more than padding.
fn marks(head: &Head, payload: &[u8], size: usize) -> usize {
    let mark = mark(head);
    if size == 0 || payload.get(size) != Some(&mark) || payload[size - 1] == mark {
        return 0;
    }
    let mut places = (size..payload.len()).step_by(size + 1);
    if places.all(|at| payload[at] == mark) { payload.len() / (size + 1) } else { 0 }
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
