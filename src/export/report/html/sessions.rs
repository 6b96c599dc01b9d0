//! The list of sessions, by the capture that they begin in, and each session by itself.

use maud::{Markup, html};

use super::{Report, name, sampled, summary};
use crate::book::{Line, Session};
use crate::export::html::{END, Soft};
use crate::rules::Severity;
use crate::wire::words::seconds;

/// Sessions that begin in the same capture.
pub(super) struct Group {
    /// Among the captures; none for sessions whose bytes were derived, where there are several captures.
    capture: Option<u32>,
    sessions: Vec<u32>,
    is_single: bool,
}

impl Report<'_> {
    /// The sessions by capture. One capture has all.
    pub(super) fn groups(&self) -> Vec<Group> {
        let listed = &self.chosen.listed;
        if self.asked.files.len() < 2 {
            return vec![Group { capture: Some(0), sessions: listed.clone(), is_single: true }];
        }
        let mut groups: Vec<Group> = Vec::new();
        let captures = (0..self.asked.files.len() as u32).map(Some).chain([None]);
        for capture in captures {
            let own = listed.iter().copied().filter(|session| self.book.capture_of(*session) == capture);
            let group = Group { capture, sessions: own.collect(), is_single: false };
            if capture.is_some() || !group.sessions.is_empty() {
                groups.push(group);
            }
        }
        groups
    }

    /// A session by itself: what it was, its beginning, its course and its figures.
    pub(super) fn session(&self, number: u32) -> Markup {
        let Some(session) = self.book.session(number) else { return html! {} };
        html! {
            section.session id={ "session-" (number) } aria-labelledby={ "session-" (number) "-title" } { (END)
                h3 id={ "session-" (number) "-title" } { "Session " (number) ": " (self.book.outcome(session)) } (END)
                (self.facts(session))
                (self.connect(session))
                (self.ladder(session))
                (self.plots(session))
            } (END)
        }
    }

    fn facts(&self, session: &Session) -> Markup {
        let Some(opened) = session.rows.get(0) else { return html! {} };
        let detail = self.book.detail(*opened);
        let facts = detail.lines.iter().filter(|line| line.is_prose && line.severity.is_none());
        html! {
            dl.facts {
                @for Line { label, value, .. } in facts { dt { (label) } dd { (value) } }
                dt { "lasted" } dd { (seconds(session.duration(), 3)) " s" }
            } (END)
        }
    }

    fn listed(&self, session: &Session) -> Markup {
        let (number, fate) = (session.number(), session.fate());
        let is_detailed = self.chosen.detailed.contains(&number);
        let counts = &session.counts;
        html! {
            tr.(summary::class(fate)) {
                th.number scope="row" {
                    @if is_detailed { a href={ "#session-" (number) } { (number) } } @else { (number) }
                }
                td { span.fate { (summary::label(fate)) } br; (self.book.outcome(session)) }
                td { (session.protocol()) @if !session.role().is_empty() { br; (session.role()) } }
                td { (Soft(self.book.stream(session))) }
                td { (session.party(crate::wire::Side::Client)) " → " (session.party(crate::wire::Side::Server)) }
                td { (self.book.software(session)) }
                td.number { (seconds(session.duration(), 3)) " s" }
                td { (session.codecs()) }
                td.number { (counts.of(Severity::Error)) }
                td.number { (counts.of(Severity::Warning)) }
                td.number { (counts.of(Severity::Note)) }
            } (END)
        }
    }
}

impl Group {
    pub(super) fn id(&self) -> String {
        match self.capture {
            _ if self.is_single => "sessions".to_owned(),
            Some(capture) => format!("capture-{}", capture + 1),
            None => "decrypted".to_owned(),
        }
    }

    pub(super) fn title(&self, report: &Report<'_>) -> String {
        match self.capture {
            _ if self.is_single => "Sessions".to_owned(),
            Some(capture) => {
                format!(
                    "Capture {}",
                    report.asked.files.get(capture as usize).map(|path| name(path)).unwrap_or_default()
                )
            }
            None => "Decrypted sessions".to_owned(),
        }
    }

    /// The sessions that are shown by themselves.
    pub(super) fn detailed<'g>(&'g self, report: &'g Report<'_>) -> impl Iterator<Item = u32> + 'g {
        self.sessions.iter().copied().filter(|session| report.chosen.detailed.contains(session))
    }

    /// The section up to its sessions.
    pub(super) fn begin(&self, report: &Report<'_>) -> Markup {
        let (id, title) = (self.id(), self.title(report));
        let chosen = &report.chosen;
        let all = chosen.sessions.len();
        let detailed = sampled(chosen.detailed.len(), all, "session")
            .map(|text| format!("{text} by themselves, those that did not go well before those that did."));
        let listed = sampled(chosen.listed.len(), all, "session").map(|text| format!("{text} in the list."));
        let begin = html! {
            h2 id={ (id) "-title" } { (title) } (END)
            @for text in listed.iter().chain(&detailed) { p.note { (text) } (END) }
            @if self.sessions.is_empty() { p { "No session begins here." } (END) }
            @else {
                div.scroll role="group" aria-label={ "List: " (title) } tabindex="0" { table { (END)
                    thead { tr {
                        th.number scope="col" { "Session" }
                        th scope="col" { "How it came out" }
                        th scope="col" { "Protocol, role" }
                        th scope="col" { "App/stream" }
                        th scope="col" { "Client → server" }
                        th scope="col" { "Software" }
                        th.number scope="col" { "Lasted" }
                        th scope="col" { "Codecs" }
                        th.number scope="col" { "Errors" }
                        th.number scope="col" { "Warnings" }
                        th.number scope="col" { "Notes" }
                    } } (END)
                    tbody { (END)
                        @for session in self.sessions.iter().filter_map(|number| report.book.session(*number)) {
                            (report.listed(session))
                        }
                    }
                } } (END)
            }
        };
        // The sessions stand in it, and are written one by one.
        let section = html! { section id=(id) aria-labelledby={ (id) "-title" } { (END) (begin) } };
        let text = section.into_string();
        maud::PreEscaped(text.strip_suffix("</section>").unwrap_or(&text).to_owned())
    }
}
