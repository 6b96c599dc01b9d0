//! Every screen with its styles: the light theme at three sizes, the terminal's own sixteen colours, and none.
//!
//! Under each line of a screen stands a line of letters, one for each style but the plain one; what the letters mean stands below the screen.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use ratatui::style::{Color, Modifier};
use screen::Screen;

use rtmp_inspect::tui::{Depth, Look, Options, Scheme};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];
const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const RELAYED: &str = "node-media-server/ffmpeg-publish-and-play.pcap";
const HOLES: &str = "transport/format-snaplen-1000.pcap";
const NONE: &str = "nginx-rtmp/not-rtmp-http-and-tls.pcap";

/// Screens by name, with the keys that lead there.
const SCREENS: [(&str, &str, &str); 13] = [
    ("rows", DENIED, "jj"),
    ("sessions", HOLES, "\tjmj"),
    ("fields", DENIED, "/connect(1)\n\njjjjjj"),
    ("bytes", DENIED, "/connect(1)\n\njjj⇥jl"),
    ("nothing", NONE, ""),
    ("findings", DENIED, "F"),
    ("ladder", RELAYED, "\tj\nLjjjjjjjj"),
    ("diff", RELAYED, "Dn"),
    ("plots", RELAYED, "\tj\nP→→"),
    ("help", DENIED, "?jj"),
    ("actions", DENIED, ":not"),
    ("filter", DENIED, "\\command.nam == 1"),
    ("search", DENIED, "/onstatus"),
];

fn color(color: Color) -> String {
    match color {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        other => other.to_string().to_lowercase(),
    }
}

/// A screen as text, with its styles.
fn styled(screen: &Screen) -> String {
    let buffer = screen.buffer();
    let mut known: Vec<String> = Vec::new();
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let (mut line, mut letters) = (String::new(), String::new());
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            line.push_str(cell.symbol());
            let mut words = Vec::new();
            if cell.fg != Color::Reset {
                words.push(color(cell.fg));
            }
            if cell.bg != Color::Reset {
                words.push(format!("on {}", color(cell.bg)));
            }
            let modifiers = [
                (Modifier::BOLD, "bold"),
                (Modifier::DIM, "dim"),
                (Modifier::UNDERLINED, "underlined"),
                (Modifier::REVERSED, "reversed"),
            ];
            words.extend(
                modifiers.iter().filter(|(it, _)| cell.modifier.contains(*it)).map(|(_, name)| (*name).to_owned()),
            );
            // Of an empty cell only what shows on it.
            let shows = cell.symbol() != " " || cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED);
            let style = if shows || cell.bg != Color::Reset { words.join(" ") } else { String::new() };
            if style.is_empty() {
                letters.push(' ');
                continue;
            }
            let at = known.iter().position(|other| *other == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            letters.push(char::from(b'a' + u8::try_from(at).unwrap()));
        }
        text += line.trim_end();
        text.push('\n');
        if !letters.trim().is_empty() {
            text += &format!("{}\n", letters.trim_end());
        }
    }
    for (letter, style) in ('a'..).zip(known) {
        text += &format!("{letter} {style}\n");
    }
    text
}

fn shown(capture: &str, keys: &str, (width, height): (u16, u16), look: Look) -> Screen {
    let mut screen = Screen::with(capture, width, height, &Options { look, ..Options::default() });
    screen.keys(keys);
    screen
}

#[test]
fn every_screen_on_a_light_ground() {
    let look = Look { scheme: Scheme::Light, depth: Depth::True };
    for (name, capture, keys) in SCREENS {
        for size in SIZES {
            let screen = shown(capture, keys, size, look);
            insta::assert_snapshot!(format!("light_{name}_{}x{}", size.0, size.1), styled(&screen));
        }
    }
}

#[test]
fn every_screen_in_the_terminal_s_own_colours() {
    let look = Look { scheme: Scheme::Dark, depth: Depth::Sixteen };
    for (name, capture, keys) in SCREENS {
        insta::assert_snapshot!(format!("sixteen_{name}"), styled(&shown(capture, keys, SIZES[0], look)));
    }
}

/// Without colours the styles say what colours say otherwise, and the text is the same.
#[test]
fn every_screen_without_colours() {
    for (name, capture, keys) in SCREENS {
        let plain = shown(capture, keys, SIZES[0], Look::default());
        assert!(plain.buffer().content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{name}");
        let look = Look { scheme: Scheme::Light, depth: Depth::True };
        assert_eq!(plain.text(true), shown(capture, keys, SIZES[0], look).text(true), "{name}");
        insta::assert_snapshot!(format!("plain_{name}"), styled(&plain));
    }
}
