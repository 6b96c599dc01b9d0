//! What the user can do: one table, with a name, a sentence and a group for each. The keys for it are in `keymap`, what is
//! done in the screens.

/// What belongs together in help, palette and manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Moving,
    Panes,
    Finding,
    Showing,
    Program,
    Writing,
}

impl Group {
    pub const ALL: [Group; 6] =
        [Group::Moving, Group::Panes, Group::Finding, Group::Showing, Group::Program, Group::Writing];

    pub fn name(self) -> &'static str {
        match self {
            Group::Moving => "moving",
            Group::Panes => "panes",
            Group::Finding => "finding",
            Group::Showing => "showing",
            Group::Program => "program",
            Group::Writing => "writing and windows",
        }
    }
}

/// An action as a person knows it.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    pub action: Action,
    /// In kebab-case, as in a configuration.
    pub name: &'static str,
    /// What it does; a sentence.
    pub help: &'static str,
    /// A word for the line at the bottom, where it has room.
    pub short: &'static str,
    pub group: Group,
}

macro_rules! actions {
    ($($group:ident { $($action:ident $name:literal $help:literal $short:literal;)* })*) => {
        /// What the user can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[doc = $help] $action,)*)*
        }

        /// Every action, in the order in which help and manual list them.
        pub static COMMANDS: &[Command] = &[$($(Command {
            action: Action::$action,
            name: $name,
            help: $help,
            short: $short,
            group: Group::$group,
        },)*)*];
    };
}

