//! One capture: opened, told by its format, and read record by record. What a record looks like is for the formats.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::CaptureError;
use super::buffer::Buffer;
use super::compressed::{self, Source};
use super::follow::Follower;
use super::live::{Pipe, standard_input};
use super::notes::Notes;
use super::pcap::{Pcap, is_another_pcap, is_pcap};
use super::pcapng::{PcapNg, is_pcapng};
use super::record::Record;
use super::sniff::{STDIN, looks};
use crate::wire::file_name;

enum Format {
    Pcap(Pcap),
    PcapNg(PcapNg),
    /// Damaged: nothing more is read from it.
    Over,
}

impl Format {
    /// Whether it may bring secrets beside its packets.
    fn may_bring_secrets(&self) -> bool {
        matches!(self, Format::PcapNg(_))
    }

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
pub(super) struct Capture {
    pub(super) name: String,
    pub(super) buffer: Buffer,
    format: Format,
    /// Packets read so far.
    packets: u64,
    /// The packet that is next to be given.
    pub(super) head: Option<Record>,
    /// Bytes in the file; `None` when that cannot be known.
    pub(super) size: Option<u64>,
    /// Says that a pipe or a capture that is followed is to be read no further.
    stop: Option<Arc<AtomicBool>>,
    /// Bytes read of a compressed file.
    compressed: Option<Arc<AtomicU64>>,
    /// What it said that is not yet in those of the whole input.
    pub(super) notes: Notes,
}

/// What a capture is read from.
pub(super) enum Kind {
    /// A file of so many bytes, which can be read again where it lies.
    File(u64),
    /// A file that grows, until this is set.
    Followed(Arc<AtomicBool>),
    /// A pipe, with a name or without one, until this is set.
    Pipe(Arc<AtomicBool>),
    Once,
}

pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Capture {
    /// `once` is given each source that can be read only once, and gives what is read in its stead.
    pub(super) fn open(
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
    pub(super) fn unopened(path: &Path) -> Capture {
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

    pub(super) fn follow(path: &Path, stop: &Arc<AtomicBool>) -> Result<Capture, CaptureError> {
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

    pub(super) fn read(
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

    /// Whether it may bring secrets beside its packets.
    pub(super) fn may_bring_secrets(&self) -> bool {
        self.format.may_bring_secrets()
    }

    /// Bytes read and used so far; of a compressed capture, compressed bytes.
    pub(super) fn bytes_read(&self) -> u64 {
        match &self.compressed {
            Some(read) => read.load(Ordering::Relaxed),
            None => self.buffer.offset(),
        }
    }

    /// Whether it ends by itself, soon, when it is told to stop.
    pub(super) fn is_live(&self) -> bool {
        self.stop.is_some()
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
    pub(super) fn advance(&mut self) -> Result<bool, CaptureError> {
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
