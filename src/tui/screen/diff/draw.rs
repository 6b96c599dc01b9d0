//! How a comparison is drawn: the steps of both, the fields of the selected one, and both values of a field.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::Diff;
use super::align::Part;
use crate::book::Likeness;
use crate::tui::columns::{self, Align, Column, Place};
use crate::tui::filtering::where_it;
use crate::tui::marks::Marked;
use crate::tui::paint::{beside, heading, lines, put};
use crate::tui::shared::Shared;
use crate::tui::wrap::wrap;
use crate::wire::{Side, words};

/// Before a step that both have, in another order.
const MOVED: &str = "↕";
/// Columns of what the two are called, beside their values.
const NAMES: u16 = 13;

impl Diff {
    pub(super) fn draw_steps(&self, buffer: &mut Buffer, shared: &Shared) {
        let (area, theme) = (self.areas.steps, &shared.theme);
        let differ = self.compared.pairs.iter().filter(|pair| pair.is_different()).count();
        let cut = if self.compared.is_cut { ", not to the end" } else { "" };
        let all = self.compared.pairs.len();
        // What the filter is must have room.
        let right = match self.compared.filter {
            Some(_) => format!("{differ} of {all} differ{cut}"),
            None => format!("steps that differ: {differ} of {all}{cut}"),
        };
        let left = format!(" compared{}", where_it(self.compared.filter.as_deref()));
        let body = heading(buffer, area, theme, true, &beside(&left, &right, area.width), &right);
        if body.height == 0 {
            return;
        }
        let columns = halves(body.width, 1);
        let half = |buffer: &mut Buffer, line: Rect, id, text: &str, style| {
            for place in columns.iter().filter(|place| place.id == id) {
                place.put(buffer, line, text, style);
            }
        };
        let heads = self.heads().min(body.height);
        for (id, one) in [(Id::One, self.compared.of[0]), (Id::Other, self.compared.of[1])] {
            for (text, line) in titles(shared, one).iter().zip(lines(Rect { height: heads, ..body })) {
                half(buffer, line, id, text, theme.strong());
            }
        }
        let body = Rect { y: body.y + heads, height: body.height - heads, ..body };
        for ((place, pair), line) in self.compared.pairs.iter().enumerate().skip(self.list.top).zip(lines(body)) {
            let likeness = pair.likeness.unwrap_or(Likeness::Same);
            let (mark, mark_style, style) = match likeness {
                Likeness::Same | Likeness::ByNature if pair.is_moved => (MOVED, theme.trouble(), theme.trouble()),
                likeness => looks(shared, likeness),
            };
            half(buffer, line, Id::Mark, mark, mark_style);
            let from = pair.parts.iter().flatten().find_map(|part| part.step.from);
            half(buffer, line, Id::From, arrow(from), theme.side(from));
            for (id, part) in [(Id::One, &pair.parts[0]), (Id::Other, &pair.parts[1])] {
                let text = part.as_ref().map_or_else(|| "-".to_owned(), |part| step_words(shared, part));
                half(buffer, line, id, &text, if part.is_some() { style } else { theme.quiet() });
            }
            if place == self.list.selected {
                put(buffer, line, "›", theme.strong());
                buffer.set_style(line, theme.selection(true));
            }
        }
    }

    pub(super) fn draw_fields(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let [differ, by_nature, same] = self.counts;
        let part = self.pair().and_then(|pair| pair.parts.iter().flatten().next());
        let step = part.map(|part| step_words(shared, part)).unwrap_or_default();
        let differ = words::plural(differ as u64, "1 field differs", &format!("{differ} fields differ")).to_owned();
        let moved = if self.pair().is_some_and(|pair| pair.is_moved) { "in another order; " } else { "" };
        let right = format!("{moved}{differ}, {by_nature} by nature, {same} the same");
        let left = beside(&format!(" {step}"), &right, self.areas.fields.width);
        let body = heading(buffer, self.areas.fields, theme, false, &left, &right);
        let columns = halves(body.width, body.width * 3 / 10);
        for ((place, both), line) in self.fields.iter().enumerate().skip(self.field.top).zip(lines(body)) {
            let (mark, mark_style, style) = looks(shared, both.likeness);
            for at in &columns {
                match at.id {
                    Id::Mark => at.put(buffer, line, mark, mark_style),
                    Id::From => {
                        at.put(buffer, line, &tail(&both.path, usize::from(at.width)), theme.label().patch(style))
                    }
                    Id::One => at.put(buffer, line, both.values[0].as_deref().unwrap_or("-"), style),
                    Id::Other => at.put(buffer, line, both.values[1].as_deref().unwrap_or("-"), style),
                };
            }
            if place == self.field.selected {
                put(buffer, line, "›", theme.strong());
                buffer.set_style(line, theme.selection(false));
            }
        }
        if self.fields.is_empty() {
            let text = if same > 0 { "all fields are the same" } else { "no fields" };
            put(buffer, Rect { x: body.x + 2, width: body.width.saturating_sub(2), ..body }, text, theme.quiet());
        }
    }

