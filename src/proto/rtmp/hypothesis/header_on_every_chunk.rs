//! A message's first header stands on all its chunks, where type 3 belongs.

use super::walk::{Outcome, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::mistake::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.form.on_every_chunk {
        return Verdict::Rejected;
    }
    let form = Form { on_every_chunk: true, ..case.form };
    let (outcome, uses) = Walk::new(case, case.size, form).counting_from(case.symptom).run();
    match (outcome, uses.on_every_chunk) {
        (Outcome::Proven(_), Some(format)) => {
            outcome.proves(Story::Mistake(Mistake::HeaderOnEveryChunk { format }), case.size, form)
        }
        (Outcome::Wait, _) => Verdict::Wait,
        _ => Verdict::Rejected,
    }
}
