//! What a sender did when its bytes stop being a chunk stream: the single mistake that makes them whole again.
//!
//! The chunk layer comes here at the first impossible header, with all bytes from the last proven place on. Each entry of
//! [`TABLE`] is one mistake that senders make. It reads the bytes as if that had been made, by a [`walk`] over the headers
//! that follow, and is believed when these hold as much evidence as a place needs behind a hole ([`resync`](super::resync)).
//! Of several that are proven the first one counts: the simplest comes first, that nothing is wrong before all others.

mod again;
mod as_it_stands;
mod as_said;
mod beginning;
mod ends_early;
mod extended_timestamp;
mod first_chunk_inherits;
mod flv_tags;
mod form;
mod header_inside;
mod header_on_every_chunk;
mod length;
mod lengths;
mod message_stream_id;
mod neighbours;
mod size_inside;
mod size_known;
mod size_spacing;
mod size_whole;
mod tag_sizes;
mod walk;

pub(super) use self::beginning::Beginning;
pub(super) use self::form::{ExtendedField, Form, TAG_SIZE, tag_size};
pub(super) use self::header_inside::holds_header;
pub(super) use self::length::{ends, is_amf, is_whole};
use super::resync::{Known, Then};
use super::{MessageType, Mistake};

/// What there is to explain.
pub(super) struct Case<'b> {
    /// The bytes from the last proven place on: a header begins them.
    pub(super) bytes: &'b [u8],
    /// What is known of the direction at that place.
    pub(super) known: &'b Known,
    /// Where the header stands that cannot be one.
    pub(super) symptom: usize,
    /// What stands before that.
    pub(super) before: Before,
    /// The chunk size by which the bytes were read.
    pub(super) size: u32,
    pub(super) form: Form,
    pub(super) sizes: &'b Sizes,
    /// By how much the last message of another length than its header says was longer, and its type.
    pub(super) last_length: Option<(MessageType, i32)>,
}

/// What the bytes before the impossible header are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// The beginning of a message that has more to come.
    Part,
    /// A whole message, by what its header says.
    Message,
}

/// The chunk sizes that a direction may be thought to use.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizes {
    /// What it announced last.
    pub(super) announced: Option<u32>,
    /// What was in force before, the oldest first.
    pub(super) past: Vec<u32>,
    /// What the other side announced for itself.
    pub(super) peer: Option<u32>,
}

/// RTMP 1.0 §5.4.1: until a Set Chunk Size.
pub(super) const DEFAULT_CHUNK_SIZE: u32 = 128;
/// Sizes of the past that are remembered.
const REMEMBERED: usize = 8;

impl Sizes {
    pub(super) fn in_force(&self) -> u32 {
        self.announced.unwrap_or(DEFAULT_CHUNK_SIZE)
    }

    pub(super) fn announce(&mut self, size: u32) {
        let before = self.in_force();
        self.announced = Some(size);
        self.past.retain(|past| *past != before);
        if self.past.len() == REMEMBERED {
            self.past.remove(0);
        }
        self.past.push(before);
    }
}

/// What became of a hypothesis, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Proven(Explanation),
    Rejected,
    /// More bytes are needed to tell.
    Wait,
}

impl Verdict {
    /// Of several that are thought of, the first that is proven; where none is, whether some wait.
    fn first(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        let mut waits = false;
        for verdict in verdicts {
            match verdict {
                Verdict::Rejected => {}
                Verdict::Wait => waits = true,
                proven @ Verdict::Proven(_) => return proven,
            }
        }
        if waits { Verdict::Wait } else { Verdict::Rejected }
    }

    /// This, or what comes after it where it is rejected.
    fn or_else(self, next: impl FnOnce() -> Verdict) -> Verdict {
        if self == Verdict::Rejected { next() } else { self }
    }
}

