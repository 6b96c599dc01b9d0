//! An AVC sequence header goes on behind its record, with whole chunks: its header says more than it has, by just as many bytes as the
//! next messages are.

use super::length::config_ends;
use super::walk::{Rigour, Walk};
use super::{Before, Case, Story, Verdict};
use crate::proto::rtmp::MessageType;
use crate::proto::rtmp::mistake::{Mistake, Telling};

pub(super) fn explain(case: &Case<'_>) -> Verdict {
    let first = case.first().filter(|first| case.before == Before::Message && first.passed == 0);
    let Some(first) = first.filter(|first| first.kind == MessageType::VIDEO && first.length <= case.size) else {
        return Verdict::Rejected;
    };
    let Some(payload) = case.bytes.get(first.data..first.data + first.length as usize) else {
        return Verdict::Rejected;
    };
    let ends = config_ends(payload).into_iter().flatten();
    Verdict::first(ends.map(|is| {
        let at = first.data + is;
        let walk = Walk::new(case, case.size, case.form).from(at).counting_from(at).with_rigour(Rigour::Strictest);
        let mistake = Mistake::Length { said: first.length, is: is as u32, by: Telling::NalUnits };
        let verdict = walk.run().0.proves(Story::Mistake(mistake), case.size, case.form);
        match verdict {
            Verdict::Proven(it) => Verdict::Proven(super::Explanation { kind: Some(first.kind), ..it }),
            other => other,
        }
    }))
}
