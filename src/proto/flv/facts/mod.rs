//! What audio and video messages say by themselves: the types that a decoder returns, and the fields that it records.
//!
//! They stand below all decoders, because a message's header and its codec's own bytes fill the same one. Nothing is
//! read here.

pub(crate) mod audio;
pub(crate) mod video;

use std::ops::Range;

use crate::open_enum;
use crate::wire::{Field, Reader, Recorder, Value};

open_enum! {
    /// AvMultitrackType: how the tracks of a message are told apart. Source: E-RTMP v2.
    pub struct Multitrack(u8) {
        ONE_TRACK = 0 "one_track",
        MANY_TRACKS = 1 "many_tracks",
        MANY_TRACKS_MANY_CODECS = 2 "many_tracks_many_codecs",
    }
}

/// One track of a multitrack message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track<T> {
    pub id: u8,
    /// Bytes of its body that are there.
    pub length: u32,
    /// What a message with this track alone would say.
    pub media: T,
}

/// The fields of an Enhanced RTMP header that audio and video each have under their own name.
pub(crate) struct Fields {
    pub(crate) codec: &'static Field,
    pub(crate) packet_type: &'static Field,
    pub(crate) multitrack_type: &'static Field,
    pub(crate) mod_ex: &'static Field,
    pub(crate) modifier: &'static Field,
    pub(crate) modifier_type: &'static Field,
    pub(crate) modifier_size: &'static Field,
    pub(crate) modifier_data: &'static Field,
    pub(crate) timestamp_offset_ns: &'static Field,
    pub(crate) fourcc: &'static Field,
    pub(crate) tracks: &'static Field,
    pub(crate) track: &'static Field,
    pub(crate) track_id: &'static Field,
    pub(crate) track_length: &'static Field,
    pub(crate) data: &'static Field,
}

/// Records the byte at `at` as its name, or as a number where it has none.
pub(crate) fn note<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    field: &'static Field,
    name: Option<&'static str>,
    number: u8,
    at: u32,
) {
    r.note(field, at..at + 1, name.map_or(Value::Uint(u64::from(number)), Value::Word));
}

/// Records a number that `span` holds.
pub(crate) fn number<R: Recorder>(r: &mut Reader<'_, '_, R>, field: &'static Field, span: Range<u32>, number: u32) {
    r.note(field, span, Value::Uint(u64::from(number)));
}

/// Where what is left to read lies.
pub(crate) fn left<R: Recorder>(r: &Reader<'_, '_, R>) -> Range<u32> {
    r.at()..r.at() + r.left() as u32
}
