//! Screens and popups: each owns what it shows and where one is in it, and stands in files of its own.
//!
//! A screen is a trait, not a variant of an enum: who adds one writes a file, and touches the others only where one opens it. Popups are
//! screens too, which leave what is under them to be seen; the program keeps all in one stack, of which the topmost gets the
//! keys. What a screen wants of the rest of the program, it gives back as [`Effect`]s.

pub(super) mod browse;
pub(super) mod diff;
pub(super) mod findings;
pub(super) mod job;
pub(super) mod ladder;
pub(super) mod plots;

use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::filtering::Filtering;
use super::keymap::Context;
use super::list::List;
use super::mouse::Mouse;
use super::shared::Shared;
use super::state::Place;
use job::Job;

/// Lines that a screen needs.
const LEAST: u16 = 8;

/// What is said where a screen would be empty.
const NO_SESSION: &str = "there is no session";

/// Where on the terminal a screen may draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) whole: Rect,
    /// All but the lines at the bottom: a screen's own.
    pub(super) body: Rect,
    pub(super) status: Rect,
    /// The line of keys, in which also is written what the user types; more of them where there is much to say.
    pub(super) keys: Rect,
}

impl Room {
    /// A room whose last part, the one for keys, has so many lines.
    pub(super) fn new(whole: Rect, lines: u16) -> Self {
        let lines = lines.min(whole.height);
        let keys = Rect { y: whole.bottom() - lines, height: lines, ..whole };
        let status = Rect { y: keys.y.saturating_sub(1).max(whole.y), height: whole.height.min(1), ..whole };
        // What has no room without its last lines is covered there instead.
        let height = whole.height.saturating_sub(lines + 1).max(LEAST.min(whole.height.saturating_sub(2)));
        let body = Rect { height, ..whole };
        Room { whole, body, status, keys }
    }
}

/// A screen or a popup.
pub(super) trait Screen {
    /// Where its keys are bound just now.
    fn context(&self) -> Context;

    /// Does what the user asks for. What is no action of its own it passes over.
    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect>;

    /// Whether an action leads anywhere just now: the line of keys has no other.
    fn offers(&self, _action: Action, _shared: &Shared) -> bool {
        true
    }

    /// Takes a key that is bound to nothing: only where something is written.
    fn write(&mut self, _key: KeyEvent, _shared: &mut Shared) {}

    /// The list of which a click chooses, where its first line is on the terminal, and how many items it has.
    fn list(&mut self) -> Option<(&mut List, Rect, usize)> {
        None
    }

    /// Does what the mouse asks for: the wheel moves, a click chooses, a double click is Enter.
    fn mouse(&mut self, mouse: Mouse, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let chosen = self.list().and_then(|(list, body, length)| {
            let item = list.item_at(body, at).filter(|item| *item < length)?;
            Some((list, item, length))
        });
        match (mouse, chosen) {
            (Mouse::Wheel(by), _) => {
                let action = if by > 0 { Action::Down } else { Action::Up };
                return (0..by.unsigned_abs()).flat_map(|_| self.update(action, shared)).collect();
            }
            (Mouse::Press, Some((list, item, length))) => list.select(item, length),
            (Mouse::Again, Some(_)) => {
                let is_window = self.context().chain().contains(&Context::Prompt);
                return vec![Effect::Do(if is_window { Action::Accept } else { Action::Open })];
            }
            _ => {}
        }
        Vec::new()
    }

    /// Takes text that was pasted: only where something is written.
    fn paste(&mut self, _text: &str) {}

    /// Shows a row, wherever it is.
    fn go_to(&mut self, _row: u32, _shared: &mut Shared) {}

    /// Whether it has not taken in all that was read.
    fn is_behind(&self, _shared: &Shared) -> bool {
        false
    }

    /// Takes in more of it, for about so long.
    fn grow(&mut self, _shared: &Shared, _time: Duration) {}

    /// Shows a part of the row that it is at.
    fn show(&mut self, _spot: Spot, _shared: &mut Shared) {}

    /// Where the user is in it, for another time.
    fn place(&self, _place: &mut Place, _shared: &Shared) {}

    /// The filter is another one: rows are shown anew.
    fn filtered(&mut self, _shared: &mut Shared) {}

    /// Lays itself out and reads what it will show, and no more than that.
    fn prepare(&mut self, room: Room, shared: &mut Shared);

    /// Draws what was prepared.
    fn draw(&self, buffer: &mut Buffer, shared: &Shared);

    /// Where the terminal's cursor stands, where something is written.
    fn cursor(&self) -> Option<Position> {
        None
    }

    /// Whether what is under it is to be seen.
    fn is_popup(&self) -> bool {
        false
    }
}

/// What a screen asks for that is not its own: the program does it. The order of several is kept.
pub(super) enum Effect {
    /// The screen goes to a row.
    GoTo(u32),
    /// The screen shows a part of its row.
    Show(Spot),
    /// Only the rows that it lets through are shown; all without one.
    Filter(Option<Filtering>),
    /// Another screen, or a popup, comes over this one.
    Open(Box<dyn Screen>),
    /// The topmost screen or popup goes.
    Close,
    /// What then is topmost does something.
    Do(Action),
    /// Long work begins; other work ends.
    Start(Box<dyn Job>),
    /// To the clipboard. Masked, if it was.
    Copy(String),
    /// A word for the line at the bottom.
    Say(String),
}

/// A part of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A field, by its path.
    Field(String),
    /// Some of its bytes.
    Bytes(std::ops::Range<usize>),
}
