//! What an audio message says by itself, and the names of it: fields, codecs, packet types.
//! Source: FLV 10.1 §E.4.2, Enhanced RTMP v2 "Enhanced Audio".

use std::ops::Range;

use super::{Fields, Multitrack, Track, number};
use crate::wire::{Reader, Recorder, Word};
use crate::{fields, open_enum};

fields! {
    /// An audio message.
    AUDIO: Group "audio", "", "RTMP 1.0 §7.1.4";
    /// The codec, as ffprobe names it.
    CODEC: Word "audio.codec", "", "FLV 10.1 §E.4.2.1", CODECS;
    /// The number of the codec: SoundFormat.
    CODEC_ID: Uint "audio.codec_id", "", "FLV 10.1 §E.4.2.1";
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "audio.enhanced", "", "E-RTMP v2";
    /// What the message carries: a sequence header, coded frames and so on.
    PACKET_TYPE: Word "audio.packet_type", "", "FLV 10.1 §E.4.2.1, E-RTMP v2", PACKET_TYPES;
    /// The modifiers in front of the packet.
    MOD_EX: List "audio.mod_ex", "", "E-RTMP v2";
    /// One modifier.
    MODIFIER: Group "audio.mod_ex.item", "", "E-RTMP v2";
    /// The length of the modifier's data.
    MODIFIER_SIZE: Uint "audio.mod_ex.item.size", "bytes", "E-RTMP v2";
    /// The modifier's data.
    MODIFIER_DATA: Bytes "audio.mod_ex.item.data", "", "E-RTMP v2";
    /// What the modifier is.
    MODIFIER_TYPE: Word "audio.mod_ex.item.type", "", "E-RTMP v2";
    /// To be added to the presentation time; the message's own timestamp counts milliseconds only.
    TIMESTAMP_OFFSET_NS: Uint "audio.timestamp_offset_ns", "ns", "E-RTMP v2";
    /// How the tracks of a multitrack message are told apart.
    MULTITRACK_TYPE: Word "audio.multitrack_type", "", "E-RTMP v2";
    /// The four-character code of an Enhanced RTMP codec.
    FOURCC: Text "audio.fourcc", "", "E-RTMP v2";
    /// The tracks of a multitrack message. Each has the members that a message with it alone would have.
    TRACKS: List "audio.tracks", "", "E-RTMP v2";
    /// One track.
    TRACK: Group "audio.tracks.item", "", "E-RTMP v2";
    /// Which track it is: 0 is the default one.
    TRACK_ID: Uint "audio.tracks.item.track_id", "", "E-RTMP v2";
    /// The length of the track's part of the message.
    TRACK_LENGTH: Uint "audio.tracks.item.length", "bytes", "E-RTMP v2";
    /// Samples a second. AAC's is in its sequence header: the FLV header's own bits are a constant there.
    SAMPLE_RATE: Uint "audio.sample_rate", "Hz", "FLV 10.1 §E.4.2.1, the codec's specification";
    /// Bits of one sample.
    SAMPLE_SIZE: Uint "audio.sample_size", "bits", "FLV 10.1 §E.4.2.1";
    /// The number of channels.
    CHANNELS: Uint "audio.channels", "", "FLV 10.1 §E.4.2.1, the codec's specification";
    /// The codec's profile, as ffprobe names it.
    PROFILE: Word "audio.profile", "", "the codec's specification";
    /// Bits a second, where a frame says so.
    BIT_RATE: Uint "audio.bit_rate", "bit/s", "the codec's specification";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "audio.data", "", "FLV 10.1 §E.4";
}

/// Those that video has as well.
pub(crate) static SHARED: Fields = Fields {
    codec: &CODEC,
    packet_type: &PACKET_TYPE,
    multitrack_type: &MULTITRACK_TYPE,
    mod_ex: &MOD_EX,
    modifier: &MODIFIER,
    modifier_type: &MODIFIER_TYPE,
    modifier_size: &MODIFIER_SIZE,
    modifier_data: &MODIFIER_DATA,
    timestamp_offset_ns: &TIMESTAMP_OFFSET_NS,
    fourcc: &FOURCC,
    tracks: &TRACKS,
    track: &TRACK,
    track_id: &TRACK_ID,
    track_length: &TRACK_LENGTH,
    data: &DATA,
};

