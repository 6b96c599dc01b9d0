//! How sessions came out, in words that may be shown, and which row of each is the one to look at first.

use super::session::{Rank, Session};
use super::{Book, Row};
use crate::proto::rtmp::secrets::Place;
use crate::rules::Finding;
use crate::wire::{Side, escape};

/// The row of a session to look at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    pub row: u32,
    pub rank: Rank,
}

impl Book {
    /// How a session stands or came out, in few words.
    pub fn outcome(&self, session: &Session) -> String {
        match &session.card {
            Some(card) => self.masked(session.number(), &card.outcome),
            None => "not followed".to_owned(),
        }
    }

    /// The same in so many letters, where that can be: a code goes without what it is of, and a server that hung up did that.
    pub fn outcome_within(&self, session: &Session, letters: usize) -> String {
        let mut text = self.outcome(session);
        for what in ["NetConnection.", "NetStream.", " without an answer", " before any media"] {
            if text.chars().count() <= letters {
                break;
            }
            text = text.replacen(what, "", 1);
        }
        text
    }

    /// The application and the stream that it is about: `live/***a`.
    pub fn stream(&self, session: &Session) -> String {
        let Some(card) = &session.card else { return String::new() };
        let number = session.number();
        let shown =
            |place, text: &Option<String>| text.as_ref().map(|text| escape(&self.masks.text(number, place, text)));
        match (shown(Place::App, &card.app), shown(Place::Name, &card.stream)) {
            (Some(app), Some(stream)) => format!("{app}/{stream}"),
            (Some(app), None) => app,
            (None, Some(stream)) => format!("…/{stream}"),
            (None, None) => String::new(),
        }
    }

    /// What the client's side and the server call themselves.
    pub fn software(&self, session: &Session) -> String {
        let Some(card) = &session.card else { return String::new() };
        let shown = |side: Side| {
            let text = card.software[side.index()].as_ref();
            text.map(|text| escape(&self.masks.text(session.number(), Place::Text, text)))
        };
        match (shown(Side::Client), shown(Side::Server)) {
            (Some(client), Some(server)) => format!("{client} → {server}"),
            (Some(client), None) => client,
            (None, Some(server)) => format!("→ {server}"),
            (None, None) => String::new(),
        }
    }

    /// The row of a session to look at first: that of what decides its outcome, or else of a call without an answer, a break, an error, a
    /// hole or a warning, in this order. None where all of it is in order.
    pub fn first(&self, session: &Session) -> Option<First> {
        let card = session.card.as_deref();
        let row_of = |n: Option<u64>| self.index.row_of(n?);
        if let Some(row) = row_of(card.and_then(|card| card.decides)) {
            return Some(First { row, rank: Rank::Decides });
        }
        if let Some(row) = session.unanswered.first().copied() {
            return Some(First { row, rank: Rank::Unanswered });
        }
        let (row, rank) = session.telling()?;
        // What a finding is about is what is to be seen; the finding stands there too.
        let about = self.stand(row).map(|stand| stand.row);
        Some(First { row: about.unwrap_or(row), rank })
    }

    /// Whether a finding about a row says that something was rejected, and why.
    pub fn is_rejection(&self, row: u32) -> bool {
        self.index.about(row).filter_map(|row| self.finding(row)).any(|finding| finding.rule.rejects())
    }

    /// A session's outcome in a clause, with the finding that says most about a row of it.
    pub fn reason(&self, session: &Session, row: u32) -> String {
        let outcome = self.outcome(session);
        if self.is_hole(row) {
            let text = self.text(row);
            return format!("{} of the {}: {}; the session: {outcome}", text.kind, self.sender(row), text.what);
        }
        // What is said of an end stands behind it.
        let is_end = matches!(self.index.row(row), Some(Row::Close(_)));
        let rows = &session.rows;
        let behind = rows.partition_point(|other| *other <= row)..if is_end { rows.len() } else { 0 };
        let behind = behind.filter_map(|at| rows.get(at).copied());
        // The one that led here may be about no message.
        let telling =
            session.telling().map(|(row, _)| row).filter(|found| self.stand(*found).is_some_and(|it| it.row == row));
        let found = self.index.about(row).chain([row]).chain(behind).chain(telling).filter_map(|row| {
            match self.index.row(row) {
                Some(Row::Finding(finding)) => Some(&**finding),
                _ => None,
            }
        });
        let weight = |finding: &Finding| (finding.rule.rejects(), finding.severity);
        // Of those that say as much, the first.
        let told = found.filter(|finding| !finding.is_background());
        match told.reduce(|most, finding| if weight(finding) > weight(most) { finding } else { most }) {
            Some(finding) => {
                format!("{outcome}; {}[{}] {}", finding.severity.name(), finding.rule.code, self.finding_text(finding))
            }
            None => outcome,
        }
    }

    fn sender(&self, row: u32) -> &'static str {
        self.index.row(row).and_then(Row::from).map_or("capture", Side::name)
    }

    /// The rows of a session's calls of which a rule found that they were never answered, in order.
    pub fn unanswered<'a>(&self, session: &'a Session) -> &'a [u32] {
        &session.unanswered
    }
}
