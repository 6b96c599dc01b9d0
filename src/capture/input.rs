//! Opens captures, tells their formats and merges them. What a record looks like is for the formats.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::buffer::Buffer;
use super::compressed::{self, Source};
use super::follow::Follower;
use super::live::{Pipe, standard_input};
use super::notes::Notes;
use super::pcap::{Pcap, is_another_pcap, is_pcap};
use super::pcapng::{PcapNg, is_pcapng};
use super::record::Record;
use super::sniff::{STDIN, looks};
use super::{CaptureError, Packet};
use crate::wire::{Moment, PacketNo, Place, Time, file_name};

enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
    /// Damaged: nothing more is read from it.
    Over,
}

impl Format {
    /// The format of the capture that begins here, if it is one.
    fn open(file: &str, buffer: &mut Buffer) -> Result<Option<Format>, CaptureError> {
        let start = buffer.unread();
        Ok(if is_pcap(start) {
            Some(Format::Pcap(Pcap::open(file, buffer)?))
        } else if is_pcapng(start) {
            Some(Format::PcapNg(PcapNg::new()))
        } else {
            None
        })
    }

    /// Whether a capture of its own begins where the next record would.
    #[inline]
    fn ends_here(&self, file: &str, buffer: &mut Buffer) -> Result<bool, CaptureError> {
        if !buffer.fill(12).map_err(|error| CaptureError::io(file, error))? {
            return Ok(false);
        }
        let start = buffer.unread();
        Ok(match self {
            Format::Pcap(_) => is_another_pcap(start) || is_pcapng(start),
            // A new section is pcapng's own matter.
            Format::PcapNg(_) => is_another_pcap(start),
            Format::Over => false,
        })
    }
}

/// One capture, read to the end of `head`.
struct Capture {
    name: String,
    buffer: Buffer,
    format: Format,
    /// Packets read so far.
    packets: u64,
    /// The packet that is next to be given.
    head: Option<Record>,
    /// Bytes in the file; `None` when that cannot be known.
    size: Option<u64>,
    /// Says that a pipe or a capture that is followed is to be read no further.
    stop: Option<Arc<AtomicBool>>,
    /// Bytes read of a compressed file.
    compressed: Option<Arc<AtomicU64>>,
    /// What it said that is not yet in those of the whole input.
    notes: Notes,
}

