//! Behind each message stands an FLV file's PreviousTagSize: its sender copies whole tags.

use super::walk::{Outcome, Walk};
use super::{Before, Case, Form, Story, TAG_SIZE, Verdict};
use crate::proto::rtmp::mistake::{Mistake, Stray};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.form.tag_sizes || case.before != Before::Message {
        return Verdict::Rejected;
    }
    let form = Form { tag_sizes: true, ..case.form };
    let (outcome, uses) = Walk::new(case, case.size, form).counting_from(case.symptom).run();
    match outcome {
        Outcome::Proven(_) if uses.tag_sizes == 0 => Verdict::Rejected,
        _ => {
            let mistake = Mistake::Extra { bytes: TAG_SIZE as u32, what: Stray::TagSize };
            outcome.proves(Story::Mistake(mistake), case.size, form)
        }
    }
}
