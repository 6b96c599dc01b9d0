//! Two sessions beside each other, step by step and field by field; or two rows.
//!
//! Steps of the same direction, type and name belong together, in their order. What differs is marked; what differs by nature (times, packets,
//! addresses, random bytes) is quiet. The way from one difference to the next goes through fields and steps.

mod align;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Effect, Room, Screen};
use crate::book::{Both, Likeness};
use crate::tui::action::Action;
use crate::tui::columns::{self, Align, Column, Place};
use crate::tui::filtering::where_it;
use crate::tui::keymap::{self, Context};
use crate::tui::list::{List, motion};
use crate::tui::marks::Marked;
use crate::tui::paint::{beside, heading, lines, put};
use crate::tui::shared::Shared;
use crate::tui::wrap::wrap;
use crate::wire::{Side, words};
use align::{Beside, Compared, Comparing, Part, details};

/// From this width on the fields stand beside the steps.
const WIDE: u16 = 120;

/// Before a step that both have, in another order.
const MOVED: &str = "↕";

/// Below that height of the steps there is one line for what the two are.
const LOW: u16 = 6;

/// Columns of what the two are called, beside their values.
const NAMES: u16 = 13;

/// The screen; see the module.
pub(in crate::tui) struct Diff {
    compared: Compared,
    /// Steps.
    list: List,
    /// The fields of the selected step that are shown, and the selected one.
    fields: Vec<Both>,
    field: List,
    /// Whether fields that are the same are shown too.
    shows_all: bool,
    /// The step that the fields are of, and what was known of secrets then.
    read: Option<(usize, u64)>,
    /// The selected step's words and the number of fields of each likeness.
    counts: [usize; 3],
    areas: Areas,
}

#[derive(Clone, Copy, Debug, Default)]
struct Areas {
    steps: Rect,
    fields: Rect,
    /// The selected field's values, whole.
    values: Rect,
}

/// Begins to compare: what was marked; or what was marked last and what is selected; or the two sessions that there are.
pub(in crate::tui) fn begin(shared: &Shared, session: Option<u32>) -> Effect {
    let marks = &shared.marks;
    let selected = match marks.last() {
        Some(Marked::Row(_)) => shared.row.map(Marked::Row),
        Some(Marked::Session(_)) => session.map(Marked::Session),
        None => None,
    };
    let with_selected = marks.last().zip(selected).filter(|(one, other)| one != other);
    let both = match shared.book.sessions() {
        // As their captures were given.
        [one, other] => {
            let mut both = [one.number(), other.number()];
            both.sort_by_key(|number| (shared.book.capture_of(*number), *number));
            Some((Marked::Session(both[0]), Marked::Session(both[1])))
        }
        _ => None,
    };
    if let Some((one, other)) = marks.pair().or(with_selected).or(both) {
        return Effect::Start(Box::new(Comparing::new([one, other], shared.filter.as_ref())));
    }
    let key = keymap::first_key(Context::Sessions, Action::Mark);
    Effect::Say(format!("nothing to compare: {key} marks two sessions, or two rows"))
}

impl Diff {
    fn new(compared: Compared, shared: &Shared) -> Self {
        let mut diff = Diff {
            compared,
            list: List::default(),
            fields: Vec::new(),
            field: List::default(),
            shows_all: false,
            read: None,
            counts: [0; 3],
            areas: Areas::default(),
        };
        // It opens at the first difference.
        if let Some(first) = diff.compared.pairs.iter().position(Beside::is_different) {
            diff.list.selected = first;
        }
        diff.go_to_step(diff.list.selected, shared);
        diff
    }

    fn pair(&self) -> Option<&Beside> {
        self.compared.pairs.get(self.list.selected)
    }

    fn lines(&self) -> usize {
        usize::from(self.areas.steps.height.saturating_sub(1 + self.heads()))
    }

    /// Lines that say what the two are.
    fn heads(&self) -> u16 {
        if self.areas.steps.height < LOW { 1 } else { 2 }
    }

