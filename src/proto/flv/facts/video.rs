//! What a video message says by itself, and the names of it: fields, codecs, packet types.
//! Source: FLV 10.1 §E.4.3, Enhanced RTMP v2 "Enhanced Video".

use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;

use super::{Fields, Multitrack, Track};
use crate::wire::Word;
use crate::{fields, open_enum};

fields! {
    /// A video message.
    VIDEO: Group "video", "", "RTMP 1.0 §7.1.5";
    /// The codec, as ffprobe names it.
    CODEC: Word "video.codec", "", "FLV 10.1 §E.4.3.1", CODECS;
    /// The number of the codec: CodecID.
    CODEC_ID: Uint "video.codec_id", "", "FLV 10.1 §E.4.3.1";
    /// Whether the message has an Enhanced RTMP header.
    ENHANCED: Bool "video.enhanced", "", "E-RTMP v2";
    /// Whether the frame can be decoded alone.
    FRAME_TYPE: Word "video.frame_type", "", "FLV 10.1 §E.4.3.1", FrameType::WORDS;
    /// What the message carries: a sequence header, coded frames, an end of sequence and so on.
    PACKET_TYPE: Word "video.packet_type", "", "FLV 10.1 §E.4.3.1, E-RTMP v2", PACKET_TYPES;
    /// The modifiers in front of the packet.
    MOD_EX: List "video.mod_ex", "", "E-RTMP v2";
    /// One modifier.
    MODIFIER: Group "video.mod_ex.item", "", "E-RTMP v2";
    /// The length of the modifier's data.
    MODIFIER_SIZE: Uint "video.mod_ex.item.size", "bytes", "E-RTMP v2";
    /// The modifier's data.
    MODIFIER_DATA: Bytes "video.mod_ex.item.data", "", "E-RTMP v2";
    /// What the modifier is.
    MODIFIER_TYPE: Word "video.mod_ex.item.type", "", "E-RTMP v2";
    /// To be added to the presentation time; the message's own timestamp counts milliseconds only.
    TIMESTAMP_OFFSET_NS: Uint "video.timestamp_offset_ns", "ns", "E-RTMP v2";
    /// The command of a command frame: 0 starts a client-side seek, 1 ends it.
    COMMAND: Uint "video.command", "", "FLV 10.1 §E.4.3.1";
    /// How the tracks of a multitrack message are told apart.
    MULTITRACK_TYPE: Word "video.multitrack_type", "", "E-RTMP v2";
    /// The four-character code of an Enhanced RTMP codec.
    FOURCC: Text "video.fourcc", "", "E-RTMP v2";
    /// How long after decoding the frame is shown.
    COMPOSITION_TIME: Int "video.composition_time", "ms", "FLV 10.1 §E.4.3.1, ISO 14496-12 §8.6.1.3";
    /// The tracks of a multitrack message. Each has the members that a message with it alone would have.
    TRACKS: List "video.tracks", "", "E-RTMP v2";
    /// One track.
    TRACK: Group "video.tracks.item", "", "E-RTMP v2";
    /// Which track it is: 0 is the default one.
    TRACK_ID: Uint "video.tracks.item.track_id", "", "E-RTMP v2";
    /// The length of the track's part of the message.
    TRACK_LENGTH: Uint "video.tracks.item.length", "bytes", "E-RTMP v2";
    /// The picture's width, cropped as it is shown.
    WIDTH: Uint "video.width", "pixels", "the codec's specification";
    /// The picture's height, cropped as it is shown.
    HEIGHT: Uint "video.height", "pixels", "the codec's specification";
    /// Pictures a second, where the sequence header says so.
    FRAME_RATE: Number "video.frame_rate", "1/s", "the codec's specification";
    /// The codec's profile, as ffprobe names it.
    PROFILE: Word "video.profile", "", "the codec's specification";
    /// The codec's level.
    LEVEL: Word "video.level", "", "the codec's specification";
    /// Bits of one luma sample.
    BIT_DEPTH: Uint "video.bit_depth", "bits", "the codec's specification";
    /// How chroma is sampled against luma.
    CHROMA: Word "video.chroma", "", "the codec's specification";
    /// Bytes of the codec that are not decoded further.
    DATA: Opaque "video.data", "", "FLV 10.1 §E.4";
}

/// Those that audio has as well.
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
    /// CodecID: the codec of a video message. Source: FLV 10.1 §E.4.3.1.
    pub struct Codec(u8) {
        H263 = 2 "flv1",
        SCREEN = 3 "flashsv",
        VP6 = 4 "vp6f",
        VP6_ALPHA = 5 "vp6a",
        SCREEN_2 = 6 "flashsv2",
        AVC = 7 "h264",
        /// In no specification; some servers and encoders use it.
        HEVC = 12 "hevc",
        /// In no specification; some servers and encoders use it.
        AV1 = 13 "av1",
    }
}

open_enum! {
    /// Whether a frame can be decoded alone. Source: FLV 10.1 §E.4.3.1.
    pub struct FrameType(u8) {
        KEY = 1 "key",
        INTER = 2 "inter",
        DISPOSABLE = 3 "disposable",
        GENERATED_KEY = 4 "generated_key",
        COMMAND = 5 "command",
    }
}

