//! Headers of types 0 to 2 without the extended timestamp that their time calls for, or with one that it does not call for.

use super::form::ExtendedField;
use super::walk::{Outcome, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.form.extended != ExtendedField::Called {
        return Verdict::Rejected;
    }
    let mut waits = false;
    for (extended, is_missing) in [(ExtendedField::Never, true), (ExtendedField::Uncalled, false)] {
        let form = Form { extended, ..case.form };
        let (outcome, uses) = Walk::new(case, case.size, form).run();
        match outcome {
            Outcome::Proven(_) if uses.extended > 0 => {
                return outcome.proves(Story::Mistake(Mistake::ExtendedTimestamp { is_missing }), case.size, form);
            }
            Outcome::Wait => waits = true,
            _ => {}
        }
    }
    if waits { Verdict::Wait } else { Verdict::Rejected }
}
