//! How the program ends when something outside ends it: documents are whole, and the terminal is as it was.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rtmp_inspect::synth::{Link, pcap, sample};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// What ends the program, and the status that a shell would see.
const SIGNALS: [(&str, i32); 3] = [("-TERM", 143), ("-QUIT", 131), ("-HUP", 129)];

/// No files of who runs the tests: neither are they read nor written.
const NOWHERE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nowhere");

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"));
    command.env("XDG_CONFIG_HOME", NOWHERE).env("XDG_STATE_HOME", NOWHERE);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Waits for the end.
fn end(child: &mut Child) -> ExitStatus {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("it still runs");
}

fn capture() -> Vec<u8> {
    let mut bytes = Vec::new();
    pcap::write(&mut bytes, &Link::v4().packets(&sample::publish(3))).unwrap();
    bytes
}

/// Gives a program a capture through a pipe that stays open, and then a signal.
fn interrupted(arguments: &[&str], signal: &str) -> (Option<i32>, String) {
    let mut command = program();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let said = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    // A pipe holds 64 KiB: once more than that is written, the program reads, and listens to signals.
    for _ in 0..40 {
        stdin.write_all(&capture()).unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    send(signal, &child);
    let status = end(&mut child);
    drop(stdin);
    (status.code(), said.join().unwrap())
}

#[test]
fn documents_are_whole_when_a_signal_ends_the_reading() {
    for (signal, status) in SIGNALS {
        let (code, text) = interrupted(&["check", "--junit", "-"], signal);
        assert_eq!(code, Some(status));
        assert!(!junit_parser::from_reader(text.as_bytes()).unwrap().suites.is_empty(), "{text}");
        for arguments in [["check", "--sarif", "-"], ["compare", "--json", "one=-"]] {
            let (code, text) = interrupted(&arguments, signal);
            assert_eq!(code, Some(status));
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
        for arguments in [&["compare", "--html", "one=-"][..], &["report", "-"]] {
            let (code, text) = interrupted(arguments, signal);
            assert_eq!(code, Some(status));
            assert!(text.ends_with("</html>\n"), "{text}");
        }
        let (code, text) = interrupted(&["--json", "-"], signal);
        assert_eq!(code, Some(status));
        assert!(text.lines().last().unwrap().starts_with("{\"event\":\"summary\""), "{text}");
    }
}

/// As under `nohup`. Where the system tells what is ignored.
#[test]
#[cfg(target_os = "linux")]
fn a_hang_up_that_is_to_be_ignored_is_ignored() {
    let mut command = Command::new("sh");
    let script = "trap '' HUP; exec \"$0\" --json -";
    command.args(["-c", script, env!("CARGO_BIN_EXE_rtmp-inspect")]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&capture()).unwrap();
    // The first line comes when it listens to signals.
    let mut first = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    send("-HUP", &child);
    thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none());
    drop(stdin);
    assert_eq!(end(&mut child).code(), Some(0));
}

fn has(drawn: &[u8], text: &[u8]) -> bool {
    drawn.windows(text.len()).any(|window| window == text)
}

/// A terminal with the screen on it.
struct Screen {
    terminal: rustix::fd::OwnedFd,
    line: File,
    before: Termios,
    child: Child,
    /// What was drawn first.
    first: Vec<u8>,
}

impl Screen {
    fn open() -> Screen {
        Screen::open_with(&[])
    }

    fn open_with(variables: &[(&str, &str)]) -> Screen {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        // A child of another test must not hold it open.
        rustix::io::fcntl_setfd(&terminal, rustix::io::FdFlags::CLOEXEC).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let name = Path::new(OsStr::from_bytes(name.as_bytes())).to_owned();
        let line = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&line, Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = tcgetattr(&line).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        let mut command = program();
        command
            .arg("captures/srs/ffmpeg-publish-denied.pcap")
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let mut screen = Screen { terminal, line, before, child, first: Vec::new() };
        screen.first = screen.until(b"denied");
        let rest = screen.rest();
        screen.first.extend(rest);
        assert!(!screen.is_restored(), "the terminal is raw while the screen is on it");
        screen
    }

    fn read(&mut self) -> Vec<u8> {
        let mut some = [0; 4096];
        let length = rustix::io::read(&self.terminal, &mut some).unwrap();
        some[..length].to_vec()
    }

    /// Reads what is drawn until some text was. Gives all of it.
    fn until(&mut self, text: &[u8]) -> Vec<u8> {
        let mut drawn = Vec::new();
        while !has(&drawn, text) {
            drawn.extend(self.read());
        }
        drawn
    }

    /// What else was drawn, as far as it is there.
    fn rest(&mut self) -> Vec<u8> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut rest = Vec::new();
        let wait = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        while poll(&mut [PollFd::new(&self.terminal, PollFlags::IN)], Some(&wait)).is_ok_and(|ready| ready > 0) {
            rest.extend(self.read());
        }
        rest
    }

    fn is_restored(&self) -> bool {
        let now = tcgetattr(&self.line).unwrap();
        now.local_modes == self.before.local_modes && now.input_modes == self.before.input_modes
    }
}

