use super::had_time;
use crate::proto::rtmp::{Body, LimitType, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::{Moment, PacketNo, Side};

rule! {
    /// A sender waits when a window's bytes are not acknowledged: its own window, or the smaller limit that its peer set
    /// with Set Peer Bandwidth. This one sent more than twice as much after the last Acknowledgement that it can have
    /// had, the last of it a second, or a round trip, after a whole window was sent: what is sent in less is on its way while its
    /// Acknowledgement is. Where none ever came, that is its peer's fault, and another finding's.
    ///
    /// Why: nothing holds a sender back that ignores its window but TCP; its peer's limit has no effect.
    ///
    /// Seen: nearly every server and client ignores windows, which is why this is a note.
    ///
    /// Change: nothing, unless a peer's limit is meant to be kept; then stop at it until the next Acknowledgement.
    pub(super) struct WindowExceeded {
        directions: [Direction; 2],
    }
    "CTL009", "window-exceeded", Note, "RTMP 1.0 §5.4.3, §5.4.5", rests: Session
}

/// What one side sends, since it was last acknowledged.
#[derive(Default)]
struct Direction {
    /// The packet of the last Acknowledgement.
    acknowledged: Option<PacketNo>,
    /// The sender's bytes, at most, when that was sent: it can have acknowledged no more.
    base: Option<u64>,
    /// When it had sent more than the limit since then.
    passed: Option<Moment>,
    /// Waits for what the receiver had said by then, and for an Acknowledgement at all.
    overrun: Option<Overrun>,
    said: bool,
}

/// The first message beyond the limit.
struct Overrun {
    n: u64,
    packets: (PacketNo, PacketNo),
    limit: u32,
    sent: u64,
}

impl Direction {
    fn sent(&mut self, message: &Message, story: &Story) {
        let head = &message.head;
        let is_later = self.acknowledged.is_none_or(|packet| packet < head.first.packet);
        if self.said || self.overrun.is_some() || !is_later {
            return;
        }
        let Some((limit, since)) = limit(message.from, story) else { return };
        let base = *self.base.get_or_insert(head.offset);
        let base = if self.acknowledged.is_none() { since } else { base.max(since) };
        let sent = head.end().saturating_sub(base);
        if sent <= u64::from(limit) {
            self.passed = None;
            return;
        }
        let passed = *self.passed.get_or_insert(head.last);
        if sent > 2 * u64::from(limit) && had_time(story, passed, head.last) {
            let packets = (head.first.packet, head.last.packet);
            self.overrun = Some(Overrun { n: message.n, packets, limit, sent });
        }
    }

    fn acknowledged(&mut self, packet: PacketNo) {
        // What follows a hole is given out late: it may have come before.
        self.overrun.take_if(|overrun| packet <= overrun.packets.1);
        self.acknowledged = Some(packet);
        self.base = None;
        self.passed = None;
    }
}

/// How many bytes a side may send unacknowledged, and its own bytes up to where that was said.
fn limit(sender: Side, story: &Story) -> Option<(u32, u64)> {
    let own = story.of(sender).window;
    // A dynamic limit counts where a hard one came before, and that is seldom so.
    let peer = story
        .of(sender.other())
        .bandwidth
        .filter(|(_, limit)| limit.is_some_and(|limit| matches!(limit, LimitType::HARD | LimitType::SOFT)));
    match (own, peer) {
        (Some((own, since)), Some((peer, _))) => Some((own.min(peer), since)),
        (own, _) => own,
    }
    .filter(|(limit, _)| *limit > 0)
}

impl Rule for WindowExceeded {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let (side, other) = (message.from, message.from.other());
        let direction = &mut self.directions[other.index()];
        if matches!(message.body, Body::Acknowledgement(_)) {
            direction.acknowledged(message.head.last.packet);
        }
        // Said once the receiver is known as far, and to acknowledge at all.
        let is_known = |overrun: &mut Overrun| message.head.last.packet > overrun.packets.1;
        if direction.acknowledged.is_some()
            && let Some(overrun) = direction.overrun.take_if(is_known)
        {
            direction.said = true;
            let Overrun { n, packets, limit, sent } = overrun;
            let text = format!("the {} sent {sent} bytes unacknowledged under a window of {limit}", other.name());
            findings.push(Self::META, Some(other), text, packets).message = Some(n);
        }
        self.directions[side.index()].sent(message, story);
    }
}
