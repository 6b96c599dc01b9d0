//! Is it RTMP? The first bytes of a connection say; its ports say nothing.

mod beginning;
mod within;

use memchr::memmem;

pub(super) use self::beginning::Beginning;
use super::handshake::{BLOCK, HALF, PeerBlock};
use super::{Step, resync};
use crate::proto::opening::Opening;
use crate::wire::Side;

#[derive(Debug, PartialEq, Eq)]
pub enum Match {
    Yes(Found),
    No,
    NeedMore,
}

/// RTMP was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Client bytes before C0: a PROXY protocol header.
    pub skip: usize,
    /// What that header says of the client's address.
    pub proxied: Option<String>,
    /// Whether a side's bytes begin somewhere in the middle, as far as is known: no place in them is the handshake's.
    pub midstream: [bool; 2],
    /// RTMPE was agreed on, and the client goes on in clear.
    pub is_clear: bool,
}

/// What is spoken where RTMP should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    Http,
    /// A proxy is asked by HTTP to connect it to somebody.
    Connect,
    /// The same by SOCKS.
    Socks,
    /// RTMP inside of HTTP.
    Rtmpt,
    Rtsp,
    Tls,
    Ssh,
    /// It goes over UDP.
    Srt,
    /// Printable text of some other protocol.
    Text,
    /// Anything else that is not RTMP.
    Unknown,
}

impl Foreign {
    pub fn name(self) -> &'static str {
        match self {
            Foreign::Http => "HTTP",
            Foreign::Connect => "HTTP CONNECT",
            Foreign::Socks => "SOCKS",
            Foreign::Rtmpt => "RTMPT",
            Foreign::Rtsp => "RTSP",
            Foreign::Tls => "TLS",
            Foreign::Ssh => "SSH",
            Foreign::Srt => "SRT",
            Foreign::Text => "text",
            Foreign::Unknown => "another protocol",
        }
    }

    /// Bytes that tell it.
    pub(super) const TOLD_BY: usize = 4;

    /// What a direction that begins with these bytes speaks, where they tell that it is not RTMP.
    pub fn of(bytes: &[u8]) -> Option<Foreign> {
        const HTTP: &[&[u8]] = &[b"HTTP", b"GET ", b"POST", b"HEAD", b"PUT ", b"OPTI", b"CONN", b"DELE"];
        let start = bytes.first_chunk::<{ Self::TOLD_BY }>()?;
        let is_text = || start.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t'));
        match start {
            [20..=23, 3, 0..=4, _] => Some(Foreign::Tls),
            b"SSH-" => Some(Foreign::Ssh),
            b"RTSP" => Some(Foreign::Rtsp),
            _ if is_text() && asks_rtsp(bytes) => Some(Foreign::Rtsp),
            b"CONN" if bytes.starts_with(b"CONNECT ") => Some(Foreign::Connect),
            b"POST" if asks_rtmpt(bytes) => Some(Foreign::Rtmpt),
            _ if HTTP.contains(&&start[..]) => Some(Foreign::Http),
            _ if is_text() => Some(Foreign::Text),
            // §5.2.2: what is 32 or more is not a version.
            [first, ..] if *first >= 32 => Some(Foreign::Unknown),
            _ => None,
        }
    }
}

/// Whether bytes begin with a request of RTSP, whose methods are partly HTTP's (RFC 2326 §6.1).
fn asks_rtsp(bytes: &[u8]) -> bool {
    const VERSION: &[u8] = b" RTSP/";
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let end = &line[line.len().saturating_sub(VERSION.len() + 4)..];
    end.windows(VERSION.len()).any(|word| word == VERSION)
}

/// What tells RTMPT from other HTTP: the paths of its requests, and the type of every body.
const RTMPT_PATHS: &[&[u8]] = &[b"/fcs/ident", b"/open/", b"/send/", b"/idle/", b"/close/"];
const RTMPT_TYPE: &[u8] = b"application/x-fcs";

/// Whether bytes begin with a request of RTMPT: librtmp and FFmpeg begin with the first or the second of these.
fn asks_rtmpt(bytes: &[u8]) -> bool {
    let path = bytes.get(5..).unwrap_or_default();
    RTMPT_PATHS.iter().any(|known| path.starts_with(known)) || memmem::find(bytes, RTMPT_TYPE).is_some()
}

/// Versions that a handshake may begin with: plain RTMP, and RTMPE in its three forms.
pub(super) fn is_version(byte: u8) -> bool {
    matches!(byte, 3 | 6 | 8 | 9)
}

/// Bytes of a chunk stream without its beginning that are more than most bodies of RTMPT.
const BODY: usize = 4096;

