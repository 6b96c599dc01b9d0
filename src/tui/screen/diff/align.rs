//! Two sessions step by step, or two rows: which belong together, and how many fields of them differ. It takes many rows' bytes, so it is a
//! job; the screen opens when it is done.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Instant;

use similar::{Algorithm, capture_diff_slices};

use super::Diff;
use crate::book::{Book, Detail, Likeness, Step};
use crate::limits::Limits;
use crate::tui::filtering::Filtering;
use crate::tui::marks::Marked;
use crate::tui::screen::Effect;
use crate::tui::screen::job::{Job, Progress};
use crate::tui::screen::ladder::arrows::{Arrow, Arrows, Run, severity};
use crate::tui::shared::Shared;
use crate::tui::view::Chosen;

/// Steps of a session that are compared: its beginning, and much of what follows.
const MOST: usize = Limits::DEFAULT.compared_on_screen;

/// A step of one of the two.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) row: u32,
    /// Where it is a run of media.
    pub(super) run: Option<Run>,
    pub(super) step: Step,
}

/// Steps that belong together, or one without another.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    pub(super) parts: [Option<Part>; 2],
    pub(super) likeness: Option<Likeness>,
    /// Both have it, in another order.
    pub(super) is_moved: bool,
}

impl Beside {
    fn of(parts: [Option<Part>; 2], likeness: Option<Likeness>) -> Self {
        Beside { parts, likeness, is_moved: false }
    }

    pub(super) fn is_different(&self) -> bool {
        self.likeness == Some(Likeness::Differs) || (self.is_moved && !self.is_regular())
    }

    fn is_regular(&self) -> bool {
        self.parts.iter().flatten().any(|part| part.step.is_regular())
    }
}

/// What the comparison is of.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub(super) of: [Marked; 2],
    pub(super) pairs: Vec<Beside>,
    /// Whether the sessions have more steps than were compared.
    pub(super) is_cut: bool,
    /// The filter that lets the steps through.
    pub(super) filter: Option<String>,
}

/// The job.
pub(super) struct Comparing {
    of: [Marked; 2],
    arrows: [Arrows; 2],
    places: [usize; 2],
    parts: [Vec<Part>; 2],
    is_cut: bool,
    /// The filter's text, where not all rows are compared.
    filter: Option<String>,
    pairs: Option<Vec<Beside>>,
    /// Pairs whose fields were compared.
    done: usize,
}

impl Comparing {
    /// Of sessions the rows that the filter lets through; two rows are compared, whatever they are.
    pub(super) fn new(of: [Marked; 2], filter: Option<&Filtering>) -> Self {
        let arrows = of.map(|one| match one {
            Marked::Session(number) => Arrows::new(Chosen::Session(number), filter.map(Filtering::keep)),
            Marked::Row(_) => Arrows::default(),
        });
        let is_filtered = matches!(of[0], Marked::Session(_));
        Comparing {
            of,
            arrows,
            places: [0; 2],
            parts: [Vec::new(), Vec::new()],
            is_cut: false,
            filter: filter.filter(|_| is_filtered).map(|filter| filter.text().to_owned()),
            pairs: None,
            done: 0,
        }
    }

    /// Takes in more of the steps of one of the two. Whether it has them all.
    fn collect(&mut self, side: usize, book: &Book, deadline: Instant) -> bool {
        let parts = &mut self.parts[side];
        if let Marked::Row(row) = self.of[side] {
            // Two rows are compared, whatever they are.
            let step = Step::default();
            parts.push(Part { row, run: None, step });
            return true;
        }
        let arrows = &mut self.arrows[side];
        while arrows.is_behind(book) {
            arrows.grow(book, || Instant::now() >= deadline);
            if Instant::now() >= deadline {
                return false;
            }
        }
        while let Some(arrow) = arrows.get(self.places[side]) {
            if parts.len() >= MOST {
                self.is_cut = true;
                return true;
            }
            self.places[side] += 1;
            match arrow {
                Arrow::Run(run) => {
                    let step = Step { from: run.from, kind: "media".to_owned(), name: String::new() };
                    parts.push(Part { row: run.first, run: Some(run), step });
                }
                Arrow::Row(row) if severity(book, row).is_none() => {
                    parts.push(Part { row, run: None, step: book.course_step(row) });
                }
                Arrow::Row(_) | Arrow::Pause(..) => {}
            }
            if Instant::now() >= deadline {
                return false;
            }
        }
        true
    }

