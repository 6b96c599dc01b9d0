//! RTMP: handshake → chunks → messages. Source: Adobe RTMP 1.0, its errata and addenda.
//!
//! [`Session`] holds two directions. Each takes its half of the handshake (`handshake`) and then its chunk stream
//! (`chunk`), whose messages are decoded by type ([`body`]). Calls and their answers are paired in the session.
//! [`detect`] says from the first bytes of a connection whether it is RTMP at all.

pub(crate) mod aggregate;
mod blocks;
pub mod body;
mod chunk;
pub(crate) mod command;
pub(crate) mod connect;
pub(crate) mod data;
mod describe;
pub mod detect;
mod digest;
pub(crate) mod edges;
mod encoding;
mod fingerprint;
pub(crate) mod handshake;
pub mod header;
mod hypothesis;
mod message;
mod mistake;
mod part;
pub mod procedure;
mod reading;
mod resync;
pub mod secrets;
mod session;
pub(crate) mod shared_object;
pub mod status;

pub use crate::proto::answer::Answer;
pub use aggregate::SubMessage;
pub use body::{Body, LimitType, UserControl, UserControlEvent};
pub use chunk::Reason;
pub use command::{Command, Misplaced};
pub use data::Data;
pub use describe::{describe, type_name};
pub use fingerprint::{Content, Maker};
pub(super) use handshake::{BLOCK, HALF};
pub use handshake::{Echo, Handshake, HandshakeFacts, Scheme, Step};
pub use message::{Extended, ExtendedForm, Head, HeaderBytes, Message, MessageType, Run, record_payload};
pub use mistake::{ExtendedFault, HandshakeLength, Mistake, SizeSource, Stray, Surplus, Telling, UsedSize};
pub use part::{Part, Spot, is_media, parts};
pub use reading::Reading;
pub use session::Session;
pub use shared_object::{SharedObject, SharedObjectEvent, SharedObjectEventType};

use super::opening::{Begin, Found, Match, Opening};

/// Whether a connection speaks RTMP, and what reads it then.
pub(super) fn found(opening: &Opening<'_>) -> Match {
    match detect::detect(opening) {
        detect::Match::No => Match::No,
        detect::Match::NeedMore => Match::NeedMore,
        detect::Match::Yes(found) => Match::Yes(Found {
            protocol: detect::protocol(&found, opening),
            proxied: found.proxied.clone(),
            begin: Box::new(move |begin: &Begin<'_>| Box::new(Session::new(begin, &found))),
        }),
    }
}
