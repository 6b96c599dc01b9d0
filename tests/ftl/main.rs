//! FTL's decoders on real captures, on packets cut otherwise, and on bytes of no protocol.
//!
//! `captures/ftl/` at the top has what was recorded between ftl-sdk's `ftl_app` 0.9.14 and Janus's FTL plugin on loopback, cut to what is
//! looked at: `janus-publish.pcap` to its first 700 packets, those named `control` to their TCP. `own-rejected-405.pcap` is of a
//! server script of our own.
#![allow(clippy::unwrap_used)]

mod control;
mod fields;
mod flows;
mod media;
mod pcap;
mod rebuilt;
mod stats;
