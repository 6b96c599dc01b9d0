//! A screen of some size for tests: keys in, whole screens out.

use std::path::PathBuf;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use rtmp_inspect::book::Loader;
use rtmp_inspect::tui::{App, Depth, Look, Options, Scheme, draw};

pub struct Screen {
    pub app: App,
    terminal: Terminal<TestBackend>,
}

impl Screen {
    /// Captures of the folder, read to their end.
    pub fn new(captures: &[&str], width: u16, height: u16) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("captures");
        let captures: Vec<_> = captures.iter().map(|name| folder.join(name)).collect();
        let look = Look { scheme: Scheme::Dark, depth: Depth::Sixteen };
        let options = Options { look, ..Options::default() };
        let (mut loader, book) = Loader::open(&captures, &options.reading).unwrap();
        let mut app = App::new(book, &captures, &options);
        let mut done = false;
        while !done {
            let batch = loader.read();
            done = batch.progress.done;
            app.take(batch);
        }
        let mut screen = Screen { app, terminal: Terminal::new(TestBackend::new(width, height)).unwrap() };
        screen.show();
        screen
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        self.show();
    }

    pub fn show(&mut self) {
        while self.app.is_working() {
            self.app.work(Duration::MAX);
        }
        let size = self.terminal.size().unwrap();
        self.app.prepare(Rect::new(0, 0, size.width, size.height));
        // What was prepared may have more to do.
        while self.app.is_working() {
            self.app.work(Duration::MAX);
            self.app.prepare(Rect::new(0, 0, size.width, size.height));
        }
        self.terminal.draw(|frame| draw(frame, &self.app)).unwrap();
    }

    pub fn press(&mut self, code: KeyCode) -> &mut Self {
        self.app.key(KeyEvent::from(code));
        self.show();
        self
    }

    /// Keys with letters, one after the other; `\n` is Enter, `\t` goes to the pane before.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.chars() {
            self.press(match key {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::BackTab,
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
}
