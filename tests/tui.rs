//! The terminal interface, screen by screen: keys in, whole screens out. No threads and no clock: the capture is read
//! first, or as far as a test wants.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use screen::Screen;

use rtmp_inspect::book::{self, Loader};
use rtmp_inspect::synth::{Amf, Link, object, pcap, sample};
use rtmp_inspect::tui::{App, BINDINGS, Depth, Look, Options, Scheme, draw, markdown};

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const TWO_SESSIONS: &str = "node-media-server/ffmpeg-publish-bad-sign.pcap";

macro_rules! assert_screen {
    ($screen:expr) => {
        insta::assert_snapshot!($screen.text(true))
    };
}

#[test]
fn first_screen_80x24() {
    assert_screen!(Screen::one(DENIED, 80, 24));
}

#[test]
fn first_screen_200x50() {
    assert_screen!(Screen::one(TWO_SESSIONS, 200, 50));
}

#[test]
fn first_screen_40x10() {
    assert_screen!(Screen::one(DENIED, 40, 10));
}

#[test]
fn too_small() {
    assert_screen!(Screen::one(DENIED, 30, 5));
}

/// The call `connect`, and in it the property `app`.
#[test]
fn a_field_and_its_bytes_80x24() {
    assert_screen!(Screen::one(DENIED, 80, 24).keys("/connect(1)\n\njjjjjj"));
}

#[test]
fn a_field_and_its_bytes_200x50() {
    assert_screen!(Screen::one(DENIED, 200, 50).keys("/connect(1)\n\njjjjjj"));
}

#[test]
fn a_header_unfolded_200x50() {
    assert_screen!(Screen::one(DENIED, 200, 50).keys("/connect(1)\n\n\njjjjjjjjjjjjj\njjj"));
}

/// The bytes of a compressed capture are read again from what was spooled.
#[test]
fn a_compressed_capture_shows_the_same_bytes() {
    let plain = Screen::one(DENIED, 200, 50).keys("/connect(1)\n\njjjjjj").text(true);
    let bytes = std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures").join(DENIED)).unwrap();
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ffmpeg-publish-denied.pcap");
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &bytes).unwrap();
    encoder.finish().unwrap();
    let compressed = Screen::one(path.to_str().unwrap(), 200, 50).keys("/connect(1)\n\njjjjjj").text(true);
    assert!(compressed.contains("6f 6e 6e 65 63 74"), "{compressed}");
    // The screen's frame may name the file.
    let body = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&compressed), body(&plain));
}

/// The cursor among the bytes chooses the field.
#[test]
fn bytes_choose_the_field() {
    let mut screen = Screen::one(DENIED, 80, 24);
    screen.keys("/connect(1)\n\njjj").press(KeyCode::Tab).keys("jjjl");
    assert_screen!(screen);
}

/// Messages that were not read as RTMP has it have a mark, and their fields say which way they were read.
#[test]
fn a_message_that_was_read_otherwise_80x24() {
    assert_screen!(Screen::one("cases/connect-in-peer-chunk-size.pcap", 80, 24).keys("/connect(1)\n"));
}

#[test]
fn a_finding_80x24() {
    assert_screen!(Screen::one(DENIED, 80, 24).keys("/answered createstream(4)\n"));
}

#[test]
fn a_finding_200x50() {
    assert_screen!(Screen::one(DENIED, 200, 50).keys("/answered createstream(4)\n"));
}

#[test]
fn from_a_finding_to_its_message_and_from_an_answer_to_its_call() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let is_there = |screen: &Screen| {
        screen.text(false).lines().any(|line| line.contains('›') && line.contains("never answered creat"))
    };
    for _ in 0..50 {
        if !is_there(&screen) {
            screen.keys("f");
        }
    }
    screen.keys("o");
    assert!(screen.text(false).contains("›  10 "), "{}", screen.text(false));
    screen.keys("jjo");
    assert!(screen.text(false).contains("›   8 "), "{}", screen.text(false));
    // And from the call to its answer.
    screen.keys("o");
    assert!(screen.text(false).contains("›  12 "), "{}", screen.text(false));
    screen.keys("ggo");
    assert!(screen.text(false).contains("this row refers to no other"));
}

