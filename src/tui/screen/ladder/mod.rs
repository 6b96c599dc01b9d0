//! The ladder: who says what to whom, as arrows between lifelines, from the top down.
//!
//! Each side of a session has a lifeline. Media is one counted arrow, time in which nothing came is drawn, and an answer has the letter of its
//! call. What the selected arrow stands for is shown beside the ladder, or below it where there is no room.

pub(in crate::tui::screen) mod arrows;
mod lanes;
mod preview;

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Effect, Room, Screen};
use crate::book::{Book, Kind};
use crate::tui::action::Action;
use crate::tui::filtering::{Filtering, where_it};
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::paint::{below, beside, heading, lines, put};
use crate::tui::shared::Shared;
use crate::wire::words;
use arrows::{Arrow, Arrows, Run};
use lanes::{Drawn, Lanes};
use preview::Preview;

/// From this width on the preview stands beside the ladder.
const WIDE: u16 = 110;
/// The width below which answers do not say how long they took.
const NARROW: u16 = 60;

/// The screen; see the module.
pub(in crate::tui) struct Ladder {
    arrows: Arrows,
    /// The filter that lets them through.
    filter: Option<String>,
    list: List,
    /// The row to go to once it was taken in.
    awaited: Option<u32>,
    preview: Preview,
    lanes: Lanes,
    /// The words on the arrows that are on the screen.
    texts: Vec<String>,
    area: Rect,
    beside: Rect,
    columns: Columns,
}

/// Where the parts of a line stand, and how wide they are.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    time: u16,
    session: u16,
    latency: u16,
}

impl Columns {
    /// All that is in front of the lifelines: the finding's mark, the time, a session, a call's letter, how long the answer took.
    fn width(self) -> u16 {
        1 + self.time + 1 + self.session + 2 + self.latency
    }
}

