//! What the user can do, without the keys for it: these are in `keymap`, what is done in `app`.

/// What the user can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    NextPane,
    PreviousPane,
    Enter,
    Back,
    Search,
    NextMatch,
    PreviousMatch,
    NextFinding,
    PreviousFinding,
    /// To the message that a finding is about, or to the call that is answered.
    Reference,
    Zoom,
    Help,
    Quit,
}
