//! No text from outside acts on what shows it: not from the wire, wherever it stands there, not a file's name, not the command
//! line; in no form of output.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use common::capture;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use rtmp_inspect::book::{self, Loader};
use rtmp_inspect::synth::{Amf, object};
use rtmp_inspect::synth::{Conversation, Link, pcap};
use rtmp_inspect::tui::{self, App, draw};
use serde_json::Value;

/// What acts: C0, DEL and C1, the controls of direction, the ends of lines and paragraphs, and what is no character.
fn acting() -> Vec<char> {
    let ranges = ['\0'..='\u{1f}', '\u{7f}'..='\u{9f}', '\u{200e}'..='\u{200f}', '\u{2028}'..='\u{202e}'];
    let more = ['\u{61c}', '\u{fdd0}', '\u{fffe}', '\u{ffff}', '\u{1fffe}', '\u{10ffff}'];
    ranges.into_iter().flatten().chain('\u{2066}'..='\u{2069}').chain(more).collect()
}

/// Text with all of it, with an escape sequence behind `<`, and with the marks of HTML, Markdown and JSON.
fn evil(name: &str) -> String {
    let acting: String = acting().into_iter().collect();
    format!("{name}<\u{1b}[31m><script>|`\"\\'{acting}é")
}

/// A session that has such text in every place that takes text.
fn session() -> Conversation {
    let text = |name: &str| Amf::from(evil(name).as_str());
    let connect = object([
        ("app".to_owned(), text("app")),
        ("flashVer".to_owned(), text("flashVer")),
        ("tcUrl".to_owned(), Amf::from(format!("rtmp://{}/live", evil("host")).as_str())),
        (evil("property"), text("value")),
    ]);
    let status = object([
        ("level".to_owned(), text("level")),
        ("code".to_owned(), text("code")),
        ("description".to_owned(), text("description")),
        (evil("member"), text("details")),
    ]);
    let accepted = [
        object([("fmsVer".to_owned(), text("fmsVer")), (evil("mode"), text("mode"))]),
        object([
            ("level".to_owned(), Amf::from("status")),
            ("code".to_owned(), Amf::from("NetConnection.Connect.Success")),
            ("description".to_owned(), text("description")),
        ]),
    ];
    Conversation::new()
        .handshake()
        .client(|c| c.command("connect", 1, &[connect]))
        .server(|s| s.result(1, &accepted))
        .client(|c| c.command(&evil("command"), 2, &[Amf::Null, text("argument")]))
        .server(|s| s.error(2, &evil("code"), &evil("description")))
        .client(|c| c.create_stream(3))
        .server(|s| s.create_stream_result(3, 1))
        .client(|c| c.publish(1, 4, &evil("stream")))
        .server(|s| s.on_status(1, &evil("level"), &evil("NetStream.Odd"), &evil("description")))
        .server(|s| s.stream_command(1, "onStatus", 0, &[Amf::Null, status]))
        .client(|c| c.data(1, 0, "@setDataFrame", &[text("name"), object([(evil("key"), text("encoder"))])]))
        .client(|c| c.data(1, 0, &evil("data"), &[text("value")]))
        .client(|c| c.play(1, 5, &evil("played")))
        .client(|c| c.delete_stream(1))
}

/// Captures with such text; one has it in its name too.
fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let name = if cfg!(unix) { "evil <\u{1b}[31m\u{9b}1m\u{202e}\n.pcap" } else { "evil.pcap" };
    let path = folder.join(name);
    pcap::write(File::create(&path).unwrap(), &Link::v4().packets(&session())).unwrap();
    let cases = ["compare-level-escape", "compare-json-c1", "junit-noncharacter"];
    cases.iter().map(|case| capture(&format!("cases/{case}.pcap"))).chain([path]).collect()
}

fn run(arguments: &[&str], path: Option<&Path>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).args(path).output().unwrap()
}

fn assert_clean(bytes: &[u8], what: &str) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let found = text.char_indices().find(|(_, c)| *c != '\n' && acting().contains(c));
    assert!(found.is_none(), "{what}: {found:?} in {:?}", text.lines().find(|line| line.contains(found.unwrap().1)));
    text
}

/// Every form of output of a capture.
const FORMS: [&[&str]; 20] = [
    &["--text", "--notes"],
    &["--json", "--payload", "hex"],
    &["--text", "-Y", "type == 20"],
    &["check", "--notes"],
    &["check"],
    &["check", "--json"],
    &["check", "--junit", "--fail-on", "note"],
    &["check", "--sarif"],
    &["stats"],
    &["stats", "--json"],
    &["compare"],
    &["compare", "--all"],
    &["compare", "captures/srs/ffmpeg-publish-and-play.pcap"],
    &["compare", "--html", "captures/srs/ffmpeg-publish-and-play.pcap"],
    &["compare", "--json"],
    &["compare", "--markdown"],
    &["compare", "--html"],
    &["report"],
    &["report", "-Y", "type == 20"],
    &["--json", "--follow", "no\u{1b}[31msuch\u{9b}file"],
];

