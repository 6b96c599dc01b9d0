//! What of a message is kept for figures, beside its row's columns.

/// What a message carries, as far as figures ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frame {
    /// No sound and no picture: anything else, or what only configures a decoder.
    #[default]
    No,
    Sound,
    Picture,
    /// A picture that can be decoded alone.
    Key,
}

/// What a message says of the connection's flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// So many bytes came, modulo 2^32.
    Acknowledged(u32),
    /// So many bytes may come before one must say so.
    Window(u32),
}
