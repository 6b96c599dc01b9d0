//! What stands where rows would be, in captures without a session.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::paint::{lines, put, wrap};
use crate::tui::shared::Shared;
use crate::wire::words::count;

/// What is there instead, and what to do about it; nothing while it may still come.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, shared: &Shared) {
    if !shared.progress.done || !shared.book.sessions().is_empty() {
        return;
    }
    let (others, theme) = (&shared.progress.others, &shared.theme);
    let packets = count(shared.progress.packets, "packet");
    let found = if others.is_empty() { "Nothing in it was meant to be one." } else { "What is in it instead:" };
    let mut told = vec![(format!("There is no session in the {packets} of this capture. {found}"), theme.strong())];
    let mut advice: Vec<&str> = Vec::new();
    for other in others {
        told.push((format!("- {}", other.what), Style::new()));
        if !advice.contains(&other.advice.as_str()) {
            advice.push(&other.advice);
        }
    }
    told.extend(advice.into_iter().map(|advice| (advice.to_owned(), theme.trouble())));
    let width = usize::from(area.width.saturating_sub(2));
    let all = told.iter().flat_map(|(text, style)| wrap(text, width).into_iter().map(move |text| (text, *style)));
    for ((text, style), line) in all.zip(lines(area)) {
        put(buffer, Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line }, &text, style);
    }
}
