//! The line in which a search is written.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Line;
use crate::rules::Severity;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::paint::put;
use crate::tui::query::{Case, Form, Query};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;
use crate::wire::words;

/// Asks what to search for.
#[derive(Debug, Default)]
pub(in crate::tui) struct SearchLine {
    line: Line,
    form: Form,
    case: Case,
    /// How many searches back the one is that is shown.
    back: usize,
    /// Why it cannot be searched for.
    fault: Option<String>,
    area: Rect,
}

impl SearchLine {
    /// Begins with how was searched last.
    pub(in crate::tui) fn new(shared: &Shared) -> Self {
        let (form, case) = shared.searching;
        SearchLine { form, case, ..SearchLine::default() }
    }

    fn accept(&mut self, shared: &mut Shared) -> Vec<Effect> {
        match Query::new(self.line.text(), self.form, self.case) {
            Err(fault) => {
                self.fault = Some(fault);
                return Vec::new();
            }
            Ok(Some(query)) => {
                shared.searches.retain(|other| other != query.written());
                shared.searches.push(query.written().to_owned());
                shared.query = Some(query);
            }
            // Nothing written means the last one again.
            Ok(None) => {}
        }
        shared.searching = (self.form, self.case);
        vec![Effect::Close, Effect::Do(Action::NextMatch)]
    }

    fn remember(&mut self, back: usize, shared: &Shared) {
        self.back = back.min(shared.searches.len());
        let text = self.back.checked_sub(1).and_then(|back| shared.searches.iter().rev().nth(back));
        let text = text.cloned().unwrap_or_default();
        self.line.set(&text, text.len());
        self.fault = None;
    }

    /// What the line begins with: how what follows is read.
    fn sign(&self) -> String {
        if self.form == Form::Text { "/".to_owned() } else { format!("{}/", self.form.name()) }
    }

    fn place(&self) -> Rect {
        let sign = (self.sign().len() as u16).min(self.area.width);
        Rect { x: self.area.x + sign, width: self.area.width - sign, ..self.area }
    }
}

impl Screen for SearchLine {
    fn context(&self) -> Context {
        Context::Search
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Accept => return self.accept(shared),
            Action::Cancel => return vec![Effect::Close],
            Action::NextForm => self.form = self.form.next(),
            Action::NextCase => self.case = self.case.next(),
            Action::Earlier => self.remember(self.back + 1, shared),
            Action::Later => self.remember(self.back.saturating_sub(1), shared),
            _ => {}
        }
        self.fault = None;
        Vec::new()
    }

    fn write(&mut self, key: KeyEvent, _shared: &mut Shared) {
        self.line.write(key);
        self.fault = None;
    }

    fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.fault = None;
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.area = room.keys;
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        for x in self.area.left()..self.area.right() {
            buffer[(x, self.area.y)].reset();
        }
        put(buffer, self.area, &self.sign(), theme.strong());
        let place = self.place();
        self.line.draw(buffer, place, theme.strong());
        let key = |action| shared.keys.first(Context::Search, action);
        let about = match &self.fault {
            Some(fault) => fault.clone(),
            None => format!(
                "{} {}  {} {}",
                key(Action::NextForm),
                self.form.name(),
                key(Action::NextCase),
                self.case.name()
            ),
        };
        let style = if self.fault.is_some() { theme.severity(Severity::Error) } else { theme.quiet() };
        let (width, used) = (words::width(&about) as u16 + 1, words::width(self.line.text()) as u16 + 2);
        if used + width <= place.width || self.fault.is_some() {
            let width = width.min(place.width);
            put(buffer, Rect { x: place.right() - width, width: width.saturating_sub(1), ..place }, &about, style);
        }
    }

    fn cursor(&self) -> Option<Position> {
        Some(self.line.cursor(self.place()))
    }

    fn is_popup(&self) -> bool {
        true
    }
}
