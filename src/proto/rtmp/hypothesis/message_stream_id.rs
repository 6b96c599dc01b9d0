//! Type 0 headers whose message stream id has three bytes, as all other numbers of a header have, or none at all.

use super::walk::{Outcome, Rigour, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::mistake::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let mut waits = false;
    for bytes in [3, 0] {
        if case.form.message_stream_id == bytes {
            continue;
        }
        let form = Form { message_stream_id: bytes, ..case.form };
        let walk = |rigour| Walk::new(case, case.size, form).counting_from(case.symptom).with_rigour(rigour).run();
        let (mut outcome, mut uses) = walk(Rigour::Strict);
        if uses.short == 1 {
            // One alone may be a chance.
            (outcome, uses) = walk(Rigour::Strictest);
        }
        match outcome {
            Outcome::Proven(_) if uses.short > 0 => {
                return outcome.proves(Story::Mistake(Mistake::MessageStreamId { bytes }), case.size, form);
            }
            Outcome::Wait => waits = true,
            _ => {}
        }
    }
    if waits { Verdict::Wait } else { Verdict::Rejected }
}
