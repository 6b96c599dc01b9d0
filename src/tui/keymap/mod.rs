//! Which key does what where: the one table, from which help, the line of keys, the palette and `docs/tui.md` are made too.
//!
//! Keys are bound in contexts. A screen says in which contexts its keys are looked for, the innermost first; an outer one has what is the
//! same everywhere. Several keys may be one binding (`g g`). Both Wireshark's and vim's habits are served.

mod bound;
mod key;

use std::sync::LazyLock;

pub(super) use bound::Found;
pub use bound::Keymap;
pub use key::Key;

use super::action::{Action, COMMANDS};

/// Where a key is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Global,
    /// Whatever has lines that one moves along.
    List,
    /// The screen of sessions, timeline, fields and bytes.
    Browse,
    Sessions,
    Timeline,
    Fields,
    Bytes,
    /// The ladder of arrows.
    Ladder,
    /// All findings.
    Findings,
    /// Two sessions or rows beside each other.
    Diff,
    /// Figures over time.
    Plots,
    /// A window over the screen.
    Popup,
    /// A line in which something is written.
    Prompt,
    /// The line in which a filter is written.
    Filter,
    /// The line in which a search is written.
    Search,
    /// The list of actions below such a line.
    Palette,
}

impl Context {
    pub const ALL: [Context; 16] = [
        Context::Global,
        Context::List,
        Context::Browse,
        Context::Sessions,
        Context::Timeline,
        Context::Fields,
        Context::Bytes,
        Context::Ladder,
        Context::Findings,
        Context::Diff,
        Context::Plots,
        Context::Popup,
        Context::Prompt,
        Context::Filter,
        Context::Search,
        Context::Palette,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Context::Global => "global",
            Context::List => "list",
            Context::Browse => "browse",
            Context::Sessions => "sessions",
            Context::Timeline => "timeline",
            Context::Fields => "fields",
            Context::Bytes => "bytes",
            Context::Ladder => "ladder",
            Context::Findings => "findings",
            Context::Diff => "diff",
            Context::Plots => "plots",
            Context::Popup => "popup",
            Context::Prompt => "prompt",
            Context::Filter => "filter",
            Context::Search => "search",
            Context::Palette => "palette",
        }
    }

    /// The context of a name, as a configuration has it.
    pub(super) fn named(name: &str) -> Option<Context> {
        Context::ALL.into_iter().find(|context| context.name() == name)
    }

    /// Whether letters are written there.
    fn writes(self) -> bool {
        matches!(self, Context::Prompt | Context::Filter | Context::Search | Context::Palette)
    }

    /// Where this context's keys are bound; a sentence for help and manual.
    pub(super) fn help(self) -> &'static str {
        match self {
            Context::Global => "On every screen, but where a window or a line to write in is open.",
            Context::List => "In every list, in windows too.",
            Context::Browse => "On the screen of sessions, timeline, fields and bytes.",
            Context::Sessions => "In the list of sessions.",
            Context::Timeline => "In the timeline.",
            Context::Fields => "In the fields of a row.",
            Context::Bytes => "In the bytes of a row.",
            Context::Ladder => "On the screen of arrows.",
            Context::Findings => "On the screen of findings.",
            Context::Diff => "On the screen that compares.",
            Context::Plots => "On the screen of figures over time.",
            Context::Popup => "In a window over the screen.",
            Context::Prompt => "In a line in which something is written. All other keys write.",
            Context::Filter => "In the line of a filter, beside those of a line.",
            Context::Search => "In the line of a search, beside those of a line.",
            Context::Palette => "In the list of actions, beside those of a line.",
        }
    }

    /// Where a key is looked for when the innermost context is this one: there first.
    pub fn chain(self) -> &'static [Context] {
        use Context::{
            Browse, Bytes, Diff, Fields, Filter, Findings, Global, Ladder, List, Palette, Plots, Popup, Prompt, Search,
            Sessions, Timeline,
        };
        match self {
            Global => &[Global],
            List => &[List, Global],
            Browse => &[Browse, List, Global],
            Sessions => &[Sessions, Browse, List, Global],
            Timeline => &[Timeline, Browse, List, Global],
            Fields => &[Fields, Browse, List, Global],
            Bytes => &[Bytes, Browse, List, Global],
            Ladder => &[Ladder, List, Global],
            Findings => &[Findings, List, Global],
            Diff => &[Diff, List, Global],
            Plots => &[Plots, List, Global],
            // What is under it must not hear of its keys.
            Popup => &[Popup, List],
            Prompt => &[Prompt],
            Filter => &[Filter, Prompt],
            Search => &[Search, Prompt],
            Palette => &[Palette, Prompt],
        }
    }
}

