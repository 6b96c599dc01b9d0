//! Good conversations with one mistake.

use rtmp_inspect::proto::rtmp::{ExtendedFault, Mistake, SizeSource, Step, Stray, UsedSize};
use rtmp_inspect::synth::media::{self, Frame};
use rtmp_inspect::synth::{Amf, ChunkWriter, Conversation, Format, Message, Peer, Random, sample, values};
use rtmp_inspect::wire::Side;

use crate::handshakes::{self, Fault};

/// A mistake: how it is made, and how it is told.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    write: fn(&mut Writer<'_>, &Message, usize) -> Option<()>,
    is_named: fn(&Mistake) -> bool,
    /// What is wrong in the handshake, instead of in a message.
    fault: Option<Fault>,
}

impl Kind {
    /// Whether a payload that came out is the one that was meant. Where the sender says that a message is shorter than it is, and
    /// nothing in it tells otherwise, its header is believed, and the rest are bytes too many.
    pub(crate) fn means(&self, meant: &[u8], payload: &[u8]) -> bool {
        let is_short = self.name.ends_with("length too small") || self.name.starts_with("every length less");
        let is_short = is_short && meant.starts_with(payload);
        let is_long = self.name == "bytes behind every message" && payload.starts_with(meant);
        meant == payload || (is_short || is_long) && meant.len().abs_diff(payload.len()) <= 20
    }

    pub(crate) fn is_named(&self, sender: &Sender, mistake: &Mistake) -> bool {
        let is_size = |size| matches!(mistake, Mistake::ChunkSize(it) if is_size_of(*it, size));
        match (sender.made, sender.size) {
            (Some(made), _) => handshakes::is_named(mistake, &made),
            (None, Some(size)) => is_size(size),
            (None, None) => (self.is_named)(mistake),
        }
    }
}

pub(crate) static MISTAKES: &[Kind] = &[
    Kind { name: "the peer's chunk size", write: peer_size, is_named: is_size, fault: None },
    Kind { name: "the chunk size of before", write: old_size, is_named: is_size, fault: None },
    Kind { name: "Set Chunk Size acts a message late", write: late, is_named: is_size, fault: None },
    Kind { name: "Set Chunk Size acts a message early", write: early, is_named: is_size, fault: None },
    Kind { name: "no message is split", write: whole, is_named: is_size, fault: None },
    Kind { name: "a chunk size that nobody announced", write: other_size, is_named: is_size, fault: None },
    Kind {
        name: "message stream ids of 3 bytes",
        write: |w, m, at| short_id(w, m, at, 3),
        is_named: |it| *it == Mistake::MessageStreamId { bytes: 3 },
        fault: None,
    },
    Kind {
        name: "no message stream ids",
        write: |w, m, at| short_id(w, m, at, 0),
        is_named: |it| *it == Mistake::MessageStreamId { bytes: 0 },
        fault: None,
    },
    Kind {
        name: "a type 1 header on every chunk",
        write: |w, m, at| headers(w, m, at, Format::Type1),
        is_named: |it| matches!(it, Mistake::HeaderOnEveryChunk { .. }),
        fault: None,
    },
    Kind {
        name: "a type 0 header on every chunk",
        write: |w, m, at| headers(w, m, at, Format::Type0),
        is_named: |it| matches!(it, Mistake::HeaderOnEveryChunk { .. }),
        fault: None,
    },
    Kind { name: "a length too small", write: |w, m, at| length(w, m, at, true), is_named: is_length, fault: None },
    Kind { name: "a length too large", write: |w, m, at| length(w, m, at, false), is_named: is_length, fault: None },
    Kind {
        name: "bytes between messages",
        write: extra,
        is_named: |it| matches!(it, Mistake::Extra { .. }),
        fault: None,
    },
    Kind {
        name: "no extended timestamps",
        write: |w, m, at| extended(w, m, at, true),
        is_named: |it| *it == Mistake::ExtendedTimestamp(ExtendedFault::Missing),
        fault: None,
    },
    Kind {
        name: "extended timestamps where none belong",
        write: |w, m, at| extended(w, m, at, false),
        is_named: |it| *it == Mistake::ExtendedTimestamp(ExtendedFault::Needless),
        fault: None,
    },
    Kind {
        name: "extended timestamps on type 3 headers alone",
        write: extended_inside,
        is_named: |it| *it == Mistake::ExtendedTimestamp(ExtendedFault::Inside),
        fault: None,
    },
    Kind {
        name: "every length too small",
        write: |w, m, at| lengths(w, m, at, true),
        is_named: is_every_length,
        fault: None,
    },
    Kind {
        name: "every length too large",
        write: |w, m, at| lengths(w, m, at, false),
        is_named: is_every_length,
        fault: None,
    },
    Kind {
        name: "every length of a type far too large",
        write: |w, m, at| of_a_type(w, m, at, |length, by| length + by),
        is_named: |it| is_length(it) || is_every_length(it),
        fault: None,
    },
    Kind {
        name: "every length less by a tag's header, or 0",
        write: |w, m, at| of_a_type(w, m, at, |length, _| length.saturating_sub(11)),
        is_named: is_every_length,
        fault: None,
    },
    Kind { name: "bytes behind every message", write: extra_always, is_named: is_every_length, fault: None },
    Kind {
        name: "FLV's PreviousTagSize between messages",
        write: tag_size,
        is_named: |it| matches!(it, Mistake::Extra { what: Stray::TagSize, .. }),
        fault: None,
    },
    handshake("no C2 or S2", Fault::NoEcho),
    handshake("C1 or S1 of another length", Fault::Length(Step::Block)),
    handshake("C2 or S2 of another length", Fault::Length(Step::Echo)),
    handshake("C1 or S1 twice", Fault::Twice(Step::Block)),
    handshake("C2 or S2 twice", Fault::Twice(Step::Echo)),
];

