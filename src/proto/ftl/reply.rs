//! What a server says on the control connection. Source: FTL 0.9 "Responses", ftl-sdk `ftl_private.h`, `ftl_helpers.c`.

use super::fields::TEXT;
use super::words;
use crate::wire::{Reader, Recorder, Stop, Value};
use crate::{fields, open_enum};

fields! {
    /// The reply's code.
    CODE: Uint "ftl.code", "", "FTL 0.9, Responses", ReplyCode::WORDS;
    /// The name of the reply's code.
    CODE_NAME: Word "ftl.code_name", "", "ftl-sdk ftl_private.h", ReplyCode::WORDS;
    /// What is to be signed with the channel's key, in hex.
    NONCE: Text "ftl.nonce", "", "FTL 0.9, Responses";
    /// The UDP port that media is to be sent to.
    MEDIA_PORT: Uint "ftl.media_port", "", "FTL 0.9, Responses";
}

open_enum! {
    /// A reply's code. Source: ftl-sdk `ftl_private.h`; its 900 and above are the client's own and never on the wire.
    pub struct ReplyCode(u16) {
        OK = 200 "ok",
        PING = 201 "ping",
        BAD_REQUEST = 400 "bad_request",
        UNAUTHORIZED = 401 "unauthorized",
        OLD_VERSION = 402 "old_version",
        AUDIO_SSRC_COLLISION = 403 "audio_ssrc_collision",
        VIDEO_SSRC_COLLISION = 404 "video_ssrc_collision",
        INVALID_STREAM_KEY = 405 "invalid_stream_key",
        CHANNEL_IN_USE = 406 "channel_in_use",
        REGION_UNSUPPORTED = 407 "region_unsupported",
        NO_MEDIA_TIMEOUT = 408 "no_media_timeout",
        GAME_BLOCKED = 409 "game_blocked",
        SERVER_TERMINATE = 410 "server_terminate",
        INTERNAL_SERVER_ERROR = 500 "internal_server_error",
    }
}

impl ReplyCode {
    /// It refuses or ends something.
    pub fn is_error(self) -> bool {
        self.0 >= 400
    }

    /// It answers nothing: the server ends the session by itself.
    pub fn is_notice(self) -> bool {
        matches!(self, ReplyCode::NO_MEDIA_TIMEOUT | ReplyCode::SERVER_TERMINATE)
    }
}

/// What a reply is, as far as it says so itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// It accepts what was asked.
    Accepted,
    /// It accepts HMAC, with the nonce that is to be signed.
    Challenge,
    /// It accepts the start, with the port for media.
    MediaPort,
    /// It answers a PING.
    Pong,
    /// It refuses, or ends the session.
    Error,
    /// Its code has another meaning, or is none.
    Unknown,
}

/// A reply with what it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// None of a line that does not begin with three digits.
    pub code: Option<ReplyCode>,
    /// What stands behind the code.
    pub text: Option<String>,
    pub nonce: Option<Vec<u8>>,
    pub media_port: Option<u16>,
}

impl Reply {
    pub fn kind(&self) -> ReplyKind {
        match self.code {
            Some(ReplyCode::OK) if self.nonce.is_some() => ReplyKind::Challenge,
            Some(ReplyCode::OK) if self.media_port.is_some() => ReplyKind::MediaPort,
            Some(ReplyCode::OK) => ReplyKind::Accepted,
            Some(ReplyCode::PING) => ReplyKind::Pong,
            Some(code) if code.is_error() => ReplyKind::Error,
            _ => ReplyKind::Unknown,
        }
    }
}

/// Digits of the shortest nonce; servers send 256 of them. Anything shorter may be a word.
const NONCE_DIGITS: usize = 16;
/// What stands before the port. Clients look for it behind the first dot, and take anything before that.
const PORT: &[u8] = b". Use UDP port ";

/// Reads a line without its end.
pub(super) fn reply<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Stop>) -> Reply {
    let mut reply = Reply::default();
    let start = r.at();
    let Some(code) = r.rest().get(..3).and_then(words::number) else {
        problems.push(r.stop("the reply does not begin with a code of three digits"));
        reply.text = words::rest(r, &TEXT);
        return reply;
    };
    let _ = r.skip(3, "a code");
    r.note(&CODE, start..r.at(), Value::Uint(u64::from(code)));
    let code = ReplyCode(code);
    reply.code = Some(code);
    match code.name() {
        Some(name) => r.note(&CODE_NAME, start..r.at(), Value::Word(name)),
        None => problems.push(Stop::new(start, format!("the code {} is none of FTL's", code.0))),
    }
    if code == ReplyCode::OK {
        nonce(r, &mut reply);
        media_port(r, &mut reply, problems);
    }
    words::blanks(r);
    reply.text = words::rest(r, &TEXT);
    reply
}

/// The nonce, where all that stands behind the code is hex.
fn nonce<R: Recorder>(r: &mut Reader<'_, '_, R>, reply: &mut Reply) {
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let digits = r.rest().trim_ascii();
    if digits.len() >= NONCE_DIGITS
        && digits.len().is_multiple_of(2)
        && digits.iter().all(is_digit)
        && r.peek() == Some(b' ')
    {
        let (digits, span) = words::word(r);
        reply.nonce = hex::decode(digits).ok();
        // A value is a range of the wire's bytes: the digits, as text.
        r.note(&NONCE, span.clone(), Value::Text(span));
    }
}

/// The port, where the text has it as clients look for it. The text is read again as a whole behind it.
fn media_port<R: Recorder>(r: &mut Reader<'_, '_, R>, reply: &mut Reply, problems: &mut Vec<Stop>) {
    let text = r.rest();
    let Some(dot) = memchr::memchr(b'.', text).filter(|dot| text[*dot..].starts_with(PORT)) else { return };
    let start = dot + PORT.len();
    let length = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let at = r.at() + start as u32;
    reply.media_port = words::number(&text[start..start + length]);
    match reply.media_port {
        Some(port) => r.note(&MEDIA_PORT, at..at + length as u32, Value::Uint(u64::from(port))),
        None => problems.push(Stop::new(at, "the media port is no number of 16 bits")),
    }
}
