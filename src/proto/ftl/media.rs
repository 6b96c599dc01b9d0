//! FTL's media: the datagrams between a client and the UDP port that the server named, in both directions.
//! Source: ftl-sdk `media.c`, Janus `FtlMediaConnection.cpp`.
//!
//! Clients send RTP, sender reports and pings; servers echo the pings and ask for packets again with NACKs. All share one
//! flow and are told apart by the second byte, which of RTP has the marker in its highest bit.

use std::collections::VecDeque;

use bytes::Bytes;

use super::attributes::{Attributes, Medium};
use super::ping::{self, PACKET_TYPE_PING, Ping};
use crate::fields;
use crate::proto::rtp::{Asked, Codec, Formats, Frame, Nack, Rtcp, Rtp, Seen, SenderReport, Stream, rtcp, rtp};
use crate::wire::{Moment, Problem, Reader, Recorder, Side, Silent};

fields! {
    /// A datagram that is neither RTP nor RTCP.
    UNKNOWN: Opaque "ftl_datagram", "", "";
}

/// What ftl-sdk, OBS and all others send when nothing says otherwise.
const VIDEO_TYPE: u8 = 96;
const AUDIO_TYPE: u8 = 97;
/// Sources of one flow that are followed. FTL has two; a client that begins anew may take others.
const STREAMS: usize = 4;
/// Pings that wait for their echo: at one in 25 ms, those of six seconds.
const PINGS: usize = 256;
/// Bytes of a ping that tell it from others; the longest form has no more.
const PING_BYTES: usize = 24;

/// The payload types that a client announced, or the usual ones where nothing is known.
pub fn formats(attributes: &Attributes) -> Formats {
    let of = |medium: &Medium, usual: u8, codec: Codec| {
        let codec = match medium.codec.as_deref() {
            None => Some(codec),
            Some("H264") => Some(Codec::H264),
            Some("VP8") => Some(Codec::Vp8),
            Some("OPUS") => Some(Codec::Opus),
            Some("AAC") => Some(Codec::Aac),
            Some(_) => None,
        };
        (medium.payload_type.unwrap_or(usual), codec)
    };
    let video = of(&attributes.video, VIDEO_TYPE, Codec::H264);
    Formats { types: vec![video, of(&attributes.audio, AUDIO_TYPE, Codec::Opus)] }
}

/// A datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    Rtp(Rtp),
    SenderReport(SenderReport),
    Nack(Nack),
    Ping(Ping),
    /// RTCP of another type.
    Rtcp(u8),
    Unknown,
}

impl Datagram {
    /// Its `type_name` in JSON.
    pub fn type_name(&self) -> &'static str {
        match self {
            Datagram::Rtp(_) => "rtp",
            Datagram::SenderReport(_) => "rtcp_sender_report",
            Datagram::Nack(_) => "rtcp_nack",
            Datagram::Ping(_) => "ftl_ping",
            Datagram::Rtcp(_) => "rtcp",
            Datagram::Unknown => "unknown",
        }
    }
}

/// Decodes a datagram and records its fields. Nothing but it and the formats is needed, so that it can be decoded again.
pub fn decode<R: Recorder>(bytes: &[u8], formats: &Formats, record: &mut R) -> (Datagram, Vec<Problem>) {
    let mut problems = Vec::new();
    let r = &mut Reader::new(bytes, 0, record);
    let datagram = match (bytes, bytes.get(1).copied().unwrap_or_default()) {
        ([first, _, _, _, ..], second) if first >> 6 == 2 => match second {
            // An announced payload type with the marker may look like these; of FTL's own none does.
            _ if formats.has(second & 0x7f) => Datagram::Rtp(rtp(r, formats, &mut problems)),
            PACKET_TYPE_PING => {
                let mut ping = Ping::default();
                problems.extend(ping::ping(r, &mut ping).err());
                Datagram::Ping(ping)
            }
            // Source: RFC 5761 §4.
            192..=223 => match rtcp(r, &mut problems) {
                Rtcp::SenderReport(report) => Datagram::SenderReport(report),
                Rtcp::Nack(nack) => Datagram::Nack(nack),
                Rtcp::Other(kind) => Datagram::Rtcp(kind.0),
            },
            _ => Datagram::Rtp(rtp(r, formats, &mut problems)),
        },
        _ => {
            problems.push(r.stop("the datagram is neither RTP nor RTCP"));
            Datagram::Unknown
        }
    };
    r.remainder(&UNKNOWN);
    (datagram, problems)
}

/// Whether a datagram is FTL's ping or its echo, which no other protocol has: what tells a flow whose control connection is
/// not in the capture.
pub fn is_ping(bytes: &[u8]) -> bool {
    let (datagram, problems) = decode(bytes, &Formats::default(), &mut Silent);
    matches!(datagram, Datagram::Ping(Ping { time: Some(_), .. })) && problems.is_empty() && bytes[0] == 0x81
}

/// The ping that an echo answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The ping's number among the flow's datagrams.
    pub number: u64,
    /// Between the two packets.
    pub latency_ns: i64,
}