/// Judges a connection's beginning.
pub fn detect(opening: &Opening<'_>) -> Match {
    let (skip, proxied) = match proxy_header(opening.client) {
        Proxy::None => (0, None),
        Proxy::Whole { length, source } => (length, source),
        Proxy::Part if opening.complete => return Match::No,
        Proxy::Part => return Match::NeedMore,
    };
    let client = &opening.client[skip..];
    let server = opening.server;
    let more = if opening.complete { Match::No } else { Match::NeedMore };
    let ends = opening.later.map(|bytes| !bytes.is_empty());
    let mut found = Found { skip, proxied, ..Found::default() };
    // A PROXY header stands before everything else.
    let mut is_placed = [opening.from_start[0] || skip > 0, opening.from_start[1]];
    if is_placed != [true; 2] {
        // Media may begin with any byte. Only an echo, a signature or a digest proves a handshake here, and only a chain of
        // headers a chunk stream. One side's proof is no other's: its own beginning may be missing.
        match joined_in(opening).filter(|_| opening.from_start == [false; 2] && skip == 0) {
            // The other side may show that it is RTMPT.
            Some(Foreign::Http) => return more,
            Some(_) => return Match::No,
            None => {}
        }
        let proven = prove([client, server]);
        is_placed = [is_placed[0] || proven[0], is_placed[1] || proven[1]];
        found.midstream = is_placed.map(|is_placed| !is_placed);
        if is_placed == [false; 2] {
            // The body of a single RTMPT request is a chunk stream too: the next line shows what it is.
            let is_enough = |bytes: &[u8]| opening.complete || bytes.len() >= BODY;
            let mut runs = [client, server].into_iter().chain(opening.later);
            let is_rtmp = runs.any(|bytes| is_enough(bytes) && is_chunks(bytes));
            return if is_rtmp { Match::Yes(found) } else { more };
        }
        let may_yet = [may_yet([client, server], ends), may_yet([server, client], [ends[1], ends[0]])];
        if !opening.complete && (!is_placed[0] && may_yet[0] || !is_placed[1] && may_yet[1]) {
            return Match::NeedMore;
        }
        if proven != [false; 2] {
            // So does one in RTMPT, where a line of HTTP stands in the middle of it.
            let is_whole = |side: usize| proven[side] && [client, server][side].len() as u64 >= HALF;
            return if opening.complete || is_whole(0) || is_whole(1) { Match::Yes(found) } else { more };
        }
    }
    // From here on a side whose beginning is not there has no beginning.
    let [client, server] =
        [(client, is_placed[0]), (server, is_placed[1])].map(|(bytes, is)| if is { bytes } else { &[] });
    let may_begin = |bytes: &[u8]| bytes.first().is_none_or(|byte| is_version(*byte));
    if !(may_begin(client) && may_begin(server)) {
        return strange([client, server], found, more);
    }
    if is_tpkt(client) {
        return Match::No;
    }
    let whole = 1 + BLOCK;
    if client.len() >= whole || (client.is_empty() && server.len() >= whole) {
        // The other side agrees or does not, and its bytes may come in another order than they were sent in.
        let may_agree = |own: &[u8], side: usize, peer: &[u8]| {
            is_placed[side] && !ends[side] && own.is_empty() && asks_encryption(peer)
        };
        if !opening.complete && (may_agree(server, 1, client) || may_agree(client, 0, server)) {
            return Match::NeedMore;
        }
        if asks_encryption(client) && (server.is_empty() || asks_encryption(server)) {
            let chunks = client.get(HALF as usize..).unwrap_or_default();
            if chunks.len() < CONNECT_WITHIN && !opening.complete && !ends[0] {
                return Match::NeedMore;
            }
            found.is_clear = begins_with_connect(chunks);
        }
        return Match::Yes(found);
    }
    // Behind a hole lines of HTTP or records of TLS tell what the chunks among them are in.
    if opening.later.iter().any(|bytes| within::within(bytes).is_some()) {
        return Match::No;
    }
    // A hole in a handshake moves nothing: its length is known.
    let joined = if is_placed[1] { &[] } else { opening.server };
    if ends[0] && server.len() >= whole || opening.later.iter().chain([&joined]).any(|bytes| is_chunks(bytes)) {
        return Match::Yes(found);
    }
    // A handshake that never became whole: the zero bytes of the plain form are what there is to go by.
    if opening.complete && client.len() >= 9 && client[5..9] == [0; 4] {
        return Match::Yes(found);
    }
    more
}

