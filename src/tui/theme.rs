//! How things look: every role that something on the screen plays has a style, in a scheme and in as many colours as the
//! terminal has. Nothing is told by colour alone.

use std::env;

use ratatui::style::{Color, Modifier, Style};

use crate::rules::Severity;
use crate::wire::Side;

/// What something on the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Error,
    Warning,
    Note,
    Client,
    Server,
    /// What stands in the background: lines, headings, times.
    Quiet,
    Strong,
    Label,
    Trouble,
    Heading,
    /// The heading of the pane that has the keys.
    HeadingFocused,
    /// The selected item, where the keys act and where they don't.
    Selected,
    SelectedAside,
    /// The selected field's bytes.
    FieldBytes,
    HeaderBytes,
    Status,
}

/// A role's look. A colour is the terminal's own where it has sixteen, and otherwise the scheme's.
struct Paint {
    role: Role,
    modifier: Modifier,
    own: Option<Color>,
    dark: u32,
    light: u32,
}

/// Without a colour.
const fn plain(role: Role, modifier: Modifier) -> Paint {
    Paint { role, modifier, own: None, dark: 0, light: 0 }
}

const fn paint(role: Role, modifier: Modifier, own: Color, dark: u32, light: u32) -> Paint {
    Paint { role, modifier, own: Some(own), dark, light }
}

const NONE: Modifier = Modifier::empty();
const HEADING: Modifier = Modifier::UNDERLINED;

/// All roles, in their order.
const PAINTS: [Paint; 16] = [
    paint(Role::Error, Modifier::BOLD, Color::Red, 0xff_6b6b, 0xc0_1c28),
    paint(Role::Warning, Modifier::BOLD, Color::Yellow, 0xf5_c451, 0x8f_5902),
    paint(Role::Note, NONE, Color::Cyan, 0x7f_d1d8, 0x00_707a),
    paint(Role::Client, NONE, Color::Green, 0x8f_d694, 0x1a_7f37),
    paint(Role::Server, NONE, Color::Magenta, 0xd7_a1f9, 0x8a_3ab9),
    plain(Role::Quiet, Modifier::DIM),
    plain(Role::Strong, Modifier::BOLD),
    paint(Role::Label, NONE, Color::Cyan, 0x7f_d1d8, 0x00_707a),
    paint(Role::Trouble, NONE, Color::Yellow, 0xf5_c451, 0x8f_5902),
    plain(Role::Heading, HEADING.union(Modifier::DIM)),
    plain(Role::HeadingFocused, HEADING.union(Modifier::BOLD)),
    plain(Role::Selected, Modifier::REVERSED),
    plain(Role::SelectedAside, Modifier::BOLD),
    plain(Role::FieldBytes, Modifier::REVERSED),
    paint(Role::HeaderBytes, NONE, Color::Blue, 0x79_a8ff, 0x05_50ae),
    plain(Role::Status, Modifier::BOLD.union(Modifier::REVERSED)),
];

/// Which colours go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// No colours at all.
    #[default]
    Plain,
    Dark,
    Light,
}

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Sixteen, which are the terminal's own.
    #[default]
    Sixteen,
    /// 256, most of which are the same everywhere.
    Many,
    /// All there are.
    True,
}

/// A scheme, in as many colours as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub scheme: Scheme,
    pub depth: Depth,
}

impl Look {
    /// What the terminal says of itself. Without `color` there are none, whatever it has.
    pub fn of_terminal(color: bool) -> Look {
        let value = |name| env::var(name).unwrap_or_default();
        if color { Look::told(&value("COLORTERM"), &value("TERM"), &value("COLORFGBG")) } else { Look::default() }
    }

    fn told(color_term: &str, term: &str, colors: &str) -> Look {
        let depth = match color_term {
            "truecolor" | "24bit" => Depth::True,
            _ if term.ends_with("-direct") => Depth::True,
            _ if term.contains("256color") => Depth::Many,
            _ => Depth::Sixteen,
        };
        // Text and ground as two of the sixteen, where the terminal says so.
        let ground = colors.rsplit(';').next().and_then(|number| number.parse().ok());
        let scheme = if matches!(ground, Some(7 | 9..=15)) { Scheme::Light } else { Scheme::Dark };
        Look { scheme, depth }
    }
}

/// The style of every role.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    styles: [Style; PAINTS.len()],
}

impl Theme {
    pub(super) fn new(look: Look) -> Self {
        Theme { styles: PAINTS.map(|paint| paint.style(look)) }
    }

    fn of(&self, role: Role) -> Style {
        // The table has them in the order of their numbers.
        self.styles[role as usize]
    }

