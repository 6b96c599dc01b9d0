//! Names by which secrets are told: of procedures, of properties and parameters; and words that are none.

/// What a client calls a procedure for, as far as it matters for what is secret in its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Connect,
    /// It names a stream. `by_number`: its first argument may be the number of a message stream.
    Stream {
        publishes: bool,
        by_number: bool,
    },
    /// It shows who calls.
    Credentials,
    /// It tells what became of something.
    Answer,
    /// One that is known, and has nothing secret.
    Harmless,
    /// One of the application's own.
    Other,
}

impl Call {
    /// By a command's name, in whatever case and with whatever prefix clients write it.
    pub(super) fn of(name: &[u8]) -> Call {
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let stem = lower.rsplit('.').next().unwrap_or(&lower);
        match stem {
            "connect" => Call::Connect,
            "_result" | "_error" | "onstatus" | "onplaystatus" => Call::Answer,
            "createstream" => Call::Harmless,
            "initstream" | "deletestream" | "closestream" => Call::Stream { publishes: false, by_number: true },
            _ if ["publish", "subscribe", "stream", "ushertoken"].iter().any(|word| stem.contains(word))
                || stem.starts_with("play") =>
            {
                Call::Stream { publishes: stem == "publish", by_number: false }
            }
            _ if is_credential(name) || ["login", "auth", "authenticate"].contains(&stem) => Call::Credentials,
            _ if super::super::procedure::find(&String::from_utf8_lossy(name)).is_some() => Call::Harmless,
            _ => Call::Other,
        }
    }
}

/// What stands behind a stream's name in publish, and in `play2`'s object, and is no name.
pub(super) fn is_mode(text: &[u8]) -> bool {
    const MODES: &[&str] =
        &["live", "record", "append", "appendwithgap", "appendandwait", "reset", "resume", "stop", "swap", "switch"];
    MODES.iter().any(|mode| text.eq_ignore_ascii_case(mode.as_bytes()))
}

/// Names that alone say that their value opens something.
#[rustfmt::skip]
const ALONE: &[&str] = &[
    "auth", "authorization", "challenge", "cnonce", "cookie", "hash", "hmac", "key", "nonce", "opaque", "pass",
    "pin", "salt", "sig", "sign",
];
/// Last words of names whose value opens something, whatever stands before: `accessToken`, `stream_key`, `clientSecret`.
#[rustfmt::skip]
const LAST: &[&str] = &[
    "key", "jwt", "pass", "passcode", "passphrase", "passwd", "pwd", "secret", "signature", "credentials",
    "credential",
];
/// Words that say so wherever they stand in a name: `secureTokenResponse`, `passwordHash`, `DSRemoteCredentials`.
const ANYWHERE: &[&str] = &["password", "token", "secretkey", "credential", "signature"];

/// A name of a property or a parameter without its spelling: `secretKey` and `secret_key` are `secretkey`, of which the last word
/// is `key`.
pub(super) struct Name {
    joined: String,
    /// Where the last word begins.
    last: usize,
}

impl Name {
    pub(super) fn of(name: &[u8]) -> Name {
        let (mut joined, mut last) = (String::with_capacity(name.len()), 0);
        let mut before = b'_';
        for byte in name.iter().copied() {
            if !byte.is_ascii_alphanumeric() {
                before = b'_';
                continue;
            }
            if before == b'_' || byte.is_ascii_uppercase() && !before.is_ascii_uppercase() {
                last = joined.len();
            }
            joined.push(char::from(byte.to_ascii_lowercase()));
            before = byte;
        }
        Name { joined, last }
    }

    /// Whether the value opens something.
    pub(super) fn is_credential(&self) -> bool {
        let joined = &*self.joined;
        ALONE.contains(&joined)
            || LAST.contains(&&joined[self.last..])
            || LAST.iter().any(|word| word.len() > 4 && joined.ends_with(word))
            || ["apikey", "authkey", "streamkey"].contains(&joined)
            || ANYWHERE.iter().any(|word| joined.contains(word))
    }

    /// Whether the value says who somebody is: half of what opens something, and on some services all of it.
    pub(super) fn is_user(&self) -> bool {
        matches!(&*self.joined, "user" | "username" | "userid" | "login")
    }

    /// Whether the value is a stream's name.
    pub(super) fn is_stream_name(&self) -> bool {
        matches!(&*self.joined, "streamname" | "oldstreamname" | "playpath" | "publishname" | "playname")
    }
}

/// Whether the value of a property, or of a parameter, opens something, by its name.
pub fn is_credential(name: &[u8]) -> bool {
    Name::of(name).is_credential()
}

/// Query parameters that say what is going on and open nothing. Services have names of their own for what does, so any other
/// parameter is masked.
pub(super) fn is_harmless(parameter: &[u8]) -> bool {
    #[rustfmt::skip]
    const HARMLESS: &[&str] = &[
        "app", "authmod", "bitrate", "code", "codec", "domain", "fps", "height", "live", "protocol", "reason",
        "record", "tcp", "timeout", "transport", "type", "udp", "vhost", "width",
    ];
    HARMLESS.iter().any(|name| parameter.eq_ignore_ascii_case(name.as_bytes()))
}