    /// Ties the steps together.
    fn align(&self) -> Vec<Beside> {
        let steps = |side: usize| -> Vec<&Step> { self.parts[side].iter().map(|part| &part.step).collect() };
        let part = |side: usize, index: usize| self.parts[side].get(index).cloned();
        let mut pairs = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &steps(0), &steps(1)) {
            let (old, new) = (op.old_range(), op.new_range());
            if op.tag() == similar::DiffTag::Equal {
                let both = old.zip(new).map(|(old, new)| Beside::of([part(0, old), part(1, new)], None));
                pairs.extend(both);
                continue;
            }
            let alone = |side: usize, index: usize| {
                let own = part(side, index);
                let is_regular = own.as_ref().is_some_and(|part| part.step.is_regular());
                let likeness = Some(if is_regular { Likeness::ByNature } else { Likeness::Differs });
                let parts = if side == 0 { [own, None] } else { [None, own] };
                Beside::of(parts, likeness)
            };
            pairs.extend(old.map(|index| alone(0, index)));
            pairs.extend(new.map(|index| alone(1, index)));
        }
        moved(pairs)
    }
}

/// Steps that stand alone on both sides are one that moved: it stands where the first side has it.
fn moved(mut pairs: Vec<Beside>) -> Vec<Beside> {
    let mut alone: HashMap<Step, VecDeque<usize>> = HashMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        if let [None, Some(other)] = &pair.parts {
            alone.entry(other.step.clone()).or_default().push_back(index);
        }
    }
    let mut gone = HashSet::new();
    for index in 0..pairs.len() {
        let [Some(one), None] = &pairs[index].parts else { continue };
        let Some(other) = alone.get_mut(&one.step).and_then(VecDeque::pop_front) else { continue };
        gone.insert(other);
        pairs[index].parts[1] = pairs[other].parts[1].take();
        (pairs[index].likeness, pairs[index].is_moved) = (None, true);
    }
    let mut index = 0;
    pairs.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    pairs
}

/// How two steps are to each other.
fn likeness(book: &Book, pair: &Beside) -> Likeness {
    let [Some(one), Some(other)] = &pair.parts else { return Likeness::Differs };
    if let (Some(one), Some(other)) = (one.run, other.run) {
        // How much there is, and for how long, is no difference.
        return if one.media.name() == other.media.name() { Likeness::ByNature } else { Likeness::Differs };
    }
    let both = book.detail(one.row).beside(&book.detail(other.row));
    if both.iter().any(|both| both.likeness == Likeness::Differs) {
        Likeness::Differs
    } else if both.iter().any(|both| both.likeness == Likeness::ByNature) {
        Likeness::ByNature
    } else {
        Likeness::Same
    }
}

/// The rows of a pair, to be looked at field by field.
pub(super) fn details(book: &Book, pair: &Beside) -> [Detail; 2] {
    [0, 1].map(|side| {
        let part = pair.parts[side].as_ref();
        part.map(|part| book.detail(part.row)).unwrap_or_default()
    })
}

impl Job for Comparing {
    fn name(&self) -> &'static str {
        "comparing"
    }

    fn step(&mut self, shared: &Shared, deadline: Instant) -> Progress {
        let book = &shared.book;
        let Some(pairs) = &mut self.pairs else {
            for side in [0, 1] {
                let is_new = self.parts[side].is_empty() || matches!(self.of[side], Marked::Session(_));
                if is_new && !self.collect(side, book, deadline) {
                    return Progress::More(10 * side);
                }
            }
            self.pairs = Some(self.align());
            return Progress::More(20);
        };
        while let Some(index) = (self.done < pairs.len()).then_some(self.done) {
            self.done += 1;
            if pairs[index].likeness.is_none() {
                pairs[index].likeness = Some(likeness(book, &pairs[index]));
            }
            if Instant::now() >= deadline {
                return Progress::More(20 + 80 * self.done / pairs.len());
            }
        }
        let pairs = std::mem::take(pairs);
        let compared = Compared { of: self.of, pairs, is_cut: self.is_cut, filter: self.filter.take() };
        Progress::Done(vec![Effect::Open(Box::new(Diff::new(compared, shared)))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(names: [Option<&str>; 2]) -> Beside {
        let part = |name: &str| {
            let step = Step { from: None, kind: "command".to_owned(), name: name.to_owned() };
            Part { row: 0, run: None, step }
        };
        Beside::of(names.map(|name| name.map(part)), Some(Likeness::Differs))
    }

    #[test]
    fn a_step_in_another_order_is_one() {
        let pairs = vec![
            pair([Some("FCPublish"), None]),
            pair([Some("createStream"), Some("createStream")]),
            pair([None, Some("FCPublish")]),
            pair([None, Some("FCPublish")]),
            pair([Some("play"), None]),
        ];
        let shown: Vec<_> = moved(pairs)
            .iter()
            .map(|pair| (pair.is_moved, pair.parts.iter().flatten().count(), pair.is_different()))
            .collect();
        assert_eq!(shown, [(true, 2, true), (false, 2, true), (false, 1, true), (false, 1, true)]);
    }
}
