//! Protocols: directed bytes → events.
//!
//! Each protocol has a folder. [`amf`] and [`flv`] are payload formats that [`rtmp`] carries; they know nothing of it.
//! [`ftl`] is lines over TCP and media over UDP, which is [`rtp`]'s. [`protocols`] is the table of those that a session may
//! speak, and a session that was found takes its streams as a [`stream::Consumer`].
//! A decoder here does no IO and keeps no clock; it is told bytes, holes and ends, and gives [`Event`]s.

pub mod amf;
mod answer;
mod describe;
mod envelope;
mod event;
pub mod flv;
pub mod ftl;
pub mod http;
mod keys;
mod message;
pub mod opening;
pub mod protocols;
pub mod rtmp;
pub mod rtmpe;
pub mod rtmpt;
pub mod rtp;
pub mod stream;
pub mod tls;

pub use answer::Answer;
pub use describe::{describe, describe_behind, trouble};
pub use envelope::{Envelope, EventKind};
pub use event::{
    Attempts, Close, Deviation, Event, Flow, Gap, Incomplete, Opened, Piece, Resync, Source, Stranger, Tls, Transport,
    Tunnel, Undecodable, Why,
};
pub use keys::Keys;
pub use tls::Sealed;

use crate::wire::Field;

/// Every field that any protocol records, in groups, each in wire order.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    [
        rtmp::handshake::FIELDS,
        rtmp::header::FIELDS,
        rtmp::body::FIELDS,
        rtmp::edges::FIELDS,
        rtmp::command::FIELDS,
        rtmp::connect::FIELDS,
        rtmp::data::FIELDS,
        rtmp::shared_object::FIELDS,
        rtmp::aggregate::FIELDS,
        amf::FIELDS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .chain(flv::fields())
    .chain(ftl::fields())
    .chain(rtp::fields())
}
