//! The way back from a session's stream to the capture: which bytes lie where, and reading them again.
//!
//! Payloads are never kept. What is kept is one small entry for every captured segment; the bytes of a message are read
//! from the file when somebody looks at it. What cannot be read twice (standard input) is written to an unnamed spool file
//! while it is read once.

mod blocks;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

pub use blocks::Blocks;

use crate::capture::{CaptureError, Input};
use crate::proto::rtmp::Run;
use crate::proto::{self, Piece};
use crate::wire::{Place, Side};

/// Bits of a place that hold the offset in its file; the rest says which file. 256 TB are enough for a capture.
const OFFSET_BITS: u32 = 48;
/// In the stead of a place: these bytes are not in the capture.
const HOLE: u64 = u64::MAX;
/// In the stead of a file: the spool of bytes that were derived from the capture.
const DERIVED: u64 = (1 << (64 - OFFSET_BITS)) - 2;

/// A capture that can be read again, whoever else reads or writes it.
#[derive(Clone, Debug)]
pub struct Source(Arc<Mutex<File>>);

impl Source {
    fn new(file: File) -> Self {
        Source(Arc::new(Mutex::new(file)))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(out)
    }
}

/// A spool file is a source that is written at its end while it is read anywhere.
impl Write for Source {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::End(0)).and_then(|_| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What captures that cannot be read twice are copied for, as messages say it.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    /// As in `for the screen`.
    pub is: &'static str,
    /// What else the user can do where there is no room for the copy: the end of a sentence.
    pub instead: &'static str,
}

impl Purpose {
    /// A file for what is read once.
    fn spool(self) -> io::Result<Source> {
        tempfile::tempfile().map(Source::new).map_err(|error| self.fault("made", &error))
    }

    /// What is wrong with a spool file, which is the folder's fault and not the capture's.
    fn fault(self, what: &str, error: &io::Error) -> io::Error {
        let (folder, Purpose { is, instead }) = (std::env::temp_dir(), self);
        let folder = folder.display();
        io::Error::other(format!(
            "its copy {is} in {folder} cannot be {what}: {error}; set TMPDIR to another folder{instead}"
        ))
    }
}

/// Writes a copy, and says whose fault it is where that cannot be done: the disk is full, most likely, and it is not the capture's.
struct Spool(Source, Purpose);

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|error| self.1.fault("written", &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why bytes cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    #[error("the capture does not have these bytes")]
    Hole,
    #[error("the capture could not be opened again")]
    Gone,
    #[error("the capture has become shorter since it was read")]
    Shorter,
    #[error("the capture cannot be read again: {0}")]
    Io(io::Error),
}

impl From<io::Error> for Missing {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Missing::Shorter } else { Missing::Io(error) }
    }
}

/// Where the bytes of every session lie.
#[derive(Debug, Default)]
pub struct Evidence {
    /// None in the place of a capture that cannot be opened.
    sources: Vec<Option<Source>>,
    derived: Option<Derived>,
    streams: HashMap<(u32, Side), Stream>,
}

/// The spool of what was derived.
#[derive(Debug)]
struct Derived {
    spool: Source,
    length: u64,
    /// It could not be written: no more goes into it.
    is_full: bool,
}

/// One direction of a session: what lies where, in the order of the stream.
#[derive(Debug, Default)]
struct Stream {
    /// Stream offset, and place. A piece reaches to the next one.
    pieces: Blocks<(u64, u64)>,
    end: u64,
}

impl Evidence {
    /// Opens captures, once for reading and once for looking again at what was read. What can be read only once is copied to a file that
    /// has no name while it is read, unless it is to be followed. Pipes end when `stop` is set; a capture that is followed has no other end.
    pub fn open(
        captures: &[PathBuf],
        follow: bool,
        stop: &Arc<AtomicBool>,
        purpose: Purpose,
    ) -> Result<(Input, Evidence), CaptureError> {
        let mut spooled = Vec::new();
        let input = if follow {
            Input::follow(captures, stop)?
        } else {
            Input::open_spooling(captures, stop, &mut |index| {
                let source = purpose.spool()?;
                spooled.push((index, source.clone()));
                Ok(Box::new(Spool(source, purpose)))
            })?
        };
        let source = |(index, path): (usize, &PathBuf)| {
            let spool = spooled.iter().find(|(spooled, _)| *spooled == index);
            // Of what cannot be opened, nothing was read.
            spool.map_or_else(|| File::open(path).ok().map(Source::new), |(_, source)| Some(source.clone()))
        };
        let sources = captures.iter().enumerate().map(source).collect();
        Ok((input, Evidence { sources, ..Evidence::default() }))
    }

