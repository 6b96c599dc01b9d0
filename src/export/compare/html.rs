use super::{Worth, place, sessions, shown_codes, worth};
use crate::compare::{CodeRow, Comparison, Evidence, Row, State};
use crate::wire::escape;
use crate::wire::words::counted;

/// How the page looks: light or dark as the reader's system is, side by side where there is room and below one another
/// where there is not.
const STYLE: &str = include_str!("style.css");

/// The comparison as one page that needs nothing else: no script, no font, no picture.
pub fn html(comparison: &Comparison) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    // Whatever text from the wire may try, nothing on the page can run or be fetched.
    page += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    page += "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Servers compared</title>\n";
    page += &format!("<style>\n{STYLE}</style>\n<main>\n<h1>Servers compared</h1>\n<ul class=\"servers\">\n");
    for (index, label) in comparison.labels.iter().enumerate() {
        page += &format!("<li><b>{}</b> {}\n", text(label), text(&sessions(comparison, index)));
    }
    page += "</ul>\n";
    codes(&mut page, comparison);
    behaviour(&mut page, comparison);
    page += "<p class=\"note\">A place is the capture, its session and, behind the colon, its message: \
             <code>rtmp-inspect --text -Y 'n == 12' CAPTURE</code> shows message 12.</p>\n</main>\n</html>\n";
    page
}

fn codes(page: &mut String, comparison: &Comparison) {
    *page += "<h2>Information objects</h2>\n<p class=\"legend\">";
    for state in State::ALL {
        *page += &format!("<span class=\"{}\">{} {}</span> ", state.name(), state.mark(), state.words());
    }
    *page += "</p>\n<div class=\"table\" style=\"--servers: ";
    *page += &format!("{}\" role=\"table\">\n", comparison.labels.len());
    heading(page, comparison, "Code");
    for row in shown_codes(comparison) {
        code(page, comparison, row);
    }
    *page += "</div>\n";
}

fn heading(page: &mut String, comparison: &Comparison, first: &str) {
    *page += &format!("<div class=\"row head\" role=\"row\"><div role=\"columnheader\">{first}</div>");
    for label in &comparison.labels {
        *page += &format!("<div role=\"columnheader\">{}</div>", text(label));
    }
    *page += "</div>\n";
}

fn code(page: &mut String, comparison: &Comparison, row: &CodeRow) {
    *page += &format!(
        "<div class=\"row\" role=\"row\"><div class=\"what\" role=\"rowheader\"><code>{}</code> <i>{}</i><br>\
         <span class=\"meaning\">{}</span>",
        soft(&row.code),
        text(&row.level),
        text(&row.meaning)
    );
    let is_unseen = |state: State| state == State::NotExercised;
    if row.cells.iter().all(|cell| is_unseen(cell.state)) {
        // What no server can send is said once.
        match row.cells.first().map(|cell| cell.detail.as_str()) {
            None | Some("") => *page += "<br><span class=\"narrow not_exercised\">· not exercised</span>",
            Some(detail) => *page += &format!("<br><span class=\"not_exercised\">· {}</span>", text(detail)),
        }
    }
    *page += "</div>";
    for (label, cell) in comparison.labels.iter().zip(&row.cells) {
        let state = cell.state;
        let shown = format!("<span class=\"{}\">{} {}</span>", state.name(), state.mark(), state.words());
        let class = if is_unseen(state) { " class=\"unseen\"" } else { "" };
        *page += &format!("<div role=\"cell\"{class}><b class=\"label\">{}</b> ", text(label));
        if is_unseen(state) {
            *page += &shown;
        } else {
            *page += &format!("<details><summary>{shown}</summary>");
            if !cell.detail.is_empty() {
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
    let rows = |what| comparison.behaviour.iter().filter(move |row| worth(row) == what);
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
        table(page, comparison, comparison.latencies.iter());
    }
}

fn table<'r>(page: &mut String, comparison: &Comparison, rows: impl Iterator<Item = &'r Row>) {
    *page += &format!("<div class=\"table\" style=\"--servers: {}\" role=\"table\">\n", comparison.labels.len());
    heading(page, comparison, "");
    for row in rows {
        *page +=
            &format!("<div class=\"row\" role=\"row\"><div class=\"what\" role=\"rowheader\">{}", soft(&row.title));
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
                *page += "<span class=\"not_exercised\">· not exercised</span></div>";
                continue;
            }
            let mark = if cell.differs { "<span class=\"mark\">≠</span> " } else { "" };
            let values: Vec<String> = cell.values.iter().map(|value| soft(value)).collect();
            *page += &format!("<details><summary>{mark}{}</summary>", values.join("<br>"));
            evidence(page, comparison, &cell.evidence);
            *page += "</details></div>";
        }
        *page += "</div>\n";
    }
    *page += "</div>\n";
}

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
