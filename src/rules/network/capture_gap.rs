use crate::proto::Gap;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::{count, plural};

rule! {
    /// The capture misses bytes of one direction, or has them in records of TLS that nothing opens. Nothing is known of them, and no peer is to blame for what they held. When
    /// they lie inside one chunk only its message is lost. Otherwise decoding goes on at the next place that is proven to
    /// begin a chunk.
    ///
    /// Why: what was in the hole is unknown, and rules that would need it are silent from there on.
    ///
    /// Seen: tcpdump on a busy machine; mirror ports that are overrun.
    ///
    /// Change: capture with a larger buffer (`tcpdump -B`), or nearer to the server.
    pub(super) struct CaptureGap {}
    "NET001", "capture-gap", Note, "RFC 9293", rests: Event, each: true, media: false
}

impl Rule for CaptureGap {
    fn gap(&mut self, gap: &Gap, _: &Story, findings: &mut Findings) {
        let lost = if gap.survived { "decoding goes on after them" } else { "the next chunk is looked for" };
        let about = if gap.exact { "" } else { "about " };
        let why = if gap.captured { "captured, and not opened" } else { "not in the capture" };
        let text = format!(
            "{about}{} of the {} from offset {} on {} {why}; {lost}",
            count(gap.bytes, "byte"),
            gap.from.name(),
            gap.offset,
            plural(gap.bytes, "is", "are")
        );
        findings.push(Self::META, Some(gap.from), text, (gap.at.packet, gap.at.packet));
    }
}
