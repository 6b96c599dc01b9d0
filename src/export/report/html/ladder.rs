//! A session's course as a ladder: an arrow a step, runs of media as one, pauses told.
//!
//! ```text
//!          client                        server
//!  0.041     │────────── connect ──────────▶│
//!  0.089     │◀──── _result of connect ─────│
//!            │  ┄┄┄┄┄┄┄┄ 2.0 s ┄┄┄┄┄┄┄┄┄┄┄  │
//!  2.101     │━━━ 301 audio, video ×600 ━━━▶│
//! ```
//!
//! Places across are in hundredths of the width, so that it fits any; text keeps its size.

use maud::{Markup, html};

use super::{Report, class, sign};
use crate::book::{Kind, Media, Session};
use crate::export::html::END;
use crate::rules::Severity;
use crate::wire::words::{clip, counted, duration, seconds};
use crate::wire::{Side, Time};

/// Nanoseconds without anything that are drawn as a pause.
const PAUSE: i64 = 1_000_000_000;
/// Points from one arrow to the next.
const STEP: usize = 30;
/// Characters that an arrow has room for where the page is narrowest.
const LABEL: usize = 36;
/// Characters of what is told of a step where somebody points to it.
const TITLE: usize = 300;

/// What is drawn in one line.
enum Arrow {
    /// A row, with how often it came one behind the other.
    Step {
        row: u32,
        words: String,
        times: u32,
    },
    Run(Run),
    Pause(i64),
    /// So many are left out.
    Left(usize),
}

/// Media of one side, one message behind the other.
struct Run {
    first: u32,
    from: Option<Side>,
    media: Media,
    at: Option<Time>,
    last: Option<Time>,
    worst: Option<Severity>,
}