/// Judges a connection of which a side begins with another byte than RTMP's versions: RTMP it is all the same if the other
/// side's C1 or S1 proves it, and this one's is one of an unknown version, one without its version, or another protocol.
fn strange(sides: [&[u8]; 2], found: Found, more: Match) -> Match {
    let ends = more == Match::No;
    let [client, server] = Side::BOTH.map(|side| Beginning::of(sides[side.index()], side, ends));
    let is_right = |side: Side| {
        let bytes = sides[side.index()];
        bytes.first().is_some_and(|first| is_version(*first))
            && Beginning::of(bytes, side, ends) == Beginning::Block { at: 1 }
    };
    match (client, server) {
        (Beginning::Other, _) | (_, Beginning::Other) => Match::No,
        // A C1 alone, whole and nothing behind it: its sender waits for an answer.
        (Beginning::Block { at }, Beginning::Empty) if ends => {
            if sides[0].len() == at + BLOCK
                || sides[0].get(at..at + BLOCK).is_some_and(|block| is_signed(block, Side::Client))
            {
                Match::Yes(found)
            } else {
                Match::No
            }
        }
        (Beginning::Open | Beginning::Empty, _) | (_, Beginning::Open | Beginning::Empty) => more,
        _ if is_right(Side::Client) || is_right(Side::Server) => Match::Yes(found),
        (Beginning::Foreign, _) | (_, Beginning::Foreign) => Match::No,
        _ => {
            let at = [client, server].map(|it| if let Beginning::Block { at } = it { at } else { 1 });
            let echoes = |own: usize, peer: usize| {
                let echo = sides[own].get(at[own] + BLOCK..).unwrap_or_default();
                let block = sides[peer].get(at[peer]..at[peer] + BLOCK);
                block.is_some_and(|block| is_echo(echo, block))
            };
            let is_there = |side: usize| sides[side].len() >= at[side] + 2 * BLOCK;
            if echoes(0, 1) || echoes(1, 0) {
                Match::Yes(found)
            } else if is_there(0) && is_there(1) {
                Match::No
            } else {
                more
            }
        }
    }
}

fn is_signed(block: &[u8], from: Side) -> bool {
    super::Handshake::judge(Step::Block, from, block, None).1.as_ref().is_some_and(PeerBlock::is_signed)
}

/// The Remote Desktop Protocol begins with a 3 as well: a TPKT header around an X.224 connection request.
fn is_tpkt(client: &[u8]) -> bool {
    let [3, 0, high, low, indicator, code, ..] = *client else { return false };
    let length = usize::from(high) << 8 | usize::from(low);
    code & 0xf0 == 0xe0 && usize::from(indicator) + 5 == length
}

/// Whether these bytes are a chunk stream from anywhere. One that goes through HTTP is not RTMP's own.
fn is_chunks(bytes: &[u8]) -> bool {
    resync::recognise(bytes) && within::within(bytes).is_none()
}

/// What a connection without a beginning speaks, by the bytes of either side, where these prove another protocol.
pub fn joined_in(opening: &Opening<'_>) -> Option<Foreign> {
    let of = |side: Side| {
        let [start, later] = match side {
            Side::Client => [opening.client, opening.later[0]],
            Side::Server => [opening.server, opening.later[1]],
        };
        within::within(start).or_else(|| within::within(later))
    };
    let both = Side::BOTH.map(of);
    if both.contains(&Some(Foreign::Rtmpt)) { Some(Foreign::Rtmpt) } else { both[0].or(both[1]) }
}

/// Whether bytes are the echo of a peer's block, or the beginning of it.
fn is_echo(echo: &[u8], peer: &[u8]) -> bool {
    let there = echo.len().min(BLOCK);
    // A part of it could be the same part of both where as much is missing before both.
    let is_enough = there == BLOCK || there >= 256 && peer[4..8] == [0; 4];
    is_enough && echo[8..there] == peer[8..there] && peer[8..there].iter().any(|byte| *byte != peer[8])
}

/// Which of the sides begin with a handshake for certain.
fn prove([client, server]: [&[u8]; 2]) -> [bool; 2] {
    let may_begin = |bytes: &[u8]| bytes.first().is_some_and(|byte| is_version(*byte));
    let signed =
        |bytes: &[u8], from| may_begin(bytes) && bytes.get(1..=BLOCK).is_some_and(|block| is_signed(block, from));
    let echoed = |bytes: &[u8], peer: &[u8]| match (bytes.get(1 + BLOCK..), peer.get(1..=BLOCK)) {
        (Some(echo), Some(peer)) => is_echo(echo, peer),
        _ => false,
    };
    // An echo says where both stand.
    if may_begin(client) && may_begin(server) && (echoed(server, client) || echoed(client, server)) {
        return [true; 2];
    }
    [signed(client, Side::Client), signed(server, Side::Server)]
}

