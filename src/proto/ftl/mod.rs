//! FTL, "Faster Than Light": control lines over TCP, media as RTP over UDP. Source: FTL 0.9 (Mixer), ftl-sdk, Janus.
//!
//! [`Session`] takes the two directions of a control connection, splits them into lines (`line`), reads each as a command
//! or a reply (`command`, `reply`) and follows how far the client has come. [`media::Flow`] takes the datagrams between the
//! client and the port that the server named: [RTP](crate::proto::rtp), its control packets, and FTL's own ping. [`detect`]
//! says from the first bytes of a connection whether it is FTL. [`signature`] judges a CONNECT, given the key.

mod attributes;
mod body;
mod command;
mod conversation;
pub mod describe;
pub mod detect;
mod fields;
mod line;
pub mod media;
mod message;
mod ping;
mod reply;
mod session;
pub mod signature;
mod state;
mod words;

pub use attributes::{Attributes, Medium, is_known};
pub use body::{Content, decode, secrets};
pub use command::{Command, CommandName};
pub use conversation::Conversation;
pub use line::{LONGEST, Line, LineEnd};
pub use message::{Body, Datagram, Message, TYPE_NAMES, Unreachable};
pub use ping::Ping;
pub use reply::{Reply, ReplyCode, ReplyKind};
pub use session::{Item, Session};
pub use state::{Answer, Misplaced, Phase, Relation, State};

use super::opening::{Begin, Found, Match, Opening};
use crate::wire::Field;

/// Fields that findings point at.
pub(crate) mod field {
    pub(crate) use super::command::{ATTRIBUTE, NAME, SIGNATURE, VALUE};
    pub(crate) use super::fields::LINE_END;
    pub(crate) use super::reply::CODE;
}

/// What `session.protocol` calls it.
pub const NAME: &str = "ftl";

/// Whether a connection speaks FTL, and what reads it then.
pub(super) fn found(opening: &Opening<'_>) -> Match {
    let from_start = opening.from_start;
    match detect::detect(opening) {
        detect::Match::No => Match::No,
        detect::Match::NeedMore => Match::NeedMore,
        detect::Match::Yes { .. } => Match::Yes(Found {
            protocol: NAME,
            proxied: None,
            begin: Box::new(move |begin: &Begin<'_>| {
                Box::new(Conversation::of_control(begin.session, from_start, begin.stream_keys))
            }),
        }),
    }
}

/// Every field of control lines and FTL's own datagrams, in groups, each in wire order.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    [self::fields::FIELDS, command::FIELDS, reply::FIELDS, ping::FIELDS, media::FIELDS].into_iter().flatten().copied()
}
