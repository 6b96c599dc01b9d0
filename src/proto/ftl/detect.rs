//! Is a TCP connection FTL's? Its first lines say; its ports say nothing.
//!
//! A connection that is captured from its start begins with HMAC. One that is joined later shows attributes, pings or
//! replies; each of these alone is weighed by how well it could be something else: `PING` is said in IRC and Redis too.

use super::attributes::is_known;
use super::body::{Content, decode};
use super::command::Command;
use super::line::text;
use super::reply::ReplyKind;
use crate::proto::opening::Opening;
use crate::wire::{Side, Silent};

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is FTL: from its first command, or joined later.
    Yes {
        joined: bool,
    },
    No,
    NeedMore,
}

/// Bytes after which a decision is due.
const ENOUGH: usize = 4096;
const HMAC: &[u8] = b"HMAC";

/// Whether a connection speaks FTL.
pub fn detect(opening: &Opening<'_>) -> Match {
    let Opening { client, server, from_start, complete, .. } = *opening;
    if from_start[Side::Client.index()] && client.starts_with(HMAC) {
        match client.get(HMAC.len()) {
            Some(b'\r' | b'\n') => return Match::Yes { joined: false },
            None if !complete => return Match::NeedMore,
            _ => return Match::No,
        }
    }
    let weights = [weigh(client, from_start[0], of_client), weigh(server, from_start[1], of_server)];
    let [Some(client_weight), Some(server_weight)] = weights else { return Match::No };
    let weight = client_weight + server_weight;
    if weight >= SURE {
        return Match::Yes { joined: true };
    }
    let is_enough = client.len() >= ENOUGH || server.len() >= ENOUGH;
    let may_become = is_text(client) && is_text(server);
    let may_begin = !from_start[0] || HMAC.starts_with(client) || weight > 0;
    if complete || is_enough || !may_become || !may_begin { Match::No } else { Match::NeedMore }
}

/// What a line must weigh to be believed alone.
const SURE: u32 = 4;

/// What a side's lines weigh together. None where one of them cannot be FTL's: a text may hold a line like its own. Of the
/// first line the beginning may be missing.
fn weigh(bytes: &[u8], from_start: bool, of: impl Fn(&[u8]) -> Option<u32>) -> Option<u32> {
    let mut sum = 0;
    for (index, line) in lines(bytes).enumerate() {
        match of(line) {
            Some(weight) => sum += weight,
            None if index == 0 && !from_start => {}
            None => return None,
        }
    }
    Some(sum)
}

fn of_client(line: &[u8]) -> Option<u32> {
    let (Content::Command(command), problems) = decode(Side::Client, line, &mut Silent) else { return None };
    if !problems.is_empty() {
        // A signature that is too short is still one.
        return matches!(command, Command::Connect { channel_id: Some(_), signature: Some(_) }).then_some(1);
    }
    match command {
        Command::Connect { .. } => Some(SURE),
        Command::Attribute { attribute, value } if is_known(&attribute) => match &*attribute {
            "Video" | "Audio" => ["true", "false"].contains(&&*value).then_some(2),
            _ => Some(SURE),
        },
        // No other protocol's PING has a number and an empty line behind it.
        Command::Ping { channel_id: Some(_) } => Some(if line.ends_with(b"\r\n\r\n") { 3 } else { 1 }),
        Command::Hmac | Command::Disconnect => Some(1),
        Command::Start | Command::Ping { .. } => Some(0),
        Command::Attribute { .. } | Command::Unknown { .. } => None,
    }
}

fn of_server(line: &[u8]) -> Option<u32> {
    let (Content::Reply(reply), _) = decode(Side::Server, line, &mut Silent) else { return None };
    let is_bare = reply.text.is_none();
    reply.code.map(|_| match reply.kind() {
        ReplyKind::MediaPort => SURE,
        ReplyKind::Challenge => 3,
        // FTP and its like say something behind the code.
        ReplyKind::Pong if is_bare => 2,
        ReplyKind::Accepted if is_bare => 1,
        _ => 0,
    })
}

/// The whole lines of a direction. The first may be the end of one: half a line is hardly ever another's whole.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = &bytes[..bytes.len().min(ENOUGH)];
    std::iter::from_fn(move || {
        let line = loop {
            let end = memchr::memchr(b'\n', rest)? + 1;
            let end = if rest[..end].ends_with(b"\r\n") && rest[end..].starts_with(b"\r\n") { end + 2 } else { end };
            let (line, behind) = rest.split_at(end);
            rest = behind;
            if !text(line).is_empty() {
                break line;
            }
        };
        Some(line)
    })
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n') || *byte >= 0x80)
}
