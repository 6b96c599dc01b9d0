use crate::proto::Deviation;
use crate::proto::rtmp::{HandshakeLength, Mistake, Step};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// C1, S1, C2 and S2 have 1536 bytes each, so that chunks begin behind 3073. Here they begin before or behind that place, as
    /// the first chunk shows. Which block is too short or too long is told by the place of the block that repeats the peer's
    /// or is signed for it; where none does, only the sum is told. The steps and messages are shown from where they stand.
    ///
    /// Why: a receiver counts 1536 bytes. It takes the first bytes of the next block or chunk for the end of this one, or waits
    /// for bytes that never come.
    ///
    /// Seen: no real sender yet; 1528 bytes of random data without the 8 bytes before them, a digest that was added instead
    /// of written over, and a block that is sent by two parts of a program are the usual ways.
    ///
    /// Change: write 4 bytes of time, 4 more and 1528 of random or echoed data, once each.
    pub(super) struct HandshakeLengthWrong {}
    "HSK013", "handshake-length", Error, "RTMP 1.0 §5.2.3, §5.2.4", rests: Session, media: false
}

impl Rule for HandshakeLengthWrong {
    fn deviation(&mut self, deviation: &Deviation, _: &Story, findings: &mut Findings) {
        let Mistake::HandshakeLength(found) = deviation.mistake else { return };
        let HandshakeLength { step, is, twice } = found;
        let (from, offset) = (deviation.from, deviation.offset);
        let chunks = format!("the {}'s chunks begin at offset {offset}", from.name());
        let wanted = found.wanted();
        let by = |more: &str, less: &str| {
            let (by, how) = if is > wanted { (is - wanted, more) } else { (wanted - is, less) };
            format!("{by} too {how}")
        };
        let text = match step {
            Some(step) if twice => format!("{} stands there twice, byte for byte: {chunks}", step.name(from)),
            Some(step) => {
                let how = match step {
                    Step::Block => format!(", as the place of {} and of the first chunk show", Step::Echo.name(from)),
                    _ => String::new(),
                };
                let by = by("many", "few");
                format!("{} has {is} bytes, {by}{how}: {chunks}", step.name(from))
            }
            None => {
                let [first, second] = [Step::Block, Step::Echo].map(|step| step.name(from));
                let by = by("many", "few");
                format!("the {}'s handshake has {is} bytes, {by}, in {first} or {second}: {chunks}", from.name())
            }
        };
        let packet = deviation.at.packet;
        findings.push(Self::META, Some(from), text, (packet, packet));
    }
}
