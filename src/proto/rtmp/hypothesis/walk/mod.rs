//! A walk over chunk headers under one hypothesis, with the evidence that it gathers.
//!
//! It is what a chain is behind a hole ([`resync`](crate::proto::rtmp::resync)), where nothing is missing: what headers inherit is
//! certain, and so is the chunk size that is tried. Beside the headers it weighs whole messages: AMF values that end just
//! where their message does are no chance.

mod learn;

pub(super) use self::learn::{Lesson, SURPLUS};
use super::form::{ExtendedField, TAG_SIZE, tag_size};
use super::length::{ends, is_amf, is_whole};
use super::{Case, Explanation, First, Form, Story, Verdict};
use crate::proto::rtmp::header::{self, ChunkHeader, LARGEST_ID, LONG, STEP};
use crate::proto::rtmp::resync::{Known, Past, Signs, Then, Weight, weigh_header, weigh_payload};
use crate::proto::rtmp::{MessageType, Surplus};

/// Bits that prove a hypothesis, as they prove a place behind a hole.
const PROOF: i32 = 48;
/// Bits that prove that nothing is wrong.
const AS_IT_STANDS: i32 = 24;
/// What a header says by a byte that those around it do not have.
const MARK: i32 = 8;
/// What a number of three bytes and more says that is the only one possible.
const NUMBER: i32 = 20;
/// What it says that AMF values end with their message, and that they do not.
const WHOLE: i32 = 48;
/// What it says that the stream ends with a message.
const AT_THE_END: i32 = 16;
/// What it says against a place that a payload does not begin as it should, or a header is one that no sender writes.
const STRANGE: i32 = 12;
const IMPOSSIBLE: i32 = 16;
/// What it says against a message that its sender gave up the one before it.
const GIVEN_UP: i32 = 40;
/// The longest payload whose values are decoded.
pub(super) const LONGEST: u32 = 65_536;
/// The longest control message that may be meant, whatever its type.
const LONGEST_CONTROL: u32 = 1024;
/// What a header costs of the credit.
const COST: u64 = 8;
/// Messages that show that it is all.
const SEVERAL: u32 = 2;

/// Where a walk led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The bytes up to here are proven.
    Proven(usize),
    Rejected,
    Wait,
}

impl Outcome {
    /// The verdict on a story, given that this came of a walk with this size and form.
    pub(super) fn proves(self, story: Story, size: u32, form: Form) -> Verdict {
        match self {
            Outcome::Proven(until) => Verdict::Proven(Explanation { story, size, form, until, kind: None }),
            Outcome::Rejected => Verdict::Rejected,
            Outcome::Wait => Verdict::Wait,
        }
    }
}

/// What becomes of a header that no sender writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rigour {
    /// It speaks against the hypothesis.
    Lenient,
    /// It ends it.
    Strict,
    /// It ends it, and so does a payload that does not begin as it should.
    Strictest,
}

pub(super) struct Walk<'b> {
    bytes: &'b [u8],
    known: &'b Known,
    size: u32,
    form: Form,
    rigour: Rigour,
    /// Headers before this place are no evidence: all hypotheses share them.
    counts_from: usize,
    /// Headers inside messages that it takes beside the evidence.
    marks_wanted: u32,
    wants_next_chunks: bool,
    /// What is proven has to be behind this place: the header that cannot be one is to be explained.
    behind: usize,
    at: usize,
    /// Not all messages need to be longer or shorter than their headers say.
    has_exceptions: bool,
    /// What is proven goes no farther than here.
    certain_to: usize,
    tracks: Vec<Track>,
    signs: Signs,
    bits: i32,
    headers: u32,
    /// The last message ended with its values, just before `at`.
    is_whole: bool,
    /// The first Set Chunk Size behind the first message.
    uses: Uses,
    /// Of which types it is known how much longer their messages are than their headers say; none where that is no question.
    learnt: Option<[bool; 5]>,
    /// Which of the possible places is taken, for each type.
    choices: [usize; 5],
    /// Some header or payload is one that no sender writes.
    is_odd: bool,
    /// The present header has another length than it should.
    is_reread: bool,
    /// More bytes are needed to learn it.
    is_short: bool,
    /// Values do not end with a message whose length is a guess.
    is_broken: bool,
}