/// One whose messages are as they should be.
const fn handshake(name: &'static str, fault: Fault) -> Kind {
    Kind { name, write: |w, m, _| w.right(m), is_named: |_| false, fault: Some(fault) }
}

/// Whether a size that was found is the one that is used: of some of them only the longest chunk is known.
fn is_size_of(found: UsedSize, size: usize) -> bool {
    let used = found.used as usize;
    match found.source {
        SizeSource::Peer(peer) => peer as usize == size && used <= size,
        SizeSource::Spacing => used == size,
        // A message that is not split shows no more.
        SizeSource::Before | SizeSource::Whole => used <= size,
    }
}

fn is_size(mistake: &Mistake) -> bool {
    matches!(mistake, Mistake::ChunkSize(_))
}

fn is_length(mistake: &Mistake) -> bool {
    matches!(mistake, Mistake::Length { .. } | Mistake::Extra { .. })
}

fn is_every_length(mistake: &Mistake) -> bool {
    matches!(mistake, Mistake::Lengths { .. })
}

/// A conversation in which one side makes a mistake.
pub(crate) struct Sender {
    pub(crate) conversation: Conversation,
    pub(crate) side: Side,
    /// Its messages, as it means them: type and payload.
    pub(crate) meant: Vec<(u8, Vec<u8>)>,
    /// How its bytes are cut into segments.
    pub(crate) cuts: Vec<usize>,
    /// What is wrong in its handshake.
    pub(crate) made: Option<Mistake>,
    /// The chunk size that it uses all along.
    size: Option<usize>,
}

/// What a mistake is made with.
struct Writer<'k> {
    chunks: &'k mut ChunkWriter,
    random: &'k mut Random,
    meant: &'k mut Vec<(u8, Vec<u8>)>,
    /// The message at which the mistake begins.
    at: usize,
    /// Whether it was made, and is not made again.
    done: bool,
    /// The sizes that this side and the other one announced.
    own: usize,
    peer: usize,
    /// A size that nobody announced.
    other: usize,
    /// How many bytes more or less the messages of each type have.
    by: By,
    /// The type whose messages alone are concerned; all media where it is 0, and by how much they are.
    only: (u8, usize),
}

/// Bytes by type of message.
#[derive(Clone, Copy)]
struct By {
    audio: usize,
    video: usize,
    others: usize,
}

impl By {
    /// As senders are wrong: by the header of a FLV tag or of its body, or anyhow.
    fn new(random: &mut Random) -> By {
        let any = random.between(1, 15) as usize;
        match random.below(4) {
            0 => By { audio: 2, video: 5, others: 0 },
            1 => By { audio: 11, video: 11, others: 11 },
            2 => By { audio: any, video: any, others: 0 },
            _ => By { audio: any, video: any, others: any },
        }
    }

