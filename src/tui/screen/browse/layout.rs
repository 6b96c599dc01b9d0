//! Where the panes are. Every size of terminal has its layout; nothing here is drawn.

use ratatui::layout::{Position, Rect};

/// One of the four panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    Sessions,
    #[default]
    Timeline,
    Fields,
    Bytes,
}

impl Pane {
    pub(super) const ALL: [Pane; 4] = [Pane::Sessions, Pane::Timeline, Pane::Fields, Pane::Bytes];

    /// Whether it belongs to the selected row.
    pub(super) fn is_detail(self) -> bool {
        matches!(self, Pane::Fields | Pane::Bytes)
    }
}

/// From this width on lists and details stand side by side.
const WIDE: u16 = 150;
/// Columns of the bytes pane with sixteen bytes a line, and with eight.
const HEX_16: u16 = 74;
const HEX_8: u16 = 41;
/// The places of everything. A pane without room has none; its first line is its heading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas {
    /// All of them.
    pub(super) whole: Rect,
    pub(super) sessions: Rect,
    pub(super) timeline: Rect,
    pub(super) fields: Rect,
    /// What the selected field is, below the fields.
    pub(super) about: Rect,
    pub(super) bytes: Rect,
    /// Where a vertical line stands between panes.
    pub(super) rule: Rect,
}

impl Areas {
    pub(super) fn of(&self, pane: Pane) -> Rect {
        match pane {
            Pane::Sessions => self.sessions,
            Pane::Timeline => self.timeline,
            Pane::Fields => self.fields,
            Pane::Bytes => self.bytes,
        }
    }

    /// The pane at a place of the terminal.
    pub(super) fn pane_at(&self, at: Position) -> Option<Pane> {
        Pane::ALL.into_iter().find(|pane| self.of(*pane).contains(at))
    }

    fn is_side_by_side(&self) -> bool {
        self.fields.x > self.timeline.x && self.timeline.width > 0
    }

    /// The border that can be taken hold of at a place: the line between panes, or the heading of the lower one.
    pub(super) fn split_at(&self, at: Position) -> Option<Split> {
        let heads = |area: Rect| area.height > 0 && at.y == area.y && (area.left()..area.right()).contains(&at.x);
        if self.rule.contains(at) {
            return Some(if self.is_side_by_side() { Split::Details } else { Split::Bytes });
        }
        if self.is_side_by_side() && heads(self.bytes) {
            return Some(Split::Fields);
        }
        if !self.is_side_by_side() && self.timeline.height > 0 && (heads(self.fields) || heads(self.bytes)) {
            return Some(Split::Rows);
        }
        (heads(self.timeline) && self.sessions.height > 0).then_some(Split::Sessions)
    }

    /// Lines of a pane without its heading.
    pub(super) fn lines(&self, pane: Pane) -> usize {
        usize::from(self.of(pane).height.saturating_sub(1))
    }

    /// Bytes on a line of the bytes pane.
    pub(super) fn bytes_a_line(&self) -> usize {
        match self.bytes.width {
            HEX_16.. => 16,
            HEX_8.. => 8,
            _ => 4,
        }
    }
}

/// A border that can be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    /// Between sessions and timeline.
    Sessions,
    /// Between lists and details: beside each other, and below one another.
    Details,
    Rows,
    /// Between fields and bytes: below one another, and beside each other.
    Fields,
    Bytes,
}

impl Split {
    /// As what is remembered has it.
    pub(super) const ALL: [(&'static str, Split); 5] = [
        ("sessions", Split::Sessions),
        ("details", Split::Details),
        ("rows", Split::Rows),
        ("fields", Split::Fields),
        ("bytes", Split::Bytes),
    ];
}

/// Where the user put the borders: how much of both together the first of two has, in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Splits([Option<u16>; Split::ALL.len()]);

impl Splits {
    pub(super) fn get(&self, split: Split) -> Option<u16> {
        self.0[split as usize]
    }

    pub(super) fn set(&mut self, split: Split, share: u16) {
        self.0[split as usize] = Some(share.min(1000));
    }

    /// Puts a border where it was dragged to.
    pub(super) fn drag(&mut self, split: Split, at: Position, areas: &Areas) {
        let Areas { whole, sessions, timeline, fields, about, bytes, .. } = *areas;
        let (start, end, at) = match split {
            Split::Sessions => (sessions.y, timeline.bottom(), at.y),
            Split::Details | Split::Bytes => (whole.x, whole.right(), at.x),
            Split::Rows => (whole.y, whole.bottom(), at.y),
            // What the field means stands between them.
            Split::Fields => (fields.y, bytes.bottom(), at.y.saturating_sub(about.height)),
        };
        let (part, all) = (at.clamp(start, end) - start, end.saturating_sub(start).max(1));
        // Half a line more, so that it comes out as the same one.
        let share = (u32::from(part) * 1000 + 500) / u32::from(all);
        self.set(split, share as u16);
    }

