//! RTCP packets: the sender report and the generic NACK; of others the head. Source: RFC 3550 §6.4.1, RFC 4585 §6.2.1.

use crate::wire::words::count;
use crate::wire::{Field, Label, Problem, Reader, Recorder, Stop, Time, Trouble, Value};
use crate::{fields, open_enum};

fields! {
    /// A sender report.
    SENDER_REPORT: Group "rtcp_sender_report", "", "RFC 3550 §6.4.1";
    /// How many reception reports follow.
    REPORTS: Uint "rtcp_sender_report.reports", "", "RFC 3550 §6.4.1";
    /// The packet's type: 200.
    SR_TYPE: Uint "rtcp_sender_report.packet_type", "", "RFC 3550 §6.4.1", PacketType::WORDS;
    /// The packet's length behind its first word.
    SR_LENGTH: Uint "rtcp_sender_report.length", "words", "RFC 3550 §6.4.1";
    /// The source that the report is of.
    SR_SSRC: Uint "rtcp_sender_report.ssrc", "", "RFC 3550 §6.4.1";
    /// The sender's clock, which may be a relative one.
    NTP: Time "rtcp_sender_report.ntp", "", "RFC 3550 §4";
    /// The same moment on the clock of the source's RTP timestamps.
    RTP_TIMESTAMP: Uint "rtcp_sender_report.rtp_timestamp", "", "RFC 3550 §6.4.1";
    /// RTP packets that the source sent so far.
    PACKETS: Uint "rtcp_sender_report.packets", "packets", "RFC 3550 §6.4.1";
    /// Bytes of payload that the source sent so far.
    BYTES: Uint "rtcp_sender_report.bytes", "bytes", "RFC 3550 §6.4.1";
    /// Reception reports, which are not read.
    REPORT_DATA: Bytes "rtcp_sender_report.data", "", "RFC 3550 §6.4.1";
    /// Bytes behind the packet.
    SR_TRAILING: Bytes "rtcp_sender_report.trailing", "", "RFC 3550 §6.1";
    /// A generic NACK.
    NACK: Group "rtcp_nack", "", "RFC 4585 §6.2.1";
    /// The format of the feedback: 1.
    NACK_FORMAT: Uint "rtcp_nack.format", "", "RFC 4585 §6.2";
    /// The packet's type: 205.
    NACK_TYPE: Uint "rtcp_nack.packet_type", "", "RFC 4585 §6.1", PacketType::WORDS;
    /// The packet's length behind its first word.
    NACK_LENGTH: Uint "rtcp_nack.length", "words", "RFC 4585 §6.1";
    /// The source that asks.
    SENDER_SSRC: Uint "rtcp_nack.sender_ssrc", "", "RFC 4585 §6.1";
    /// The source of which packets are missing.
    MEDIA_SSRC: Uint "rtcp_nack.media_ssrc", "", "RFC 4585 §6.1";
    /// The sequence numbers of the packets that are missing.
    LOST: List "rtcp_nack.lost", "", "RFC 4585 §6.2.1";
    /// One of these sequence numbers.
    LOST_ITEM: Uint "rtcp_nack.lost.item", "", "RFC 4585 §6.2.1";
    /// Bytes behind the packet.
    NACK_TRAILING: Bytes "rtcp_nack.trailing", "", "RFC 3550 §6.1";
    /// Another packet.
    RTCP: Group "rtcp", "", "RFC 3550 §6.1";
    /// The count or format in the first byte.
    COUNT: Uint "rtcp.count", "", "RFC 3550 §6.1";
    /// The packet's type.
    PACKET_TYPE: Uint "rtcp.packet_type", "", "RFC 3550 §12.1", PacketType::WORDS;
    /// The packet's length behind its first word.
    LENGTH: Uint "rtcp.length", "words", "RFC 3550 §6.4.1";
    /// What the packet holds.
    DATA: Bytes "rtcp.data", "", "RFC 3550 §6.1";
    /// Bytes behind the packet.
    TRAILING: Bytes "rtcp.trailing", "", "RFC 3550 §6.1";
}

open_enum! {
    /// The type of an RTCP packet. Source: RFC 3550 §12.1, RFC 4585 §6.1.
    pub struct PacketType(u8) {
        SENDER_REPORT = 200 "sender_report",
        RECEIVER_REPORT = 201 "receiver_report",
        SOURCE_DESCRIPTION = 202 "source_description",
        GOODBYE = 203 "goodbye",
        APPLICATION = 204 "application",
        TRANSPORT_FEEDBACK = 205 "transport_feedback",
        PAYLOAD_FEEDBACK = 206 "payload_feedback",
    }
}

/// The format of transport feedback that is a generic NACK.
const GENERIC_NACK: u8 = 1;
/// Seconds from 1900 to 1970.
const NTP_EPOCH: i64 = 2_208_988_800;

/// What one source says that it sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderReport {
    pub ssrc: u32,
    /// The sender's clock.
    pub ntp: Time,
    /// The same moment in units of the codec's clock.
    pub rtp_timestamp: u32,
    pub packets: u32,
    /// Of payload.
    pub bytes: u32,
}

/// Packets that a receiver asks for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nack {
    pub sender_ssrc: u32,
    pub media_ssrc: u32,
    /// Sequence numbers, in the order in which they stand.
    pub lost: Vec<u16>,
}

/// An RTCP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rtcp {
    SenderReport(SenderReport),
    Nack(Nack),
    Other(PacketType),
}