open_enum! {
    /// SoundFormat: the codec of an audio message. Source: FLV 10.1 §E.4.2.1.
    pub struct SoundFormat(u8) {
        PCM = 0 "pcm",
        ADPCM = 1 "adpcm_swf",
        MP3 = 2 "mp3",
        PCM_LE = 3 "pcm_s16le",
        NELLYMOSER_16K = 4 "nellymoser",
        NELLYMOSER_8K = 5 "nellymoser",
        NELLYMOSER = 6 "nellymoser",
        G711_A = 7 "pcm_alaw",
        G711_MU = 8 "pcm_mulaw",
        AAC = 10 "aac",
        SPEEX = 11 "speex",
        /// In no specification; some servers and encoders use it.
        OPUS = 13 "opus",
        MP3_8K = 14 "mp3",
        DEVICE = 15 "device",
    }
}

pub(crate) const MULTITRACK: u8 = 5;
pub(crate) const MOD_EX_TYPE: u8 = 7;

/// What an audio message says by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    pub format: SoundFormat,
    /// The Enhanced RTMP codec, when the header is an enhanced one.
    pub fourcc: Option<[u8; 4]>,
    pub enhanced: bool,
    pub packet_type: Option<&'static str>,
    /// Nanoseconds to add to the presentation time.
    pub timestamp_offset_ns: Option<u32>,
    /// Hz.
    pub sample_rate: Option<u32>,
    pub channels: Option<u32>,
    /// Bits of a sample, in PCM.
    pub sample_size: Option<u8>,
    pub profile: Option<&'static str>,
    /// There is no tag header: what stands in its place is none.
    pub headerless: bool,
    /// An AudioSpecificConfig stands in the place of the tag header: what follows is raw AAC without one.
    pub is_bare: bool,
    /// The audio object type of an AudioSpecificConfig, and its name, where that is none of AAC's.
    pub other_object: Option<(u32, &'static str)>,
    /// Where the codec's own bytes lie, behind every header: in what the reader counts from.
    pub data: Range<u32>,
    /// How the tracks are told apart, in a multitrack message.
    pub multitrack: Option<Multitrack>,
    pub tracks: Vec<Track<Audio>>,
}

impl Audio {
    pub fn codec(&self) -> Option<&'static str> {
        match self.fourcc {
            Some(fourcc) => codec_of(fourcc),
            None if self.enhanced || self.headerless => None,
            // Samples of 8 bits have no byte order.
            None if self.sample_size == Some(8) => Some("pcm_u8"),
            None => self.format.name(),
        }
    }

    /// Every track of the message with its id and the bytes of its body: a message without tracks is track 0, all of it.
    pub fn by_track(&self) -> impl Iterator<Item = (u8, Option<u32>, &Audio)> {
        let alone = self.multitrack.is_none().then_some((0, None, self));
        alone.into_iter().chain(self.tracks.iter().map(|track| (track.id, Some(track.length), &track.media)))
    }

    /// Leaves a number in the message and records it.
    pub(crate) fn rate<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>, span: Range<u32>, rate: u32) {
        self.sample_rate = Some(rate);
        number(r, &SAMPLE_RATE, span, rate);
    }

    /// Leaves a number in the message and records it.
    pub(crate) fn count<R: Recorder>(&mut self, r: &mut Reader<'_, '_, R>, span: Range<u32>, channels: u32) {
        self.channels = Some(channels);
        number(r, &CHANNELS, span, channels);
    }
}

/// Every codec that has a name.
const CODECS: &[Word] = &Word::list([
    "pcm",
    "pcm_u8",
    "pcm_s16le",
    "adpcm_swf",
    "mp3",
    "nellymoser",
    "pcm_alaw",
    "pcm_mulaw",
    "aac",
    "speex",
    "opus",
    "device",
    "ac3",
    "eac3",
    "flac",
]);

/// Every packet type that has a name.
const PACKET_TYPES: &[Word] =
    &Word::list(["sequence_start", "coded_frames", "sequence_end", "multichannel_config", "multitrack", "mod_ex"]);

pub(crate) fn codec_of(fourcc: [u8; 4]) -> Option<&'static str> {
    Some(match &fourcc {
        b"ac-3" => "ac3",
        b"ec-3" => "eac3",
        b"Opus" => "opus",
        b".mp3" => "mp3",
        b"fLaC" => "flac",
        b"mp4a" => "aac",
        _ => return None,
    })
}

pub(crate) fn packet_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "sequence_start",
        1 => "coded_frames",
        2 => "sequence_end",
        4 => "multichannel_config",
        MULTITRACK => "multitrack",
        MOD_EX_TYPE => "mod_ex",
        _ => return None,
    })
}