    /// How much of so many lines or columns the first one has, both at least so many.
    fn of(&self, split: Split, all: u16, least: (u16, u16), usual: u16) -> u16 {
        let chosen = self.get(split).map(|share| (u32::from(share) * u32::from(all) / 1000) as u16);
        match chosen {
            Some(chosen) => chosen.min(all.saturating_sub(least.1)).max(least.0).min(all),
            None => usual,
        }
    }
}

/// Lays out the panes. `sessions` is how many lines the list of sessions has.
pub(super) fn lay_out(panes: Rect, focus: Pane, zoomed: bool, sessions: usize, splits: &Splits) -> Areas {
    let sessions = u16::try_from(sessions).unwrap_or(u16::MAX).saturating_add(1);
    let areas = if panes.height < 8 || panes.width < 40 {
        // The program says that this is too small.
        Areas::default()
    } else if zoomed {
        zoom(panes, focus)
    } else if panes.width >= WIDE && panes.height >= 20 {
        side_by_side(panes, sessions, splits)
    } else {
        stacked(panes, focus, sessions, splits)
    };
    Areas { whole: panes, ..areas }
}

fn zoom(panes: Rect, focus: Pane) -> Areas {
    match focus {
        Pane::Sessions => Areas { sessions: panes, ..Areas::default() },
        Pane::Timeline => Areas { timeline: panes, ..Areas::default() },
        Pane::Fields => {
            let (fields, about) = split_rows(panes, panes.height - 2);
            Areas { fields, about, ..Areas::default() }
        }
        Pane::Bytes => Areas { bytes: panes, ..Areas::default() },
    }
}

fn side_by_side(panes: Rect, sessions: u16, splits: &Splits) -> Areas {
    let right = (panes.width * 2 / 5).max(HEX_16 + 1);
    let left = splits.of(Split::Details, panes.width, (60, 41), panes.width - right - 1);
    let (left, right) = split_columns(panes, left);
    let (rule, right) = split_columns(right, 1);
    let (sessions, timeline) =
        split_rows(left, splits.of(Split::Sessions, left.height, (2, 4), sessions.clamp(3, left.height / 4)));
    let (fields, below) = split_rows(right, splits.of(Split::Fields, right.height, (3, 6), right.height * 11 / 20));
    let (about, bytes) = split_rows(below, 3);
    Areas { sessions, timeline, fields, about, bytes, rule, ..Areas::default() }
}

/// The pane that has the keys, and its neighbours in meaning, have most of the room.
fn stacked(panes: Rect, focus: Pane, sessions: u16, splits: &Splits) -> Areas {
    let height = panes.height;
    // Some rows of context are left.
    let usual = if focus.is_detail() { (height / 4).max(3) } else { height - (height / 3).max(3) };
    let is_chosen = splits.get(Split::Rows).is_some();
    let (top, detail) = split_rows(panes, splits.of(Split::Rows, height, (4, 4), usual));
    let (sessions, timeline) = if focus.is_detail() && height < 40 && !is_chosen {
        split_rows(top, 0)
    } else {
        let most = if focus == Pane::Sessions {
            top.height / 2
        } else {
            (top.height / 4).max(4).min(top.height.saturating_sub(3))
        };
        split_rows(top, splits.of(Split::Sessions, top.height, (2, 2), sessions.min(most)))
    };
    let (detail, about) = split_rows(detail, detail.height - 1);
    let width = match detail.width {
        120.. => HEX_16 + 1,
        76.. => HEX_8 + 1,
        // Not both: the fields stand for the row until the bytes are asked for.
        width if focus == Pane::Bytes => width,
        _ => 0,
    };
    let usual = detail.width - width;
    let fields = if width == 0 || usual == 0 { usual } else { splits.of(Split::Bytes, detail.width, (20, 28), usual) };
    let (fields, bytes) = split_columns(detail, fields);
    let both = fields.width > 0 && bytes.width > 0;
    let (rule, bytes) = if both { split_columns(bytes, 1) } else { (Rect::ZERO, bytes) };
    Areas { sessions, timeline, fields, about, bytes, rule, ..Areas::default() }
}

fn split_rows(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

fn split_columns(area: Rect, width: u16) -> (Rect, Rect) {
    let width = width.min(area.width);
    (Rect { width, ..area }, Rect { x: area.x + width, width: area.width - width, ..area })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A border comes to where it was dragged to, wherever that can be.
    #[test]
    fn borders_are_dragged() {
        for (width, height) in [(80, 24), (120, 35), (200, 50)] {
            let screen = Rect::new(0, 0, width, height - 2);
            let at = |splits: &Splits| lay_out(screen, Pane::Timeline, false, 100, splits);
            let first = at(&Splits::default());
            let borders = (0..width).flat_map(|x| (0..height).map(move |y| Position { x, y }));
            let mut seen = Vec::new();
            for from in borders {
                let Some(split) = first.split_at(from).filter(|split| !seen.contains(split)) else { continue };
                seen.push(split);
                let is_upright = first.rule.contains(from);
                let to =
                    if is_upright { Position { x: from.x - 3, ..from } } else { Position { y: from.y + 1, ..from } };
                let mut splits = Splits::default();
                splits.drag(split, to, &first);
                assert_eq!(at(&splits).split_at(to), Some(split), "{width}x{height} {from} {split:?}");
            }
            assert_eq!(seen.len(), 3, "{seen:?}");
        }
    }

    #[test]
    fn the_pane_with_the_keys_has_room_at_every_size() {
        for (width, height) in
            [(40, 10), (40, 100), (79, 24), (80, 24), (120, 20), (149, 60), (150, 22), (200, 50), (500, 200)]
        {
            for focus in Pane::ALL {
                for zoomed in [false, true] {
                    let screen = Rect::new(0, 0, width, height - 2);
                    for share in [None, Some(0), Some(400), Some(1000)] {
                        let splits = Splits([share; Split::ALL.len()]);
                        let areas = lay_out(screen, focus, zoomed, 100, &splits);
                        assert!(areas.lines(focus) >= 1, "{width}x{height} {focus:?} {zoomed} {share:?}: {areas:?}");
                        for pane in Pane::ALL {
                            assert_eq!(areas.of(pane).intersection(screen), areas.of(pane), "{pane:?}");
                        }
                    }
                }
            }
        }
    }
}
