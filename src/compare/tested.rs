//! What a server was tested as: the software that names itself on the wire, and when its captures were taken.

use crate::wire::Time;

/// Something that names a server's software.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// Where it was said: `fmsVer`, `data.version`, `onMetaData server`, `S1` …
    pub source: String,
    pub value: String,
}

/// One label of a comparison: what stands behind its columns.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    /// Sessions that were followed.
    pub sessions: u64,
    /// Sessions that were not, because the capture lacks their beginning or they are encrypted.
    pub left_out: u64,
    /// Its captures, by their places among all.
    pub captures: Vec<usize>,
    /// The first packets of its first and of its last session.
    pub times: Option<(Time, Time)>,
    /// What names its software, in the order of the protocol; empty where the wire tells nothing.
    pub software: Vec<Told>,
    /// What the user says of it.
    pub notes: Vec<String>,
}
