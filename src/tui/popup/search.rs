//! The line in which a search is written.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use super::Line;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::paint::put;
use crate::tui::query::Query;
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;

/// Asks what to search for.
#[derive(Debug, Default)]
pub(in crate::tui) struct SearchLine {
    line: Line,
    area: Rect,
}

impl Screen for SearchLine {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Accept => {
                // Nothing written means the last one again.
                if let Some(query) = Query::new(self.line.text()) {
                    shared.query = Some(query);
                }
                vec![Effect::Close, Effect::Do(Action::NextMatch)]
            }
            Action::Cancel => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn write(&mut self, key: KeyEvent, _shared: &mut Shared) {
        self.line.write(key);
    }

    fn paste(&mut self, text: &str) {
        self.line.paste(text);
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.area = room.keys;
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let style = shared.theme.strong();
        for x in self.area.left()..self.area.right() {
            buffer[(x, self.area.y)].reset();
        }
        let at = put(buffer, self.area, "/", style);
        self.line.draw(buffer, at, style);
    }

    fn cursor(&self) -> Option<Position> {
        Some(self.line.cursor(Rect { x: self.area.x + 1, width: self.area.width.saturating_sub(1), ..self.area }))
    }

    fn is_popup(&self) -> bool {
        true
    }
}
