//! A session's handshake: its steps, and where they and the first chunks are when a block is missing or has another
//! length.
//!
//! A step is told as soon as it is whole. One that may be wrong by the length of a block waits for the first chunk.

use std::collections::VecDeque;

use super::{Direction, Session};
use crate::proto::rtmp::blocks::{Blocks, CHUNKS, ECHO};
use crate::proto::rtmp::chunk::{Chunked, Chunks};
use crate::proto::rtmp::detect::hides_signature;
use crate::proto::rtmp::handshake::{BLOCK, Echo, HALF, Handshake, HandshakeFacts, PeerBlock, Step};
use crate::proto::rtmp::{HandshakeLength, Mistake, Stray};
use crate::proto::stream::Sink;
use crate::proto::{Deviation, Event};
use crate::wire::{Moment, Side};

impl Session {
    /// Takes handshake bytes; gives how many it took: all that belong to the handshake.
    pub(super) fn handshake(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut VecDeque<Event>) -> usize {
        let mut used = 0;
        while used < bytes.len() {
            let (step, start) = match self.directions[from.index()].handshake.passed {
                0 => (Step::Version, 0),
                passed @ 1..=1536 => (Step::Block, passed.min(1)),
                passed if passed < HALF => (Step::Echo, 1537),
                _ => break,
            };
            let peer = if step == Step::Version { None } else { self.directions[from.other().index()].block.clone() };
            // The signature may be encrypted in a way that cannot be checked: RTMPE 8 and 9.
            let hides = self.version(from).is_some_and(hides_signature);
            let direction = &mut self.directions[from.index()];
            let half = &mut direction.handshake;
            let end = start + step.length() as u64;
            let take = (end - half.passed).min((bytes.len() - used) as u64) as usize;
            if half.bytes.is_empty() {
                half.first = at;
                half.last = at;
            }
            if at.packet > half.last.packet {
                half.last = at;
            }
            if at.packet < half.first.packet {
                half.first = at;
            }
            half.bytes.extend_from_slice(&bytes[used..used + take]);
            half.passed += take as u64;
            used += take;
            if half.passed < end {
                continue;
            }
            let content = std::mem::take(&mut half.bytes);
            if content.len() < step.length() {
                // Bytes of it are missing from the capture.
                continue;
            }
            let peer = peer.filter(|_| step != Step::Echo || !hides);
            let (facts, block) = Handshake::judge(step, from, &content, peer.as_ref());
            let event = Handshake {
                session: self.session,
                from,
                step,
                first: half.first,
                last: half.last,
                offset: direction.offset(start),
                bytes: content.into(),
                facts,
            };
            let is_odd = self.directions[from.other().index()].shown.is_odd;
            let direction = &mut self.directions[from.index()];
            match facts {
                HandshakeFacts::Version(version) => direction.version = Some(version),
                HandshakeFacts::Echo { echo: None, .. } if !hides && !is_odd => {
                    direction.early_echo = Some(event);
                    continue;
                }
                HandshakeFacts::Echo { echo, .. } if !direction.is_believed(echo) => {
                    direction.early_echo = Some(event);
                    continue;
                }
                _ => {}
            }
            match (step, block) {
                (Step::Version, _) => out.push_back(Event::Handshake(event)),
                (Step::Block, Some(block)) if self.may_be_short(from) => {
                    self.directions[from.index()].shown.late_block = Some((event, block));
                }
                (Step::Block, block) => self.give_block(from, event, block, out),
                (Step::Echo, _) if self.may_be_elsewhere(from, &event) => {
                    let direction = &mut self.directions[from.index()];
                    direction.early_echo = Some(event);
                    direction.shown.is_held = true;
                }
                (Step::Echo, _) => self.give_echo(from, event, out),
            }
        }
        used
    }

    /// Judges a C2 or S2 that came before what it answers, as far as that is known now.
    pub(super) fn give_early_echo(&mut self, from: Side, out: &mut VecDeque<Event>) {
        if self.directions[from.index()].shown.is_held {
            return;
        }
        let Some(mut event) = self.directions[from.index()].early_echo.take() else { return };
        let peer = self.directions[from.other().index()].block.as_ref();
        event.facts = Handshake::judge(Step::Echo, from, &event.bytes, peer).0;
        let direction = &mut self.directions[from.index()];
        if let HandshakeFacts::Echo { echo, .. } = event.facts {
            // What came before the block that it answers may be too many bytes of another.
            direction.shown.is_held = echo == Some(Echo::Different) && direction.blocks.is_some();
            if !direction.is_believed(echo) || direction.shown.is_held {
                direction.early_echo = Some(event);
                return;
            }
        }
        self.give_echo(from, event, out);
    }

