//! One direction of a connection, as messages: heads and bodies, one behind the other, and how to go on behind a hole.

use memchr::memmem;

use super::chunked::{Chunked, Step as ChunkStep};
use super::head::{Head, Length};
use crate::wire::{Moment, Place, Side};

/// Bytes of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: Moment,
    pub(super) place: Option<Place>,
}

impl<'a> Piece<'a> {
    /// Without the first `count` bytes.
    pub(super) fn skip(self, count: usize) -> Piece<'a> {
        let place = self.place.map(|place| Place { offset: place.offset + count as u64, ..place });
        Piece { bytes: &self.bytes[count..], at: self.at, place }
    }

    pub(super) fn first(self, count: usize) -> Piece<'a> {
        Piece { bytes: &self.bytes[..count], ..self }
    }
}

/// What a direction says next.
#[derive(Debug)]
pub(super) enum Step {
    Head(Box<Head>),
    /// The first `bytes` of what was given are a body's.
    Body {
        bytes: usize,
        ends: bool,
    },
    /// No head is where one should be: what was kept to look at, and so many of the given bytes, are of none.
    Stray {
        kept: Kept,
        bytes: usize,
    },
    End,
    /// The next head stands where more of the body should be, by the length that the body's own head claims.
    Early,
    /// Nothing to be told.
    Nothing,
}

/// Bytes that were kept, with where they come from.
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    /// Where each packet's begin.
    marks: Vec<(usize, Moment, Option<Place>)>,
}

impl Kept {
    fn push(&mut self, piece: Piece<'_>) {
        if !piece.bytes.is_empty() {
            self.marks.push((self.bytes.len(), piece.at, piece.place));
            self.bytes.extend_from_slice(piece.bytes);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.marks.iter().enumerate().map(|(index, (start, at, place))| {
            let end = self.marks.get(index + 1).map_or(self.bytes.len(), |next| next.0);
            Piece { bytes: &self.bytes[*start..end], at: *at, place: *place }
        })
    }

    fn moments(&self) -> [Moment; 2] {
        let at = |mark: Option<&(usize, Moment, Option<Place>)>| mark.map_or_else(Moment::default, |mark| mark.1);
        [at(self.marks.first()), at(self.marks.last())]
    }

    /// Leaves its first `count` bytes.
    fn truncate(&mut self, count: usize) {
        self.bytes.truncate(count);
        self.marks.retain(|mark| mark.0 < count);
    }

    fn held(&self) -> usize {
        self.bytes.capacity() + self.marks.capacity() * size_of::<(usize, Moment, Option<Place>)>()
    }
}

/// What the next byte is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A head, or the empty lines before it.
    Head,
    Bytes(u64),
    Chunked(Chunked),
    UntilClose,
    /// Something before a head.
    Search,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Stream {
    from: Side,
    state: State,
    /// Of a head, or of what may begin one.
    kept: Kept,
    /// The head at hand was found by its look.
    is_found: bool,
    most: usize,
    /// Bytes of the last head.
    pub(super) head_length: u64,
    /// Bytes that were looked at for heads.
    pub(super) looked: u64,
}

/// What heads begin with that are looked for.
const REQUEST: &[u8] = b"POST /";
const RESPONSE: &[u8] = b"HTTP/1.";

impl Stream {
    pub(super) fn new(from: Side, head_bytes: usize) -> Stream {
        let kept = Kept::default();
        Stream { from, state: State::Head, kept, is_found: false, most: head_bytes, head_length: 0, looked: 0 }
    }

    /// Begins somewhere in the middle.
    pub(super) fn join(&mut self) {
        self.state = State::Search;
    }

    /// Whether the next byte is the first of a message.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Head && self.kept.is_empty()
    }

    /// Whether a message is under way.
    pub(super) fn is_inside(&self) -> bool {
        !matches!(self.state, State::Head | State::Search)
    }

    /// Whether a body is under way that goes on until the sender closes.
    pub(super) fn is_until_close(&self) -> bool {
        self.state == State::UntilClose
    }