    fn of(self, message: &Message) -> usize {
        match message.message_type {
            8 => self.audio,
            9 => self.video,
            _ => self.others,
        }
    }
}

impl Writer<'_> {
    fn write(&mut self, format: Format, message: &Message) {
        self.meant.push((message.message_type, message.payload.clone()));
        self.chunks.message_as(format, message);
    }

    /// The next message is as it should be.
    #[allow(clippy::unnecessary_wraps)]
    fn right(&mut self, message: &Message) -> Option<()> {
        self.write(Format::Best, message);
        Some(())
    }

    fn announce(&mut self, size: u32) {
        self.meant.push((1, size.to_be_bytes().into()));
        self.chunks.set_chunk_size(size);
    }
}

impl Sender {
    /// Made from a seed: what is sent, in what, where the mistake is. None where it would make no difference.
    pub(crate) fn new(kind: &Kind, seed: u64) -> Option<Sender> {
        let random = &mut Random::new(seed * 7919 + kind.name.len() as u64);
        let side = if random.below(2) == 0 { Side::Client } else { Side::Server };
        let is_of_type = kind.name.contains("of a type") || kind.name.starts_with("every length less");
        let messages = media_of(random, if is_of_type { [8, 24] } else { [80, 400] });
        let at = random.below(messages.len() as u64 - 6) as usize;
        let sizes = [128, 256, 1000, 4096, 4096, 8192, 60_000];
        let own = sizes[random.below(7) as usize];
        let peer = sizes[random.below(7) as usize];
        let begun = if side == Side::Client { sample::publishing() } else { sample::playing() };
        let other = [60, 64, 100, 777, 777, 1400, 5000][random.below(7) as usize];
        let by = By::new(random);
        let far = [5, 11, 15, 40, 100, 256, 1000, 3000];
        let only =
            if is_of_type { ([8, 9, 0][random.below(3) as usize], far[random.below(8) as usize]) } else { (0, 0) };
        let mut meant: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut conversation = begun.side(side.other(), |c| c.set_chunk_size(peer));
        for message in common_messages(&conversation, side) {
            meant.push(message);
        }
        meant.push((1, own.to_be_bytes().into()));
        conversation = conversation.side(side, |c| c.set_chunk_size(own));
        let mut done = false;
        let mut is_possible = true;
        for (number, message) in messages.iter().enumerate() {
            conversation = conversation.wait_ms(19).side(side, |c: &mut Peer| {
                let mut writer = Writer {
                    chunks: &mut c.chunks,
                    random: &mut *random,
                    meant: &mut meant,
                    at,
                    done,
                    own: own as usize,
                    peer: peer as usize,
                    other,
                    by,
                    only,
                };
                is_possible &= (kind.write)(&mut writer, message, number).is_some();
                done = writer.done;
                c
            });
        }
        let cuts = match random.below(3) {
            0 => vec![1448],
            1 => vec![random.between(200, 1448) as usize, random.between(200, 1448) as usize],
            _ => vec![60_000],
        };
        let mut made = None;
        if let Some(fault) = kind.fault {
            let (spoilt, mistake) = fault.apply(&conversation, side, random);
            (conversation, made, done) = (spoilt, Some(mistake), true);
        }
        let size = match kind.name {
            "the peer's chunk size" => Some(peer as usize),
            "the chunk size of before" => Some(own as usize),
            "a chunk size that nobody announced" => Some(other),
            _ => None,
        };
        (is_possible && done).then_some(Sender { conversation, side, meant, cuts, made, size })
    }
}

/// The messages that a side sent so far.
fn common_messages(conversation: &Conversation, side: Side) -> Vec<(u8, Vec<u8>)> {
    let story = crate::common::Story::of(conversation);
    story.messages_from(side).iter().map(|m| (m.head.kind.0, m.payload.to_vec())).collect()
}

