//! What two sides write → every output: the timeline, reports, statistics, a comparison, files of media, what is said on standard error,
//! and the screen with some keys pressed. Nothing in them acts on what shows them, and a secret that the client published is in none.
//!
//! Sides may write what real ones wrote inside of TLS and of RTMPE: the keys of some captures are given, and none of them is in any output.
//!
//! The first byte says how many keys follow, a byte each, how large the screen is, and whether the capture lies in two files.
//! The rest is an input of `rtmp`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use rtmp_inspect::capture::Input;
use rtmp_inspect::compare::{Comparison, Observer, Profile, Scenarios};
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::export::text::TextWriter;
use rtmp_inspect::export::{Counts, Writer, compare, report, stats};
use rtmp_inspect::extract::{FileId, Output, Shelf, Streams};
use rtmp_inspect::inspection::{Inspection, Options, Read};
use rtmp_inspect::limits::Limits;
use rtmp_inspect::proto::rtmp::secrets::Place;
use rtmp_inspect::proto::rtmp::{Message, MessageType};
use rtmp_inspect::proto::{Event, Keys, rtmpe};
use rtmp_inspect::rules::{CATALOGUE, Severity};
use rtmp_inspect::synth::{Packet, pcap};
use rtmp_inspect::{book, tui};

use super::rtmp::{Case, SECRET};
use crate::common::acting::assert_plain;
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

/// Secrets of RTMPE that a real session has.
const RTMPE: &[u8] = include_bytes!("../../../../captures/rtmpe/crtmp-rtmpdump-play.keys");

/// Keys of real connections: what seeds are made of is opened by them.
fn given() -> Arc<Keys> {
    static KEYS: OnceLock<Arc<Keys>> = OnceLock::new();
    let read = || {
        let rtmpe = rtmpe::Secrets::read(RTMPE).unwrap();
        Arc::new(Keys { tls: Arc::new(super::tls::key_log().clone()), rtmpe, ..Keys::default() })
    };
    Arc::clone(KEYS.get_or_init(read))
}

/// The beginnings of these secrets, in hex.
fn key_material() -> &'static [String] {
    static MATERIAL: OnceLock<Vec<String>> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let files = super::tls::key_logs().chain([RTMPE]).flat_map(|file| std::str::from_utf8(file).unwrap().lines());
        let secret = |line: &str| {
            let word = line.split(' ').next_back().filter(|_| !line.starts_with('#'))?;
            word.trim_start_matches("secret=").get(..32).map(str::to_owned)
        };
        files.filter_map(secret).collect()
    })
}

/// Looks for the secret in an output, and for what acts on who shows it.
fn check(text: &str, is_secret: bool) {
    assert_plain(text);
    for key in key_material() {
        assert!(!text.contains(key.as_str()), "key material: {text}");
    }
    if is_secret {
        let hex = SECRET.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert!(!text.contains(SECRET) && !text.contains(&hex), "a secret: {text}");
    }
}

/// Whether a message's bytes are shown as they are, whatever they say: pictures and sound.
fn is_open(message: &Message) -> bool {
    matches!(message.head.kind, MessageType::AUDIO | MessageType::VIDEO)
}

fn check_json(text: &str) {
    let read = strict::parse(text.as_bytes());
    assert!(read.is_ok(), "{read:?}: {text}");
}

/// Files in memory: their names, their bytes, and whether they are finished.
#[derive(Default)]
struct Files(BTreeMap<FileId, (String, Vec<u8>, bool)>);

impl Shelf for Files {
    fn begin(&mut self, name: &str) -> io::Result<FileId> {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        assert!(name.chars().all(is_safe) && name.starts_with("session-") && name.len() < 200, "{name}");
        assert!(self.0.values().all(|(other, ..)| other != name), "{name} comes twice");
        let file = FileId(self.0.keys().next_back().map_or(0, |last| last.0 + 1));
        self.0.insert(file, (name.to_owned(), Vec::new(), false));
        Ok(file)
    }

