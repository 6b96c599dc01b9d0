//! The window of keys.

use ratatui::buffer::Buffer;

use super::{Scroll, frame, inside};
use crate::tui::action::{Action, COMMANDS};
use crate::tui::keymap::{Context, Keymap};
use crate::tui::paint::{column, lines, put, wrap};
use crate::tui::screen::{Effect, Room, Screen};
use crate::tui::shared::Shared;

/// Columns of the keys, and of the whole.
const KEYS: u16 = 14;
const WIDTH: u16 = 80;

/// All keys, made from their table: first those that work where the user was, then those of other screens.
pub(in crate::tui) struct Help {
    /// Where the user was.
    context: Context,
    /// As broken for a width.
    lines: Vec<HelpLine>,
    width: u16,
    scroll: Scroll,
}

enum HelpLine {
    /// A context's name, and where that is; or what of that goes on.
    Place(&'static str, String),
    /// Keys, and what they do: of that the first line has the keys.
    Keys(String, String),
    Empty,
}

impl Help {
    pub(in crate::tui) fn new(context: Context) -> Self {
        Help { context, lines: Vec::new(), width: 0, scroll: Scroll::default() }
    }

    /// Breaks the lines for a width.
    fn write(&mut self, width: u16, map: &Keymap) {
        if width == self.width {
            return;
        }
        self.width = width;
        let here = self.context.chain();
        let lines = &mut self.lines;
        lines.clear();
        for place in here.iter().chain(Context::ALL.iter().filter(|other| !here.contains(other))) {
            let keys = COMMANDS.iter().map(|command| (map.of(&[*place], command.action), command.help));
            add(lines, width, place.name(), place.help(), keys.filter(|(keys, _)| !keys.is_empty()));
        }
        let none = COMMANDS.iter().filter(|command| map.of(&Context::ALL, command.action).is_empty());
        let key = map.first(Context::Global, Action::Palette);
        let none = none.map(|command| (vec![format!("{key}{}", command.name)], command.help));
        add(lines, width, "palette alone", "Without a key: by name.", none);
    }
}

/// A place's keys under its name.
fn add(
    lines: &mut Vec<HelpLine>,
    width: u16,
    name: &'static str,
    about: &'static str,
    keys: impl Iterator<Item = (Vec<String>, &'static str)>,
) {
    let mut keys = keys.peekable();
    if keys.peek().is_none() {
        return;
    }
    if !lines.is_empty() {
        lines.push(HelpLine::Empty);
    }
    let about = wrap(about, usize::from(width).saturating_sub(name.len() + 3));
    lines
        .extend(about.into_iter().enumerate().map(|(n, about)| HelpLine::Place(if n == 0 { name } else { "" }, about)));
    for (keys, help) in keys {
        let mut own = wrap(&keys.join(" "), usize::from(KEYS) - 1).into_iter();
        let mut help = wrap(help, usize::from(width.saturating_sub(KEYS + 1))).into_iter();
        loop {
            match (own.next(), help.next()) {
                (None, None) => break,
                (keys, help) => lines.push(HelpLine::Keys(keys.unwrap_or_default(), help.unwrap_or_default())),
            }
        }
    }
}

impl Screen for Help {
    fn context(&self) -> Context {
        Context::Popup
    }

    fn update(&mut self, action: Action, _shared: &mut Shared) -> Vec<Effect> {
        self.scroll.update(action, self.lines.len())
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        // So wide that all of its lines are known, and then as high as they are.
        self.write(inside(room.body, WIDTH, room.body.height).width, &shared.keys);
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
                HelpLine::Empty => {}
                HelpLine::Place(name, about) => {
                    let at = put(buffer, at, &format!("{name}  "), theme.label());
                    put(buffer, at, about, theme.label());
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
