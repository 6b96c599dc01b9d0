//! A comparison as a page for a browser.

use maud::{Markup, html};

use super::{Worth, brief, files, place, sessions, shown_codes, software, taken, worth};
use crate::compare::{CodeCell, CodeRow, Comparison, Difference, Evidence, Row, State, Tested};
use crate::export::html::{Dress, END, Soft, frame, joined};
use crate::export::page::Page;
use crate::wire::escape;
use crate::wire::words::counted;

/// Servers that stand side by side at their ease.
const MANY: usize = 5;

/// The comparison as one page that needs nothing else: no script, no font, no picture.
pub fn html(comparison: &Comparison) -> Page {
    let (before, after) = frame("Servers compared", Dress::Plain);
    let main = html! {
        h1 { "Servers compared" } (END)
        (digest(comparison))
        (tested(comparison))
        (codes(comparison))
        (behaviour(comparison))
        p.note {
            "A place is the capture, its session and, behind the colon, its message: "
            code { "rtmp-inspect --text -Y 'n == 12' CAPTURE" } " shows message 12."
        } (END)
    };
    Page::of(&[before, main.into_string(), after].concat())
}

/// The differences that break clients first.
fn digest(comparison: &Comparison) -> Markup {
    if comparison.labels.len() < 2 {
        return html! {};
    }
    html! {
        h2 { "What breaks clients first" } (END)
        @if comparison.digest.is_empty() { p { "No difference of a kind that is known to break clients." } (END) }
        @else {
            ol.digest { (END)
                @for difference in &comparison.digest {
                    li {
                        @let title = html! { code { (soft(&difference.title)) } };
                        @match target(comparison, difference) {
                            Some(target) => { a href={ "#" (target) } { (title) } },
                            None => (title),
                        }
                        " "
                        (joined(difference.labels.iter().map(|label| html! { b { (escape(&comparison.labels[*label])) } }), &comma()))
                        br; span.meaning { (escape(difference.why)) }
                    } (END)
                }
            } (END)
        }
    }
}

fn comma() -> Markup {
    html! { ", " }
}

/// The row that a difference is told in. Its name has nothing of the wire in it.
fn target(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let code = comparison.codes.iter().position(|row| row.code == difference.key);
    let row = || comparison.behaviour.iter().position(|row| row.key == difference.key && row.differs);
    code.map(|index| format!("code-{index}")).or_else(|| row().map(|index| format!("row-{index}")))
}

/// What stands behind each label.
fn tested(comparison: &Comparison) -> Markup {
    html! {
        h2 { "Tested with" } (END)
        ul.servers { (END)
            @for (index, (label, tested)) in comparison.labels.iter().zip(&comparison.tested).enumerate() {
                (server(comparison, index, label, tested)) (END)
            }
        } (END)
    }
}

fn server(comparison: &Comparison, index: usize, label: &str, tested: &Tested) -> Markup {
    html! {
        li {
            b { (escape(label)) } " " (escape(&sessions(comparison, index))) ", " (escape(&taken(tested))) br;
            (soft(&software(tested)))
            @for note in &tested.notes { br; (escape(note)) }
            @if !tested.captures.is_empty() {
                details.note {
                    summary { (counted(tested.captures.len(), "capture", "captures")) }
                    (soft(&files(comparison, tested)))
                }
            }
        }
    }
}

fn codes(comparison: &Comparison) -> Markup {
    if comparison.codes.is_empty() {
        return html! {};
    }
    let index = |row: &CodeRow| comparison.codes.iter().position(|other| other.code == row.code).unwrap_or_default();
    html! {
        h2 { "Information objects" } (END)
        p.legend { @for state in State::ALL { span.(state.name()) { (state.mark()) " " (state.words()) } " " } } (END)
        (table(comparison, "Code", &html! {
            @for row in shown_codes(comparison) { (code(comparison, row, index(row))) (END) }
        }))
    }
}

/// A table: one column a server. Many servers have less room each.
fn table(comparison: &Comparison, first: &str, rows: &Markup) -> Markup {
    let servers = comparison.labels.len();
    html! {
        div.table.many[servers > MANY] style={ "--servers: " (servers) } role="table" { (END)
            div class="row head" role="row" {
                div role="columnheader" { (first) }
                @for label in &comparison.labels { div role="columnheader" { (escape(label)) } }
            } (END)
            (rows)
        } (END)
    }
}

