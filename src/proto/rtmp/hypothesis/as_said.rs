//! Of a sender whose messages are longer or shorter than their headers say, one is as its header says: alone, or with those that
//! follow.

use super::walk::{Rigour, Walk};
use super::{Before, Case, Form, Story, Verdict};
use crate::proto::rtmp::mistake::Mistake;

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let first = case.first().filter(|first| case.before == Before::Message && first.passed == 0);
    let surplus = case.form.surplus;
    // What stands behind messages is no part of them.
    let Some(first) = first.filter(|first| surplus.of(first.kind) != 0 && !surplus.is_stray && first.length > 0) else {
        return Verdict::Rejected;
    };
    let at = first.data + first.length as usize + (first.length as usize - 1) / case.size as usize;
    if case.bytes.len() <= at {
        return if case.is_over() { Verdict::Rejected } else { Verdict::Wait };
    }
    let from = |form: Form| {
        let walk = Walk::new(case, case.size, form).from(at).counting_from(at).with_rigour(Rigour::Strictest);
        walk.behind_exception(&first).run().0
    };
    let surplus = surplus.with(first.kind, 0);
    let over = if surplus.is_none() { Story::Standard } else { Story::Mistake(Mistake::Lengths(surplus)) };
    let form = Form { surplus, ..case.form };
    let alone = from(case.form).proves(Story::AsSaid { length: first.length }, case.size, case.form);
    alone.or_else(|| from(form).proves(over, case.size, form))
}
