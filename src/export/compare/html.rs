//! A comparison as a page for a browser.

use super::{Worth, brief, files, place, sessions, shown_codes, software, taken, worth};
use crate::compare::{CodeRow, Comparison, Difference, Evidence, Row, State};
use crate::export::page::Page;
use crate::wire::escape;
use crate::wire::words::counted;

/// How the page looks: light or dark as the reader's system is, side by side where there is room and below one another
/// where there is not.
const STYLE: &str = include_str!("style.css");

/// Servers that stand side by side at their ease.
const MANY: usize = 5;

/// The comparison as one page that needs nothing else: no script, no font, no picture.
pub fn html(comparison: &Comparison) -> Page {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    // Whatever text from the wire may try, nothing on the page can run or be fetched.
    page += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    page += "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Servers compared</title>\n";
    page += &format!("<style>\n{STYLE}</style>\n<main>\n<h1>Servers compared</h1>\n");
    digest(&mut page, comparison);
    tested(&mut page, comparison);
    codes(&mut page, comparison);
    behaviour(&mut page, comparison);
    page += "<p class=\"note\">A place is the capture, its session and, behind the colon, its message: \
             <code>rtmp-inspect --text -Y 'n == 12' CAPTURE</code> shows message 12.</p>\n</main>\n</html>\n";
    Page::of(&page)
}

/// The differences that break clients first.
fn digest(page: &mut String, comparison: &Comparison) {
    if comparison.labels.len() < 2 {
        return;
    }
    *page += "<h2>What breaks clients first</h2>\n";
    if comparison.digest.is_empty() {
        *page += "<p>No difference of a kind that is known to break clients.</p>\n";
        return;
    }
    *page += "<ol class=\"digest\">\n";
    for difference in &comparison.digest {
        let title = format!("<code>{}</code>", soft(&difference.title));
        let title = match target(comparison, difference) {
            Some(target) => format!("<a href=\"#{target}\">{title}</a>"),
            None => title,
        };
        let labels: Vec<String> =
            difference.labels.iter().map(|label| format!("<b>{}</b>", text(&comparison.labels[*label]))).collect();
        *page += &format!("<li>{title} {}<br><span class=\"meaning\">", labels.join(", "));
        *page += &format!("{}</span>\n", text(difference.why));
    }
    *page += "</ol>\n";
}

/// The row that a difference is told in. Its name has nothing of the wire in it.
fn target(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let code = comparison.codes.iter().position(|row| row.code == difference.key);
    let row = || comparison.behaviour.iter().position(|row| row.key == difference.key && row.differs);
    code.map(|index| format!("code-{index}")).or_else(|| row().map(|index| format!("row-{index}")))
}

/// What stands behind each label.
fn tested(page: &mut String, comparison: &Comparison) {
    *page += "<h2>Tested with</h2>\n<ul class=\"servers\">\n";
    for (index, (label, tested)) in comparison.labels.iter().zip(&comparison.tested).enumerate() {
        *page += &format!("<li><b>{}</b> {}, ", text(label), text(&sessions(comparison, index)));
        *page += &format!("{}<br>{}", text(&taken(tested)), soft(&software(tested)));
        for note in &tested.notes {
            *page += &format!("<br>{}", text(note));
        }
        if !tested.captures.is_empty() {
            let count = counted(tested.captures.len(), "capture", "captures");
            *page += &format!("<details class=\"note\"><summary>{count}</summary>");
            *page += &format!("{}</details>", soft(&files(comparison, tested)));
        }
        page.push('\n');
    }
    *page += "</ul>\n";
}

fn codes(page: &mut String, comparison: &Comparison) {
    if comparison.codes.is_empty() {
        return;
    }
    *page += "<h2>Information objects</h2>\n<p class=\"legend\">";
    for state in State::ALL {
        *page += &format!("<span class=\"{}\">{} {}</span> ", state.name(), state.mark(), state.words());
    }
    *page += "</p>\n";
    heading(page, comparison, "Code");
    for row in shown_codes(comparison) {
        let index = comparison.codes.iter().position(|other| other.code == row.code).unwrap_or_default();
        code(page, comparison, row, index);
    }
    *page += "</div>\n";
}

/// The beginning of a table: one column a server. Many servers have less room each.
fn heading(page: &mut String, comparison: &Comparison, first: &str) {
    let servers = comparison.labels.len();
    let many = if servers > MANY { " many" } else { "" };
    *page += &format!("<div class=\"table{many}\" style=\"--servers: {servers}\" role=\"table\">\n");
    *page += &format!("<div class=\"row head\" role=\"row\"><div role=\"columnheader\">{first}</div>");
    for label in &comparison.labels {
        *page += &format!("<div role=\"columnheader\">{}</div>", text(label));
    }
    *page += "</div>\n";
}

