//! What must not leave the program unasked leaves it nowhere: places of secrets, their writings, and every output.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod everywhere;
mod keys;
mod places;
mod words;

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rtmp_inspect::synth::{Conversation, Link, pcap};

/// The secret in all of `captures/cases/secrets`.
const SECRET: &str = "Zq7Rw9Xk2LmP4";

/// A secret in every writing, all in lower case.
fn writings(secret: &str) -> Vec<String> {
    let hex = |between: &str| secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between);
    let percent = format!("%{}", hex("%"));
    let base64 = (0..3).map(|before| {
        // What the secret alone decides, whatever stands before and behind it.
        let encoded = STANDARD_NO_PAD.encode([&[0; 2][..before], secret.as_bytes()].concat());
        encoded[(before * 8).div_ceil(6)..(before + secret.len()) * 8 / 6].to_owned()
    });
    let all = [secret.to_owned(), hex(""), hex(" "), percent].into_iter().chain(base64);
    all.map(|writing| writing.to_lowercase()).collect()
}

/// Asserts that a secret is nowhere in an output.
fn assert_hidden(output: &str, secret: &str, what: &str) {
    let lower = output.to_lowercase();
    for writing in writings(secret) {
        if let Some(at) = lower.find(&writing) {
            let line = lower[..at].rfind('\n').map_or(0, |at| at + 1);
            let line: String = lower[line..].lines().next().unwrap().chars().take(600).collect();
            panic!("{what}: {writing} in {line}");
        }
    }
}

/// A conversation as a capture file.
fn file(conversation: &Conversation) -> tempfile::NamedTempFile {
    let mut bytes = Vec::new();
    pcap::write(&mut bytes, &Link::v4().packets(conversation)).unwrap();
    let mut file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    file
}