    /// Both values of the selected field, as long as they are.
    pub(super) fn draw_values(&self, buffer: &mut Buffer, shared: &Shared) {
        let (area, theme) = (self.areas.values, &shared.theme);
        if area.height < 2 || area.width < 10 {
            return;
        }
        let Some(both) = self.fields.get(self.field.selected) else { return };
        let half = area.height / 2;
        for (index, value) in both.values.iter().enumerate() {
            let top = half * index as u16;
            let own = Rect { y: area.y + top, height: half, ..area };
            let which = short_name(shared, self.compared.of[index]);
            let parts = wrap(value.as_deref().unwrap_or("-"), usize::from(area.width.saturating_sub(NAMES + 2)));
            for (number, (part, line)) in parts.iter().zip(lines(own)).enumerate() {
                if number == 0 {
                    put(buffer, Rect { x: line.x + 1, width: NAMES - 1, ..line }, &which, theme.label());
                }
                let is_cut = number + 1 == usize::from(half) && parts.len() > usize::from(half);
                let cut = if is_cut { " …" } else { "" };
                let at = Rect { x: line.x + NAMES + 1, width: line.width.saturating_sub(NAMES + 1), ..line };
                put(buffer, at, &format!("{part}{cut}"), Style::new());
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Id {
    Mark,
    From,
    One,
    Other,
}

/// Columns of steps, or of fields: in front of both values, equally wide, stands a step's direction, or a field's path.
fn halves(width: u16, first: u16) -> Vec<Place<Id>> {
    let half = width.saturating_sub(first + 5) / 2;
    let columns = [
        Column::new(Id::Mark, "", 2, Align::Right),
        Column::new(Id::From, "", first, Align::Left),
        Column::new(Id::One, "", half, Align::Left),
        Column { grows: true, gap: 0, ..Column::new(Id::Other, "", 1, Align::Left) },
    ];
    columns::fit(&columns, width)
}

/// A sign, and how it and what is beside it look.
fn looks(shared: &Shared, likeness: Likeness) -> (&'static str, Style, Style) {
    let theme = &shared.theme;
    match likeness {
        Likeness::Differs => ("≠", theme.trouble(), theme.trouble()),
        Likeness::ByNature => ("≈", theme.quiet(), theme.quiet()),
        Likeness::Same => ("=", theme.quiet(), Style::new()),
    }
}

fn arrow(from: Option<Side>) -> &'static str {
    match from {
        Some(Side::Client) => "→",
        Some(Side::Server) => "←",
        None => " ",
    }
}

/// The end of a path, which tells more than its beginning.
fn tail(path: &str, columns: usize) -> String {
    let path = path.trim_start_matches('/');
    let all = words::width(path);
    if all <= columns {
        return path.to_owned();
    }
    let mut left = all + 1;
    let rest = path.char_indices().find(|(_, letter)| {
        let fits = left <= columns;
        left -= words::width(&letter.to_string());
        fits
    });
    format!("…{}", rest.map_or("", |(at, _)| &path[at..]))
}

/// In at most eleven columns, but for very many sessions or messages.
pub(super) fn short_name(shared: &Shared, one: Marked) -> String {
    match one {
        Marked::Session(number) => format!("session {number}"),
        Marked::Row(_) => name(shared, one),
    }
}

/// What stands over a side: of a session its number, with its capture where there are several and otherwise its client, and below that
/// its server; of a row what it is, and its session.
fn titles(shared: &Shared, one: Marked) -> [String; 2] {
    let number = match one {
        Marked::Session(number) => number,
        Marked::Row(row) => {
            let session = shared.book.session_of(row).unwrap_or_default();
            return [name(shared, one), format!("session {session}")];
        }
    };
    let Some(session) = shared.book.session(number) else { return Default::default() };
    let file = shared.book.capture_of(number).filter(|_| shared.paths.len() > 1);
    let first = file.and_then(|file| shared.name_of(file));
    let first = first.unwrap_or_else(|| session.party(Side::Client).to_string());
    [format!("{number}: {first}"), format!("→ {}", session.party(Side::Server))]
}

fn name(shared: &Shared, one: Marked) -> String {
    match one {
        Marked::Session(number) => {
            let session = shared.book.session(number);
            format!("{number}: {}", session.map(crate::book::Session::parties).unwrap_or_default())
        }
        Marked::Row(row) => match shared.book.entry(row).and_then(|entry| entry.n) {
            Some(n) => format!("message {n}"),
            None => shared.book.text(row).kind,
        },
    }
}

fn step_words(shared: &Shared, part: &Part) -> String {
    match part.run {
        Some(run) => format!("{} {} ×", run.media.name().replace(", ", " and "), run.media.messages()),
        // Of two rows it was not asked what they are.
        None if part.step.kind.is_empty() => shared.book.line(part.row),
        None => part.step.words().to_owned(),
    }
}