/// Sequence headers and some thirty frames of both kinds, of lengths that a stream has.
fn media_of(random: &mut Random, sound: [u64; 2]) -> Vec<Message> {
    let metadata = values(&[Amf::from("onMetaData"), media::metadata()]);
    let mut messages = vec![
        Message::new(4, 18, 1, 0, metadata.clone()),
        Message::new(6, 9, 1, 0, media::avc_sequence_header()),
        Message::new(4, 8, 1, 0, media::aac_sequence_header()),
    ];
    for picture in 0..16_u32 {
        if picture == 8 {
            messages.push(Message::new(4, 18, 1, picture * 40, metadata.clone()));
        }
        let (frame, most) = if picture % 8 == 0 { (Frame::Key, 12_000) } else { (Frame::Inter, 3000) };
        let length = random.between(60, most) as usize;
        let payload = media::avc_frame(frame, 0, length, random);
        messages.push(Message::new(6, 9, 1, picture * 40, payload));
        let length = random.between(sound[0], sound[1]) as usize;
        messages.push(Message::new(4, 8, 1, picture * 40 + 20, media::aac_frame(length, random)));
    }
    messages
}

/// Is the mistake at work at this message?
fn begins(w: &Writer<'_>, number: usize) -> bool {
    number >= w.at
}

fn peer_size(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    if begins(w, number) && w.peer != w.own {
        w.chunks.chunk_size = w.peer;
        w.done |= message.payload.len() > w.peer.min(w.own);
    }
    w.right(message)
}

fn old_size(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    if number == w.at {
        let size = if w.own == 4096 { 600 } else { 4096 };
        w.announce(size);
        w.chunks.chunk_size = w.own;
    }
    let new = if w.own == 4096 { 600 } else { 4096 };
    w.done |= number >= w.at && message.payload.len() > new.min(w.own);
    w.right(message)
}

fn late(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    let new = if w.own == 4096 { 600 } else { 4096 };
    if number == w.at {
        w.announce(new as u32);
        w.chunks.chunk_size = w.own;
        w.done |= message.payload.len() > new.min(w.own);
        w.right(message)?;
        w.chunks.chunk_size = new;
        return Some(());
    }
    w.right(message)
}

fn early(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    let new = if w.own == 4096 { 60_000 } else { 20_000 };
    if number == w.at {
        w.chunks.chunk_size = new;
        w.done |= message.payload.len() > w.own;
        w.right(message)?;
        w.announce(new as u32);
        return Some(());
    }
    w.right(message)
}

fn whole(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    if begins(w, number) {
        w.chunks.chunk_size = 1 << 24;
        w.done |= message.payload.len() > w.own;
    }
    w.right(message)
}

fn other_size(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    if begins(w, number) {
        w.chunks.chunk_size = w.other;
        w.done |= message.payload.len() > w.own.min(w.other) && w.own != w.other;
    }
    w.right(message)
}

fn short_id(w: &mut Writer<'_>, message: &Message, number: usize, bytes: usize) -> Option<()> {
    if !begins(w, number) {
        return w.right(message);
    }
    let mut aside = ChunkWriter::default();
    aside.chunk_size = w.chunks.chunk_size;
    aside.message_as(Format::Type0, message);
    let written = aside.take();
    w.chunks.raw(&written[..8]);
    w.chunks.raw(&written[8..8 + bytes]);
    w.chunks.raw(&written[12..]);
    w.meant.push((message.message_type, message.payload.clone()));
    w.done = true;
    Some(())
}

/// Late in a stream, with type 0 headers alone.
#[allow(clippy::unnecessary_wraps)]
fn extended(w: &mut Writer<'_>, message: &Message, number: usize, is_missing: bool) -> Option<()> {
    if !begins(w, number) {
        w.write(Format::Type0, message);
        return Some(());
    }
    let late = Message { timestamp: message.timestamp + 0x0123_4567, ..message.clone() };
    let mut aside = ChunkWriter::default();
    aside.chunk_size = 1 << 24;
    aside.message_as(Format::Type0, &late);
    let written = aside.take();
    w.meant.push((message.message_type, message.payload.clone()));
    let low = &late.timestamp.to_be_bytes()[1..];
    let time = if is_missing { &[0xff; 3] } else { low };
    let field = if is_missing { &[][..] } else { &written[12..16] };
    let mut data = &written[16..];
    let header = [&written[..1], time, &written[4..12], field].concat();
    w.chunks.raw(&header);
    while data.len() > w.own {
        w.chunks.raw(&data[..w.own]);
        w.chunks.raw(&[0xc0 | written[0]]);
        w.chunks.raw(field);
        data = &data[w.own..];
    }
    w.chunks.raw(data);
    w.done = true;
    Some(())
}

