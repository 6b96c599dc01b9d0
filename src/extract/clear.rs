//! Sessions in clear: what was sent inside of TLS, HTTP and RTMPE, as if it had been sent over TCP alone.
//!
//! Each session is a connection of its own between the addresses and ports that carried it. Its packets have the time of the captured
//! ones whose bytes they carry, and stand in the order in which these bytes became known: the file is written while captures are
//! read, so that a packet may stand behind one that is later.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};
use std::net::SocketAddr;

use super::Fault;
use super::made::Made;
use super::pcapng::Writer;
use crate::evidence::Evidence;
use crate::net::{How, Start};
use crate::proto::{Close, Event, Opened, Piece, Source};
use crate::wire::words::{clip, count, plural};
use crate::wire::{IdMap, Moment, PacketNo, Side};

/// Sessions that were left out and are named one by one.
const NAMED: usize = 5;
/// Columns of the captures' names in a session's comment.
const NAMES: usize = 200;

/// Writes sessions as a capture.
pub struct Clear<W: Write> {
    out: Writer<W>,
    /// The captures, as comments name them.
    names: String,
    /// Those that are wanted; otherwise all are.
    only: Option<BTreeSet<u32>>,
    open: IdMap<u32, Session>,
    /// Addresses and ports that open sessions have.
    taken: HashSet<[SocketAddr; 2]>,
    written: Written,
    /// Bytes that are read again.
    bytes: Vec<u8>,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub sessions: u64,
    pub packets: u64,
    /// Of the sessions.
    pub bytes: u64,
    /// The first of the sessions that were left out.
    pub left_out: Vec<LeftOut>,
    /// How many were.
    pub left_out_sessions: u64,
}

/// A session that was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub session: u32,
    pub protocol: &'static str,
    /// Nothing opens it; otherwise it is not RTMP.
    pub is_sealed: bool,
}

struct Session {
    made: Made,
    ends: [SocketAddr; 2],
    /// What its first packet is to say, until there is one.
    comment: Option<String>,
    /// Packets of the capture.
    first: PacketNo,
    last: Moment,
    /// By side: the next hole's length is an estimate.
    is_about: [bool; 2],
}

impl<W: Write> Clear<W> {
    /// Begins the file. `names` has the captures, as comments name them; of their sessions, perhaps `only` some are wanted.
    pub fn new(out: W, names: &str, only: Option<BTreeSet<u32>>) -> io::Result<Self> {
        let what = format!(
            "RTMP sessions of {names} in clear, in TCP connections that were made for them; packet numbers are of the captures"
        );
        Ok(Clear {
            out: Writer::new(out, &what)?,
            names: clip(names, NAMES).into_owned(),
            only,
            open: IdMap::default(),
            taken: HashSet::new(),
            written: Written::default(),
            bytes: Vec::new(),
        })
    }

    /// The next event of an inspection with evidence.
    pub fn take(&mut self, event: &Event, evidence: &Evidence) -> Result<(), Fault> {
        match event {
            Event::Session(opened) => Ok(self.begin(opened)?),
            Event::Piece(piece) => self.piece(piece, evidence),
            Event::Gap(gap) => {
                if let Some(session) = self.open.get_mut(&gap.session) {
                    session.is_about[gap.from.index()] |= !gap.exact;
                }
                Ok(())
            }
            Event::Close(close) => Ok(self.close(close)?),
            _ => Ok(()),
        }
    }

    /// Ends the file. Gives what it was written to, and what came of it.
    pub fn finish(self) -> io::Result<(W, Written)> {
        let packets = self.out.packets();
        Ok((self.out.finish()?, Written { packets, ..self.written }))
    }

    fn begin(&mut self, opened: &Opened) -> io::Result<()> {
        let Opened { session, protocol, client, server, .. } = *opened;
        if self.only.as_ref().is_some_and(|only| !only.contains(&session)) {
            return Ok(());
        }
        let is_sealed = opened.decrypted == Some(false);
        if is_sealed || !protocol.starts_with("rtmp") {
            self.written.left_out_sessions += 1;
            if self.written.left_out.len() < NAMED {
                self.written.left_out.push(LeftOut { session, protocol, is_sealed });
            }
            return Ok(());
        }
        self.written.sessions += 1;
        let ends = self.take_ends(client, server);
        let mut comment =
            format!("session {session}: {protocol} {client} → {server}, from packet {} on", opened.at.packet);
        if ends[0] != client {
            comment += &format!("; another session has the port {}, so it is {} here", client.port(), ends[0].port());
        }
        comment += &format!(" of {}", self.names);
        let mut made = Made::new(session, ends[0], ends[1]);
        let comment = if opened.start == Start::Syn {
            made.shake_hands(opened.at.time, &comment, &mut self.out)?;
            None
        } else {
            Some(comment)
        };
        let (first, last) = (opened.at.packet, opened.at);
        self.open.insert(session, Session { made, ends, comment, first, last, is_about: [false; 2] });
        Ok(())
    }

    /// The addresses and ports of a session's connection. Several sessions of RTMPT may be carried by one, so that a later one
    /// needs another port.
    fn take_ends(&mut self, client: SocketAddr, server: SocketAddr) -> [SocketAddr; 2] {
        let mut ends = [client, server];
        while !self.taken.insert(ends) {
            ends[0].set_port(ends[0].port().wrapping_add(1).max(1024));
        }
        ends
    }

