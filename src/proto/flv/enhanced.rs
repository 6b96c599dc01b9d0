//! What Enhanced RTMP's audio and video headers share: modifiers (ModEx) and tracks.
//! Source: Enhanced RTMP v2 "ExAudioTagHeader", "ExVideoTagHeader" and their bodies.

use std::ops::Range;

use super::facts::{Fields, Multitrack, Track, note};
use crate::limits::Limits;
use crate::open_enum;
use crate::wire::words::{count, counted};
use crate::wire::{Label, Reader, Recorder, Stop, Value};

/// Modifiers of one message that are followed.
const MODIFIERS: u32 = Limits::DEFAULT.modifiers;
/// Tracks of one message that are followed.
const TRACKS: u32 = Limits::DEFAULT.tracks;

open_enum! {
    /// AudioPacketModExType and VideoPacketModExType. Source: E-RTMP v2.
    pub struct ModEx(u8) {
        TIMESTAMP_OFFSET_NANO = 0 "timestamp_offset_nano",
    }
}

/// An audio or a video message, to what the two have in common.
pub(super) trait Media: Sized {
    const FIELDS: &'static Fields;
    /// The packet type that says that tracks follow.
    const MULTITRACK: u8;

    fn packet_type(kind: u8) -> Option<&'static str>;

    /// Leaves the FourCC in the message: the codec's name, if it has one.
    fn set_codec(&mut self, fourcc: [u8; 4]) -> Option<&'static str>;

    /// What a track takes over from the message around it.
    fn track(&self, packet_type: Option<&'static str>) -> Self;

    fn tracks(&mut self) -> (&mut Option<Multitrack>, &mut Vec<Track<Self>>);

    /// Reads the codec's own bytes.
    fn body<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>) -> Result<(), Stop>;
}

/// What the modifiers in front of a packet say.
#[derive(Default)]
pub(super) struct Modified {
    /// The packet type behind the last modifier, and its byte.
    pub(super) packet_type: u8,
    pub(super) at: u32,
    pub(super) timestamp_offset_ns: Option<u32>,
}

/// Reads modifiers up to a packet type that is none. The byte that announced the first one is already read.
pub(super) fn modifiers<R: Recorder>(r: &mut Reader<'_, '_, R>, fields: &Fields, mod_ex: u8) -> Result<Modified, Stop> {
    let mut modified = Modified { packet_type: mod_ex, ..Modified::default() };
    let mut offset: Option<Range<u32>> = None;
    r.node(fields.mod_ex, |r| {
        let mut index = 0;
        while modified.packet_type == mod_ex {
            if index == MODIFIERS {
                return Err(r.stop("more ModEx modifiers in one message than are followed"));
            }
            r.label(Label::Index(index));
            r.group(fields.modifier, |r| {
                let at = r.at();
                let mut size = u32::from(r.skip(1, "a ModEx size")?[0]) + 1;
                if size == 256 {
                    let bytes = r.skip(2, "a ModEx size")?;
                    size = u32::from(u16::from_be_bytes([bytes[0], bytes[1]])) + 1;
                }
                r.note(fields.modifier_size, at..r.at(), Value::Uint(u64::from(size)));
                let start = r.at();
                let data = r.bytes(fields.modifier_data, size as usize)?;
                modified.at = r.at();
                let kinds = r.skip(1, "a ModEx type")?[0];
                let kind = ModEx(kinds >> 4);
                modified.packet_type = kinds & 15;
                note(r, fields.modifier_type, kind.name(), kind.0, modified.at);
                if kind == ModEx::TIMESTAMP_OFFSET_NANO {
                    let [high, middle, low, ..] = data else {
                        let what = format!("a timestamp offset needs 3 bytes, ModEx has {size}");
                        return Err(Stop::new(start, what));
                    };
                    modified.timestamp_offset_ns = Some(u32::from_be_bytes([0, *high, *middle, *low]));
                    offset = Some(start..start + 3);
                }
                Ok(())
            })?;
            index += 1;
        }
        Ok(((), Value::List))
    })?;
    if let (Some(value), Some(span)) = (modified.timestamp_offset_ns, offset) {
        r.note(fields.timestamp_offset_ns, span, Value::Uint(u64::from(value)));
    }
    Ok(modified)
}

/// Reads the FourCC of a message's or a track's codec.
pub(super) fn codec<R: Recorder, T: Media>(r: &mut Reader<'_, '_, R>, media: &mut T) -> Result<(), Stop> {
    let (code, span) = fourcc(r, T::FIELDS)?;
    set_codec(r, media, code, span);
    Ok(())
}

