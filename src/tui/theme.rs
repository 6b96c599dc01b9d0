//! How things look: every role that something on the screen plays has a style, in a scheme and in as many colours as the
//! terminal has. Nothing is told by colour alone.

use std::env;

use ratatui::style::{Color, Modifier, Style};

use crate::book::Fate;
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
    /// What came out as it was meant.
    Well,
}

/// A role's look. A colour is the terminal's own where it has sixteen, and otherwise the scheme's.
struct Paint {
    role: Role,
    /// As a configuration calls it.
    name: &'static str,
    modifier: Modifier,
    own: Option<Color>,
    dark: u32,
    light: u32,
}

/// Without a colour.
const fn plain(role: Role, name: &'static str, modifier: Modifier) -> Paint {
    Paint { role, name, modifier, own: None, dark: 0, light: 0 }
}

const fn paint(role: Role, name: &'static str, modifier: Modifier, own: Color, dark: u32, light: u32) -> Paint {
    Paint { role, name, modifier, own: Some(own), dark, light }
}

const NONE: Modifier = Modifier::empty();
const HEADING: Modifier = Modifier::UNDERLINED;

/// All roles, in their order.
const PAINTS: [Paint; 17] = [
    paint(Role::Error, "error", Modifier::BOLD, Color::Red, 0xff_6b6b, 0xc0_1c28),
    paint(Role::Warning, "warning", Modifier::BOLD, Color::Yellow, 0xf5_c451, 0x8f_5902),
    paint(Role::Note, "note", NONE, Color::Cyan, 0x7f_d1d8, 0x00_707a),
    paint(Role::Client, "client", NONE, Color::Green, 0x8f_d694, 0x1a_7f37),
    paint(Role::Server, "server", NONE, Color::Magenta, 0xd7_a1f9, 0x8a_3ab9),
    plain(Role::Quiet, "quiet", Modifier::DIM),
    plain(Role::Strong, "strong", Modifier::BOLD),
    paint(Role::Label, "label", NONE, Color::Cyan, 0x7f_d1d8, 0x00_707a),
    paint(Role::Trouble, "trouble", NONE, Color::Yellow, 0xf5_c451, 0x8f_5902),
    plain(Role::Heading, "heading", HEADING.union(Modifier::DIM)),
    plain(Role::HeadingFocused, "heading-focused", HEADING.union(Modifier::BOLD)),
    plain(Role::Selected, "selected", Modifier::REVERSED),
    plain(Role::SelectedAside, "selected-aside", Modifier::BOLD),
    plain(Role::FieldBytes, "field-bytes", Modifier::REVERSED),
    paint(Role::HeaderBytes, "header-bytes", NONE, Color::Blue, 0x79_a8ff, 0x05_50ae),
    plain(Role::Status, "status", Modifier::BOLD.union(Modifier::REVERSED)),
    paint(Role::Well, "well", NONE, Color::Green, 0x8f_d694, 0x1a_7f37),
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
    #[cfg(test)]
    pub(super) fn new(look: Look) -> Self {
        Theme::with(look, &[])
    }

    /// The theme, with some of its colours chosen by name.
    pub(super) fn with(look: Look, chosen: &[(String, Tint)]) -> Self {
        let style = |paint: Paint| {
            let own = paint.style(look);
            let tint = chosen.iter().rev().find(|(name, _)| name == paint.name);
            tint.map_or(own, |(_, tint)| tint.over(own, paint.is_bar(), look))
        };
        Theme { styles: PAINTS.map(style) }
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

    /// How a session came out.
    pub(super) fn fate(&self, fate: Fate) -> Style {
        match fate {
            Fate::Refused => self.of(Role::Error),
            Fate::Broken => self.of(Role::Warning),
            Fate::Dark => self.of(Role::Trouble),
            Fate::Begun => Style::new(),
            Fate::Well => self.of(Role::Well),
        }
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

/// What a user chose for a role: its colours, and how strong they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tint {
    text: Option<Color>,
    ground: Option<Color>,
    /// Instead of the theme's own, where there are any.
    modifier: Modifier,
}

impl Tint {
    /// Reads `red`, `bold #ff6b6b`, `underlined`, `black on 214`.
    pub(super) fn parse(text: &str) -> Option<Tint> {
        let (mut tint, mut is_ground) = (Tint::default(), false);
        for word in text.split_whitespace() {
            let modifier = MODIFIERS.iter().find(|(name, _)| *name == word).map(|(_, modifier)| *modifier);
            match (modifier, word) {
                (Some(modifier), _) => tint.modifier |= modifier,
                (None, "on") if !is_ground => is_ground = true,
                (None, color) => {
                    let place = if is_ground { &mut tint.ground } else { &mut tint.text };
                    if place.is_some() {
                        return None;
                    }
                    *place = Some(color.parse().ok()?);
                }
            }
        }
        (tint != Tint::default()).then_some(tint)
    }

    /// On a terminal of sixteen colours those that it lacks are left out, and without colours all are.
    fn over(self, own: Style, is_bar: bool, look: Look) -> Style {
        let mut style = own;
        if !self.modifier.is_empty() {
            let base = if is_bar { Style::reset() } else { Style { add_modifier: Modifier::empty(), ..own } };
            style = base.add_modifier(self.modifier);
        }
        let can = |color: Color| match (color, look.depth) {
            _ if look.scheme == Scheme::Plain => None,
            (Color::Rgb(..) | Color::Indexed(16..), Depth::Sixteen) => None,
            (Color::Rgb(red, green, blue), Depth::Many) => Some(Color::Indexed(nearest([red, green, blue]))),
            (color, _) => Some(color),
        };
        if let Some(color) = self.text.and_then(can) {
            style = style.fg(color);
        }
        if let Some(color) = self.ground.and_then(can) {
            style = style.bg(color);
        }
        style
    }
}

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// The names of all roles, in their order.
pub(super) fn roles() -> impl Iterator<Item = &'static str> {
    PAINTS.iter().map(|paint| paint.name)
}

impl Paint {
    /// Whether it lies over whatever is drawn there.
    fn is_bar(&self) -> bool {
        matches!(self.role, Role::Selected)
    }

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
    fn colours_are_chosen() {
        let all = [("error".to_owned(), Tint::parse("underlined #0a0b0c on white").unwrap())];
        let error = |scheme, depth| Theme::with(Look { scheme, depth }, &all).severity(Severity::Error);
        let style = error(Scheme::Light, Depth::True);
        assert_eq!((style.fg, style.bg), (Some(Color::Rgb(10, 11, 12)), Some(Color::White)));
        assert_eq!(style.add_modifier, Modifier::UNDERLINED);
        // What the terminal lacks stays as the theme has it.
        assert_eq!(error(Scheme::Dark, Depth::Sixteen).fg, Some(Color::Red));
        let plain = error(Scheme::Plain, Depth::True);
        assert_eq!((plain.fg, plain.bg), (None, None));
        assert_eq!(
            ["", "rot", "red blue", "red on", "on"].map(|text| Tint::parse(text).is_some()),
            [false, false, false, true, false]
        );
        assert_eq!(Tint::parse("214"), Some(Tint { text: Some(Color::Indexed(214)), ..Tint::default() }));
    }

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