    /// Gives out a C2 or S2 whose sender had nothing to answer, so that it stands before the sender's first message. Nothing that
    /// is captured later can explain it.
    pub(super) fn give_blind_echo(&mut self, from: Side, out: &mut VecDeque<Event>) {
        let direction = &mut self.directions[from.index()];
        if !direction.heard && !direction.is_doubtful && !direction.shown.is_held {
            direction.shown.echo |= direction.early_echo.is_some();
            out.extend(direction.early_echo.take().map(Event::Handshake));
        }
    }
}

impl Session {
    /// A C1 or S1.
    fn give_block(&mut self, from: Side, event: Handshake, block: Option<PeerBlock>, out: &mut VecDeque<Event>) {
        let direction = &mut self.directions[from.index()];
        direction.shown.block = true;
        direction.shown.is_signed = block.as_ref().is_some_and(PeerBlock::is_signed);
        direction.block = block;
        out.push_back(Event::Handshake(event));
        self.give_early_echo(from.other(), out);
    }

    /// A C2 or S2. What it answers is answered now.
    fn give_echo(&mut self, from: Side, event: Handshake, out: &mut VecDeque<Event>) {
        let shown = &mut self.directions[from.index()].shown;
        shown.echo = true;
        shown.is_right = is_right(event.facts);
        out.push_back(Event::Handshake(event));
        self.directions[from.other().index()].block = None;
    }

    fn both(&mut self, from: Side) -> (&mut Direction, &mut Direction) {
        let [client, server] = &mut self.directions;
        if from == Side::Client { (client, server) } else { (server, client) }
    }

    /// Whether a C1 or S1 that has its 1536 bytes may be shorter, so that some are of the block behind it.
    fn may_be_short(&mut self, from: Side) -> bool {
        let (own, other) = self.both(from);
        let (Some(blocks), Some(peer)) = (&own.blocks, &other.block) else { return false };
        blocks.is_short_of_telling() || blocks.echo_at(peer).is_some_and(|at| at < ECHO)
    }

    /// Whether a C2 or S2 that is no echo may be one that stands elsewhere.
    fn may_be_elsewhere(&mut self, from: Side, event: &Handshake) -> bool {
        let (own, other) = self.both(from);
        let is_different = matches!(event.facts, HandshakeFacts::Echo { echo: Some(Echo::Different), .. });
        let (true, Some(blocks), Some(peer)) = (is_different, &own.blocks, &other.block) else { return false };
        blocks.may_be_elsewhere(peer, own.shown.is_signed)
    }

    /// Takes the next bytes into account that may be a handshake's. True where they are done with: chunks begin
    /// at another place than they should, and are read from there on.
    pub(super) fn place(&mut self, from: Side, bytes: &[u8], at: Moment, out: &mut Sink<'_>) -> bool {
        let is_unplaced = self.is_encrypted() || self.directions[from.index()].is_doubtful;
        let (own, other) = self.both(from);
        let Some(blocks) = &mut own.blocks else { return false };
        let before = blocks.len();
        if is_unplaced {
            self.release(from, out.events);
            return false;
        }
        if !blocks.push(bytes, at) {
            return false;
        }
        let peer = other.block.as_ref();
        let spent = blocks.work();
        let found = blocks.find_chunks(from, peer, own.shown.is_right, false);
        own.looked += blocks.work() - spent;
        let is_late = own.shown.late_block.is_some() && !blocks.is_short_of_telling();
        if found.is_none() && is_late && peer.and_then(|peer| blocks.echo_at(peer)).is_none_or(|at| at >= ECHO) {
            self.give_late_block(from, out.events);
        }
        let Some(blocks) = found.and_then(|chunks| self.begin(from, chunks, out)) else { return false };
        let chunks = found.unwrap_or_default();
        for (piece, at) in blocks.pieces(chunks, before) {
            self.chunk_bytes(from, piece, at, out);
        }
        self.chunk_bytes(from, &bytes[chunks.saturating_sub(before).min(bytes.len())..], at, out);
        true
    }

    /// No more bytes come: what there is may be enough to tell where the chunks begin.
    pub(super) fn find_last_chunks(&mut self, from: Side, out: &mut Sink<'_>) {
        let (own, other) = self.both(from);
        let Some(blocks) = &mut own.blocks else { return };
        let end = blocks.len();
        let spent = blocks.work();
        let found = blocks.find_chunks(from, other.block.as_ref(), own.shown.is_right, true);
        own.looked += blocks.work() - spent;
        let Some(chunks) = found else { return };
        let Some(blocks) = self.begin(from, chunks, out) else { return };
        for (piece, at) in blocks.pieces(chunks, end) {
            self.chunk_bytes(from, piece, at, out);
        }
    }

