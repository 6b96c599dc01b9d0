//! What the first bytes of an Opus packet say: mode, bandwidth, channels and duration. Source: RFC 6716 §3.1, §3.2.

use crate::fields;
use crate::wire::words::count;
use crate::wire::{Reader, Recorder, Silent, Stop, Trouble, Value};

fields! {
    /// Mode, bandwidth and frame size of Opus, as one number.
    CONFIG: Uint "rtp.opus_config", "", "RFC 6716 §3.1";
    /// Whether the packet is stereo. A sender may change that from packet to packet.
    STEREO: Bool "rtp.opus_stereo", "", "RFC 6716 §3.1";
    /// How long the packet plays.
    DURATION: Number "rtp.opus_duration", "ms", "RFC 6716 §3.1, §3.2";
}

/// No packet plays longer, in microseconds.
const LONGEST: u32 = 120_000;

/// What a packet's first bytes say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    /// From 0 to 31: mode, bandwidth and frame size.
    pub config: u8,
    pub stereo: bool,
    pub frames: u8,
    /// Microseconds.
    pub duration: u32,
}

impl Packet {
    /// What a packet says of itself, where it is one.
    pub fn of(bytes: &[u8]) -> Option<Packet> {
        packet(&mut Reader::new(bytes, 0, &mut Silent)).ok()
    }

    /// Samples that it plays, at 48 kHz: what the RTP clock goes on by.
    pub fn samples(&self) -> u32 {
        self.duration * 6 / 125
    }
}

/// Reads a packet's first bytes.
pub(super) fn packet<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<Packet, Stop> {
    let at = r.at();
    let bytes = r.rest();
    let Some(first) = bytes.first() else { return Err(r.stop("an Opus packet is empty").of(Trouble::Truncated)) };
    let mut packet = Packet { config: first >> 3, stereo: first & 4 != 0, ..Packet::default() };
    r.note(&CONFIG, at..at + 1, Value::Uint(u64::from(packet.config)));
    r.note(&STEREO, at..at + 1, Value::Bool(packet.stereo));
    let span;
    (packet.frames, span) = match first & 3 {
        0 => (1, at..at + 1),
        1 | 2 => (2, at..at + 1),
        _ => match bytes.get(1) {
            Some(count) => (count & 63, at..at + 2),
            None => return Err(r.stop("an Opus packet lacks its frame count").of(Trouble::Truncated)),
        },
    };
    packet.duration = frame(packet.config) * u32::from(packet.frames);
    if packet.frames == 0 || packet.duration > LONGEST {
        let what =
            format!("an Opus packet has {} of {} µs", count(u64::from(packet.frames), "frame"), frame(packet.config));
        return Err(Stop::new(at, what));
    }
    r.note(&DURATION, span, Value::Number(f64::from(packet.duration) / 1000.0));
    Ok(packet)
}

/// Microseconds of one frame.
fn frame(config: u8) -> u32 {
    match config {
        0..=11 => [10_000, 20_000, 40_000, 60_000][usize::from(config % 4)],
        12..=15 => [10_000, 20_000][usize::from(config % 2)],
        _ => [2_500, 5_000, 10_000, 20_000][usize::from(config % 4)],
    }
}
