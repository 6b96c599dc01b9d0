//! Figures of a session over time, one chart below the other, with a cursor through all of them.
//!
//! What there is, is as wide as the screen until one zooms in; a chart's heading has the values at the cursor. The row that the user is at has
//! its place in each. What comes of the client is drawn in its colour, and that of the server in its own.

use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line, Points};

use super::{Effect, NO_SESSION, Room, Screen};
use crate::book::Book;
use crate::series::{Quantity, Series};
use crate::tui::action::Action;
use crate::tui::filtering::{Filtering, where_it};
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::paint::{beside, heading, put};
use crate::tui::shared::Shared;
use crate::tui::view::{Chosen, Keep};
use crate::wire::{Side, words};

/// Lines of a chart at least, its heading among them, and at most.
const LEAST: u16 = 5;
const MOST: u16 = 12;
/// Columns of the scale.
const SCALE: u16 = 9;
/// Nanoseconds that are shown at least.
const SHORTEST: i64 = 20_000_000;
const SIDES: [(Side, &str); 2] = [(Side::Client, "→"), (Side::Server, "←")];

/// The screen; see the module.
pub(in crate::tui) struct Plots {
    series: Series,
    /// Which messages there are figures of, and how that is written.
    keep: Option<Keep<Book>>,
    filter: Option<String>,
    /// Charts that have something to show.
    charts: Vec<Chart>,
    list: List,
    /// Nanoseconds from the start: what is shown, and the cursor. None while nobody zoomed: all there is.
    shown: Option<(i64, i64)>,
    cursor: i64,
    /// The place of the row that the user is at.
    here: Option<i64>,
    /// Whether the cursor was put there.
    is_placed: bool,
    area: Rect,
    /// How many charts there is room for, and lines of each.
    fit: (usize, u16),
}

/// A chart as it is drawn: for each dot from the left, each side's value.
struct Chart {
    quantity: Quantity,
    values: [Vec<Option<f64>>; 2],
    bounds: (f64, f64),
    at_cursor: [Option<f64>; 2],
}

/// Of the session that is shown, or of the one that the user is at.
pub(in crate::tui) fn begin(shared: &Shared) -> Effect {
    let book = &shared.book;
    let session = match shared.view.chosen() {
        Chosen::Session(number) => Some(*number),
        Chosen::All | Chosen::Sessions(_) => shared.row.and_then(|row| book.session_of(row)),
    };
    match session.and_then(|number| book.session(number)) {
        Some(session) => Effect::Open(Box::new(Plots::new(session.number(), shared.filter.as_ref()))),
        None => Effect::Say(NO_SESSION.to_owned()),
    }
}

impl Plots {
    fn new(session: u32, filter: Option<&Filtering>) -> Self {
        Plots {
            series: Series::new(session),
            keep: filter.map(Filtering::keep),
            filter: filter.map(|filter| filter.text().to_owned()),
            charts: Vec::new(),
            list: List::default(),
            shown: None,
            cursor: 0,
            here: None,
            is_placed: false,
            area: Rect::ZERO,
            fit: (1, LEAST),
        }
    }

    /// Where the row is that the user is at; a finding is where its message is.
    fn place(&self, shared: &Shared) -> Option<i64> {
        let (book, row) = (&shared.book, shared.row?);
        let at = |row| book.entry(row).and_then(|entry| entry.at);
        let at = at(row).or_else(|| book.stand(row).map(|stand| stand.at))?;
        Some(at.since(self.series.start()?).max(0))
    }

    /// What is shown, in nanoseconds from the start.
    fn shown(&self) -> (i64, i64) {
        self.shown.unwrap_or((0, self.series.length().max(SHORTEST)))
    }

    /// Columns of a chart without its scale.
    fn columns(&self) -> u16 {
        self.area.width.saturating_sub(SCALE + 1).max(1)
    }

    /// Nanoseconds of a column.
    fn column(&self) -> i64 {
        let (start, end) = self.shown();
        ((end - start) / i64::from(self.columns())).max(1)
    }

