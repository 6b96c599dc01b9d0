//! Finding the chunk stream again: after a hole in the capture, and where a capture begins in the middle.
//!
//! The next chunk header may be anywhere, and any byte may look like one. A place is believed only when a chain of headers
//! from there on, each standing where the one before says, carries so much evidence that chance cannot have made it. The
//! evidence is counted in bits: how unlikely random bytes are to look so. Chunk streams that were in use before, a known
//! message stream, small time deltas, lengths that a type must have and the first bytes of payloads all count. The first
//! place that is proven is taken. Where nothing is proven, nothing is said.

// The weights are tables: a line a case, also where two cases weigh the same.
#![allow(clippy::match_same_arms)]

use std::cell::Cell;

use super::MessageType;
use super::header::{self, ChunkHeader};
use crate::wire::{Reader, Silent};

/// Bits that prove a place. Some 2^18 places are tried after a hole, so that a chance of one in 2^30 is left.
const PROOF: i32 = 48;
/// Bits that a single header has to have more than several that agree.
const ALONE: i32 = 12;
/// Bits that prove RTMP where nothing at all is known of a connection.
const RECOGNITION: i32 = 72;
/// Headers that a chain has at least, unless the stream ends with it.
const HEADERS: u32 = 2;
/// Chunk sizes that are tried for one message.
const SIZES: usize = 64;
/// Bits that a message's header has before its bytes are searched for a chunk size.
const LIKELY: i32 = 24;
/// The largest chunk size that is searched for: a little above the largest common one.
const LARGEST: usize = 70_000;
/// Headers inside one message that prove its chunk size.
const INSIDE: u32 = 5;
/// How often a chain may be in doubt about the chunk size.
const DOUBTS: u32 = 5;
/// Bits behind a message's end that prove a length from before a hole.
const SETTLED: i32 = 24;
/// Payload bits of a message that names its codec.
const NAMED: i32 = 24;
/// Payload bits of a message that begins like one before.
const FAMILIAR: i32 = 7;
/// Payload bits with which a message says its type by itself.
const TELLING: i32 = 12;

/// The most payload bytes of a chunk, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkSize {
    Known(u32),
    /// Messages up to `least` bytes came in one chunk. `likely` was the size before a hole, in which it may have changed.
    AtLeast {
        least: u32,
        likely: Option<u32>,
    },
}

impl ChunkSize {
    /// Nothing was seen yet.
    pub(super) const UNKNOWN: ChunkSize = ChunkSize::AtLeast { least: 0, likely: None };

    /// After a hole.
    pub(super) fn doubted(self) -> ChunkSize {
        match self {
            ChunkSize::Known(size) => ChunkSize::AtLeast { least: 0, likely: Some(size) },
            ChunkSize::AtLeast { likely, .. } => ChunkSize::AtLeast { least: 0, likely },
        }
    }
}

/// A chunk stream as it was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    pub(super) id: u32,
    pub(super) length: u32,
    pub(super) kind: MessageType,
    /// Whether that still holds: nothing was missed since.
    pub(super) fresh: bool,
    /// Payload bytes to come of the message under way, when it is fresh.
    pub(super) left: u32,
    pub(super) extended: Option<u32>,
}

/// The few values that a byte has had: a direction has one codec, or a few where it has several tracks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen([Option<u8>; 4]);

impl Seen {
    pub(super) fn add(&mut self, byte: u8) {
        if !self.has(byte)
            && let Some(room) = self.0.iter_mut().find(|room| room.is_none())
        {
            *room = Some(byte);
        }
    }

    fn has(self, byte: u8) -> bool {
        self.0.contains(&Some(byte))
    }

    /// Whether a value was seen, but none that is like this one.
    fn excludes(self, like: impl Fn(u8) -> bool) -> bool {
        self.0[0].is_some() && !self.0.iter().flatten().any(|byte| like(*byte))
    }
}

