//! A key as it is pressed, written and read.

use std::fmt;

use crossterm::event::KeyCode::{
    BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Insert, Left, PageDown, PageUp, Right, Tab, Up,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key, alone or with Ctrl. Shift is in the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
}

/// Keys that have a name.
const NAMES: &[(&str, KeyCode)] = &[
    ("Space", Char(' ')),
    ("Up", Up),
    ("Down", Down),
    ("Left", Left),
    ("Right", Right),
    ("PgUp", PageUp),
    ("PgDn", PageDown),
    ("Home", Home),
    ("End", End),
    ("Tab", Tab),
    ("Shift-Tab", BackTab),
    ("Enter", Enter),
    ("Esc", Esc),
    ("Backspace", Backspace),
    ("Del", Delete),
    ("Ins", Insert),
];

impl Key {
    /// The key of an event; none with Alt, which nothing is bound to.
    pub fn of(event: KeyEvent) -> Option<Key> {
        if event.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            Char(letter) if ctrl => Char(letter.to_ascii_lowercase()),
            code => code,
        };
        Some(Key { code, ctrl })
    }

    /// Whether it writes a letter where something is written.
    pub(super) fn writes(self) -> bool {
        matches!(self.code, Char(_)) && !self.ctrl
    }

    /// As the terminal tells it.
    pub fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, if self.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE })
    }

    /// Reads a key as it is written: `g`, `^D`, `PgDn`, `F1`.
    pub fn parse(text: &str) -> Option<Key> {
        let plain = |code| Some(Key { code, ctrl: false });
        if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == text) {
            return plain(*code);
        }
        if let Some(number) = text.strip_prefix('F').and_then(|number| number.parse().ok()) {
            return plain(F(number));
        }
        let mut letters = text.chars();
        match (letters.next()?, letters.next(), letters.next()) {
            (letter, None, _) => plain(Char(letter)),
            ('^', Some(letter), None) => Some(Key { code: Char(letter.to_ascii_lowercase()), ctrl: true }),
            _ => None,
        }
    }

    /// Reads keys that are pressed one after the other: `g g`.
    pub fn sequence(text: &str) -> Option<Vec<Key>> {
        text.split(' ').map(Key::parse).collect()
    }
}

/// As it is drawn: arrows are arrows.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("^")?;
        }
        match self.code {
            Up => f.write_str("↑"),
            Down => f.write_str("↓"),
            Left => f.write_str("←"),
            Right => f.write_str("→"),
            Char(letter) if self.ctrl => write!(f, "{}", letter.to_ascii_uppercase()),
            F(number) => write!(f, "F{number}"),
            code => match (NAMES.iter().find(|(_, named)| *named == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, Char(letter)) => write!(f, "{letter}"),
                (None, other) => write!(f, "{other:?}"),
            },
        }
    }
}

/// A sequence as it is drawn; letters stand together as in `gg`.
pub(super) fn drawn(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let shown = |text| drawn(&Key::sequence(text).unwrap());
        assert_eq!(
            ["g g", "^D", "^d", "PgDn", "Shift-Tab", "Up", "F1", "?", "^"].map(shown),
            ["gg", "^D", "^D", "PgDn", "Shift-Tab", "↑", "F1", "?", "^"]
        );
        assert_eq!(["gg", "", "Ctrl-X", "^ab"].map(Key::sequence), [None, None, None, None]);
        for text in ["a", "^A", "Esc", "F12", "Shift-Tab"] {
            let key = Key::parse(text).unwrap();
            assert_eq!(Key::of(key.event()), Some(key), "{text}");
        }
    }
}
