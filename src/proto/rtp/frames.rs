//! Packets in order → frames. Of video, a frame is what has one timestamp, up to the marker; of audio, every packet is one.
//! Source: RFC 6184 §5.1, §5.6 to §5.8; RFC 7587 §4.2.

use bytes::Bytes;

use super::h264::{Fragment, NalType, Packed};
use super::opus;
use super::order::Packet;
use super::{Kind, Rtp};
use crate::proto::flv::{self, Sequence};
use crate::wire::{Moment, Reader, Silent};

/// Bytes of a frame that are kept. The largest that encoders for live streams make is some hundred KiB.
const FRAME: usize = 2 << 20;

/// A NAL unit of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nal {
    pub kind: NalType,
    /// Bytes that came, its header included.
    pub length: u32,
    /// All of it is there, as far as its packets tell.
    pub whole: bool,
}

/// What an SPS says of the pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictures {
    /// Pixels, as they are shown.
    pub width: Option<u32>,
    /// Pixels, as they are shown.
    pub height: Option<u32>,
    pub sequence: Option<Box<Sequence>>,
}

/// What is in a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    H264 {
        units: Vec<Nal>,
        /// It has an IDR slice: decoding can begin here.
        is_key: bool,
        /// Of the first SPS in it.
        pictures: Option<Pictures>,
        has_pps: bool,
    },
    Opus(opus::Packet),
    /// A codec whose payload is not read.
    Opaque,
}

/// A frame of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Counted from 1 by timestamp, in the order in which they were first seen; what [`super::Seen::frame`] says of its packets.
    pub number: u64,
    pub ssrc: u32,
    /// In units of the codec's clock.
    pub timestamp: u32,
    /// The packet that came first.
    pub first: Moment,
    /// The packet that completed it, in the order of the sequence numbers.
    pub last: Moment,
    pub packets: u32,
    /// Packets missing inside of it or beside it: what they held is not known.
    pub missing: u64,
    /// It begins with its first packet. Not known of a source's first frame, unless that begins with what only begins one.
    pub is_begun: bool,
    /// It ends with a marker. Always so of audio, which has none.
    pub is_ended: bool,
    pub media: Media,
    /// Bytes of its media, those beyond what is kept included: of H.264 those of its NAL units.
    pub size: u64,
    /// The media: of H.264 each NAL unit behind four bytes of its length, as FLV and MP4 have them.
    pub data: Bytes,
    /// Bytes that it has beyond those.
    pub cut: u64,
}

impl Frame {
    /// All of it is there.
    pub fn is_whole(&self) -> bool {
        let units = match &self.media {
            Media::H264 { units, .. } => units.iter().all(|unit| unit.whole),
            _ => true,
        };
        units && self.missing == 0 && self.is_begun && self.is_ended && self.cut == 0
    }
}

/// The frame under way of one source.
#[derive(Debug, Default)]
pub(super) struct Frames {
    open: Option<Open>,
    /// Packets missing behind the last frame.
    missing: u64,
}

#[derive(Debug)]
struct Open {
    frame: Frame,
    data: Vec<u8>,
    /// Where the length of the NAL unit lies whose pieces are coming.
    fragments: Option<usize>,
}

impl Frames {
    /// Takes the next packet in order.
    pub(super) fn packet(&mut self, packet: &Packet, out: &mut Vec<Frame>) {
        let rtp = &packet.rtp;
        if packet.missing > 0 {
            // They may be of the frame under way, of this packet's, or of one between.
            if let Some(open) = &mut self.open {
                open.frame.missing += packet.missing;
            }
            self.missing += packet.missing;
        }
        if self.open.as_ref().is_some_and(|open| open.frame.timestamp != rtp.timestamp) {
            self.end(false, out);
        }
        let missing = std::mem::take(&mut self.missing);
        let open = self.open.get_or_insert_with(|| Open::new(packet, missing));
        let payload = |span: &std::ops::Range<u32>| {
            packet.datagram.get(span.start as usize..span.end as usize).unwrap_or_default()
        };
        open.frame.packets += 1;
        open.frame.last = packet.at;
        open.frame.first = if packet.at.packet < open.frame.first.packet { packet.at } else { open.frame.first };
        match (&rtp.units, &rtp.opus) {
            (Some(packed), _) => {
                open.units(packed, payload);
                if rtp.marker {
                    self.end(true, out);
                }
            }
            (None, opus) => {
                open.keep(payload(&rtp.payload));
                if let Some(opus) = opus {
                    open.frame.media = Media::Opus(*opus);
                }
                let is_audio = rtp.codec.is_some_and(|codec| codec.kind() == Kind::Audio);
                if rtp.marker || is_audio {
                    self.end(true, out);
                }
            }
        }
    }

    /// Bytes of memory that the frame under way takes.
    pub(super) fn held(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.data.capacity())
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, out: &mut Vec<Frame>) {
        self.end(false, out);
    }

    fn end(&mut self, is_ended: bool, out: &mut Vec<Frame>) {
        let Some(mut open) = self.open.take() else { return };
        open.cut_off();
        open.frame.is_ended = is_ended;
        open.describe();
        open.frame.size = match &open.frame.media {
            Media::H264 { units, .. } => units.iter().map(|unit| u64::from(unit.length)).sum(),
            _ => open.data.len() as u64 + open.frame.cut,
        };
        open.frame.data = open.data.into();
        out.push(open.frame);
    }
}

