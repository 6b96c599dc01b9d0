//! The window of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{frame, inside};
use crate::tui::action::{Action, COMMANDS, Group};
use crate::tui::keymap::{self, Context};
use crate::tui::list::motion;
use crate::tui::paint::{column, lines, put};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;

/// Columns of the keys, and of the whole.
const KEYS: u16 = 14;
const WIDTH: u16 = 78;

/// All keys, made from their table: first what they do where the user was.
pub(in crate::tui) struct Help {
    lines: Vec<HelpLine>,
    top: usize,
    area: Rect,
}

enum HelpLine {
    Group(&'static str),
    Keys(String, &'static str),
}

impl Help {
    pub(in crate::tui) fn new(context: Context) -> Self {
        let mut lines = Vec::new();
        for group in Group::ALL {
            let own = COMMANDS.iter().filter(|command| command.group == group);
            let keys = own.map(|command| {
                let mut keys = keymap::keys_of(context.chain(), command.action);
                if keys.is_empty() {
                    keys = keymap::keys_of(&Context::ALL, command.action);
                }
                let keys = if keys.is_empty() {
                    // What has no key of its own has that of the palette.
                    keymap::first_key(context, Action::Palette)
                } else {
                    keys.join(" ")
                };
                HelpLine::Keys(keys, command.help)
            });
            let keys: Vec<_> = keys.collect();
            lines.push(HelpLine::Group(group.name()));
            lines.extend(keys);
        }
        Help { lines, top: 0, area: Rect::ZERO }
    }

    /// The first line when the last one is at the bottom.
    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(usize::from(self.area.height))
    }
}

impl Screen for Help {
    fn context(&self) -> Context {
        Context::Popup
    }

    fn update(&mut self, action: Action, _shared: &mut Shared) -> Vec<Effect> {
        if action == Action::Close {
            return vec![Effect::Close];
        }
        if let Some(by) = motion(action, usize::from(self.area.height)) {
            self.top = self.top.saturating_add_signed(by).min(self.last_top());
        }
        Vec::new()
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.area = inside(room.body, WIDTH, self.lines.len() as u16 + 2);
        self.top = self.top.min(self.last_top());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let title = match self.last_top() {
            0 => " keys ".to_owned(),
            last => format!(" keys, {} % ", self.top * 100 / last),
        };
        frame(buffer, self.area, &title, " → client to server  ← server to client  ~ read otherwise ");
        for (help, line) in self.lines.iter().skip(self.top).zip(lines(self.area)) {
            let at = column(buffer, line, 1, "", theme.quiet());
            match help {
                HelpLine::Group(name) => {
                    put(buffer, at, name, theme.label());
                }
                HelpLine::Keys(keys, what) => {
                    let at = column(buffer, at, KEYS, keys, theme.strong());
                    put(buffer, at, what, theme.quiet());
                }
            }
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
