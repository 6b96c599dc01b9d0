//! A session's figures over time as pictures: a line a side, and the values of each stretch where somebody points to it.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::Report;
use crate::book::Session;
use crate::export::html::END;
use crate::series::{Quantity, Series};
use crate::wire::Side;
use crate::wire::words::seconds;

/// Stretches of time in a picture.
const STRETCHES: usize = 100;
/// Its height in its own units; it is drawn as high as it stands on the page.
const HEIGHT: f64 = 100.0;
const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// Of a side: the value of each stretch that has one.
type Values = Vec<Option<f64>>;

impl Report<'_> {
    pub(super) fn plots(&self, session: &Session) -> Markup {
        let mut series = Series::new(session.number());
        series.grow_with(self.book, |row| self.chosen.is_kept(row), || false);
        let there: Vec<Quantity> = Quantity::ALL.into_iter().filter(|quantity| series.has(*quantity)).collect();
        if series.length() <= 0 || there.is_empty() {
            return html! {};
        }
        html! {
            h4 { "Figures over time" } (END)
            p.legend.note {
                span.client { "━ what the client sent" } " " span.server { "┅ what the server sent" }
                " Each picture goes from the session's beginning to its end."
            } (END)
            div.plots { (END)
                @for quantity in there { (self.plot(&series, quantity, session.number())) }
            } (END)
        }
    }

    fn plot(&self, series: &Series, quantity: Quantity, session: u32) -> Markup {
        let edge = |at: usize| (series.length() as i128 * at as i128 / STRETCHES as i128) as i64;
        let stretches = (0..STRETCHES).map(|at| (edge(at), edge(at + 1)));
        let values: [Values; 2] = SIDES.map(|side| {
            let own = |(start, end): (i64, i64)| {
                let value = series.value(quantity, side, start, end);
                let lasts = || series.latest(quantity, side, end);
                value.or_else(|| if quantity.is_lasting() { lasts() } else { None })
            };
            stretches.clone().map(own).collect()
        });
        let all = || values.iter().flatten().flatten().copied();
        let top = all().fold(0.0_f64, f64::max);
        let bottom = all().fold(0.0_f64, f64::min);
        let span = if top > bottom { top - bottom } else { 1.0 };
        let y = |value: f64| HEIGHT - (value - bottom) / span * (HEIGHT - 6.0) - 3.0;
        let unit = quantity.unit();
        let id = format!("plot-{session}-{}", quantity as usize);
        let start = self.asked.start.zip(series.start()).map_or(0, |(first, own)| own.since(first));
        let time = |at: i64| seconds(start + at, 3);
        let titles = stretches.clone().enumerate().filter_map(|(at, (from, to))| {
            let told: Vec<String> = SIDES
                .into_iter()
                .filter_map(|side| Some(format!("{} {} {unit}", side.name(), figure(values[side.index()][at]?))))
                .collect();
            (!told.is_empty()).then(|| (at, format!("{} to {} s: {}", time(from), time(to), told.join(", "))))
        });
        html! {
            figure aria-labelledby=(id) {
                figcaption id=(id) {
                    b { (quantity.name()) } ", " (unit) ". " (quantity.about())
                    @for side in SIDES { @if let Some(range) = range(&values[side.index()], side, unit) { (range) } }
                } (END)
                div.plot {
                    div.scale { span { (figure(top)) } span { (figure(bottom)) } } (END)
                    svg viewBox={ "0 0 " (STRETCHES) " " (HEIGHT) } preserveAspectRatio="none" role="img" aria-labelledby=(id) { (END)
                        path.zero d={ "M0 " (place(y(0.0))) "H" (STRETCHES) } {}
                        @for side in SIDES {
                            @if let Some(path) = path(&values[side.index()], y) { path.(side.name()) d=(path) {} (END) }
                        }
                        @for (at, title) in titles {
                            rect x=(at) y="0" width="1" height=(HEIGHT) { title { (title) } } (END)
                        }
                    } (END)
                    div.span { span { (time(0)) " s" } span { (time(series.length())) " s" } }
                }
            } (END)
        }
    }
}

/// A line of steps, with gaps where there is no value.
fn path(values: &Values, y: impl Fn(f64) -> f64) -> Option<String> {
    let mut path = String::new();
    let mut before = None;
    for (at, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let y = place(y(*value));
            // Writing to a string cannot fail.
            let _ = match before {
                Some(_) => write!(path, "V{y}H{}", at + 1),
                None => write!(path, "M{at} {y}H{}", at + 1),
            };
        }
        before = *value;
    }
    (!path.is_empty()).then_some(path)
}

fn place(y: f64) -> String {
    format!("{y:.1}")
}

/// A value with three digits or so.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == value.trunc() => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// From where to where a side's values go; a sentence.
fn range(values: &Values, side: Side, unit: &str) -> Option<String> {
    let there = || values.iter().flatten().copied();
    let least = there().reduce(f64::min)?;
    let most = there().reduce(f64::max)?;
    let (least, most) = (figure(least), figure(most));
    let name = side.name();
    Some(if least == most {
        format!(" The {name}'s is {most} {unit}.")
    } else {
        format!(" The {name}'s goes from {least} to {most} {unit}.")
    })
}
