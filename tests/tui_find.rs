//! Finding things on the screen: filter, search, and ways from one row to another.

#![allow(clippy::unwrap_used, unreachable_pub)]

#[path = "common/screen.rs"]
mod screen;

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};
use screen::Screen;

use rtmp_inspect::book::{Ask, Judge, Loader};
use rtmp_inspect::filter::{Filter, Scratch, Subject};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::synth::{Amf, Link, object, pcap, sample};
use rtmp_inspect::tui::{App, Depth, Look, Options, Scheme};

const DENIED: &str = "srs/ffmpeg-publish-denied.pcap";
const TWO_SESSIONS: &str = "node-media-server/ffmpeg-publish-bad-sign.pcap";

fn path(capture: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures").join(capture)
}

fn dark() -> Options {
    Options { look: Look { scheme: Scheme::Dark, depth: Depth::Sixteen }, ..Options::default() }
}

/// The answers of a filter, and whether it needed bytes.
struct Asked {
    filter: Filter,
    scratch: Scratch,
    read: usize,
}

impl Ask for Asked {
    fn decide(&mut self, subject: &Subject<'_>) -> Option<bool> {
        self.filter.decide(subject, &mut self.scratch)
    }

    fn matches(&mut self, subject: &Subject<'_>) -> bool {
        self.read += 1;
        self.filter.matches(subject, &mut self.scratch)
    }
}

/// How many messages a filter lets through, by the book; and of how many it read the bytes.
fn judged(capture: &str, filter: &str) -> (usize, usize) {
    let (mut loader, mut book) = Loader::open(&[path(capture)], &Options::default().reading).unwrap();
    loop {
        let batch = loader.read();
        book.begin(batch.progress.start);
        for item in batch.items {
            book.take(item);
        }
        if batch.progress.done {
            break;
        }
    }
    let filter = Filter::parse(filter).unwrap();
    let mut asked = Asked { filter, scratch: Scratch::new(&Limits::default()), read: 0 };
    let mut judge = Judge::default();
    let wanted = (0..book.len() as u32).filter(|row| judge.wants(&book, *row, &mut asked));
    let count = wanted.filter(|row| book.entry(*row).unwrap().n.is_some()).count();
    (count, asked.read)
}

