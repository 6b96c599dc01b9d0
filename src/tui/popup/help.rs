//! The window of keys.

use ratatui::buffer::Buffer;

use super::{Scroll, frame, inside};
use crate::tui::action::{Action, COMMANDS, Group};
use crate::tui::keymap::{Context, Keymap};
use crate::tui::paint::{column, lines, put};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;

/// Columns of the keys, and of the whole.
const KEYS: u16 = 14;
const WIDTH: u16 = 78;

/// All keys, made from their table: first what they do where the user was.
pub(in crate::tui) struct Help {
    lines: Vec<HelpLine>,
    scroll: Scroll,
}

enum HelpLine {
    Group(&'static str),
    Keys(String, &'static str),
}

impl Help {
    pub(in crate::tui) fn new(context: Context, map: &Keymap) -> Self {
        let mut lines = Vec::new();
        for group in Group::ALL {
            let own = COMMANDS.iter().filter(|command| command.group == group);
            let keys = own.map(|command| {
                let mut keys = map.of(context.chain(), command.action);
                if keys.is_empty() {
                    keys = map.of(&Context::ALL, command.action);
                }
                let keys = if keys.is_empty() {
                    // What has no key of its own has that of the palette.
                    map.first(context, Action::Palette)
                } else {
                    keys.join(" ")
                };
                HelpLine::Keys(keys, command.help)
            });
            let keys: Vec<_> = keys.collect();
            lines.push(HelpLine::Group(group.name()));
            lines.extend(keys);
        }
        Help { lines, scroll: Scroll::default() }
    }
}

impl Screen for Help {
    fn context(&self) -> Context {
        Context::Popup
    }

    fn update(&mut self, action: Action, _shared: &mut Shared) -> Vec<Effect> {
        self.scroll.update(action, self.lines.len())
    }

    fn prepare(&mut self, room: Room, _shared: &mut Shared) {
        self.scroll.prepare(inside(room.body, WIDTH, self.lines.len() as u16 + 2), self.lines.len());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let Scroll { top, area } = self.scroll;
        let title = match self.scroll.last_top(self.lines.len()) {
            0 => " keys ".to_owned(),
            last => format!(" keys, {} % ", top * 100 / last),
        };
        frame(buffer, area, &title, " → client to server  ← server to client  ~ read otherwise ");
        for (help, line) in self.lines.iter().skip(top).zip(lines(area)) {
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
