use super::{SWAPPED_NS, is_complete, milliseconds};
use crate::proto::Close;
use crate::proto::rtmp::{Message, MessageType, Step, type_name};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::SideFacts;
use crate::wire::{Moment, Side};

rule! {
    /// A client sends nothing but C2 until it has S2, and a server nothing but S2 until it has C2. Here the first message
    /// came earlier, or that part never came.
    ///
    /// Why: a peer that reads a fixed 1536 bytes and then drops what its buffer holds loses the message and waits for it.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: read the other side's last part before the first message is sent.
    pub(super) struct DataBeforeHandshakeDone {
        first: [Option<First>; 2],
        judged: [bool; 2],
    }
    "HSK009", "data-before-handshake-done", Warning, "RTMP 1.0 §5.2.1", rests: Session
}

/// A side's first message.
#[derive(Clone, Copy)]
struct First {
    n: u64,
    at: Moment,
    kind: MessageType,
}

impl DataBeforeHandshakeDone {
    /// Judges a side's first message by the packet that completed the other side's C2 or S2. That side's own first message
    /// tells whether the capture has its packets in order: nothing it sends comes before its C2 or S2.
    fn judge(&mut self, from: Side, story: &Story, findings: &mut Findings) {
        let (Some(first), Some(done)) = (self.first[from.index()], story.of(from.other()).handshake_done()) else {
            return;
        };
        if self.judged[from.index()] || story.of(from.other()).odd_handshake {
            return;
        }
        self.judged[from.index()] = true;
        let early = done.time.since(first.at.time);
        let is_in_order = self.first[from.other().index()].is_none_or(|other| other.at.packet >= done.packet);
        if first.at.packet < done.packet && early >= SWAPPED_NS && is_in_order {
            let (side, name, awaited) = (from.name(), type_name(first.kind), Step::Echo.name(from.other()));
            let text = format!("the {side} sent {name} {} ms before {awaited} was whole", milliseconds(early));
            findings.push(Self::META, Some(from), text, (first.at.packet, done.packet)).message = Some(first.n);
        }
    }
}

/// Whether C2 or S2 was never whole, and nothing else tells why.
fn is_awaited(side: &SideFacts) -> bool {
    side.steps[2].is_none() && !side.odd_handshake
}

impl Rule for DataBeforeHandshakeDone {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if self.judged == [true; 2] {
            return;
        }
        let head = &message.head;
        self.first[message.from.index()].get_or_insert(First { n: message.n, at: head.first, kind: head.kind });
        if self.first.iter().all(Option::is_some) {
            for side in Side::BOTH {
                self.judge(side, story, findings);
            }
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for side in Side::BOTH {
            self.judge(side, story, findings);
            let Some(first) = self.first[side.index()].filter(|_| is_awaited(story.of(side.other()))) else {
                continue;
            };
            if is_complete(story, close) {
                let (from, name, awaited) = (side.name(), type_name(first.kind), Step::Echo.name(side.other()));
                let text = format!("the {from} sent {name}, and {awaited} was never whole");
                let packets = (first.at.packet, close.at.packet.max(first.at.packet));
                findings.push(Self::META, Some(side), text, packets).message = Some(first.n);
            }
        }
    }
}
