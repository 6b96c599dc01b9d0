use super::{about_source, named};
use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::ftl::Source;
use crate::wire::Side;
use crate::wire::words::{count, duration};

rule! {
    /// Packets of a source are missing by their sequence numbers, or were: how many of how many, how many of them came again because
    /// the server asked for them, and how long that took at most. Of packets that the server asked for although the capture
    /// has them, it says that they were lost behind the place of capture.
    ///
    /// Why: what is lost is seen: a picture that stands or breaks up until the next key frame, a gap in the sound.
    ///
    /// Seen: any way with loss; a capture that misses packets looks the same.
    ///
    /// Change: send at a lower rate than the way carries, keep NACKs on, and capture at both ends to see where it happens.
    pub(super) struct PacketsLost {}
    "FTL014", "packets-lost", Note, "RFC 3550 §6.4.1; RFC 4585 §6.2.1", rests: Event, each: true, media: false
}

impl Rule for PacketsLost {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        for source in ftl.sources.iter().filter(|source| source.from == Side::Client) {
            if let Some(text) = lost(source) {
                about_source(findings, Self::META, source, text);
            }
        }
    }
}

fn lost(source: &Source) -> Option<String> {
    let counts = &source.counts;
    let absent = counts.missing + counts.recovered;
    let after =
        source.longest_wait.map_or_else(String::new, |longest| format!(", after {} at most", duration(longest)));
    if absent > 0 {
        // Those that came twice are counted once.
        let twice = counts.duplicates + counts.strange + counts.retransmissions.saturating_sub(counts.recovered);
        let all = counts.packets.saturating_sub(twice) + counts.missing;
        let again = match counts.recovered {
            0 => "none came again".to_owned(),
            again => format!("{again} came again{after}"),
        };
        return Some(format!("{}: {absent} of {all} packets did not come at first; {again}", named(source)));
    }
    (counts.asked > 0).then(|| {
        format!(
            "{}: the server asked again for {} that the capture has; {} came again{after}",
            named(source),
            count(counts.asked, "packet"),
            counts.retransmissions
        )
    })
}
