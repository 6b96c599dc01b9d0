//! The codecs' own formats: configuration records, sequence headers, and what the first bytes of a coded frame say.
//!
//! A file for each codec. What is shared: `bits` reads below the byte, `nal` has the NAL units of H.264, H.265 and
//! H.266, `picture` the facts that every video configuration ends in.

pub(super) mod aac;
pub(super) mod ac3;
pub(super) mod av1;
mod av1_sequence;
pub(super) mod avc;
mod avc_sps;
mod bits;
pub(super) mod channels;
pub(super) mod flac;
pub(super) mod h263;
pub(super) mod hevc;
mod hevc_sps;
pub(super) mod metadata;
pub(super) mod mp3;
pub(super) mod nal;
pub(super) mod opus;
mod picture;
pub(super) mod screen;
pub(super) mod vp6;
pub(super) mod vp8;
pub(super) mod vp9;
pub(super) mod vvc;

use crate::wire::Field;

/// The fields of all codecs.
pub(super) static FIELDS: &[&[&Field]] = &[
    picture::FIELDS,
    nal::FIELDS,
    avc::FIELDS,
    avc_sps::FIELDS,
    hevc::FIELDS,
    hevc_sps::FIELDS,
    vvc::FIELDS,
    av1::FIELDS,
    av1_sequence::FIELDS,
    vp9::FIELDS,
    vp6::FIELDS,
    metadata::FIELDS,
    aac::FIELDS,
    opus::FIELDS,
    flac::FIELDS,
    mp3::FIELDS,
    ac3::FIELDS,
    channels::FIELDS,
];
