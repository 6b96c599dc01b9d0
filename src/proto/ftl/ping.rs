//! FTL's ping over UDP: the client's clock, which the server sends back as it is. Source: ftl-sdk `media.c`.
//!
//! The clock is a C `timeval` as it lies in the client's memory: seconds and microseconds, of 8 bytes each behind 4 bytes of
//! padding on 64-bit Linux and macOS, of 4 bytes each on Windows, in the byte order of its machine. The length counts
//! bytes, unlike RTCP's.

use crate::fields;
use crate::wire::{Reader, Recorder, Stop, Time, Trouble, Value};

fields! {
    /// FTL's ping.
    PING: Group "ftl_ping", "", "ftl-sdk media.c";
    /// Two bits of version and five of format: 0x81.
    FIRST: Uint "ftl_ping.version", "", "RFC 3550 §6.4.1";
    /// The feedback message type, which is 1.
    FORMAT: Uint "ftl_ping.format", "", "RFC 4585 §6.1";
    /// The packet's type: 250.
    PACKET_TYPE: Uint "ftl_ping.packet_type", "", "ftl-sdk media.c";
    /// The packet's length.
    LENGTH: Uint "ftl_ping.length", "bytes", "ftl-sdk media.c";
    /// The client's clock when it sent the ping.
    TIME: Time "ftl_ping.time", "", "ftl-sdk media.c";
    /// Bytes that are not read: padding, or a clock of another form.
    REST: Bytes "ftl_ping.rest", "", "";
}

/// The packet type.
pub(super) const PACKET_TYPE_PING: u8 = 250;

/// A ping or its echo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ping {
    /// As it stands on the wire: the packet's bytes.
    pub length: u16,
    /// The client's clock; none where its form is not known.
    pub time: Option<Time>,
}

/// Reads a ping.
pub(super) fn ping<R: Recorder>(r: &mut Reader<'_, '_, R>, ping: &mut Ping) -> Result<(), Stop> {
    let whole = r.left();
    r.group(&PING, |r| {
        let at = r.at();
        let first = r.skip(1, "a version")?[0];
        r.note(&FIRST, at..at + 1, Value::Uint(u64::from(first >> 6)));
        r.note(&FORMAT, at..at + 1, Value::Uint(u64::from(first & 31)));
        r.u8(&PACKET_TYPE)?;
        let at = r.at();
        ping.length = r.u16(&LENGTH)?;
        if usize::from(ping.length) != whole {
            let what = format!("the ping says that it has {} bytes, and has {whole}", ping.length);
            r.remainder(&REST);
            return Err(Stop::new(at, what).of(Trouble::Tiling));
        }
        let wide = match r.left() {
            20 => {
                r.bytes(&REST, 4)?;
                true
            }
            8 => false,
            _ => {
                let stop = r.stop("the ping's clock has an unknown form");
                r.remainder(&REST);
                return Err(stop);
            }
        };
        let at = r.at();
        let clock = r.skip(r.left(), "a clock")?;
        ping.time = time(clock, wide);
        if let Some(Time(ns)) = ping.time {
            r.note(&TIME, at..r.at(), Value::Int(ns));
        } else {
            r.note(&REST, at..r.at(), Value::Bytes(at..r.at()));
            return Err(Stop::new(at, "the ping's clock is no time in either byte order"));
        }
        Ok(())
    })
}

/// The clock in the byte order in which its microseconds are below a second, least significant byte first where both are.
fn time(clock: &[u8], wide: bool) -> Option<Time> {
    let (seconds, micros) = clock.split_at(if wide { 8 } else { 4 });
    let little = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let big = |bytes: &[u8]| bytes.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let read = |(seconds, micros): (u64, u64)| {
        let ns = i64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?;
        (micros < 1_000_000).then(|| ns.checked_add(micros as i64 * 1000).map(Time))?
    };
    read((little(seconds), little(micros))).or_else(|| read((big(seconds), big(micros))))
}
