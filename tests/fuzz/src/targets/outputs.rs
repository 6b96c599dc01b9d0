//! What two sides write → reports, statistics, a comparison, and the screen with some keys pressed.
//!
//! The first byte says how many keys follow, a byte each, how large the screen is, and whether the capture lies in two files.
//! The rest is an input of `rtmp`.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::compare::{Comparison, Observer, Profile, Scenarios};
use rtmp_inspect::export::{Counts, Writer, compare, report, stats};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::rules::{CATALOGUE, Engine, Severity};
use rtmp_inspect::synth::{Packet, pcap};
use rtmp_inspect::tui;

use super::payload::captured;
use super::rtmp::Case;
use crate::common::strict;

/// Keys that one input may press.
const KEYS: u8 = 8;
const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 10), (9, 3)];
const TWO_FILES: u8 = 0x80;

/// What is written, for whoever looks at it afterwards.
#[derive(Clone, Default)]
struct Page(Rc<RefCell<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// Looks whether a terminal, or a browser, can be given it.
fn check_plain(text: &str) {
    let control = text.chars().find(|c| c.is_control() && *c != '\n');
    assert!(control.is_none(), "{control:?} in {text:?}");
}

fn check_json(text: &str) {
    let read = strict::parse(text.as_bytes());
    assert!(read.is_ok(), "{read:?}: {text}");
}

/// Every form of report, and the profile of the server; gives that with the number of messages.
fn reports(packets: &[Packet]) -> (Profile, u64) {
    let limits = Limits::default();
    let pages: [Page; 5] = Default::default();
    let rules = CATALOGUE.iter().map(|entry| entry.meta).collect();
    let mut writers: [Box<dyn Writer>; 5] = [
        Box::new(report::text(pages[0].clone(), false, true)),
        Box::new(report::junit(pages[1].clone(), Severity::Note, rules)),
        Box::new(report::sarif(pages[2].clone())),
        Box::new(stats::text(pages[3].clone(), false, false)),
        Box::new(stats::json(pages[4].clone(), false)),
    ];
    let mut analyzer = Analyzer::new(&limits, Options::default());
    let (mut engine, mut masks, mut counts) = (Engine::default(), Masks::new(false, &limits), Counts::default());
    let (mut observer, mut profile) = (Observer::new(0, "capture", &Scenarios::default()), Profile::default());
    let mut messages = 0;
    for writer in &mut writers {
        writer.begin(&["capture".into()], packets.first().map(|packet| packet.time)).unwrap();
    }
    let mut drain = |analyzer: &mut Analyzer| {
        while let Some(event) = analyzer.poll() {
            let findings = engine.observe(&event);
            masks.observe(&event);
            observer.observe(&event, engine.story(), &masks, &mut profile);
            messages += u64::from(matches!(event, Event::Message(_)));
            let closes = matches!(event, Event::Close(_));
            for finding in &findings {
                counts.add(finding);
            }
            for writer in &mut writers {
                if !closes {
                    writer.event(&event, engine.story(), &masks).unwrap();
                }
                for finding in &findings {
                    writer.finding(finding, &masks).unwrap();
                }
                if closes {
                    writer.event(&event, engine.story(), &masks).unwrap();
                }
            }
            masks.forget(&event);
        }
    };
    for (index, packet) in packets.iter().enumerate() {
        analyzer.push(&captured(index, packet.time, &packet.frame()));
        drain(&mut analyzer);
    }
    analyzer.finish();
    drain(&mut analyzer);
    for writer in &mut writers {
        writer.close().unwrap();
        writer.end(analyzer.totals(), counts).unwrap();
    }
    drop(writers);
    let [text, junit, sarif, figures, lines] = pages.map(|page| page.text());
    check_plain(&text);
    check_plain(&junit);
    let mut xml = quick_xml::Reader::from_str(&junit);
    loop {
        match xml.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{error}: {junit}"),
        }
    }
    check_plain(&sarif);
    check_json(&sarif);
    check_plain(&figures);
    check_plain(&lines);
    lines.lines().for_each(check_json);
    (profile, messages)
}

/// The key of a byte. No other quits than the one for it, which nobody presses here.
fn key(byte: u8) -> KeyEvent {
    use KeyCode::{
        BackTab, Backspace, Char, Delete, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up,
    };
    const OTHERS: [KeyCode; 15] =
        [Down, Enter, Right, Tab, Esc, PageDown, End, Up, Left, BackTab, PageUp, Home, Backspace, Delete, Char('ü')];
    KeyEvent::from(match byte {
        b'q' => Enter,
        b' '..=b'~' => Char(char::from(byte)),
        _ => OTHERS[usize::from(byte) % OTHERS.len()],
    })
}

/// Shows packets as a user sees them, after each key; gives the number of messages.
fn screen(packets: &[Packet], two_files: bool, (width, height): (u16, u16), keys: &[u8]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..=usize::from(two_files)).map(|file| folder.path().join(file.to_string())).collect();
    for (file, path) in paths.iter().enumerate() {
        let kept = packets.iter().enumerate().filter(|(index, _)| index % paths.len() == file);
        let options = pcap::Options { fraction: pcap::Fraction::Nanoseconds, ..pcap::Options::default() };
        let mut bytes = Vec::new();
        pcap::write_as(options, &mut bytes, kept.map(|(_, packet)| packet)).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let options =
        tui::Options { show_secrets: false, color: true, session: None, follow: false, stream_keys: Vec::new() };
    let (mut loader, book) = tui::Loader::open(&paths, &options).unwrap();
    let mut app = tui::App::new(book, &paths, &options);
    let mut done = false;
    while !done {
        let batch = loader.read();
        done = batch.progress.done;
        app.take(batch);
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut show = |app: &mut tui::App| {
        while app.is_seeking() {
            app.seek(Duration::MAX);
        }
        app.prepare(Rect::new(0, 0, width, height));
        terminal.draw(|frame| tui::draw(frame, app)).unwrap();
        for cell in terminal.backend().buffer().content() {
            assert!(!cell.symbol().contains(char::is_control), "{:?}", cell.symbol());
        }
    };
    show(&mut app);
    for byte in keys {
        app.key(key(*byte));
        show(&mut app);
    }
    app.messages()
}

pub fn run(bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else { return };
    let count = usize::from(how % (KEYS + 1)).min(rest.len());
    let (keys, rest) = rest.split_at(count);
    let Ok(case) = Case::read(rest) else { return };
    let packets = case.captured();
    let (profile, messages) = reports(&packets);
    let (sent, _) = reports(&case.packets);
    let profiles = vec![("sent".to_owned(), sent), ("captured".to_owned(), profile)];
    let comparison = Comparison::new(profiles, vec!["capture".to_owned()], 0);
    check_plain(&compare::text(&comparison, false, true));
    check_plain(&compare::markdown(&comparison));
    check_plain(&compare::html(&comparison));
    check_json(&compare::json(&comparison));
    assert!(!case.is_whole() || !comparison.differs(), "{}", compare::text(&comparison, false, false));

    let two_files = how & TWO_FILES != 0;
    let shown = screen(&packets, two_files, SIZES[usize::from(how >> 5) % SIZES.len()], keys);
    assert!(two_files || shown == messages, "{shown} messages on the screen of {messages}");
}