impl Report<'_> {
    pub(super) fn ladder(&self, session: &Session) -> Markup {
        let (arrows, all) = self.arrows(session);
        let height = arrows.len() * STEP + 2 * STEP;
        let number = session.number();
        html! {
            h4 id={ "ladder-" (number) } { "Course" } (END)
            figure.ladder aria-labelledby={ "ladder-" (number) } {
                figcaption {
                    (counted(all, "arrow", "arrows")) ", media folded; times in s since the capture's first packet."
                } (END)
                svg height=(height) role="group" aria-labelledby={ "ladder-" (number) } { (END)
                    text x="15%" y="16" text-anchor="middle" { "client" } text x="90%" y="16" text-anchor="middle" { "server" } (END)
                    line x1="15%" x2="15%" y1="22" y2=(height - 6) {} line x1="90%" x2="90%" y1="22" y2=(height - 6) {} (END)
                    @for (index, arrow) in arrows.iter().enumerate() { (self.arrow(arrow, (index + 2) * STEP - 6)) (END) }
                }
            } (END)
        }
    }

    /// The arrows that are shown, and how many there are.
    fn arrows(&self, session: &Session) -> (Vec<Arrow>, usize) {
        let most = self.asked.limits.page_arrows;
        let (head, tail) = (most * 3 / 4, most - most * 3 / 4);
        let (mut arrows, mut late) = (Vec::new(), std::collections::VecDeque::new());
        let mut all = 0;
        let mut fold = Fold::default();
        let mut put = |arrow: Arrow| {
            all += usize::from(!matches!(arrow, Arrow::Pause(_)));
            if arrows.len() < head {
                arrows.push(arrow);
            } else {
                late.push_back(arrow);
            }
        };
        let mut left = 0;
        for row in session.rows.iter().copied().filter(|row| self.chosen.is_kept(*row)) {
            self.fold(row, &mut fold);
            fold.ready.drain(..).for_each(&mut put);
        }
        fold.end();
        fold.ready.drain(..).for_each(&mut put);
        while late.len() > tail {
            left += usize::from(!matches!(late.pop_front(), Some(Arrow::Pause(_))));
        }
        if left > 0 {
            arrows.push(Arrow::Left(left));
        }
        arrows.extend(late);
        (arrows, all)
    }

    fn fold(&self, row: u32, fold: &mut Fold) {
        let book = self.book;
        let Some(entry) = book.entry(row) else { return };
        // Findings are marks of what they are about.
        if matches!(entry.kind, Kind::Finding(_)) {
            return;
        }
        if let Some(at) = entry.at {
            let pause = fold.latest.map_or(0, |latest| at.since(latest));
            fold.latest = fold.latest.max(Some(at));
            if pause >= PAUSE {
                fold.end();
                fold.ready.push(Arrow::Pause(pause));
            }
        }
        if let Some(media) = book.media(row) {
            fold.end_step();
            let worst = book.mark(row);
            match fold.runs.iter_mut().find(|run| run.from == entry.from) {
                Some(run) => {
                    run.media.add(media);
                    (run.last, run.worst) = (entry.at, run.worst.max(worst));
                }
                None => {
                    fold.runs.push(Run { first: row, from: entry.from, media, at: entry.at, last: entry.at, worst });
                }
            }
            return;
        }
        let step = book.course_step(row);
        // A name says what is called; what comes again and again is told by its kind.
        let is_brief = !step.name.is_empty() || step.is_regular();
        let words = if is_brief { step.words().to_owned() } else { book.line(row) };
        let words = match book.answered(row) {
            Some((_, latency)) => format!("{words} ({})", duration(latency)),
            None => words,
        };
        fold.end_runs();
        match &mut fold.step {
            Some(Arrow::Step { row: before, words: known, times })
                if *known == words && book.sent_by(*before) == book.sent_by(row) && book.mark(row).is_none() =>
            {
                *times += 1;
            }
            _ => {
                fold.end_step();
                fold.step = Some(Arrow::Step { row, words, times: 1 });
            }
        }
    }

    fn arrow(&self, arrow: &Arrow, y: usize) -> Markup {
        match arrow {
            Arrow::Pause(ns) => html! {
                g {
                    line.pause x1="20%" x2="85%" y1=(y) y2=(y) {}
                    text.dim x="52%" y=(y - 5) text-anchor="middle" { "nothing for " (seconds(*ns, 1)) " s" }
                }
            },
            Arrow::Left(count) => html! {
                g { text.dim x="52%" y=(y - 5) text-anchor="middle" { "… " (counted(*count, "arrow is", "arrows are")) " left out …" } }
            },
            Arrow::Step { row, words, times } => {
                let words = if *times > 1 { format!("{words} ×{times}") } else { words.clone() };
                let at = self.book.time(*row);
                self.drawn(
                    *row,
                    self.book.sent_by(*row),
                    at,
                    &words,
                    &self.book.line(*row),
                    self.book.mark(*row),
                    false,
                    y,
                )
            }
            Arrow::Run(run) => {
                let duration = run.last.zip(run.at).map_or(0, |(last, first)| last.since(first));
                let words = format!("{} ×{}", run.media.name(), run.media.messages());
                let title = format!("{}: {}", run.media.name(), run.media.describe(duration));
                self.drawn(run.first, run.from, run.at, &words, &title, run.worst, true, y)
            }
        }
    }

    #[allow(clippy::too_many_arguments)] // A line of a picture has that many.
    fn drawn(
        &self,
        row: u32,
        from: Option<Side>,
        at: Option<Time>,
        words: &str,
        title: &str,
        mark: Option<Severity>,
        is_media: bool,
        y: usize,
    ) -> Markup {
        let side = from.map_or("", Side::name);
        let text = html! { text x="52%" y=(y - 5) text-anchor="middle" { (clip(words, LABEL)) } };
        html! {
            g {
                title { (clip(title, TITLE)) }
                @if let Some(at) = at { text.time x="0" y=(y + 4) { (self.brief(at)) } }
                @if from.is_some() {
                    line.(side).media[is_media] x1="15%" x2="90%" y1=(y) y2=(y) {}
                    @if from == Some(Side::Client) {
                        svg x="90%" y=(y) overflow="visible" { path.(side) d="M0 0l-9 -5v10z" {} }
                    } @else {
                        svg x="15%" y=(y) overflow="visible" { path.(side) d="M0 0l9 -5v10z" {} }
                    }
                }
                (self.link(row, &text))
                @if let Some(severity) = mark {
                    text.(class(severity)) x="93%" y=(y + 4) { (sign(severity)) title { (severity.name()) } }
                }
            }
        }
    }

    /// A time where there is little room.
    fn brief(&self, at: Time) -> String {
        seconds(at.since(self.asked.start.unwrap_or(at)), 3)
    }
}

/// What may go on: runs of media of both sides, or a step that comes again.
#[derive(Default)]
struct Fold {
    runs: Vec<Run>,
    step: Option<Arrow>,
    latest: Option<Time>,
    ready: Vec<Arrow>,
}

impl Fold {
    fn end(&mut self) {
        self.end_step();
        self.end_runs();
    }

    fn end_step(&mut self) {
        self.ready.extend(self.step.take());
    }

    fn end_runs(&mut self) {
        self.ready.extend(self.runs.drain(..).map(Arrow::Run));
    }
}
