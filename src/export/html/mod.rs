//! Pages for a browser that need nothing else: the frame around each, and how text comes into one.
//!
//! Markup is written with `maud`, which escapes whatever it is given for text. What would act on its reader otherwise (controls, what
//! reorders text) is [`Page`](super::Page)'s to escape, as in all that leaves the program. Nothing on a page can be fetched, and of scripts only
//! its own runs: the policy names that by its hash.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};
use sha2::{Digest, Sha256};

/// How every page looks: light or dark as the reader's system is.
const STYLE: &str = include_str!("style.css");
/// How the page of a report looks beside that.
const REPORT: &str = include_str!("report.css");
/// What a report's page can do where scripts run: its timeline's filters.
const SCRIPT: &str = include_str!("script.js");
/// Where what stands inside of a frame comes. No text has this character: it is escaped in it.
pub(super) const INSIDE: &str = "\0";

/// What a page has beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dress {
    Plain,
    /// With filters over its timeline.
    Report,
}

/// A page up to its `main`'s content, and what follows on that.
pub(super) fn frame(title: &str, dress: Dress) -> (String, String) {
    let script = (dress == Dress::Report).then_some(SCRIPT);
    let style = match dress {
        Dress::Plain => STYLE.to_owned(),
        Dress::Report => [STYLE, REPORT].concat(),
    };
    let page = html! {
        (DOCTYPE) (END)
        html lang="en" { (END)
            meta charset="utf-8"; (END)
            meta name="viewport" content="width=device-width, initial-scale=1"; (END)
            // Whatever text from the wire may try, nothing on the page can run or be fetched.
            meta http-equiv="Content-Security-Policy" content=(policy(script)); (END)
            meta name="color-scheme" content="light dark"; (END)
            title { (title) } (END)
            style { "\n" (PreEscaped(style)) } (END)
            @if script.is_some() { a.skip href="#main" { "To the report" } (END) }
            @match script {
                Some(script) => { main id="main" { (END) (PreEscaped(INSIDE)) } (END) script { (PreEscaped(script)) } (END) }
                None => { main { (END) (PreEscaped(INSIDE)) } (END) }
            }
        } (END)
    };
    let page = page.into_string();
    let (before, after) = page.split_once(INSIDE).unwrap_or((&page, ""));
    (before.to_owned(), after.to_owned())
}

fn policy(script: Option<&str>) -> String {
    let mut policy = "default-src 'none'; style-src 'unsafe-inline'".to_owned();
    if let Some(script) = script {
        policy += &format!("; script-src 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)));
    }
    policy
}

/// The end of a line of the page's source.
pub(super) const END: PreEscaped<&str> = PreEscaped("\n");

/// Text with places to break a long name.
pub(super) struct Soft<T>(pub(super) T);

impl<T: AsRef<str>> Render for Soft<T> {
    fn render_to(&self, out: &mut String) {
        for part in self.0.as_ref().split_inclusive(['.', '/']) {
            part.render_to(out);
            if part.ends_with(['.', '/']) {
                out.push_str("<wbr>");
            }
        }
    }
}

/// Something between others: nothing in front of the first.
pub(super) fn joined(parts: impl IntoIterator<Item = Markup>, between: &Markup) -> Markup {
    html! {
        @for (index, part) in parts.into_iter().enumerate() {
            @if index > 0 { (between) }
            (part)
        }
    }
}
