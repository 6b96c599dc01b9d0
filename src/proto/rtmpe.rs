//! RTMPE: behind its handshake both directions are enciphered with RC4, under keys that the two public keys in C1 and S1
//! agree on. A capture does not tell the secret; whoever has it decipheres what it holds.
//!
//! Nothing in the cipher says that a secret is right: what it deciphers has to begin with a chunk. The handshake proves nothing, since
//! C2 and S2 are signed by other keys.
//!
//! The cipher knows no message and no length: a byte of it is a byte of RTMP, at the same place. So a hole moves the
//! key stream on, and decoding goes on as it does in clear.

use std::collections::HashMap;
use std::fmt;
use std::io::BufRead;

use foldhash::quality::RandomState;
use hmac::{Hmac, Mac};
use memchr::memmem;
use rc4::{KeyInit as _, Rc4, StreamCipher};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::rtmp::detect::is_encrypted;
use super::rtmp::{BLOCK, HALF};
use crate::net::Delivery;
use crate::wire::Side;

/// Bytes of a public key: the group has 1024 bits (RFC 2409 §6.2).
const PUBLIC: usize = 128;
/// Bytes of a public key by which it is looked for.
const START: usize = 8;
/// Bytes of an RC4 key.
const KEY: usize = 16;
/// Key stream that both sides throw away before the first byte: as long as a block of the handshake.
const THROWN_AWAY: u64 = BLOCK as u64;
/// Sessions whose secrets are kept.
const MOST: usize = 4096;
/// The longest line of a file of secrets; a right one has 800.
const LONGEST_LINE: u64 = 8192;

/// Secrets of RTMPE sessions, as a file of them gives them: a line each, `RTMPE client_pub=HEX server_pub=HEX secret=HEX`.
#[derive(Clone, Default)]
pub struct Secrets {
    sessions: Vec<Agreed>,
    /// Which of them have a client's key that begins so.
    by_start: HashMap<[u8; START], Vec<usize>, RandomState>,
}

/// What two sides agreed on.
#[derive(Clone)]
struct Agreed {
    /// By side: its public key.
    public: [[u8; PUBLIC]; 2],
    secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Secrets {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("sessions", &self.sessions.len()).finish_non_exhaustive()
    }
}