/// Keys that do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub context: Context,
    /// One after the other.
    pub keys: Vec<Key>,
    pub action: Action,
}

/// Keys in contexts, as they are written. What stands first is what the line at the bottom shows.
type Table = &'static [(Context, &'static [(Action, &'static [&'static str])])];

const TABLE: Table = &[
    (
        Context::List,
        &[
            (Action::Down, &["Down", "j"]),
            (Action::Up, &["Up", "k"]),
            (Action::PageDown, &["PgDn", "Space"]),
            (Action::PageUp, &["PgUp", "^B"]),
            (Action::HalfPageDown, &["^D"]),
            (Action::HalfPageUp, &["^U"]),
            (Action::First, &["Home", "g g"]),
            (Action::Last, &["End", "G"]),
        ],
    ),
    (
        Context::Browse,
        &[
            (Action::NextPane, &["Tab"]),
            (Action::PreviousPane, &["Shift-Tab"]),
            (Action::Open, &["Enter"]),
            (Action::Back, &["Esc"]),
            (Action::Filter, &["\\"]),
            (Action::FilterBy, &["="]),
            (Action::FilterAnd, &["+"]),
            (Action::FilterNot, &["-"]),
            (Action::Search, &["/", "^F"]),
            (Action::NextMatch, &["n", "^N"]),
            (Action::PreviousMatch, &["N"]),
            (Action::NextFinding, &["f"]),
            (Action::PreviousFinding, &["b"]),
            (Action::Findings, &["F"]),
            (Action::Attention, &["!"]),
            (Action::NextUnanswered, &["u"]),
            (Action::Reference, &["o"]),
            (Action::Why, &["w"]),
            (Action::NextError, &["] e"]),
            (Action::PreviousError, &["[ e"]),
            (Action::NextWarning, &["] w"]),
            (Action::PreviousWarning, &["[ w"]),
            (Action::NextHole, &["] h"]),
            (Action::PreviousHole, &["[ h"]),
            (Action::NextKeyFrame, &["] k"]),
            (Action::PreviousKeyFrame, &["[ k"]),
            (Action::GoTo, &["^G"]),
            (Action::Times, &["t"]),
            (Action::TimeZero, &["T"]),
            (Action::FoldMedia, &["M"]),
            (Action::CopyValue, &["y y"]),
            (Action::CopyPath, &["y p"]),
            (Action::CopyHex, &["y x"]),
            (Action::CopyJson, &["y j"]),
            (Action::WriteCopied, &[">"]),
            (Action::Save, &["^S"]),
            (Action::ByteView, &["B"]),
            (Action::Zoom, &["z"]),
            (Action::Ladder, &["L"]),
            (Action::Diff, &["D"]),
            (Action::Plots, &["P"]),
        ],
    ),
    (Context::Sessions, &[(Action::Mark, &["m"]), (Action::SortNext, &["s"]), (Action::SortReverse, &["S"])]),
    (Context::Timeline, &[(Action::Mark, &["m"]), (Action::Right, &["Right", "l"]), (Action::Left, &["Left", "h"])]),
    (Context::Fields, &[(Action::Right, &["Right", "l"]), (Action::Left, &["Left", "h"]), (Action::Read, &["v"])]),
    (Context::Bytes, &[(Action::Right, &["Right", "l"]), (Action::Left, &["Left", "h"])]),
    (
        Context::Findings,
        &[
            (Action::Open, &["Enter"]),
            (Action::Back, &["Esc", "F"]),
            (Action::Right, &["Right", "l"]),
            (Action::Left, &["Left", "h"]),
            (Action::GroupFindings, &["Tab"]),
            (Action::Notes, &["n"]),
        ],
    ),
    (
        Context::Ladder,
        &[
            (Action::Open, &["Enter"]),
            (Action::Back, &["Esc", "L"]),
            (Action::NextFinding, &["f"]),
            (Action::PreviousFinding, &["F"]),
            (Action::Reference, &["o"]),
        ],
    ),
    (
        Context::Diff,
        &[
            (Action::Open, &["Enter"]),
            (Action::Back, &["Esc", "D"]),
            (Action::NextDifference, &["n"]),
            (Action::PreviousDifference, &["N"]),
            (Action::Reference, &["o"]),
            (Action::Right, &["Right", "l"]),
            (Action::Left, &["Left", "h"]),
            (Action::AllFields, &["a"]),
        ],
    ),
    (
        Context::Plots,
        &[
            (Action::Open, &["Enter"]),
            (Action::Back, &["Esc", "P"]),
            (Action::Right, &["Right", "l"]),
            (Action::Left, &["Left", "h"]),
            (Action::ZoomIn, &["+"]),
            (Action::ZoomOut, &["-"]),
        ],
    ),
    (Context::Popup, &[(Action::Close, &["Esc", "q", "?", "F1", "^C"])]),
    (Context::Prompt, &[(Action::Accept, &["Enter"]), (Action::Cancel, &["Esc", "^C"])]),
    (
        Context::Filter,
        &[
            (Action::Complete, &["Tab"]),
            (Action::CompleteBack, &["Shift-Tab"]),
            (Action::Earlier, &["Up", "^P"]),
            (Action::Later, &["Down", "^N"]),
        ],
    ),
    (
        Context::Search,
        &[
            (Action::NextForm, &["Tab"]),
            (Action::NextCase, &["^T"]),
            (Action::Earlier, &["Up", "^P"]),
            (Action::Later, &["Down", "^N"]),
        ],
    ),
    (Context::Palette, &[(Action::Down, &["Down", "Tab", "^N"]), (Action::Up, &["Up", "Shift-Tab", "^P"])]),
    (
        Context::Global,
        &[
            (Action::Palette, &[":", "^P"]),
            (Action::Help, &["?", "F1"]),
            (Action::Redraw, &["^L"]),
            (Action::Suspend, &["^Z"]),
            (Action::Quit, &["q", "^C"]),
        ],
    ),
];

