use super::part::{Piece, parts};
use crate::proto::amf::Amf;
use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Severity, Story, rule};
use crate::wire::Value;
use crate::wire::words::counted;

rule! {
    /// An ECMA array says how many entries it has, and has more or fewer. Receivers read to its end marker and take the
    /// count for a hint. One that is far too large is a warning.
    ///
    /// Why: a receiver that trusts the count loses entries, reads on into what follows, or makes room for what never comes.
    ///
    /// Seen: SRS and FMS write 0, in the answer to connect; encoders add entries to their metadata and leave the count.
    ///
    /// Change: write into the count how many entries follow.
    pub(super) struct ArrayCountWrong {}
    "AMF006", "array-count-wrong", Note, "AMF0 §2.10", rests: Event, media: false, background: true
}

/// Entries by which a count may be too large before receivers that make room by it are in trouble: more than twice as many, and these.
const FORGOTTEN: usize = 100;
/// Where an ECMA array's count stands: behind its marker.
const COUNT: std::ops::Range<u32> = 1..5;

impl Rule for ArrayCountWrong {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        // Where something could not be read, entries may be missing for that.
        if !message.problems.is_empty() {
            return;
        }
        for part in parts(message) {
            let mut wrong = None;
            part.any(|piece| {
                if let Piece::Value(Amf::EcmaArray { count, members }) = piece
                    && *count as usize != members.len()
                {
                    wrong = Some((*count, members.len()));
                }
                wrong.is_some()
            });
            let Some((count, entries)) = wrong else { continue };
            let range = part.ranges(|tree, node| {
                let is_it = tree.nodes[node].value == Value::EcmaArray(count) && tree.children(node).count() == entries;
                let start = tree.nodes[node].span.start;
                is_it.then(|| start + COUNT.start..start + COUNT.end)
            });
            let text = format!(
                "the {}'s {}: an ECMA array says {} and has {entries}",
                message.from.name(),
                part.name(),
                counted(count as usize, "entry", "entries")
            );
            let finding = findings.about(Self::META, message, text);
            if count as usize > 2 * entries + FORGOTTEN {
                finding.severity = Severity::Warning;
            }
            finding.mark = range.map(Mark::Payload);
            return;
        }
    }
}