/// What is known of a direction.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) streams: Vec<Past>,
    pub(super) message_streams: Vec<u32>,
    pub(super) size: ChunkSize,
    /// The last media message's time.
    pub(super) clock: Option<u32>,
    /// The first bytes of audio messages.
    pub(super) audio: Seen,
    /// The codecs of video messages, by [`video_codec`].
    pub(super) video: Seen,
    /// The last Acknowledgement's sequence number.
    pub(super) acknowledged: Option<u32>,
    /// What follows the bytes.
    pub(super) then: Then,
    /// How much looking is still allowed: headers read and bytes scanned. Bytes may be made so that every place of them
    /// looks like a beginning; the work that each byte may cost is bounded by what its sender pays for sending it.
    pub(super) credit: Cell<u64>,
}

/// What one header costs, and what scanning eight bytes does.
const HEADER_COST: u64 = 4;
/// Credit that each byte brings with it.
pub(super) const CREDIT: u64 = 32;
/// Credit at the start of a search, before it has many bytes.
pub(super) const FIRST_CREDIT: u64 = 1 << 20;

/// What follows the bytes that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    More,
    /// Nothing that could be joined to them: a hole, or no room.
    Cut,
    /// The stream's end.
    End,
}

impl Known {
    /// Whether there is credit for that much work.
    fn spend(&self, work: u64) -> bool {
        let left = self.credit.get().saturating_sub(work);
        self.credit.set(left);
        left > 0
    }

    /// Nothing: the capture began in the middle.
    pub(super) fn nothing() -> Known {
        Known {
            streams: Vec::new(),
            message_streams: Vec::new(),
            size: ChunkSize::UNKNOWN,
            clock: None,
            audio: Seen::default(),
            video: Seen::default(),
            acknowledged: None,
            then: Then::More,
            credit: Cell::new(FIRST_CREDIT),
        }
    }
}

/// Whether a header can be one at all, whatever else is known: its type has a name, and its length is that of its type.
pub(super) fn is_possible(header: &ChunkHeader, message_streams: &[u32]) -> bool {
    let length = match (header.kind.0, header.length) {
        (1 | 2 | 3 | 5, length) => length == 4,
        (6, length) => matches!(length, 4 | 5),
        (4, length) => (2..=64).contains(&length),
        (8, _) => true,
        (_, length) => length > 0,
    };
    let stream =
        header.format > 0 || header.message_stream_id <= 1024 || message_streams.contains(&header.message_stream_id);
    header.kind.name().is_some() && length && stream
}

/// What became of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Chunks begin here, of this size.
    Proven(ChunkSize),
    Rejected,
    /// More bytes are needed to tell.
    Wait,
}

/// Finds the first place from `start` on that is not rejected, with its verdict; `None` when all are.
pub(super) fn seek(bytes: &[u8], start: usize, known: &Known) -> Option<(usize, Verdict)> {
    (start..bytes.len()).find_map(|at| match judge(bytes, at, known, PROOF) {
        _ if known.credit.get() == 0 => Some((at, Verdict::Wait)),
        Verdict::Rejected => None,
        verdict => Some((at, verdict)),
    })
}

/// Whether these bytes, from anywhere in a connection, prove to be an RTMP chunk stream.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    let known = Known { then: Then::Cut, ..Known::nothing() };
    known.credit.set(FIRST_CREDIT + CREDIT * bytes.len() as u64);
    (0..bytes.len()).any(|at| matches!(judge(bytes, at, &known, RECOGNITION), Verdict::Proven(_)))
}

fn judge(bytes: &[u8], at: usize, known: &Known, proof: i32) -> Verdict {
    // A chain begins with a copy of what is known.
    known.spend(1 + known.streams.len() as u64 / 4);
    // Most places end here: a chain begins with a message, and a message begins with few of the 256 bytes.
    if at > 0 && bytes[at] >> 6 >= 2 && !known.streams.iter().any(|past| past.id == u32::from(bytes[at] & 63)) {
        return Verdict::Rejected;
    }
    Chain {
        bytes,
        known,
        proof,
        at,
        streams: known.streams.clone(),
        size: known.size,
        first_size: None,
        bits: 0,
        headers: 0,
        open: None,
        guessed: false,
        guess: None,
        clock: known.clock,
        audio: known.audio,
        video: known.video,
        acknowledged: known.acknowledged,
    }
    .walk(DOUBTS)
}

