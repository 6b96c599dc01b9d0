//! `rtmp-inspect` says what really happened on an RTMP connection.
//!
//! The data's way through the program: [`capture`] reads packets from files, [`net`] makes directed bytes of them,
//! [`proto`] decodes the bytes, [`analyzer`] wires these together and gives events; [`story`] remembers what they amount to,
//! [`rules`] judge them, and
//! [`export`] or [`tui`] shows them. [`cli`] is what the user touches. `docs/architecture.md` has the picture.

pub mod analyzer;
pub mod capture;
pub mod cli;
pub mod compare;
pub mod export;
pub mod filter;
pub mod inspection;
pub mod limits;
pub mod net;
pub mod proto;
pub mod registry;
pub mod rules;
pub mod stats;
pub mod story;
pub mod synth;
pub mod tui;
pub mod wire;
