//! A screen of some size for tests: keys in, whole screens out.

#![allow(dead_code)] // Each suite uses some of it.

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use rtmp_inspect::book::Loader;
use rtmp_inspect::tui::{App, Depth, Look, Options, Scheme, draw};

pub struct Screen {
    pub app: App,
    pub terminal: Terminal<TestBackend>,
}

impl Screen {
    /// Captures of the folder, read to their end.
    pub fn new(captures: &[&str], width: u16, height: u16) -> Self {
        let look = Look { scheme: Scheme::Dark, depth: Depth::Sixteen };
        Screen::read(captures, width, height, &Options { look, ..Options::default() })
    }

    /// One of them.
    pub fn one(capture: &str, width: u16, height: u16) -> Self {
        Screen::new(&[capture], width, height)
    }

    pub fn with(capture: &str, width: u16, height: u16, options: &Options) -> Self {
        Screen::read(&[capture], width, height, options)
    }

    fn read(captures: &[&str], width: u16, height: u16, options: &Options) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
        let captures: Vec<_> = captures.iter().map(|name| folder.join(name)).collect();
        let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
        let mut app = App::new(book, &captures, options);
        let mut done = false;
        while !done {
            let batch = loader.read();
            done = batch.progress.done;
            app.take(batch);
        }
        let mut screen = Screen::of(app, width, height);
        screen.show();
        screen
    }

    /// Not shown yet.
    pub fn of(app: App, width: u16, height: u16) -> Self {
        Screen { app, terminal: Terminal::new(TestBackend::new(width, height)).unwrap() }
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.show();
    }

    pub fn show(&mut self) {
        while self.app.is_working() {
            self.app.work(Duration::MAX);
        }
        self.draw();
        // What was prepared may have more to do.
        while self.app.is_working() {
            self.app.work(Duration::MAX);
            self.draw();
        }
    }

    /// As far as it has come.
    pub fn draw(&mut self) {
        let size = self.terminal.size().unwrap();
        self.app.prepare(Rect::new(0, 0, size.width, size.height));
        self.terminal.draw(|frame| draw(frame, &self.app)).unwrap();
    }

    pub fn press(&mut self, code: KeyCode) -> &mut Self {
        self.app.key(KeyEvent::from(code));
        self.show();
        self
    }

    /// Keys with letters, one after the other; `\n` is Enter, `\t` goes to the pane before, `⇥` to the next.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.press(match key {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::BackTab,
                '⇥' => KeyCode::Tab,
                '\u{1b}' => KeyCode::Esc,
                '←' => KeyCode::Left,
                '→' => KeyCode::Right,
                letter => KeyCode::Char(letter),
            });
        }
        self
    }

    pub fn buffer(&self) -> &Buffer {
        self.terminal.backend().buffer()
    }

    /// The screen as text, with `[` and `]` around what is reversed where `marked`.
    pub fn text(&self, marked: bool) -> String {
        let buffer = self.buffer();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut reversed = false;
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                let is_reversed = marked && cell.modifier.contains(Modifier::REVERSED);
                if is_reversed != reversed {
                    line.push(if is_reversed { '[' } else { ']' });
                    reversed = is_reversed;
                }
                line.push_str(cell.symbol());
            }
            text += line.trim_end();
            text += if reversed { "]\n" } else { "\n" };
        }
        text
    }

    #[track_caller]
    pub fn has(&self, what: &str) {
        assert!(self.text(false).contains(what), "no {what:?} in\n{}", self.text(false));
    }

    #[track_caller]
    pub fn has_not(&self, what: &str) {
        assert!(!self.text(false).contains(what), "{what:?} in\n{}", self.text(false));
    }

    /// The selected row's line in the timeline.
    pub fn line(&self) -> String {
        let text = self.text(false);
        let below = text.lines().skip_while(|line| !line.contains(" what "));
        below.skip(1).find(|line| line.starts_with('›')).unwrap_or_default().to_owned()
    }
}
