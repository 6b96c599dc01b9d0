//! The header of an RTP packet, and what its payload begins with. Source: RFC 3550 §5.1, §5.3.1.
//!
//! It is read by an own function of twelve bytes on the recording reader, since every field must know its bytes: the crates for
//! RTP give values, not places.

use std::ops::Range;

use super::format::{Codec, Formats, Kind};
use super::{h264, opus};
use crate::fields;
use crate::wire::words::count;
use crate::wire::{Problem, Reader, Recorder, Stop, Trouble, Value};

fields! {
    /// An RTP packet.
    RTP: Group "rtp", "", "RFC 3550 §5.1";
    /// The version, which is 2.
    VERSION: Uint "rtp.version", "", "RFC 3550 §5.1";
    /// Whether the payload ends in padding.
    PADDING: Bool "rtp.padding", "", "RFC 3550 §5.1";
    /// Whether a header extension follows.
    EXTENSION: Bool "rtp.extension", "", "RFC 3550 §5.3.1";
    /// The marker: of video, the last packet of a frame.
    MARKER: Bool "rtp.marker", "", "RFC 3550 §5.1, RFC 6184 §5.1";
    /// The number of the payload's format, which the peers agreed on before.
    PAYLOAD_TYPE: Uint "rtp.payload_type", "", "RFC 3550 §5.1";
    /// Whether it is audio or video.
    KIND: Word "rtp.kind", "", "", Kind::WORDS;
    /// The codec, by the payload type.
    CODEC: Word "rtp.codec", "", "", Codec::WORDS;
    /// Counts the sender's packets, modulo 2^16.
    SEQUENCE_NUMBER: Uint "rtp.sequence_number", "", "RFC 3550 §5.1";
    /// When the first byte of the payload was sampled, in units of the codec's clock.
    TIMESTAMP: Uint "rtp.timestamp", "", "RFC 3550 §5.1";
    /// Which source of its sender the packet is of.
    SSRC: Uint "rtp.ssrc", "", "RFC 3550 §5.1";
    /// The sources that a mixer made the payload of.
    CONTRIBUTORS: List "rtp.contributors", "", "RFC 3550 §5.1";
    /// One of these sources.
    CONTRIBUTOR: Uint "rtp.contributors.item", "", "RFC 3550 §5.1";
    /// What the header extension is for.
    EXTENSION_PROFILE: Uint "rtp.extension_profile", "", "RFC 3550 §5.3.1";
    /// The header extension.
    EXTENSION_DATA: Bytes "rtp.extension_data", "", "RFC 3550 §5.3.1";
    /// The media.
    PAYLOAD: Opaque "rtp.payload", "", "RFC 3550 §5.1";
    /// The padding's bytes, of which the last says how many they are.
    PADDING_DATA: Bytes "rtp.padding_data", "", "RFC 3550 §5.1";
}

/// An RTP packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rtp {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence_number: u16,
    /// In units of the codec's clock.
    pub timestamp: u32,
    pub ssrc: u32,
    /// None where the payload type was not agreed on.
    pub codec: Option<Codec>,
    /// Where the payload lies in the datagram, without padding.
    pub payload: Range<u32>,
    /// Of H.264: what the payload packs.
    pub units: Option<h264::Packed>,
    /// Of Opus: what the packet's first byte says.
    pub opus: Option<opus::Packet>,
}

/// Reads a packet. What was read before it stopped stands.
pub(super) fn rtp<R: Recorder>(r: &mut Reader<'_, '_, R>, formats: &Formats, problems: &mut Vec<Problem>) -> Rtp {
    let mut rtp = Rtp::default();
    let read = r.group(&RTP, |r| {
        let padding = header(r, formats, &mut rtp)?;
        let whole = r.left();
        let padding = if padding { padding_length(r)? } else { 0 };
        rtp.payload = r.at()..r.at() + (whole - padding) as u32;
        r.within(whole - padding, |r| {
            match rtp.codec {
                Some(Codec::H264) => {
                    let (units, stop) = h264::units(r);
                    rtp.units = Some(units);
                    problems.extend(stop);
                }
                Some(Codec::Opus) => match opus::packet(r) {
                    Ok(packet) => rtp.opus = Some(packet),
                    Err(stop) => problems.push(stop),
                },
                _ => {}
            }
            r.remainder(&PAYLOAD);
        });
        r.remainder(&PADDING_DATA);
        Ok(())
    });
    problems.extend(read.err());
    rtp
}

/// Reads the header, and says whether there is padding.
fn header<R: Recorder>(r: &mut Reader<'_, '_, R>, formats: &Formats, rtp: &mut Rtp) -> Result<bool, Stop> {
    let at = r.at();
    let first = r.skip(1, "the version")?[0];
    let (padding, extension) = (first & 0x20 != 0, first & 0x10 != 0);
    r.note(&VERSION, at..at + 1, Value::Uint(u64::from(first >> 6)));
    r.note(&PADDING, at..at + 1, Value::Bool(padding));
    r.note(&EXTENSION, at..at + 1, Value::Bool(extension));
    if first >> 6 != 2 {
        return Err(Stop::new(at, format!("the RTP version is {}, not 2", first >> 6)));
    }
    let at = r.at();
    let second = r.skip(1, "the payload type")?[0];
    rtp.marker = second & 0x80 != 0;
    rtp.payload_type = second & 0x7f;
    rtp.codec = formats.codec(rtp.payload_type);
    r.note(&MARKER, at..at + 1, Value::Bool(rtp.marker));
    r.note(&PAYLOAD_TYPE, at..at + 1, Value::Uint(u64::from(rtp.payload_type)));
    if let Some(codec) = rtp.codec {
        r.note(&KIND, at..at + 1, Value::Word(codec.kind().name()));
        r.note(&CODEC, at..at + 1, Value::Word(codec.name()));
    }
    rtp.sequence_number = r.u16(&SEQUENCE_NUMBER)?;
    rtp.timestamp = r.u32(&TIMESTAMP)?;
    rtp.ssrc = r.u32(&SSRC)?;
    let sources = first & 15;
    if sources > 0 {
        r.node(&CONTRIBUTORS, |r| {
            for index in 0..sources {
                r.label(crate::wire::Label::Index(u32::from(index)));
                r.u32(&CONTRIBUTOR)?;
            }
            Ok(((), Value::List))
        })?;
    }
    if extension {
        r.u16(&EXTENSION_PROFILE)?;
        let words = r.skip(2, "the extension's length")?;
        let words = usize::from(u16::from_be_bytes([words[0], words[1]]));
        r.bytes(&EXTENSION_DATA, words * 4)?;
    }
    Ok(padding)
}

fn padding_length<R: Recorder>(r: &Reader<'_, '_, R>) -> Result<usize, Stop> {
    let padding = r.rest().last().map_or(0, |last| usize::from(*last));
    if padding == 0 || padding > r.left() {
        let what = format!("the padding has {} of {}", count(padding as u64, "byte"), r.left());
        return Err(r.stop(what).of(Trouble::Tiling));
    }
    Ok(padding)
}