/// A chain of headers, followed as far as it goes.
#[derive(Clone)]
struct Chain<'b> {
    bytes: &'b [u8],
    known: &'b Known,
    proof: i32,
    at: usize,
    streams: Vec<Past>,
    size: ChunkSize,
    /// The size at the chain's beginning, once a Set Chunk Size in it changed that.
    first_size: Option<ChunkSize>,
    bits: i32,
    headers: u32,
    /// The place of a message that was followed with a doubtful chunk size, until a header behind its end, or several
    /// inside it, say that the size was right.
    open: Option<Open>,
    /// Whether the message under way has a length from before a hole.
    guessed: bool,
    /// Such a message that the verdict depends on: the chain's first, or one of doubtful chunk size.
    guess: Option<Guess>,
    /// The last absolute time.
    clock: Option<u32>,
    /// What audio and video begin with in this chain.
    audio: Seen,
    video: Seen,
    acknowledged: Option<u32>,
}

/// A message whose length is from before a hole. That a header is there says nothing of the length, nor does a chunk
/// inside; only what stands behind the end does.
#[derive(Clone, Copy)]
struct Guess {
    place: usize,
    /// The chain's bits at the message's end.
    end: Option<i32>,
}

/// A message of doubtful chunk size.
#[derive(Clone, Copy)]
struct Open {
    place: usize,
    /// Headers that stood inside it where they should.
    inside: u32,
}

/// Why a chain goes no further.
enum End {
    Broken,
    /// The bytes end here.
    Short,
    /// A chunk of a message whose beginning was missed: how long it is cannot be known.
    Unknown,
}

