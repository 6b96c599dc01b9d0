//! How things look. What is drawn with it is the panes' business.

use ratatui::style::{Color, Modifier, Style};

use crate::rules::Severity;
use crate::wire::Side;

/// How things look: the terminal's own sixteen colours, so that it fits whatever they are, and never colour alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    pub(super) color: bool,
}

#[allow(clippy::unused_self)] // What needs no colour is asked for in the same way.
impl Theme {
    fn paint(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    pub(super) fn severity(self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.paint(Color::Red).add_modifier(Modifier::BOLD),
            Severity::Warning => self.paint(Color::Yellow).add_modifier(Modifier::BOLD),
            Severity::Note => self.paint(Color::Cyan),
        }
    }

    pub(super) fn side(self, side: Option<Side>) -> Style {
        match side {
            Some(Side::Client) => self.paint(Color::Green),
            Some(Side::Server) => self.paint(Color::Magenta),
            None => Style::new(),
        }
    }

    /// What stands in the background: lines, headings, times.
    pub(super) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn label(self) -> Style {
        self.paint(Color::Cyan)
    }

    pub(super) fn trouble(self) -> Style {
        self.paint(Color::Yellow)
    }

    /// The heading of a pane.
    pub(super) fn heading(self, focused: bool) -> Style {
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        if focused { style.add_modifier(Modifier::BOLD) } else { style.add_modifier(Modifier::DIM) }
    }

    /// The selected item, where the keys act and where they don't.
    pub(super) fn selection(self, focused: bool) -> Style {
        // One bar: whatever colours and strengths are below it.
        if focused {
            Style::reset().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().remove_modifier(Modifier::DIM).add_modifier(Modifier::BOLD)
        }
    }

    /// The selected field's bytes.
    pub(super) fn bytes(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Bytes of a chunk header.
    pub(super) fn header_bytes(self) -> Style {
        self.paint(Color::Blue)
    }
}
