//! A finding explained: what its rule says to people.

use super::Book;
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
}