    fn piece(&mut self, piece: &Piece, evidence: &Evidence) -> Result<(), Fault> {
        let Some(session) = self.open.get_mut(&piece.session) else { return Ok(()) };
        let bytes = match &piece.source {
            Source::Captured(place) => {
                self.bytes.clear();
                evidence
                    .read_at(*place, piece.length as usize, &mut self.bytes)
                    .map_err(|missing| Fault::Capture(piece.session, missing))?;
                &self.bytes[..]
            }
            Source::Derived(bytes) => bytes,
        };
        // What is there already stays.
        let known = session.made.offset(piece.from).saturating_sub(piece.offset).min(bytes.len() as u64);
        let bytes = &bytes[known as usize..];
        if bytes.is_empty() {
            return Ok(());
        }
        let missing = session.made.miss(piece.from, piece.offset);
        let comment = session.say(piece.from, missing);
        session.last = piece.at;
        self.written.bytes += bytes.len() as u64;
        Ok(session.made.send(piece.from, bytes, piece.at.time, comment.as_deref(), &mut self.out)?)
    }

    fn close(&mut self, close: &Close) -> io::Result<()> {
        let Some(session) = self.open.get_mut(&close.session) else { return Ok(()) };
        let Close { from, at, .. } = *close;
        session.made.miss(from, close.bytes);
        let comment = close.last.then(|| {
            let last = if matches!(close.how, How::Fin | How::Rst) { at.packet } else { session.last.packet };
            format!("the end of session {}: packets {} to {last} of {}", close.session, session.first, self.names)
        });
        let comment = comment.as_deref();
        // Who reset the connection, where that is known: it ends the other direction too.
        let by = close.tcp.as_ref().and_then(|tcp| tcp.reset).map_or(from, |(side, _)| side);
        let (made, out) = (&mut session.made, &mut self.out);
        let is_reset = Side::BOTH.into_iter().any(|side| made.has_reset(side));
        match close.how {
            How::Fin => made.finish(from, at.time, comment, out)?,
            How::Rst if !is_reset && (by == from || close.last) => made.reset(by, at.time, comment, out)?,
            // It ends without a word; that all was received says at least how much there was.
            _ if close.last => {
                let by = if made.has_reset(from.other()) { from } else { from.other() };
                made.acknowledge(by, session.last.time, comment, out)?;
            }
            _ => {}
        }
        if close.last
            && let Some(gone) = self.open.remove(&close.session)
        {
            self.taken.remove(&gone.ends);
        }
        Ok(())
    }
}

impl Session {
    /// What a packet is to say: the first one of which session it is, one behind a hole what is missing.
    fn say(&mut self, from: Side, missing: u64) -> Option<String> {
        let is_about = missing > 0 && std::mem::take(&mut self.is_about[from.index()]);
        let hole = (missing > 0).then(|| {
            let (about, are) = (if is_about { "about " } else { "" }, plural(missing, "is", "are"));
            format!("{about}{} of the {} {are} missing before this packet", count(missing, "byte"), from.name())
        });
        match (self.comment.take(), hole) {
            (Some(comment), Some(hole)) => Some(format!("{comment}; {hole}")),
            (comment, hole) => comment.or(hole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Attempts;

    fn opened(session: u32) -> Event {
        let end = |port| SocketAddr::from(([10, 0, 0, 1], port));
        Event::Session(Opened {
            session,
            protocol: "rtmpt",
            decrypted: None,
            client: end(u16::MAX),
            server: end(80),
            at: Moment::default(),
            start: Start::Syn,
            proxied: None,
            tunnels: Default::default(),
            attempts: Attempts::default(),
            strangers: Vec::new(),
        })
    }

    #[test]
    fn sessions_that_one_connection_carries_have_ports_of_their_own() {
        let (evidence, mut clear) = (Evidence::default(), Clear::new(Vec::new(), "a.pcap", None).unwrap());
        for session in 1..=3 {
            clear.take(&opened(session), &evidence).unwrap();
        }
        let port = |clear: &Clear<Vec<u8>>, session| clear.open[&session].ends[0].port();
        assert_eq!([1, 2, 3].map(|session| port(&clear, session)), [u16::MAX, 1024, 1025]);
        for from in Side::BOTH {
            let close = Close {
                session: 2,
                from,
                how: How::EndOfCapture,
                at: Moment::default(),
                bytes: 0,
                messages: 0,
                undecoded: 0,
                tcp: None,
                last: from == Side::Server,
                attempts: Attempts::default(),
                strangers: Vec::new(),
                frames: Vec::new(),
            };
            clear.take(&Event::Close(close), &evidence).unwrap();
        }
        // A port is free again when its session is over.
        clear.take(&opened(4), &evidence).unwrap();
        assert_eq!(port(&clear, 4), 1024);
        let (file, written) = clear.finish().unwrap();
        assert_eq!((written.sessions, written.packets), (4, 13));
        assert!(String::from_utf8_lossy(&file).contains("another session has the port 65535, so it is 1024 here"));
    }
}
