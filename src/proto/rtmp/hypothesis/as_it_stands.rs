//! Nothing is wrong in the chunk layer: the header is only one that is seldom written, or begins a message inside another
//! one, whose sender gave that up.

use super::walk::{Rigour, Walk};
use super::{Case, Story, Verdict};

/// Beside the verdict: whether nothing speaks against it so far, so that it is to be waited for.
pub(super) fn explain(case: &Case<'_>) -> (Verdict, bool) {
    let walk = Walk::new(case, case.size, case.form).with_rigour(Rigour::Lenient).counting_from(case.symptom);
    let (outcome, uses) = walk.run();
    (outcome.proves(Story::Standard, case.size, case.form), uses.is_sound)
}
