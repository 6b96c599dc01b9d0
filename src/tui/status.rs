//! The two lines at the bottom: how far reading is and what was found; and keys, or what there is to say.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::action::{Action, COMMANDS};
use super::app::App;
use super::keymap::{self, Context};
use super::paint::put;
use super::shared::Shared;
use crate::rules::Severity;
use crate::wire::escape;
use crate::wire::words::count;

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let (area, shared) = (app.room.status, &app.shared);
    let style = shared.theme.status();
    buffer.set_style(area, style);
    let at = put(buffer, area, &format!(" {} ", shared.files), style);
    let mut at = put(buffer, at, " ", style);
    if let Some(complaint) = shared.progress.complaints.last() {
        // The file is named already.
        let named = |path: &String| complaint.strip_prefix(path.as_str())?.strip_prefix(": ");
        let complaint = shared.paths.iter().find_map(named).unwrap_or(complaint);
        let style = style.patch(shared.theme.severity(Severity::Error));
        at = put(buffer, at, &format!("{}  ", escape(complaint)), style);
    }
    put(buffer, at, &summary(shared), style);
    keys(buffer, app.room.keys, app);
}

/// How far it is read, and what was found.
fn summary(shared: &Shared) -> String {
    let Shared { book, progress, .. } = shared;
    let mut text = match (progress.done, progress.size) {
        (true, _) => String::new(),
        (false, Some(size)) if size > 0 => format!("reading, {} %  ", progress.read.saturating_mul(100) / size),
        (false, _) => format!("reading, {} kB  ", progress.read / 1000),
    };
    if progress.done && book.sessions().is_empty() {
        return format!("no RTMP in {}", count(progress.packets, "packet"));
    }
    text += &count(book.messages(), "message");
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let found = book.counts().of(severity);
        if found > 0 {
            text += &format!(", {}", count(found, severity.name()));
        }
    }
    text
}

fn keys(buffer: &mut Buffer, area: Rect, app: &App) {
    let theme = &app.shared.theme;
    if !app.pending.is_empty() {
        put(buffer, area, &format!(" {}…", keymap::drawn(&app.pending)), theme.strong());
        return;
    }
    if !app.message.is_empty() {
        put(buffer, area, &format!(" {}", app.message), theme.trouble());
        return;
    }
    let contexts = app.context().chain();
    let mut at = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let moves = contexts.contains(&Context::List).then(|| {
        let key = |action| keymap::first_key(app.context(), action);
        (key(Action::Up) + &key(Action::Down), "move")
    });
    let others = COMMANDS.iter().filter(|command| !command.short.is_empty());
    let others = others.filter_map(|command| {
        let key = keymap::keys_of(contexts, command.action).into_iter().next()?;
        Some((key, command.short))
    });
    for (key, short) in moves.into_iter().chain(others) {
        let what = format!(" {short}  ");
        if Span::raw(&key).width() + Span::raw(&what).width() > usize::from(at.width) {
            break;
        }
        at = put(buffer, at, &key, theme.strong());
        at = put(buffer, at, &what, theme.quiet());
    }
}
