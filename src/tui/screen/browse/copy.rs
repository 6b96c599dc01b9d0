//! What can be taken out of the screen: values, names, bytes and JSON, masked as they are shown.

use super::fields::Fields;
use crate::book::{Detail, Line};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::popup::pager::Pager;
use crate::tui::screen::Effect;
use crate::tui::shared::Shared;
use crate::wire::words::count;

/// Bytes that terminals take at least; of more, some take nothing.
const TERMINAL: usize = 74_994;

impl Fields {
    /// Copies something of the selected field, or of the whole row.
    pub(super) fn copy(&self, action: Action, of_row: bool, shared: &Shared) -> Vec<Effect> {
        let Some((detail, at)) = self.selected() else {
            return vec![Effect::Say("nothing is selected".to_owned())];
        };
        let line = detail.lines.get(at).filter(|_| !of_row);
        let (what, text) = match (action, line) {
            (Action::CopyPath, Some(line)) => ("path", line.filter_name().to_owned()),
            (Action::CopyPath, None) => ("title", detail.title.clone()),
            (Action::CopyHex, Some(line)) => ("bytes", hex(line.span.clone().and_then(|span| detail.bytes.get(span)))),
            (Action::CopyHex, None) => ("bytes", hex(Some(&detail.bytes))),
            (Action::CopyJson, Some(_)) => ("JSON", detail.json(Some(at))),
            (Action::CopyJson, None) => ("JSON", detail.json(None)),
            (_, Some(line)) => ("value", line.text().to_owned()),
            (_, None) => {
                let text = shared.row.map(|row| shared.book.text(row)).unwrap_or_default();
                ("row", format!("{} {}", text.kind, text.what))
            }
        };
        if text.is_empty() {
            return vec![Effect::Say(format!("there is no {what} here"))];
        }
        let mut said = format!("copied: {what}");
        if let Some(line) = line {
            said += &format!(" of {}", line.label);
        }
        if text.len() > TERMINAL {
            let key = shared.keys.first(Context::Browse, Action::WriteCopied);
            said += &format!(
                ", {}, which the terminal may not take; {key} writes a file",
                count(text.len() as u64, "byte")
            );
        }
        vec![Effect::Copy(text), Effect::Say(said)]
    }

    /// Opens the selected value where all of it can be read.
    pub(super) fn read(&self) -> Vec<Effect> {
        let line = self.selected().and_then(|(detail, at)| detail.lines.get(at));
        match line.filter(|line| !line.text().is_empty()) {
            Some(line) => {
                vec![Effect::Open(Box::new(Pager::new(line.label.clone(), line.text().to_owned())))]
            }
            None => vec![Effect::Say("this line has no value".to_owned())],
        }
    }

    /// Whether all of the selected value can only be read elsewhere.
    pub(super) fn is_cut(&self) -> bool {
        self.selected().and_then(|(detail, at)| detail.lines.get(at)).is_some_and(Line::is_cut)
    }

    /// The fields, and which of them is selected.
    fn selected(&self) -> Option<(&Detail, usize)> {
        let tree = self.tree()?;
        Some((&tree.detail, tree.index(self.place())?))
    }
}

fn hex(bytes: Option<&[u8]>) -> String {
    let bytes: Vec<_> = bytes.unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}