    /// Takes note of a piece. Within a direction they come in order.
    pub fn add(&mut self, piece: &Piece) {
        let place = match &piece.source {
            proto::Source::Captured(place) => u64::from(place.file) << OFFSET_BITS | place.offset,
            proto::Source::Derived(bytes) => self.spool(bytes),
        };
        let stream = self.streams.entry((piece.session, piece.from)).or_default();
        let known = stream.end.saturating_sub(piece.offset);
        if known >= u64::from(piece.length) {
            return;
        }
        let offset = piece.offset + known;
        if offset > stream.end {
            stream.pieces.push((stream.end, HOLE));
        }
        stream.pieces.push((offset, if place == HOLE { HOLE } else { place + known }));
        stream.end = piece.offset + u64::from(piece.length);
    }

    /// Keeps bytes that the capture does not have as they are. Gives their place, or that of a hole where they cannot be kept.
    fn spool(&mut self, bytes: &[u8]) -> u64 {
        if self.derived.is_none() {
            let spool = tempfile::tempfile().ok().map(Source::new);
            self.derived = spool.map(|spool| Derived { spool, length: 0, is_full: false });
        }
        let Some(derived) = self.derived.as_mut().filter(|derived| !derived.is_full) else { return HOLE };
        if derived.spool.write_all(bytes).is_err() {
            derived.is_full = true;
            return HOLE;
        }
        let at = derived.length;
        derived.length += bytes.len() as u64;
        DERIVED << OFFSET_BITS | at
    }

    /// The input that the first bytes of a session's direction are in, from 0; none where they were derived, or are nowhere.
    pub fn file_of(&self, session: u32, from: Side) -> Option<u32> {
        let stream = self.streams.get(&(session, from))?;
        let places = (0..stream.pieces.len()).filter_map(|index| stream.pieces.get(index));
        let place = places.map(|(_, place)| *place).find(|place| *place != HOLE)?;
        let file = place >> OFFSET_BITS;
        (file != DERIVED).then_some(file as u32)
    }

    /// Whether the bytes of a direction's stream at `offset` are not in the capture as they are, but were derived from it.
    pub fn is_derived(&self, session: u32, from: Side, offset: u64) -> bool {
        let Some(stream) = self.streams.get(&(session, from)) else { return false };
        let index = stream.pieces.partition_point(|(start, _)| *start <= offset).checked_sub(1);
        let place = index.and_then(|index| stream.pieces.get(index)).map(|(_, place)| *place);
        place.is_some_and(|place| place != HOLE && place >> OFFSET_BITS == DERIVED)
    }

    /// Where in a range of a direction's stream pieces begin: what came with one packet, or was derived at once.
    pub fn borders(&self, session: u32, from: Side, range: Range<u64>) -> Vec<u64> {
        let Some(stream) = self.streams.get(&(session, from)) else { return Vec::new() };
        let first = stream.pieces.partition_point(|(start, _)| *start < range.start);
        let starts = (first..stream.pieces.len()).filter_map(|index| stream.pieces.get(index)).map(|(start, _)| *start);
        starts.take_while(|start| *start < range.end).collect()
    }

    /// Appends `length` bytes of a direction's stream from `offset` on, or those before the first that is missing.
    pub fn read(&self, session: u32, from: Side, offset: u64, length: usize, out: &mut Vec<u8>) -> Result<(), Missing> {
        let stream = self.streams.get(&(session, from)).ok_or(Missing::Hole)?;
        let end = offset.checked_add(length as u64).ok_or(Missing::Hole)?;
        let mut at = offset;
        let mut index = stream.pieces.partition_point(|(start, _)| *start <= at).checked_sub(1).ok_or(Missing::Hole)?;
        while at < end {
            let (start, place) = *stream.pieces.get(index).ok_or(Missing::Hole)?;
            if place == HOLE {
                return Err(Missing::Hole);
            }
            let piece_end = stream.pieces.get(index + 1).map_or(stream.end, |(next, _)| *next);
            if at >= piece_end {
                return Err(Missing::Hole);
            }
            let take = (piece_end.min(end) - at) as usize;
            let source = self.source(place >> OFFSET_BITS)?;
            let before = out.len();
            out.resize(before + take, 0);
            source.read((place & ((1 << OFFSET_BITS) - 1)) + (at - start), &mut out[before..])?;
            at += take as u64;
            index += 1;
        }
        Ok(())
    }

