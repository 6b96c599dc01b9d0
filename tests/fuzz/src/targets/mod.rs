//! A target takes any bytes and panics where something is wrong with what the program makes of them.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod amf0;
pub mod amf3;
pub mod capture;
pub mod datagrams;
pub mod filter;
pub mod ftl;
pub mod http;
pub mod link;
pub mod media;
pub mod outputs;
mod payload;
pub mod reassembly;
pub mod rtmp;
pub mod tls;

/// A target.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const ALL: &[(&str, Target)] = &[
    ("amf0", amf0::run),
    ("amf3", amf3::run),
    ("capture", capture::run),
    ("datagrams", datagrams::run),
    ("filter", filter::run),
    ("ftl", ftl::run),
    ("http", http::run),
    ("link", link::run),
    ("media", media::run),
    ("outputs", outputs::run),
    ("reassembly", reassembly::run),
    ("rtmp", rtmp::run),
    ("tls", tls::run),
];