    /// The column of a time, where it is shown.
    fn column_of(&self, at: i64) -> Option<u16> {
        let (start, end) = self.shown();
        let column = (at - start) / self.column();
        ((start..=end).contains(&at)).then(|| (column as u16).min(self.columns() - 1))
    }

    /// Moves the cursor; what is shown goes along.
    fn move_to(&mut self, at: i64) {
        self.cursor = at.clamp(0, self.series.length());
        let (start, end) = self.shown();
        let length = end - start;
        if self.shown.is_some() {
            let start = start.min(self.cursor).max(self.cursor - length);
            self.shown = Some((start, start + length));
        }
    }

    /// Shows half of the time, or twice as much, around the cursor.
    fn zoom(&mut self, is_in: bool) {
        let (start, end) = self.shown();
        let all = self.series.length().max(SHORTEST);
        let length = if is_in { (end - start) / 2 } else { (end - start) * 2 }.max(SHORTEST);
        if length >= all {
            self.shown = None;
            return;
        }
        let start = (self.cursor - length / 2).clamp(0, all - length);
        self.shown = Some((start, start + length));
    }

    fn read(&self, quantity: Quantity) -> Chart {
        let (start, end) = self.shown();
        let dots = i64::from(self.columns()) * 2;
        let edge = |dot: i64| start + (end - start) * dot / dots;
        let of = |side: Side| -> Vec<Option<f64>> {
            let mut values: Vec<_> =
                (0..dots).map(|dot| self.series.value(quantity, side, edge(dot), edge(dot + 1))).collect();
            if quantity.is_lasting() {
                let mut last = self.series.latest(quantity, side, start);
                for value in &mut values {
                    last = value.or(last);
                    *value = last;
                }
            }
            values
        };
        let values = SIDES.map(|(side, _)| of(side));
        let all = || values.iter().flatten().flatten().copied();
        let (least, most) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        let most = if most > least { most } else { least + 1.0 };
        let at_cursor = SIDES.map(|(side, _)| {
            if quantity.is_rate() {
                return self.series.value(quantity, side, self.cursor, self.cursor + self.column());
            }
            self.series.latest(quantity, side, self.cursor + self.column() - 1)
        });
        Chart { quantity, values, bounds: (least, most), at_cursor }
    }