    /// Reads the fields of the selected step.
    fn read(&mut self, shared: &Shared) {
        let now = Some((self.list.selected, shared.learned));
        if self.read == now {
            return;
        }
        let is_other = self.read.map(|(step, _)| step) != Some(self.list.selected);
        self.read = now;
        let fields = self.pair().map(|pair| fields(shared, pair)).unwrap_or_default();
        let count = |likeness| fields.iter().filter(|both| both.likeness == likeness).count();
        self.counts = [Likeness::Differs, Likeness::ByNature, Likeness::Same].map(count);
        let is_shown = |both: &Both| self.shows_all || both.likeness != Likeness::Same;
        self.fields = fields.into_iter().filter(is_shown).collect();
        if is_other {
            self.field = List::default();
        }
    }

    /// The next field that differs, or the one before.
    fn next_field(&self, from: Option<usize>, forward: bool) -> Option<usize> {
        let differs = |at: &usize| self.fields[*at].likeness == Likeness::Differs;
        if forward {
            (from.map_or(0, |from| from + 1)..self.fields.len()).find(differs)
        } else {
            (0..from.unwrap_or(self.fields.len()).min(self.fields.len())).rev().find(differs)
        }
    }

    /// Goes to a step, and there to the first field that differs.
    fn go_to_step(&mut self, step: usize, shared: &Shared) {
        let lines = self.lines();
        self.list.center(step, lines);
        self.read(shared);
        self.field.selected = self.next_field(None, true).unwrap_or_default();
        // Those that follow it are seen with it.
        self.field.top = self.field.selected.saturating_sub(1);
    }

    /// To the next field that differs, or the one before; where none does, to the next field.
    fn step_field(&mut self, forward: bool) {
        let by = if forward { 1 } else { -1 };
        match self.next_field(Some(self.field.selected), forward) {
            Some(field) => self.field.selected = field,
            None if self.counts[0] == 0 => self.field.step(by, self.fields.len()),
            None => {}
        }
    }

    /// By side, the step of the call that the selected one answers, or of the answer to it.
    fn partners(&self, shared: &Shared) -> [Option<usize>; 2] {
        let call = |row: u32| shared.book.answered(row).map(|(call, _)| call);
        [0, 1].map(|side| {
            let own = self.pair()?.parts[side].as_ref()?.row;
            let row_of = |pair: &Beside| pair.parts[side].as_ref().map(|part| part.row);
            // A call may have more than one answer: the first.
            (0..self.compared.pairs.len()).find(|step| {
                let other = row_of(&self.compared.pairs[*step]);
                other.is_some_and(|other| call(own) == Some(other) || call(other) == Some(own))
            })
        })
    }

    /// To the answer of the selected call, or to the call that is answered; says where only one has it.
    fn follow(&mut self, shared: &Shared) -> Vec<Effect> {
        let name = |side: usize| short_name(shared, self.compared.of[side]);
        let is_there = |side: usize| self.pair().is_some_and(|pair| pair.parts[side].is_some());
        let (step, told) = match self.partners(shared) {
            [None, None] => {
                return vec![Effect::Say("this step is no call with an answer, and no answer".to_owned())];
            }
            [Some(one), Some(other)] if one == other => (one, None),
            [Some(one), Some(other)] => {
                let told = format!("{} has another answer, in step {}", name(1), other + 1);
                (one, Some(told))
            }
            [Some(one), None] => (one, is_there(1).then(|| format!("{}: no answer", name(1)))),
            [None, Some(other)] => (other, is_there(0).then(|| format!("{}: no answer", name(0)))),
        };
        self.go_to_step(step, shared);
        told.map(Effect::Say).into_iter().collect()
    }

    /// To the next step that differs, or the one before.
    fn seek(&mut self, forward: bool, shared: &Shared) -> Vec<Effect> {
        let is_different = |step: &usize| self.compared.pairs[*step].is_different();
        let step = if forward {
            (self.list.selected + 1..self.compared.pairs.len()).find(is_different)
        } else {
            (0..self.list.selected).rev().find(is_different)
        };
        let Some(step) = step else {
            return vec![Effect::Say(format!("no difference {}", if forward { "below" } else { "above" }))];
        };
        self.go_to_step(step, shared);
        Vec::new()
    }

