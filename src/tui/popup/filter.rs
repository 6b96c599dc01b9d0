//! The line in which a filter is written: coloured as it is read, with what may stand at the cursor above it, and what is wrong below the
//! place where it is.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Line, frame};
use crate::filter::{Suggestion, TokenKind, complete, tokens};
use crate::tui::action::Action;
use crate::tui::filtering::Filtering;
use crate::tui::keymap::Context;
use crate::tui::paint::{column, lines, put, wrap};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;
use crate::tui::theme::Theme;
use crate::wire::{Side, escape, words};

/// What stands before the filter.
const SIGN: &str = " filter: ";
/// Lines of suggestions, and the columns of what is to be written.
const SUGGESTIONS: u16 = 8;
const NAMES: u16 = 34;

/// Asks for a filter.
#[derive(Debug, Default)]
pub(in crate::tui) struct FilterLine {
    line: Line,
    /// How many filters back the one is that is shown, and what was written before that.
    back: usize,
    draft: String,
    /// What may stand at the cursor, and where in what text that is.
    offered: Vec<Suggestion>,
    text: String,
    chosen: Option<usize>,
    room: Room,
}

impl FilterLine {
    /// Begins with the filter that there is.
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        let mut line = FilterLine::default();
        line.set(shared.filter.as_ref().map_or("", Filtering::text));
        line
    }

    fn set(&mut self, text: &str) {
        self.line.set(text, text.len());
        self.offer();
    }

    /// Looks what may stand at the cursor.
    fn offer(&mut self) {
        self.text = self.line.text().to_owned();
        self.offered = complete(&self.text, self.line.cursor_byte());
        self.chosen = None;
    }

    /// Writes the next suggestion in the place of the one before it.
    fn complete(&mut self, is_forward: bool) {
        let Some(last) = self.offered.len().checked_sub(1) else { return };
        let next = match (self.chosen, is_forward) {
            (Some(at), true) if at < last => at + 1,
            (Some(at), false) if at > 0 => at - 1,
            (Some(_) | None, true) => 0,
            (Some(_) | None, false) => last,
        };
        self.chosen = Some(next);
        let Suggestion { text, replaces, .. } = &self.offered[next];
        let (before, behind) = (self.text.get(..replaces.start), self.text.get(replaces.end..));
        let (Some(before), Some(behind)) = (before, behind) else { return };
        self.line.set(&format!("{before}{text}{behind}"), before.len() + text.len());
        if last == 0 {
            // There is nothing to choose: what may follow comes next.
            self.offer();
        }
    }

    /// Goes through what was written before.
    fn remember(&mut self, back: usize, shared: &Shared) {
        if self.back == 0 {
            self.draft = self.line.text().to_owned();
        }
        self.back = back.min(shared.filters.len());
        let text = match self.back.checked_sub(1) {
            Some(back) => shared.filters.iter().rev().nth(back).cloned().unwrap_or_default(),
            None => self.draft.clone(),
        };
        self.set(&text);
    }

    fn accept(&self, shared: &Shared) -> Vec<Effect> {
        if self.line.text().trim().is_empty() {
            return vec![Effect::Close, Effect::Filter(None)];
        }
        match shared.filter_named(self.line.text()) {
            Ok(filter) => vec![Effect::Close, Effect::Filter(Some(filter))],
            // What is wrong is to be seen.
            Err(_) => Vec::new(),
        }
    }

    /// Where the filter itself stands.
    fn place(&self) -> Rect {
        let sign = SIGN.len() as u16;
        let Rect { x, width, .. } = self.room.status;
        Rect { x: x + sign.min(width), width: width.saturating_sub(sign), ..self.room.status }
    }

    fn draw_suggestions(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let count = self.offered.len();
        let height = SUGGESTIONS.min(count as u16).min(self.room.body.height.saturating_sub(2));
        if height == 0 {
            return;
        }
        let area = above(self.room, height);
        let shown = usize::from(height);
        let top = self.chosen.map_or(0, |at| at.saturating_sub(shown - 1)).min(count - shown);
        let title = if count > shown { format!(" {} of {count} ", top + shown) } else { String::new() };
        let key = shared.keys.first(Context::Filter, Action::Complete);
        frame(buffer, area, &title, &format!(" {key} takes the next one "));
        for (index, line) in (top..count).zip(lines(area)) {
            let Suggestion { text, about, .. } = &self.offered[index];
            let names = NAMES.min(area.width / 2);
            let at = put(buffer, line, if self.chosen == Some(index) { "›" } else { " " }, theme.strong());
            let at = column(buffer, at, names, text, theme.label());
            put(buffer, at, &first_sentence(about), theme.quiet());
            if self.chosen == Some(index) {
                buffer.set_style(line, theme.selection(true));
            }
        }
    }

    /// What is wrong, with marks under where it is; or which keys there are.
    fn draw_below(&self, buffer: &mut Buffer, shared: &Shared) -> Option<String> {
        let theme = &shared.theme;
        let (area, text) = (self.room.keys, self.line.text());
        let key = |action| shared.keys.first(Context::Filter, action);
        let keys = format!(
            "{} completes, {} {} what was before, {} leaves it",
            key(Action::Complete),
            key(Action::Earlier),
            key(Action::Later),
            key(Action::Cancel)
        );
        let error = match shared.filter_named(text) {
            _ if text.trim().is_empty() => {
                let hint = format!(" {} shows all rows, {keys}", key(Action::Accept));
                put(buffer, area, &hint, theme.quiet());
                return None;
            }
            Ok(filter) if filter.text() != text.trim() => {
                let what = format!(" {} applies {}", key(Action::Accept), escape(filter.text()));
                put(buffer, area, &what, theme.quiet());
                return None;
            }
            Ok(_) => {
                put(buffer, area, &format!(" {} applies it, {keys}", key(Action::Accept)), theme.quiet());
                return None;
            }
            Err(error) => error,
        };
        // It was read without what stands around it.
        let skipped = text.len() - text.trim_start().len();
        let before = text.get(..skipped + error.span.start).map_or(0, words::width);
        let marked = text.get(skipped + error.span.start..skipped + error.span.end).map_or(0, words::width).max(1);
        let place = self.place();
        let scroll = self.line.scroll(place);
        let (start, end) = (before.saturating_sub(scroll), (before + marked).saturating_sub(scroll).max(1));
        let start = (place.x + start as u16).min(place.right().saturating_sub(1));
        let end = (place.x + end as u16).clamp(start + 1, place.right().max(start + 1));
        let bad = theme.severity(crate::rules::Severity::Error);
        let marks = Rect { x: start, width: end - start, ..area };
        put(buffer, marks, &"^".repeat(usize::from(end - start)), bad);
        let sentence = error.sentence();
        let width = words::width(&sentence) as u16;
        let behind = Rect { x: end + 1, width: area.right().saturating_sub(end + 1), ..area };
        if width <= behind.width {
            put(buffer, behind, &sentence, theme.trouble());
        } else if width + 2 <= start - area.x {
            put(buffer, Rect { x: start - width - 1, width, ..area }, &sentence, theme.trouble());
        } else if !self.offered.is_empty() && skipped + error.span.end >= self.line.cursor_byte() {
            // It is being written, and what it may become is more than what it is not.
            put(buffer, behind, &sentence, theme.quiet());
        } else {
            return Some(sentence);
        }
        None
    }
}

