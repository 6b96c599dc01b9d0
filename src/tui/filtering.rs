//! A filter over rows: what the language of `-Y` says, asked of the book.

use super::view::Keep;
use crate::book::{Ask, Book, Judge};
use crate::filter::{Filter, FilterError, Scratch, Subject};
use crate::limits::Limits;
use crate::wire::escape;

/// A filter, as it was written.
#[derive(Clone, Debug)]
pub(super) struct Filtering {
    text: String,
    filter: Filter,
}

impl Filtering {
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        let text = text.trim();
        Filter::parse(text).map(|filter| Filtering { text: text.to_owned(), filter })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether rows are to be shown, each asked about once and in their order.
    pub(super) fn keep(&self) -> Keep<Book> {
        let (mut asked, mut judge) = (self.asked(), Judge::default());
        Box::new(move |book, row| judge.wants(book, row, &mut asked))
    }

    /// Whether it lets one row through.
    pub(super) fn holds(&self, book: &Book, row: u32) -> bool {
        let mut judge = Judge::default();
        // What is known of its session was said where that began.
        let first = book.session_of(row).and_then(|number| book.session(number)?.rows.get(0).copied());
        if let Some(first) = first.filter(|first| *first != row) {
            judge.wants(book, first, &mut self.asked());
        }
        judge.wants(book, row, &mut self.asked())
    }

    fn asked(&self) -> Asked {
        Asked { filter: self.filter.clone(), scratch: Scratch::new(&Limits::default()) }
    }
}

/// How a heading says that a filter holds.
pub(super) fn where_it(filter: Option<&str>) -> String {
    filter.map_or_else(String::new, |filter| format!(", where {}", escape(filter)))
}

/// A filter that is asked.
struct Asked {
    filter: Filter,
    scratch: Scratch,
}

impl Ask for Asked {
    fn decide(&mut self, subject: &Subject<'_>) -> Option<bool> {
        self.filter.decide(subject, &mut self.scratch)
    }

    fn matches(&mut self, subject: &Subject<'_>) -> bool {
        self.filter.matches(subject, &mut self.scratch)
    }
}

/// How a test that was found goes with the filter that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Instead,
    And,
    AndNot,
}

/// The filter for what is selected: of several ways to say that, the first that lets its row through.
pub(super) fn narrow(book: &Book, row: u32, ways: &[String], join: Join, now: Option<&Filtering>) -> Option<Filtering> {
    let fits = |way: &&String| Filtering::parse(way).is_ok_and(|filter| filter.holds(book, row));
    let way = ways.iter().find(fits)?;
    let text = match (join, now) {
        (Join::Instead, _) | (Join::And, None) => way.clone(),
        (Join::AndNot, None) => format!("!({way})"),
        (Join::And, Some(now)) => format!("({}) && {way}", now.text),
        (Join::AndNot, Some(now)) => format!("({}) && !({way})", now.text),
    };
    Filtering::parse(&text).ok()
}