#[test]
fn a_search_being_written() {
    assert_screen!(Screen::one(TWO_SESSIONS, 80, 24).keys("/onstatus"));
}

#[test]
fn a_search_finds_and_goes_around() {
    let mut screen = Screen::one(TWO_SESSIONS, 80, 24);
    let found = |screen: &Screen| {
        let text = screen.text(false);
        let line = text.lines().find(|line| line.starts_with('›') && line.contains("onStatus"));
        line.and_then(|line| line[3..].split_whitespace().next()).unwrap_or_default().to_owned()
    };
    assert_eq!(found(screen.keys("/onstatus\n")), "12");
    assert_eq!(found(screen.keys("n")), "36");
    assert_eq!(found(screen.keys("n")), "12");
    assert!(screen.text(false).contains("from the other end"));
    assert_eq!(found(screen.keys("N")), "36");
    assert_eq!(found(screen.keys("N")), "12");
    screen.keys("/no such thing\n");
    assert_eq!(found(&screen), "12");
    assert!(screen.text(false).contains("not found: no such thing"));
}

#[test]
fn one_session() {
    let mut screen = Screen::one(TWO_SESSIONS, 80, 24);
    screen.press(KeyCode::BackTab).keys("jj\nG");
    assert_screen!(screen);
    screen.press(KeyCode::Esc);
    let text = screen.text(false);
    let (at, _) = text.match_indices('/').find(|(at, _)| text[..*at].ends_with(|c: char| c.is_ascii_digit())).unwrap();
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    let before: String = text[..at].chars().rev().take_while(char::is_ascii_digit).collect();
    assert_eq!(before.chars().rev().collect::<String>(), digits(&text[at + 1..]), "all lines, the last one: {text}");
}

#[test]
fn a_session_of_the_command_line() {
    let options = Options { session: Some(2), ..Options::default() };
    let screen = Screen::with(TWO_SESSIONS, 200, 50, &options);
    assert!(screen.text(false).contains("session 2: 1/"), "{}", screen.text(false));
}

#[test]
fn help_80x24() {
    assert_screen!(Screen::one(DENIED, 80, 24).keys("?"));
}

/// A capture of more than a hundred seconds that ends with a finding, with a late time and a long name in it.
fn long_capture() -> PathBuf {
    let key = "a_key_that_is_longer_than_anybody_would_expect_of_one";
    let members = [(key, Amf::from("long")), ("a", Amf::from(1))];
    let conversation = sample::publishing()
        .wait_ms(163_000)
        .client(|c| c.audio(1, 12_345_678, vec![0xaf, 1, 0x21]))
        .client(|c| c.command("noted", 9, &[Amf::Null, object(members)]));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("long.pcap");
    pcap::write(std::fs::File::create(&path).unwrap(), &Link::v4().packets(&conversation)).unwrap();
    path
}

#[test]
fn long_times_and_a_long_name_80x24() {
    let path = long_capture();
    let mut screen = Screen::one(path.to_str().unwrap(), 80, 24);
    assert!(screen.keys("G").text(false).contains("›     └ "), "{}", screen.text(false));
    assert_screen!(screen.keys("/noted\n\njjjj"));
}

/// The selected line is one bar, whatever is in it.
#[test]
fn the_selection_is_one_bar() {
    let mut screen = Screen::one(DENIED, 80, 24);
    for keys in ["", "jj", "jjjjjjjjj", "\n", "j"] {
        screen.keys(keys);
        let buffer = screen.buffer();
        let lines = buffer.content.chunks(80).take(22);
        let mut bars = lines.filter(|line| line.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)));
        let bar = bars.next().unwrap().iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
        let looks: std::collections::HashSet<_> = bar.map(|cell| (cell.fg, cell.bg, cell.modifier)).collect();
        assert_eq!(looks.len(), 1, "{keys}: {looks:?}");
    }
}

