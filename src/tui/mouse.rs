//! What the mouse does, in the words of lists and panes.

use std::time::{Duration, Instant};

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// A second press within this time is a double click.
const AGAIN: Duration = Duration::from_millis(400);
/// Lines for a step of the wheel.
const LINES: isize = 3;

/// What the mouse does at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mouse {
    /// So many lines down.
    Wheel(isize),
    Press,
    /// The second press of a double click: what Enter does.
    Again,
    Drag,
    Release,
}

/// Tells one click from two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clicks {
    last: Option<(Position, Instant)>,
}

impl Clicks {
    /// What an event is, and where; none of what nothing is done for.
    pub(super) fn read(&mut self, event: MouseEvent, now: Instant) -> Option<(Mouse, Position)> {
        let at = Position { x: event.column, y: event.row };
        let mouse = match event.kind {
            MouseEventKind::ScrollDown => Mouse::Wheel(LINES),
            MouseEventKind::ScrollUp => Mouse::Wheel(-LINES),
            MouseEventKind::Down(MouseButton::Left) => {
                let is_again = self.last.is_some_and(|(place, then)| place == at && now.duration_since(then) < AGAIN);
                // A third one is the first of others.
                self.last = (!is_again).then_some((at, now));
                if is_again { Mouse::Again } else { Mouse::Press }
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                self.last = None;
                Mouse::Drag
            }
            MouseEventKind::Up(MouseButton::Left) => Mouse::Release,
            _ => return None,
        };
        Some((mouse, at))
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    #[test]
    fn two_presses_at_a_place_are_a_double_click() {
        let down = |column, row| MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        let (mut clicks, start) = (Clicks::default(), Instant::now());
        let mut press = |event, ms| clicks.read(event, start + Duration::from_millis(ms)).map(|(mouse, _)| mouse);
        assert_eq!(press(down(3, 4), 0), Some(Mouse::Press));
        assert_eq!(press(down(3, 4), 300), Some(Mouse::Again));
        assert_eq!(press(down(3, 4), 400), Some(Mouse::Press));
        assert_eq!(press(down(3, 5), 500), Some(Mouse::Press));
        assert_eq!(press(down(3, 5), 1000), Some(Mouse::Press));
    }
}