/// Words of the protocol and of its sentences. A stream that is called so is masked where a stream's name stands, but not wherever
/// the word stands.
pub(super) fn is_common(word: &[u8]) -> bool {
    #[rustfmt::skip]
    const COMMON: &[&str] = &[
        "_definst_", "access", "accepted", "already", "append", "app", "application", "audio", "authentication",
        "buffer", "bandwidth", "capture", "client", "close", "closed", "code", "command", "complete", "connect",
        "connection", "data", "default", "demand", "denied", "description", "details", "duration", "empty",
        "encoder", "error", "exist", "exists", "failed", "file", "filesize", "flash", "found", "framerate",
        "function", "height", "invalid", "length", "level", "live", "media", "message", "metadata", "missing",
        "netconnection", "netstream", "name", "notify", "now", "null", "onmetadata", "onstatus", "pause", "paused",
        "pausing", "permission", "play", "playback", "playing", "publish", "published", "publisher", "publishing",
        "record", "recorded", "recording", "reset", "resetting", "result", "resume", "rtmp", "script", "seek",
        "seeking", "server", "session", "specified", "start", "started", "starting", "status", "stop", "stopped",
        "stopping", "stream", "streaming", "streams", "string", "succeeded", "success", "swap", "switch", "true",
        "false", "type", "unpause", "unpublish", "unpublished", "unpublishing", "user", "version", "video",
        "waiting", "width", "warning",
    ];
    COMMON.iter().any(|common| word.eq_ignore_ascii_case(common.as_bytes()))
}

/// Small words of the sentences in which servers quote names.
pub(super) fn is_small_word(word: &[u8]) -> bool {
    #[rustfmt::skip]
    const SMALL: &[&str] = &[
        "a", "an", "and", "at", "bad", "been", "by", "call", "does", "for", "from", "go", "has", "id", "in", "is",
        "it", "no", "not", "of", "ok", "on", "or", "such", "the", "this", "to", "un-pausing", "up", "was", "with",
        "yet",
    ];
    SMALL.iter().any(|small| word.eq_ignore_ascii_case(small.as_bytes()))
}

/// Whether a word looks as only what was made by chance looks: letters and digits that change places again and again. A key
/// that stands where a word may stand is told by that alone.
pub(super) fn is_random(word: &[u8]) -> bool {
    const LENGTH: usize = 10;
    const CHANGES: usize = 4;
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'A'..=b'Z' => 2,
        b'a'..=b'z' => 3,
        _ => 0,
    };
    let is_change = |pair: &&[u8]| {
        let (before, after) = (kind(pair[0]), kind(pair[1]));
        before != after && before != 0 && after != 0 && (before, after) != (2, 3)
    };
    let is_word = word.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    word.len() >= LENGTH && is_word && word.windows(2).filter(is_change).count() >= CHANGES.max(word.len() / 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_credentials_are_told_in_all_their_spellings() {
        for name in [
            "password",
            "passwd",
            "pwd",
            "pass",
            "user_pass",
            "userPassword",
            "token",
            "accessToken",
            "access_token",
            "ACCESS-TOKEN",
            "secureToken",
            "auth",
            "auth_key",
            "authKey",
            "secret",
            "txSecret",
            "secretKey",
            "key",
            "streamkey",
            "stream_key",
            "apiKey",
            "apikey",
            "signature",
            "sig",
            "sign",
            "DSRemoteCredentials",
            "jwt",
        ] {
            assert!(is_credential(name.as_bytes()), "{name}");
        }
        for name in [
            "app",
            "srs_sig",
            "srs_authors",
            "hasKeyframes",
            "keyframes",
            "fmsVer",
            "design",
            "passenger",
            "authmod",
            "clientid",
            "type",
            "level",
            "code",
            "videocodecid",
            "monkey",
        ] {
            assert!(!is_credential(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn procedures_are_told_in_any_case() {
        let stream = |publishes| Call::Stream { publishes, by_number: false };
        for name in ["play", "PLAY2", "FCPublish", "FCUnPublish", "unpublish", "FCUnSubscribe", "releasestream"] {
            assert_eq!(Call::of(name.as_bytes()), stream(false), "{name}");
        }
        assert_eq!(Call::of(b"Publish"), stream(true));
        assert_eq!(Call::of(b"live.UsherToken"), stream(false));
        assert_eq!(Call::of(b"secureTokenResponse"), Call::Credentials);
        assert_eq!(Call::of(b"createStream"), Call::Harmless);
        assert_eq!(Call::of(b"myRegister"), Call::Other);
    }

    #[test]
    fn what_was_made_by_chance_is_told_from_names() {
        for word in ["Zq7Rw9Xk2LmP4", "9f86d081884c7d65", "550e8400-e29b-41d4-a716-446655440000", "a1b2-c3d4-e5f6"] {
            assert!(is_random(word.as_bytes()), "{word}");
        }
        for word in ["live", "AppName2020", "studio-camera-01-2024", "h264_aac_720p", "EncoderOutput", "20261128004324"]
        {
            assert!(!is_random(word.as_bytes()), "{word}");
        }
    }
}