    pub(super) fn severity(&self, severity: Severity) -> Style {
        self.of(match severity {
            Severity::Error => Role::Error,
            Severity::Warning => Role::Warning,
            Severity::Note => Role::Note,
        })
    }

    pub(super) fn side(&self, side: Option<Side>) -> Style {
        match side {
            Some(Side::Client) => self.of(Role::Client),
            Some(Side::Server) => self.of(Role::Server),
            None => Style::new(),
        }
    }

    pub(super) fn quiet(&self) -> Style {
        self.of(Role::Quiet)
    }

    pub(super) fn strong(&self) -> Style {
        self.of(Role::Strong)
    }

    pub(super) fn label(&self) -> Style {
        self.of(Role::Label)
    }

    pub(super) fn trouble(&self) -> Style {
        self.of(Role::Trouble)
    }

    pub(super) fn heading(&self, focused: bool) -> Style {
        self.of(if focused { Role::HeadingFocused } else { Role::Heading })
    }

    pub(super) fn selection(&self, focused: bool) -> Style {
        self.of(if focused { Role::Selected } else { Role::SelectedAside })
    }

    pub(super) fn field_bytes(&self) -> Style {
        self.of(Role::FieldBytes)
    }

    pub(super) fn header_bytes(&self) -> Style {
        self.of(Role::HeaderBytes)
    }

    pub(super) fn status(&self) -> Style {
        self.of(Role::Status)
    }
}

impl Paint {
    fn style(&self, look: Look) -> Style {
        let style = match self.role {
            // One bar: whatever colours and strengths are below it.
            Role::Selected => Style::reset(),
            Role::SelectedAside => Style::new().remove_modifier(Modifier::DIM),
            _ => Style::new(),
        };
        let style = style.add_modifier(self.modifier);
        match (self.own, look.scheme) {
            (None, _) | (_, Scheme::Plain) => style,
            (Some(own), _) if look.depth == Depth::Sixteen => style.fg(own),
            (Some(_), Scheme::Light) => style.fg(color(self.light, look.depth)),
            (Some(_), Scheme::Dark) => style.fg(color(self.dark, look.depth)),
        }
    }
}

fn color(rgb: u32, depth: Depth) -> Color {
    let [_, red, green, blue] = rgb.to_be_bytes();
    if depth == Depth::True { Color::Rgb(red, green, blue) } else { Color::Indexed(nearest([red, green, blue])) }
}

/// The nearest of the 240 colours that are the same on every terminal of 256: a cube of six steps, then greys.
fn nearest(rgb: [u8; 3]) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let of_cube = |number: u8| [number / 36, number / 6 % 6, number % 6].map(|step| STEPS[usize::from(step)]);
    let all = (0..216).map(|number| (16 + number, of_cube(number)));
    let greys = (0..24).map(|number| (232 + number, [8 + 10 * number; 3]));
    let distance = |other: [u8; 3]| -> u32 {
        rgb.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
    };
    all.chain(greys).min_by_key(|(_, other)| distance(*other)).map_or(15, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_its_style() {
        for (index, paint) in PAINTS.iter().enumerate() {
            assert_eq!(paint.role as usize, index);
        }
    }

    #[test]
    fn the_terminal_says_what_it_has() {
        let told = |color_term, term, colors| {
            let Look { scheme, depth } = Look::told(color_term, term, colors);
            (scheme, depth)
        };
        assert_eq!(told("truecolor", "xterm", ""), (Scheme::Dark, Depth::True));
        assert_eq!(told("", "xterm-256color", "0;15"), (Scheme::Light, Depth::Many));
        assert_eq!(told("", "tmux-direct", "15;default;0"), (Scheme::Dark, Depth::True));
        assert_eq!(told("", "linux", "default;default"), (Scheme::Dark, Depth::Sixteen));
        assert_eq!(told("yes", "vt100", "12;8"), (Scheme::Dark, Depth::Sixteen));
    }

    #[test]
    fn colours_are_what_the_terminal_can_show() {
        let error = |scheme, depth| Theme::new(Look { scheme, depth }).severity(Severity::Error).fg;
        assert_eq!(error(Scheme::Plain, Depth::True), None);
        assert_eq!(error(Scheme::Light, Depth::Sixteen), Some(Color::Red));
        assert_eq!(error(Scheme::Dark, Depth::True), Some(Color::Rgb(0xff, 0x6b, 0x6b)));
        assert_eq!(error(Scheme::Light, Depth::True), Some(Color::Rgb(0xc0, 0x1c, 0x28)));
        assert_eq!(error(Scheme::Dark, Depth::Many), Some(Color::Indexed(203)));
        assert_eq!([[0, 0, 0], [255, 255, 255], [128, 128, 128], [95, 135, 175]].map(nearest), [16, 231, 244, 67]);
    }
}