    fn draw_chart(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, chart: &Chart, is_selected: bool) {
        let theme = &shared.theme;
        let left = format!(" {}, {}", chart.quantity.name(), chart.quantity.unit());
        let value =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| number(value, chart.quantity.unit()));
        let has = |index: usize| self.series.has_of(chart.quantity, SIDES[index].0);
        let shown = SIDES.iter().enumerate().filter(|(index, _)| has(*index));
        let right: Vec<_> =
            shown.map(|(index, (_, arrow))| format!("{arrow} {}", value(chart.at_cursor[index]))).collect();
        let right = right.join("  ");
        let body = heading(buffer, area, theme, is_selected, &beside(&left, &right, area.width), &right);
        if body.height == 0 || body.width <= SCALE + 1 {
            return;
        }
        let (least, most) = chart.bounds;
        let scale = |buffer: &mut Buffer, y: u16, value: f64| {
            let text = number(value, chart.quantity.unit());
            let width = (words::width(&text) as u16).min(SCALE - 1);
            put(buffer, Rect { x: body.x + SCALE - 1 - width, y, width, height: 1 }, &text, theme.quiet());
        };
        scale(buffer, body.y, most);
        if body.height > 1 {
            scale(buffer, body.bottom() - 1, least);
        }
        let canvas = Rect { x: body.x + SCALE, width: self.columns(), ..body };
        let dots = f64::from(canvas.width) * 2.0;
        if !chart.values.iter().flatten().any(Option::is_some) {
            put(buffer, canvas, "none in this time", theme.quiet());
            self.draw_marks(buffer, canvas, shared);
            return;
        }
        let mut order = [0, 1];
        // What is larger is behind.
        let sum = |side: usize| chart.values[side].iter().flatten().sum::<f64>();
        if sum(0) < sum(1) {
            order = [1, 0];
        }
        Canvas::default()
            .marker(Marker::Braille)
            .x_bounds([0.0, dots - 1.0])
            .y_bounds([least, most])
            .paint(|context| {
                for (place, side) in order.into_iter().enumerate() {
                    let color = theme.side(Some(SIDES[side].0)).fg.unwrap_or(Color::Reset);
                    let drawn = chart.values[side].iter().enumerate();
                    let drawn = drawn.filter_map(|(x, value)| value.map(|value| (x as f64, value)));
                    // Where nothing came at all, there is nothing to hide the other side with.
                    let is_shown = |(_, y): &(f64, f64)| *y > 0.0 || !chart.quantity.is_rate();
                    let drawn: Vec<_> = drawn.filter(is_shown).collect();
                    match chart.quantity {
                        // One value follows from the one before.
                        Quantity::Ahead => {
                            for pair in drawn.windows(2) {
                                let [(x1, y1), (x2, y2)] = [pair[0], pair[1]];
                                context.draw(&Line { x1, y1, x2, y2, color });
                            }
                            context.draw(&Points { coords: &drawn, color });
                        }
                        _ if place == 0 => {
                            for (x, y) in drawn.into_iter().filter(|(_, y)| *y > 0.0) {
                                context.draw(&Line { x1: x, y1: 0.0, x2: x, y2: y, color });
                            }
                        }
                        _ => context.draw(&Points { coords: &drawn, color }),
                    }
                }
            })
            .render(canvas, buffer);
        self.draw_marks(buffer, canvas, shared);
    }

    /// The cursor, and the place of the row that the user is at.
    fn draw_marks(&self, buffer: &mut Buffer, canvas: Rect, shared: &Shared) {
        let theme = &shared.theme;
        for (at, mark, style) in [(self.here, "┊", theme.quiet()), (Some(self.cursor), "│", theme.strong())] {
            let Some(column) = at.and_then(|at| self.column_of(at)) else { continue };
            for y in canvas.top()..canvas.bottom() {
                let cell = &mut buffer[(canvas.x + column, y)];
                cell.set_symbol(mark).set_style(Style::reset().patch(style));
            }
        }
    }

    /// From when to when, and where the cursor and the row are.
    fn draw_times(&self, buffer: &mut Buffer, line: Rect, shared: &Shared) {
        let theme = &shared.theme;
        let (start, end) = self.shown();
        let since = |at: i64| {
            let first = self.series.start().unwrap_or_default();
            let begin = shared.progress.start.unwrap_or(first);
            format!("{} s", words::seconds(first.since(begin) + at, 3))
        };
        let line = Rect { x: line.x + SCALE, width: self.columns(), ..line };
        let Some(column) = self.column_of(self.cursor) else { return };
        let text = since(self.cursor);
        let width = words::width(&text) as u16;
        let x = line.x + column.saturating_sub(width / 2).min(line.width.saturating_sub(width));
        put(buffer, Rect { x, width, ..line }, &text, theme.strong());
        // The ends, where the cursor's leaves room for them.
        let (first, last) = (since(start), since(end));
        if line.x + (words::width(&first) as u16) < x {
            put(buffer, Rect { width: x - line.x, ..line }, &first, theme.quiet());
        }
        let own = words::width(&last) as u16;
        if x + width + own < line.right() {
            put(buffer, Rect { x: line.right() - own, width: own, ..line }, &last, theme.quiet());
        }
    }
}

