use crate::proto::rtmp::{Echo, Handshake, HandshakeFacts, Step};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// C2 and S2 begin with two times: the one of the peer's S1 or C1, and the one at which that was read. Here the first is
    /// another, or the peer's block was sent back whole, with its own bytes where the second belongs.
    ///
    /// Why: a peer that measures the way by them measures nonsense. Next to nobody does.
    ///
    /// Seen: nearly everybody. FFmpeg, librtmp, OBS, GStreamer and nginx-rtmp send the block back whole; some write zeros
    /// over both.
    ///
    /// Change: copy the peer's time, and write the own clock at the moment of reading behind it.
    pub(super) struct EchoTimeWrong {}
    "HSK006", "echo-time-wrong", Note, "RTMP 1.0 §5.2.4", rests: Event, media: false, background: true
}

impl Rule for EchoTimeWrong {
    fn handshake(&mut self, step: &Handshake, story: &Story, findings: &mut Findings) {
        let HandshakeFacts::Echo { time, echo: Some(echo), .. } = step.facts else { return };
        let peer = step.from.other();
        let Some((_, HandshakeFacts::Block { epoch, .. })) = story.of(peer).steps[1] else { return };
        let (from, name, peer) = (step.from.name(), step.step.name(step.from), Step::Block.name(peer));
        let text = match echo {
            Echo::Exact => {
                format!(
                    "the {from}'s {name} is {peer} byte for byte, also in bytes 4 to 7, where the time of reading belongs"
                )
            }
            Echo::Random if time != epoch => {
                format!("the {from}'s {name} gives {peer}'s time as {time} ms, and {peer} says {epoch} ms")
            }
            _ => return,
        };
        findings.push(Self::META, Some(step.from), text, (step.first.packet, step.last.packet));
    }
}
