//! SRT's handshake in UDP, as far as it tells that somebody calls with SRT. Source: draft-sharabayko-srt-01 §3.2.1, §4.3.1.

use std::net::SocketAddr;

use super::ip;
use crate::wire::Side;

/// The first step of a handshake: the caller's, or the listener's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub caller: SocketAddr,
    pub listener: SocketAddr,
    pub from: Side,
}

/// The induction that the UDP in an IP packet holds. Only the listener's has a cookie.
pub(super) fn call(packet: &ip::Packet<'_>) -> Option<Call> {
    const CONTROL_HANDSHAKE: u32 = 0x8000_0000;
    const INDUCTION: u32 = 1;
    // Behind UDP's header: SRT's of four words, and a handshake of twelve, of which the last four are an address.
    let words: [u8; 64] = packet.rest.array(8).ok()?;
    let word = |at: usize| u32::from_be_bytes([words[4 * at], words[4 * at + 1], words[4 * at + 2], words[4 * at + 3]]);
    let (version, mtu, step, socket, cookie) = (word(4), word(7), word(9), word(10), word(11));
    let is_call = word(0) == CONTROL_HANDSHAKE && word(1) == 0 && step == INDUCTION && socket != 0;
    // The largest packet that a side takes: what fits into the larger frames of Ethernet.
    if !is_call || !matches!(version, 4 | 5) || !(72..=9000).contains(&mtu) {
        return None;
    }
    let source = SocketAddr::new(packet.source, packet.rest.u16(0).ok()?);
    let destination = SocketAddr::new(packet.destination, packet.rest.u16(2).ok()?);
    Some(match cookie {
        0 => Call { caller: source, listener: destination, from: Side::Client },
        _ => Call { caller: destination, listener: source, from: Side::Server },
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::net::rest::Rest;

    const CALLER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 50_000);
    const LISTENER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 1935);

    /// A datagram of these words of a handshake.
    fn datagram(source: SocketAddr, destination: SocketAddr, words: [u32; 16]) -> Vec<u8> {
        let ports = [source.port(), destination.port(), 72, 0].map(u16::to_be_bytes);
        [ports.concat(), words.map(u32::to_be_bytes).concat()].concat()
    }

    fn read(source: SocketAddr, destination: SocketAddr, bytes: &[u8]) -> Option<Call> {
        let rest = Rest::new(bytes, bytes.len());
        let (source, destination) = (source.ip(), destination.ip());
        call(&ip::Packet { source, destination, protocol: 17, identification: 0, rest, fragment: None })
    }

    #[test]
    fn an_induction_tells_who_calls_and_nothing_else_does() {
        let asked = [0x8000_0000, 0, 0, 0, 4, 2, 9, 1500, 8192, 1, 7, 0, 0, 0, 0, 0];
        let mut answered = asked;
        (answered[4], answered[5], answered[11]) = (5, 0x4a17, 99);
        let told = |from| Some(Call { caller: CALLER, listener: LISTENER, from });
        let bytes = datagram(CALLER, LISTENER, asked);
        assert_eq!(read(CALLER, LISTENER, &bytes), told(Side::Client));
        assert_eq!(read(LISTENER, CALLER, &datagram(LISTENER, CALLER, answered)), told(Side::Server));
        for length in 0..bytes.len() {
            assert_eq!(read(CALLER, LISTENER, &bytes[..length]), None);
        }
        for (word, value) in [(0, 0x8001_0000), (1, 1), (4, 3), (7, 20_000), (9, 2), (10, 0)] {
            let mut other = asked;
            other[word] = value;
            assert_eq!(read(CALLER, LISTENER, &datagram(CALLER, LISTENER, other)), None, "word {word}");
        }
    }
}