impl Chain<'_> {
    fn walk(mut self, doubts: u32) -> Verdict {
        loop {
            if self.at == self.bytes.len() && self.known.then == Then::End && self.headers > 0 {
                // The stream ends just where a chunk does.
                return self.verdict(16);
            }
            let complete = self.open.is_some_and(|open| self.streams[open.place].left == 0);
            let (place, header_length) = match self.header() {
                Ok(found) => found,
                Err(End::Broken) => return Verdict::Rejected,
                Err(End::Short) => return self.short(),
                Err(End::Unknown) => return self.verdict(6),
            };
            self.headers += 1;
            if let Some(open) = &mut self.open {
                open.inside += u32::from(open.place == place);
                if complete || open.inside >= INSIDE {
                    self.open = None;
                }
            }
            if self.bits >= self.proof && self.headers >= HEADERS && self.open.is_none() && self.is_settled() {
                return self.verdict(0);
            }
            if self.guessed && self.headers == 1 {
                self.guess = Some(Guess { place, end: None });
            }
            let data = self.at + header_length;
            let left = self.streams[place].left;
            let take = match self.size {
                ChunkSize::Known(size) => left.min(size),
                ChunkSize::AtLeast { least, .. } if left <= least => left,
                ChunkSize::AtLeast { least, likely } => return self.doubt(place, data, least, likely, doubts),
            };
            self.take(place, data, take);
            self.obey(place, data);
            if self.at > self.bytes.len() {
                return self.short();
            }
        }
    }

    /// Passes a chunk's data.
    fn take(&mut self, place: usize, data: usize, take: u32) {
        self.streams[place].left -= take;
        self.at = data + take as usize;
        if self.streams[place].left == 0
            && let Some(guess) = &mut self.guess
            && guess.place == place
        {
            guess.end.get_or_insert(self.bits);
        }
    }

    /// Whether what stands behind a message of a guessed length proves that.
    fn is_settled(&self) -> bool {
        self.guess.is_none_or(|guess| guess.end.is_some_and(|end| self.bits - end >= SETTLED))
    }

    /// Takes a Set Chunk Size into account.
    fn obey(&mut self, place: usize, data: usize) {
        let past = self.streams[place];
        if past.kind == MessageType::SET_CHUNK_SIZE
            && past.left == 0
            && let Some(size) = self.bytes.get(data..).and_then(|payload| payload.first_chunk::<4>())
            && let size @ 1..=0x7fff_ffff = u32::from_be_bytes(*size)
        {
            self.first_size.get_or_insert(self.size);
            self.size = ChunkSize::Known(size);
        }
    }

    /// The verdict where the bytes end.
    fn short(&self) -> Verdict {
        if self.known.then == Then::More { Verdict::Wait } else { self.verdict(0) }
    }

    /// The verdict where no more evidence can come. One header alone proves less than two that agree, and a chunk size
    /// that is in doubt nothing before a header stands where it says.
    fn verdict(&self, more: i32) -> Verdict {
        let wanted = if self.headers >= HEADERS { self.proof } else { self.proof + ALONE };
        let at_end = more >= 16;
        let ends = self.open.is_none() && self.is_settled() || at_end;
        if ends && self.bits + more >= wanted {
            Verdict::Proven(self.first_size.unwrap_or(self.size))
        } else {
            Verdict::Rejected
        }
    }

    /// A message is longer than any that is known to fit into a chunk: follows it with the size of before, in one chunk,
    /// and, for the first such message of the chain, with each size that its bytes allow.
    fn doubt(self, place: usize, data: usize, least: u32, likely: Option<u32>, doubts: u32) -> Verdict {
        // Two guesses at once, of a length and of a size, fit too easily, unless what follows proves both.
        let is_followed = self.guess.is_some_and(|guess| guess.place == place && guess.end.is_none());
        if doubts == 0 || (self.guessed && !is_followed && !self.is_settled()) {
            return Verdict::Rejected;
        }
        // Whether this is RTMP does not hang on a chunk size.
        if self.proof >= RECOGNITION && self.bits >= self.proof + ALONE {
            return Verdict::Proven(self.size);
        }
        let Past { id, left, .. } = self.streams[place];
        let rest = self.bytes.get(data..).unwrap_or_default();
        let mark = 0xc0 | id as u8;
        let follow = |take: u32, size: ChunkSize, cost: i32| {
            let mut chain = self.clone();
            chain.open = Some(Open { place, inside: 0 });
            if chain.guessed {
                chain.guess = Some(Guess { place, end: None });
            }
            chain.size = size;
            chain.bits -= cost;
            chain.take(place, data, take);
            if chain.at > chain.bytes.len() { chain.short() } else { chain.walk(doubts - 1) }
        };
        if let Some(size) = likely.filter(|size| left > *size) {
            match follow(size, ChunkSize::Known(size), 0) {
                Verdict::Rejected => {}
                verdict => return verdict,
            }
        }
        // Where the length is guessed as well, a shorter message in chunks ends there too: one byte less for each header
        // inside it.
        if self.guessed {
            let data = &rest[..rest.len().min(left as usize)];
            if id >= 64 || !self.known.spend(data.len() as u64 / 8) || data.contains(&mark) {
                return Verdict::Rejected;
            }
        }
        match follow(left, ChunkSize::AtLeast { least: left, likely }, 0) {
            Verdict::Rejected => {}
            verdict => return verdict,
        }
        if doubts < DOUBTS || id >= 64 || self.bits < LIKELY || self.guessed {
            return Verdict::Rejected;
        }
        // The header of the next chunk of this message is one byte: its place gives the size away.
        let (from, until) = ((least.max(1) as usize).min(rest.len()), (left as usize).min(rest.len()).min(LARGEST));
        self.known.spend((until.saturating_sub(from) / 8) as u64);
        let mut proven = None;
        let mut waits = false;
        for size in (from..until).filter(|size| rest[*size] == mark).take(SIZES) {
            match follow(size as u32, ChunkSize::Known(size as u32), 8) {
                // Many chunks of a small size look like fewer of a larger one as well, but never the other way round.
                verdict @ Verdict::Proven(_) if left / size as u32 > INSIDE => return verdict,
                // Two sizes that both fit prove neither.
                Verdict::Proven(_) if proven.is_some() => return Verdict::Rejected,
                verdict @ Verdict::Proven(_) => proven = Some(verdict),
                Verdict::Wait => waits = true,
                Verdict::Rejected => {}
            }
        }
        match proven {
            Some(verdict) if !waits => verdict,
            _ if waits => Verdict::Wait,
            _ => Verdict::Rejected,
        }
    }

    /// Reads and weighs the header at the chain's end: the chunk stream's place and the header's length.
    fn header(&mut self) -> Result<(usize, usize), End> {
        if !self.known.spend(HEADER_COST) {
            return Err(End::Broken);
        }
        let bytes = &self.bytes[self.at..];
        let length = match header::length(bytes) {
            Ok(length) if length <= bytes.len() => length,
            _ => return Err(End::Short),
        };
        let Ok(header) = header::read(&mut Reader::new(&bytes[..length], 0, &mut Silent)) else {
            return Err(End::Broken);
        };
        let known = self.streams.iter().position(|past| past.id == header.chunk_stream_id);
        if header.format == 3 {
            return self.type_3(known, bytes, length);
        }
        let past = known.map(|place| self.streams[place]);
        if past.is_some_and(|past| past.fresh && past.left > 0) {
            // A new message inside another one on its chunk stream: no sane sender does that.
            return Err(End::Broken);
        }
        let (message_length, kind) = match (header.format, past) {
            (0 | 1, _) => (header.length, header.kind),
            (_, Some(past)) => (past.length, past.kind),
            (_, None) => return Err(End::Broken),
        };
        self.guessed = header.format == 2 && past.is_some_and(|past| !past.fresh);
        self.bits += self.weigh(&header, past, message_length, kind).ok_or(End::Broken)?;
        let payload = self.weigh_payload(kind, message_length, &bytes[length..])?;
        if self.guessed && payload < FAMILIAR {
            // The type is from before the hole too; its payload has to look like it.
            return Err(if self.headers > 0 { End::Unknown } else { End::Broken });
        }
        self.bits += payload;
        let past = Past {
            id: header.chunk_stream_id,
            length: message_length,
            kind,
            fresh: true,
            left: message_length,
            extended: header.extended,
        };
        Ok((self.put(known, past), length))
    }

    fn type_3(&mut self, known: Option<usize>, bytes: &[u8], length: usize) -> Result<(usize, usize), End> {
        let place = known.ok_or(End::Broken)?;
        let past = self.streams[place];
        let mut length = length;
        if let Some(stored) = past.extended {
            let Some(field) = bytes[length..].first_chunk::<4>() else { return Err(End::Short) };
            let field = u32::from_be_bytes(*field);
            // A new message may have a time of its own there.
            let is_time = |clock: u32| (field.wrapping_sub(clock) as i32).unsigned_abs() <= 60_000;
            let begins = !(past.fresh && past.left > 0);
            length += if field == stored || (begins && self.clock.is_some_and(is_time)) { 4 } else { 0 };
        }
        if past.fresh && past.left > 0 {
            self.bits += 8;
            return Ok((place, length));
        }
        let payload = self.weigh_payload(past.kind, past.length, &bytes[length..]);
        if past.fresh {
            self.guessed = false;
            let payload = payload?;
            // Where the chunk size is in doubt this may as well be the message before, going on: its payload has to
            // tell.
            let is_sure = payload >= TELLING || matches!(self.size, ChunkSize::Known(_));
            if !is_sure && payload == 0 {
                return Err(End::Broken);
            }
            self.bits += payload + if is_sure { 8 } else { 0 };
        } else {
            // It goes on with a message whose beginning is missing, or begins one like the last. Only a payload that
            // begins as it should, in a message of one chunk, speaks for the second.
            let fits = match self.size {
                ChunkSize::Known(size) => past.length < size,
                ChunkSize::AtLeast { likely, .. } => likely.is_some_and(|size| past.length < size),
            };
            match payload {
                Ok(bits) if bits >= FAMILIAR && fits && past.length > 0 => {
                    self.bits += 2 + bits;
                    self.guessed = true;
                }
                Err(End::Short) => return Err(End::Short),
                _ if self.headers > 0 => return Err(End::Unknown),
                _ => return Err(End::Broken),
            }
        }
        self.streams[place].fresh = true;
        self.streams[place].left = past.length;
        Ok((place, length))
    }

    fn put(&mut self, known: Option<usize>, past: Past) -> usize {
        if let Some(place) = known {
            self.streams[place] = past;
            return place;
        }
        self.streams.push(past);
        self.streams.len() - 1
    }

    /// How much a header of type 0, 1 or 2 says for itself; `None` when it cannot be one.
    fn weigh(&mut self, header: &ChunkHeader, past: Option<Past>, length: u32, kind: MessageType) -> Option<i32> {
        kind.name()?;
        let mut bits = match past {
            Some(past) if past.kind == kind => 6 + if header.format < 2 { 8 } else { 0 },
            Some(_) => 6 + 2,
            // Its first header may be among what is missing.
            None if (2..64).contains(&header.chunk_stream_id) => 2,
            None => return None,
        };
        bits += match (kind.0, length) {
            // They are not in this header.
            _ if header.format == 2 => 0,
            (1 | 2 | 3 | 5, 4) | (6, 5) => 20,
            (4, 3 | 6 | 10 | 14 | 44) => 16,
            (1..=6, _) => return None,
            (8, 0) => -4,
            (_, 0) => return None,
            (_, 1..=0x000f_ffff) => 3,
            (_, 0x0010_0000..=0x003f_ffff) => -2,
            _ => return None,
        };
        if header.format == 0 {
            let id = header.message_stream_id;
            bits += match id {
                0 if matches!(kind.0, 1..=6) => 24,
                _ if matches!(kind.0, 1..=6) => return None,
                _ if self.known.message_streams.contains(&id) => 24,
                0..=16 => 18,
                17..=1024 => 8,
                _ => return None,
            };
            let time = header.extended.unwrap_or(header.timestamp);
            let clock = self.clock.replace(time);
            bits += match clock {
                Some(clock) if (time.wrapping_sub(clock) as i32).unsigned_abs() <= 60_000 => 8,
                _ if time == 0 => 6,
                _ => 0,
            };
        } else {
            let delta = match (header.extended, self.clock) {
                (None, _) => header.timestamp,
                // The absolute time, as some senders write it: a true delta of hours is next to never meant. The field
                // itself says something: it is there only behind three bytes of 255.
                (Some(time), Some(clock)) => (time.wrapping_sub(clock) as i32).unsigned_abs().min(60_000),
                (Some(_), None) => 60_000,
            };
            self.clock = header.extended.or(self.clock);
            bits += match delta {
                0..=100 => 14,
                101..=1_000 => 11,
                1_001..=10_000 => 8,
                10_001..=60_000 => 4,
                _ => return None,
            };
        }
        Some(bits)
    }

    /// How much the first bytes of a message's payload say for its type.
    fn weigh_payload(&mut self, kind: MessageType, length: u32, payload: &[u8]) -> Result<i32, End> {
        let wanted = (length as usize).min(6);
        let whole = &payload[..payload.len().min(length as usize)];
        let Some(payload) = payload.get(..wanted) else { return Err(End::Short) };
        let bits = match (kind, payload) {
            (MessageType::AUDIO, []) => Some(0),
            // A direction has few codecs; another one has to say its name.
            (MessageType::AUDIO, [first, rest @ ..]) => {
                let is_new = self.audio.excludes(|before| before >> 4 == first >> 4);
                let is_known = self.audio.has(*first);
                self.audio.add(*first);
                weigh_audio(*first, rest, is_known).filter(|bits| !is_new || *bits >= NAMED)
            }
            (MessageType::VIDEO, [first, rest @ ..]) => {
                let codec = video_codec(*first);
                let is_new = self.video.excludes(|before| before == codec);
                let is_known = self.video.has(codec);
                self.video.add(codec);
                weigh_video(*first, rest, is_known).filter(|bits| !is_new || *bits >= NAMED)
            }
            (MessageType::ACKNOWLEDGEMENT, number) => {
                let number = number.first_chunk::<4>().map(|number| u32::from_be_bytes(*number)).unwrap_or_default();
                match self.acknowledged.replace(number) {
                    // More was received since, and not by very much.
                    Some(before) if number.wrapping_sub(before) <= 0x00ff_ffff => Some(8),
                    Some(_) => None,
                    None => Some(0),
                }
            }
            (MessageType::COMMAND_AMF0, [2, 0, 1..=64, b' '..=b'~', ..]) => Some(20 + weigh_command(whole)),
            (MessageType::DATA_AMF0, [2, 0, 1..=64, b' '..=b'~', ..]) => Some(20),
            (MessageType::COMMAND_AMF0 | MessageType::DATA_AMF0, _) => None,
            (MessageType::COMMAND_AMF3, [0, 2, 0, 1..=64, ..]) => Some(14 + weigh_command(&whole[1..])),
            (MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3, [0, 2, 0, ..] | [2, 0, ..]) => Some(14),
            (MessageType::COMMAND_AMF3 | MessageType::DATA_AMF3, _) => None,
            (MessageType::AGGREGATE, [8 | 9 | 18, ..]) => Some(5),
            (MessageType::AGGREGATE, _) => None,
            _ => Some(0),
        };
        bits.ok_or(End::Broken)
    }
}