fn code(comparison: &Comparison, row: &CodeRow, index: usize) -> Markup {
    let is_unseen = |state: State| state == State::NotExercised;
    html! {
        div.row id={ "code-" (index) } role="row" {
            div.what role="rowheader" {
                code { (soft(&row.code)) } " " i { (escape(&row.level)) } br;
                span.meaning { (escape(&row.meaning)) }
                @if row.cells.iter().all(|cell| is_unseen(cell.state)) {
                    // What is true of a code that nobody sent is said once.
                    @match row.cells.first().map(|cell| cell.detail.as_str()) {
                        None | Some("") => { br; span class="narrow not_exercised" { "· not exercised" } },
                        Some(detail) => { br; span.not_exercised { "· " (escape(detail)) } },
                    }
                }
            }
            @for (label, cell) in comparison.labels.iter().zip(&row.cells) {
                div role="cell" class=[is_unseen(cell.state).then_some("unseen")] {
                    b.label { (escape(label)) } " "
                    @if is_unseen(cell.state) { (unseen()) } @else { (seen(comparison, cell)) }
                }
            }
        }
    }
}

fn seen(comparison: &Comparison, cell: &CodeCell) -> Markup {
    let (state, brief) = (cell.state, brief(cell));
    html! {
        details {
            @if brief.is_empty() {
                summary.(state.name()) { (state.mark()) " " span.word { (state.words()) } }
            } @else {
                summary { span class={ "says " (state.name()) } { b { (state.mark()) } " " (soft(&brief)) } }
            }
            @if brief != cell.detail { p { (soft(&cell.detail)) } }
            (evidence(comparison, &cell.evidence))
        }
    }
}

fn behaviour(comparison: &Comparison) -> Markup {
    let all = || comparison.behaviour.iter().enumerate().map(|(index, row)| (Some(index), row));
    let rows_of = |what| all().filter(move |(_, row)| worth(row) == what);
    let differing = rows_of(Worth::Differs).count();
    let folded = [(Worth::Agrees, "Where all agree"), (Worth::Alone, "Seen on one server alone")];
    html! {
        h2 { "Behaviour: " (counted(differing, "row differs", "rows differ")) } (END)
        @if differing > 0 { (rows(comparison, rows_of(Worth::Differs))) }
        @for (what, summary, count) in folded.map(|(what, summary)| (what, summary, rows_of(what).count())) {
            @if count > 0 {
                details.part {
                    summary { (summary) ": " (counted(count, "row", "rows")) } (END)
                    (rows(comparison, rows_of(what)))
                } (END)
            }
        }
        @if !comparison.latencies.is_empty() {
            h2 { "Latencies" } (END)
            (rows(comparison, comparison.latencies.iter().map(|row| (None, row))))
        }
    }
}

/// Rows, with their places among all where something points to them.
fn rows<'r>(comparison: &Comparison, rows: impl Iterator<Item = (Option<usize>, &'r Row)>) -> Markup {
    let rows = html! { @for (index, row) in rows { (line(comparison, index, row)) (END) } };
    table(comparison, "", &rows)
}

fn line(comparison: &Comparison, index: Option<usize>, row: &Row) -> Markup {
    html! {
        div.row id=[index.map(|index| format!("row-{index}"))] role="row" {
            div.what role="rowheader" {
                (soft(&row.title))
                @if !row.situation.is_empty() { br; span.meaning { (soft(&row.situation)) } }
            }
            @for (label, cell) in comparison.labels.iter().zip(&row.cells) {
                @let class = match (cell.differs, cell.values.is_empty()) {
                    (true, _) => Some("differs"),
                    (false, true) => Some("unseen"),
                    (false, false) => None,
                };
                div role="cell" class=[class] {
                    b.label { (escape(label)) } " "
                    @if cell.values.is_empty() { (unseen()) }
                    @else {
                        details {
                            summary { span.says {
                                @if cell.differs { span.mark { "≠" } " " }
                                (joined(cell.values.iter().map(|value| html! { (soft(value)) }), &html! { br; }))
                            } }
                            (evidence(comparison, &cell.evidence))
                        }
                    }
                }
            }
        }
    }
}

/// A cell of which nothing is known.
fn unseen() -> Markup {
    html! { span.not_exercised title="not exercised" { "·" } }
}

fn evidence(comparison: &Comparison, all: &[Evidence]) -> Markup {
    html! {
        @if !all.is_empty() {
            ul.evidence { @for evidence in all { li { (soft(&place(comparison, evidence))) } } }
        }
    }
}

/// Text from anywhere, with places to break a long name.
fn soft(long: &str) -> Soft<String> {
    Soft(escape(long))
}
