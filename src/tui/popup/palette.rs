//! The palette: an action is found by writing some of its name, whether it has a key or not.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::file::FileLine;
use super::{Line, frame, inside, save};
use crate::tui::action::{Action, COMMANDS, Command, Group};
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::paint::{below, column, lines, put};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;
use crate::tui::times::Target;

/// Columns of an action's name, and of the whole.
const NAMES: u16 = 20;
const KEYS: u16 = 12;
const WIDTH: u16 = 78;

/// What leaves, as vim has it.
const LEAVES: [&str; 8] = ["q", "q!", "qa", "qa!", "wq", "wqa", "x", "xa"];

/// Whether an action can be chosen here: what only makes sense in a window is left out.
pub(in crate::tui) fn offers(command: &Command) -> bool {
    command.group != Group::Writing && command.action != Action::Palette
}

/// The list of actions, and the line in which some of a name is written.
pub(in crate::tui) struct Palette {
    /// Where the user was.
    context: Context,
    line: Line,
    list: List,
    area: Rect,
}

impl Palette {
    pub(in crate::tui) fn new(context: Context) -> Self {
        Palette { context, line: Line::default(), list: List::default(), area: Rect::ZERO }
    }

    /// The file that `w FILE` names, as people know it from editors; empty where it names none.
    fn file(&self) -> Option<&str> {
        let (command, file) = self.line.text().trim().split_once(' ').unwrap_or((self.line.text().trim(), ""));
        (command == "w").then_some(file.trim())
    }

    /// Actions with all written words in their name or sentence.
    fn found(&self) -> Vec<&'static Command> {
        let words: Vec<_> = self.line.text().split_whitespace().map(str::to_lowercase).collect();
        let has = |command: &Command| {
            let text = format!("{} {}", command.name, command.help).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        let mut found: Vec<_> = COMMANDS.iter().filter(|command| offers(command) && has(command)).collect();
        // Those that are called so stand first.
        found.sort_by_key(|command| words.first().is_some_and(|word| !command.name.starts_with(word.as_str())));
        found
    }
}

impl Screen for Palette {
    fn context(&self) -> Context {
        Context::Palette
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        if action == Action::Accept
            && let Some(target) = Target::parse(self.line.text())
        {
            let row = shared.row_of(target);
            let none = || Effect::Say(format!("there is no {}", target.name()));
            return vec![Effect::Close, row.map_or_else(none, Effect::GoTo)];
        }
        if action == Action::Accept
            && let Some(file) = self.file()
        {
            let then = match file {
                "" => Effect::Open(Box::new(FileLine::to_save())),
                file => save::begin(file, shared),
            };
            return vec![Effect::Close, then];
        }
        if action == Action::Accept && LEAVES.contains(&self.line.text().trim()) {
            return vec![Effect::Close, Effect::Do(Action::Quit)];
        }
        let found = self.found();
        if let Some(by) = motion(action, 1) {
            self.list.step(by, found.len());
            return Vec::new();
        }
        match (action, found.get(self.list.selected)) {
            (Action::Accept, Some(command)) => vec![Effect::Close, Effect::Do(command.action)],
            (Action::Cancel, _) => vec![Effect::Close],
            _ => Vec::new(),
        }
    }

    fn write(&mut self, key: KeyEvent, _shared: &mut Shared) {
        self.line.write(key);
        self.list = List::default();
    }

    fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.list = List::default();
    }

    fn list(&mut self) -> Option<(&mut List, Rect, usize)> {
        let length = self.found().len();
        Some((&mut self.list, below(self.area), length))
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.area = inside(room.body, WIDTH, COMMANDS.len() as u16 + 3);
        self.list.reveal(usize::from(self.area.height.saturating_sub(1)), self.found().len());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        frame(buffer, self.area, " actions ", "");
        let mut lines = lines(self.area);
        let Some(first) = lines.next() else { return };
        let at = put(buffer, first, ":", theme.strong());
        self.line.draw(buffer, at, theme.strong());
        if let Some(target) = Target::parse(self.line.text()) {
            let Some(line) = lines.next() else { return };
            put(buffer, line, &format!("› to {}", target.name()), theme.strong());
            buffer.set_style(line, theme.selection(true));
            return;
        }
        if let Some(file) = self.file() {
            let Some(line) = lines.next() else { return };
            let name = if file.is_empty() { "a file" } else { file };
            put(buffer, line, &format!("› save what is shown to {name}"), theme.strong());
            buffer.set_style(line, theme.selection(true));
            return;
        }
        if LEAVES.contains(&self.line.text().trim()) {
            let Some(line) = lines.next() else { return };
            put(buffer, line, "› quit", theme.strong());
            buffer.set_style(line, theme.selection(true));
            return;
        }
        let found = self.found();
        for (place, line) in (self.list.top..found.len()).zip(lines) {
            let command = found[place];
            let at = put(buffer, line, if place == self.list.selected { "›" } else { " " }, theme.strong());
            let at = column(buffer, at, NAMES, command.name, theme.strong());
            let keys = shared.keys.of(self.context.chain(), command.action).join(" ");
            let at = column(buffer, at, KEYS, &keys, theme.label());
            put(buffer, at, command.help, theme.quiet());
            if place == self.list.selected {
                buffer.set_style(line, theme.selection(true));
            }
        }
    }

    fn cursor(&self) -> Option<Position> {
        let line = Rect { x: self.area.x + 1, width: self.area.width.saturating_sub(1), height: 1, ..self.area };
        Some(self.line.cursor(line))
    }

    fn is_popup(&self) -> bool {
        true
    }
}