/// The same by the program's text, for which events are whole.
fn told(capture: &str, filter: &str) -> usize {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_rtmp-inspect"))
        .args(["--json", "-q", "-Y", filter])
        .arg(path(capture))
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter(|line| line.contains(r#""event":"message""#) || line.contains(r#""event":"ftl""#)).count()
}

/// Rows of which the bytes are read again are judged as events are that were never without them.
#[test]
fn rows_are_judged_as_events_are() {
    const FILTERS: &[&str] = &[
        "type_name == \"video\"",
        "command.name == \"publish\" || command.name == \"_error\"",
        "!(type == 9) && !type == 8",
        "length > 100 && from == client",
        "command.answers",
        "finding.severity >= warning",
        "finding && !(finding.severity == note)",
        "video.frame_type == key || audio",
        "chunk_format == 0 && timestamp < 100",
        "time < 1s",
        "payload contains \"app\"",
        "session.client contains \"127\"",
        "size > 50 and chunks == 1",
        "problems",
        "extended_timestamp",
        "command.object.app matches \"live.*\"",
        "header || basic_header",
    ];
    let captures =
        [DENIED, TWO_SESSIONS, "transport/format-snaplen-1000.pcap", "cases/connect-in-peer-chunk-size.pcap"];
    let mut hits = 0;
    for filter in FILTERS.iter().filter(|filter| Filter::parse(filter).is_ok()) {
        for capture in captures {
            let (count, _) = judged(capture, filter);
            assert_eq!(count, told(capture, filter), "{filter} in {capture}");
            hits += count;
        }
    }
    assert!(hits > 300, "{hits}");
}

/// What a row has by itself, and what no message of media can have, is said without its bytes.
#[test]
fn bytes_are_read_only_where_a_filter_needs_them() {
    let (videos, read) = judged(TWO_SESSIONS, "type_name == \"video\" && length > 1");
    assert!(videos > 0 && read == 0, "{videos} {read}");
    let (_, all) = judged(TWO_SESSIONS, "payload contains \"x\"");
    let (_, commands) = judged(TWO_SESSIONS, "command.name == \"publish\"");
    assert!(commands < all, "{commands} of {all}");
    let (_, none) = judged(TWO_SESSIONS, "command.name == \"publish\" && type == 9");
    assert_eq!(none, 0);
}

#[test]
fn a_filter_is_applied_and_dropped() {
    let mut screen = Screen::one(TWO_SESSIONS, 120, 35);
    screen.keys("/fcunpublish\n\\type_name == \"video\"\n");
    screen.has("shown ");
    screen.has(" of 82 rows: type_name == \"video\"");
    let text = screen.text(false);
    let rows = text.lines().filter(|line| line.contains(" → ") || line.contains(" ← "));
    assert!(
        rows.filter(|line| line.starts_with("  ") && line.contains('.')).all(|line| line.contains("video")),
        "{text}"
    );
    screen.keys("\u{1b}");
    screen.has_not("shown ");
    // Where the view had no row, the last one is come back to.
    screen.keys("/fcunpublish\n");
    let line = screen.line();
    screen.keys("\\type == 77\n");
    screen.has("the filter lets nothing through");
    screen.has("shown 0 of 82 rows");
    screen.keys("\u{1b}");
    assert_eq!(screen.line(), line);
    // Nothing written is no filter.
    screen.keys("\\type == 20\n");
    screen.has("shown ");
    screen.keys("\\");
    for _ in 0..20 {
        screen.press(KeyCode::Backspace);
    }
    screen.keys("\n");
    screen.has_not("shown ");
}

#[test]
fn a_filter_of_the_command_line() {
    let options = Options { filter: Some("command.name == \"connect\"".to_owned()), ..dark() };
    let screen = Screen::with(TWO_SESSIONS, 120, 35, &options);
    screen.has("shown 2 of 82 rows: command.name == \"connect\"");
    assert!(screen.line().contains("connect"), "{}", screen.text(false));
}

/// It takes in what is read, as it is read.
#[test]
fn a_filter_applies_while_the_capture_is_read() {
    let captures = [path(TWO_SESSIONS)];
    let options = Options { filter: Some("command.name == \"connect\"".to_owned()), ..dark() };
    let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
    let app = App::new(book, &captures, &options);
    let mut screen = Screen::of(app, 120, 35);
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let batch = loader.read_packets(5);
        let done = batch.progress.done;
        screen.app.take(batch);
        screen.show();
        let text = screen.text(false);
        seen.insert(text.split("shown ").nth(1).unwrap().split(' ').next().unwrap().to_owned());
        if done {
            break;
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["0", "1", "2"]);
}

#[test]
fn a_filter_being_written_80x24() {
    insta::assert_snapshot!(Screen::one(DENIED, 80, 24).keys("\\command.na").text(true));
}

#[test]
fn a_filter_being_written_120x35() {
    insta::assert_snapshot!(Screen::one(DENIED, 120, 35).keys("\\type_name == \"video\" && vid⇥⇥").text(true));
}

#[test]
fn a_filter_being_written_200x50() {
    insta::assert_snapshot!(Screen::one(DENIED, 200, 50).keys("\\from == ⇥").text(true));
}

/// What is wrong stands under where it is, as far as there is room.
#[test]
fn a_filter_with_a_mistake_80x24() {
    insta::assert_snapshot!(Screen::one(DENIED, 80, 24).keys("\\lenth > 3").text(true));
}

#[test]
fn a_filter_with_a_mistake_120x35() {
    let text = "\\type_name == \"video\" && (length > 3 || comand.name == \"publish\" && length < 3";
    insta::assert_snapshot!(Screen::one(DENIED, 120, 35).keys(text).text(true));
}

#[test]
fn filters_are_completed_and_remembered() {
    let mut screen = Screen::one(DENIED, 120, 35);
    screen.keys("\\command.nam⇥ == \"connect\"\n");
    screen.has("shown 1 of ");
    screen.keys("\\\u{1b}");
    screen.has("shown 1 of ");
    screen.keys("\u{1b}\\type == 20\n\u{1b}\\mine");
    screen.press(KeyCode::Up);
    screen.has(" filter: type == 20");
    screen.press(KeyCode::Up).press(KeyCode::Up);
    screen.has(" filter: command.name == \"connect\"");
    screen.press(KeyCode::Down).press(KeyCode::Down);
    screen.has(" filter: mine");
    // What is no filter is not applied.
    screen.keys("\n");
    screen.has(" filter: mine");
}

/// A field's value, a row's type and a session are filters in one key.
#[test]
fn what_is_selected_is_a_filter() {
    let mut screen = Screen::one(DENIED, 120, 35);
    // The property `app` of the call `connect`.
    screen.keys("/connect(1)\n\njjjjjj=");
    screen.has("rows: command.object.app == \"");
    screen.keys("\u{1b}\u{1b}");
    screen.has_not("shown ");
    screen.keys("/connect(1)\n=");
    screen.has("rows: command.name == \"connect\"");
    screen.keys("\u{1b}/connect(1)\n-");
    screen.has("rows: !(command.name == \"connect\")");
    screen.keys("\u{1b}/connect(1)\n=");
    screen.press(KeyCode::BackTab).keys("j+");
    screen.has("rows: (command.name == \"connect\") && session");
}

/// What stands among the fields is found, and the cursor goes there; on from there to the next one.
#[test]
fn a_search_finds_fields() {
    let mut screen = Screen::one(DENIED, 120, 35);
    // No row says it: it is the name of a field, which is folded.
    screen.keys("/epoch_of\n");
    screen.has("not found: epoch_of");
    screen.keys("/nonpriv\n");
    screen.has("›");
    let selected = |screen: &Screen| {
        let text = screen.text(true);
        text.lines().rfind(|line| line.starts_with("[›")).unwrap_or_default().to_owned()
    };
    assert!(selected(&screen).contains("nonprivate"), "{}", screen.text(false));
    assert!(screen.text(false).contains("connect(1)"));
    // Back among the rows, from the other end: the same.
    screen.keys("\u{1b}gg/transaction_id\n");
    assert!(selected(&screen).contains("transaction_id"), "{}", screen.text(false));
    // A folded group is opened.
    screen.keys("\u{1b}gg/chunk_stream_id\n");
    assert!(selected(&screen).contains("chunk_stream_id"), "{}", screen.text(false));
    let first = selected(&screen);
    screen.keys("nN");
    assert_eq!(selected(&screen), first);
}

#[test]
fn a_search_finds_bytes_and_expressions() {
    let mut screen = Screen::one(DENIED, 200, 50);
    screen.keys("/x:02 00 07 63 6f 6e 6e 65 63 74\n");
    screen.has("command_amf0");
    assert!(screen.text(true).contains("[00 07 63"), "{}", screen.text(true));
    screen.keys("\u{1b}gg/63:6f:6e:6e\n");
    screen.has("connect(1)");
    screen.keys("\u{1b}gg//^fcpub.*[0-9]/\n");
    assert!(screen.line().contains("FCPublish"), "{}", screen.text(false));
    screen.keys("//(/\n");
    screen.has("unclosed group");
    screen.keys("\u{1b}/⇥FCPUB.*sh\n");
    screen.has("not found: FCPUB");
    screen.keys("/");
    screen.app.key(KeyEvent::new(KeyCode::Char('t'), crossterm::event::KeyModifiers::CONTROL));
    screen.app.key(KeyEvent::new(KeyCode::Char('t'), crossterm::event::KeyModifiers::CONTROL));
    screen.press(KeyCode::Up);
    screen.has("any case");
    screen.keys("\n");
    assert!(screen.line().contains("FCPublish"), "{}", screen.text(false));
}

#[test]
fn a_search_being_written_120x35() {
    insta::assert_snapshot!(Screen::one(DENIED, 120, 35).keys("/⇥fc.*sh").text(true));
}

#[test]
fn a_field_found_200x50() {
    insta::assert_snapshot!(Screen::one(DENIED, 200, 50).keys("/nonpriv\n").text(true));
}

#[test]
fn a_field_found_80x24() {
    insta::assert_snapshot!(Screen::one(DENIED, 80, 24).keys("/nonpriv\n").text(true));
}

/// Times are those since the start, since the row before, since a chosen row, and of the clock.
#[test]
fn times_are_of_four_kinds() {
    let mut screen = Screen::one(DENIED, 120, 35);
    let times = |screen: &Screen| {
        let text = screen.text(false);
        let rows = text.lines().skip_while(|line| !line.contains(" what ")).skip(1);
        let time = |line: &str| line.split_whitespace().find(|word| word.contains('.')).unwrap_or_default().to_owned();
        rows.filter(|line| line.contains(" → ") || line.contains(" ← ")).take(4).map(time).collect::<Vec<_>>()
    };
    assert_eq!(times(&screen)[1..], ["0.000070", "0.000070", "0.001057"]);
    screen.keys("t");
    screen.has("times are since the row before");
    assert_eq!(times(&screen)[1..], ["0.000070", "0.000000", "0.000987"]);
    screen.keys("t");
    screen.has("       UTC ");
    assert_eq!(times(&screen)[1..], ["04:42:50.935161", "04:42:50.935161", "04:42:50.936148"]);
    screen.keys("t/connect(1)\nT");
    screen.has("times are since message 1");
    screen.has("-0.042003");
    screen.keys("T");
    screen.has("since the capture's first packet");
}

#[test]
fn times_since_a_row_80x24() {
    insta::assert_snapshot!(Screen::one(DENIED, 80, 24).keys("/connect(1)\nT").text(true));
}

#[test]
fn times_of_the_clock_200x50() {
    insta::assert_snapshot!(Screen::one(DENIED, 200, 50).keys("tt").text(true));
}

/// A message with a finding says which, and one key leads there and another one back.
#[test]
fn a_marked_message_says_why() {
    let mut screen = Screen::one(DENIED, 120, 35);
    screen.keys("]w");
    assert!(screen.line().contains("warning[CMD006]"), "{}", screen.text(false));
    screen.keys("o");
    assert!(screen.line().contains("createStream(4)"), "{}", screen.text(false));
    screen.has(" w  warning[CMD006]: transaction-unanswered: the server never answered createStream(4)");
    insta::assert_snapshot!(screen.text(true));
    screen.keys("w");
    assert!(screen.line().contains("warning[CMD006]"), "{}", screen.text(false));
    screen.keys("]e");
    screen.has("no error below");
}

#[test]
fn numbers_and_times_are_gone_to() {
    let mut screen = Screen::one(TWO_SESSIONS, 120, 35);
    screen.keys(":30");
    screen.has("› to message 30");
    screen.keys("\n");
    assert!(screen.line().starts_with("›  30 "), "{}", screen.text(false));
    screen.keys(":0.2s\n");
    assert!(screen.line().contains(" 0.2"), "{}", screen.text(false));
    screen.keys(":99999\n");
    screen.has("there is no message 99999");
}

#[test]
fn holes_and_key_frames_are_gone_to() {
    let mut screen = Screen::one("transport/format-snaplen-1000.pcap", 120, 40);
    screen.keys("]h");
    let first = screen.line();
    assert!(
        first.contains("incomplete") || first.contains("gap") || first.contains("missing"),
        "{}",
        screen.text(false)
    );
    screen.keys("]h[h");
    assert_eq!(screen.line(), first);
    let mut screen = Screen::one(TWO_SESSIONS, 120, 40);
    screen.keys("]k");
    assert!(screen.line().contains("coded_frames") && screen.line().contains("key"), "{}", screen.text(false));
    screen.keys("[k");
    screen.has("no key frame above");
}

/// Runs of media are opened and closed with the arrows, and say how many key frames they have.
#[test]
fn runs_are_opened_and_closed() {
    let mut screen = Screen::one(TWO_SESSIONS, 120, 40);
    screen.keys("M]k");
    // The search for one opened its run.
    let inside = screen.line();
    assert!(inside.contains("coded_frames"), "{}", screen.text(false));
    screen.keys("h");
    assert!(screen.line().contains("▸") && screen.line().contains(", 1 key frame"), "{}", screen.text(false));
    screen.keys("l");
    assert!(screen.line().contains("▾"), "{}", screen.text(false));
    screen.keys("h");
    assert!(screen.line().contains("▸"), "{}", screen.text(false));
}

/// A capture with a text that no line has room for.
fn long_text() -> PathBuf {
    let text = format!("begin {} end", "0123456789".repeat(40));
    let members = [("text", Amf::from(&*text)), ("number", Amf::from(1.5))];
    let conversation = sample::publishing().client(|c| c.command("noted", 9, &[Amf::Null, object(members)]));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("long-text.pcap");
    pcap::write(std::fs::File::create(&path).unwrap(), &Link::v4().packets(&conversation)).unwrap();
    path
}

/// What is copied is whole, and masked as it is shown.
#[test]
fn values_names_bytes_and_json_are_copied() {
    let mut screen = Screen::one(DENIED, 120, 35);
    screen.keys("/nonpriv\nyy");
    assert_eq!(screen.app.copied(), "nonprivate");
    screen.has("copied: value of type");
    screen.keys("yp");
    assert_eq!(screen.app.copied(), "command.object.type");
    screen.keys("yx");
    assert_eq!(screen.app.copied(), "02 00 0a 6e 6f 6e 70 72 69 76 61 74 65");
    screen.keys("kkyj");
    let json: serde_json::Value = serde_json::from_str(screen.app.copied()).unwrap();
    assert_eq!(json["type"], "nonprivate");
    // The whole row.
    screen.keys("\u{1b}yj");
    let json: serde_json::Value = serde_json::from_str(screen.app.copied()).unwrap();
    assert_eq!((&json["command"]["name"], &json["command"]["transaction_id"]), (&"connect".into(), &1.into()));
    // The stream's key is copied only where it is shown.
    for show_secrets in [false, true] {
        let reading = rtmp_inspect::book::Options { show_secrets, ..Default::default() };
        let mut screen = Screen::with(TWO_SESSIONS, 120, 35, &Options { reading, ..dark() });
        screen.keys(":35\n");
        for (keys, secret) in [("yy", "deadbeef"), ("yj", "deadbeef"), ("yx", "64 65 61 64 62 65 65 66")] {
            let copied = screen.keys(keys).app.copied();
            assert_eq!(copied.contains(secret), show_secrets, "{keys}: {copied}");
        }
    }
}

#[test]
fn what_was_copied_is_written_to_a_new_file() {
    let mut screen = Screen::one(DENIED, 120, 35);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("copied.txt");
    std::fs::remove_file(&path).ok();
    screen.keys(">");
    screen.has("nothing was copied");
    screen.keys("/nonpriv\nyy>").app.paste(path.to_str().unwrap());
    screen.keys("\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "nonprivate");
    screen.keys(">").app.paste(path.to_str().unwrap());
    screen.keys("\n");
    screen.has("exists already");
}

/// A long value is read in a window, copied whole, and found in its end.
#[test]
fn a_long_value_is_read_whole_80x24() {
    let path = long_text();
    let mut screen = Screen::one(path.to_str().unwrap(), 80, 24);
    screen.keys("/9 end\n\n");
    screen.has("begin 0123");
    screen.has("89 end");
    insta::assert_snapshot!(screen.text(true));
    screen.keys("qyy");
    assert!(screen.app.copied().starts_with("begin 01") && screen.app.copied().ends_with("89 end"));
    assert_eq!(screen.app.copied().len(), 410);
}

/// What is shown is said, however many files there are.
#[test]
fn names_of_files_leave_room() {
    let captures: Vec<_> = (0..9).map(|_| path(TWO_SESSIONS)).collect();
    let options = Options { filter: Some("command".to_owned()), ..dark() };
    let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
    let mut app = App::new(book, &captures, &options);
    let mut done = false;
    while !done {
        let batch = loader.read();
        done = batch.progress.done;
        app.take(batch);
    }
    let mut screen = Screen::of(app, 80, 24);
    screen.show();
    screen.has("…  shown 20 of 82 rows: command  48 messages");
}

#[test]
fn what_the_palette_does_not_know_is_said() {
    let mut screen = Screen::one(DENIED, 80, 24);
    screen.keys(":nosuch\n").has("there is no action, number or time 'nosuch'");
}
