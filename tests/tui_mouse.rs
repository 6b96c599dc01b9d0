//! The mouse on the screen: events in as a terminal gives them, whole screens out.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use screen::Screen;

use rtmp_inspect::tui::{Config, Options};

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const SESSIONS: &str = "transport/format-snaplen-1000.pcap";
const LEFT: MouseButton = MouseButton::Left;

fn mouse(screen: &mut Screen, kind: MouseEventKind, (column, row): (u16, u16)) {
    screen.app.mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    screen.show();
}

fn click(screen: &mut Screen, at: (u16, u16)) {
    mouse(screen, MouseEventKind::Down(LEFT), at);
    mouse(screen, MouseEventKind::Up(LEFT), at);
}

fn drag(screen: &mut Screen, from: (u16, u16), to: (u16, u16)) {
    mouse(screen, MouseEventKind::Down(LEFT), from);
    mouse(screen, MouseEventKind::Drag(LEFT), to);
    mouse(screen, MouseEventKind::Up(LEFT), to);
}

/// Where a text stands, the first time from the top.
#[track_caller]
fn place(screen: &Screen, text: &str) -> (u16, u16) {
    let seen = screen.text(false);
    let find = |(row, line): (usize, &str)| {
        let at = line.find(text)?;
        Some((line[..at].chars().count() as u16, row as u16))
    };
    seen.lines().enumerate().find_map(find).unwrap_or_else(|| panic!("no {text:?} in\n{seen}"))
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let at = place(&screen, "connect(1)");
    click(&mut screen, at);
    assert!(screen.line().contains("connect(1)"), "{}", screen.text(false));
    // At the same place: what Enter does.
    mouse(&mut screen, MouseEventKind::Down(LEFT), at);
    screen.has("›▸ message");
    // A field, and its bytes.
    let at = place(&screen, "transaction_id");
    click(&mut screen, at);
    assert!(
        screen.text(true).lines().any(|line| line.contains("[› ") && line.contains("transaction_id")),
        "{}",
        screen.text(true)
    );
}

#[test]
fn a_click_on_a_byte_chooses_its_field() {
    let mut screen = Screen::one(DENIED, 200, 50);
    let at = place(&screen, "connect(1)");
    click(&mut screen, at);
    let (x, y) = place(&screen, "6f 6e 6e 65 63 74");
    click(&mut screen, (x + 3, y));
    screen.has("›    name ");
    let by_digits = screen.text(true);
    // Among the letters too.
    let line = screen.text(false).lines().nth(usize::from(y)).unwrap().to_owned();
    let letters = line.rfind("onnect").map(|at| line[..at].chars().count() as u16).unwrap();
    assert!(letters > x);
    let at = place(&screen, "connect(1)");
    click(&mut screen, at);
    click(&mut screen, (letters + 1, y));
    assert_eq!(screen.text(true), by_digits);
}

#[test]
fn the_wheel_moves_what_is_under_the_pointer() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let first = screen.text(true);
    // The first row below the heading, which is the selected one.
    let top = |screen: &Screen| {
        let text = screen.text(false);
        text.lines().skip_while(|line| !line.contains(" what ")).nth(1).unwrap().to_owned()
    };
    let before = top(&screen);
    assert!(before.starts_with('›'));
    let at = place(&screen, "connect(1)");
    mouse(&mut screen, MouseEventKind::ScrollDown, at);
    // The selection stays where it was, above what is seen, until a key goes on from there.
    assert!(!top(&screen).starts_with('›'), "{}", screen.text(false));
    screen.has(" 1/29");
    mouse(&mut screen, MouseEventKind::ScrollUp, at);
    assert_eq!(screen.text(true), first);
    mouse(&mut screen, MouseEventKind::ScrollDown, at);
    screen.press(KeyCode::Down);
    screen.has(" 2/29");
    assert!(top(&screen).starts_with('›'), "{}", screen.text(false));
    // In a window it moves that.
    screen.keys("?");
    let help = screen.text(false);
    mouse(&mut screen, MouseEventKind::ScrollDown, (40, 10));
    assert_ne!(screen.text(false), help);
}

#[test]
fn headings_sort_sessions() {
    let mut screen = Screen::one(SESSIONS, 120, 40);
    let at = place(&screen, "outcome");
    click(&mut screen, at);
    screen.has("outcome↑");
    click(&mut screen, (at.0 + 1, at.1));
    screen.has("outcome↓");
    let at = place(&screen, "no.");
    click(&mut screen, at);
    screen.has_not("outcome↓");
    // And a click chooses one.
    let (x, y) = place(&screen, "no.");
    click(&mut screen, (x + 20, y + 3));
    screen.has("session 2: ");
}

#[test]
fn borders_are_dragged() {
    let mut screen = Screen::one(SESSIONS, 120, 40);
    let timeline = |screen: &Screen| place(screen, " what ").1;
    let first = timeline(&screen);
    drag(&mut screen, (60, first), (60, first + 2));
    assert_eq!(timeline(&screen), first + 2, "{}", screen.text(false));
    // It stays there when the keys go to the bytes, and in another size takes its share.
    screen.press(KeyCode::Tab).press(KeyCode::Tab).press(KeyCode::Tab);
    screen.press(KeyCode::Tab);
    assert_eq!(timeline(&screen), first + 2);
    let mut wide = Screen::one(DENIED, 200, 50);
    let (x, y) = place(&wide, "│");
    drag(&mut wide, (x, y + 3), (x - 20, y + 3));
    assert_eq!(place(&wide, "│").0, x - 20);
    // What is dragged elsewhere moves nothing.
    drag(&mut wide, (5, 20), (5, 30));
    assert_eq!(place(&wide, "│").0, x - 20);
}

#[test]
fn without_the_mouse_nothing_happens() {
    let options = Options { config: Config::parse("mouse = false"), ..Options::default() };
    let mut screen = Screen::with(DENIED, 80, 24, &options);
    let before = screen.text(true);
    let at = place(&screen, "connect(1)");
    click(&mut screen, at);
    assert_eq!(screen.text(true), before);
}

/// Whatever a mouse does anywhere, at any size.
#[test]
fn no_mouse_panics() {
    for (width, height) in [(40, 10), (80, 24), (10, 3)] {
        for capture in [DENIED, "nginx-rtmp/not-rtmp-http-and-tls.pcap"] {
            let mut screen = Screen::one(capture, width, height);
            for (index, keys) in
                ["", "\n", "F", "\u{1b}", "L", "\u{1b}", "P", "\u{1b}", ":", "\u{1b}", "\\", "\u{1b}", "?"]
                    .into_iter()
                    .enumerate()
            {
                screen.keys(keys);
                for y in (0..height + 2).step_by(3) {
                    let x = (u32::from(y) * 37 + index as u32 * 11) as u16 % (width + 3);
                    mouse(&mut screen, MouseEventKind::Down(LEFT), (x, y));
                    mouse(&mut screen, MouseEventKind::Drag(LEFT), (y, x));
                    mouse(&mut screen, MouseEventKind::ScrollDown, (x, y));
                    mouse(&mut screen, MouseEventKind::Up(LEFT), (y, x));
                }
            }
        }
    }
}