    fn write(&mut self, file: FileId, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut(&file).unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, file: FileId, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        self.0.get_mut(&file).unwrap().1[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn abandon(&mut self, file: FileId) {
        let (name, _, is_finished) = self.0.remove(&file).unwrap();
        assert!(!is_finished, "{name} is finished already");
    }

    fn finish(&mut self, file: FileId) -> io::Result<()> {
        assert!(!std::mem::replace(&mut self.0.get_mut(&file).unwrap().2, true), "it is finished twice");
        Ok(())
    }
}

/// Reads an FLV file to its end.
fn check_flv(file: &[u8]) {
    assert_eq!((&file[..4], &file[5..9]), (&b"FLV\x01"[..], &[0, 0, 0, 9][..]));
    let number = |bytes: &[u8]| bytes.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (mut at, mut before, mut kinds) = (9, 0, 0);
    loop {
        assert_eq!(number(&file[at..at + 4]), before, "the size of the tag before {at}");
        at += 4;
        if at == file.len() {
            break;
        }
        kinds |= match file[at] {
            8 => 4,
            9 => 1,
            15 | 18 => 0,
            other => panic!("a tag of type {other}"),
        };
        before = 11 + number(&file[at + 1..at + 4]);
        at += before;
    }
    assert_eq!(file[4], kinds, "the header's flags");
}

/// Looks at the files of media: all are finished, in form, and tell no secret.
fn check_files(streams: Streams<Files>, is_secret: bool) {
    for (name, bytes, is_finished) in streams.into_shelf().0.into_values() {
        assert!(is_finished, "{name} is not finished");
        check(&name, is_secret);
        let holds = bytes.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes());
        assert!(!is_secret || !holds, "a secret in {name}");
        match name.rsplit('.').next() {
            Some("flv") => check_flv(&bytes),
            Some("jsonl") => {
                let text = String::from_utf8(bytes).unwrap();
                check(&text, is_secret);
                text.lines().for_each(check_json);
            }
            _ => {}
        }
    }
}

/// A capture of packets.
fn capture<'p>(packets: impl Iterator<Item = &'p Packet>) -> Vec<u8> {
    let options = pcap::Options { fraction: pcap::Fraction::Nanoseconds, ..pcap::Options::default() };
    let mut bytes = Vec::new();
    pcap::write_as(options, &mut bytes, packets).unwrap();
    bytes
}

/// What came of some packets.
struct Reported {
    profile: Profile,
    messages: u64,
    /// A sender's mistake is found, or given up, only where the packet of a message has more: in other packets it is told elsewhere.
    has_doubts: bool,
    /// Whether the secret may be in no output: it is known, and in no bytes that are shown as they are.
    is_secret: bool,
}

/// Every form of output but the screen and comparisons.
fn reports(packets: &[Packet], has_secret: bool) -> Reported {
    let pages: [Page; 8] = Default::default();
    let rules = CATALOGUE.iter().map(|entry| entry.meta).collect();
    let mut writers: [Box<dyn Writer>; 8] = [
        Box::new(report::text(pages[0].clone(), false, true)),
        Box::new(report::junit(pages[1].clone(), Severity::Note, rules)),
        Box::new(report::sarif(pages[2].clone())),
        Box::new(stats::text(pages[3].clone(), false, false, true)),
        Box::new(TextWriter::new(pages[4].clone(), false)),
        Box::new(stats::json(pages[5].clone(), false)),
        Box::new(JsonWriter::new(pages[6].clone(), true)),
        Box::new(JsonWriter::new(pages[7].clone(), false).findings_only()),
    ];
    let input = Input::from_reader("capture", std::io::Cursor::new(capture(packets.iter()))).unwrap();
    let mut inspection = Inspection::of(input, &Options { keys: given(), ..Options::default() });
    let (mut counts, mut profile) = (Counts::default(), Profile::default());
    let mut observer = Observer::new(0, "capture", &Scenarios::default());
    let (mut messages, mut is_known, mut is_open_too, mut has_doubts) = (0, false, false, false);
    let outputs = [Output::Flv { rebase: false }, Output::Flv { rebase: true }, Output::Media];
    let mut extracted = outputs.map(|output| Streams::new(output, Files::default(), None, &Limits::DEFAULT));
    // What is said on standard error.
    let mut said = String::new();
    for writer in &mut writers {
        writer.begin(&["capture".into()], packets.first().map(|packet| packet.time)).unwrap();
    }
    loop {
        let read = inspection.read();
        while let Some(told) = inspection.told() {
            let (event, masks) = (told.event, told.masks);
            observer.observe(event, told.story, masks, &mut profile);
            for streams in &mut extracted {
                streams.take(event, told.story, masks).unwrap();
            }
            match event {
                Event::Message(message) => {
                    messages += 1;
                    let holds = message.payload.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes());
                    is_known |= holds && !masks.text(message.session, Place::Text, SECRET).contains(SECRET);
                    is_open_too |= holds && is_open(message);
                }
                Event::Undecodable(lost) => {
                    has_doubts = true;
                    said += &masks.sentence(lost.session, &lost.reason.sentence());
                }
                Event::Deviation(_) => has_doubts = true,
                _ => {}
            }
            let closes = matches!(event, Event::Close(_));
            for finding in &told.findings {
                counts.add(finding);
            }
            for writer in &mut writers {
                if !closes {
                    writer.event(event, told.story, masks).unwrap();
                }
                for finding in &told.findings {
                    writer.finding(finding, masks).unwrap();
                }
                if closes {
                    writer.event(event, told.story, masks).unwrap();
                }
            }
        }
        match read {
            Read::Packet => {}
            Read::Failed(error) => panic!("{error}"),
            Read::End => break,
        }
    }
    for writer in &mut writers {
        writer.close().unwrap();
        writer.end(&inspection.totals(), counts).unwrap();
    }
    drop(writers);
    let complaints = [inspection.interrupted(), inspection.unknown_link(), inspection.no_session()];
    said.extend(complaints.into_iter().flatten());

    assert!(!has_secret || is_known, "a secret is not known");
    let is_secret = has_secret && !is_open_too;
    let pages = pages.map(|page| page.text());
    for text in &pages {
        check(text, is_secret);
    }
    check(&said, is_secret);
    for mut streams in extracted {
        streams.finish().unwrap();
        check_files(streams, is_secret);
    }
    let [_, junit, sarif, _, _, lines @ ..] = pages;
    let mut xml = quick_xml::Reader::from_str(&junit);
    loop {
        match xml.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{error}: {junit}"),
        }
    }
    check_json(&sarif);
    lines.iter().flat_map(|text| text.lines()).for_each(check_json);
    Reported { profile, messages, has_doubts, is_secret }
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