fn control(letter: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
}

#[test]
fn help_scrolls_to_its_end() {
    let mut screen = Screen::one(DENIED, 80, 24);
    assert!(!screen.keys("?").text(false).contains("In the list of actions"));
    assert!(screen.keys("G").text(false).contains("In the list of actions"));
    // What works where one is stands first, under its name.
    assert!(screen.keys("gg").text(false).contains("In the timeline."));
}

/// What leaves a window or a line leaves that alone.
#[test]
fn windows_and_lines_are_closed_and_the_program_goes_on() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let first = screen.text(true);
    let closing = [KeyEvent::from(KeyCode::Char('q')), KeyEvent::from(KeyCode::Esc), control('c')];
    for key in closing {
        screen.keys("?").app.key(key);
        screen.show();
        assert_eq!(screen.text(true), first, "{key:?}");
    }
    for key in &closing[1..] {
        for open in ["/some", ":some"] {
            assert_ne!(screen.keys(open).text(true), first);
            screen.app.key(*key);
            screen.show();
            assert_eq!(screen.text(true), first, "{open} {key:?}");
        }
    }
    assert!(!screen.app.is_over());
    assert!(screen.keys("q").app.is_over());
}

/// Pasted letters are no keys.
#[test]
fn pasted_text_goes_where_something_is_written() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let first = screen.text(true);
    screen.app.paste("request\n");
    screen.show();
    assert_eq!((screen.text(true), screen.app.is_over()), (first, false));
    screen.keys("/").app.paste("\nconn\u{1b}ect(1)\r\nq");
    screen.show();
    assert!(screen.text(false).contains("/connect(1) "), "{}", screen.text(false));
    assert!(screen.keys("\n").text(false).contains("›   1 "), "{}", screen.text(false));
}

#[test]
fn keys_come_one_after_the_other() {
    let mut screen = Screen::one(DENIED, 80, 24);
    let first = screen.text(true);
    screen.keys("Gg");
    assert!(screen.text(false).trim_end().ends_with(" g…"), "{}", screen.text(false));
    assert_eq!(screen.keys("g").text(true), first);
    // What does not go on with it is a key of its own.
    screen.keys("gf");
    assert!(screen.text(false).contains("›     └ note[HSK004]"), "{}", screen.text(false));
}

#[test]
fn the_palette_80x24() {
    let mut screen = Screen::one(DENIED, 80, 24);
    screen.app.key(control('p'));
    assert_screen!(screen.keys("find"));
}

