use crate::proto::{Gap, Opened};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::{count, plural};

rule! {
    /// The capture misses bytes of one direction, or has them in records of TLS that are damaged. Nothing is known of them, and no peer is to blame for what they held. When
    /// they lie inside one chunk only its message is lost. Otherwise decoding goes on at the next place that is proven to
    /// begin a chunk.
    ///
    /// Why: what was in the hole is unknown, and rules that would need it are silent from there on.
    ///
    /// Seen: tcpdump on a busy machine; mirror ports that are overrun.
    ///
    /// Change: capture with a larger buffer (`tcpdump -B`), or nearer to the server.
    pub(super) struct CaptureGap {
        is_in_tls: bool,
    }
    "NET001", "capture-gap", Note, "RFC 9293", rests: Event, each: true, media: false
}

impl Rule for CaptureGap {
    fn opened(&mut self, opened: &Opened, _: &Story, _: &mut Findings) {
        self.is_in_tls = !opened.is_clear();
    }

    fn gap(&mut self, gap: &Gap, _: &Story, findings: &mut Findings) {
        let lost = if gap.survived { "decoding goes on after them" } else { "the next chunk is looked for" };
        let about = if gap.exact { "" } else { "about " };
        let closed = if self.is_in_tls { ", or not decrypted" } else { "" };
        let text = format!(
            "{about}{} of the {} from offset {} on {} not in the capture{closed}; {lost}",
            count(gap.bytes, "byte"),
            gap.from.name(),
            gap.offset,
            plural(gap.bytes, "is", "are")
        );
        findings.push(Self::META, Some(gap.from), text, (gap.at.packet, gap.at.packet));
    }
}