/// Reads one packet, to the end of what there is.
pub(super) fn rtcp<R: Recorder>(r: &mut Reader<'_, '_, R>, problems: &mut Vec<Problem>) -> Rtcp {
    let kind = PacketType(r.rest().get(1).copied().unwrap_or_default());
    let count = r.peek().unwrap_or_default() & 31;
    let (rtcp, read) = match kind {
        PacketType::SENDER_REPORT => {
            let mut report = SenderReport::default();
            let read = packet(r, &SENDER_REPORTS, problems, |r| sender_report(r, &mut report));
            (Rtcp::SenderReport(report), read)
        }
        PacketType::TRANSPORT_FEEDBACK if count == GENERIC_NACK => {
            let mut nack = Nack::default();
            let read = packet(r, &NACKS, problems, |r| generic_nack(r, &mut nack));
            (Rtcp::Nack(nack), read)
        }
        _ => {
            let read = packet(r, &OTHERS, problems, |r| {
                r.remainder(&DATA);
                Ok(())
            });
            (Rtcp::Other(kind), read)
        }
    };
    problems.extend(read.err());
    rtcp
}

/// What every packet has, by the names of its kind.
struct Frame {
    group: &'static Field,
    count: &'static Field,
    kind: &'static Field,
    length: &'static Field,
    trailing: &'static Field,
}

static SENDER_REPORTS: Frame =
    Frame { group: &SENDER_REPORT, count: &REPORTS, kind: &SR_TYPE, length: &SR_LENGTH, trailing: &SR_TRAILING };
static NACKS: Frame =
    Frame { group: &NACK, count: &NACK_FORMAT, kind: &NACK_TYPE, length: &NACK_LENGTH, trailing: &NACK_TRAILING };
static OTHERS: Frame = Frame { group: &RTCP, count: &COUNT, kind: &PACKET_TYPE, length: &LENGTH, trailing: &TRAILING };

/// Reads the head that all packets have, the inside within the length that it says, and what is behind that.
fn packet<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    frame: &'static Frame,
    problems: &mut Vec<Problem>,
    inside: impl FnOnce(&mut Reader<'_, '_, R>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    r.group(frame.group, |r| {
        let at = r.at();
        let first = r.skip(1, "a version")?[0];
        r.note(frame.count, at..at + 1, Value::Uint(u64::from(first & 31)));
        let version = first >> 6;
        if version != 2 {
            return Err(Stop::new(at, format!("the RTCP version is {version}, not 2")));
        }
        r.u8(frame.kind)?;
        let at = r.at();
        let bytes = usize::from(r.u16(frame.length)?) * 4;
        let left = r.left();
        r.within(bytes, inside)?;
        if bytes > left {
            let what = format!("the RTCP packet says that {bytes} bytes follow, and has {left}");
            return Err(Stop::new(at, what).of(Trouble::Truncated));
        }
        if !r.is_empty() {
            problems.push(
                r.stop(format!("{} behind the RTCP packet", count(r.left() as u64, "byte"))).of(Trouble::Trailing),
            );
            r.remainder(frame.trailing);
        }
        Ok(())
    })
}

fn sender_report<R: Recorder>(r: &mut Reader<'_, '_, R>, report: &mut SenderReport) -> Result<(), Stop> {
    report.ssrc = r.u32(&SR_SSRC)?;
    let at = r.at();
    let ntp = r.skip(8, "the NTP time")?;
    let ntp = ntp.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    report.ntp = ntp_time(ntp);
    r.note(&NTP, at..at + 8, Value::Int(report.ntp.0));
    report.rtp_timestamp = r.u32(&RTP_TIMESTAMP)?;
    report.packets = r.u32(&PACKETS)?;
    report.bytes = r.u32(&BYTES)?;
    r.remainder(&REPORT_DATA);
    Ok(())
}

/// An NTP time: seconds since 1900 and their 2^32nd parts.
fn ntp_time(ntp: u64) -> Time {
    let (seconds, parts) = ((ntp >> 32) as i64, ntp & 0xffff_ffff);
    let nanoseconds = (parts * 1_000_000_000) >> 32;
    Time((seconds - NTP_EPOCH) * 1_000_000_000 + nanoseconds as i64)
}

/// Each item names one packet, and in 16 bits those of the 16 behind it that are missing too.
fn generic_nack<R: Recorder>(r: &mut Reader<'_, '_, R>, nack: &mut Nack) -> Result<(), Stop> {
    nack.sender_ssrc = r.u32(&SENDER_SSRC)?;
    nack.media_ssrc = r.u32(&MEDIA_SSRC)?;
    r.node(&LOST, |r| {
        let mut index = 0;
        while !r.is_empty() {
            let at = r.at();
            let item = r.skip(4, "a NACK's item")?;
            let first = u16::from_be_bytes([item[0], item[1]]);
            let mask = u16::from_be_bytes([item[2], item[3]]);
            let others = (0..16).filter(|bit| mask >> bit & 1 != 0).map(|bit| (bit + 1, at + 2..at + 4));
            for (distance, span) in std::iter::once((0, at..at + 2)).chain(others) {
                let lost = first.wrapping_add(distance);
                r.label(Label::Index(index));
                r.note(&LOST_ITEM, span, Value::Uint(u64::from(lost)));
                nack.lost.push(lost);
                index += 1;
            }
        }
        Ok(((), Value::List))
    })
}