    /// Bytes of the body at hand that are still to come, where that is known.
    pub(super) fn left(&self) -> u64 {
        if let State::Bytes(left) = self.state { left } else { 0 }
    }

    pub(super) fn held(&self) -> usize {
        self.kept.held()
    }

    /// The message at hand has no more body, whatever its head says.
    pub(super) fn has_no_body(&mut self) {
        self.state = State::Head;
    }

    /// Takes some of these bytes: how many, and what they are. There may be none where something is kept.
    pub(super) fn step(&mut self, piece: Piece<'_>) -> (usize, Step) {
        let count = piece.bytes.len();
        match &mut self.state {
            State::Head => self.head(piece),
            State::Search => self.search(piece),
            State::UntilClose => (count, Step::Body { bytes: count, ends: false }),
            State::Bytes(_) if self.from == Side::Client && is_request(piece.bytes) => (0, Step::Early),
            State::Bytes(left) => {
                let bytes = (*left).min(count as u64) as usize;
                *left -= bytes as u64;
                let ends = *left == 0;
                if ends {
                    self.state = State::Head;
                }
                (bytes, Step::Body { bytes, ends })
            }
            State::Chunked(chunked) => match chunked.step(piece.bytes) {
                ChunkStep::Data(bytes) => (bytes, Step::Body { bytes, ends: false }),
                ChunkStep::Line(used) => (used, Step::Nothing),
                ChunkStep::End(used) => {
                    self.state = State::Head;
                    (used, Step::End)
                }
                ChunkStep::Broken => {
                    self.state = State::Search;
                    (0, Step::End)
                }
            },
        }
    }

    fn head(&mut self, piece: Piece<'_>) -> (usize, Step) {
        let mut skip = 0;
        if self.kept.is_empty() && !self.is_found {
            // Some clients end a body with a line's end that its length does not count.
            skip = piece.bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        }
        let piece = piece.skip(skip);
        let known = self.kept.len();
        let room = (self.most - known).min(piece.bytes.len());
        let text = piece.bytes[..room].iter().take_while(|byte| !matches!(byte, 0..=8 | 11 | 12 | 14..=31)).count();
        self.kept.push(piece.first(text));
        self.looked += text as u64;
        let right = longest_start(self.from, &self.kept.bytes);
        if let Some(right) = right {
            self.kept.truncate(right);
            return self.no_head(skip + right.saturating_sub(known));
        }
        let Some(end) = end_of_head(&self.kept.bytes, known.saturating_sub(3)) else {
            let is_over = text < room || self.kept.len() >= self.most;
            return if is_over { self.no_head(skip + text) } else { (skip + text, Step::Nothing) };
        };
        let used = skip + end - known;
        self.kept.truncate(end);
        let Some(head) = Head::read(self.from, &self.kept.bytes, self.kept.moments()) else {
            return self.no_head(used);
        };
        self.head_length = end as u64;
        self.kept = Kept::default();
        self.is_found = false;
        self.state = match head.length {
            Length::Bytes(0) => State::Head,
            Length::Bytes(length) => State::Bytes(length),
            Length::Chunked => State::Chunked(Chunked::START),
            Length::UntilClose => State::UntilClose,
            Length::Unknown => State::Search,
        };
        (used, Step::Head(Box::new(head)))
    }

    /// What is kept begins no head, and no byte of it does: the one behind it cannot be in any.
    fn no_head(&mut self, used: usize) -> (usize, Step) {
        self.state = State::Search;
        let kept = std::mem::take(&mut self.kept);
        (used, if kept.is_empty() { Step::Nothing } else { Step::Stray { kept, bytes: 0 } })
    }

    /// Where in these bytes a head begins, or may begin at their end.
    fn place(&self, bytes: &[u8]) -> Option<usize> {
        let pattern = if self.from == Side::Client { REQUEST } else { RESPONSE };
        memmem::find(bytes, pattern).or_else(|| {
            let most = bytes.len().min(pattern.len() - 1);
            (1..=most).rev().find(|count| bytes.ends_with(&pattern[..*count])).map(|count| bytes.len() - count)
        })
    }

