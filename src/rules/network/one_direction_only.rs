use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// Not a packet of one side was captured: only half of the conversation is there.
    ///
    /// Why: answers, acknowledgements and their times are unknown.
    ///
    /// Seen: mirror ports that copy one direction alone; directions that take different ways; capture filters that name a
    /// source.
    ///
    /// Change: mirror both directions; capture with `port 1935` rather than `src port 1935`.
    pub(super) struct OneDirectionOnly {
        packets: [u64; 2],
    }
    "NET005", "one-direction-only", Note, "RFC 9293", rests: Event, media: false
}

impl Rule for OneDirectionOnly {
    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.packets[close.from.index()] = close.tcp.as_ref().map_or(0, |tcp| tcp.packets);
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
