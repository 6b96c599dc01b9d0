//! Type 0 headers whose message stream id has three bytes, as all other numbers of a header have, or none at all.

use super::walk::{Outcome, Rigour, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::mistake::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let others = [3, 0].into_iter().filter(|bytes| case.form.message_stream_id != *bytes);
    Verdict::first(others.map(|bytes| {
        let form = Form { message_stream_id: bytes, ..case.form };
        let walk = |rigour| Walk::new(case, case.size, form).counting_from(case.symptom).with_rigour(rigour).run();
        let (mut outcome, mut uses) = walk(Rigour::Strict);
        if uses.short == 1 {
            // One alone may be a chance.
            (outcome, uses) = walk(Rigour::Strictest);
        }
        if uses.short == 0 && matches!(outcome, Outcome::Proven(_)) {
            return Verdict::Rejected;
        }
        outcome.proves(Story::Mistake(Mistake::MessageStreamId { bytes }), case.size, form)
    }))
}