/// What is wrong with a file of secrets.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("line {0} is not `RTMPE client_pub=HEX server_pub=HEX secret=HEX`, with public keys of 128 bytes")]
    Line(usize),
    #[error("it ends in the middle of line {0}")]
    Cut(usize),
    #[error("it has no line `RTMPE client_pub=HEX server_pub=HEX secret=HEX`")]
    Empty,
    #[error("it has secrets of more than {MOST} sessions")]
    Many,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Secrets {
    /// Reads a file of secrets. Empty lines and those that begin with `#` are passed over.
    pub fn read(mut file: impl BufRead) -> Result<Secrets, Fault> {
        let mut secrets = Secrets::default();
        let mut line = Zeroizing::new(Vec::new());
        for number in 1.. {
            line.clear();
            // One byte more than the longest tells that a line is longer.
            let mut part = std::io::Read::take(&mut file, LONGEST_LINE + 1);
            if part.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let text = line.trim_ascii();
            if text.is_empty() || text.starts_with(b"#") {
                continue;
            }
            let fault =
                if line.ends_with(b"\n") || line.len() as u64 > LONGEST_LINE { Fault::Line } else { Fault::Cut };
            let agreed = std::str::from_utf8(text).ok().and_then(agreed).ok_or_else(|| fault(number))?;
            if secrets.sessions.len() == MOST {
                return Err(Fault::Many);
            }
            let Some(start) = agreed.public[Side::Client.index()].first_chunk() else { continue };
            secrets.by_start.entry(*start).or_default().push(secrets.sessions.len());
            secrets.sessions.push(agreed);
        }
        if secrets.sessions.is_empty() { Err(Fault::Empty) } else { Ok(secrets) }
    }

    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// How many sessions there are secrets of.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The secrets that are there for a session with this C1 and S1, in their order: a file may have several, and wrong ones.
    fn of<'s>(&'s self, blocks: [&'s [u8]; 2]) -> impl Iterator<Item = &'s Agreed> {
        let has = move |side: Side, agreed: &Agreed| {
            memmem::find(blocks[side.index()], &agreed.public[side.index()]).is_some()
        };
        let starts = blocks[Side::Client.index()].windows(START).filter_map(<[u8]>::first_chunk);
        let likely = starts.filter_map(|start| self.by_start.get(start)).flatten().map(|place| &self.sessions[*place]);
        likely.filter(move |agreed| Side::BOTH.into_iter().all(|side| has(side, agreed)))
    }
}

impl Agreed {
    /// What deciphers the session.
    fn cipher(&self) -> Rtmpe {
        let direction = |from: Side| {
            // What a side sends is enciphered under the other side's public key.
            let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
            mac.update(&self.public[from.other().index()]);
            let key = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
            let mut direction = Direction {
                cipher: Rc4::new_from_slice(&key[..KEY]).expect("RC4 takes a key of 16 bytes"),
                at: 0,
                is_lost: false,
            };
            direction.throw_away(THROWN_AWAY);
            direction
        };
        Rtmpe { directions: Side::BOTH.map(direction), clear: Zeroizing::new(Vec::new()) }
    }

    /// Whether one side, of those that sent enough, goes on with a chunk behind its handshake when it is deciphered.
    fn is_proven(&self, sides: [&[u8]; 2]) -> bool {
        let mut rtmpe = self.cipher();
        Side::BOTH.into_iter().any(|side| {
            let Some(first) = first_chunk(sides[side.index()]) else { return false };
            let mut clear = Zeroizing::new(*first);
            rtmpe.directions[side.index()].cipher.apply_keystream(&mut *clear);
            is_first_chunk(&clear)
        })
    }
}

/// A line of a file of secrets.
fn agreed(line: &str) -> Option<Agreed> {
    let mut words = line.split_ascii_whitespace();
    (words.next()? == "RTMPE").then_some(())?;
    let (mut client, mut server, mut secret) = (None, None, None);
    for word in words {
        let (name, value) = word.split_once('=')?;
        let place = match name {
            "client_pub" => &mut client,
            "server_pub" => &mut server,
            "secret" => &mut secret,
            _ => return None,
        };
        *place = Some(Zeroizing::new(hex::decode(value).ok()?));
    }
    let public = |key: Option<Zeroizing<Vec<u8>>>| <[u8; PUBLIC]>::try_from(key?.as_slice()).ok();
    Some(Agreed { public: [public(client)?, public(server)?], secret: secret.filter(|secret| !secret.is_empty())? })
}

/// Bytes behind a side's handshake that tell whether they are a chunk.
const FIRST: usize = 12;

fn first_chunk(side: &[u8]) -> Option<&[u8; FIRST]> {
    side.get(HALF as usize..)?.first_chunk()
}

/// Whether bytes are the header of a stream's first chunk: a whole one, of a known type and no absurd length, on message stream 0.
/// Other bytes look so once in 2^45.
fn is_first_chunk(bytes: &[u8; FIRST]) -> bool {
    let [basic, _, _, _, high, middle, low, kind, stream @ ..] = *bytes;
    let length = u32::from_be_bytes([0, high, middle, low]);
    let fits = match kind {
        1 | 2 | 3 | 5 => length == 4,
        4 => (6..=14).contains(&length),
        6 => length == 5,
        15..=20 => length > 0,
        _ => false,
    };
    (2..64).contains(&basic) && high == 0 && fits && stream == [0; 4]
}

/// What a beginning says of whether it can be deciphered.
#[derive(Debug)]
pub enum Verdict {
    Deciphers(Box<Rtmpe>),
    /// There is no secret for it.
    No,
    /// There is one, and what it deciphers is no chunk: it is another session's, or wrong.
    Wrong,
    /// C1 or S1 is not whole yet, or too little behind the handshake.
    NeedMore,
}

/// Whether a session that begins so can be deciphered.
pub fn judge(secrets: &Secrets, client: &[u8], server: &[u8], complete: bool) -> Verdict {
    let is_asked_for = |start: &[u8]| start.first().is_none_or(|version| is_encrypted(*version));
    if secrets.is_empty() || !(is_asked_for(client) && is_asked_for(server)) {
        return Verdict::No;
    }
    match (client.get(1..=BLOCK), server.get(1..=BLOCK)) {
        (Some(c1), Some(s1)) => {
            let sides = [client, server];
            let enough = sides.map(|side| first_chunk(side).is_some());
            let is_at_end = complete || enough == [true; 2];
            let mut agreed = secrets.of([c1, s1]).peekable();
            if agreed.peek().is_none() {
                return Verdict::No;
            }
            let proven = if enough == [false; 2] { None } else { agreed.find(|agreed| agreed.is_proven(sides)) };
            match proven {
                Some(agreed) => Verdict::Deciphers(Box::new(agreed.cipher())),
                None if is_at_end => Verdict::Wrong,
                None => Verdict::NeedMore,
            }
        }
        _ if complete => Verdict::No,
        _ => Verdict::NeedMore,
    }
}

/// Deciphers a session: takes what its directions tell and gives what they tell in clear.
pub struct Rtmpe {
    directions: [Direction; 2],
    /// What was deciphered last.
    clear: Zeroizing<Vec<u8>>,
}

struct Direction {
    cipher: Rc4,
    /// Where in the direction it is.
    at: u64,
    /// So much is missing that the place in the key stream was given up.
    is_lost: bool,
}

impl fmt::Debug for Rtmpe {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rtmpe")
            .field("at", &self.directions.each_ref().map(|direction| direction.at))
            .finish_non_exhaustive()
    }
}