pub(crate) const METADATA: u8 = 4;
pub(crate) const MULTITRACK: u8 = 6;
pub(crate) const MOD_EX_TYPE: u8 = 7;

/// What a video message says by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Video {
    pub frame_type: FrameType,
    pub codec_id: Codec,
    /// The Enhanced RTMP codec, when the header is an enhanced one.
    pub fourcc: Option<[u8; 4]>,
    pub enhanced: bool,
    pub packet_type: Option<&'static str>,
    /// Milliseconds.
    pub composition_time: Option<i32>,
    /// Nanoseconds to add to the presentation time.
    pub timestamp_offset_ns: Option<u32>,
    /// A command frame's command.
    pub command: Option<u8>,
    /// Pixels, as the picture is shown.
    pub width: Option<u32>,
    /// Pixels, as the picture is shown.
    pub height: Option<u32>,
    /// How many bytes the lengths of a coded frame's NAL units may have.
    pub nal_length_sizes: LengthSizes,
    /// The sequence parameter set that a sequence header, or a coded frame, has: of a frame the first, none of a header with more.
    pub parameter_set: Option<ParameterSet>,
    /// There is no tag header: what stands in its place is none.
    pub headerless: bool,
    /// What a sequence header says beside the size.
    pub sequence: Option<Box<Sequence>>,
    /// Where the codec's own bytes lie, behind every header: in what the reader counts from.
    pub data: Range<u32>,
    /// How the tracks are told apart, in a multitrack message.
    pub multitrack: Option<Multitrack>,
    pub tracks: Vec<Track<Video>>,
}

/// What a video sequence header says of the sequence. In a box: next to no message has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sequence {
    pub profile: Option<&'static str>,
    pub level: Option<&'static str>,
    /// Pictures a second.
    pub frame_rate: Option<f64>,
    /// Bits of a luma sample.
    pub bit_depth: Option<u32>,
    /// How chroma is sampled: `4:2:0`.
    pub chroma: Option<&'static str>,
    /// Bytes of the length before each NAL unit.
    pub nal_length_size: Option<u8>,
}

/// A sequence parameter set, to be compared with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterSet {
    /// Of its bytes.
    pub(crate) hash: u64,
    /// Pixels, as the pictures are shown.
    pub size: Option<(u32, u32)>,
}

impl ParameterSet {
    pub(crate) fn new(bytes: &[u8], size: Option<(u32, u32)>) -> ParameterSet {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        ParameterSet { hash: hasher.finish(), size }
    }

    /// Whether it has the same bytes.
    pub fn is(self, other: ParameterSet) -> bool {
        self.hash == other.hash
    }
}

/// Numbers of bytes, 1 to 4, by which lengths lead through a coded frame from NAL unit to NAL unit and just to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LengthSizes(u8);

impl LengthSizes {
    #[must_use]
    pub(crate) fn with(self, size: u8) -> LengthSizes {
        LengthSizes(self.0 | 1 << size)
    }

    pub fn has(self, size: u8) -> bool {
        self.0 >> size & 1 == 1
    }

    /// The likeliest one.
    pub fn first(self) -> Option<u8> {
        [4, 2, 1, 3].into_iter().find(|size| self.has(*size))
    }
}

impl Video {
    pub fn codec(&self) -> Option<&'static str> {
        match self.fourcc {
            Some(fourcc) => codec_of(fourcc),
            None if self.headerless => None,
            None => self.codec_id.name(),
        }
    }

    /// Every track of the message with its id and the bytes of its body: a message without tracks is track 0, all of it.
    pub fn by_track(&self) -> impl Iterator<Item = (u8, Option<u32>, &Video)> {
        let alone = self.multitrack.is_none().then_some((0, None, self));
        alone.into_iter().chain(self.tracks.iter().map(|track| (track.id, Some(track.length), &track.media)))
    }
}

/// Every codec that has a name.
const CODECS: &[Word] =
    &Word::list(["flv1", "flashsv", "vp6f", "vp6a", "flashsv2", "h264", "hevc", "av1", "vp8", "vp9", "vvc"]);

/// Every packet type that has a name.
const PACKET_TYPES: &[Word] = &Word::list([
    "sequence_start",
    "coded_frames",
    "sequence_end",
    "coded_frames_x",
    "metadata",
    "mpeg2ts_sequence_start",
    "multitrack",
    "mod_ex",
]);

pub(crate) fn codec_of(fourcc: [u8; 4]) -> Option<&'static str> {
    Some(match &fourcc {
        b"vp08" => "vp8",
        b"vp09" => "vp9",
        b"av01" => "av1",
        b"avc1" => "h264",
        b"hvc1" => "hevc",
        b"vvc1" => "vvc",
        _ => return None,
    })
}

pub(crate) fn packet_type(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "sequence_start",
        1 => "coded_frames",
        2 => "sequence_end",
        3 => "coded_frames_x",
        METADATA => "metadata",
        5 => "mpeg2ts_sequence_start",
        MULTITRACK => "multitrack",
        MOD_EX_TYPE => "mod_ex",
        _ => return None,
    })
}