impl Ladder {
    /// Of the sessions that are shown; at the row that the user is at.
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        Ladder {
            arrows: Arrows::new(shared.view.chosen().clone(), shared.filter.as_ref().map(Filtering::keep)),
            filter: shared.filter.as_ref().map(|filter| filter.text().to_owned()),
            list: List::default(),
            awaited: shared.row,
            preview: Preview::default(),
            lanes: Lanes::default(),
            texts: Vec::new(),
            area: Rect::ZERO,
            beside: Rect::ZERO,
            columns: Columns::default(),
        }
    }

    fn selected(&self) -> Option<Arrow> {
        self.arrows.get(self.list.selected)
    }

    fn lines(&self) -> usize {
        usize::from(self.area.height.saturating_sub(2))
    }

    fn step(&mut self, by: isize) {
        self.awaited = None;
        let length = self.arrows.len();
        self.list.step(by, length);
        // A pause is nothing that can be gone to.
        if self.selected().is_some_and(Arrow::is_pause) {
            self.list.step(if by < 0 { -1 } else { 1 }, length);
        }
    }

    fn go_to_place(&mut self, place: usize) {
        self.awaited = None;
        let lines = self.lines();
        self.list.center(place, lines);
    }

    /// The next arrow with a finding, or the one before.
    fn finding(&mut self, forward: bool, book: &Book) -> Vec<Effect> {
        let is_marked =
            |place: &usize| self.arrows.get(*place).is_some_and(|arrow| self.arrows.mark(book, arrow).is_some());
        let found = if forward {
            (self.list.selected + 1..self.arrows.len()).find(is_marked)
        } else {
            (0..self.list.selected).rev().find(is_marked)
        };
        match found {
            Some(place) => {
                self.go_to_place(place);
                Vec::new()
            }
            None => vec![Effect::Say(format!("no finding {}", if forward { "below" } else { "above" }))],
        }
    }

    fn draw_line(&self, buffer: &mut Buffer, line: Rect, shared: &Shared, place: usize) {
        let Some(arrow) = self.arrows.get(place) else { return };
        let (theme, book) = (&shared.theme, &shared.book);
        if let Some(severity) = self.arrows.mark(book, arrow) {
            let letter = severity.name()[..1].to_ascii_uppercase();
            put(buffer, line, &letter, theme.severity(severity));
        }
        let Columns { time, session, latency } = self.columns;
        let entry = book.entry(arrow.row());
        let lanes =
            Rect { x: line.x + self.columns.width(), width: line.width.saturating_sub(self.columns.width()), ..line };
        let text = self.texts.get(place.wrapping_sub(self.list.top)).map_or("", String::as_str);
        let quiet = theme.quiet();
        if arrow.is_pause() {
            self.lanes.draw_lines(buffer, lanes, "┊", text, (quiet, quiet));
            return;
        }
        let mut at = Rect { x: line.x + 1, width: time, ..line };
        let Some(entry) = entry else { return };
        if let Some(moment) = entry.at {
            let since = words::seconds(moment.since(shared.progress.start.unwrap_or(moment)), 3);
            put(buffer, right(at, &since), &since, quiet);
        }
        at.x += time + 1;
        if session > 0 {
            let number = entry.session.to_string();
            let own = Rect { width: session - 1, ..at };
            put(buffer, right(own, &number), &number, quiet);
        }
        at.x += session;
        if let Arrow::Row(row) = arrow {
            if let Some(letter) = self.letter(book, row) {
                put(buffer, Rect { width: 1, ..at }, &letter, theme.side(entry.from));
            }
            if let Some((_, ns)) = book.answered(row).filter(|_| latency > 0) {
                let took = latency_words(ns);
                let own = Rect { x: at.x + 2, width: latency - 1, ..at };
                put(buffer, right(own, &took), &took, quiet);
            }
        }
        let style = match entry.kind {
            Kind::Finding(severity) => theme.severity(severity),
            Kind::Trouble => theme.trouble(),
            Kind::Message | Kind::Other => theme.side(entry.from),
        };
        let from = match arrow {
            Arrow::Row(row) => book.sent_by(row),
            Arrow::Run(run) => run.from,
            Arrow::Pause(..) => None,
        };
        match from.filter(|_| !matches!(entry.kind, Kind::Finding(_))) {
            Some(from) => {
                let stroke = match (arrow, entry.kind) {
                    (Arrow::Run(_), _) => "═",
                    (_, Kind::Trouble) => "╌",
                    _ => "─",
                };
                let (session, text_style) = (entry.session, style);
                // Of media how much it is.
                let short = text
                    .find(|c: char| c.is_ascii_digit())
                    .filter(|_| text.contains(" ×, "))
                    .map_or("", |at| &text[at..]);
                self.lanes.draw_arrow(
                    buffer,
                    lanes,
                    &Drawn { session, from, text, short, stroke, style, text_style, quiet },
                );
            }
            None => self.lanes.draw_lines(buffer, lanes, "│", text, (quiet, style)),
        }
    }

    /// What a call and its answer have in common: a letter, by the call's number.
    fn letter(&self, book: &Book, row: u32) -> Option<String> {
        let call = match book.answered(row) {
            Some((call, _)) => call,
            None if self.arrows.is_answered(row) => row,
            None => return None,
        };
        let number = self.arrows.number_of_call(call)?;
        Some(char::from(b'a' + (number % 26) as u8).to_string())
    }

    /// The line from the selected call to its answer, or back.
    fn draw_connector(&self, buffer: &mut Buffer, body: Rect, shared: &Shared) {
        let Some(partner) = self.arrows.partner(&shared.book, self.list.selected) else { return };
        let (first, last) = (partner.min(self.list.selected), partner.max(self.list.selected));
        let x = body.x + 1 + self.columns.time + 1 + self.columns.session + 1;
        for (place, line) in (self.list.top..self.arrows.len()).zip(lines(body)) {
            let mark = match place {
                _ if place == first => "╮",
                _ if place == last => "╯",
                _ if (first..last).contains(&place) => "│",
                _ => continue,
            };
            put(buffer, Rect { x, width: 1, ..line }, mark, shared.theme.strong());
        }
    }
}

/// An area's end, in which a text stands on the right.
fn right(area: Rect, text: &str) -> Rect {
    let width = (words::width(text).min(usize::from(area.width))) as u16;
    Rect { x: area.x + area.width - width, width, ..area }
}

/// A run in a line.
fn describe(book: &Book, run: &Run) -> String {
    let at = |row| book.entry(row).and_then(|entry| entry.at);
    let duration = at(run.first).zip(at(run.last)).map_or(0, |(first, last)| last.since(first));
    format!("{}, {}", run.media.name(), run.media.describe(duration))
}

/// The words on an arrow of media: `audio and video 312 ×, 5.2 s`.
fn words_on_run(book: &Book, run: &Run) -> String {
    if run.media.messages() == 1 {
        return book.line(run.first);
    }
    let at = |row| book.entry(row).and_then(|entry| entry.at);
    let duration = at(run.first).zip(at(run.last)).map_or(0, |(first, last)| last.since(first));
    let name = run.media.name().replace(", ", " and ");
    format!("{name} {} ×, {} s", run.media.messages(), words::rounded_seconds(duration, 1))
}

/// How long an answer took, in at most eight columns.
fn latency_words(ns: i64) -> String {
    let ms = ns as f64 / 1e6;
    if ms < 10.0 {
        format!("{ms:.2} ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.0} s", ms / 1e3)
    }
}

impl Screen for Ladder {
    fn context(&self) -> Context {
        Context::Ladder
    }