    fn source(&self, file: u64) -> Result<&Source, Missing> {
        if file == DERIVED {
            return self.derived.as_ref().map(|derived| &derived.spool).ok_or(Missing::Gone);
        }
        self.sources.get(file as usize).ok_or(Missing::Hole)?.as_ref().ok_or(Missing::Gone)
    }

    /// Appends `length` bytes from a place of the capture on.
    pub fn read_at(&self, place: Place, length: usize, out: &mut Vec<u8>) -> Result<(), Missing> {
        let source = self.source(u64::from(place.file))?;
        let before = out.len();
        out.resize(before + length, 0);
        source.read(place.offset, &mut out[before..])?;
        Ok(())
    }

    /// The first chunk header of a message and its payload put together, as far as they are there, and what is in the
    /// way of the rest.
    pub fn message(&self, session: u32, from: Side, runs: &[Run]) -> (Vec<u8>, Vec<u8>, Result<(), Missing>) {
        let mut header = Vec::new();
        let mut payload = Vec::new();
        let mut stretch = Vec::new();
        for (index, run) in runs.iter().enumerate() {
            let mut end = run.offset + u64::from(run.first_header);
            end = run.pieces().last().map_or(end, |(at, length)| at + u64::from(length));
            // The later headers among the payload are read too: one read for a segment is less than one for a chunk.
            stretch.clear();
            let read = self.read(session, from, run.offset, (end - run.offset) as usize, &mut stretch);
            let part = |start: usize, length: usize| {
                let start = start.min(stretch.len());
                &stretch[start..stretch.len().min(start + length)]
            };
            if index == 0 {
                header.extend_from_slice(part(0, usize::from(run.first_header)));
            }
            for (at, length) in run.pieces() {
                payload.extend_from_slice(part((at - run.offset) as usize, length as usize));
            }
            if read.is_err() {
                return (header, payload, read);
            }
        }
        (header, payload, Ok(()))
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        self.streams.values().map(|stream| stream.pieces.memory() + size_of::<Stream>() + 16).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Moment, Place};

    /// Evidence over one spool file with these bytes.
    fn evidence(bytes: &[u8]) -> Evidence {
        let mut source = Source::new(tempfile::tempfile().unwrap());
        source.write_all(bytes).unwrap();
        Evidence { sources: vec![Some(source)], ..Evidence::default() }
    }

    fn piece(offset: u64, length: u32, place: u64) -> Piece {
        let source = proto::Source::Captured(Place { file: 0, offset: place });
        Piece { session: 1, from: Side::Client, offset, length, at: Moment::default(), source }
    }