fn code(page: &mut String, comparison: &Comparison, row: &CodeRow, index: usize) {
    *page += &format!(
        "<div class=\"row\" id=\"code-{index}\" role=\"row\"><div class=\"what\" role=\"rowheader\"><code>{}</code> <i>{}</i><br>\
         <span class=\"meaning\">{}</span>",
        soft(&row.code),
        text(&row.level),
        text(&row.meaning)
    );
    let is_unseen = |state: State| state == State::NotExercised;
    if row.cells.iter().all(|cell| is_unseen(cell.state)) {
        // What is true of a code that nobody sent is said once.
        match row.cells.first().map(|cell| cell.detail.as_str()) {
            None | Some("") => *page += "<br><span class=\"narrow not_exercised\">· not exercised</span>",
            Some(detail) => *page += &format!("<br><span class=\"not_exercised\">· {}</span>", text(detail)),
        }
    }
    *page += "</div>";
    for (label, cell) in comparison.labels.iter().zip(&row.cells) {
        let state = cell.state;
        let class = if is_unseen(state) { " class=\"unseen\"" } else { "" };
        *page += &format!("<div role=\"cell\"{class}><b class=\"label\">{}</b> ", text(label));
        if is_unseen(state) {
            *page += UNSEEN;
        } else {
            let brief = brief(cell);
            let name = state.name();
            *page += &match brief.as_str() {
                "" => format!(
                    "<details><summary class=\"{name}\">{} <span class=\"word\">{}</span></summary>",
                    state.mark(),
                    state.words()
                ),
                says => format!(
                    "<details><summary><span class=\"says {name}\"><b>{}</b> {}</span></summary>",
                    state.mark(),
                    soft(says)
                ),
            };
            if brief != cell.detail {
                *page += &format!("<p>{}</p>", soft(&cell.detail));
            }
            evidence(page, comparison, &cell.evidence);
            *page += "</details>";
        }
        *page += "</div>";
    }
    *page += "</div>\n";
}

fn behaviour(page: &mut String, comparison: &Comparison) {
    let all = || comparison.behaviour.iter().enumerate().map(|(index, row)| (Some(index), row));
    let rows = |what| all().filter(move |(_, row)| worth(row) == what);
    let differing = rows(Worth::Differs).count();
    *page += &format!("<h2>Behaviour: {}</h2>\n", counted(differing, "row differs", "rows differ"));
    if differing > 0 {
        table(page, comparison, rows(Worth::Differs));
    }
    for (what, summary) in [(Worth::Agrees, "Where all agree"), (Worth::Alone, "Seen on one server alone")] {
        let count = rows(what).count();
        if count > 0 {
            *page +=
                &format!("<details class=\"part\"><summary>{summary}: {}</summary>\n", counted(count, "row", "rows"));
            table(page, comparison, rows(what));
            *page += "</details>\n";
        }
    }
    if !comparison.latencies.is_empty() {
        *page += "<h2>Latencies</h2>\n";
        table(page, comparison, comparison.latencies.iter().map(|row| (None, row)));
    }
}

/// Rows, with their places among all where something points to them.
fn table<'r>(page: &mut String, comparison: &Comparison, rows: impl Iterator<Item = (Option<usize>, &'r Row)>) {
    heading(page, comparison, "");
    for (index, row) in rows {
        let id = index.map_or_else(String::new, |index| format!(" id=\"row-{index}\""));
        *page += &format!("<div class=\"row\"{id} role=\"row\"><div class=\"what\" role=\"rowheader\">");
        *page += &soft(&row.title);
        if !row.situation.is_empty() {
            *page += &format!("<br><span class=\"meaning\">{}</span>", soft(&row.situation));
        }
        *page += "</div>";
        for (label, cell) in comparison.labels.iter().zip(&row.cells) {
            let class = match (cell.differs, cell.values.is_empty()) {
                (true, _) => " class=\"differs\"",
                (false, true) => " class=\"unseen\"",
                (false, false) => "",
            };
            *page += &format!("<div role=\"cell\"{class}><b class=\"label\">{}</b> ", text(label));
            if cell.values.is_empty() {
                *page += UNSEEN;
                *page += "</div>";
                continue;
            }
            let mark = if cell.differs { "<span class=\"mark\">≠</span> " } else { "" };
            let values: Vec<String> = cell.values.iter().map(|value| soft(value)).collect();
            *page += &format!("<details><summary><span class=\"says\">{mark}{}</span></summary>", values.join("<br>"));
            evidence(page, comparison, &cell.evidence);
            *page += "</details></div>";
        }
        *page += "</div>\n";
    }
    *page += "</div>\n";
}

/// A cell of which nothing is known.
const UNSEEN: &str = "<span class=\"not_exercised\" title=\"not exercised\">·</span>";

fn evidence(page: &mut String, comparison: &Comparison, all: &[Evidence]) {
    if all.is_empty() {
        return;
    }
    *page += "<ul class=\"evidence\">";
    for evidence in all {
        *page += &format!("<li>{}", soft(&place(comparison, evidence)));
    }
    *page += "</ul>";
}

/// Text in which nothing is markup.
fn text(text: &str) -> String {
    let mut safe = String::new();
    for c in escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The same, with places to break a long name.
fn soft(long: &str) -> String {
    text(long).replace('.', ".<wbr>").replace('/', "/<wbr>")
}
