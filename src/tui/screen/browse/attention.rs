//! What needs attention first, and what was never answered.

use crate::book::{Rank, Session};
use crate::tui::screen::Effect;
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;

/// Goes to the row that decides how a session came out, or to what else is to be seen first in it. Without a session that is the one with
/// which things stand worst; from there on, the next one.
pub(super) fn first(shared: &Shared) -> Vec<Effect> {
    let book = &shared.book;
    let mut all: Vec<(Rank, u32, &Session)> = sessions(shared)
        .filter_map(|session| {
            let first = book.first(session)?;
            Some((first.rank, first.row, session))
        })
        .collect();
    // A client that is sent away only to come again with its password was not rejected by that.
    all.sort_by_cached_key(|(rank, row, _)| (*rank, !book.is_rejection(*row), *row));
    let at = all.iter().position(|(_, row, _)| Some(*row) == shared.row);
    let next = at.map_or(0, |at| (at + 1) % all.len());
    match (all.get(next), one(shared)) {
        (Some((_, row, session)), _) => {
            let place = if all.len() > 1 { format!(" ({} of {})", next + 1, all.len()) } else { String::new() };
            let why = format!("session {}{place}: {}", session.number(), book.reason(session, *row));
            vec![Effect::GoTo(*row), Effect::Say(why)]
        }
        (None, Some(session)) => {
            vec![Effect::Say(format!("nothing stands out in session {}: {}", session.number(), book.outcome(session)))]
        }
        (None, None) if shared.progress.done => vec![Effect::Say("nothing stands out".to_owned())],
        (None, None) => vec![Effect::Say("nothing stands out yet".to_owned())],
    }
}

/// Whether anything needs attention.
pub(super) fn is_there(shared: &Shared) -> bool {
    sessions(shared).any(|session| shared.book.first(session).is_some())
}

/// Goes to the next call without an answer, around the end.
pub(super) fn unanswered(shared: &Shared) -> Vec<Effect> {
    let book = &shared.book;
    let mut rows: Vec<u32> = sessions(shared).flat_map(|session| book.unanswered(session).iter().copied()).collect();
    rows.sort_unstable();
    let at = shared.row.map_or(0, |row| rows.partition_point(|other| *other <= row));
    let at = if at < rows.len() { at } else { 0 };
    match rows.get(at) {
        Some(row) => {
            let place = if rows.len() > 1 { format!(" ({} of {})", at + 1, rows.len()) } else { String::new() };
            vec![Effect::GoTo(*row), Effect::Say(format!("this was never answered{place}"))]
        }
        None if shared.progress.done => vec![Effect::Say("nothing that waits for an answer is without one".to_owned())],
        None => vec![Effect::Say("nothing is known to be without an answer yet".to_owned())],
    }
}

/// The session that is shown alone.
fn one(shared: &Shared) -> Option<&Session> {
    match shared.view.chosen() {
        Chosen::Session(number) => shared.book.session(*number),
        Chosen::All | Chosen::Sessions(_) => None,
    }
}

/// The sessions that are shown.
fn sessions(shared: &Shared) -> impl Iterator<Item = &Session> {
    let chosen = shared.view.chosen();
    shared.book.sessions().iter().filter(move |session| match chosen {
        Chosen::All => true,
        Chosen::Session(number) => session.number() == *number,
        Chosen::Sessions(numbers) => numbers.contains(&session.number()),
    })
}
