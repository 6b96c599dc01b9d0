//! Which key does what: the one table, from which the help is made too.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;

/// Keys that do the same.
pub struct Binding {
    pub keys: &'static [Key],
    pub action: Action,
    pub help: &'static str,
    /// A word for the line at the bottom, where it has room.
    pub short: &'static str,
}

/// A key, alone or with Ctrl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Plain(KeyCode),
    Ctrl(char),
}

use KeyCode::{BackTab, Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up};

macro_rules! bindings {
    ($($($key:expr),+ => $action:ident, $help:literal, $short:literal;)*) => {
        /// Every key, in the order in which the help lists them.
        pub static BINDINGS: &[Binding] = &[$(Binding {
            keys: &[$($key),+],
            action: Action::$action,
            help: $help,
            short: $short,
        },)*];
    };
}

bindings! {
    Key::Plain(Down), Key::Plain(Char('j')) => Down, "down", "";
    Key::Plain(Up), Key::Plain(Char('k')) => Up, "up", "";
    Key::Plain(PageDown), Key::Plain(Char(' ')), Key::Ctrl('f') => PageDown, "a page down", "";
    Key::Plain(PageUp), Key::Ctrl('b') => PageUp, "a page up", "";
    Key::Plain(Home), Key::Plain(Char('g')) => First, "to the first", "";
    Key::Plain(End), Key::Plain(Char('G')) => Last, "to the last; while reading: follow", "";
    Key::Plain(Right), Key::Plain(Char('l')) => Right, "unfold; next byte", "";
    Key::Plain(Left), Key::Plain(Char('h')) => Left, "fold; byte before", "";
    Key::Plain(Tab) => NextPane, "next pane", "pane";
    Key::Plain(BackTab) => PreviousPane, "pane before", "";
    Key::Plain(Enter) => Enter, "into it; fold or unfold a group", "open";
    Key::Plain(Esc) => Back, "back", "back";
    Key::Plain(Char('/')) => Search, "search types, text and findings", "search";
    Key::Plain(Char('n')) => NextMatch, "next match", "";
    Key::Plain(Char('N')) => PreviousMatch, "match before", "";
    Key::Plain(Char('f')) => NextFinding, "next finding", "finding";
    Key::Plain(Char('F')) => PreviousFinding, "finding before", "";
    Key::Plain(Char('o')) => Reference, "to the message a finding is about, or to the call", "";
    Key::Plain(Char('z')) => Zoom, "the pane alone, and back", "zoom";
    Key::Plain(Char('?')) => Help, "this help", "help";
    Key::Plain(Char('q')), Key::Ctrl('c') => Quit, "quit", "quit";
}

/// What a key does.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    let pressed = if key.modifiers.contains(KeyModifiers::CONTROL) {
        match key.code {
            Char(letter) => Key::Ctrl(letter.to_ascii_lowercase()),
            _ => return None,
        }
    } else if key.modifiers.contains(KeyModifiers::ALT) {
        return None;
    } else {
        Key::Plain(key.code)
    };
    BINDINGS.iter().find(|binding| binding.keys.contains(&pressed)).map(|binding| binding.action)
}

impl Key {
    /// As it stands on the keyboard.
    pub fn name(self) -> String {
        match self {
            Key::Plain(code) => match code {
                Char(' ') => "Space".to_owned(),
                Char(letter) => letter.to_string(),
                Up => "↑".to_owned(),
                Down => "↓".to_owned(),
                Left => "←".to_owned(),
                Right => "→".to_owned(),
                PageUp => "PgUp".to_owned(),
                PageDown => "PgDn".to_owned(),
                BackTab => "Shift-Tab".to_owned(),
                other => format!("{other:?}"),
            },
            Key::Ctrl(letter) => format!("^{}", letter.to_ascii_uppercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let keys: Vec<_> = BINDINGS.iter().flat_map(|binding| binding.keys).collect();
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{}", key.name());
        }
    }
}