/// Every key as the program has it.
pub static BINDINGS: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    let mut bindings = Vec::new();
    for (context, actions) in TABLE {
        for (action, keys) in *actions {
            let read = keys.iter().filter_map(|keys| Key::sequence(keys));
            bindings.extend(read.map(|keys| Binding { context: *context, keys, action: *action }));
        }
    }
    bindings
});

/// Keys as they are drawn.
pub(super) fn drawn(keys: &[Key]) -> String {
    key::drawn(keys)
}

/// The tables of `docs/tui.md`.
pub fn markdown() -> String {
    let (mut text, map) = (String::new(), Keymap::default());
    for context in Context::ALL {
        let bound: Vec<_> = BINDINGS.iter().filter(|binding| binding.context == context).collect();
        if bound.is_empty() {
            continue;
        }
        text += &format!("\n### {}\n\n{}\n\n", context.name(), context.help());
        text += "| keys | action | what it does |\n| --- | --- | --- |\n";
        for command in COMMANDS {
            let keys = map.of(&[context], command.action);
            if !keys.is_empty() {
                let keys: Vec<_> = keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
                text += &format!("| {} | `{}` | {} |\n", keys.join(" "), command.name, command.help);
            }
        }
    }
    text += "\n### In the palette alone\n\n| action | what it does |\n| --- | --- |\n";
    for command in COMMANDS.iter().filter(|command| map.of(&Context::ALL, command.action).is_empty()) {
        text += &format!("| `{}` | {} |\n", command.name, command.help);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::popup::palette;

    #[test]
    fn every_key_of_the_table_can_be_read() {
        for (context, actions) in TABLE {
            for (action, keys) in *actions {
                for keys in *keys {
                    assert!(Key::sequence(keys).is_some(), "{} {action:?}: {keys}", context.name());
                }
            }
        }
    }

    #[test]
    fn no_key_does_two_things() {
        for context in Context::ALL {
            let all: Vec<_> = BINDINGS.iter().filter(|binding| context.chain().contains(&binding.context)).collect();
            for (index, binding) in all.iter().enumerate() {
                for other in &all[..index] {
                    // One that begins another would never let it come about.
                    let clash = binding.keys.starts_with(&other.keys) || other.keys.starts_with(&binding.keys);
                    assert!(!clash, "{}: {binding:?} and {other:?}", context.name());
                }
            }
        }
    }

    #[test]
    fn every_action_can_be_reached() {
        for command in COMMANDS {
            let bound = BINDINGS.iter().any(|binding| binding.action == command.action);
            assert!(bound || palette::offers(command), "{}", command.name);
        }
    }
}
