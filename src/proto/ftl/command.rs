//! What a client says on the control connection. Source: FTL 0.9 "Commands", ftl-sdk `handshake.c`.

use super::fields::TEXT;
use super::words;
use crate::fields;
use crate::wire::{Reader, Recorder, Stop, Value, Word};

fields! {
    /// The command, which the line need not spell: `ATTRIBUTE` is a name with a value, `START` a dot.
    NAME: Word "ftl.name", "", "FTL 0.9, Commands", CommandName::WORDS;
    /// The channel that the command is about.
    CHANNEL_ID: Uint "ftl.channel_id", "", "FTL 0.9, Commands";
    /// The HMAC-SHA512 of the nonce with the channel's key, in hex.
    SIGNATURE: Text "ftl.signature", "", "FTL 0.9, Commands";
    /// The attribute's name.
    ATTRIBUTE: Text "ftl.attribute", "", "FTL 0.9, Handshake";
    /// The attribute's value.
    VALUE: Text "ftl.value", "", "FTL 0.9, Handshake";
}

/// Bytes of an HMAC-SHA512.
const SIGNATURE_BYTES: usize = 64;

/// The kinds of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandName {
    Hmac,
    Connect,
    Attribute,
    Start,
    Ping,
    Disconnect,
}

impl CommandName {
    /// Every name.
    pub const WORDS: &'static [Word] = &Word::list([
        CommandName::Hmac.name(),
        CommandName::Connect.name(),
        CommandName::Attribute.name(),
        CommandName::Start.name(),
        CommandName::Ping.name(),
        CommandName::Disconnect.name(),
    ]);

    pub const fn name(self) -> &'static str {
        match self {
            CommandName::Hmac => "HMAC",
            CommandName::Connect => "CONNECT",
            CommandName::Attribute => "ATTRIBUTE",
            CommandName::Start => "START",
            CommandName::Ping => "PING",
            CommandName::Disconnect => "DISCONNECT",
        }
    }

    /// Whether servers reply to it. DISCONNECT is answered by closing, an attribute only when it is refused.
    pub fn is_answered(self) -> bool {
        matches!(self, CommandName::Hmac | CommandName::Connect | CommandName::Start | CommandName::Ping)
    }
}

/// A command with what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Asks for a nonce to sign.
    Hmac,
    /// Asks to send to a channel, and proves to have its key.
    Connect { channel_id: Option<u32>, signature: Option<Vec<u8>> },
    /// Says something of what will be sent.
    Attribute { attribute: String, value: String },
    /// A dot: all attributes were said, media may begin.
    Start,
    /// Keeps the connection; servers take it without the channel as well.
    Ping { channel_id: Option<u32> },
    /// Ends it.
    Disconnect,
    /// None of these.
    Unknown { text: String },
}

impl Command {
    /// None of a line that is no command.
    pub fn name(&self) -> Option<CommandName> {
        Some(match self {
            Command::Hmac => CommandName::Hmac,
            Command::Connect { .. } => CommandName::Connect,
            Command::Attribute { .. } => CommandName::Attribute,
            Command::Start => CommandName::Start,
            Command::Ping { .. } => CommandName::Ping,
            Command::Disconnect => CommandName::Disconnect,
            Command::Unknown { .. } => return None,
        })
    }
}

/// Reads a line without its end.
pub(super) fn command<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Stop>) -> Command {
    let (start, line) = (r.at(), r.rest());
    let first = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let name = match first {
        b"HMAC" => CommandName::Hmac,
        b"CONNECT" => CommandName::Connect,
        b"PING" => CommandName::Ping,
        b"DISCONNECT" => CommandName::Disconnect,
        b"." => CommandName::Start,
        _ => {
            if let Some(length) = attribute_name(line) {
                return attribute(r, length);
            }
            problems.push(r.stop("the line is no command"));
            return Command::Unknown { text: words::rest(r, &TEXT).unwrap_or_default() };
        }
    };
    // It is there, or it would not have been found.
    let _ = r.skip(first.len(), "a command");
    r.note(&NAME, start..r.at(), Value::Word(name.name()));
    let command = match name {
        CommandName::Connect => {
            let channel_id = channel(r, problems, true);
            Command::Connect { channel_id, signature: signature(r, problems) }
        }
        CommandName::Ping => Command::Ping { channel_id: channel(r, problems, false) },
        CommandName::Hmac => Command::Hmac,
        CommandName::Disconnect => Command::Disconnect,
        CommandName::Start | CommandName::Attribute => Command::Start,
    };
    words::blanks(r);
    if !r.is_empty() {
        problems.push(r.stop(format!("{} bytes stand behind the command", r.left())));
        words::rest(r, &TEXT);
    }
    command
}

/// The length of an attribute's name, in a line that is `Name: value`.
fn attribute_name(line: &[u8]) -> Option<usize> {
    let length = line.iter().position(|byte| *byte == b':')?;
    let is_name = length > 0 && line[..length].iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    is_name.then_some(length)
}

fn attribute<R: Recorder>(r: &mut Reader<'_, '_, R>, length: usize) -> Command {
    let start = r.at();
    r.note(&NAME, start..start + length as u32 + 1, Value::Word(CommandName::Attribute.name()));
    let (name, span) = words::until(r, |byte| byte == b':');
    r.note(&ATTRIBUTE, span.clone(), Value::Text(span));
    let _ = r.skip(1, "a colon");
    words::blanks(r);
    let value = words::rest(r, &VALUE).unwrap_or_default();
    Command::Attribute { attribute: String::from_utf8_lossy(name).into_owned(), value }
}

fn channel<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Stop>, is_owed: bool) -> Option<u32> {
    words::blanks(r);
    if r.is_empty() || r.peek() == Some(b'$') {
        if is_owed {
            problems.push(r.stop("the channel id is missing"));
        }
        return None;
    }
    let (word, span) = words::word(r);
    let channel = words::number(word);
    if let Some(channel) = channel {
        r.note(&CHANNEL_ID, span, Value::Uint(u64::from(channel)));
    } else {
        problems.push(Stop::new(span.start, "the channel id is no number of 32 bits"));
        r.note(&TEXT, span.clone(), Value::Text(span));
    }
    channel
}

fn signature<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Stop>) -> Option<Vec<u8>> {
    words::blanks(r);
    if r.peek() != Some(b'$') {
        problems.push(r.stop("the signature is missing, or stands without its $"));
        return None;
    }
    let _ = r.skip(1, "a dollar sign");
    let (word, span) = words::word(r);
    // Masked for showing, it is still a signature, of the length that it has.
    let is_masked = !word.is_empty() && word.iter().all(|byte| *byte == b'*');
    let signature = hex::decode(word).ok();
    if signature.is_none() && !is_masked {
        problems.push(Stop::new(span.start, "the signature is not in hex"));
    } else if word.len() != 2 * SIGNATURE_BYTES {
        let what = format!("the signature has {} hex digits, not {}", word.len(), 2 * SIGNATURE_BYTES);
        problems.push(Stop::new(span.start, what));
    }
    let field = if signature.is_some() || is_masked { &SIGNATURE } else { &TEXT };
    r.note(field, span.clone(), Value::Text(span));
    signature
}