/// A value, in eight columns at most.
fn number(value: f64, unit: &str) -> String {
    let size = value.abs();
    match size {
        _ if unit == "bytes" && size >= 1e9 => format!("{:.2}G", value / 1e9),
        _ if unit == "bytes" && size >= 1e6 => format!("{:.2}M", value / 1e6),
        _ if size >= 1e7 => format!("{:.1}M", value / 1e6),
        _ if size >= 100.0 || size.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

impl Screen for Plots {
    fn context(&self) -> Context {
        Context::Plots
    }

    fn offers(&self, action: Action, _shared: &Shared) -> bool {
        let all = self.series.length().max(SHORTEST);
        match action {
            Action::Open => self.series.row_at(self.cursor).is_some(),
            Action::ZoomIn => !self.charts.is_empty() && self.shown().1 - self.shown().0 > SHORTEST && all > SHORTEST,
            _ => true,
        }
    }

    fn update(&mut self, action: Action, _shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Back => return vec![Effect::Close],
            Action::Open => {
                let row = self.series.row_at(self.cursor).map(Effect::GoTo);
                return [Effect::Close].into_iter().chain(row).collect();
            }
            Action::Right => self.move_to(self.cursor + self.column()),
            Action::Left => self.move_to(self.cursor - self.column()),
            Action::PageDown | Action::PageUp => {
                let page = self.column() * i64::from(self.columns()) / 2;
                self.move_to(self.cursor + if action == Action::PageDown { page } else { -page });
            }
            Action::First => self.move_to(0),
            Action::Last => self.move_to(i64::MAX),
            Action::ZoomIn => self.zoom(true),
            Action::ZoomOut => self.zoom(false),
            _ => {
                if let Some(by) = motion(action, self.fit.0) {
                    self.list.step(by, self.charts.len());
                }
            }
        }
        Vec::new()
    }

    fn is_behind(&self, shared: &Shared) -> bool {
        self.series.is_behind(&shared.book)
    }

    fn grow(&mut self, shared: &Shared, time: Duration) {
        let since = Instant::now();
        let (book, keep) = (&shared.book, &mut self.keep);
        let is_kept = |row| keep.as_mut().is_none_or(|keep| keep(book, row));
        self.series.grow_with(book, is_kept, || since.elapsed() >= time);
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        self.area = room.body;
        if !self.is_placed && self.series.start().is_some() {
            self.is_placed = true;
            self.here = self.place(shared);
            self.cursor = self.here.unwrap_or_default();
        }
        self.charts =
            Quantity::ALL.into_iter().filter(|quantity| self.series.has(*quantity)).map(|q| self.read(q)).collect();
        // A heading, and lines of times, of what the chart is, and of what is missing.
        let lines = self.area.height.saturating_sub(4);
        let most = usize::from(lines / LEAST).max(1);
        let count = self.charts.len().clamp(1, most);
        self.fit = (count, (lines / count as u16).min(MOST));
        self.list.reveal(count, self.charts.len());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        let theme = &shared.theme;
        let session = shared.book.session(self.series.session());
        let title = format!(
            " session {}{}: {}",
            self.series.session(),
            where_it(self.filter.as_deref()),
            session.map(crate::book::Session::parties).unwrap_or_default()
        );
        let place = match self.charts.len() {
            0 => "no figures".to_owned(),
            length => format!("{}/{length}", self.list.selected + 1),
        };
        let mut rest = heading(buffer, self.area, theme, true, &beside(&title, &place, self.area.width), &place);
        for (index, chart) in self.charts.iter().enumerate().skip(self.list.top).take(self.fit.0) {
            let height = self.fit.1.min(rest.height);
            self.draw_chart(buffer, Rect { height, ..rest }, shared, chart, index == self.list.selected);
            rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        }
        if rest.height == 0 {
            return;
        }
        if !self.charts.is_empty() {
            self.draw_times(buffer, rest, shared);
        }
        if rest.height > 1 {
            let about = self.charts.get(self.list.selected).map_or("", |chart| chart.quantity.about());
            let line = Rect { x: rest.x + 1, y: rest.y + 1, width: rest.width.saturating_sub(1), height: 1 };
            put(buffer, line, about, theme.quiet());
        }
        if rest.height > 2 {
            let none: Vec<_> =
                Quantity::ALL.into_iter().filter(|quantity| !self.series.has(*quantity)).map(Quantity::name).collect();
            let none = if none.is_empty() { String::new() } else { format!("nothing of: {}", none.join(", ")) };
            let line = Rect { x: rest.x + 1, y: rest.y + 2, width: rest.width.saturating_sub(1), height: 1 };
            put(buffer, line, &none, theme.quiet());
        }
    }
}