/// The palette folds media, Enter opens a run, and a search goes into what is folded.
#[test]
fn runs_of_media_are_folded() {
    let mut screen = Screen::one(TWO_SESSIONS, 120, 40);
    let place = |screen: &Screen| {
        let text = screen.text(false);
        text.lines().find(|line| line.contains("what ")).unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(place(&screen), "1/82");
    screen.keys("/fcunpublish\n");
    assert_eq!(place(&screen), "35/82");
    // The selected row stays.
    screen.keys(":fold\n");
    assert_eq!(place(&screen), "27/66");
    assert!(screen.text(false).contains("FCUnpublish"));
    screen.keys("k");
    assert_screen!(screen);
    screen.keys("\n");
    assert_eq!(place(&screen), "26/75");
    screen.keys("\n");
    assert_eq!(place(&screen), "26/66");
    // Message 20 is inside.
    screen.keys("gg/coded_frames 186\n");
    assert_eq!(place(&screen), "33/75");
    screen.keys(":fold\n");
    assert_eq!(place(&screen), "32/82");
}

#[test]
fn marked_sessions_are_shown_together() {
    let mut screen = Screen::one("transport/format-snaplen-1000.pcap", 120, 40);
    screen.press(KeyCode::BackTab).keys("jmjm");
    let text = screen.text(false);
    assert!(text.contains("sessions 1, 2: ") && text.contains("•1 "), "{text}");
    screen.keys("km");
    assert!(screen.text(false).contains("sessions 2: "), "{}", screen.text(false));
    screen.press(KeyCode::Esc).press(KeyCode::Esc);
    assert!(!screen.text(false).contains("sessions 2: "));
}

/// Sessions are sorted by a column, either way; the selected one stays selected.
#[test]
fn sessions_are_sorted() {
    let mut screen = Screen::one("transport/format-snaplen-1000.pcap", 120, 40);
    let order = |screen: &Screen| {
        let lines: Vec<_> =
            screen.text(false).lines().skip(2).take(2).map(|line| line[..5].trim().to_owned()).collect();
        (lines[0].clone(), lines[1].clone())
    };
    let is = |first: &str, second: &str| (first.to_owned(), second.to_owned());
    screen.press(KeyCode::BackTab).keys("j");
    assert_eq!(order(&screen), is("›1", "2"));
    // By the columns up to that of messages: the first has more of these.
    for _ in 0..20 {
        if !screen.text(false).contains("by messages ↓") {
            screen.keys("s");
        }
    }
    assert!(screen.text(false).contains("by messages ↓"), "{}", screen.text(false));
    assert_eq!(order(&screen), is("›1", "2"));
    screen.keys("S");
    assert!(screen.text(false).contains("by messages ↑"));
    assert_eq!(order(&screen), is("2", "›1"));
    assert!(screen.keys("k").text(false).contains("session 2: "));
    for _ in 0..20 {
        if !screen.text(false).contains("in their order") {
            screen.keys("s");
        }
    }
    assert_eq!(order(&screen), is("1", "›2"));
}

/// Long work says how far it is, goes on between keys, and Esc ends it.
#[test]
fn a_search_can_be_stopped() {
    let mut screen = Screen::one("transport/format-snaplen-1000.pcap", 120, 40);
    let first = screen.text(true);
    let start = |screen: &mut Screen| {
        for key in "/no such thing".chars() {
            screen.app.key(KeyEvent::from(KeyCode::Char(key)));
        }
        screen.app.key(KeyEvent::from(KeyCode::Enter));
        (0..400).for_each(|_| screen.app.work(Duration::ZERO));
    };
    start(&mut screen);
    assert!(screen.app.is_working());
    let size = Rect::new(0, 0, 120, 40);
    screen.app.prepare(size);
    screen.terminal.draw(|frame| draw(frame, &screen.app)).unwrap();
    assert!(screen.text(false).contains(" searching, 26 %; Esc stops"), "{}", screen.text(false));
    screen.press(KeyCode::Esc);
    assert!(!screen.app.is_working());
    assert_eq!(screen.text(true), first);
    start(&mut screen);
    screen.show();
    assert!(screen.text(false).contains("not found: no such thing"));
}

/// `docs/tui.md` is what the program knows; `BLESS=1` writes its tables again.
#[test]
fn the_list_of_keys_is_in_sync() {
    const MARK: &str = "<!-- generated -->\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/tui.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (text, tables) = written.split_once(MARK).unwrap();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, format!("{text}{MARK}{}", markdown())).unwrap();
    } else {
        assert!(tables == markdown(), "docs/tui.md is old: BLESS=1 cargo test --test tui");
    }
}

#[test]
fn handshake_bytes() {
    assert_screen!(Screen::one(DENIED, 80, 24).keys("jj\njjjj"));
}

#[test]
fn holes_and_what_they_leave() {
    assert_screen!(Screen::one("transport/format-snaplen-1000.pcap", 120, 40).keys("/incomplete\n"));
}

#[test]
fn a_cut_capture_says_so() {
    assert_screen!(Screen::one("transport/derived-file-cut.pcap", 100, 24).keys("G"));
}

#[test]
fn no_rtmp() {
    assert_screen!(Screen::one("nginx-rtmp/not-rtmp-http-and-tls.pcap", 80, 24));
}

