use super::{SWAPPED_NS, is_complete, is_early, milliseconds};
use crate::proto::Close;
use crate::proto::rtmp::{Echo, Handshake, HandshakeFacts, Step};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;

/// The version of a handshake whose answers can be judged.
const PLAIN: u8 = 3;

rule! {
    /// A client waits for S1 before it sends C2, a server for C1 before S2, and for C0 before S0. Here one did not wait, or what it was to
    /// wait for never came. A C2 or S2 that is right proves that its sender had what it answers, wherever a capture has it.
    ///
    /// Why: what is sent too early cannot be an answer, and a server that speaks first breaks clients behind a proxy.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: read C1 to its end before S2 is sent, and S1 before C2.
    pub(super) struct HandshakeOutOfOrder {}
    "HSK008", "handshake-out-of-order", Warning, "RTMP 1.0 §5.2.1", rests: Session, media: false
}

impl HandshakeOutOfOrder {
    /// A C1 or S1 whose answer was there first. Where that is so the answer was not judged: nothing was there to judge it by.
    fn block(step: &Handshake, story: &Story, findings: &mut Findings) {
        let from = step.from.other();
        let answer = story.of(from);
        let is_plain = |story| matches!(story, Some((_, HandshakeFacts::Version(PLAIN))));
        let Some((first, HandshakeFacts::Echo { echo: None, .. })) =
            answer.steps[2].filter(|_| is_plain(answer.steps[0]))
        else {
            return;
        };
        let early = step.last.time.since(first.time);
        if first.packet < step.last.packet && early >= SWAPPED_NS {
            let (name, awaited) = (Step::Echo.name(from), step.step.name(step.from));
            let text = format!("the {} sent {name} {} ms before {awaited} was whole", from.name(), milliseconds(early));
            findings.push(Self::META, Some(from), text, (first.packet, step.last.packet));
        }
    }
}

impl Rule for HandshakeOutOfOrder {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        if step.step == Step::Block {
            Self::block(step, story, findings);
        }
        let HandshakeFacts::Echo { echo, .. } = step.facts else { return };
        let (own, peer) = (story.of(step.from), story.of(step.from.other()));
        let packets = |from| (from, step.last.packet);
        if is_early(step, story)
            && let Some(block) = peer.handshake[1]
        {
            let (name, awaited) = (step.step.name(step.from), Step::Block.name(step.from.other()));
            let early = milliseconds(block.time.since(step.first.time));
            let text = format!("the {} sent {name} {early} ms before {awaited} was whole", step.from.name());
            findings.push(Self::META, Some(step.from), text, packets(step.first.packet));
        }
        // An S2 that is right and no later than C0 shows that the capture has them in another order than they were sent in.
        if step.from == Side::Server
            && let (Some((s0, _)), Some((c0, _))) = (own.steps[0], peer.steps[0])
            && c0.time.since(s0.time) >= SWAPPED_NS
            && s0.packet < c0.packet
            && (echo == Some(Echo::Different) || step.first.packet > c0.packet)
        {
            let early = milliseconds(c0.time.since(s0.time));
            let text = format!("the server sent S0 {early} ms before C0");
            findings.push(Self::META, Some(step.from), text, packets(s0.packet));
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last || !is_complete(story, close) {
            return;
        }
        for side in Side::BOTH.into_iter().filter(|side| !story.of(side.other()).odd_handshake) {
            let (Some((first, _)), None) = (story.of(side).steps[2], story.of(side.other()).steps[1]) else { continue };
            let (name, awaited) = (Step::Echo.name(side), Step::Block.name(side.other()));
            let text = format!("the {} sent {name}, and {awaited} was never whole", side.name());
            findings.push(Self::META, Some(side), text, (first.packet, close.at.packet.max(first.packet)));
        }
    }
}