/// What a capture is read from.
enum Kind {
    /// A file of so many bytes, which can be read again where it lies.
    File(u64),
    /// A file that grows, until this is set.
    Followed(Arc<AtomicBool>),
    /// A pipe, with a name or without one, until this is set.
    Pipe(Arc<AtomicBool>),
    Once,
}

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

    /// Like [`Input::open`]. What cannot be read a second time where it lies is also written to what `spool` gives,
    /// which is told the input's index: pipes, and what comes of decompressing. A packet's [`Place`] counts in what is
    /// spooled as it does in a file.
    pub fn open_spooling(
        paths: &[PathBuf],
        spool: &mut dyn FnMut(usize) -> io::Result<Box<dyn Write + Send>>,
    ) -> Result<Input, CaptureError> {
        Input::open_each(paths, &Arc::default(), &mut |index, source| Ok(Box::new(Tee { source, copy: spool(index)? })))
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

    /// Bytes read and used so far, over all captures; of compressed ones, compressed bytes.
    pub fn bytes_read(&self) -> u64 {
        let read = |capture: &Capture| match &capture.compressed {
            Some(read) => read.load(Ordering::Relaxed),
            None => capture.buffer.offset(),
        };
        self.captures.iter().map(read).sum()
    }

    /// Whether all that it reads ends by itself, soon, when it is told to stop.
    pub fn is_live(&self) -> bool {
        self.captures.iter().all(|capture| capture.stop.is_some())
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

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Capture {
    /// `once` is given each source that can be read only once, and gives what is read in its stead.
    fn open(
        path: &Path,
        stop: &Arc<AtomicBool>,
        once: &mut dyn FnMut(Source) -> io::Result<Source>,
    ) -> Result<Capture, CaptureError> {
        let (name, file) =
            if is_stdin(path) { (STDIN.to_owned(), standard_input()) } else { (file_name(path), File::open(path)) };
        let file = file.map_err(|error| CaptureError::io(&name, error))?;
        let meta = file.metadata().map_err(|error| CaptureError::io(&name, error))?;
        if meta.is_dir() {
            return Err(CaptureError::Directory { file: name });
        }
        if meta.is_file() {
            // Where in a file standard input begins is not known.
            let kind = if is_stdin(path) { Kind::Once } else { Kind::File(meta.len()) };
            return Capture::read(name, Box::new(file), kind, once);
        }
        let pipe = Box::new(Pipe::new(file, Arc::clone(stop)));
        Capture::read(name, pipe, Kind::Pipe(Arc::clone(stop)), once)
    }

    /// In the place of a capture that cannot be opened: nothing is read from it.
    fn unopened(path: &Path) -> Capture {
        Capture {
            name: file_name(path),
            buffer: Buffer::new(Box::new(io::empty())),
            format: Format::Over,
            packets: 0,
            head: None,
            size: Some(0),
            stop: None,
            compressed: None,
            notes: Notes::default(),
        }
    }

    fn follow(path: &Path, stop: &Arc<AtomicBool>) -> Result<Capture, CaptureError> {
        if is_stdin(path) {
            return Err(CaptureError::FollowInput);
        }
        let name = file_name(path);
        let io = |error| CaptureError::io(&name, error);
        // Looked at before it is opened: opening a pipe waits for its writer.
        let meta = std::fs::metadata(path).map_err(io)?;
        if meta.is_dir() {
            return Err(CaptureError::Directory { file: name });
        }
        if !meta.is_file() {
            return Err(CaptureError::FollowOther { file: name });
        }
        let file = File::open(path).map_err(io)?;
        let source = Box::new(Follower::new(file, path.to_owned(), Arc::clone(stop)));
        Capture::read(name, source, Kind::Followed(Arc::clone(stop)), &mut Ok)
    }

    fn read(
        name: String,
        source: Source,
        kind: Kind,
        once: &mut dyn FnMut(Source) -> io::Result<Source>,
    ) -> Result<Capture, CaptureError> {
        let io = |error| CaptureError::io(&name, error);
        let compressed::Opened { mut source, compressed } = compressed::open(source).map_err(io)?;
        let (size, stop, again) = match kind {
            Kind::File(size) => (Some(size), None, true),
            Kind::Followed(_) if compressed.is_some() => return Err(CaptureError::FollowCompressed { file: name }),
            Kind::Followed(stop) => (None, Some(stop), true),
            Kind::Pipe(stop) => (None, Some(stop), false),
            Kind::Once => (None, None, false),
        };
        if !again || compressed.is_some() {
            source = once(source).map_err(io)?;
        }
        let mut buffer = Buffer::new(source);
        let _ = buffer.fill(12).map_err(io)?;
        let start = buffer.unread();
        if start.is_empty() {
            return Err(CaptureError::Empty { file: name });
        }
        let Some(format) = Format::open(&name, &mut buffer)? else {
            let start = buffer.unread();
            let looks = looks(&name, &start[..start.len().min(4096)]);
            return Err(CaptureError::NotCapture { file: name, looks });
        };
        let (packets, head) = (0, None);
        Ok(Capture { name, buffer, format, packets, head, size, stop, compressed, notes: Notes::default() })
    }

    /// Goes on with another capture that was put behind this one with `cat`.
    #[inline]
    fn change(&mut self) -> Result<(), CaptureError> {
        if self.format.ends_here(&self.name, &mut self.buffer)?
            && let Some(format) = Format::open(&self.name, &mut self.buffer)?
        {
            self.format = format;
        }
        Ok(())
    }

    /// Reads the next packet into `head`; whether there was one. After an error there is none.
    #[inline]
    fn advance(&mut self) -> Result<bool, CaptureError> {
        if matches!(self.format, Format::Over) {
            return Ok(false);
        }
        let packet = self.packets + 1;
        if let Err(error) = self.change() {
            self.format = Format::Over;
            return Err(error);
        }
        let next = match &mut self.format {
            Format::Pcap(pcap) => pcap.next(&self.name, packet, &mut self.buffer),
            Format::PcapNg(pcapng) => pcapng.next(&self.name, packet, &mut self.buffer, &mut self.notes),
            Format::Over => None,
        };
        match next {
            Some(Ok(record)) => {
                self.packets = packet;
                self.head = Some(record);
                Ok(true)
            }
            None => Ok(false),
            Some(Err(error)) => {
                self.format = Format::Over;
                // A record that its writer had not finished when the user had seen enough is no fault.
                let stopped = self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
                if stopped && error.is_cut() { Ok(false) } else { Err(error) }
            }
        }
    }
}