/// The stream's key is on no screen, neither in text nor in bytes, until it is asked for.
#[test]
fn secrets_are_masked() {
    let seen = |show_secrets| {
        let reading = book::Options { show_secrets, ..book::Options::default() };
        let options = Options { reading, ..Options::default() };
        let mut screen = Screen::with(TWO_SESSIONS, 200, 50, &options);
        let mut seen = String::new();
        for _ in 0..72 {
            screen.keys("j");
            seen += &screen.text(false);
        }
        seen
    };
    assert!(seen(true).contains("1-deadbeef"), "the capture has no secret");
    for secret in ["deadbeef", "64 65 61 64"] {
        assert!(!seen(false).contains(secret), "{secret}");
    }
}

/// Without colour everything is still there to be seen.
#[test]
fn a_capture_that_cannot_be_opened_leaves_the_others() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
    let captures = [folder.join("missing.pcap"), folder.join(DENIED)];
    let options = Options::default();
    let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
    let mut app = App::new(book, &captures, &options);
    let batch = loader.read();
    assert!(batch.progress.done);
    let complaints = batch.progress.complaints.clone();
    app.take(batch);
    assert!(complaints.len() == 1 && complaints[0].ends_with("missing.pcap: no such file"), "{complaints:?}");
    let mut screen = Screen::of(app, 120, 30);
    screen.show();
    assert!(screen.text(false).contains("connect(1)"), "{}", screen.text(false));
}

#[test]
fn no_color_is_no_color() {
    let options = Options::default();
    let mut screen = Screen::with(DENIED, 80, 24, &options);
    screen.keys("/answered createstream(4)\n");
    let buffer = screen.buffer();
    assert!(buffer.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
    assert!(screen.text(true).contains("[›"));
}

/// What is drawn is the same in every look, but its colours.
#[test]
fn looks_differ_in_colours_alone() {
    let screen = |look| Screen::with(DENIED, 80, 24, &Options { look, ..Options::default() });
    let plain = screen(Look::default());
    let mut seen = Vec::new();
    for scheme in [Scheme::Dark, Scheme::Light] {
        for depth in [Depth::Sixteen, Depth::Many, Depth::True] {
            let screen = screen(Look { scheme, depth });
            assert_eq!(screen.text(true), plain.text(true), "{scheme:?} {depth:?}");
            let cells = &screen.buffer().content;
            let colors: std::collections::BTreeSet<_> = cells.iter().map(|cell| format!("{:?}", cell.fg)).collect();
            let kind = match depth {
                Depth::Sixteen => "Cyan",
                Depth::Many => "Indexed(",
                Depth::True => "Rgb(",
            };
            assert!(colors.iter().any(|color| color.starts_with(kind)), "{colors:?}");
            assert_eq!(colors.iter().any(|color| color.starts_with("Rgb(")), depth == Depth::True);
            seen.push(colors);
        }
    }
    // The sixteen are the terminal's own.
    assert_eq!(seen[0], seen[3]);
    assert!(seen[1] != seen[4] && seen[2] != seen[5]);
}

/// A row takes little, and where its bytes lie too.
#[test]
fn the_index_is_small() {
    let screen = Screen::one("nginx-rtmp/obs-publish.pcap", 80, 24);
    let (index, evidence) = screen.app.memory();
    let messages = screen.app.messages() as usize;
    assert!(messages > 200, "{messages}");
    assert!(index / messages <= 130 && evidence / messages <= 40, "{} {}", index / messages, evidence / messages);
}

#[test]
fn every_key_of_the_table_is_safe_on_an_empty_capture() {
    let mut screen = Screen::one("nginx-rtmp/not-rtmp-http-and-tls.pcap", 80, 24);
    for binding in BINDINGS.iter() {
        for key in &binding.keys {
            screen.app.key(key.event());
            screen.show();
        }
        screen.press(KeyCode::Esc);
    }
}
