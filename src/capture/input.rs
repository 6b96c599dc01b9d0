//! Opens captures and merges them: one after the other, or in turns by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::compressed::Source;
use super::notes::{Notes, Secrets};
use super::single::{Capture, Kind, is_stdin};
use super::{CaptureError, Packet};
use crate::wire::{Moment, PacketNo, Place, Time};

/// One or several captures, read as one.
///
/// Packets come in order of time, and where times are equal in the order of the inputs; the order inside one capture is
/// never changed. They are numbered from 1 over all captures together.
pub struct Input {
    captures: Vec<Capture>,
    /// Captures that have a `head`, the earliest on top. Without use when there is only one.
    order: BinaryHeap<Reverse<(Time, usize)>>,
    /// The capture whose packet was given last, and which is to be read on.
    current: Option<usize>,
    /// Captures not yet begun.
    begun: usize,
    packets: u64,
    notes: Notes,
    /// Captures that could not be opened, beside others: they are told behind these, the last of them on top.
    unopened: Vec<CaptureError>,
}

impl Input {
    /// Opens every capture and reads its header. `-` is standard input. What cannot be opened is an error behind the last
    /// packet; where it is all that there is, at once.
    pub fn open(paths: &[PathBuf]) -> Result<Input, CaptureError> {
        Input::open_until(paths, &Arc::default())
    }

    /// Like [`Input::open`], until `stop` is set: pipes then give what is still in them, and end though their writers do not.
    pub fn open_until(paths: &[PathBuf], stop: &Arc<AtomicBool>) -> Result<Input, CaptureError> {
        Input::open_each(paths, stop, &mut |_, source| Ok(source))
    }

    /// Like [`Input::open_until`]. What cannot be read a second time where it lies is also written to what `spool` gives,
    /// which is told the input's index: pipes, and what comes of decompressing. A packet's [`Place`] counts in what is
    /// spooled as it does in a file.
    pub fn open_spooling(
        paths: &[PathBuf],
        stop: &Arc<AtomicBool>,
        spool: &mut dyn FnMut(usize) -> io::Result<Box<dyn Write + Send>>,
    ) -> Result<Input, CaptureError> {
        Input::open_each(paths, stop, &mut |index, source| Ok(Box::new(Tee { source, copy: spool(index)? })))
    }

    /// Reads one capture from anything that gives bytes, a file or not; `name` is what errors call it.
    pub fn from_reader(name: &str, source: impl Read + Send + 'static) -> Result<Input, CaptureError> {
        Ok(Input::of(vec![Capture::read(name.to_owned(), Box::new(source), Kind::Once, &mut Ok)?]))
    }

    /// Opens a capture that another program still writes, in a file that is not compressed. Where it ends, more is waited for, until
    /// `stop` is set; a record that is half written then is left out. A file that is truncated or replaced meanwhile is an
    /// error behind its last packet. Of several captures none is followed.
    pub fn follow(paths: &[PathBuf], stop: &Arc<AtomicBool>) -> Result<Input, CaptureError> {
        let [path] = paths else { return Err(CaptureError::FollowSeveral) };
        Ok(Input::of(vec![Capture::follow(path, stop)?]))
    }

    fn of(captures: Vec<Capture>) -> Input {
        Input {
            captures,
            order: BinaryHeap::new(),
            current: None,
            begun: 0,
            packets: 0,
            notes: Notes::default(),
            unopened: Vec::new(),
        }
    }

