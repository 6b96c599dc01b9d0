//! Headers of types 0 to 2 without the extended timestamp that their time calls for, or with one that it does not call for.

use super::form::ExtendedField;
use super::walk::{Outcome, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.form.extended != ExtendedField::Called {
        return Verdict::Rejected;
    }
    let fields = [(ExtendedField::Never, true), (ExtendedField::Uncalled, false)];
    Verdict::first(fields.into_iter().map(|(extended, is_missing)| {
        let form = Form { extended, ..case.form };
        let (outcome, uses) = Walk::new(case, case.size, form).run();
        if uses.extended == 0 && matches!(outcome, Outcome::Proven(_)) {
            return Verdict::Rejected;
        }
        outcome.proves(Story::Mistake(Mistake::ExtendedTimestamp { is_missing }), case.size, form)
    }))
}