    fn search(&mut self, piece: Piece<'_>) -> (usize, Step) {
        self.looked += piece.bytes.len() as u64;
        let at = self.place(piece.bytes);
        if at.is_some() {
            self.state = State::Head;
            self.is_found = true;
        }
        let bytes = at.unwrap_or(piece.bytes.len());
        (bytes, if bytes == 0 { Step::Nothing } else { Step::Stray { kept: Kept::default(), bytes } })
    }

    /// `missing` bytes are not there: what they are of.
    pub(super) fn gap(&mut self, missing: u64, exact: bool) -> Hole {
        let kept = std::mem::take(&mut self.kept);
        let was_inside = self.is_inside();
        let (inside, next) = match self.state {
            State::UntilClose => (missing, State::UntilClose),
            State::Bytes(left) => {
                let inside = missing.min(left);
                (inside, if left == inside { State::Head } else { State::Bytes(left - inside) })
            }
            State::Chunked(mut chunked @ Chunked::Data { left }) => {
                let inside = missing.min(left);
                chunked.skip(inside);
                (inside, State::Chunked(chunked))
            }
            State::Head | State::Search | State::Chunked(_) => (0, State::Search),
        };
        // Where a hole is not as long as it says, what follows it may be anywhere.
        let is_lost = next != State::UntilClose && (missing > inside || !exact);
        self.is_found = false;
        self.state = if is_lost { State::Search } else { next };
        let ends = was_inside && (is_lost || next == State::Head);
        Hole { inside, ends, whole: ends && !is_lost, outside: missing - inside + kept.len() as u64, is_lost }
    }

    /// Gives up a head that is under way: what was kept of it.
    pub(super) fn shed(&mut self) -> Option<Kept> {
        let is_head = self.state == State::Head && !self.kept.is_empty();
        is_head.then(|| self.finish())
    }

    /// It ended: what was kept of a head that did not come to its end.
    pub(super) fn finish(&mut self) -> Kept {
        self.state = State::Search;
        std::mem::take(&mut self.kept)
    }
}

/// What a hole is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// Bytes of the body at hand.
    pub(super) inside: u64,
    /// That body ends with these bytes, or it is not known where it does.
    pub(super) ends: bool,
    /// It ends with these bytes.
    pub(super) whole: bool,
    /// Bytes of none, with what was there of a head.
    pub(super) outside: u64,
    /// A head may be among them.
    pub(super) is_lost: bool,
}

/// Methods that requests begin with.
const METHODS: &[&[u8]] =
    &[b"POST ", b"GET ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"CONNECT ", b"TRACE ", b"PATCH "];

/// Whether bytes begin with the line of a POST request. Clients begin one with a packet.
fn is_request(bytes: &[u8]) -> bool {
    const LINE: usize = 512;
    const VERSION: &[u8] = b" HTTP/1.";
    bytes.starts_with(REQUEST)
        && memchr::memchr(b'\r', &bytes[..bytes.len().min(LINE)]).is_some_and(|end| {
            let line = &bytes[..end];
            line.get(..end - 1).is_some_and(|line| line.ends_with(VERSION)) && line.is_ascii()
        })
}

/// How many of the first bytes may begin a head, where not all of them may.
fn longest_start(from: Side, bytes: &[u8]) -> Option<usize> {
    let starts = if from == Side::Client { METHODS } else { &[RESPONSE] };
    let alike = |start: &&[u8]| start.iter().zip(bytes).take_while(|(left, right)| left == right).count();
    let most = starts.iter().map(|start| (alike(start), alike(start) == start.len().min(bytes.len()))).max();
    most.filter(|_| !starts.iter().any(|start| alike(start) == start.len().min(bytes.len()))).map(|(count, _)| count)
}

/// Where a head ends: behind an empty line, which is looked for from `from` on.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at + 1).find(|end| {
        let line = &bytes[..*end - 1];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.ends_with(b"\n")
    })
}