/// How much more a command says that begins with these bytes: a name of letters, and a small whole number.
fn weigh_command(payload: &[u8]) -> i32 {
    let [2, 0, length, rest @ ..] = payload else { return 0 };
    let Some((name, [0, number @ ..])) = rest.split_at_checked(usize::from(*length)) else { return 0 };
    let Some(number) = number.first_chunk::<8>().map(|number| f64::from_be_bytes(*number)) else { return 0 };
    let is_name = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_small = (0.0..=65_535.0).contains(&number) && number.fract() == 0.0;
    // A letter says two bits, the number's marker 8, its zeros 40.
    if is_name && is_small { 2 * i32::from(*length) + 48 } else { 0 }
}

fn weigh_audio(first: u8, rest: &[u8], is_known: bool) -> Option<i32> {
    let known = if is_known { 7 } else { 0 };
    match (first >> 4, rest) {
        (10, [0 | 1, ..]) => Some(3 + known + 7),
        (10, _) => None,
        (9, _) if first & 15 > 7 => None,
        (9, [a, b, c, d, ..]) if is_audio_name([*a, *b, *c, *d]) => Some(24),
        // Several tracks, with one codec.
        (9, [0x00..=0x14, a, b, c, d]) if first & 15 == 5 && is_audio_name([*a, *b, *c, *d]) => Some(24),
        (9, _) => Some(known),
        (0..=8 | 11 | 13..=15, _) => Some(known),
        _ => None,
    }
}

