//! Nothing is wrong in the chunk layer: the header is only one that is seldom written, or begins a message inside another
//! one, whose sender gave that up.

use super::walk::{Rigour, Walk};
use super::{Case, Story, Verdict};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let walk = Walk::new(case, case.size, case.form).with_rigour(Rigour::Lenient).counting_from(case.symptom);
    walk.run().0.proves(Story::Standard, case.size, case.form)
}
