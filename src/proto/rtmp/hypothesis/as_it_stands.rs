//! Nothing is wrong in the chunk layer: the header is only one that is seldom written, or begins a message inside another
//! one, whose sender gave that up.

use super::walk::{Outcome, Rigour, Walk};
use super::{Case, Story, Verdict};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let walk = Walk::new(case, case.size, case.form).with_rigour(Rigour::Lenient).counting_from(case.symptom);
    match walk.run().0 {
        Outcome::Proven(until) => case.explained(Story::Standard, case.size, case.form, until),
        Outcome::Rejected => Verdict::Rejected,
        Outcome::Wait => Verdict::Wait,
    }
}
