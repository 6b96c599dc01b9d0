//! Popups: windows over a screen, and the line in which something is written. They are screens that leave what is under them to be
//! seen.

pub(super) mod file;
pub(super) mod filter;
pub(super) mod help;
pub(super) mod pager;
pub(super) mod palette;
mod save;
pub(super) mod search;

use crossterm::event::{Event, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Block, Clear, Widget};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::tui::action::Action;
use crate::tui::list::motion;
use crate::tui::screen::Effect;

/// A window in the middle of an area, at most so large; gives what is inside its frame.
fn inside(area: Rect, width: u16, height: u16) -> Rect {
    // A column of what is under it would say nothing.
    let width = if area.width < width + 4 { area.width } else { width };
    let height = height.min(area.height);
    let (x, y) = (area.x + (area.width - width) / 2, area.y + (area.height - height) / 2);
    Block::bordered().inner(Rect { x, y, width, height })
}

/// Clears a window and draws its frame.
fn frame(buffer: &mut Buffer, inside: Rect, title: &str, bottom: &str) {
    let area = Rect {
        x: inside.x.saturating_sub(1),
        y: inside.y.saturating_sub(1),
        width: inside.width + 2,
        height: inside.height + 2,
    };
    let area = area.intersection(buffer.area);
    Clear.render(area, buffer);
    Block::bordered().title(title).title_bottom(bottom).render(area, buffer);
}

/// Lines in a window, which go up and down in it.
#[derive(Clone, Copy, Debug, Default)]
struct Scroll {
    /// The first line in the window.
    top: usize,
    /// What is inside the window's frame.
    area: Rect,
}

impl Scroll {
    /// The first line when the last one of so many is at the bottom.
    fn last_top(&self, lines: usize) -> usize {
        lines.saturating_sub(usize::from(self.area.height))
    }

    fn update(&mut self, action: Action, lines: usize) -> Vec<Effect> {
        if action == Action::Close {
            return vec![Effect::Close];
        }
        if let Some(by) = motion(action, usize::from(self.area.height)) {
            self.top = self.top.saturating_add_signed(by).min(self.last_top(lines));
        }
        Vec::new()
    }

    fn prepare(&mut self, area: Rect, lines: usize) {
        self.area = area;
        self.top = self.top.min(self.last_top(lines));
    }
}

/// A line in which something is written.
#[derive(Debug, Default)]
struct Line {
    input: Input,
}

impl Line {
    fn text(&self) -> &str {
        self.input.value()
    }

    /// Writes something else, the cursor before this byte of it.
    fn set(&mut self, text: &str, cursor: usize) {
        let cursor = text.get(..cursor).map_or(0, |before| before.chars().count());
        self.input = Input::new(text.to_owned()).with_cursor(cursor);
    }

    /// The byte that the cursor stands before.
    fn cursor_byte(&self) -> usize {
        let text = self.input.value();
        text.char_indices().nth(self.input.cursor()).map_or(text.len(), |(at, _)| at)
    }

    fn write(&mut self, key: KeyEvent) {
        self.input.handle_event(&Event::Key(key));
    }

    /// Takes pasted text: the first line of it, since there is no room for more.
    fn paste(&mut self, text: &str) {
        let line = text.trim_start_matches(['\r', '\n']).split(['\r', '\n']).next().unwrap_or_default();
        for letter in line.chars().filter(|letter| !letter.is_control()) {
            self.input.handle(tui_input::InputRequest::InsertChar(letter));
        }
    }

    /// Draws it behind what it begins with.
    fn draw(&self, buffer: &mut Buffer, area: Rect, style: Style) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let scroll = self.scroll(area);
        let shown: String = self.input.value().chars().skip(scroll).collect();
        buffer.set_stringn(area.x, area.y, shown, usize::from(area.width), style);
    }

    fn cursor(&self, area: Rect) -> Position {
        let last = usize::from(area.width.saturating_sub(1));
        let column = self.input.visual_cursor().saturating_sub(self.scroll(area)).min(last);
        Position { x: area.x + column as u16, y: area.y }
    }

    fn scroll(&self, area: Rect) -> usize {
        self.input.visual_scroll(usize::from(area.width.saturating_sub(1)))
    }
}
