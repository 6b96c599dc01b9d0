//! Writes RTMP conversations as packets: the decoder's mirror.
//!
//! Tests and benches are its only users. What a test wants to say about the wire it says in four steps, and may stop
//! after any of them: [`Amf`] and [`Amf3`] values and [`media`] make message payloads; a [`ChunkWriter`] makes one direction's bytes
//! of [`Message`]s; a [`Conversation`] makes the writes of both sides in time; a [`Link`] makes TCP packets of those,
//! which [`pcap`] writes to a capture. [`transform`] bends packets the way networks and captures do, and
//! [`sample`] has whole clean sessions to start from. [`ftl`] writes that protocol: lines and datagrams.
//!
//! ```
//! use rtmp_inspect::synth::{Conversation, Link, pcap};
//!
//! let conversation = Conversation::new()
//!     .handshake()
//!     .client(|c| c.connect("live"))
//!     .server(|s| s.window_acknowledgement_size(2_500_000).connect_result());
//! let packets = Link::v4().packets(&conversation);
//! let mut file = Vec::new();
//! pcap::write(&mut file, &packets).expect("a vector takes all bytes");
//! ```
//!
//! It writes what it is told to, also what no sane peer would send: it checks nothing. It reads no clock and no source of
//! randomness: the same calls give the same bytes, and [`Random`] is seeded by its user.

mod aggregate;
mod amf0;
mod amf3;
mod chunk;
mod conversation;
pub mod ftl;
pub mod media;
mod packets;
pub mod pcap;
pub mod pcapng;
mod random;
pub mod sample;
mod shared_object;
mod signed;
pub mod transform;

pub use aggregate::{SubMessage, aggregate};
pub use amf0::{Amf, Members, object, values};
pub use amf3::{Amf3, Members3};
pub use chunk::{ChunkWriter, ExtendedTimestamp, Form, Format, Message, Unfinished};
pub use conversation::{Conversation, Handshake, Peer, Write, echo, opening};
pub use packets::{Connection, Link, Packet, tcp};
pub use random::Random;
pub use shared_object::{SharedObjectEvent, shared_object};
pub use signed::{signature, signed_opening};
