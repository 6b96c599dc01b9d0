//! Where the panes are. Every size of terminal has its layout; nothing here is drawn.

use ratatui::layout::Rect;

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

/// Lays out the panes. `sessions` is how many lines the list of sessions has.
pub(super) fn lay_out(panes: Rect, focus: Pane, zoomed: bool, sessions: usize) -> Areas {
    let sessions = u16::try_from(sessions).unwrap_or(u16::MAX).saturating_add(1);
    if panes.height < 8 || panes.width < 40 {
        // The program says that this is too small.
        Areas::default()
    } else if zoomed {
        zoom(panes, focus)
    } else if panes.width >= WIDE && panes.height >= 20 {
        side_by_side(panes, sessions)
    } else {
        stacked(panes, focus, sessions)
    }
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

fn side_by_side(panes: Rect, sessions: u16) -> Areas {
    let right = (panes.width * 2 / 5).max(HEX_16 + 1);
    let (left, right) = split_columns(panes, panes.width - right - 1);
    let (rule, right) = split_columns(right, 1);
    let (sessions, timeline) = split_rows(left, sessions.clamp(3, left.height / 4));
    let (fields, below) = split_rows(right, right.height * 11 / 20);
    let (about, bytes) = split_rows(below, 3);
    Areas { sessions, timeline, fields, about, bytes, rule }
}

/// The pane that has the keys, and its neighbours in meaning, have most of the room.
fn stacked(panes: Rect, focus: Pane, sessions: u16) -> Areas {
    let height = panes.height;
    let (top, detail) = if focus.is_detail() {
        // Some rows of context are left.
        split_rows(panes, (height / 4).max(3))
    } else {
        split_rows(panes, height - (height / 3).max(3))
    };
    let (sessions, timeline) = if focus.is_detail() && height < 40 {
        split_rows(top, 0)
    } else {
        let most = if focus == Pane::Sessions { top.height / 2 } else { (top.height / 4).max(4).min(top.height - 3) };
        split_rows(top, sessions.min(most))
    };
    let (detail, about) = split_rows(detail, detail.height - 1);
    let width = match detail.width {
        120.. => HEX_16 + 1,
        76.. => HEX_8 + 1,
        // Not both: the fields stand for the row until the bytes are asked for.
        width if focus == Pane::Bytes => width,
        _ => 0,
    };
    let (fields, bytes) = split_columns(detail, detail.width - width);
    let both = fields.width > 0 && bytes.width > 0;
    let (rule, bytes) = if both { split_columns(bytes, 1) } else { (Rect::ZERO, bytes) };
    Areas { sessions, timeline, fields, about, bytes, rule }
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

    #[test]
    fn the_pane_with_the_keys_has_room_at_every_size() {
        for (width, height) in
            [(40, 10), (40, 100), (79, 24), (80, 24), (120, 20), (149, 60), (150, 22), (200, 50), (500, 200)]
        {
            for focus in Pane::ALL {
                for zoomed in [false, true] {
                    let screen = Rect::new(0, 0, width, height - 2);
                    let areas = lay_out(screen, focus, zoomed, 100);
                    assert!(areas.lines(focus) >= 1, "{width}x{height} {focus:?} {zoomed}: {areas:?}");
                    for pane in Pane::ALL {
                        assert_eq!(areas.of(pane).intersection(screen), areas.of(pane), "{pane:?}");
                    }
                }
            }
        }
    }
}
