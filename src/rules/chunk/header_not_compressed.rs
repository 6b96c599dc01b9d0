use std::collections::BTreeMap;

use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Head, Message, MessageType};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::count;
use crate::wire::{PacketNo, Side};

/// Chunk streams of both sides that are remembered.
const REMEMBERED: usize = Limits::DEFAULT.judged_chunk_streams;
/// With fewer messages there is nothing to gain.
const ENOUGH: u64 = 50;

rule! {
    /// A type 0 header says everything; types 1 to 3 leave out what is as before. More than half of this side's messages have a
    /// type 0 header where a smaller one would do. The finding says how many bytes that cost.
    ///
    /// Why: this is legal, and robust. For audio of low rate the headers are a good part of the stream.
    ///
    /// Seen: node-media-server and SRS to players, SRS from an edge to its origin.
    ///
    /// Change: write type 1 where the message stream is as before, type 2 where length and type are too.
    pub(super) struct HeaderNotCompressed {
        sides: [Tally; 2],
        last: BTreeMap<(usize, u32), Last>,
    }
    "CHK019", "header-not-compressed", Note, "RTMP 1.0 §5.3.1.2", rests: Sender, background: true
}

#[derive(Default)]
struct Tally {
    messages: u64,
    needless: u64,
    /// Bytes.
    lost: u64,
    /// The first one, and its packets.
    first: Option<(u64, (PacketNo, PacketNo))>,
}

/// What a chunk stream's last message leaves for the next.
#[derive(Clone, Copy)]
struct Last {
    message_stream_id: u32,
    kind: MessageType,
    length: u32,
    timestamp: u32,
    /// In ms, from the message before it.
    delta: Option<u32>,
}

impl Rule for HeaderNotCompressed {
    fn held(&self) -> usize {
        self.last.len() * 64
    }

    fn message(&mut self, message: &Message, _: &Story, _: &mut Findings) {
        let head = &message.head;
        let tally = &mut self.sides[message.from.index()];
        tally.messages += 1;
        if !head.timestamp_known || !head.message_stream_known {
            return;
        }
        let place = (message.from.index(), head.chunk_stream_id);
        let before = self.last.get(&place).copied();
        let delta = before.map(|before| head.timestamp.wrapping_sub(before.timestamp));
        if before.is_some() || self.last.len() < REMEMBERED {
            let &Head { message_stream_id, kind, length, timestamp, .. } = head;
            self.last.insert(place, Last { message_stream_id, kind, length, timestamp, delta });
        }
        if head.chunk_format == 0
            && let (Some(before), Some(delta)) = (before, delta)
            && let Some(lost) = before.saves(head, delta)
        {
            tally.needless += 1;
            tally.lost += lost;
            tally.first.get_or_insert((message.n, (head.first.packet, head.last.packet)));
        }
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for side in Side::BOTH {
            let Tally { messages, needless, lost, first } = self.sides[side.index()];
            let Some((n, packets)) = first.filter(|_| messages >= ENOUGH && needless * 2 > messages) else { continue };
            let text = format!(
                "{needless} of the {}'s {messages} messages begin with a type 0 header that could be smaller: {} more than needed",
                side.name(),
                count(lost, "byte")
            );
            findings.push(Self::META, Some(side), text, packets).message = Some(n);
        }
    }
}

impl Last {
    /// How many bytes the smallest header for this message would save.
    fn saves(&self, head: &Head, delta: u32) -> Option<u64> {
        if head.message_stream_id != self.message_stream_id || delta >= 0x00ff_ffff {
            return None;
        }
        let smallest = match (head.length == self.length && head.kind == self.kind, self.delta == Some(delta)) {
            (false, _) => 7,
            (true, false) => 3,
            (true, true) => 0,
        };
        let extended = if head.extended.is_some() { 4 * u64::from(head.chunks) } else { 0 };
        Some(11 - smallest + extended)
    }
}