/// Whether more bytes may prove that a side, the first of the two, begins with a handshake. A side that `ends` has a hole
/// behind these bytes.
fn may_yet([own, peer]: [&[u8]; 2], ends: [bool; 2]) -> bool {
    let grows = |bytes: &[u8], ends: bool| !ends && (bytes.len() as u64) < HALF;
    own.first().is_none_or(|byte| is_version(*byte))
        && (grows(own, ends[0]) || own.len() > BLOCK && grows(peer, ends[1]))
}

/// The PROXY protocol's header at the beginning of a client's bytes: how long it is, and what it says of the client's address.
pub fn proxied(client: &[u8]) -> Option<(usize, Option<String>)> {
    match proxy_header(client) {
        Proxy::Whole { length, source } => Some((length, source)),
        Proxy::None | Proxy::Part => None,
    }
}

/// Whether a client greets a proxy that speaks SOCKS 5, and is answered (RFC 1928 §3).
pub fn socks(client: &[u8], server: &[u8]) -> Option<Foreign> {
    let ([5, count @ 1..=255, methods @ ..], [5, chosen, ..]) = (client, server) else { return None };
    let methods = methods.get(..usize::from(*count))?;
    (methods.contains(chosen) || *chosen == 0xff).then_some(Foreign::Socks)
}

enum Proxy {
    None,
    Part,
    Whole { length: usize, source: Option<String> },
}

/// The PROXY protocol, versions 1 and 2, as load balancers put it before a connection's own bytes.
fn proxy_header(bytes: &[u8]) -> Proxy {
    const V1: &[u8] = b"PROXY ";
    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
    /// The longest line of version 1, its end included.
    const LINE: usize = 107;
    if bytes.is_empty() {
        return Proxy::None;
    }
    if bytes.starts_with(V1) {
        let line = &bytes[..bytes.len().min(LINE)];
        let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
            return if bytes.len() < LINE { Proxy::Part } else { Proxy::None };
        };
        let words: Vec<_> = std::str::from_utf8(&line[..end]).unwrap_or_default().split(' ').collect();
        let source = match words[..] {
            [_, "TCP4", address, _, port, _] => Some(format!("{address}:{port}")),
            [_, "TCP6", address, _, port, _] => Some(format!("[{address}]:{port}")),
            _ => None,
        };
        return Proxy::Whole { length: end + 2, source };
    }
    if bytes.starts_with(V2) {
        let Some(length) = bytes.get(14..16).map(|length| usize::from(length[0]) << 8 | usize::from(length[1])) else {
            return Proxy::Part;
        };
        // Addresses and a few extensions; a longer one is not a PROXY header that anybody sends.
        if length > 1024 {
            return Proxy::None;
        }
        let Some(rest) = bytes.get(16..16 + length) else { return Proxy::Part };
        let source = match (bytes[13] >> 4, rest) {
            (1, [a, b, c, d, _, _, _, _, high, low, ..]) => {
                Some(format!("{a}.{b}.{c}.{d}:{}", u16::from_be_bytes([*high, *low])))
            }
            _ => None,
        };
        return Proxy::Whole { length: 16 + length, source };
    }
    if V1.starts_with(bytes) || V2.starts_with(bytes) { Proxy::Part } else { Proxy::None }
}

/// Whether a handshake version is an encrypted one.
pub(in crate::proto) fn is_encrypted(version: u8) -> bool {
    matches!(version, 6 | 8 | 9)
}

/// Whether C2 and S2 of a handshake version have signatures that are encrypted themselves (XTEA, Blowfish).
pub(super) fn hides_signature(version: u8) -> bool {
    matches!(version, 8 | 9)
}

/// Whether the handshake of a side asks for encryption, or agrees to it.
fn asks_encryption(side: &[u8]) -> bool {
    side.first().is_some_and(|version| is_encrypted(*version))
}

/// The name of connect as AMF0 has it, and bytes behind the handshake of a client within which it stands: a Set Chunk Size may
/// come before it.
const CONNECT: &[u8] = b"\x02\x00\x07connect";
const CONNECT_WITHIN: usize = 64;

/// Whether what a client sends behind its handshake is a connect that everybody can read. Encrypted bytes are none by chance.
fn begins_with_connect(chunks: &[u8]) -> bool {
    memmem::find(&chunks[..chunks.len().min(CONNECT_WITHIN)], CONNECT).is_some()
}

/// The protocol's name: RTMPE where all versions that are known say so, and the client keeps to it.
pub fn protocol(found: &Found, opening: &Opening<'_>) -> &'static str {
    let of_client = opening.client.get(found.skip).filter(|_| !found.midstream[0]);
    let of_server = opening.server.first().filter(|_| !found.midstream[1]);
    let mut versions = of_client.into_iter().chain(of_server).peekable();
    let is_agreed = versions.peek().is_some() && versions.all(|version| is_encrypted(*version));
    if is_agreed && !found.is_clear { "rtmpe" } else { "rtmp" }
}
