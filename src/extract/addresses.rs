//! The headers of a packet down to TCP, with all addresses in them, and their checksums. What is not known in every byte that may be an
//! address is no [`Frame`]: nothing of it is written.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use crate::capture::LinkType;

/// Headers inside one another at most.
const DEEPEST: usize = 32;

/// A packet that is being changed.
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    /// TCP's payload, without what pads the frame.
    pub(super) payload: Range<usize>,
    tcp: usize,
    /// Where addresses stand: of interfaces, and of IP.
    hardware: Vec<Range<usize>>,
    addresses: Vec<Range<usize>>,
    /// The innermost last.
    sums: Vec<Sum>,
}

/// A checksum, and what it is over: some stretches, each beginning at an even place of what is summed up.
struct Sum {
    at: usize,
    over: Vec<Range<usize>>,
    /// 0 is no sum (UDP).
    is_udp: bool,
}

enum Layer {
    Ethernet,
    EtherType(u16),
    Ip,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes)
}

impl Frame {
    pub(super) fn of(link: LinkType, data: &[u8]) -> Option<Frame> {
        let mut frame = Frame {
            bytes: data.to_vec(),
            payload: 0..0,
            tcp: 0,
            hardware: Vec::new(),
            addresses: Vec::new(),
            sums: Vec::new(),
        };
        let (layer, at) = match link.0 {
            1 => (Layer::Ethernet, 0),
            12 | 14 | 101 | 228 | 229 => (Layer::Ip, 0),
            0 | 108 => (Layer::Ip, 4),
            113 => {
                frame.hardware.push(6..14);
                (Layer::EtherType(u16_at(data, 14)?), 16)
            }
            276 => {
                frame.hardware.push(12..20);
                (Layer::EtherType(u16_at(data, 0)?), 20)
            }
            _ => return None,
        };
        frame.walk(layer, at, data)?;
        Some(frame)
    }

    fn walk(&mut self, mut layer: Layer, mut at: usize, data: &[u8]) -> Option<()> {
        let mut end = data.len();
        for _ in 0..DEEPEST {
            (layer, at) = match layer {
                Layer::Ethernet => {
                    self.hardware.extend([at..at + 6, at + 6..at + 12]);
                    (Layer::EtherType(u16_at(data, at + 12)?), at + 14)
                }
                Layer::EtherType(0x8100 | 0x88a8 | 0x9100) => (Layer::EtherType(u16_at(data, at + 2)?), at + 4),
                Layer::EtherType(0x0800 | 0x86dd) => (Layer::Ip, at),
                Layer::EtherType(0x8847) => {
                    let is_last = data.get(at + 2)? & 1 == 1;
                    (if is_last { Layer::Ip } else { Layer::EtherType(0x8847) }, at + 4)
                }
                Layer::EtherType(0x8864) if matches!(u16_at(data, at + 6)?, 0x21 | 0x57) => (Layer::Ip, at + 8),
                Layer::EtherType(0x6558) => (Layer::Ethernet, at),
                Layer::EtherType(_) => return None,
                Layer::Ip => {
                    let (protocol, content, addresses) = self.ip(at, &mut end, data)?;
                    match protocol {
                        6 => return self.tcp(content, addresses, end, data),
                        4 | 41 => (Layer::Ip, content),
                        // GRE of version 0 without a checksum or a route.
                        47 => {
                            let flags = u16_at(data, content)?;
                            if flags & 0xcfff != 0 {
                                return None;
                            }
                            let length = 4 + 4 * ((flags & 0x2000 != 0) as usize + (flags & 0x1000 != 0) as usize);
                            (Layer::EtherType(u16_at(data, content + 2)?), content + length)
                        }
                        17 => {
                            self.sums.push(Sum { at: content + 6, over: vec![addresses, content..end], is_udp: true });
                            udp(content, data)?
                        }
                        _ => return None,
                    }
                }
            };
        }
        None
    }

    /// An IP header: its protocol, where its content begins, where its addresses are. `end` is where its content ends.
    fn ip(&mut self, at: usize, end: &mut usize, data: &[u8]) -> Option<(u8, usize, Range<usize>)> {
        match data.get(at)? {
            // Options may have addresses.
            0x45 => {
                let fragment = u16_at(data, at + 6)? & 0x3fff;
                if fragment != 0 || data.len() < at + 20 {
                    return None;
                }
                // Offload leaves the length at 0.
                let length = usize::from(u16_at(data, at + 2)?);
                *end = if length == 0 { *end } else { (at + length).min(*end) };
                let addresses = at + 12..at + 20;
                self.addresses.extend([at + 12..at + 16, at + 16..at + 20]);
                self.sums.push(Sum { at: at + 10, over: vec![at..at + 10, at + 10..at + 20], is_udp: false });
                Some((data[at + 9], at + 20, addresses))
            }
            byte if byte >> 4 == 6 => {
                if data.len() < at + 40 {
                    return None;
                }
                let length = usize::from(u16_at(data, at + 4)?);
                *end = if length == 0 { *end } else { (at + 40 + length).min(*end) };
                self.addresses.extend([at + 8..at + 24, at + 24..at + 40]);
                let (mut protocol, mut content) = (data[at + 6], at + 40);
                // Hop-by-hop and destination options; routes have addresses, and fragments are none.
                while matches!(protocol, 0 | 60) {
                    let length = 8 + 8 * usize::from(*data.get(content + 1)?);
                    (protocol, content) = (*data.get(content)?, content + length);
                }
                Some((protocol, content, at + 8..at + 40))
            }
            _ => None,
        }
    }