impl Screen for FilterLine {
    fn context(&self) -> Context {
        Context::Filter
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Accept => return self.accept(shared),
            Action::Cancel => return vec![Effect::Close],
            Action::Complete => self.complete(true),
            Action::CompleteBack => self.complete(false),
            Action::Earlier => self.remember(self.back + 1, shared),
            Action::Later => self.remember(self.back.saturating_sub(1), shared),
            _ => {}
        }
        Vec::new()
    }

    fn write(&mut self, key: KeyEvent, _shared: &mut Shared) {
        self.line.write(key);
        self.back = 0;
        self.offer();
    }

    fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.back = 0;
        self.offer();
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.room = room;
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        for line in [self.room.status, self.room.keys] {
            for x in line.left()..line.right() {
                buffer[(x, line.y)].reset();
            }
        }
        let text = self.line.text();
        let is_valid = text.trim().is_empty() || Filtering::parse(text).is_ok();
        let sign =
            if is_valid { theme.side(Some(Side::Client)) } else { theme.severity(crate::rules::Severity::Error) };
        put(buffer, self.room.status, SIGN, sign);
        let place = self.place();
        self.line.draw(buffer, place, Style::new());
        let scroll = self.line.scroll(place);
        for token in tokens(text) {
            let column = |at: usize| text.get(..at).map_or(0, words::width).saturating_sub(scroll) as u16;
            let (start, end) = (column(token.span.start), column(token.span.end).min(place.width));
            if start < end {
                buffer.set_style(Rect { x: place.x + start, width: end - start, ..place }, style(theme, token.kind));
            }
        }
        match self.draw_below(buffer, shared) {
            Some(sentence) if self.chosen.is_none() => {
                let parts = wrap(&sentence, usize::from(self.room.body.width.saturating_sub(4)));
                let area = above(self.room, (parts.len() as u16).min(self.room.body.height.saturating_sub(2)));
                frame(buffer, area, "", "");
                for (part, line) in parts.iter().zip(lines(area)) {
                    put(
                        buffer,
                        Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line },
                        part,
                        theme.trouble(),
                    );
                }
            }
            _ => self.draw_suggestions(buffer, shared),
        }
    }

    fn cursor(&self) -> Option<Position> {
        Some(self.line.cursor(self.place()))
    }

    fn is_popup(&self) -> bool {
        true
    }
}

/// The inside of a window that stands on the line.
fn above(room: Room, height: u16) -> Rect {
    let Rect { x, width, .. } = room.body;
    Rect { x: x + 1, y: room.body.bottom().saturating_sub(height + 1), width: width.saturating_sub(2), height }
}

fn style(theme: &Theme, kind: TokenKind) -> Style {
    match kind {
        TokenKind::Field => theme.label(),
        TokenKind::Word | TokenKind::Number | TokenKind::Text => theme.side(Some(Side::Client)),
        TokenKind::Operator => theme.strong(),
        TokenKind::Bracket => theme.quiet(),
        TokenKind::Bad => theme.severity(crate::rules::Severity::Error),
    }
}

/// What is said first: there is one line for it.
fn first_sentence(text: &str) -> String {
    text.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned()
}
