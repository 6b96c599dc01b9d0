//! The protocols that a session may speak, in one table: how each is told by content, and what it makes of a session.

use super::opening::{Match, Opening};
use super::{ftl, rtmp};

/// A protocol.
#[derive(Debug)]
pub struct Protocol {
    pub name: &'static str,
    /// Whether a connection speaks it, by its first bytes.
    detect: fn(&Opening<'_>) -> Match,
}

/// All of them. Where two could be meant, the earlier one is asked first.
pub static PROTOCOLS: [Protocol; 2] =
    [Protocol { name: ftl::NAME, detect: ftl::found }, Protocol { name: "rtmp", detect: rtmp::found }];

/// Which protocol a connection speaks.
pub fn detect(opening: &Opening<'_>) -> Match {
    let mut verdict = Match::No;
    for protocol in &PROTOCOLS {
        match (protocol.detect)(opening) {
            Match::No => {}
            Match::NeedMore => verdict = Match::NeedMore,
            found @ Match::Yes(_) => return found,
        }
    }
    verdict
}