/// One datagram with what it is to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Counted from 1 over both directions.
    pub number: u64,
    pub from: Side,
    pub at: Moment,
    pub datagram: Datagram,
    pub problems: Vec<Problem>,
    /// Of RTP: what it is among the packets of its source. None where more sources came than are followed.
    pub seen: Option<Seen>,
    /// Of a NACK: what was asked for, of a source that is known.
    pub asked: Vec<Asked>,
    /// Of a server's ping: the client's that it echoes.
    pub answers: Option<Echo>,
    /// The frames that are complete with it.
    pub frames: Vec<Frame>,
}

/// A flow of media with its sources.
#[derive(Debug)]
pub struct Flow {
    formats: Formats,
    /// Each with the side that sends it.
    streams: Vec<(Side, Stream)>,
    pings: VecDeque<Waiting>,
    items: u64,
    /// Packets of sources beyond those that are followed.
    pub untracked: u64,
}

#[derive(Debug)]
struct Waiting {
    bytes: Bytes,
    number: u64,
    at: Moment,
}

impl Flow {
    pub fn new(formats: Formats) -> Flow {
        Flow { formats, streams: Vec::new(), pings: VecDeque::new(), items: 0, untracked: 0 }
    }

    /// What was agreed on, where that is known only now: later datagrams are read so.
    pub fn agree(&mut self, formats: Formats) {
        self.formats = formats;
    }

    /// The sources so far, with who sends them.
    pub fn streams(&self) -> impl Iterator<Item = (Side, &Stream)> {
        self.streams.iter().map(|(side, stream)| (*side, stream))
    }

    /// The next datagram. The client is who opened the control connection.
    pub fn datagram(&mut self, from: Side, at: Moment, bytes: &Bytes) -> Item {
        let (datagram, problems) = decode(bytes, &self.formats, &mut Silent);
        self.items += 1;
        let mut item = Item {
            number: self.items,
            from,
            at,
            datagram,
            problems,
            seen: None,
            asked: Vec::new(),
            answers: None,
            frames: Vec::new(),
        };
        match &item.datagram {
            // What has not even its source is nobody's.
            Datagram::Rtp(rtp) if rtp.payload.start > 0 => {
                item.seen = self.rtp(from, rtp, bytes, at, &mut item.frames);
            }
            Datagram::Nack(nack) => {
                let stream = self.stream(from.other(), nack.media_ssrc);
                let lost = nack.lost.iter();
                item.asked =
                    stream.map_or(Vec::new(), |stream| lost.filter_map(|lost| stream.nack(*lost, at)).collect());
            }
            Datagram::Ping(_) if bytes.len() <= PING_BYTES => item.answers = self.ping(from, item.number, bytes, at),
            _ => {}
        }
        item
    }

    /// Goes on counting from there: the next datagram's number is one more.
    pub(super) fn count_from(&mut self, number: u64) {
        self.items = number;
    }

    /// Bytes of memory that packets and frames under way take.
    pub fn held(&self) -> usize {
        self.streams.iter().map(|(_, stream)| stream.held()).sum()
    }

    /// Bytes of memory that it takes beside that.
    pub fn memory(&self) -> usize {
        let streams = self.streams.iter().map(|(_, stream)| stream.memory());
        let pings = self.pings.capacity() * (size_of::<Waiting>() + PING_BYTES);
        self.streams.capacity() * size_of::<(Side, Stream)>() + streams.sum::<usize>() + pings
    }

    /// Gives up the packets and frames that are under way.
    pub(super) fn shed(&mut self) {
        drop(self.finish());
    }

    /// Nothing more comes: gives the frames under way, with who sent them.
    pub fn finish(&mut self) -> Vec<(Side, Frame)> {
        let (mut told, mut frames) = (Vec::new(), Vec::new());
        for (side, stream) in &mut self.streams {
            stream.finish(&mut frames);
            told.extend(frames.drain(..).map(|frame| (*side, frame)));
        }
        told
    }

    fn stream(&mut self, side: Side, ssrc: u32) -> Option<&mut Stream> {
        let found = self.streams.iter_mut().find(|(of, stream)| *of == side && stream.ssrc() == ssrc);
        found.map(|(_, stream)| stream)
    }

    fn rtp(&mut self, from: Side, rtp: &Rtp, bytes: &Bytes, at: Moment, frames: &mut Vec<Frame>) -> Option<Seen> {
        if self.stream(from, rtp.ssrc).is_none() {
            if self.streams.len() == STREAMS {
                self.untracked += 1;
                return None;
            }
            self.streams.push((from, Stream::new(rtp)));
        }
        self.stream(from, rtp.ssrc).map(|stream| stream.packet(rtp, bytes, at, frames))
    }

    fn ping(&mut self, from: Side, number: u64, bytes: &Bytes, at: Moment) -> Option<Echo> {
        if from == Side::Client {
            if self.pings.len() == PINGS {
                self.pings.pop_front();
            }
            // A copy, so that a ping does not keep alive the buffer that it came in.
            self.pings.push_back(Waiting { bytes: Bytes::copy_from_slice(bytes), number, at });
            return None;
        }
        let place = self.pings.iter().position(|ping| ping.bytes == *bytes)?;
        let ping = self.pings.remove(place)?;
        Some(Echo { number: ping.number, latency_ns: at.time.since(ping.at.time) })
    }
}