fn is_audio_name(name: [u8; 4]) -> bool {
    matches!(&name, b"ac-3" | b"ec-3" | b"Opus" | b".mp3" | b"fLaC" | b"mp4a")
}

fn is_video_name(name: [u8; 4]) -> bool {
    matches!(&name, b"avc1" | b"hvc1" | b"vvc1" | b"av01" | b"vp08" | b"vp09")
}

fn weigh_video(first: u8, rest: &[u8], is_known: bool) -> Option<i32> {
    if first & 0x80 != 0 {
        return match rest {
            _ if first & 15 > 7 => None,
            [a, b, c, d, ..] if is_video_name([*a, *b, *c, *d]) => Some(28),
            // Several tracks, with one codec.
            [0x00..=0x15, a, b, c, d] if first & 15 == 6 && is_video_name([*a, *b, *c, *d]) => Some(28),
            _ if matches!(first & 15, 6 | 7) => Some(0),
            _ => None,
        };
    }
    if !(1..=5).contains(&(first >> 4)) {
        return None;
    }
    let codec = first & 15;
    let known = if is_known { 3 } else { 0 };
    match (codec, rest) {
        (7 | 12 | 13, [0..=2, a, b, _, ..]) => {
            // Composition times are small, and rarely below zero.
            let small = (*a == 0 && *b < 0x40) || (*a == 0xff && *b >= 0xc0);
            if small { Some(4 + known + 6 + 9) } else { None }
        }
        (7 | 12 | 13, _) => None,
        (2..=6, _) => Some(2 + known),
        _ => None,
    }
}

/// What tells one video codec from another by a message's first byte: the legacy id, or one for all that have a FourCC.
pub(super) fn video_codec(first: u8) -> u8 {
    if first & 0x80 == 0 { first & 15 } else { 0xff }
}
