//! Doubt: a header stands where none can be, and nothing is missing from the capture. So the sender made a mistake, at this place or
//! inside the message before it.
//!
//! That message is taken back, as far as its chunks lie one behind the other, and its bytes are kept together with those that
//! follow, until one of the [hypotheses](crate::proto::rtmp::hypothesis) explains them all or none can. Then they are
//! read again, in the way that is proven, or up to the impossible header.

use super::reason::FIRST;
use super::{Chunked, Chunks, Reason, State, after, moment};
use crate::proto::Why;
use crate::proto::rtmp::header;
use crate::proto::rtmp::hypothesis::{self, Before, Case, Explanation, Sizes, Story, Verdict};
use crate::proto::rtmp::mistake::{Mistake, Stray};
use crate::proto::rtmp::reading::Reading;
use crate::proto::rtmp::resync::{ChunkSize, Then};
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
}

/// The chunk size by which a direction is read, and the one in force.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Departure {
    size: u32,
    in_force: u32,
}

/// Bytes up to which every further one leads to another try; beyond, an eighth more does.
const EAGER: usize = 4096;
/// Bytes of the smallest message with a delta that matters.
const MESSAGE: u32 = 12;

impl Chunks {
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

    pub(super) fn doubt_credit(&self) -> u64 {
        self.credit(self.doubt_spent)
    }

    /// The header at the present place cannot be one: that is explained, or nothing explains it.
    pub(super) fn face(&mut self, at: Moment, out: &mut Vec<Chunked>) {
        match self.hopeless.take_if(|(offset, _)| *offset == self.offset) {
            Some((_, reason)) => self.lose_chunks(reason, at, out),
            None => self.doubt(out),
        }
    }

    /// Takes back the message before the present place, and waits for what explains it and what follows.
    pub(super) fn doubt(&mut self, out: &mut Vec<Chunked>) {
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
        self.doubt = Some(Box::new(Doubt { bytes, bounds, symptom, before, tried: 0 }));
        self.state = State::Doubting;
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
            Story::AsSaid { length } => {
                self.correction = Some((start, length));
                None
            }
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
        if let Some(mistake @ Mistake::Extra { bytes, what: what @ (Stray::Unknown | Stray::Ambiguous) }) = mistake {
            // What stands before them is read as it stands; what is wrong inside it may have the same cause.
            let (offset, place) = if what == Stray::Ambiguous { (start, 0) } else { (symptom, doubt.symptom) };
            out.push(Chunked::Deviation { offset, at: moment(&doubt.bounds, place), mistake });
            self.state = State::Header;
            let bounds = doubt.bounds.clone();
            self.run(&doubt.bytes[..doubt.symptom], &bounds, out);
            if what == Stray::Ambiguous {
                make_ambiguous(out);
            }
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

    /// Nothing explains the bytes: they are read up to the impossible header, and from there on the next chunk is looked for. A header
    /// that only may be impossible is read, where it is not.
    fn despair(&mut self, doubt: Doubt, out: &mut Vec<Chunked>) {
        let reason = self.no_chunks(&doubt.bytes[doubt.symptom..]);
        self.give_up_at(reason, doubt, out);
    }

    /// No chunk is at the present place: a message just before it that may be none is not told as one.
    pub(super) fn withhold(&mut self, out: &mut Vec<Chunked>) {
        let Some(Chunked::Message(head, payload)) =
            out.last().filter(|last| matches!(last, Chunked::Message(head, _) if head.end() == self.offset))
        else {
            return;
        };
        if self.is_unsure(head, payload) {
            make_ambiguous(out);
        }
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

/// Where the last message ends is not known.
fn make_ambiguous(out: &mut Vec<Chunked>) {
    if let Some(Chunked::Message(head, _)) = out.pop_if(|last| matches!(last, Chunked::Message(..))) {
        let received = head.length;
        out.push(Chunked::Incomplete { head, received, why: Why::Ambiguous });
    }
}

/// Whether a header's time calls for an extended timestamp.
fn has_time_of_ones(header: &[u8]) -> bool {
    header.windows(3).skip(1).take(3).any(|time| time == [0xff; 3])
}
