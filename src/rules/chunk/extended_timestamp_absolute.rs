use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

rule! {
    /// Headers of types 1 and 2 hold the time since the last message, and their extended timestamp holds it where it is too large.
    /// Here that field holds the absolute time. A delta of more than 16777214 ms is next to never meant, so the clock tells which
    /// it is: as a delta it would make the stream jump by hours. Where it makes sense as a delta too (a small negative one, or one
    /// by which a clock of 31 bits wraps), the smaller step decides, and the finding is uncertain.
    ///
    /// Why: a receiver that adds it up jumps 4 hours and 39 minutes and more with every message.
    ///
    /// Seen: rtmp-rs, lal; SRS up to 6.0.166 reads the field so.
    ///
    /// Change: write a type 0 header, or the delta.
    pub(super) struct ExtendedTimestampAbsolute {}
    "CHK005", "extended-timestamp-absolute", Warning, "RTMP 1.0 §5.3.1.3", rests: Sender
}

impl Rule for ExtendedTimestampAbsolute {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        let Some(extended) = head.extended.filter(|extended| extended.absolute) else { return };
        let text = format!(
            "the {}'s type {} header on chunk stream {} has the absolute time {} where a delta belongs",
            message.from.name(),
            head.chunk_format,
            head.chunk_stream_id,
            extended.value
        );
        let end = head.header.as_slice().len() as u32;
        let finding = findings.about(Self::META, message, text).at(Mark::Header(end.saturating_sub(4)..end));
        finding.ambiguous = extended.ambiguous;
    }
}
