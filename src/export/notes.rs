//! Findings of a session that are only counted, in one line: usual notes, which come on nearly every session, and what may follow
//! from another finding. Between them a reader misses what is to be acted on.

use std::collections::BTreeMap;

use crate::rules::Finding;

/// How often each rule said such a note, by code.
#[derive(Default)]
pub(super) struct Notes {
    times: BTreeMap<&'static str, u64>,
}

impl Notes {
    /// Counts a finding. The report of a repeated fault that closes it counts its first one too.
    pub(super) fn add(&mut self, finding: &Finding) {
        self.count(finding.rule.code, finding.count.saturating_sub(1).max(1));
    }

    pub(super) fn count(&mut self, code: &'static str, times: u64) {
        *self.times.entry(code).or_default() += times;
    }

    /// `notes: HSK004 ×2, HSK006 (--notes shows them)`, for the title `notes`; nothing where there are none.
    pub(super) fn line(&self, title: &str) -> Option<String> {
        let name = |(code, times): (&&'static str, &u64)| match times {
            1 => (*code).to_owned(),
            times => format!("{code} ×{times}"),
        };
        let codes: Vec<_> = self.times.iter().filter(|(_, times)| **times > 0).map(name).collect();
        (!codes.is_empty()).then(|| format!("{title}: {} (--notes shows them)", codes.join(", ")))
    }
}
