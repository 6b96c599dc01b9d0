//! Secrets that whoever inspects a capture knows beside it.

use std::fmt;

use super::rtmpe;

/// Secrets to judge signatures by, and to see inside of what is enciphered.
#[derive(Clone, Default)]
pub struct Keys {
    /// Stream keys: FTL's clients sign with them.
    pub stream_keys: Vec<String>,
    pub rtmpe: rtmpe::Secrets,
}

impl fmt::Debug for Keys {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keys { stream_keys, rtmpe } = self;
        f.debug_struct("Keys").field("stream_keys", &stream_keys.len()).field("rtmpe", rtmpe).finish()
    }
}