/// The message's time on all its chunks but the first.
fn extended_inside(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    if !begins(w, number) {
        return w.right(message);
    }
    let mut unfinished = w.chunks.begin(Format::Best, message);
    let mut is_more = w.chunks.chunk(&mut unfinished);
    while is_more {
        let before = w.chunks.take();
        is_more = w.chunks.chunk(&mut unfinished);
        let chunk = w.chunks.take();
        w.chunks.raw(&before);
        w.chunks.raw(&chunk[..1]);
        w.chunks.raw(&message.timestamp.to_be_bytes());
        w.chunks.raw(&chunk[1..]);
        w.done = true;
    }
    w.meant.push((message.message_type, message.payload.clone()));
    Some(())
}

fn headers(w: &mut Writer<'_>, message: &Message, number: usize, format: Format) -> Option<()> {
    if !begins(w, number) {
        return w.right(message);
    }
    let first = if number < 2 { Format::Type0 } else { Format::Best };
    let mut unfinished = w.chunks.begin(first, message);
    if w.chunks.chunk(&mut unfinished) {
        w.done = true;
        while w.chunks.chunk_as(format, &mut unfinished) {}
    }
    w.meant.push((message.message_type, message.payload.clone()));
    Some(())
}

/// One message whose header says less or more than it has.
fn length(w: &mut Writer<'_>, message: &Message, number: usize, is_short: bool) -> Option<()> {
    if number != w.at {
        return w.right(message);
    }
    let by = w.random.between(1, 20) as usize;
    let mut aside = ChunkWriter::default();
    aside.chunk_size = w.chunks.chunk_size;
    aside.message_as(Format::Type0, message);
    let mut written = aside.take();
    let said = if is_short { message.payload.len().checked_sub(by)? } else { message.payload.len() + by };
    written[4..7].copy_from_slice(&(said as u32).to_be_bytes()[1..]);
    w.chunks.raw(&written);
    // What the next header may leave out is what this one said.
    w.meant.push((message.message_type, message.payload.clone()));
    w.done = true;
    Some(())
}

/// All messages have other lengths than their headers say.
fn lengths(w: &mut Writer<'_>, message: &Message, number: usize, is_short: bool) -> Option<()> {
    let by = w.by.of(message);
    if !begins(w, number) || by == 0 || message.payload.len() <= by {
        return w.right(message);
    }
    let mut aside = ChunkWriter::default();
    aside.chunk_size = w.chunks.chunk_size;
    aside.message_as(Format::Type0, message);
    let mut written = aside.take();
    let said = if is_short { message.payload.len() - by } else { message.payload.len() + by };
    written[4..7].copy_from_slice(&(said as u32).to_be_bytes()[1..]);
    w.chunks.raw(&written);
    w.meant.push((message.message_type, message.payload.clone()));
    w.done = true;
    Some(())
}

/// The messages of one type of media, or of both, have other lengths than their headers say, and headers as short as they may be.
fn of_a_type(w: &mut Writer<'_>, message: &Message, number: usize, said: fn(usize, usize) -> usize) -> Option<()> {
    let (kind, by) = w.only;
    let is_one = [8, 9].contains(&message.message_type) && [0, message.message_type].contains(&kind);
    if !is_one {
        return w.right(message);
    }
    let before = w.chunks.take();
    let format = if number < 3 { Format::Type0 } else { Format::Type1 };
    w.write(format, message);
    let mut written = w.chunks.take();
    let said = said(message.payload.len(), by);
    if begins(w, number) {
        written[4..7].copy_from_slice(&(said as u32).to_be_bytes()[1..]);
        w.done = true;
    }
    w.chunks.raw(&before);
    w.chunks.raw(&written);
    Some(())
}

fn extra_always(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    w.right(message)?;
    if begins(w, number) {
        let count = w.by.of(message);
        let stray = w.random.bytes(count);
        w.chunks.raw(&stray);
        w.done = true;
    }
    Some(())
}

fn extra(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    w.right(message)?;
    if number == w.at {
        let count = w.random.between(1, 60) as usize;
        let stray = w.random.bytes(count);
        w.chunks.raw(&stray);
        w.done = true;
    }
    Some(())
}

fn tag_size(w: &mut Writer<'_>, message: &Message, number: usize) -> Option<()> {
    w.right(message)?;
    if begins(w, number) {
        let size = message.payload.len() as u32 + 11;
        w.chunks.raw(&size.to_be_bytes());
        w.done = true;
    }
    Some(())
}
