use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Mark, Rule, Severity, Story, rule};
use crate::wire::words::{count, counted};

/// Bytes of a message's header inside an aggregate.
const HEADER: u32 = 11;

rule! {
    /// Behind each message of an aggregate stands its size with its header. Here one is wrong, or a message runs past the end.
    /// A wrong one behind the last message is a note: nobody reads it.
    ///
    /// Why: a receiver that walks an aggregate backwards, or checks it, drops it.
    ///
    /// Seen: Flash Media Server 3 writes anything behind the last message.
    ///
    /// Change: write behind each message the length of its payload plus 11, and end the last one where the aggregate ends.
    pub(super) struct AggregateMalformed {}
    "MED012", "aggregate-malformed", Warning, "RTMP 1.0 §7.1.6", rests: Event, media: false
}

impl Rule for AggregateMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Aggregate(messages) = &message.body else { return };
        let (from, end) = (message.from.name(), message.payload.len() as u32);
        for (index, inside) in messages.iter().enumerate() {
            let is_last = index + 1 == messages.len();
            let behind = inside.offset.saturating_add(inside.length);
            if behind > end {
                let text = format!(
                    "message {} of {} in the {from}'s aggregate has {}, {}",
                    index + 1,
                    messages.len(),
                    count(u64::from(inside.length), "byte"),
                    counted(end.saturating_sub(inside.offset) as usize, "is left", "are left")
                );
                findings.about(Self::META, message, text).at(Mark::Payload(inside.offset - HEADER..inside.offset));
                return;
            }
            if let Some(pointer) = inside.back_pointer
                && !inside.has_right_back_pointer()
            {
                let text = format!(
                    "the size behind message {} of {} in the {from}'s aggregate is {pointer}, not {}",
                    index + 1,
                    messages.len(),
                    inside.length.saturating_add(HEADER)
                );
                let finding = findings.about(Self::META, message, text).at(Mark::Payload(behind..behind + 4));
                if is_last {
                    finding.severity = Severity::Note;
                }
                return;
            }
        }
    }
}
