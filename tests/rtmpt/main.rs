//! RTMPT: sessions out of HTTP, from real captures and from conversations that were written for the purpose.
//!
//! `captures/rtmpt/` has what FFmpeg 5.1.9 said through a script of our own that translates RTMPT for nginx-rtmp, with the clear side of the
//! same sessions, cut to what is looked at.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod carried;
mod clear;
mod cut;
mod refused;
mod written;