#[test]
fn nothing_that_acts_is_written() {
    for path in captures() {
        for form in FORMS {
            for secrets in [&[][..], &["--show-secrets"]] {
                let arguments = [form, secrets].concat();
                let output = run(&arguments, Some(&path));
                let what = format!("{arguments:?} {path:?}");
                let text = assert_clean(&output.stdout, &what);
                assert_clean(&output.stderr, &what);
                if form.contains(&"--junit") {
                    assert!(!junit_parser::from_reader(text.as_bytes()).unwrap().suites.is_empty(), "{what}");
                }
                if form.contains(&"--html") {
                    assert!(!text.contains("<script"), "{what}");
                }
                if form.contains(&"--json") || form.contains(&"--sarif") {
                    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
                    values.for_each(|value| drop(value.unwrap()));
                }
            }
        }
    }
}

#[test]
fn colour_is_the_program_s_own() {
    for path in captures() {
        for form in [&["--text", "--notes"][..], &["check", "--notes"], &["stats"], &["compare", "--all"]] {
            let output = run(&[form, &["--show-secrets", "--color", "always"]].concat(), Some(&path));
            let text = String::from_utf8(output.stdout).unwrap();
            // All that was sent has something in front of it, which what is painted has not.
            assert!(!text.contains("<\u{1b}") && !text.contains("level\u{1b}"), "{form:?} {text:?}");
            let mut plain = text.clone();
            for code in ["1;31", "1;33", "36", "0", "1", "32", "33", "31", "2"] {
                plain = plain.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert!(plain.len() < text.len() || form == ["stats"], "something is painted: {form:?}");
            assert_clean(plain.as_bytes(), &format!("{form:?} {path:?}"));
        }
    }
}

/// The program's words about the command line.
#[test]
fn what_was_typed_does_not_act() {
    let evil: String = evil("typed").chars().filter(|c| *c != '\0').collect();
    let denied = capture("srs/ffmpeg-publish-denied.pcap");
    let denied = denied.to_str().unwrap();
    let labelled = format!("{}={denied}", evil.replace(['=', '/'], ""));
    for arguments in [
        &[evil.as_str()][..],
        &["--json", &evil],
        &["-Y", &evil, "x"],
        &["-Y", &format!("command.name == \"{evil}"), "x"],
        &["--session", &evil, "x"],
        &[&format!("--{evil}")],
        &["check", "--allow", &evil, "x"],
        &["check", "--only", &evil, "x"],
        &["check", "--sessions", &evil, "x"],
        &["check", "--config", &evil, "x"],
        &["check", "--junit", &evil, denied],
        &["compare", "--reference", &evil, denied],
        &["compare", "--note", &evil, denied],
        &["compare", "--scenarios", &evil, denied],
        &["compare", &labelled],
        &["compare", "--json", &labelled],
        &["compare", "--markdown", &labelled],
        &["compare", "--html", &labelled],
        &["compare", &evil, denied],
        &["report", &evil, denied],
        &["report", "-Y", &format!("!(command.name == \"{}\")", evil.replace(['"', '\\'], "")), denied],
        &["rules", &evil],
        &["fields", &evil],
    ] {
        let output = run(arguments, None);
        let said = assert_clean(&output.stdout, &format!("{arguments:?}"));
        assert!(!(said.contains("<script") && arguments.contains(&"--html")), "{arguments:?}");
        assert_clean(&output.stderr, &format!("{arguments:?}"));
        assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{arguments:?}");
    }
}

/// A code that JSON has is the code that was sent.
#[test]
fn json_escapes_what_it_was_given() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("same.pcap");
    pcap::write(File::create(&folder).unwrap(), &Link::v4().packets(&session())).unwrap();
    let text = String::from_utf8(run(&["--json", "--show-secrets"], Some(&folder)).stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |pointer: &str| lines.iter().find_map(|line| line.pointer(pointer)).cloned();
    assert_eq!(said("/command/object/flashVer"), Some(evil("flashVer").into()));
    assert!(lines.iter().any(|line| line["command"]["name"] == evil("command").as_str()));
    let connect = said("/command/object").unwrap();
    assert_eq!(connect[evil("property")], evil("value").as_str());
}

/// As most terminals are.
const LOOK: tui::Look = tui::Look { scheme: tui::Scheme::Dark, depth: tui::Depth::True };

#[test]
fn nothing_that_acts_is_drawn() {
    for path in captures() {
        let captures = [path];
        let reading = book::Options { show_secrets: true, ..book::Options::default() };
        let options = tui::Options { reading, look: LOOK, ..tui::Options::default() };
        let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
        let mut app = App::new(book, &captures, &options);
        let mut done = false;
        while !done {
            let batch = loader.read();
            done = batch.progress.done;
            app.take(batch);
        }
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
        let keys = [KeyCode::Tab, KeyCode::Down, KeyCode::Down, KeyCode::Down, KeyCode::Enter, KeyCode::Right];
        let search = "/no\u{9b}\u{202e}\u{fffe}".chars().map(KeyCode::Char).chain([KeyCode::Enter]);
        for key in keys.into_iter().chain([KeyCode::Down; 24]).chain(search) {
            app.key(KeyEvent::new(key, KeyModifiers::NONE));
            while app.is_working() {
                app.work(Duration::MAX);
            }
            app.prepare(Rect::new(0, 0, 200, 60));
            terminal.draw(|frame| draw(frame, &app)).unwrap();
            let shown: String = terminal.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
            assert_clean(shown.as_bytes(), "screen");
        }
    }
}

/// What a terminal is sent for every screen: the program's own sequences alone, and its own colours. Whatever the wire has in it neither
/// moves the cursor nor changes how anything looks.
#[test]
fn no_wire_byte_acts_on_any_screen() {
    use ratatui::backend::CrosstermBackend;
    use ratatui::{TerminalOptions, Viewport};

    const SCREENS: [&str; 12] = [
        "",
        "\tj",
        "\n",
        "\njjjjj",
        "v",
        "F",
        "Fjjjjj",
        "LG",
        "LGkkkk",
        "D",
        "P",
        "\\command.name == \"\u{1b}[5m\u{9b}31m",
    ];
    let reading = book::Options { show_secrets: true, ..book::Options::default() };
    let options = tui::Options { reading, look: LOOK, ..tui::Options::default() };
    let area = Rect::new(0, 0, 160, 50);
    let drawn = |captures: &[PathBuf], keys: &str| {
        let (mut loader, book) = Loader::open(captures, &options.reading).unwrap();
        let mut app = App::new(book, captures, &options);
        loop {
            let batch = loader.read();
            let done = batch.progress.done;
            app.take(batch);
            if done {
                break;
            }
        }
        let mut sent = Vec::new();
        {
            let fixed = TerminalOptions { viewport: Viewport::Fixed(area) };
            let mut terminal = Terminal::with_options(CrosstermBackend::new(&mut sent), fixed).unwrap();
            // At every message in turn, too.
            for key in keys.chars().chain("jjjjjjjjjjjjjjjjjjjjjjjj".chars()) {
                let code = match key {
                    '\n' => KeyCode::Enter,
                    '\t' => KeyCode::BackTab,
                    letter => KeyCode::Char(letter),
                };
                app.key(KeyEvent::new(code, KeyModifiers::NONE));
                while app.is_working() {
                    app.work(Duration::MAX);
                }
                app.prepare(area);
                terminal.draw(|frame| draw(frame, &app)).unwrap();
            }
        }
        String::from_utf8(sent).unwrap()
    };
    let looks = |text: &str| -> std::collections::BTreeSet<String> {
        text.split("\u{1b}[")
            .skip(1)
            .filter_map(|rest| Some(rest[..=rest.find(|c: char| c.is_ascii_alphabetic())?].to_owned()))
            .filter(|sequence| sequence.ends_with('m'))
            .collect()
    };
    for path in captures() {
        for keys in SCREENS {
            let text = drawn(std::slice::from_ref(&path), keys);
            // All that is left when the program's own sequences are taken out is plain text.
            for (at, piece) in text.split('\u{1b}').enumerate() {
                let rest = if at == 0 { piece } else { behind_sequence(piece, area, keys) };
                assert_clean(rest.as_bytes(), keys);
            }
            for sequence in looks(&text) {
                let code = sequence.trim_end_matches('m');
                let own = ["0", "1", "2", "4", "7", "22", "24", "27", "39", "49", "59", "39;49", ""];
                assert!(own.contains(&code) || code.starts_with("38;2;"), "{keys:?}: {sequence:?}");
            }
        }
    }
}

/// What stands behind one of the program's own sequences: places, looks, and whether the cursor is seen.
fn behind_sequence<'t>(piece: &'t str, area: Rect, keys: &str) -> &'t str {
    let rest = piece.strip_prefix('[').unwrap_or_else(|| panic!("{keys:?}: ESC {piece:?}"));
    let (parameters, behind) = rest.split_at(rest.find(|c: char| c.is_ascii_alphabetic()).unwrap());
    assert!(parameters.chars().all(|c| c.is_ascii_digit() || c == ';' || c == '?'), "{keys:?}: {parameters:?}");
    assert!(matches!(behind.as_bytes()[0], b'H' | b'm' | b'h' | b'l' | b'J'), "{keys:?}: {rest:?}");
    if behind.starts_with('H') {
        let place: Vec<u16> = parameters.split(';').map(|part| part.parse().unwrap()).collect();
        assert!(place[0] <= area.height && place[1] <= area.width, "{keys:?}: {place:?}");
    }
    &behind[1..]
}
