//! The timeline: a row an event, with the findings about it, and what filters it where scripts run.

use std::io;

use maud::{Markup, PreEscaped, html};

use super::{Report, class, sign};
use crate::book::{Entry, Kind};
use crate::export::html::{END, INSIDE};
use crate::wire::Side;
use crate::wire::words::{clip, counted};

/// Characters of what a row says.
const WHAT: usize = 400;
/// Rows that are written at once.
const STRIDE: usize = 256;

impl Report<'_> {
    pub(super) fn timeline(&self, give: &mut impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let rows = &self.chosen.rows;
        let head = html! {
            section #timeline aria-labelledby="timeline-title" { (END)
                h2 #timeline-title { "Timeline" } (END)
                @if rows.len() < self.chosen.of {
                    p.note {
                        (rows.len()) " of " (counted(self.chosen.of, "row", "rows")) " are shown: what is no media first, and of media as many \
                        messages as there is room for, evenly."
                    } (END)
                }
                form #filters hidden role="search" aria-label="Rows of the timeline" { (END)
                    label { "Text" input name="text" type="search" autocomplete="off"; } (END)
                    label { "Session" select name="session" {
                        option value="" { "all" }
                        @for session in &self.chosen.listed { option value=(session) { (session) } }
                    } } (END)
                    label { "From" select name="from" {
                        option value="" { "both" } option value="client" { "client" } option value="server" { "server" }
                    } } (END)
                    label { "Kind" select name="kind" {
                        option value="" { "all" }
                        option value="message" { "messages without media" } option value="media" { "media" }
                        option value="finding" { "findings" } option value="trouble" { "holes, what cannot be read" }
                        option value="other" { "beginnings, ends, handshakes" }
                    } } (END)
                    label.check { input name="found" type="checkbox"; "with findings" } (END)
                    button type="reset" { "Show all" } (END)
                    output #shown for="filters" aria-live="polite" {} (END)
                } (END)
                div.scroll role="group" aria-label="Timeline" tabindex="0" {
                    table #rows { (END)
                        thead { tr {
                            th.number scope="col" { "n" }
                            th.number scope="col" { "Time in s" }
                            th.number scope="col" { "Session" }
                            th scope="col" { "From" }
                            th.number scope="col" { "Timestamp" }
                            th scope="col" { "Type" }
                            th scope="col" { "What" }
                        } } (END)
                        tbody { (PreEscaped(INSIDE)) }
                    }
                }
            } (END)
        };
        let head = head.into_string();
        let (before, after) = head.split_once(INSIDE).unwrap_or((&head, ""));
        give(before)?;
        for rows in rows.chunks(STRIDE) {
            let text: String = rows.iter().map(|row| self.row(*row).into_string()).collect();
            give(&text)?;
        }
        give(after)
    }

    fn row(&self, row: u32) -> Markup {
        let Some(entry) = self.book.entry(row) else { return html! {} };
        let text = self.book.text(row);
        let Entry { n, session, from, at, timestamp, kind, .. } = entry;
        let found: Vec<u32> = self.book.about(row).collect();
        let finding = matches!(kind, Kind::Finding(_)).then_some("finding");
        html! {
            tr id={ "row-" (row) } class=[finding] data-s=(session) data-f=[from.map(Side::name)]
                data-k=(self.kind(row, kind)) data-x=[(finding.is_some() || !found.is_empty()).then_some("")] {
                td.number { @if let Some(n) = n { (n) } }
                td.number { @if let Some(at) = at { (self.clock(at)) } }
                td.number { (session) }
                td { @if let Some(from) = from { (from.name()) } }
                td.number { @if let Some(timestamp) = timestamp { (timestamp) } }
                td.tight {
                    @match kind {
                        Kind::Finding(severity) => span.(class(severity)) { (sign(severity)) " " (text.kind) },
                        Kind::Trouble => span.warning { (text.kind) },
                        Kind::Message | Kind::Other => (text.kind),
                    }
                }
                td {
                    (clip(&text.what, WHAT))
                    @if self.chosen.is_told(row) { span.marks { a href={ "#finding-" (row) } { "explained" } } }
                    @for finding in found.iter().copied().filter(|finding| self.chosen.is_told(*finding)) {
                        (self.mark(finding))
                    }
                }
            } (END)
        }
    }

    /// The way from a message to what was found about it.
    fn mark(&self, finding: u32) -> Markup {
        let Some(found) = self.book.finding(finding) else { return html! {} };
        html! {
            span.marks { a.(class(found.severity)) href={ "#finding-" (finding) } { (sign(found.severity)) " " (found.rule.code) } }
        }
    }

    fn kind(&self, row: u32, kind: Kind) -> &'static str {
        match kind {
            Kind::Message if self.book.media(row).is_some() => "media",
            Kind::Message => "message",
            Kind::Finding(_) => "finding",
            Kind::Trouble => "trouble",
            Kind::Other => "other",
        }
    }
}
