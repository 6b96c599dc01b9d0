use crate::proto::rtmp::{ExtendedForm, Message};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// When a chunk stream's last type 0, 1 or 2 header has an extended timestamp, each type 3 chunk after it repeats
    /// the four bytes. This sender leaves them out, as the specification's 2009 draft had it.
    ///
    /// Why: from 16777215 ms (4 h 39 min) on, a receiver that expects them takes four bytes of media for a timestamp and
    /// loses the direction.
    ///
    /// Seen: old librtmp, OBS before 30.1, nginx-rtmp with `play_time_fix off`.
    ///
    /// Change: repeat the field in every type 3 chunk.
    pub(super) struct ExtendedTimestampNotRepeated {}
    "CHK004", "extended-timestamp-not-repeated", Warning, "RTMP 1.0 §5.3.1.3, Errata and Addenda §5.1", rests: Sender
}

impl Rule for ExtendedTimestampNotRepeated {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some(extended) = message.head.extended.filter(|extended| extended.form == ExtendedForm::Omitted) {
            let text = format!(
                "the {}'s type 3 chunks on chunk stream {} leave out the extended timestamp {}",
                message.from.name(),
                message.head.chunk_stream_id,
                extended.value
            );
            findings.about(Self::META, message, text);
        }
    }
}