#[test]
fn the_terminal_is_as_it_was_when_a_signal_ends_the_screen() {
    for (signal, status) in SIGNALS.into_iter().chain([("-INT", 130)]) {
        let mut screen = Screen::open();
        send(signal, &screen.child);
        // The other screen is left, and the cursor is there.
        screen.until(b"\x1b[?1049l");
        assert_eq!(end(&mut screen.child).code(), Some(status), "{signal}");
        assert!(screen.is_restored(), "{signal}");
    }
}

/// What the system says a process does: `T` is stopped.
#[cfg(target_os = "linux")]
fn is_stopped(child: &Child) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    stat.rsplit(')').next().unwrap().trim_start().starts_with('T')
}

/// As a job of a shell is stopped, and taken up again; twice.
#[test]
#[cfg(target_os = "linux")]
fn the_terminal_is_as_it_was_while_the_screen_is_stopped() {
    let mut screen = Screen::open();
    for _ in 0..2 {
        send("-TSTP", &screen.child);
        screen.until(b"\x1b[?1049l");
        let since = Instant::now();
        while !is_stopped(&screen.child) && since.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(20));
        }
        assert!(is_stopped(&screen.child) && screen.is_restored());
        send("-CONT", &screen.child);
        // All of it is drawn again, on the other screen.
        assert!(has(&screen.until(b"denied"), b"\x1b[?1049h"));
        assert!(!screen.is_restored());
    }
    // One that cannot be caught.
    send("-STOP", &screen.child);
    send("-CONT", &screen.child);
    screen.until(b"denied");
    rustix::io::write(&screen.terminal, b"q").unwrap();
    screen.until(b"\x1b[?1049l");
    assert_eq!(end(&mut screen.child).code(), Some(0));
    assert!(screen.is_restored());
}

#[test]
fn a_terminal_that_is_gone_ends_the_screen() {
    let Screen { terminal, line, mut child, .. } = Screen::open();
    drop((terminal, line));
    let status = end(&mut child);
    assert_eq!(status.code(), Some(129), "{status:?}");
}

/// A panic of either thread ends the program, with the status that Rust gives one, on a terminal that is as it was. What forces it is in no
/// program but those that are built for tests.
#[test]
#[cfg(debug_assertions)]
fn the_terminal_is_as_it_was_after_a_panic() {
    for thread in ["screen", "reader"] {
        let mut screen = Screen::open_with(&[("RTMP_INSPECT_TEST_PANIC", thread), ("RUST_BACKTRACE", "0")]);
        rustix::io::write(&screen.terminal, b"j").unwrap();
        let drawn = screen.until(b"forced by a test");
        assert!(has(&drawn, b"\x1b[?1049l"), "{thread}: the message stands on the screen that goes");
        assert_eq!(end(&mut screen.child).code(), Some(101), "{thread}");
        assert!(screen.is_restored(), "{thread}");
        for mode in [b"\x1b[?2004l".as_slice(), b"\x1b[?1000l", b"\x1b[?25h"] {
            assert!(has(&drawn, mode) || has(&screen.rest(), mode), "{thread}: {}", String::from_utf8_lossy(mode));
        }
    }
}

/// The mouse is asked for and given back; and not asked for where the configuration does not want it.
#[test]
fn the_mouse_is_given_back() {
    let mut screen = Screen::open();
    rustix::io::write(&screen.terminal, b"q").unwrap();
    assert!(has(&screen.until(b"\x1b[?1049l"), b"\x1b[?1000l"));
    assert_eq!(end(&mut screen.child).code(), Some(0));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rtmp-inspect")).unwrap();
    std::fs::write(folder.path().join("rtmp-inspect/config.toml"), "mouse = false\nplots = 1\n").unwrap();
    let mut screen = Screen::open_with(&[("XDG_CONFIG_HOME", folder.path().to_str().unwrap())]);
    assert!(!has(&screen.first, b"\x1b[?1000h") && has(&screen.first, b"config.toml, line 2: "));
    rustix::io::write(&screen.terminal, b"q").unwrap();
    // What is wrong with it is said on the plain terminal too, and fails nothing.
    screen.until(b"rtmp-inspect: config.toml, line 2: there is no setting");
    assert_eq!(end(&mut screen.child).code(), Some(0));
}

