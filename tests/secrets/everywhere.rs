//! Every command and format, on captures of secrets where they were met.

use std::path::Path;
use std::process::Command;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use rtmp_inspect::book::{self, Loader};
use rtmp_inspect::tui::{App, Options, draw};

use super::{SECRET, assert_hidden, common};

/// Every command with every format of it. `FILE` is the capture.
const OUTPUTS: &[&[&str]] = &[
    &["--text", "FILE"],
    &["--json", "--payload", "hex", "FILE"],
    &["check", "--notes", "FILE"],
    &["check", "--json", "FILE"],
    &["check", "--junit", "FILE"],
    &["check", "--sarif", "FILE"],
    &["stats", "FILE"],
    &["stats", "--json", "FILE"],
    &["compare", "--all", "ONE=FILE"],
    &["compare", "--markdown", "ONE=FILE"],
    &["compare", "--html", "ONE=FILE"],
    &["report", "FILE"],
    &["compare", "--json", "ONE=FILE"],
];

/// What stays readable in text of what the secret stands in, by capture.
const READABLE: &[(&str, &str)] = &[
    ("app-is-key", r#"connect(1) app="***a" tcUrl="rtmp://10.0.0.1/***a" flashVer="FMLE/3.0""#),
    ("closed-stream-unpublish", r#"FCUnSubscribe(9) "***b""#),
    ("connect-extra-args", r#"connect(1) app="live" tcUrl="rtmp://10.0.0.1/live" flashVer="FMLE/3.0""#),
    ("connect-password-in-desc", r#"NetStream.Publish.Start "password ***a accepted for joe""#),
    ("custom-call-key-then-publish", r#"myRegister(7) "***a""#),
    ("data-name", "@setDataFrame ***a"),
    ("desc-joined", r#""stream***a started, id=***a01""#),
    ("hole-before-publish", r#"NetStream.Publish.Start "***a is now published.""#),
    ("key-in-app-and-publish", r#"publish(5) "***a" "live""#),
    ("key-in-app", r#"connect(1) app="live/***a" tcUrl="rtmp://10.0.0.1/live/***a""#),
    ("key-notutf8", r#"NetStream.Publish.Start "***b up""#),
    ("key-slash-path", r#""***b is now published; file ***b.flv""#),
    ("nested-password-array", r#"connect(1) app="live""#),
    ("onstatus-before-publish", r#"NetStream.Publish.Start "***a is now published.""#),
    ("password-number", r#"connect(1) app="live""#),
    ("pct-query", r#"app="live%3Ftoken%3D***a" tcUrl="rtmp://10.0.0.1/live%3Ftoken%3D***a""#),
    ("play-array", r#"play(5) ["***a", "***b"] -2"#),
    ("play-obj-arg", r#"play2(6) {oldStreamName="***a" streamName="***a" start=-2}"#),
    ("prop-accessToken", r#"connect(1) app="live""#),
    ("prop-pwd", r#"connect(1) app="live""#),
    ("prop-secretKey", r#"connect(1) app="live""#),
    ("publish-name-in-cmdobj", r#"publish(5) "***a""#),
    ("publish-second-arg", r#"publish(5) "***a" "***b""#),
    ("q-user", r#"publish(5) "***b?user=***a" "live""#),
    ("query-no-equals", r#"app="live?***a" tcUrl="rtmp://10.0.0.1/live?***a""#),
    ("secureTokenResponse", r#"secureTokenResponse(0) "***a""#),
    ("server-redirect-key", r#"NetConnection.Connect.Rejected "moved""#),
    ("server-redirect-userpass", r#""moved from rtmp://10.0.0.1/live to rtmp://***b:***a@10.0.0.9/live""#),
    ("server-side-only", r#"NetStream.Publish.Start "***a is now published.""#),
    ("tcurl-no-app", r#"connect(1) tcUrl="rtmp://10.0.0.1/live/***a""#),
    ("userpass-slash-in-pass", r#"tcUrl="rtmp://***b:***a@10.0.0.1/live""#),
];

fn run(arguments: &[&str], capture: &Path) -> String {
    let arguments = arguments.iter().map(|argument| argument.replace("FILE", capture.to_str().unwrap()));
    let output = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect")).args(arguments).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!errors.contains("error:"), "{errors}");
    String::from_utf8(output.stdout).unwrap() + &errors
}

/// Rows of the terminal interface with their fields and bytes.
fn screens(capture: &Path, width: u16, height: u16, show_secrets: bool) -> String {
    let reading = book::Options { show_secrets, ..book::Options::default() };
    let options = Options { reading, ..Options::default() };
    let captures = [capture.to_owned()];
    let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
    let mut app = App::new(book, &captures, &options);
    loop {
        let batch = loader.read();
        let done = batch.progress.done;
        app.take(batch);
        if done {
            break;
        }
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut seen = String::new();
    // The first rows downwards, then the last ones upwards.
    let keys = ["j".repeat(30), "G".to_owned(), "k".repeat(20)].concat();
    for key in keys.chars() {
        app.prepare(Rect::new(0, 0, width, height));
        terminal.draw(|frame| draw(frame, &app)).unwrap();
        let buffer = terminal.backend().buffer();
        for row in buffer.content.chunks(usize::from(width)) {
            seen.extend(row.iter().map(ratatui::buffer::Cell::symbol));
            seen.push('\n');
        }
        app.key(KeyEvent::from(KeyCode::Char(key)));
    }
    seen
}

fn cases() -> Vec<std::path::PathBuf> {
    let mut cases: Vec<_> =
        common::captures().into_iter().filter(|path| path.parent().unwrap().ends_with("cases/secrets")).collect();
    cases.sort();
    cases
}

#[test]
fn a_secret_is_in_no_output() {
    let cases = cases();
    assert_eq!(cases.len(), READABLE.len());
    for (case, (name, readable)) in cases.iter().zip(READABLE) {
        assert_eq!(case.file_stem().unwrap(), *name);
        for arguments in OUTPUTS {
            let output = run(arguments, case);
            let what = format!("{name}: {arguments:?}");
            assert!(output.len() > 50, "{what}: {output}");
            assert_hidden(&output, SECRET, &what);
            // What is split is hidden in both parts.
            assert_hidden(&output, &SECRET[..6], &what);
            assert_hidden(&output, &SECRET[6..], &what);
            assert!(!output.contains("31415926"), "{what}: {output}");
        }
        let text = run(OUTPUTS[0], case);
        assert!(text.contains(readable), "{name}: no {readable} in\n{text}");
    }
}

#[test]
fn a_secret_is_on_no_screen() {
    for case in cases() {
        for (width, height) in [(80, 24), (200, 50), (300, 100)] {
            let seen = screens(&case, width, height, false);
            let what = format!("{} at {width}x{height}", case.display());
            assert!(seen.contains("command_amf0") && (width == 80 || seen.contains("***")), "{what}");
            assert_hidden(&seen, &SECRET[..6], &what);
            assert_hidden(&seen, &SECRET[6..], &what);
        }
    }
    let open = screens(&common::capture("cases/secrets/key-in-app.pcap"), 200, 50, true);
    assert!(open.contains(SECRET), "{open}");
}

/// The same secrets are there where they are asked for, so that the other tests look for what can be found.
#[test]
fn a_secret_is_shown_when_it_is_asked_for() {
    for case in cases() {
        let shown = run(&["--json", "--payload", "hex", "--show-secrets", "FILE"], &case);
        // The slash of `userpass-slash-in-pass` parts it; the password that is a number is one.
        let is_there = [SECRET, "Zq7Rw9/Xk2LmP4", "\"password\":31415926"].iter().any(|text| shown.contains(text));
        assert!(is_there, "{}: {shown}", case.display());
    }
}
