use crate::net::Start;
use crate::proto::Opened;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The capture has no SYN of this connection: it began before the capture did, or its SYN was missed.
    ///
    /// Why: offsets count from the first byte that was captured, and what was agreed before is unknown. Rules that would need
    /// it are silent.
    ///
    /// Seen: captures begun while a stream was running.
    ///
    /// Change: begin the capture before the client connects.
    pub(super) struct MidstreamStart {}
    "NET002", "midstream-start", Note, "RFC 9293", rests: Event, media: false
}

impl Rule for MidstreamStart {
    fn opened(&mut self, opened: &Opened, _: &Story, findings: &mut Findings) {
        if opened.start == Start::Midstream {
            let text = "the connection's beginning is not in the capture".to_owned();
            findings.push(Self::META, None, text, (opened.at.packet, opened.at.packet));
        }
    }
}
