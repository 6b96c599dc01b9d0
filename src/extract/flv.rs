//! An FLV file of one stream. Source: FLV 10.1 §E.2 to §E.4; Enhanced RTMP keeps the tags as they are.
//!
//! Tags are the messages' payloads, byte for byte, with the times that were sent. What a server does when it records a stream is done
//! here too: `@setDataFrame` is taken from the front of metadata, and the metadata stand first. So the first tags wait until there is a
//! frame.

use std::io;

use bytes::Bytes;

use super::clock::{self, Clock, Stamp};
use super::item::Item;
use super::shelf::{FileId, Shelf};
use crate::proto::rtmp::{Body, MessageType};

/// `FLV`, the version, which kinds of tag follow, the header's length; and that no tag is before the first.
const HEADER: [u8; 13] = [b'F', b'L', b'V', 1, 0, 0, 0, 0, 9, 0, 0, 0, 0];
/// Where the header says which kinds of tag follow.
const KINDS: u64 = 4;
const HAS_AUDIO: u8 = 4;
const HAS_VIDEO: u8 = 1;
/// `@setDataFrame` as AMF0 has it.
const SET_DATA_FRAME: &[u8] = b"\x02\x00\x0d@setDataFrame";
/// The longest payload that a tag can have.
const LONGEST: usize = 0x00ff_ffff;
/// Tags that wait for the first frames, and their bytes.
const WAITING: usize = 32;
const WAITING_BYTES: usize = 256 << 10;

/// An FLV file that is being made.
#[derive(Debug)]
pub(super) struct Flv {
    name: String,
    file: FileId,
    /// Times begin at 0.
    rebase: bool,
    /// The time that is 0 then, without its wrapping.
    base: i64,
    /// The first tags, until it is clear which is the first.
    waiting: Option<Vec<Tag>>,
    waiting_bytes: usize,
    /// Audio and video came, which are no configuration.
    begun: [bool; 2],
    kinds: u8,
    clock: Clock,
    /// What was written.
    pub(super) counts: Counts,
}

#[derive(Debug)]
struct Tag {
    kind: MessageType,
    time: Stamp,
    is_enhanced: bool,
    payload: Bytes,
    /// What it is to the order: metadata, a frame, or neither.
    rank: Rank,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Metadata,
    Frame,
    Other,
}

/// What is in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub audio: u64,
    pub video: u64,
    pub scripts: u64,
    pub bytes: u64,
    /// The least and the greatest time of frames in it, in ms.
    pub times: Option<(u32, u32)>,
    /// Some of it has the form of Enhanced RTMP.
    pub is_enhanced: bool,
}

impl Flv {
    pub(super) fn begin(name: String, rebase: bool, shelf: &mut impl Shelf) -> io::Result<Flv> {
        let file = shelf.begin(&name)?;
        shelf.write(file, &HEADER)?;
        Ok(Flv {
            name,
            file,
            rebase,
            base: 0,
            waiting: Some(Vec::new()),
            waiting_bytes: 0,
            begun: [false; 2],
            kinds: 0,
            clock: Clock::default(),
            counts: Counts { bytes: HEADER.len() as u64, ..Counts::default() },
        })
    }

    /// The time of the last frame, as the file has it.
    pub(super) fn timestamp(&self) -> Option<u32> {
        self.clock.last().map(|time| self.own(time))
    }

    /// Bytes that wait.
    pub(super) fn held(&self) -> usize {
        self.waiting_bytes
    }

