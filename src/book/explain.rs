//! A finding explained: what its rule says to people.

use std::ops::Range;

use super::{Book, Detail};
use crate::rules::reference;

impl Book {
    /// What the rule of the finding at a row says, in paragraphs: what to change, why it matters, what it checks, who is seen to do it,
    /// its source. None where no finding stands.
    pub fn explain(&self, row: u32) -> Vec<String> {
        let Some(finding) = self.finding(row) else { return Vec::new() };
        let rule = finding.rule;
        let weight = |text: &String| ["Change:", "Why:"].iter().position(|word| text.starts_with(word)).unwrap_or(2);
        let mut paragraphs: Vec<String> = reference::paragraphs(rule).collect();
        paragraphs.sort_by_key(weight);
        if !rule.source.is_empty() {
            paragraphs.push(format!("Source: {}", rule.source));
        }
        paragraphs
    }

    /// What the finding at a row stands on: the row that shows it with its bytes, and which of these are the fault's.
    pub fn proof(&self, row: u32) -> Option<(Detail, Option<Range<usize>>)> {
        let finding = self.finding(row)?;
        let detail = self.detail(self.stand(row)?.row);
        let text = format!("{}: {}", finding.rule.name, self.finding_text(finding));
        let span = detail.lines.iter().find(|line| line.value == text).and_then(|line| line.span.clone());
        Some((detail, span))
    }

    /// What a finding says, as it may be shown, with what is to be known beside.
    pub fn says(&self, row: u32) -> String {
        self.finding(row).map_or_else(String::new, |finding| self.finding_text(finding))
    }
}