impl Direction {
    /// Moves the key stream on.
    fn throw_away(&mut self, mut bytes: u64) {
        let mut scratch = Zeroizing::new([0; 4096]);
        while bytes > 0 {
            let some = bytes.min(scratch.len() as u64);
            self.cipher.apply_keystream(&mut scratch[..some as usize]);
            bytes -= some;
        }
    }
}

impl Rtmpe {
    /// The next thing that a direction tells.
    ///
    /// Over a hole as much key stream has to be made as there are bytes missing. Where that is more than is left of `purse`, nothing of the
    /// direction is deciphered any more.
    pub fn take(
        &mut self,
        from: Side,
        delivery: &Delivery<'_>,
        purse: &mut u64,
        give: &mut dyn FnMut(Side, &Delivery<'_>),
    ) {
        let direction = &mut self.directions[from.index()];
        match *delivery {
            Delivery::Bytes { offset, bytes, at, place } => {
                let handshake = HALF.saturating_sub(direction.at).min(bytes.len() as u64);
                direction.at += bytes.len() as u64;
                let (open, rest) = bytes.split_at(handshake as usize);
                if !open.is_empty() {
                    give(from, &Delivery::Bytes { offset, bytes: open, at, place });
                }
                let offset = offset + handshake;
                if rest.is_empty() {
                } else if direction.is_lost {
                    give(from, &Delivery::Gap { offset, missing: rest.len() as u64, exact: true, captured: true, at });
                } else {
                    self.clear.clear();
                    self.clear.extend_from_slice(rest);
                    direction.cipher.apply_keystream(&mut self.clear);
                    give(from, &Delivery::Bytes { offset, bytes: &self.clear, at, place: None });
                }
            }
            Delivery::Gap { missing, exact, .. } => {
                let enciphered = (direction.at + missing).saturating_sub(direction.at.max(HALF));
                direction.at += missing;
                direction.is_lost |= !exact || enciphered > *purse;
                if !direction.is_lost {
                    *purse -= enciphered;
                    direction.throw_away(enciphered);
                }
                give(from, delivery);
            }
            Delivery::Joined | Delivery::Heard | Delivery::Close { .. } => give(from, delivery),
        }
    }

    /// Bytes of memory that it takes beside itself.
    pub fn memory(&self) -> usize {
        self.clear.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(client: usize, server: usize, secret: &str) -> String {
        format!("RTMPE client_pub={} server_pub={} secret={secret}", "1b".repeat(client), "2c".repeat(server))
    }

    fn read(text: &str) -> Result<Secrets, String> {
        Secrets::read(text.as_bytes()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn lines_are_read_or_named() {
        assert_eq!(read(&format!("# a comment\n\n{}\r\n", line(128, 128, "00ff"))).unwrap().sessions.len(), 1);
        assert_eq!(read(&format!("{0}\n{0}", line(128, 128, "0A"))).unwrap().sessions.len(), 2);
        for wrong in
            [line(127, 128, "00"), line(128, 128, ""), line(128, 128, "0"), line(128, 128, "zz"), "RTMPE".into()]
        {
            assert!(read(&format!("\n{wrong}\n")).unwrap_err().starts_with("line 2 is not"), "{wrong}");
        }
        assert!(read(&"a".repeat(1 << 20)).unwrap_err().starts_with("line 1"));
        assert!(read("").unwrap_err().contains("no line"));
    }

    #[test]
    fn secrets_are_not_shown() {
        let secrets = read(&line(128, 128, "7ec3e7")).unwrap();
        assert_eq!(format!("{secrets:?}"), "Secrets { sessions: 1, .. }");
    }
}