impl Open {
    fn new(packet: &Packet, missing: u64) -> Open {
        let media = if packet.rtp.units.is_some() {
            Media::H264 { units: Vec::new(), is_key: false, pictures: None, has_pps: false }
        } else {
            Media::Opaque
        };
        let frame = Frame {
            number: packet.frame,
            ssrc: packet.rtp.ssrc,
            timestamp: packet.rtp.timestamp,
            first: packet.at,
            last: packet.at,
            packets: 0,
            missing,
            is_begun: !packet.is_first || begins(&packet.rtp),
            is_ended: false,
            media,
            size: 0,
            data: Bytes::new(),
            cut: 0,
        };
        Open { frame, data: Vec::new(), fragments: None }
    }

    fn units<'p>(&mut self, packed: &Packed, payload: impl Fn(&std::ops::Range<u32>) -> &'p [u8]) {
        for unit in &packed.units {
            let bytes = payload(&unit.span);
            match unit.fragment {
                None => {
                    self.cut_off();
                    self.begin(unit.kind, true);
                    self.more(bytes);
                    self.fragments = None;
                }
                Some(Fragment::Start) => {
                    self.cut_off();
                    self.begin(unit.kind, true);
                    self.more(&[unit.header]);
                    self.more(bytes);
                }
                Some(fragment) => {
                    let is_same = self.last().is_some_and(|last| last.kind == unit.kind);
                    if self.fragments.is_none() || !is_same {
                        // Its start is missing.
                        self.cut_off();
                        self.begin(unit.kind, false);
                        self.more(&[unit.header]);
                    }
                    if self.frame.missing > 0
                        && let Some(last) = self.last()
                    {
                        last.whole = false;
                    }
                    self.more(bytes);
                    if fragment == Fragment::End {
                        self.fragments = None;
                    }
                }
            }
        }
    }

    fn last(&mut self) -> Option<&mut Nal> {
        match &mut self.frame.media {
            Media::H264 { units, .. } => units.last_mut(),
            _ => None,
        }
    }

    /// A NAL unit whose last piece did not come is not whole.
    fn cut_off(&mut self) {
        if self.fragments.take().is_some()
            && let Some(last) = self.last()
        {
            last.whole = false;
        }
    }

    fn begin(&mut self, kind: NalType, whole: bool) {
        self.fragments = Some(self.data.len());
        self.keep(&[0; 4]);
        if let Media::H264 { units, is_key, has_pps, .. } = &mut self.frame.media {
            units.push(Nal { kind, length: 0, whole });
            *is_key |= kind == NalType::IDR;
            *has_pps |= kind == NalType::PPS;
        }
    }

    /// More bytes of the NAL unit under way.
    fn more(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        let Some(at) = self.fragments else { return };
        let Some(last) = self.last() else { return };
        last.length = last.length.saturating_add(bytes.len() as u32);
        let length = last.length;
        if let Some(place) = self.data.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(FRAME - self.data.len());
        self.data.extend_from_slice(&bytes[..kept]);
        self.frame.cut += (bytes.len() - kept) as u64;
    }

    /// Reads the first SPS.
    fn describe(&mut self) {
        let Media::H264 { units, pictures, .. } = &mut self.frame.media else { return };
        let mut at = 0;
        for unit in &*units {
            let start = at + 4;
            at = start + unit.length as usize;
            if unit.kind == NalType::SPS && unit.whole {
                *pictures = self.data.get(start..at).and_then(self::pictures);
                return;
            }
        }
    }
}

/// Whether nothing of a frame can stand before this packet: of H.264, an access unit delimiter, or an SPS, which has no more than
/// that before it. Source: H.264 §7.4.1.2.3.
fn begins(rtp: &Rtp) -> bool {
    let is_audio = rtp.codec.is_some_and(|codec| codec.kind() == Kind::Audio);
    let first = rtp.units.as_ref().and_then(|packed| packed.units.first());
    is_audio || first.is_some_and(|unit| matches!(unit.kind, NalType::DELIMITER | NalType::SPS))
}

/// What an SPS says, read inside of the sequence header that it would have in FLV: one decoder reads both.
fn pictures(sps: &[u8]) -> Option<Pictures> {
    let length = u16::try_from(sps.len()).ok()?;
    let profile = sps.get(1..4)?;
    // A key frame of AVC, a sequence header, no composition time; version 1, the profile, lengths of 4 bytes, one SPS.
    let mut header = vec![0x17, 0, 0, 0, 0, 1];
    header.extend_from_slice(profile);
    header.extend_from_slice(&[0xff, 0xe1]);
    header.extend_from_slice(&length.to_be_bytes());
    header.extend_from_slice(sps);
    header.push(0);
    let (video, stop) = flv::video(&mut Reader::new(&header, 0, &mut Silent));
    stop.is_none().then_some(Pictures { width: video.width, height: video.height, sequence: video.sequence })
}
