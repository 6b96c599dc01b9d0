//! Headers of types 0 to 2 without the extended timestamp that their time calls for, or with one that it does not call for; or type 3
//! headers that alone have one.

use super::form::ExtendedField;
use super::walk::{Outcome, Walk};
use super::{Case, Form, Story, Verdict};
use crate::proto::rtmp::Mistake;
use crate::proto::rtmp::mistake::ExtendedFault;

const FAULTS: [(ExtendedField, ExtendedFault); 3] = [
    (ExtendedField::Never, ExtendedFault::Missing),
    (ExtendedField::Uncalled, ExtendedFault::Needless),
    (ExtendedField::Inside, ExtendedFault::Inside),
];

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    if case.form.extended != ExtendedField::Called {
        return Verdict::Rejected;
    }
    Verdict::first(FAULTS.into_iter().map(|(extended, fault)| {
        let form = Form { extended, ..case.form };
        let (outcome, uses) = Walk::new(case, case.size, form).run();
        if uses.extended == 0 && matches!(outcome, Outcome::Proven(_)) {
            return Verdict::Rejected;
        }
        outcome.proves(Story::Mistake(Mistake::ExtendedTimestamp(fault)), case.size, form)
    }))
}