actions! {
    Moving {
        Down "down" "To the next line." "";
        Up "up" "To the line before." "";
        PageDown "page-down" "A page down." "";
        PageUp "page-up" "A page up." "";
        HalfPageDown "half-page-down" "Half a page down." "";
        HalfPageUp "half-page-up" "Half a page up." "";
        First "first" "To the first line." "";
        Last "last" "To the last line; in the timeline, while reading, stay there." "";
        Right "right" "Unfold; the next byte, field or place." "";
        Left "left" "Fold; the byte, field or place before." "";
    }
    Panes {
        NextPane "next-pane" "To the next pane." "pane";
        PreviousPane "previous-pane" "To the pane before." "";
        Open "open" "Into the row; fold or unfold a group or a run." "open";
        Back "back" "Back: stop a search, leave the pane, drop the filter, show all sessions." "back";
    }
    Finding {
        Filter "filter" "Write a filter: only the rows that it lets through are shown." "filter";
        FilterBy "filter-by" "Only rows that have what is selected: a field's value, or a row's type." "";
        FilterAnd "filter-and" "Of what is shown, only rows that have what is selected too." "";
        FilterNot "filter-not" "Of what is shown, only rows that do not have what is selected." "";
        Search "search" "Search rows, their fields and their bytes: text, `/regular expression/` or `x:` and hex digits." "search";
        NextMatch "next-match" "To the next match." "";
        PreviousMatch "previous-match" "To the match before." "";
        NextFinding "next-finding" "To the next finding." "";
        PreviousFinding "previous-finding" "To the finding before." "";
        NextDifference "next-difference" "To the next difference." "difference";
        PreviousDifference "previous-difference" "To the difference before." "";
        Attention "attention" "To what needs attention first: what decides how a session came out; then to the next session's." "why";
        NextUnanswered "next-unanswered" "To the next call without an answer." "";
        Findings "findings" "All findings, the worst first, each explained." "findings";
        GroupFindings "group-findings" "Findings by rule, or by session." "by session";
        Notes "notes" "Notes too, or no longer." "notes";
        Reference "reference" "To the message that a finding is about, from an answer to its call, and back." "related";
        Why "why" "From a message with a finding to the worst one about it." "";
        NextError "next-error" "To the next error." "";
        PreviousError "previous-error" "To the error before." "";
        NextWarning "next-warning" "To the next error or warning." "";
        PreviousWarning "previous-warning" "To the error or warning before." "";
        NextHole "next-hole" "To where something is missing or could not be read next." "";
        PreviousHole "previous-hole" "To where something was missing or could not be read before." "";
        NextKeyFrame "next-key-frame" "To the next picture that can be decoded alone." "";
        PreviousKeyFrame "previous-key-frame" "To the picture before that can be decoded alone." "";
        GoTo "go-to" "To a message by its number, or to a time from the start: `123`, `1.5s`." "";
    }
    Showing {
        Zoom "zoom" "The pane alone, and back." "";
        Mark "mark" "Mark the session or the row, or no longer: marked sessions are shown together, two can be compared." "";
        SortNext "sort-next" "Sort the sessions by the next column; by their numbers in the end." "";
        SortReverse "sort-reverse" "The other way round." "";
        Ladder "ladder" "The sessions that are shown as arrows between their parties." "";
        Diff "diff" "Compare two marked sessions or rows; or the two sessions that there are." "";
        Plots "plots" "Figures of the session over time." "";
        ZoomIn "zoom-in" "A shorter time around the cursor." "zoom";
        ZoomOut "zoom-out" "A longer time around the cursor." "";
        AllFields "all-fields" "All fields, or those that differ alone." "";
        Times "times" "Times since the start, since the row before, since a chosen row, or of the clock." "";
        TimeZero "time-zero" "Times count from this row; from the start again where they do." "";
        FoldMedia "fold-media" "Runs of audio and video as one row each, and back." "";
        ByteView "byte-view" "Bytes: the payload put together, the payload alone, or as they came, with chunk headers and packet borders." "";
        Read "read" "Read all of the field's value in a window." "";
        CopyValue "copy-value" "Copy the field's value to the clipboard; in the timeline, the row's text." "";
        CopyPath "copy-path" "Copy the field's name, as a filter has it." "";
        CopyHex "copy-hex" "Copy the field's bytes, or all of the row, in hex." "";
        CopyJson "copy-json" "Copy the field and what is in it, or all of the row, as JSON." "";
        Save "save" "Save what is shown as JSON lines or text, or its sessions in clear as a capture, by the file's name." "";
        WriteCopied "write-copied" "Write what was copied last to a file." "";
    }
    Program {
        Palette "palette" "Find an action by its name." "";
        Help "help" "The keys." "help";
        Redraw "redraw" "Draw the screen anew." "";
        Suspend "suspend" "Stop the program, as the shell's job." "";
        Quit "quit" "Quit." "quit";
    }
    Writing {
        Accept "accept" "Take what is written or chosen." "take";
        Complete "complete" "The next of what may stand here." "";
        CompleteBack "complete-back" "The one before." "";
        NextForm "next-form" "Search for text, a regular expression, or bytes in hex." "";
        NextCase "next-case" "Capital letters matter where some are written, always, or never." "";
        Earlier "earlier" "What was written here before." "";
        Later "later" "What was written here after that." "";
        Cancel "cancel" "Leave it." "leave";
        Close "close" "Close the window." "close";
    }
}

impl Action {
    /// Whether it goes to the next of something, or to the one before.
    pub fn is_step(self) -> bool {
        use Action::{
            NextDifference, NextError, NextFinding, NextHole, NextKeyFrame, NextUnanswered, NextWarning,
            PreviousDifference, PreviousError, PreviousFinding, PreviousHole, PreviousKeyFrame, PreviousWarning,
        };
        matches!(
            self,
            NextDifference
                | NextError
                | NextFinding
                | NextHole
                | NextKeyFrame
                | NextUnanswered
                | NextWarning
                | PreviousDifference
                | PreviousError
                | PreviousFinding
                | PreviousHole
                | PreviousKeyFrame
                | PreviousWarning
        )
    }

    pub fn command(self) -> &'static Command {
        // The table has them in the order of their numbers.
        &COMMANDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_sentences_end() {
        for (index, command) in COMMANDS.iter().enumerate() {
            assert_eq!(command.action.command().name, command.name);
            assert!(COMMANDS[..index].iter().all(|other| other.name != command.name), "{}", command.name);
            assert!(command.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.name);
            assert!(command.help.ends_with('.'), "{}", command.name);
        }
    }
}
