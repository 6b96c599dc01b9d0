//! Whether a session that stays closed is likely RTMPS: the handshake of RTMP has lengths that records cannot hide.
//! C0 and C1 are 1537 bytes, C2 1536; S0 to S2 are 3073, in any cut.

use super::facts::Facts;
use super::suite::{CipherSuite, Version};
use crate::wire::Side;

/// Records of a side that are looked at.
const RECORDS: usize = 24;

/// C0 and C1, or S0 and S1.
const FIRST: usize = 1537;
/// The whole handshake of a side.
const WHOLE: usize = 3073;

/// Why a session is likely RTMPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The records of both sides are as long as RTMP's handshake.
    Handshake,
    /// Those of one side are.
    HalfHandshake,
    /// The server's name, or a protocol that is offered, is one of RTMP's.
    Name,
    /// The server's port is one of RTMP's.
    Port,
}

impl Likeness {
    pub const fn name(self) -> &'static str {
        match self {
            Likeness::Handshake => "handshake_sizes",
            Likeness::HalfHandshake => "handshake_sizes_of_one_side",
            Likeness::Name => "server_name",
            Likeness::Port => "port",
        }
    }
}

/// Lengths of the first records under keys, by side.
#[derive(Debug, Default)]
pub(super) struct Shape {
    bodies: [Vec<u16>; 2],
}

impl Shape {
    /// A side's next record that may carry application data.
    pub(super) fn record(&mut self, from: Side, body: usize) {
        let bodies = &mut self.bodies[from.index()];
        if bodies.len() < RECORDS {
            bodies.push(body as u16);
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.bodies.iter().map(|bodies| bodies.capacity() * 2).sum()
    }

    /// The best reason, of a connection to a server's port.
    pub(super) fn likeness(&self, facts: &Facts, port: u16) -> Option<Likeness> {
        // What a browser offers is HTTP; RTMPT in TLS comes without ALPN.
        let is_web = facts.alpn_offered.iter().any(|name| name == "h2" || name.starts_with("http/"));
        let sides = Side::BOTH.map(|side| self.is_handshake(side, facts));
        match sides {
            [true, true] => return Some(Likeness::Handshake),
            [true, false] | [false, true] => return Some(Likeness::HalfHandshake),
            _ => {}
        }
        let name = facts.server_name.as_deref().unwrap_or_default().to_ascii_lowercase();
        if NAMES.iter().any(|part| name.contains(part)) || facts.alpn_offered.iter().any(|name| name.contains("rtmp")) {
            return Some(Likeness::Name);
        }
        (!is_web && PORTS.contains(&port)).then_some(Likeness::Port)
    }

    fn is_handshake(&self, side: Side, facts: &Facts) -> bool {
        let version = facts.version.unwrap_or(Version::TLS_1_3);
        let Some(parts) = facts.cipher_suite.and_then(CipherSuite::parts) else { return false };
        let (least, most) = parts.bulk.overhead(version);
        let bodies = &self.bodies[side.index()];
        // In TLS 1.3 the first records are the handshake's rest and tickets, and look alike.
        let starts = if version == Version::TLS_1_3 { bodies.len() } else { 1 };
        let lengths: &[usize] = match side {
            Side::Client => &[FIRST],
            Side::Server => &[WHOLE, FIRST],
        };
        (0..starts.min(bodies.len())).any(|start| {
            let mut range = (0, 0);
            bodies[start..].iter().take_while(|body| usize::from(**body) >= least).any(|body| {
                range.0 += usize::from(*body).saturating_sub(most);
                range.1 += usize::from(*body) - least;
                lengths.iter().any(|length| (range.0..=range.1).contains(length))
            })
        })
    }
}

/// What stands in the names of servers that take RTMPS.
const NAMES: [&str; 6] = ["rtmp", "live-api-s.facebook", "live-upload", "live-video.net", "ingest", "live.twitch"];

/// 443 has too much else.
const PORTS: [u16; 5] = [1935, 1936, 2935, 4935, 1443];