    fn draw_steps(&self, buffer: &mut Buffer, shared: &Shared) {
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

    fn draw_fields(&self, buffer: &mut Buffer, shared: &Shared) {
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
    fn draw_values(&self, buffer: &mut Buffer, shared: &Shared) {
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
fn short_name(shared: &Shared, one: Marked) -> String {
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

/// The fields of a step, of either session.
fn fields(shared: &Shared, pair: &Beside) -> Vec<Both> {
    let run = |side: usize| pair.parts[side].as_ref().and_then(|part| part.run);
    if run(0).is_none() && run(1).is_none() {
        let [one, other] = details(&shared.book, pair);
        return one.beside(&other);
    }
    let line = |path: &str, values: [Option<String>; 2], otherwise| {
        let likeness = if values[0] == values[1] { Likeness::Same } else { otherwise };
        Both { path: path.to_owned(), values, likeness }
    };
    let of = |value: fn(&crate::book::Media) -> String| [0, 1].map(|side| run(side).map(|run| value(&run.media)));
    vec![
        line("media", of(|media| media.name().to_owned()), Likeness::Differs),
        line("messages", of(|media| media.messages().to_string()), Likeness::ByNature),
        line("bytes", of(|media| media.bytes.to_string()), Likeness::ByNature),
    ]
}

impl Screen for Diff {
    fn context(&self) -> Context {
        Context::Diff
    }

    fn offers(&self, action: Action, shared: &Shared) -> bool {
        match action {
            Action::NextDifference => self.compared.pairs.iter().skip(self.list.selected + 1).any(Beside::is_different),
            Action::Reference => self.partners(shared) != [None, None],
            Action::Open => self.pair().is_some(),
            _ => true,
        }
    }

    fn update(&mut self, action: Action, shared: &mut Shared) -> Vec<Effect> {
        match action {
            Action::Back => return vec![Effect::Close],
            Action::Open => {
                let row = self.pair().and_then(|pair| pair.parts.iter().flatten().next()).map(|part| part.row);
                return [Effect::Close].into_iter().chain(row.map(Effect::GoTo)).collect();
            }
            Action::NextDifference => return self.seek(true, shared),
            Action::PreviousDifference => return self.seek(false, shared),
            Action::Reference => return self.follow(shared),
            Action::AllFields => {
                let path = self.fields.get(self.field.selected).map(|both| both.path.clone());
                self.shows_all = !self.shows_all;
                self.read = None;
                self.read(shared);
                let place = path.and_then(|path| self.fields.iter().position(|both| both.path == path));
                self.field.selected = place.unwrap_or_default();
            }
            Action::Right => self.step_field(true),
            Action::Left => self.step_field(false),
            _ => {
                if let Some(by) = motion(action, self.lines()) {
                    self.list.step(by, self.compared.pairs.len());
                    self.go_to_step(self.list.selected, shared);
                }
            }
        }
        Vec::new()
    }

    fn prepare(&mut self, room: Room, shared: &mut Shared) {
        let body = room.body;
        self.areas = if body.width >= WIDE {
            let width = body.width * 2 / 5;
            let (steps, right) =
                (Rect { width, ..body }, Rect { x: body.x + width + 1, width: body.width - width - 1, ..body });
            let values = (right.height / 4).clamp(2, 8) & !1;
            Areas { steps, ..below(right, values) }
        } else {
            let height = (body.height / 2).max(3).min(body.height);
            let (steps, rest) =
                (Rect { height, ..body }, Rect { y: body.y + height, height: body.height - height, ..body });
            let values = if rest.height >= 8 { 4.min(rest.height - 6) & !1 } else { 0 };
            Areas { steps, ..below(rest, values) }
        };
        self.read(shared);
        let lines = self.lines();
        self.list.reveal(lines, self.compared.pairs.len());
        self.field.reveal(usize::from(self.areas.fields.height.saturating_sub(1)), self.fields.len());
    }

    fn draw(&self, buffer: &mut Buffer, shared: &Shared) {
        self.draw_steps(buffer, shared);
        self.draw_fields(buffer, shared);
        self.draw_values(buffer, shared);
        if self.areas.fields.x > self.areas.steps.x {
            for y in self.areas.steps.top()..self.areas.steps.bottom() {
                buffer.set_string(self.areas.steps.right(), y, "│", shared.theme.quiet());
            }
        }
    }
}

/// Fields with values below them.
fn below(area: Rect, values: u16) -> Areas {
    let fields = Rect { height: area.height - values.min(area.height), ..area };
    let values = Rect { y: area.y + fields.height, height: area.height - fields.height, ..area };
    Areas { steps: Rect::ZERO, fields, values }
}
