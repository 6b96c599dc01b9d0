//! Findings by rule: what the rule says, and where it was found, with the bytes.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::chosen::Found;
use super::{Report, bytes, class, sampled, sign};
use crate::export::html::{END, joined};
use crate::rules::{Finding, Severity};
use crate::wire::words::count;

/// Findings of a rule that are shown with their bytes.
const WITH_BYTES: usize = 5;

impl Report<'_> {
    pub(super) fn findings(&self) -> Markup {
        let mut rules: Vec<(&Found, &Finding, Severity)> = Vec::new();
        for found in self.chosen.rules.values() {
            let told = found.told.iter().filter_map(|row| self.book.finding(*row));
            let worst = told.clone().map(|finding| finding.severity).max();
            if let (Some(first), Some(worst)) = (told.into_iter().next(), worst) {
                rules.push((found, first, worst));
            }
        }
        rules.sort_by_key(|(found, first, worst)| (Reverse(*worst), Reverse(found.count), first.rule.code));
        let (usual, telling): (Vec<_>, Vec<_>) = rules.into_iter().partition(|(_, first, _)| first.rule.background);
        html! {
            section #findings aria-labelledby="findings-title" { (END)
                h2 #findings-title { "Findings" } (END)
                @if telling.is_empty() { p { "Nothing was found that is to be acted on." } (END) }
                @for (found, first, worst) in &telling { (self.rule(found, first, *worst)) }
                @if !usual.is_empty() {
                    details { (END)
                        summary { "Usual notes of " (count(usual.len() as u64, "rule")) ": how peers do things, which is legal" } (END)
                        @for (found, first, worst) in &usual { (self.rule(found, first, *worst)) }
                    } (END)
                }
            } (END)
        }
    }

    fn rule(&self, found: &Found, first: &Finding, worst: Severity) -> Markup {
        let rule = first.rule;
        let paragraphs = found.told.first().map(|row| self.book.explain(*row)).unwrap_or_default();
        html! {
            section id={ "rule-" (rule.code) } aria-labelledby={ "rule-" (rule.code) "-title" } { (END)
                h3 id={ "rule-" (rule.code) "-title" } {
                    span.(class(worst)) { (sign(worst)) " " (worst.name()) } " " code { (rule.code) } " " (rule.name)
                } (END)
                p.note {
                    (count(found.count as u64, "finding")) " in " (count(found.sessions.len() as u64, "session"))
                    @if let Some(text) = sampled(found.told.len(), found.count, "finding") { "; " (text) " here" }
                    "."
                } (END)
                details { summary { "What the rule says" } @for text in paragraphs { p { (text) } } } (END)
                ol.places { (END)
                    @for (index, row) in found.told.iter().enumerate() { (self.place(*row, index < WITH_BYTES)) }
                }
            } (END)
        }
    }

    fn place(&self, row: u32, with_bytes: bool) -> Markup {
        let Some(finding) = self.book.finding(row) else { return html! {} };
        let (first, last) = finding.packets;
        let session = finding.session;
        let mut places = Vec::new();
        places.push(html! {
            @if self.chosen.detailed.contains(&session) { a href={ "#session-" (session) } { "session " (session) } }
            @else { "session " (session) }
        });
        if let Some(from) = finding.from {
            places.push(html! { "by the " (from.name()) });
        }
        if let Some((n, about)) = finding.message.and_then(|n| Some((n, self.book.row_of(n)?))) {
            places.push(self.link(about, &html! { "message " (n) }));
        }
        places.push(html! { @if first == last { "packet " (first) } @else { "packets " (first) " to " (last) } });
        places.push(self.link(row, &html! { "in the timeline" }));
        let proof = with_bytes.then(|| self.book.proof(row)).flatten().filter(|(detail, _)| !detail.bytes.is_empty());
        html! {
            li id={ "finding-" (row) } {
                span.(class(finding.severity)) { (sign(finding.severity)) " " (finding.severity.name()) } " "
                (self.book.says(row)) br;
                span.note { (joined(places, &html! { " · " })) }
                @if let Some((detail, marked)) = proof {
                    details { summary { "Bytes of " (detail.title) } (bytes::hex(&detail, marked.as_ref())) }
                }
            } (END)
        }
    }
}
