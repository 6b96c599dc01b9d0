//! The line in which a file is named: what was copied goes there, or what is shown.

use std::fs::OpenOptions;
use std::io::Write;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Line, save};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::paint::put;
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;
use crate::wire::words::count;

const COPIED: &str = "write to file: ";
const SHOWN: &str = "save as .jsonl, .txt or .pcapng: ";

/// Asks for a file.
#[derive(Debug, Default)]
pub(in crate::tui) struct FileLine {
    line: Line,
    area: Rect,
    /// What is shown is to be saved, not what was copied.
    is_shown: bool,
}

impl FileLine {
    /// For what is shown.
    pub(in crate::tui) fn to_save() -> Self {
        FileLine { is_shown: true, ..FileLine::default() }
    }

    fn sign(&self) -> &'static str {
        if self.is_shown { SHOWN } else { COPIED }
    }

    fn place(&self) -> Rect {
        let sign = (self.sign().len() as u16).min(self.area.width);
        Rect { x: self.area.x + sign, width: self.area.width - sign, ..self.area }
    }
}

/// Writes a new file: what is there already stays as it is.
fn write(path: &str, text: &str) -> String {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // It may hold what was on the screen of one person.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path).and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => format!("written to {path}: {}", count(text.len() as u64, "byte")),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => format!("{path} exists already"),
        Err(error) => format!("{path}: {error}"),
    }
}

impl Screen for FileLine {
    fn context(&self) -> Context {
        Context::Prompt
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Accept if self.is_shown && !self.line.text().is_empty() => {
                vec![Effect::Close, save::begin(self.line.text(), shared)]
            }
            Action::Accept if !self.line.text().is_empty() => {
                vec![Effect::Close, Effect::Say(write(self.line.text(), &shared.copied))]
            }
            Action::Accept | Action::Cancel => vec![Effect::Close],
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
        for x in self.area.left()..self.area.right() {
            buffer[(x, self.area.y)].reset();
        }
        put(buffer, self.area, self.sign(), shared.theme.label());
        self.line.draw(buffer, self.place(), shared.theme.strong());
    }

    fn cursor(&self) -> Option<Position> {
        Some(self.line.cursor(self.place()))
    }

    fn is_popup(&self) -> bool {
        true
    }
}
