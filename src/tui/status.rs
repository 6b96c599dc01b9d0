//! The two lines at the bottom: how far reading is and what was found; and keys, or what there is to say.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::action::{Action, COMMANDS, Command};
use super::app::App;
use super::keymap::{self, Context};
use super::paint::{lines, put};
use super::shared::Shared;
use super::wrap::told;
use crate::rules::Severity;
use crate::wire::escape;
use crate::wire::words::{self, count};

/// Columns that the names of the files have at least.
const FILES: usize = 16;

pub(super) fn draw(buffer: &mut Buffer, app: &App) {
    let (area, shared) = (app.room.status, &app.shared);
    let style = shared.theme.status();
    for line in lines(area).chain(lines(app.room.keys)) {
        for x in line.left()..line.right() {
            buffer[(x, line.y)].reset();
        }
    }
    buffer.set_style(area, style);
    let told = filter(shared, area.width) + &summary(shared);
    // What is said of the files matters more than all of their names.
    let most = usize::from(area.width).saturating_sub(words::width(&told) + 4).max(FILES);
    let at = put(buffer, area, &format!(" {} ", words::fit(&shared.files, most)), style);
    let mut at = put(buffer, at, " ", style);
    if let Some(complaint) = shared.progress.complaints.last() {
        // The file is named already.
        let named = |path: &String| complaint.strip_prefix(path.as_str())?.strip_prefix(": ");
        let complaint = shared.paths.iter().find_map(named).unwrap_or(complaint);
        let style = style.patch(shared.theme.severity(Severity::Error));
        at = put(buffer, at, &format!("{}  ", escape(complaint)), style);
    }
    put(buffer, at, &told, style);
    keys(buffer, app.room.keys, app);
}

/// What the filter lets through, and how far it came.
fn filter(shared: &Shared, width: u16) -> String {
    let Shared { view, book, .. } = shared;
    let Some(filter) = &shared.filter else { return String::new() };
    let (all, percent) = view.among(book);
    let text = escape(filter.text());
    let text = words::fit(&text, usize::from(width) / 3);
    let far = if view.is_behind(book) && percent < 100 { format!(", {percent} %") } else { String::new() };
    format!("shown {} of {}{far}: {text}  ", view.rows(book), count(all as u64, "row"))
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

/// What is wrong with the selected message, and the key that leads there. Notes wait to be asked for.
fn why(app: &App) -> Option<(Severity, String)> {
    let (book, row) = (&app.shared.book, app.shared.row?);
    if !app.context().chain().contains(&Context::Browse) {
        return None;
    }
    let severity = book.mark(row).filter(|severity| *severity >= Severity::Warning)?;
    let text = app.shared.text(book.why(row)?)?;
    let key = app.shared.keys.first(Context::Timeline, Action::Why);
    Some((severity, format!("{key}  {}: {}", text.kind, text.what)))
}

fn keys(buffer: &mut Buffer, area: Rect, app: &App) {
    let theme = &app.shared.theme;
    if !app.pending.is_empty() || app.count.is_some() {
        let count = app.count.map_or_else(String::new, |count| count.to_string());
        put(buffer, area, &format!(" {count}{}…", keymap::drawn(&app.pending)), theme.strong());
        return;
    }
    if !app.message.is_empty() {
        for (text, line) in told(&app.message, area.width).iter().zip(lines(area)) {
            put(buffer, line, &format!(" {text}"), theme.trouble());
        }
        return;
    }
    if let Some((severity, text)) = why(app) {
        put(buffer, area, &format!(" {text}"), theme.severity(severity));
        return;
    }
    let contexts = app.context().chain();
    let mut at = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    let moves = contexts.contains(&Context::List).then(|| {
        let key = |action| app.shared.keys.first(app.context(), action);
        (key(Action::Up) + &key(Action::Down), "move")
    });
    // That there is help is said first: it has the rest.
    let (help, others): (Vec<&Command>, Vec<&Command>) = COMMANDS.iter().partition(|it| it.action == Action::Help);
    let others = help.into_iter().chain(others).filter(|command| !command.short.is_empty());
    let others = others.filter(|command| app.offers(command.action));
    let others = others.filter_map(|command| {
        let key = app.shared.keys.of(contexts, command.action).into_iter().next()?;
        Some((key, command.short))
    });
    for (key, short) in moves.into_iter().chain(others) {
        let what = format!(" {short}");
        if Span::raw(&key).width() + Span::raw(&what).width() > usize::from(at.width) {
            break;
        }
        at = put(buffer, at, &key, theme.strong());
        at = put(buffer, at, &what, theme.quiet());
        let gap = at.width.min(2);
        at = Rect { x: at.x + gap, width: at.width - gap, ..at };
    }
}
