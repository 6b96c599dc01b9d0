use super::{about_source, named};
use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// The server asked for packets again, by NACKs, and they never came. What was asked for in the last second may still be on
    /// its way.
    ///
    /// Why: the server waits for them, and holds back what came behind them as long.
    ///
    /// Seen: packets that were lost a second time; clients that have sent too much since, as ftl-sdk keeps the last 2048 packets
    /// of a source.
    ///
    /// Change: keep more packets in the client where the round trip is long; look at the way where both get lost.
    pub(super) struct NackUnanswered {}
    "FTL015", "nack-unanswered", Note, "RFC 4585 §6.2.1", rests: Event, each: true, media: false
}

impl Rule for NackUnanswered {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        for source in ftl.sources.iter().filter(|source| source.from == Side::Client && source.overdue() > 0) {
            let of = count(source.counts.asked, "packet");
            let text =
                format!("{}: the server asked again for {of}, of which {} never came", named(source), source.overdue());
            about_source(findings, Self::META, source, text);
        }
    }
}
