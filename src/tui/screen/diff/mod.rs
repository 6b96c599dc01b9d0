//! Two sessions beside each other, step by step and field by field; or two rows.
//!
//! Steps of the same direction, type and name belong together, in their order. What differs is marked; what differs by nature (times, packets,
//! addresses, random bytes) is quiet. The way from one difference to the next goes through fields and steps.

mod align;
mod draw;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Effect, Room, Screen};
use crate::book::{Both, Likeness};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::list::{List, motion};
use crate::tui::marks::Marked;
use crate::tui::shared::Shared;
use align::{Beside, Compared, Comparing, details};
use draw::short_name;

/// From this width on the fields stand beside the steps.
const WIDE: u16 = 120;

/// Below that height of the steps there is one line for what the two are.
const LOW: u16 = 6;

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
    let key = shared.keys.first(Context::Sessions, Action::Mark);
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
