//! The message under way when no more bytes come: its header may say more than it has.

use super::symptom::MOST_VALUES;
use super::{Chunked, Chunks, State};
use crate::proto::rtmp::hypothesis::{ends, is_amf};
use crate::proto::rtmp::mistake::{Mistake, Telling};
use crate::proto::rtmp::reading::Reading;
use crate::proto::rtmp::resync::Then;

/// Messages that are looked at, one inside what was taken for the other.
const ENDS: usize = 16;
/// Payload bytes that a header may say too much.
const MOST_MISSING: u32 = 64;
/// No values are so long: a header that says more says too much.
const ENDLESS: u32 = 0x000f_ffff;

impl Chunks {
    /// The message under way when no more bytes come, where what it holds is whole without the few bytes that are missing: its header
    /// says more than it has.
    pub(super) fn end_with_content(&mut self, out: &mut Vec<Chunked>) {
        let State::Data { stream, left: left @ 1.. } = self.state else { return };
        let Some(partial) = &mut self.streams[stream].partial else { return };
        let said = partial.head.length;
        let is_whole = partial.missing == 0
            && !partial.dropped
            && (said - partial.passed <= MOST_MISSING || is_amf(partial.head.kind) && said > ENDLESS)
            && partial.payload.len() <= MOST_VALUES
            && ends(partial.head.kind, &partial.payload) == Some(true);
        if self.has_hole || !is_whole {
            return;
        }
        let Some(mut partial) = self.streams[stream].partial.take() else { return };
        self.partial_bytes -= partial.cost();
        partial.head.cut(left);
        let by = if is_amf(partial.head.kind) { Telling::Amf } else { Telling::NalUnits };
        let mistake = Mistake::Length { said, is: partial.passed, by };
        out.push(Chunked::Deviation { offset: partial.head.offset, at: partial.head.first, mistake });
        (partial.head.length, partial.head.reading) = (partial.passed, Reading::Length);
        out.push(Chunked::Message(partial.head, partial.payload.into()));
    }

    /// Looks for the end of the message under way when no more bytes come: its header may say much more than it has, and what is
    /// taken for it be chunks.
    pub(super) fn doubt_length(&mut self, out: &mut Vec<Chunked>) {
        // Each message that is cut short so may be followed by another.
        for _ in 0..ENDS {
            let State::Data { stream, left } = self.state else { return };
            let Some(partial) = &mut self.streams[stream].partial else { return };
            if self.has_hole || partial.passed == 0 || partial.dropped || self.offset <= self.trusted {
                return;
            }
            partial.head.cut(left);
            let before = self.offset;
            self.doubt(out);
            self.go_on(Then::End, out);
            if self.offset <= before && self.trusted >= before {
                return;
            }
        }
    }
}
