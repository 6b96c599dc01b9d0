use crate::proto::Deviation;
use crate::proto::rtmp::Mistake;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A type 0 header has 11 bytes behind its basic header, of which the last four are the message stream id. Here these are
    /// fewer. This program reads what follows so.
    ///
    /// Why: a receiver takes the first bytes of the payload for the rest of the id, and loses the direction at the next chunk.
    ///
    /// Seen: senders that write the message stream id as they write all other numbers of a header, in three bytes.
    ///
    /// Change: write the message stream id in four bytes, the least significant one first.
    pub(super) struct HeaderLengthWrong {}
    "CHK022", "header-length-wrong", Error, "RTMP 1.0 §5.3.1.2.1", rests: Event, media: false
}

impl Rule for HeaderLengthWrong {
    fn deviation(&mut self, deviation: &Deviation, _: &Story, findings: &mut Findings) {
        if let Mistake::MessageStreamId { bytes } = deviation.mistake {
            let text = format!(
                "the {}'s type 0 headers have {} bytes, with {bytes} bytes for the message stream id, where 12 with 4 belong (offset {})",
                deviation.from.name(),
                8 + bytes,
                deviation.offset
            );
            let packet = deviation.at.packet;
            findings.push(Self::META, Some(deviation.from), text, (packet, packet));
        }
    }
}