    /// The chunks begin at this place of a side's bytes, which is not where they should. Gives these bytes.
    fn begin(&mut self, from: Side, chunks: usize, out: &mut Sink<'_>) -> Option<Blocks> {
        let blocks = self.directions[from.index()].blocks.take()?;
        let mistake = self.tell(from, &blocks, chunks, out.events);
        let direction = &mut self.directions[from.index()];
        let shown = 1 + [direction.shown.block, direction.shown.echo]
            .map(|is| u64::from(is) * BLOCK as u64)
            .iter()
            .sum::<u64>();
        direction.opaque += (chunks as u64).saturating_sub(shown);
        direction.handshake.passed = HALF;
        direction.handshake.bytes = Vec::new();
        let offset = direction.offset(chunks as u64);
        direction.looked += direction.chunks.work();
        direction.chunks = Chunks::new(offset, &self.limits);
        let (session, at) = (self.session, blocks.moment(chunks));
        out.events.push_back(Event::Deviation(Deviation { session, from, offset, at, mistake }));
        Some(blocks)
    }

    /// Gives what waited for the place of the first chunk, and the mistake that this is.
    fn tell(&mut self, from: Side, blocks: &Blocks, chunks: usize, out: &mut VecDeque<Event>) -> Mistake {
        let (own, other) = self.both(from);
        let is_whole = from == Side::Client && other.shown.is_right;
        let peer = other.block.clone();
        let (mistake, echo) = blocks.judge(from, peer.as_ref(), chunks, own.shown.is_right, is_whole);
        let is_short = |it: HandshakeLength| it.step == Some(Step::Block) && it.is < BLOCK as u32;
        if matches!(mistake, Mistake::HandshakeLength(it) if is_short(it)) && !own.shown.block {
            own.shown.late_block = None;
            own.shown.is_odd = true;
            self.give_early_echo(from.other(), out);
        } else {
            self.give_late_block(from, out);
        }
        let direction = &mut self.directions[from.index()];
        direction.shown.is_held = false;
        let waiting = direction.early_echo.take();
        if direction.shown.echo {
            return mistake;
        }
        if let Some(at) = echo
            && let Some(block) = blocks.block(at)
        {
            let (facts, _) = Handshake::judge(Step::Echo, from, block, peer.as_ref());
            let event = Handshake {
                session: self.session,
                from,
                step: Step::Echo,
                first: blocks.moment(at),
                last: blocks.moment(at + BLOCK - 1),
                offset: direction.offset(at as u64),
                bytes: block.to_vec().into(),
                facts,
            };
            if matches!(facts, HandshakeFacts::Echo { echo: None, .. }) {
                direction.early_echo = waiting.map(|_| event);
            } else {
                self.give_echo(from, event, out);
            }
        }
        mistake
    }

    /// The first that the chunk layer says tells whether the chunks begin where they should.
    pub(super) fn settle(&mut self, from: Side, chunked: &mut [Chunked], out: &mut VecDeque<Event>) {
        let Some(first) = chunked.first_mut() else { return };
        let direction = &mut self.directions[from.index()];
        let start = direction.offset(HALF);
        if let Chunked::Deviation { offset, at, mistake } = first
            && let Mistake::Extra { bytes, what: Stray::Unknown } = mistake
            && *offset == start
            && !direction.blocks.as_ref().is_some_and(|blocks| blocks.is_message(CHUNKS + *bytes as usize))
        {
            let chunks = CHUNKS + *bytes as usize;
            *offset += u64::from(*bytes);
            if let Some(blocks) = direction.blocks.take() {
                *at = blocks.moment(chunks);
                *mistake = self.tell(from, &blocks, chunks, out);
            } else {
                *mistake = Mistake::HandshakeLength(HandshakeLength { step: None, is: chunks as u32, twice: false });
            }
        }
        if self.directions[from.index()].blocks.is_some() {
            self.release(from, out);
        }
    }

    /// Gives what waited for the place of the first chunk: that is where it should be, or will not be known.
    pub(super) fn release(&mut self, from: Side, out: &mut VecDeque<Event>) {
        self.directions[from.index()].blocks = None;
        self.give_late_block(from, out);
        let direction = &mut self.directions[from.index()];
        if std::mem::take(&mut direction.shown.is_held)
            && let Some(event) = direction.early_echo.take()
        {
            self.give_echo(from, event, out);
        }
    }

    fn give_late_block(&mut self, from: Side, out: &mut VecDeque<Event>) {
        if let Some((event, block)) = self.directions[from.index()].shown.late_block.take() {
            self.give_block(from, event, Some(block), out);
        }
    }

    /// Bytes of a side are missing from the capture.
    pub(super) fn miss_blocks(&mut self, from: Side, missing: u64, out: &mut VecDeque<Event>) {
        let left = HALF.saturating_sub(self.directions[from.index()].handshake.passed);
        let blocks = self.directions[from.index()].blocks.take();
        self.release(from, out);
        self.directions[from.index()].blocks = blocks.filter(|_| missing <= left).map(|mut blocks| {
            blocks.miss(missing as usize);
            blocks
        });
    }
}

fn is_right(facts: HandshakeFacts) -> bool {
    matches!(facts, HandshakeFacts::Echo { echo: Some(Echo::Exact | Echo::Random | Echo::Signature), .. })
}