/// What is shown is saved as the command line writes it, masked, and never over another file.
#[test]
fn what_is_shown_is_saved_as_the_command_line_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let filter = "command.name == \"createStream\"";
    for (name, form) in [("shown.jsonl", "--json"), ("shown.txt", "--text")] {
        let path = folder.path().join(name);
        let mut screen = Screen::open();
        for keys in ["\\", filter, "\r", ":", "w ", path.to_str().unwrap(), "\r"] {
            rustix::io::write(&screen.terminal, keys.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(60));
        }
        screen.until(b" saved");
        let saved = std::fs::read(&path).unwrap();
        let mut command = program();
        command.args([form, "-Y", filter, "captures/srs/ffmpeg-publish-denied.pcap"]);
        let wanted = command.output().unwrap().stdout;
        assert_eq!(String::from_utf8(saved.clone()).unwrap(), String::from_utf8(wanted).unwrap());
        // Once more: it is there already.
        for keys in [":", "w ", path.to_str().unwrap(), "\r"] {
            rustix::io::write(&screen.terminal, keys.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(60));
        }
        screen.until(b"already");
        assert_eq!(std::fs::read(&path).unwrap(), saved);
        rustix::io::write(&screen.terminal, b"q").unwrap();
        assert_eq!(end(&mut screen.child).code(), Some(0));
    }
    let path = folder.path().join("clear.pcapng");
    let mut screen = Screen::open();
    for keys in [":", "w ", path.to_str().unwrap(), "\r"] {
        rustix::io::write(&screen.terminal, keys.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(60));
    }
    screen.until(b"in clear");
    rustix::io::write(&screen.terminal, b"q").unwrap();
    assert_eq!(end(&mut screen.child).code(), Some(0));
    let output = program().args(["check", "-q"]).arg(&path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
}

/// Where somebody was is where he is the next time; and nothing is written where that is not wanted.
#[test]
fn the_place_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let mut screen = Screen::open_with(&[("XDG_STATE_HOME", state)]);
    rustix::io::write(&screen.terminal, b"G").unwrap();
    thread::sleep(Duration::from_millis(200));
    rustix::io::write(&screen.terminal, b"q").unwrap();
    assert_eq!(end(&mut screen.child).code(), Some(0));
    let written = std::fs::read_to_string(folder.path().join("rtmp-inspect/places.json")).unwrap();
    assert!(written.contains("\"row\":28") && !written.contains("denied"), "{written}");
    let mut screen = Screen::open_with(&[("XDG_STATE_HOME", state)]);
    // All of it, not only what has changed.
    rustix::io::write(&screen.terminal, b"\x0c").unwrap();
    screen.until(b"29/29");
    send("-TERM", &screen.child);
    let config = tempfile::tempdir().unwrap();
    std::fs::create_dir(config.path().join("rtmp-inspect")).unwrap();
    std::fs::write(config.path().join("rtmp-inspect/config.toml"), "remember = false\n").unwrap();
    let other = tempfile::tempdir().unwrap();
    let variables = [("XDG_STATE_HOME", other.path()), ("XDG_CONFIG_HOME", config.path())];
    let variables = variables.map(|(name, path)| (name, path.to_str().unwrap()));
    let mut screen = Screen::open_with(&variables);
    rustix::io::write(&screen.terminal, b"Gq").unwrap();
    assert_eq!(end(&mut screen.child).code(), Some(0));
    assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
}

fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    for arguments in [&["--help"][..], &["--version"], &["check", "--help"], &["rules"], &["fields"]] {
        let output = program().args(arguments).stdout(full.try_clone().unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            complaint(&output).starts_with("rtmp-inspect: standard output: No space left"),
            "{}",
            complaint(&output)
        );
    }
}

#[test]
fn a_folder_for_copies_that_is_missing_is_named() {
    let mut screen = Screen::open();
    screen.child.kill().unwrap();
    let line = || Stdio::from(screen.line.try_clone().unwrap());
    let mut command = program();
    command.arg("-").stdin(File::open("captures/srs/ffmpeg-publish-denied.pcap").unwrap()).stdout(line());
    let output =
        command.env("TMPDIR", "/no/such/folder").stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let complaint = complaint(&output);
    assert!(
        complaint.contains("standard input: its copy for the screen in /no/such/folder cannot be made"),
        "{complaint}"
    );
    assert!(complaint.contains("set TMPDIR"), "{complaint}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn names_that_are_no_text_are_names() {
    let folder = tempfile::tempdir().unwrap();
    let name = |bytes: &[u8]| folder.path().join(OsStr::from_bytes(bytes));
    let path = name(b"\xff-publish.pcap");
    std::fs::write(&path, capture()).unwrap();
    for arguments in [&["--json"][..], &["--text"], &["check"], &["check", "--sarif"], &["stats"], &["compare"]] {
        let output = program().args(arguments).arg(&path).output().unwrap();
        assert_eq!((output.status.code(), complaint(&output)), (Some(0), String::new()), "{arguments:?}");
    }
    // Behind a label, with a star, and in a folder.
    for behind in [b"\xff-publish.pcap".as_slice(), b"\xff-*.pcap", b""] {
        let mut argument = OsStr::new("server=").to_owned();
        argument.push(if behind.is_empty() { folder.path().to_owned() } else { name(behind) });
        let output = program().args(["compare", "--json"]).arg(&argument).output().unwrap();
        assert_eq!((output.status.code(), complaint(&output)), (Some(0), String::new()), "{argument:?}");
        let compared: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(compared["labels"], serde_json::json!(["server"]));
    }
}
