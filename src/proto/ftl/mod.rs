//! FTL, "Faster Than Light": control lines over TCP, media as RTP over UDP. Source: FTL 0.9 (Mixer), ftl-sdk, Janus.
//!
//! [`Session`] takes the two directions of a control connection, splits them into lines (`line`), reads each as a command
//! or a reply (`command`, `reply`) and follows how far the client has come. [`media::Flow`] takes the datagrams between the
//! client and the port that the server named: [RTP](crate::proto::rtp), its control packets, and FTL's own ping. [`detect`]
//! says from the first bytes of a connection whether it is FTL. [`signature`] judges a CONNECT, given the key.

mod attributes;
mod body;
mod command;
pub mod describe;
pub mod detect;
mod fields;
mod line;
pub mod media;
mod ping;
mod reply;
mod session;
pub mod signature;
mod words;

pub use attributes::{Attributes, Medium, is_known};
pub use body::{Content, decode, secrets};
pub use command::{Command, CommandName};
pub use line::{LONGEST, Line, LineEnd};
pub use ping::Ping;
pub use reply::{Reply, ReplyCode, ReplyKind};
pub use session::{Answer, Item, Misplaced, Phase, Relation, Session, State};

use crate::wire::Field;

/// Every field of control lines and FTL's own datagrams, in groups, each in wire order.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    [self::fields::FIELDS, command::FIELDS, reply::FIELDS, ping::FIELDS, media::FIELDS].into_iter().flatten().copied()
}
