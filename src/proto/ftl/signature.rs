//! Whether a client has the key of its channel: CONNECT's signature is the HMAC-SHA512 of the server's nonce with it.
//! Source: FTL 0.9 "Authentication", ftl-sdk `handshake.c`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;

/// Whether a signature is that of a nonce (its bytes, not its hex digits) with a key, which is the part of a stream key
/// behind the channel.
pub fn is_valid(key: &str, nonce: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(key.as_bytes()) else { return false };
    mac.update(nonce);
    mac.verify_slice(signature).is_ok()
}

/// A stream key's channel, where it names one, and its key. What parts them is what ftl-sdk takes for it: the first of
/// `-`, `,` and `_`; Restream's `re_` stands in front.
pub fn split(stream_key: &str) -> (Option<u32>, &str) {
    let whole = stream_key.strip_prefix("re_").unwrap_or(stream_key);
    match whole.split_once(['-', ',', '_']).map(|(channel, key)| (channel.parse().ok(), key)) {
        Some((Some(channel), key)) => (Some(channel), key),
        // A key alone, in which these may stand as well.
        _ => (None, stream_key),
    }
}

/// Whether a signature is valid by one of the stream keys that are known. None where none is of that channel: then
/// nothing can be said.
pub fn judge(stream_keys: &[String], channel_id: Option<u32>, nonce: &[u8], signature: &[u8]) -> Option<bool> {
    let keys = stream_keys.iter().map(|key| split(key));
    let mut keys = keys.filter(|(channel, _)| channel.is_none() || *channel == channel_id).peekable();
    keys.peek()?;
    Some(keys.any(|(_, key)| is_valid(key, nonce, signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of FTL 0.9 "Establishing a connection".
    const NONCE: &str = "5e0c41f532c44e01b06cdb3ca5d8dc699d3a031e716a63a137a6899d6bc7832b77b591e8a03e9f14e20bbccc1b0b674450a45b275461857efda6434d64993253dd534220c45f197c6dad61bdc0bae12fd1442e22939e650731e4ee51d03632a108b5f50831ca6f239876f348123b6d15bf31a4882ef75b4a57dfa8273f05432a";
    const SIGNATURE: &str = "319f678a5871a2197fac50b314fd62435904aaabddaf87ec65f9c05351425d95f06d9e525c40ca9d344e4b22bdafdf64769a431464fabd9fac86cef820e5c0a1";
    const STREAM_KEY: &str = "77-ieDQxSZ7q58EEeLTvja4QKKGzndwUkVQ";

    #[test]
    fn the_documents_example_is_valid() {
        let (nonce, signature) = (hex::decode(NONCE).unwrap(), hex::decode(SIGNATURE).unwrap());
        assert!(is_valid(split(STREAM_KEY).1, &nonce, &signature));
        assert!(!is_valid("another", &nonce, &signature));
        // The digits are not what is signed.
        assert!(!is_valid(split(STREAM_KEY).1, NONCE.as_bytes(), &signature));

        let judge = |keys: &[&str], channel| {
            let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
            judge(&keys, channel, &nonce, &signature)
        };
        assert_eq!(judge(&[STREAM_KEY], Some(77)), Some(true));
        assert_eq!(judge(&["ieDQxSZ7q58EEeLTvja4QKKGzndwUkVQ"], Some(77)), Some(true));
        assert_eq!(judge(&["77-other", STREAM_KEY], Some(77)), Some(true));
        assert_eq!(judge(&["77-other"], Some(77)), Some(false));
        assert_eq!(judge(&[STREAM_KEY], Some(78)), None);
        assert_eq!(judge(&[], Some(77)), None);
    }

    #[test]
    fn stream_keys_are_taken_apart() {
        assert_eq!(split("77-a-b"), (Some(77), "a-b"));
        assert_eq!(split("re_77_ab"), (Some(77), "ab"));
        assert_eq!(split("77,ab"), (Some(77), "ab"));
        assert_eq!(split("a-b"), (None, "a-b"));
        assert_eq!(split(""), (None, ""));
    }
}
