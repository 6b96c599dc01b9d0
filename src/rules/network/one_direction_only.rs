use crate::proto::Close;
use crate::rules::{Facts, Findings, Rule, rule};

rule! {
    /// Not a packet of one side was captured: only half of the conversation is there.
    ///
    /// Answers, acknowledgements and their times are unknown, and so is what a side asked for. Seen where a mirror port
    /// copies one direction alone, where the two directions take different ways, and where a capture filter names a source.
    /// Mirror both directions, and capture with `port 1935` rather than `src port 1935`.
    pub(super) struct OneDirectionOnly {
        packets: [u64; 2],
    }
    "NET005", "one-direction-only", Note, "RFC 9293"
}

impl Rule for OneDirectionOnly {
    fn close(&mut self, close: &Close, _: &Facts, findings: &mut Findings) {
        self.packets[close.from.index()] = close.tcp.packets;
        let other = close.from.other();
        if !close.last {
            return;
        }
        let missing = match (self.packets[close.from.index()], self.packets[other.index()]) {
            (0, 1..) => close.from,
            (1.., 0) => other,
            _ => return,
        };
        let text = format!("no packet of the {} was captured", missing.name());
        findings.push(Self::META, Some(missing), text, (close.at.packet, close.at.packet));
    }
}