/// As most terminals are.
const LOOK: tui::Look = tui::Look { scheme: tui::Scheme::Dark, depth: tui::Depth::True };

/// Shows packets as a user sees them, after each key; gives the number of messages.
fn screen(packets: &[Packet], two_files: bool, (width, height): (u16, u16), keys: &[u8], is_secret: bool) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..=usize::from(two_files)).map(|file| folder.path().join(file.to_string())).collect();
    for (file, path) in paths.iter().enumerate() {
        let kept = packets.iter().enumerate().filter(|(index, _)| index % paths.len() == file);
        fs::write(path, capture(kept.map(|(_, packet)| packet))).unwrap();
    }
    let reading = book::Options { keys: given(), ..book::Options::default() };
    let options = tui::Options { look: LOOK, reading, ..tui::Options::default() };
    let (mut loader, book) = book::Loader::open(&paths, &options.reading).unwrap();
    let mut app = tui::App::new(book, &paths, &options);
    let mut done = false;
    while !done {
        let batch = loader.read();
        done = batch.progress.done;
        app.take(batch);
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut show = |app: &mut tui::App| {
        while app.is_working() {
            app.work(Duration::MAX);
        }
        app.prepare(Rect::new(0, 0, width, height));
        terminal.draw(|frame| tui::draw(frame, app)).unwrap();
        for row in terminal.backend().buffer().content().chunks(usize::from(width)) {
            check(&row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>(), is_secret);
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
    let sent = reports(&case.packets, case.has_secret());
    let Reported { profile, messages, has_doubts, is_secret } = reports(&packets, case.has_secret());
    let is_same = case.is_whole() && !has_doubts && !sent.has_doubts;
    let profiles = vec![("sent".to_owned(), sent.profile), ("captured".to_owned(), profile)];
    let comparison = Comparison::new(profiles, vec!["capture".to_owned()], 0);
    check(&compare::text(&comparison, false, true), is_secret);
    check(&compare::markdown(&comparison), is_secret);
    check(&compare::html(&comparison), is_secret);
    let lines = compare::json(&comparison);
    check(&lines, is_secret);
    check_json(&lines);
    assert!(!is_same || !comparison.differs(), "{}", compare::text(&comparison, false, false));

    let two_files = how & TWO_FILES != 0;
    let shown = screen(&packets, two_files, SIZES[usize::from(how >> 5) % SIZES.len()], keys, is_secret);
    assert!(two_files || shown == messages, "{shown} messages on the screen of {messages}");
}