/// How a chunk form was used, for those that want to know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uses {
    /// Headers inside a message that are not of type 3, and the type of the first.
    pub(super) on_every_chunk: Option<u8>,
    /// Type 0 headers that are short.
    pub(super) short: u32,
    /// Headers whose extended timestamp is missing, or one too many.
    pub(super) extended: u32,
    /// Messages with a PreviousTagSize behind them.
    pub(super) tag_sizes: u32,
    /// Payload bytes of the longest chunk.
    pub(super) longest: u32,
    /// Headers inside a message where the chunk size puts them.
    pub(super) marks: u32,
    /// Messages of another length than their headers say, and of just that.
    pub(super) corrected: u32,
    pub(super) right: u32,
    /// How much longer the messages of each type are.
    pub(super) surplus: Surplus,
    pub(super) lesson: Lesson,
    /// There is evidence, and nothing against it.
    pub(super) is_sound: bool,
}

/// A chunk stream, and where the payload of the message under way lies.
#[derive(Clone)]
struct Track {
    past: Past,
    pieces: Vec<(usize, u32)>,
    is_from_start: bool,
}

enum End {
    Broken,
    Short,
}

impl<'b> Walk<'b> {
    /// One from the case's first byte on.
    pub(super) fn new(case: &Case<'b>, size: u32, form: Form) -> Walk<'b> {
        let Case { bytes, known, .. } = *case;
        known.spend(1 + known.streams.len() as u64 / 4);
        let track = |past: &Past| Track { past: *past, pieces: Vec::new(), is_from_start: false };
        Walk {
            bytes,
            known,
            size,
            form,
            rigour: Rigour::Strict,
            counts_from: 1,
            marks_wanted: 0,
            wants_next_chunks: false,
            behind: case.symptom,
            at: 0,
            has_exceptions: false,
            certain_to: usize::MAX,
            tracks: known.streams.iter().map(track).collect(),
            signs: known.signs,
            bits: 0,
            headers: 0,
            is_whole: false,
            uses: Uses::default(),
            learnt: None,
            choices: [0; 5],
            is_odd: false,
            is_reread: false,
            is_short: false,
            is_broken: false,
        }
    }

    /// Starts with so much evidence.
    pub(super) fn with_bits(mut self, bits: i32) -> Self {
        self.bits = bits;
        self
    }

    /// Starts elsewhere.
    pub(super) fn from(mut self, at: usize) -> Self {
        self.at = at;
        self.behind = at;
        self
    }

    /// Starts where what the message before holds ends: one header may be enough.
    pub(super) fn starting_at_end(mut self, at: usize) -> Self {
        self.at = at;
        self.behind = at - 1;
        self
    }

    /// The message before has come to its end, as its header says; others may do so, too.
    pub(super) fn behind_exception(mut self, first: &First) -> Self {
        self.has_exceptions = true;
        let past = Past { id: first.id, length: first.length, kind: first.kind, fresh: true, left: 0, extended: None };
        match self.tracks.iter_mut().find(|track| track.past.id == first.id) {
            Some(track) => track.past = Past { extended: track.past.extended, ..past },
            None => self.tracks.push(Track { past, pieces: Vec::new(), is_from_start: false }),
        }
        self
    }

    pub(super) fn counting_from(mut self, at: usize) -> Self {
        self.counts_from = at;
        self
    }

    /// A message that is split has to show a chunk of the size that is tried: another header may stand there by chance.
    pub(super) fn wanting_next_chunks(mut self) -> Self {
        self.wants_next_chunks = true;
        self
    }

    /// The size was found by a search for headers inside a message: one alone is found anywhere.
    pub(super) fn wanting_marks(mut self, marks: u32) -> Self {
        self.marks_wanted = marks;
        self
    }

    pub(super) fn with_rigour(mut self, rigour: Rigour) -> Self {
        self.rigour = rigour;
        self
    }

    fn proof(&self) -> i32 {
        if self.rigour == Rigour::Lenient { AS_IT_STANDS } else { PROOF }
    }

    /// Follows the headers until the hypothesis is proven, breaks, or the bytes end.
    pub(super) fn run(mut self) -> (Outcome, Uses) {
        let outcome = self.follow();
        self.uses.surplus = self.form.surplus;
        self.uses.is_sound = self.bits > 0 && !self.is_odd;
        (outcome, self.uses)
    }

    fn follow(&mut self) -> Outcome {
        loop {
            if self.at >= self.bytes.len() {
                return self.end();
            }
            let (at, bits) = (self.at, self.bits);
            let (place, data) = match self.header() {
                Ok(found) => found,
                Err(End::Short) if self.known.then == Then::More => return Outcome::Wait,
                Err(End::Short | End::Broken) => return Outcome::Rejected,
            };
            self.headers += 1;
            if at < self.counts_from {
                self.bits = bits;
            } else if self.is_proven(0) && at > self.behind && self.is_settled() {
                return self.proven(data);
            }
            let track = &mut self.tracks[place];
            let take = track.past.left.min(self.size);
            track.past.left -= take;
            track.pieces.push((data, take));
            self.uses.longest = self.uses.longest.max(take);
            self.at = data + take as usize;
            self.is_whole = false;
            if self.tracks[place].past.left == 0 && self.at <= self.bytes.len() {
                self.complete(place);
            }
            // Its sender may wait for an answer now: nothing needs to follow.
            if self.is_whole && self.is_proven(0) && self.at > self.behind && self.learnt.is_none() {
                return self.proven(self.at);
            }
            if self.is_short {
                return Outcome::Wait;
            }
            if self.is_broken {
                return Outcome::Rejected;
            }
        }
    }

    /// Whether enough messages have shown what all of a type are.
    fn is_settled(&self) -> bool {
        self.learnt.is_none() || self.uses.corrected.max(self.uses.right) >= SEVERAL
    }

    /// The evidence is enough up to here. What all messages are to be needs more than one.
    fn proven(&self, until: usize) -> Outcome {
        if self.learnt.is_some() && self.uses.corrected < SEVERAL {
            Outcome::Rejected
        } else {
            Outcome::Proven(until.min(self.certain_to))
        }
    }

    /// The verdict where the bytes end.
    fn end(&self) -> Outcome {
        let is_exact = self.at == self.bytes.len() && self.headers > 0;
        let is_enough = self.is_proven(if self.known.then == Then::End { AT_THE_END } else { 0 });
        match self.known.then {
            Then::More => Outcome::Wait,
            Then::End if is_exact && self.rigour == Rigour::Lenient => Outcome::Proven(self.at),
            _ if is_exact && is_enough => self.proven(self.at),
            _ => Outcome::Rejected,
        }
    }

    /// Whether the evidence is enough, with so many bits more.
    fn is_proven(&self, more: i32) -> bool {
        let is_split = |track: &Track| track.past.left > 0 && track.pieces.len() == 1;
        self.bits + more >= self.proof()
            && self.uses.marks >= self.marks_wanted
            && !(self.wants_next_chunks && self.tracks.iter().any(is_split))
    }

    /// Reads and weighs a header: its chunk stream, and where its chunk's data begins.
    fn header(&mut self) -> Result<(usize, usize), End> {
        if !self.known.spend(COST) {
            return Err(End::Broken);
        }
        let bytes = &self.bytes[self.at..];
        let (header, length) = self.form.read(bytes, &self.known.message_streams, &self.signs).ok_or(End::Short)?;
        let right = header::length(bytes).unwrap_or(length);
        self.uses.extended += u32::from(right != length && self.form.extended != ExtendedField::Called);
        self.uses.short += u32::from(right > length);
        self.is_reread = right != length;
        let place = self.tracks.iter().position(|track| track.past.id == header.chunk_stream_id);
        let data = self.at + length;
        let Some(place) = place else {
            return if header.format < 2 { self.message(header, None, data) } else { Err(End::Broken) };
        };
        let past = self.tracks[place].past;
        if header.format == 3 {
            return self.type_3(place, data);
        }
        if past.left > 0 && self.form.on_every_chunk {
            let is_same = header.format == 2 || (header.length, header.kind) == (past.length, past.kind);
            if !is_same {
                return Err(End::Broken);
            }
            self.uses.on_every_chunk.get_or_insert(header.format);
            self.bits += if header.format == 2 { 3 * MARK } else { 5 * MARK };
            return Ok((place, data));
        }
        if past.left > 0 {
            if self.rigour != Rigour::Lenient {
                return Err(End::Broken);
            }
            self.bits -= GIVEN_UP;
            self.is_odd = true;
        }
        self.message(header, Some(place), data)
    }

    /// A header of type 0, 1 or 2 that begins a message.
    fn message(&mut self, mut header: ChunkHeader, place: Option<usize>, data: usize) -> Result<(usize, usize), End> {
        let past = place.map(|place| self.tracks[place].past);
        if let Some(past) = past.filter(|_| header.format == 2) {
            if !past.fresh {
                return Err(End::Broken);
            }
            (header.length, header.kind) = (past.length, past.kind);
            self.may_inherit(past.kind, data)?;
        }
        let left = self.form.length(header.kind, header.length);
        let meant = ChunkHeader { length: left, ..header };
        let bits = self.weigh(&meant, past.as_ref());
        self.bits += match bits {
            Some(bits) => bits,
            // As it was taken before all doubt.
            None if self.at < self.counts_from && !self.is_reread => 0,
            None if self.rigour == Rigour::Lenient && self.has_one_oddity(&header, past.is_some()) => {
                self.is_odd = true;
                -IMPOSSIBLE
            }
            None => return Err(End::Broken),
        };
        self.weigh_beginning(header.kind, left, data)?;
        let past = Past {
            id: header.chunk_stream_id,
            length: header.length,
            kind: header.kind,
            fresh: true,
            left,
            extended: header.extended,
        };
        let track = Track { past, pieces: Vec::new(), is_from_start: true };
        let place = place.unwrap_or(self.tracks.len());
        if place == self.tracks.len() {
            self.tracks.push(track);
        } else {
            self.tracks[place] = track;
        }
        Ok((place, data))
    }

    /// What a header of type 0, 1 or 2 says. From 0 a clock may go to any time in one step: senders write what describes a stream
    /// with the time 0, and its frames with the times that they have.
    fn weigh(&mut self, header: &ChunkHeader, past: Option<&Past>) -> Option<i32> {
        let is_frame = header.format == 1 && matches!(header.kind, MessageType::AUDIO | MessageType::VIDEO);
        let is_first_step = is_frame && header.extended.is_none() && self.signs.clock.is_none_or(|clock| clock == 0);
        let timestamp = if is_first_step { header.timestamp.min(STEP) } else { header.timestamp };
        let header = ChunkHeader { timestamp, ..*header };
        weigh_header(&header, past, &self.known.message_streams, &mut self.signs.clock)
    }

    /// Whether a header that no sender writes is so in one of its fields alone.
    fn has_one_oddity(&self, header: &ChunkHeader, is_seen: bool) -> bool {
        let ChunkHeader { format, kind, length, message_stream_id: id, .. } = *header;
        let is_control = kind.is_control();
        if is_control && length > LONGEST_CONTROL {
            return false;
        }
        let is_far = id > LARGEST_ID && !self.known.message_streams.contains(&id);
        let oddities = [
            kind.name().is_none(),
            if is_control { !(2..=64).contains(&length) } else { length > LONG },
            format == 0 && is_far,
            kind.name().is_none() && length == 0,
            is_control && is_far,
            !is_seen && header.chunk_stream_id >= 64,
            format > 0 && header.timestamp > STEP && header.extended.is_none(),
        ];
        oddities.into_iter().filter(|is_odd| *is_odd).count() <= 1
    }

    /// A header of type 3: the next chunk of the message under way, or a message like the last.
    fn type_3(&mut self, place: usize, data: usize) -> Result<(usize, usize), End> {
        let past = self.tracks[place].past;
        let data = data + self.extended_on_type_3(&past, data)?;
        if past.left > 0 {
            // In padding every byte looks like a header.
            if self.at > 0 && self.bytes[self.at - 1] != self.bytes[self.at] {
                self.bits += MARK;
                self.uses.marks += 1;
            }
            return Ok((place, data));
        }
        if !past.fresh {
            return Err(End::Broken);
        }
        self.may_inherit(past.kind, data)?;
        self.bits += if past.kind.is_protocol_control() { 0 } else { MARK };
        let left = self.form.length(past.kind, past.length);
        self.weigh_beginning(past.kind, left, data)?;
        let track = &mut self.tracks[place];
        track.past.left = left;
        track.pieces.clear();
        track.is_from_start = true;
        Ok((place, data))
    }

    /// A payload of four bytes has nothing that tells it; that of a chunk size does, where its header says nothing of it. A size whose
    /// first bit is set, or one above all messages, is a sender's mistake, where it says a size beside that.
    fn may_inherit(&self, kind: MessageType, data: usize) -> Result<(), End> {
        if kind != MessageType::SET_CHUNK_SIZE {
            return Ok(());
        }
        let Some(size) = self.bytes.get(data..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Err(End::Short);
        };
        let size = u32::from_be_bytes(*size);
        let is_size = size <= header::EXTENDED;
        let is_mistaken = self.rigour == Rigour::Lenient && size & 0x7fff_ffff <= header::EXTENDED + 1;
        if is_size || is_mistaken { Ok(()) } else { Err(End::Broken) }
    }

    /// The bytes of the extended timestamp that a type 3 header has.
    fn extended_on_type_3(&mut self, past: &Past, data: usize) -> Result<usize, End> {
        let Some(stored) = past.extended else { return self.extended_inside(past, data) };
        let Some(field) = self.bytes.get(data..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Err(End::Short);
        };
        let field = u32::from_be_bytes(*field);
        let is_time = |clock: u32| past.left == 0 && header::near(field, clock);
        Ok(if field == stored || self.signs.clock.is_some_and(is_time) { 4 } else { 0 })
    }

    /// The same where the message's first header has none.
    fn extended_inside(&mut self, past: &Past, data: usize) -> Result<usize, End> {
        if self.form.extended != ExtendedField::Inside || past.left == 0 {
            return Ok(0);
        }
        let Some(field) = self.bytes.get(data..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Err(End::Short);
        };
        let is_field = self.form.has_inside(u32::from_be_bytes(*field), self.signs.clock);
        self.uses.extended += u32::from(is_field);
        if is_field { Ok(4) } else { Err(End::Broken) }
    }

    /// Weighs how a payload begins.
    fn weigh_beginning(&mut self, kind: MessageType, length: u32, data: usize) -> Result<(), End> {
        let payload = self.bytes.get(data..).unwrap_or_default();
        let payload = &payload[..payload.len().min(length as usize)];
        self.bits += match weigh_payload(kind, payload, length, &mut self.signs) {
            Weight::Bits(bits) => bits,
            Weight::TooShort => return Err(End::Short),
            Weight::Never if self.rigour == Rigour::Strictest => return Err(End::Broken),
            Weight::Never => {
                self.is_odd = true;
                -STRANGE
            }
        };
        Ok(())
    }

    /// A message is whole: what its values say, what it changes, and what may stand behind it.
    fn complete(&mut self, place: usize) {
        let Past { kind, length, .. } = self.tracks[place].past;
        self.learn(place);
        self.allow_as_said(place);
        if self.form.surplus.of(kind) != 0 && length > 0 {
            self.uses.corrected += 1;
            self.at += self.form.stray(kind);
        } else {
            self.uses.right += 1;
        }
        self.weigh_whole(place);
        if self.form.tag_sizes
            && let Some(field) = self.bytes.get(self.at..self.at + TAG_SIZE)
            && field == tag_size(self.tracks[place].past.length)
        {
            self.at += TAG_SIZE;
            self.bits += NUMBER;
            self.uses.tag_sizes += 1;
        }
    }

    fn weigh_whole(&mut self, place: usize) {
        let track = &self.tracks[place];
        let Past { kind, length, .. } = track.past;
        let is_suspect = track.pieces.first().is_some_and(|(at, _)| *at < self.behind);
        let is_amf = is_amf(kind);
        // What a video message holds is asked where its length is a guess.
        let is_asked = is_amf || self.learnt.is_some() && kind == MessageType::VIDEO;
        if kind != MessageType::SET_CHUNK_SIZE && !(is_asked && length <= LONGEST) || !track.is_from_start {
            return;
        }
        self.known.spend(u64::from(length) / 4);
        let mut payload = Vec::with_capacity(length as usize);
        for (at, length) in &track.pieces {
            payload.extend_from_slice(self.bytes.get(*at..*at + *length as usize).unwrap_or_default());
        }
        if let (MessageType::SET_CHUNK_SIZE, [a, b, c, d]) = (kind, &payload[..]) {
            let size = u32::from_be_bytes([*a, *b, *c, *d]);
            if (1..=0x7fff_ffff).contains(&size) {
                self.size = size;
            } else {
                self.bits -= IMPOSSIBLE;
            }
        }
        self.is_broken |= self.learnt.is_some() && ends(kind, &payload) == Some(false);
        if is_amf {
            self.is_whole = is_whole(kind, &payload);
            // A mistake explains the message in which it shows, too.
            self.is_broken |= is_suspect && !self.is_whole && self.rigour != Rigour::Lenient;
            self.bits += if self.is_whole { WHOLE } else { -STRANGE };
        }
    }
}
