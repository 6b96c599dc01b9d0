//! The one way out for text: a [`Page`] takes words from anywhere, and none of them can act on what shows it.
//!
//! Whoever writes text has an [`Out`], which takes pages and nothing else. Line ends and colours are the page's own, so text from
//! the wire, a file's name or the command line has neither, whether its writer thought of that or not. Writers still
//! [escape](crate::wire::escape()) what they quote, so that it can be read back; the page is what they may forget it for.

use std::fmt;
use std::io::{self, Write};
use std::ops::Deref;

use crate::rules::Severity;
use crate::wire::{clean, clean_lines};

/// How words are painted on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    None,
    Error,
    Warning,
    Note,
    Bold,
    Green,
    Yellow,
    Red,
    Faint,
}

impl Paint {
    pub(super) fn of(severity: Severity, color: bool) -> Paint {
        match severity {
            _ if !color => Paint::None,
            Severity::Error => Paint::Error,
            Severity::Warning => Paint::Warning,
            Severity::Note => Paint::Note,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Paint::None => "",
            Paint::Error => "\u{1b}[1;31m",
            Paint::Warning => "\u{1b}[1;33m",
            Paint::Note => "\u{1b}[36m",
            Paint::Bold => "\u{1b}[1m",
            Paint::Green => "\u{1b}[32m",
            Paint::Yellow => "\u{1b}[33m",
            Paint::Red => "\u{1b}[31m",
            Paint::Faint => "\u{1b}[2m",
        }
    }
}

/// Text that can be shown anywhere.
#[derive(Clone, Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// A text that was composed with its lines.
    pub(super) fn of(text: &str) -> Page {
        Page { text: clean_lines(text).into_owned() }
    }

    /// Appends words.
    pub(super) fn put(&mut self, words: fmt::Arguments<'_>) {
        // Writing to a page cannot fail.
        let _ = fmt::Write::write_fmt(self, words);
    }

    pub(super) fn painted(&mut self, paint: Paint, words: fmt::Arguments<'_>) {
        self.text.push_str(paint.code());
        self.put(words);
        if paint != Paint::None {
            self.text.push_str("\u{1b}[0m");
        }
    }

    /// Ends a line, without the spaces at its end.
    pub(super) fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    pub(super) fn line(&mut self, words: fmt::Arguments<'_>) {
        self.put(words);
        self.end_line();
    }
}

impl fmt::Write for Page {
    fn write_str(&mut self, words: &str) -> fmt::Result {
        self.text.push_str(&clean(words));
        Ok(())
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Deref for Page {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// Where pages go.
pub(super) struct Out<W>(W);

impl<W: Write> Out<W> {
    pub(super) fn new(out: W) -> Self {
        Out(out)
    }

    /// Writes a page, and leaves it empty.
    pub(super) fn give(&mut self, page: &mut Page) -> io::Result<()> {
        let written = self.0.write_all(page.text.as_bytes());
        page.text.clear();
        written
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    pub(super) fn into_inner(self) -> W {
        self.0
    }
}
