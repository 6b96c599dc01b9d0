//! Secrets that whoever inspects a capture knows beside it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::{rtmpe, tls};

/// Secrets to judge signatures by, and to see inside of what is enciphered.
#[derive(Clone, Default)]
pub struct Keys {
    /// Stream keys: FTL's clients sign with them.
    pub stream_keys: Vec<String>,
    pub rtmpe: rtmpe::Secrets,
    /// TLS secrets by session.
    pub tls: Arc<tls::KeyLog>,
    /// The key logs that these are from, to be read on while a capture grows: each with how many bytes of it were read.
    pub growing: Vec<(PathBuf, u64)>,
}

impl fmt::Debug for Keys {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keys { stream_keys, rtmpe, tls, growing } = self;
        let mut shown = f.debug_struct("Keys");
        shown
            .field("stream_keys", &stream_keys.len())
            .field("rtmpe", rtmpe)
            .field("tls", tls)
            .field("growing", growing)
            .finish()
    }
}
