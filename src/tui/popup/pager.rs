//! The window in which a long value is read whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Scroll, frame, inside};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::paint::{lines, put};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;
use crate::wire::words;

/// A value, broken into lines.
pub(in crate::tui) struct Pager {
    title: String,
    text: String,
    lines: Vec<String>,
    /// Columns that the lines were broken to.
    width: usize,
    scroll: Scroll,
}

impl Pager {
    pub(in crate::tui) fn new(title: String, text: String) -> Self {
        Pager { title, text, lines: Vec::new(), width: 0, scroll: Scroll::default() }
    }
}

impl Screen for Pager {
    fn context(&self) -> Context {
        Context::Popup
    }

    fn update(&mut self, action: Action, _shared: &mut Shared) -> Vec<Effect> {
        self.scroll.update(action, self.lines.len())
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        let width = usize::from(inside(room.body, room.body.width, room.body.height).width.saturating_sub(2)).max(1);
        if width != self.width {
            self.width = width;
            self.lines = broken(&self.text, width);
        }
        let height = (self.lines.len() as u16).saturating_add(2);
        self.scroll.prepare(inside(room.body, room.body.width, height), self.lines.len());
    }

    fn draw(&self, buffer: &mut Buffer, _shared: &Shared) {
        let Scroll { top, area } = self.scroll;
        let shown = (top + usize::from(area.height)).min(self.lines.len());
        let place = format!(" {} to {shown} of {} ", top + 1, words::count(self.lines.len() as u64, "line"));
        let room = usize::from(area.width.saturating_sub(2));
        frame(buffer, area, &format!(" {} ", words::fit(&self.title, room)), &place);
        for (text, line) in self.lines.iter().skip(top).zip(lines(area)) {
            let line = Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line };
            put(buffer, line, text, Style::new());
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}

/// A text in lines of so many columns, broken anywhere: nothing is left out.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let (mut line, mut used) = (String::new(), 0);
        for letter in part.chars() {
            let own = words::width(letter.encode_utf8(&mut [0; 4]));
            if used + own > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(letter);
            used += own;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_out() {
        assert_eq!(broken("abcdefg", 3), ["abc", "def", "g"]);
        assert_eq!(broken("日本語", 5), ["日本", "語"]);
        assert_eq!(broken("a\nbc", 5), ["a", "bc"]);
        assert_eq!(broken("", 5), [""]);
    }
}
