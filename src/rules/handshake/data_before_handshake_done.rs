use super::{SWAPPED_NS, milliseconds};
use crate::proto::rtmp::{Handshake, Message, MessageType, Step, type_name};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::wire::{Moment, Side};

rule! {
    /// A client sends nothing but C2 until it has S2, and a server nothing but S2 until it has C2. Here the first message
    /// came earlier.
    ///
    /// Why: a peer that reads a fixed 1536 bytes and then drops what its buffer holds loses the message and waits for it.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: read the other side's last part before the first message is sent.
    pub(super) struct DataBeforeHandshakeDone {
        first: [Option<First>; 2],
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

impl First {
    /// Judges it by the packet that completed the other side's C2 or S2.
    fn judge(self, from: Side, done: Moment, findings: &mut Findings) {
        let early = done.time.since(self.at.time);
        if self.at.packet < done.packet && early >= SWAPPED_NS {
            let awaited = Step::Echo.name(from.other());
            let text = format!(
                "the {} sent {} {} ms before {awaited} was whole",
                from.name(),
                type_name(self.kind),
                milliseconds(early)
            );
            let finding = findings.push(DataBeforeHandshakeDone::META, Some(from), text, (self.at.packet, done.packet));
            finding.message = Some(self.n);
        }
    }
}

impl Rule for DataBeforeHandshakeDone {
    fn handshake(&mut self, step: &Handshake, _: &Facts, findings: &mut Findings) {
        let sender = step.from.other();
        if step.step == Step::Echo
            && let Some(first) = self.first[sender.index()]
        {
            first.judge(sender, step.last, findings);
        }
    }

    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        let known = &mut self.first[message.from.index()];
        if known.is_some() {
            return;
        }
        let first = First { n: message.n, at: message.head.first, kind: message.head.kind };
        *known = Some(first);
        if let Some(done) = facts.of(message.from.other()).handshake_done() {
            first.judge(message.from, done, findings);
        }
    }
}