    fn open_each(paths: &[PathBuf], stop: &Arc<AtomicBool>, once: &mut Once<'_>) -> Result<Input, CaptureError> {
        if paths.is_empty() {
            return Err(CaptureError::NoInput);
        }
        if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
            return Err(CaptureError::InputTwice);
        }
        let mut captures = Vec::with_capacity(paths.len());
        let mut unopened = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            match Capture::open(path, stop, &mut |source| once(index, source)) {
                Ok(capture) => captures.push(capture),
                Err(error) => {
                    unopened.push(error);
                    captures.push(Capture::unopened(path));
                }
            }
        }
        if unopened.len() == captures.len() {
            return Err(unopened.swap_remove(0));
        }
        unopened.reverse();
        Ok(Input { unopened, ..Input::of(captures) })
    }

    /// The next packet. After an error, what the other captures can still give follows; then nothing.
    #[allow(clippy::should_implement_trait)] // It lends; an `Iterator` cannot.
    pub fn next(&mut self) -> Option<Result<Packet<'_>, CaptureError>> {
        let file = match self.earliest() {
            Some(Ok(file)) => file,
            Some(Err(error)) => return Some(Err(error)),
            None => return self.unopened.pop().map(Err),
        };
        let capture = &mut self.captures[file];
        let record = capture.head.take()?;
        self.current = Some(file);
        self.packets += 1 + record.numbered_before;
        if !capture.notes.is_empty() {
            self.notes.append(&mut capture.notes, file as u32, Some(PacketNo(self.packets)));
        }
        Some(Ok(Packet {
            at: Moment { packet: PacketNo(self.packets), time: record.time },
            link: record.link,
            data: capture.buffer.slice(record.offset, record.captured as usize),
            wire_length: record.wire_length,
            place: Place { file: file as u32, offset: record.offset },
        }))
    }

    /// Reads until every capture that can has a head, then finds the earliest. Each error is given on its own.
    fn earliest(&mut self) -> Option<Result<usize, CaptureError>> {
        if self.captures.len() == 1 {
            return match self.captures[0].advance() {
                Ok(true) => Some(Ok(0)),
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            };
        }
        loop {
            let file = if let Some(file) = self.current.take() {
                file
            } else if self.begun < self.captures.len() {
                self.begun += 1;
                self.begun - 1
            } else {
                return self.order.pop().map(|Reverse((_, file))| Ok(file));
            };
            match self.captures[file].advance() {
                Ok(true) => {
                    if let Some(head) = &self.captures[file].head {
                        self.order.push(Reverse((head.time, file)));
                    }
                }
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// What the captures said beside their packets, up to the last packet given; at the end, all of it.
    pub fn notes(&mut self) -> &Notes {
        for (file, capture) in self.captures.iter_mut().enumerate() {
            // Those of a packet that is still to be given come with it.
            if capture.head.is_none() && !capture.notes.is_empty() {
                self.notes.append(&mut capture.notes, file as u32, None);
            }
        }
        &self.notes
    }

    /// Whether a capture may bring secrets beside its packets, as pcapng can.
    pub fn may_bring_secrets(&self) -> bool {
        self.captures.iter().any(Capture::may_bring_secrets)
    }

    /// Secrets that the captures brought so far; `from` of them are known already.
    pub fn secrets(&self, from: usize) -> &[Secrets] {
        self.notes.secrets.get(from..).unwrap_or_default()
    }

    /// Bytes read and used so far, over all captures; of compressed ones, compressed bytes.
    pub fn bytes_read(&self) -> u64 {
        self.captures.iter().map(Capture::bytes_read).sum()
    }

    /// Whether all that it reads ends by itself, soon, when it is told to stop.
    pub fn is_live(&self) -> bool {
        self.captures.iter().all(Capture::is_live)
    }

    /// The captures' names, as messages have them.
    pub fn names(&self) -> String {
        self.captures.iter().map(|capture| capture.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Bytes of all captures together; `None` when one is not a plain file.
    pub fn size(&self) -> Option<u64> {
        self.captures.iter().map(|capture| capture.size).sum()
    }
}

type Once<'f> = dyn FnMut(usize, Source) -> io::Result<Source> + 'f;

/// Also writes what is read from it.
struct Tee {
    source: Source,
    copy: Box<dyn Write + Send>,
}

impl Read for Tee {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.copy.write_all(&into[..read])?;
        Ok(read)
    }
}
