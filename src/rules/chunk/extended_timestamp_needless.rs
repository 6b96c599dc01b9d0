use crate::proto::rtmp::Message;
use crate::rules::{Findings, Mark, Rule, Story, rule};

/// From here on 24 bits do not hold a time.
const EXTENDED: u32 = 0x00ff_ffff;

rule! {
    /// A timestamp field of 0xFFFFFF says that the extended timestamp has the time. It is for times from 16777215 ms on; this one
    /// would have fitted into the field.
    ///
    /// Why: it costs four bytes a chunk, and receivers that read extended timestamps wrong lose the direction earlier than they
    /// had to.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: write the extended timestamp only where the time is 16777215 or more.
    pub(super) struct ExtendedTimestampNeedless {}
    "CHK006", "extended-timestamp-needless", Note, "RTMP 1.0 §5.3.1.3", rests: Event, background: true
}

impl Rule for ExtendedTimestampNeedless {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let head = &message.head;
        if head.chunk_format < 3
            && let Some(extended) = head.extended
            && extended.value < EXTENDED
        {
            let text = format!(
                "the {}'s extended timestamp {} on chunk stream {} fits into 24 bits",
                message.from.name(),
                extended.value,
                head.chunk_stream_id
            );
            let end = head.header.as_slice().len() as u32;
            findings.about(Self::META, message, text).at(Mark::Header(end.saturating_sub(4)..end));
        }
    }
}
