use crate::proto::Deviation;
use crate::proto::rtmp::{ExtendedFault, Mistake};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A type 0 header has 11 bytes behind its basic header, of which the last four are the message stream id, and headers have an
    /// extended timestamp behind them where the three bytes of their time are ffffff, and only there. Here the id has fewer bytes,
    /// or the extended timestamp is missing, or one too many, in these headers or in those of type 3 between a message's chunks. This
    /// program reads what follows so.
    ///
    /// Why: a receiver takes the first bytes of the payload for the rest of the id, and loses the direction at the next chunk.
    ///
    /// Seen: senders that write the message stream id as they write all other numbers of a header, in three bytes.
    ///
    /// Change: write the message stream id in four bytes, the least significant one first; from 16777215 ms on write ffffff for the
    /// time, and the time itself in four bytes behind the header, and only then behind the message's type 3 headers.
    pub(super) struct HeaderLengthWrong {}
    "CHK022", "header-length-wrong", Error, "RTMP 1.0 §5.3.1.2.1", rests: Event, media: false
}

impl Rule for HeaderLengthWrong {
    fn deviation(&mut self, deviation: &Deviation, story: &Story, findings: &mut Findings) {
        // What the capture misses of the handshake may explain it.
        if !story.is_captured(deviation.from) {
            return;
        }
        let (who, offset) = (deviation.from.name(), deviation.offset);
        let text = match deviation.mistake {
            Mistake::MessageStreamId { bytes } => format!(
                "the {who}'s type 0 headers have {} bytes, with {bytes} bytes for the message stream id, where 12 with 4 belong (offset {offset})",
                8 + bytes,
            ),
            Mistake::ExtendedTimestamp(ExtendedFault::Missing) => format!(
                "the {who}'s headers with the time ffffff have no extended timestamp, which belongs behind them (offset {offset})"
            ),
            Mistake::ExtendedTimestamp(ExtendedFault::Needless) => format!(
                "the {who}'s headers have an extended timestamp behind a time that is not ffffff (offset {offset})"
            ),
            Mistake::ExtendedTimestamp(ExtendedFault::Inside) => format!(
                "the {who}'s type 3 headers inside a message have an extended timestamp of 4 bytes, where the message's first header has none (offset {offset})"
            ),
            _ => return,
        };
        let packet = deviation.at.packet;
        findings.push(Self::META, Some(deviation.from), text, (packet, packet));
    }
}