    fn offers(&self, action: Action, shared: &Shared) -> bool {
        match action {
            Action::Open => self.selected().is_some(),
            Action::Reference => self.arrows.partner(&shared.book, self.list.selected).is_some(),
            _ => true,
        }
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Back => return vec![Effect::Close],
            Action::Open => {
                let row = self.selected().map(|arrow| Effect::GoTo(arrow.row()));
                return [Effect::Close].into_iter().chain(row).collect();
            }
            Action::NextFinding => return self.finding(true, &shared.book),
            Action::PreviousFinding => return self.finding(false, &shared.book),
            Action::Reference => match self.arrows.partner(&shared.book, self.list.selected) {
                Some(place) => self.go_to_place(place),
                None => return vec![Effect::Say("this arrow is no call with an answer, and no answer".to_owned())],
            },
            _ => {
                if let Some(by) = motion(action, self.lines()) {
                    self.step(by);
                }
            }
        }
        Vec::new()
    }

    fn list(&mut self) -> Option<(&mut List, Rect, usize)> {
        self.awaited = None;
        let length = self.arrows.len();
        // Below the heading stand the names of the lifelines.
        Some((&mut self.list, below(below(self.area)), length))
    }

    fn go_to(&mut self, row: u32, shared: &mut Shared) {
        let place = self.arrows.place_of(&shared.book, row);
        self.go_to_place(place);
    }

    fn is_behind(&self, shared: &Shared) -> bool {
        self.arrows.is_behind(&shared.book)
    }

    fn grow(&mut self, shared: &Shared, time: Duration) {
        let since = Instant::now();
        self.arrows.grow(&shared.book, || since.elapsed() >= time);
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        let body = room.body;
        let is_wide = body.width >= WIDE;
        if is_wide {
            let width = body.width * 3 / 5;
            self.area = Rect { width, ..body };
            self.beside = Rect { x: body.x + width + 1, width: body.width - width - 1, ..body };
        } else {
            let height = (body.height / 3).clamp(3, 12).min(body.height);
            self.area = Rect { height: body.height - height, ..body };
            self.beside = Rect { y: body.y + self.area.height, height, ..body };
        }
        let book = &shared.book;
        let (start, last) = (shared.progress.start, book.widest().last);
        let seconds = start.zip(last).map_or(0, |(start, last)| last.since(start) / 1_000_000_000);
        let digits = |number: u64| number.max(1).ilog10() as u16 + 1;
        let is_narrow = self.area.width < NARROW;
        self.columns = Columns {
            time: digits(seconds.unsigned_abs()).max(2) + 4,
            session: 0,
            latency: if is_narrow { 0 } else { 9 },
        };
        self.lanes = Lanes::new(book, self.arrows.chosen(), self.area.width.saturating_sub(self.columns.width()));
        if self.lanes.is_summed {
            self.columns.session = digits(book.sessions().len() as u64) + 1;
            self.lanes = Lanes::new(book, self.arrows.chosen(), self.area.width.saturating_sub(self.columns.width()));
        }
        if let Some(row) = self.awaited {
            let place = self.arrows.place_of(book, row);
            let lines = self.lines();
            self.list.center(place, lines);
            if !self.arrows.is_behind(book) {
                self.awaited = None;
            }
        }
        let lines = self.lines();
        self.list.reveal(lines, self.arrows.len());
        let shown = self.list.top..self.arrows.len().min(self.list.top + lines);
        let text = |place| match self.arrows.get(place) {
            None => String::new(),
            Some(Arrow::Row(row)) => book.line(row),
            Some(Arrow::Run(run)) => words_on_run(book, &run),
            Some(Arrow::Pause(ns, _)) => format!("{} s", words::rounded_seconds(ns, 1)),
        };
        self.texts = shown.map(text).collect();
        self.preview.prepare(shared, &self.arrows, self.list.selected);
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let length = self.arrows.len();
        let place = if length == 0 { "empty".to_owned() } else { format!("{}/{length}", self.list.selected + 1) };
        let title = format!(" ladder of {}{}", self.arrows.chosen().name(), where_it(self.filter.as_deref()));
        let body = heading(buffer, self.area, theme, true, &beside(&title, &place, self.area.width), &place);
        if body.height == 0 {
            return;
        }
        let width = self.columns.width();
        let names = Rect { x: body.x + width, width: body.width.saturating_sub(width), height: 1, ..body };
        self.lanes.draw_names(buffer, names, theme.strong());
        let body = Rect { y: body.y + 1, height: body.height - 1, ..body };
        for (place, line) in (self.list.top..length).zip(lines(body)) {
            self.draw_line(buffer, line, shared, place);
        }
        self.draw_connector(buffer, body, shared);
        if let Some(line) = lines(body).nth(self.list.selected.saturating_sub(self.list.top)).filter(|_| length > 0) {
            put(buffer, line, "›", theme.strong());
            buffer.set_style(line, theme.selection(true));
        }
        if self.beside.x > self.area.x {
            for y in self.area.top()..self.area.bottom() {
                buffer.set_string(self.area.right(), y, "│", theme.quiet());
            }
        }
        self.preview.draw(buffer, self.beside, shared);
    }
}
