//! `rtmp-inspect` says what really happened on an RTMP connection: packets in, messages and findings out.
//!
//! [`Inspection`](inspection::Inspection) is the front door. It reads captures and tells event by event what was on the
//! wire, with what the rules say of it. What messages a client sent, by type:
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use rtmp_inspect::inspection::Inspection;
//! use rtmp_inspect::limits::Limits;
//! use rtmp_inspect::proto::Event;
//! use rtmp_inspect::wire::Side;
//!
//! let captures = ["captures/srs/ffmpeg-publish-denied.pcap".into()];
//! let mut inspection = Inspection::open(&captures, &Limits::default())?;
//! let mut types = BTreeMap::new();
//! while let Some(told) = inspection.next() {
//!     match told?.event {
//!         Event::Message(message) if message.from == Side::Client => {
//!             *types.entry(message.head.kind.name().unwrap_or("unknown")).or_insert(0) += 1;
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(types, BTreeMap::from([("command_amf0", 5), ("set_chunk_size", 1)]));
//! # Ok::<(), rtmp_inspect::capture::CaptureError>(())
//! ```
//!
//! It promises that the same packets give the same events, that nothing in a capture makes it panic, hang or take more memory than
//! [`Limits`](limits::Limits) allow, and that what it could not decode or was not captured is an event too, never silence.
//! Secrets are in the events as they were on the wire; [`Told::masks`](inspection::Told::masks) takes them out of what is shown.
//!
//! An event is told with the [`story`] of its session, which knows calls and their answers, streams and tracks, and with the findings of the
//! [`rules`]. `docs/examples/` has programs of thirty lines: latencies of calls, metrics of a live capture, a rule of one's own.
//!
//! Times are [`wire::Time`], in ns since 1970; those inside RTMP are in ms, as on the wire. Packets and messages count from 1. Lengths and
//! offsets are bytes.
//!
//! What is promised to stay within a minor version: this way in, [`inspection`]; events and what they hold ([`proto`]); the story,
//! findings and limits. The rest is public for the program's own tests and tools, and changes as it must. Exit statuses, JSON and the names of fields
//! and rules are the program's contract, in `docs/`.
//!
//! The data's way through the program: [`capture`] reads packets from files, [`net`] makes directed bytes of them,
//! [`proto`] decodes the bytes, [`analyzer`] wires these together and gives events; [`story`] remembers what they amount
//! to, [`rules`] judge them, and [`export`] or [`tui`], by way of the [`book`], shows them; [`inspection`] is this way in one piece. [`cli`] is what the user touches. `docs/architecture.md` has the picture.

pub mod analyzer;
pub mod book;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod evidence;
pub mod export;
pub mod extract;
pub mod filter;
pub mod inspection;
pub mod limits;
pub mod net;
pub mod proto;
pub mod registry;
pub mod rules;
pub mod series;
pub mod stats;
pub mod story;
pub mod synth;
pub mod tui;
pub mod wire;