    fn read(evidence: &Evidence, offset: u64, length: usize) -> Option<String> {
        let mut out = Vec::new();
        evidence.read(1, Side::Client, offset, length, &mut out).ok()?;
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn reads_across_pieces_and_not_across_holes() {
        let mut evidence = evidence(b"__abcd____efgh__klm");
        evidence.add(&piece(0, 4, 2));
        evidence.add(&piece(4, 4, 10));
        // Two bytes are missing.
        evidence.add(&piece(10, 3, 16));
        assert_eq!(read(&evidence, 0, 8).as_deref(), Some("abcdefgh"));
        assert_eq!(read(&evidence, 3, 2).as_deref(), Some("de"));
        assert_eq!(read(&evidence, 10, 3).as_deref(), Some("klm"));
        assert_eq!(read(&evidence, 11, 0).as_deref(), Some(""));
        for (offset, length) in [(7, 2), (8, 1), (9, 2), (12, 2), (13, 1), (u64::MAX, 2)] {
            assert_eq!(read(&evidence, offset, length), None, "{offset} {length}");
        }
        assert!(evidence.read(2, Side::Client, 0, 1, &mut Vec::new()).is_err());
        assert!(evidence.read(1, Side::Server, 0, 1, &mut Vec::new()).is_err());
    }

    #[test]
    fn what_was_derived_is_read_again_as_what_was_captured() {
        let mut evidence = evidence(b"abcd");
        evidence.add(&piece(0, 4, 0));
        let derived = |offset, bytes: &[u8]| Piece {
            session: 1,
            from: Side::Client,
            offset,
            length: bytes.len() as u32,
            at: Moment::default(),
            source: proto::Source::Derived(bytes.into()),
        };
        evidence.add(&derived(4, b"efgh"));
        evidence.add(&derived(6, b"ghij"));
        evidence.add(&piece(10, 2, 0));
        assert_eq!(read(&evidence, 2, 10).as_deref(), Some("cdefghijab"));
    }

    #[test]
    fn bytes_that_come_twice_are_known_once() {
        let mut evidence = evidence(b"abcdefgh");
        evidence.add(&piece(0, 4, 0));
        evidence.add(&piece(2, 2, 6));
        evidence.add(&piece(2, 4, 2));
        assert_eq!(read(&evidence, 0, 6).as_deref(), Some("abcdef"));
    }

    #[test]
    fn a_message_is_put_together_from_its_runs() {
        let mut evidence = evidence(b"Hab1cd1eXXX2fg");
        evidence.add(&piece(100, 5, 0));
        evidence.add(&piece(105, 9, 5));
        let runs = [
            Run { offset: 100, first_header: 1, later_header: 1, chunk: 2, payload: 5 },
            Run { offset: 111, first_header: 1, later_header: 1, chunk: 2, payload: 2 },
        ];
        let (header, payload, read) = evidence.message(1, Side::Client, &runs);
        assert_eq!((header.as_slice(), payload.as_slice()), (b"H".as_slice(), b"abcdefg".as_slice()));
        assert!(read.is_ok());
        let empty = [Run { offset: 100, first_header: 1, later_header: 0, chunk: 2, payload: 0 }];
        let (header, payload, read) = evidence.message(1, Side::Client, &empty);
        assert_eq!((header.as_slice(), payload.as_slice(), read.is_ok()), (b"H".as_slice(), b"".as_slice(), true));
    }

    #[test]
    fn of_a_message_with_a_hole_the_bytes_before_it_are_shown() {
        let mut evidence = evidence(b"Hab1cd");
        evidence.add(&piece(100, 5, 0));
        evidence.add(&piece(107, 1, 5));
        let runs = [Run { offset: 100, first_header: 1, later_header: 1, chunk: 2, payload: 5 }];
        let (header, payload, read) = evidence.message(1, Side::Client, &runs);
        assert_eq!((header.as_slice(), payload.as_slice()), (b"H".as_slice(), b"abc".as_slice()));
        assert!(matches!(read, Err(Missing::Hole)));
    }

    #[test]
    fn a_full_disk_is_not_taken_for_the_captures() {
        let Ok(full) = File::options().read(true).write(true).open("/dev/full") else { return };
        let purpose = Purpose { is: "for the screen", instead: ", or use --text" };
        let said = Spool(Source::new(full), purpose).write_all(b"abc").unwrap_err().to_string();
        assert!(said.starts_with("its copy for the screen in "), "{said}");
        assert!(said.ends_with("; set TMPDIR to another folder, or use --text"), "{said}");
    }

    #[test]
    fn a_spool_file_can_be_read_while_it_grows() {
        let mut evidence = evidence(b"abc");
        evidence.add(&piece(0, 3, 0));
        assert_eq!(read(&evidence, 0, 3).as_deref(), Some("abc"));
        let mut source = evidence.sources[0].clone().unwrap();
        source.write_all(b"def").unwrap();
        evidence.add(&piece(3, 3, 3));
        assert_eq!(read(&evidence, 1, 5).as_deref(), Some("bcdef"));
        // The file has less than it was said to have.
        evidence.add(&piece(6, 3, 6));
        let missing = evidence.read(1, Side::Client, 6, 3, &mut Vec::new()).unwrap_err();
        assert_eq!(missing.to_string(), "the capture has become shorter since it was read");
    }
}