fn fourcc<R: Recorder>(r: &mut Reader<'_, '_, R>, fields: &Fields) -> Result<([u8; 4], Range<u32>), Stop> {
    let span = r.at()..r.at() + 4;
    let code = r.skip(4, "a FourCC")?;
    r.note(fields.fourcc, span.clone(), Value::Text(span.clone()));
    Ok(([code[0], code[1], code[2], code[3]], span))
}

fn set_codec<R: Recorder, T: Media>(r: &mut Reader<'_, '_, R>, media: &mut T, code: [u8; 4], span: Range<u32>) {
    if let Some(name) = media.set_codec(code) {
        r.note(T::FIELDS.codec, span, Value::Word(name));
    }
}

/// Reads a multitrack message from the byte behind its packet type to its end.
pub(super) fn multitrack<R: Recorder, T: Media>(r: &mut Reader<'_, '_, R>, media: &mut T) -> Result<(), Stop> {
    let at = r.at();
    let kinds = r.skip(1, "a multitrack type")?[0];
    let kind = Multitrack(kinds >> 4);
    *media.tracks().0 = Some(kind);
    note(r, T::FIELDS.multitrack_type, kind.name(), kind.0, at);
    let inner = kinds & 15;
    if kind.name().is_none() {
        return Err(Stop::new(at, format!("unknown multitrack type {}", kind.0)));
    }
    if inner == T::MULTITRACK {
        return Err(Stop::new(at, "tracks inside tracks"));
    }
    let common = if kind == Multitrack::MANY_TRACKS_MANY_CODECS {
        None
    } else {
        let (code, span) = fourcc(r, T::FIELDS)?;
        set_codec(r, media, code, span);
        Some(code)
    };
    let packet_type = T::packet_type(inner);
    let (tracks, trouble) = tracks(r, T::FIELDS, kind, |r, own| {
        let mut track = media.track(packet_type);
        // What the track shares with the others stands before all of them: it has no bytes here.
        let here = r.at()..r.at();
        if let Some((code, span)) = own.or_else(|| Some((common?, here.clone()))) {
            set_codec(r, &mut track, code, span);
        }
        r.note(T::FIELDS.packet_type, here, packet_type.map_or(Value::Uint(u64::from(inner)), Value::Word));
        let read = track.body(r);
        (track, read)
    });
    *media.tracks().1 = tracks;
    trouble.map_or(Ok(()), Err)
}

/// Reads the tracks of a multitrack message to its end. `each` reads one track's body, given where its FourCC stands
/// when it has one of its own; what it leaves is kept as bytes. A track that cannot be read does not end the others.
fn tracks<R: Recorder, T>(
    r: &mut Reader<'_, '_, R>,
    fields: &Fields,
    kind: Multitrack,
    mut each: impl FnMut(&mut Reader<'_, '_, R>, Option<([u8; 4], Range<u32>)>) -> (T, Result<(), Stop>),
) -> (Vec<Track<T>>, Option<Stop>) {
    let mut tracks = Vec::new();
    let mut trouble: Option<Stop> = None;
    let read = r.node(fields.tracks, |r| {
        let mut index = 0;
        while index == 0 || !r.is_empty() {
            if index == TRACKS {
                return Err(r.stop(format!("more than {TRACKS} tracks in one message")));
            }
            r.label(Label::Index(index));
            r.group(fields.track, |r| {
                let own = if kind == Multitrack::MANY_TRACKS_MANY_CODECS { Some(fourcc(r, fields)?) } else { None };
                let id = r.u8(fields.track_id)?;
                let length =
                    if kind == Multitrack::ONE_TRACK { r.left() } else { r.u24(fields.track_length)? as usize };
                if length > r.left() {
                    let what = format!(
                        "a track of {}, {}",
                        count(length as u64, "byte"),
                        counted(r.left(), "is left", "are left")
                    );
                    trouble.get_or_insert(r.stop(what));
                }
                let length = length.min(r.left());
                let (media, read) = r.within(length, |r| {
                    let (media, read) = each(r, own);
                    r.remainder(fields.data);
                    (media, read)
                });
                tracks.push(Track { id, length: length as u32, media });
                if let Err(stop) = read {
                    trouble.get_or_insert(stop);
                }
                Ok(())
            })?;
            index += 1;
        }
        Ok(((), Value::List))
    });
    (tracks, trouble.or(read.err()))
}