    fn tcp(&mut self, at: usize, addresses: Range<usize>, end: usize, data: &[u8]) -> Option<()> {
        let length = usize::from(*data.get(at + 12)? >> 4) * 4;
        if length < 20 || at + length > end {
            return None;
        }
        self.tcp = at;
        self.payload = at + length..end;
        // What pads the frame is of nobody.
        self.bytes[end..].fill(0);
        self.sums.push(Sum { at: at + 16, over: vec![addresses, at..end], is_udp: false });
        Some(())
    }

    /// Who sent it to whom.
    pub(super) fn ends(&self, data: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
        let [.., source, destination] = &self.addresses[..] else { return None };
        let [source, destination] = [(source, 0), (destination, 2)].map(|(range, port)| {
            let port = u16_at(data, self.tcp + port)?;
            Some(SocketAddr::new(address(&data[range.clone()])?, port))
        });
        source.zip(destination)
    }

    pub(super) fn sequence(&self, data: &[u8]) -> Option<u32> {
        let bytes = data.get(self.tcp + 4..self.tcp + 8)?.try_into().ok()?;
        // A SYN counts as the byte before the first.
        Some(u32::from_be_bytes(bytes).wrapping_add(u32::from(data.get(self.tcp + 13)? >> 1 & 1)))
    }

    /// Makes checksums what they were before it was changed from `data`: right where they were right, wrong where they were wrong
    /// (RFC 1624).
    pub(super) fn settle(&mut self, data: &[u8]) {
        for sum in self.sums.iter().rev() {
            let Some(before) = u16_at(data, sum.at) else { continue };
            if sum.is_udp && before == 0 {
                continue;
            }
            let mut total = u64::from(!before);
            for range in &sum.over {
                let mut at = range.start;
                while at < range.end {
                    if at != sum.at {
                        total += u64::from(!word(data, at, range.end)) + u64::from(word(&self.bytes, at, range.end));
                    }
                    at += 2;
                }
            }
            while total >> 16 != 0 {
                total = (total & 0xffff) + (total >> 16);
            }
            let after = !(total as u16);
            let after = if sum.is_udp && after == 0 { 0xffff } else { after };
            let is_changed = sum.over.iter().any(|range| {
                let of = |bytes: &[u8]| {
                    [
                        &bytes[range.start..range.end.min(sum.at).max(range.start)],
                        &bytes[(sum.at + 2).clamp(range.start, range.end)..range.end],
                    ]
                    .concat()
                };
                of(data) != of(&self.bytes)
            });
            if is_changed {
                self.bytes[sum.at..sum.at + 2].copy_from_slice(&after.to_be_bytes());
            }
        }
    }
}

/// Two bytes of a stretch, whose last may be one alone.
fn word(bytes: &[u8], at: usize, end: usize) -> u16 {
    u16::from_be_bytes([bytes[at], if at + 1 < end { bytes[at + 1] } else { 0 }])
}

/// What is in UDP, where that is a tunnel.
fn udp(at: usize, data: &[u8]) -> Option<(Layer, usize)> {
    let content = at + 8;
    match u16_at(data, at + 2)? {
        4789 => Some((Layer::Ethernet, content + 8)),
        6081 => {
            let options = usize::from(data.get(content)? & 0x3f) * 4;
            Some((Layer::EtherType(u16_at(data, content + 2)?), content + 8 + options))
        }
        2152 if *data.get(content)? == 0x30 && *data.get(content + 1)? == 255 => Some((Layer::Ip, content + 8)),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// New addresses for old ones: the same for the same in the whole run.
#[derive(Default)]
pub(super) struct Addresses {
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl Addresses {
    /// Puts new addresses into a frame.
    pub(super) fn cover(&mut self, frame: &mut Frame, data: &[u8]) {
        for range in frame.addresses.iter().chain(&frame.hardware) {
            let Some(bytes) = data.get(range.clone()) else { continue };
            frame.bytes[range.clone()].copy_from_slice(self.instead_of(bytes));
        }
    }

    fn instead_of(&mut self, old: &[u8]) -> &[u8] {
        let number = self.known.len() as u32 + 1;
        self.known.entry(old.to_vec()).or_insert_with(|| match old.len() {
            4 => Ipv4Addr::from(0x0a00_0000 | number & 0x00ff_ffff).octets().to_vec(),
            16 => Ipv6Addr::from(0x2001_0db8 << 96 | u128::from(number)).octets().to_vec(),
            // Local ones, of nobody.
            length => [&[2][..], &vec![0; length - 5], &number.to_be_bytes()].concat(),
        })
    }
}
