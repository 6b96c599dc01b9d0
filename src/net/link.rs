//! Link layers: where in a captured frame the IP packet starts.

use super::Unread;
use crate::capture::{LinkType, Packet};

const NULL: i32 = 0;
const ETHERNET: i32 = 1;
/// `DLT_RAW` of most systems and that of OpenBSD, which some tools write as they are.
const RAW_DLT: i32 = 12;
const RAW_DLT_OPENBSD: i32 = 14;
const RAW: i32 = 101;
const LOOP: i32 = 108;
const LINUX_COOKED: i32 = 113;
const IPV4: i32 = 228;
const IPV6: i32 = 229;
const LINUX_COOKED_2: i32 = 276;

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// Bytes from the frame's start to the IP header. What is there is only claimed to be IP.
pub(super) fn ip_at(packet: &Packet<'_>) -> Result<usize, Unread> {
    match packet.link {
        LinkType(ETHERNET) => by_ethertype(packet.data, 12, 14),
        LinkType(LINUX_COOKED) => by_ethertype(packet.data, 14, 16),
        LinkType(LINUX_COOKED_2) => by_ethertype(packet.data, 0, 20),
        LinkType(RAW | RAW_DLT | RAW_DLT_OPENBSD | IPV4 | IPV6) => Ok(0),
        LinkType(NULL | LOOP) => by_family(packet.data),
        other => Err(Unread::LinkType(other)),
    }
}

fn be_u16(data: &[u8], at: usize) -> Result<u16, Unread> {
    let bytes = data.get(at..at + 2).ok_or(Unread::Cut)?;
    Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Follows the `EtherType` at `kind_at`, whose content starts at `at`, through any number of VLAN tags.
fn by_ethertype(data: &[u8], mut kind_at: usize, mut at: usize) -> Result<usize, Unread> {
    loop {
        match be_u16(data, kind_at)? {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return Ok(at),
            // Two bytes of tag, then the next type.
            0x8100 | 0x88a8 | 0x9100 => {
                kind_at = at + 2;
                at += 4;
            }
            _ => return Err(Unread::NotIp),
        }
    }
}

/// BSD's loopback header: an address family in the byte order of the machine that captured.
fn by_family(data: &[u8]) -> Result<usize, Unread> {
    let bytes = data.get(..4).and_then(|bytes| bytes.try_into().ok()).ok_or(Unread::Cut)?;
    let family = u32::from_be_bytes(bytes).min(u32::from_le_bytes(bytes));
    match family {
        // AF_INET, and AF_INET6 of Linux, NetBSD, FreeBSD, macOS.
        2 | 10 | 24 | 28 | 30 => Ok(4),
        _ => Err(Unread::NotIp),
    }
}