/// How the bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) story: Story,
    pub(super) size: u32,
    pub(super) form: Form,
    /// The bytes up to here are proven.
    pub(super) until: usize,
    /// The type of the message that is longer or shorter than its header says.
    pub(super) kind: Option<MessageType>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// No mistake of the chunk layer, or none any more.
    Standard,
    Mistake(Mistake),
    /// The header that cannot be one is the first of its chunk stream, and inherits from nothing.
    Inherits,
    /// The message is as its header says, with so many payload bytes, and not as others of its sender.
    AsSaid {
        length: u32,
    },
    /// The tags of an FLV file begin where it stands.
    FlvTags,
}

/// A mistake that is thought of: tries it on the bytes.
type Hypothesis = fn(&Case<'_>) -> Verdict;

/// All of them but that nothing is wrong, the simplest story first. The last ones look for what follows in many places, and come to
/// that only when nothing else is possible.
const TABLE: &[Hypothesis] = &[
    as_said::explain,
    size_known::announced,
    size_known::past,
    size_known::peer,
    size_inside::explain,
    extended_timestamp::explain,
    message_stream_id::explain,
    header_on_every_chunk::explain,
    flv_tags::explain,
    tag_sizes::explain,
    size_whole::explain,
    size_spacing::explain,
];
const LAST: &[Hypothesis] = &[lengths::explain, first_chunk_inherits::explain, neighbours::explain];

/// The first mistake that is proven.
pub(super) fn explain(case: &Case<'_>) -> Verdict {
    // What it goes on with fits, whatever it is.
    let early = again::explain(case).or_else(|| ends_early::explain(case));
    if early != Verdict::Rejected {
        return early;
    }
    let (standing, is_sound) = as_it_stands::explain(case);
    if is_sound && standing == Verdict::Wait {
        return Verdict::Wait;
    }
    let others = || TABLE.iter().map(|hypothesis| hypothesis(case));
    let last = || LAST.iter().fold(Verdict::Rejected, |verdict, hypothesis| verdict.or_else(|| hypothesis(case)));
    if !is_sound && neighbours::goes_on(case) {
        // What it goes on with does not fit, nor does the message end: any mistake is more than that.
        let mistake = Verdict::first(others()).or_else(last);
        if let Verdict::Proven(_) = mistake {
            return mistake;
        }
        return Verdict::first([standing, mistake]);
    }
    Verdict::first(std::iter::once(standing).chain(others())).or_else(last)
}

impl Case<'_> {
    fn is_over(&self) -> bool {
        self.known.then != Then::More
    }
}

/// The chunk that begins the bytes of a case.
struct First {
    id: u32,
    kind: MessageType,
    /// Payload bytes of the message, and of those the ones that came before.
    length: u32,
    passed: u32,
    /// Where the chunk's data begins.
    data: usize,
}

impl First {
    fn left(&self) -> u32 {
        self.length - self.passed
    }
}

impl Case<'_> {
    /// Whether the message before the impossible header was split as the present size has it, so that this is the one in use.
    fn keeps_its_size(&self) -> bool {
        let Some(first) = self.first().filter(|first| self.before != Before::Nothing && first.id < 64) else {
            return false;
        };
        let mark = 0xc0 | first.id as u8;
        let places = (first.data..self.symptom).step_by(self.size as usize + 1).skip(1).map(|behind| behind - 1);
        let mut marks = places.filter(|at| self.bytes[*at] == mark && self.bytes[at - 1] != mark);
        marks.nth(1).is_some()
    }

    fn first(&self) -> Option<First> {
        let (header, length) = self.form.read(self.bytes, &self.known.message_streams, &self.known.signs)?;
        let id = header.chunk_stream_id;
        let past = self.known.streams.iter().find(|past| past.id == id);
        if header.format < 2 {
            return Some(First { id, kind: header.kind, length: header.length, passed: 0, data: length });
        }
        let past = past?;
        let repeats = header.format == 3
            && past.extended.is_some_and(|stored| self.bytes[length..].starts_with(&stored.to_be_bytes()));
        let passed = if header.format == 3 && past.left > 0 { past.length - past.left } else { 0 };
        let data = length + if repeats { 4 } else { 0 };
        Some(First { id, kind: past.kind, length: past.length, passed, data })
    }
}
