//! The `connect` of a session and its answer, side by side.

use maud::{Markup, html};

use super::Report;
use crate::book::{Line, Session};
use crate::export::html::END;
use crate::wire::Side;

/// Rows of a session among which its `connect` stands.
const BEGINNING: usize = 256;
/// Fields of a message that are shown.
const FIELDS: usize = 80;
/// How deep fields are indented.
const DEEPEST: u16 = 6;

impl Report<'_> {
    pub(super) fn connect(&self, session: &Session) -> Markup {
        let rows = session.rows.iter().copied().take(BEGINNING).filter(|row| self.chosen.is_kept(*row));
        let Some(call) = rows.into_iter().find(|row| self.is_connect(*row)) else { return html! {} };
        let answer = self.book.answered_by(call);
        html! {
            h4 { "connect and its answer" } (END)
            div.sides { (END)
                (self.fields(call, "Client's connect"))
                @match answer {
                    Some(answer) => (self.fields(answer, "Server's answer")),
                    None => p { "It was never answered." },
                }
            } (END)
        }
    }

    /// It is called so in RTMP, and in FTL.
    fn is_connect(&self, row: u32) -> bool {
        let Some(entry) = self.book.entry(row) else { return false };
        if entry.from != Some(Side::Client) || entry.n.is_none() || self.book.media(row).is_some() {
            return false;
        }
        let step = self.book.course_step(row);
        step.name == "connect" || step.name.is_empty() && self.book.text(row).what.starts_with("CONNECT ")
    }

    fn fields(&self, row: u32, title: &str) -> Markup {
        let detail = self.book.detail(row);
        let mut shown: Vec<&Line> = Vec::new();
        let mut at = 0;
        while let Some(line) = detail.lines.get(at) {
            // What is about the row rather than in it stands in the timeline.
            let is_beside = line.is_aside || line.is_prose;
            if !is_beside {
                shown.push(line);
            }
            at = if is_beside { line.end.unwrap_or(at + 1).max(at + 1) } else { at + 1 };
        }
        let more = shown.len().saturating_sub(FIELDS);
        html! {
            div.scroll role="group" aria-label=(title) tabindex="0" { table.fields {
                caption { (title) ", " (self.link(row, &html! { (detail.title) })) } (END)
                tbody {
                    @for line in shown.iter().take(FIELDS) {
                        tr {
                            th scope="row" class={ "depth-" (line.depth.min(DEEPEST)) } { (line.label) }
                            td { (line.value) @if !line.unit.is_empty() && !line.value.is_empty() { " " (line.unit) } }
                        } (END)
                    }
                    @if more > 0 { tr { th scope="row" { "…" } td { (more) " more fields" } } }
                }
            } } (END)
        }
    }
}