    /// The next item. What of it could not be taken as it is goes to `troubles`, and that times go back to `backs`; clauses.
    pub(super) fn put(
        &mut self,
        item: &Item<'_>,
        shelf: &mut impl Shelf,
        troubles: &mut Vec<String>,
        backs: &mut Vec<String>,
    ) -> io::Result<()> {
        let (kind, payload) = tag(item);
        if payload.len() > LONGEST {
            troubles.push("it is longer than a tag can be, and is left out".to_owned());
            return Ok(());
        }
        let (time, before) = self.clock.take(item);
        if let Some(before) = before {
            // Times that begin at 0 are told without being kept from going below it.
            let told = |time: Stamp| if self.rebase { time.whole - self.base } else { i64::from(time.sent) };
            let mut said = clock::back(told(before), told(time));
            if let Some(said) = &mut said
                && told(time) < 0
            {
                *said += ": what is before 0 is at 0";
            }
            backs.extend(said);
        }
        let rank = rank(item);
        let is_new =
            rank == Rank::Frame && !std::mem::replace(&mut self.begun[usize::from(kind == MessageType::VIDEO)], true);
        let tag = Tag { kind, time, is_enhanced: item.is_enhanced(), payload, rank };
        match &mut self.waiting {
            Some(waiting) => {
                self.waiting_bytes += tag.payload.len();
                // A part of an aggregate is not to keep the whole.
                waiting.push(Tag { payload: Bytes::copy_from_slice(&tag.payload), ..tag });
                // With the times as they were sent, what comes behind the first frame stays there. Where they begin at 0, both kinds count.
                let is_clear = if self.rebase { self.begun == [true; 2] } else { is_new };
                if is_clear || waiting.len() >= WAITING || self.waiting_bytes > WAITING_BYTES {
                    self.settle(shelf)?;
                }
            }
            None => self.write(&tag, shelf)?,
        }
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn settle(&mut self, shelf: &mut impl Shelf) -> io::Result<()> {
        let Some(mut waiting) = self.waiting.take() else { return Ok(()) };
        self.waiting_bytes = 0;
        let first_frame = waiting.iter().position(|tag| tag.rank == Rank::Frame).unwrap_or(waiting.len());
        if let Some(at) = waiting[..first_frame].iter().rposition(|tag| tag.rank == Rank::Metadata) {
            let metadata = waiting.remove(at);
            waiting.insert(0, metadata);
        }
        if self.rebase {
            let frames = waiting.iter().filter(|tag| tag.rank == Rank::Frame);
            let all = waiting.iter().filter(|tag| tag.rank != Rank::Metadata);
            let least = frames.map(|tag| tag.time.whole).min().or_else(|| all.map(|tag| tag.time.whole).min());
            self.base = least.unwrap_or_default();
            // Many senders give configurations the time 0, wherever the stream is.
            let first_frame = waiting.iter().position(|tag| tag.rank == Rank::Frame).unwrap_or(0);
            for tag in &mut waiting[..first_frame] {
                tag.time.whole = self.base;
            }
        }
        waiting.iter().try_for_each(|tag| self.write(tag, shelf))
    }

    /// A time as the file has it.
    fn own(&self, time: Stamp) -> u32 {
        if !self.rebase {
            return time.sent;
        }
        // What is before the first frame (many senders give configurations the time 0) is at 0.
        (time.whole - self.base).max(0) as u32
    }

    fn write(&mut self, tag: &Tag, shelf: &mut impl Shelf) -> io::Result<()> {
        let time = self.own(tag.time);
        let length = tag.payload.len() as u32;
        let [high, middle, low] = [time >> 16, time >> 8, time].map(|part| part as u8);
        let size = [length >> 16, length >> 8, length].map(|part| part as u8);
        let header = [tag.kind.0, size[0], size[1], size[2], high, middle, low, (time >> 24) as u8, 0, 0, 0];
        shelf.write(self.file, &header)?;
        shelf.write(self.file, &tag.payload)?;
        shelf.write(self.file, &(length + header.len() as u32).to_be_bytes())?;
        let counts = &mut self.counts;
        counts.bytes += u64::from(length) + header.len() as u64 + 4;
        counts.is_enhanced |= tag.is_enhanced;
        match tag.kind {
            MessageType::AUDIO => {
                self.kinds |= HAS_AUDIO;
                counts.audio += 1;
            }
            MessageType::VIDEO => {
                self.kinds |= HAS_VIDEO;
                counts.video += 1;
            }
            _ => {
                counts.scripts += 1;
                return Ok(());
            }
        }
        if tag.rank == Rank::Frame {
            let (least, greatest) = counts.times.unwrap_or((time, time));
            counts.times = Some((least.min(time), greatest.max(time)));
        }
        Ok(())
    }

    /// Ends the file. One without audio and video is none: then there is no name.
    pub(super) fn finish(mut self, shelf: &mut impl Shelf) -> io::Result<(Option<String>, Counts)> {
        self.settle(shelf)?;
        if self.kinds == 0 {
            shelf.abandon(self.file);
            return Ok((None, self.counts));
        }
        shelf.patch(self.file, KINDS, &[self.kinds])?;
        shelf.finish(self.file)?;
        Ok((Some(self.name), self.counts))
    }
}

/// The kind of tag that it becomes, and the tag's payload.
fn tag(item: &Item<'_>) -> (MessageType, Bytes) {
    let (mut kind, mut payload) = (item.kind, item.payload.clone());
    // AMF3's type with AMF0 behind the selector is AMF0 all the same, and the only form that readers of FLV know.
    if kind == MessageType::DATA_AMF3 && payload.first() == Some(&0) && payload.get(1) == Some(&2) {
        (kind, payload) = (MessageType::DATA_AMF0, payload.slice(1..));
    }
    if kind == MessageType::DATA_AMF0 && payload.starts_with(SET_DATA_FRAME) {
        payload = payload.slice(SET_DATA_FRAME.len()..);
    }
    (kind, payload)
}

fn rank(item: &Item<'_>) -> Rank {
    match item.body {
        Body::Data(data) if data.handler() == "onMetaData" && data.name != "@clearDataFrame" => Rank::Metadata,
        _ if item.is_frame() => Rank::Frame,
        _ => Rank::Other,
    }
}
