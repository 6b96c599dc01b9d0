//! What an FTL session amounts to, as the members of a `stats` line.

use std::net::SocketAddr;

use serde::Serialize;

use super::{Tcp, is_zero, ms, rounded, whole};
use crate::proto::ftl::{Attributes, Medium, ReplyCode};
use crate::stats::SessionStats;
use crate::story::Ftl;
use crate::story::ftl::{Command, Pings, Source};
use crate::wire::{Moment, Side};

#[derive(Serialize)]
pub(super) struct Sent<'s> {
    client: SideLine<'s>,
    server: SideLine<'s>,
}

impl<'s> Sent<'s> {
    pub(super) fn of(stats: &'s SessionStats, ftl: &Ftl) -> Self {
        let [client, server] = Side::BOTH.map(|side| SideLine::of(stats, ftl, side));
        Sent { client, server }
    }
}

#[derive(Serialize)]
struct SideLine<'s> {
    bytes: u64,
    lines: u64,
    datagrams: u64,
    types: Vec<TypeLine>,
    #[serde(skip_serializing_if = "is_zero")]
    gaps: u64,
    #[serde(skip_serializing_if = "is_zero")]
    missing_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<Tcp<'s>>,
}

#[derive(Serialize)]
struct TypeLine {
    type_name: &'static str,
    messages: u64,
    bytes: u64,
}

impl<'s> SideLine<'s> {
    fn of(stats: &'s SessionStats, ftl: &Ftl, side: Side) -> Self {
        let sent = stats.side(side);
        let types = ftl.traffic.of(side).map(|kind| TypeLine {
            type_name: kind.name,
            messages: kind.messages,
            bytes: kind.bytes,
        });
        SideLine {
            bytes: sent.bytes,
            lines: ftl.traffic.count(side, true),
            datagrams: ftl.traffic.count(side, false),
            types: types.collect(),
            gaps: sent.gaps,
            missing_bytes: sent.missing,
            how: sent.end.map(|(how, _)| how.name()),
            tcp: sent.tcp.as_deref().map(Tcp),
        }
    }
}

/// The member `ftl`.
#[derive(Serialize)]
pub(super) struct FtlLine<'f> {
    /// This and what the control connection tells below are there where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_valid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<RefusedLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<AttributesLine<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<Vec<CommandLine>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pings: Option<PingsLine>,
    flows: Vec<FlowLine>,
    /// This and what follows are there where datagrams are.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_pings: Option<PingsLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nacks: Option<u64>,
    sources: Vec<SourceLine>,
    /// RTP packets of sources beyond those that are told.
    #[serde(skip_serializing_if = "is_zero")]
    untold_packets: u64,
}

impl<'f> FtlLine<'f> {
    pub(super) fn of(stats: &SessionStats, ftl: &'f Ftl) -> Self {
        let state = &ftl.state;
        let since_start = |at: Moment| ms(stats.since_start(at));
        let is_there = |is_line| Side::BOTH.into_iter().any(|side| ftl.traffic.count(side, is_line) > 0);
        let (control, media) = (is_there(true).then_some(()), is_there(false).then_some(()));
        let commands =
            || ftl.requests.iter().map(|command| CommandLine::of(command, since_start(command.at))).collect();
        FtlLine {
            reached: control.map(|()| ftl.reached.name()),
            channel_id: state.channel_id,
            signature_valid: state.signature_valid,
            media_port: state.media_port,
            disconnect_ms: state.disconnected.map(since_start),
            refused: state.refused.map(|(code, at)| RefusedLine { code: CodeLine::of(code), ms: since_start(at) }),
            attributes: control.map(|()| AttributesLine::of(&state.attributes)),
            commands: control.map(|()| commands()),
            pings: control.map(|()| PingsLine::of(&ftl.pings)),
            flows: ftl
                .flows
                .iter()
                .map(|flow| FlowLine { client: flow.client, server: flow.server, ms: since_start(flow.at) })
                .collect(),
            media_pings: media.map(|()| PingsLine::of(&ftl.echoes)),
            nacks: media.map(|()| ftl.nacks),
            sources: ftl.sources.iter().map(SourceLine::of).collect(),
            untold_packets: ftl.untold,
        }
    }
}

#[derive(Serialize)]
struct CodeLine {
    code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_name: Option<&'static str>,
}

impl CodeLine {
    fn of(code: ReplyCode) -> Self {
        CodeLine { code: code.0, code_name: code.name() }
    }
}

#[derive(Serialize)]
struct RefusedLine {
    #[serde(flatten)]
    code: CodeLine,
    ms: f64,
}

#[derive(Serialize)]
struct CommandLine {
    name: &'static str,
    n: u64,
    ms: f64,
    #[serde(flatten)]
    code: Option<CodeLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
}

impl CommandLine {
    fn of(command: &Command, at: f64) -> Self {
        let reply = command.reply.as_ref();
        CommandLine {
            name: command.name.name(),
            n: command.n,
            ms: at,
            code: reply.map(|reply| CodeLine::of(reply.code)),
            answered_by: reply.map(|reply| reply.n),
            latency_ms: reply.map(|reply| ms(reply.latency_ns)),
        }
    }
}

#[derive(Serialize)]
struct PingsLine {
    sent: u64,
    answered: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<SpreadLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_pause_ms: Option<f64>,
}

#[derive(Serialize)]
struct SpreadLine {
    least: f64,
    mean: f64,
    most: f64,
}

impl PingsLine {
    fn of(pings: &Pings) -> Self {
        let spread = pings.shortest.zip(pings.mean()).zip(pings.longest);
        PingsLine {
            sent: pings.sent,
            answered: pings.answered,
            latency_ms: spread.map(|((least, mean), most)| SpreadLine {
                least: ms(least),
                mean: ms(mean),
                most: ms(most),
            }),
            longest_pause_ms: pings.longest_pause.map(|(pause, _)| ms(pause)),
        }
    }
}

#[derive(Serialize)]
struct FlowLine {
    client: SocketAddr,
    server: SocketAddr,
    ms: f64,
}

#[derive(Serialize)]
struct AttributesLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<MediumLine<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<MediumLine<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    unknown: u64,
    #[serde(skip_serializing_if = "is_zero")]
    unreadable: u64,
}

#[derive(Serialize)]
struct MediumLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_type: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssrc: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
}

impl<'a> AttributesLine<'a> {
    fn of(attributes: &'a Attributes) -> Self {
        let medium = |medium: &'a Medium, width: Option<u32>, height: Option<u32>| {
            let is_there = *medium != Medium::default() || width.is_some() || height.is_some();
            is_there.then_some(MediumLine {
                sent: medium.is_sent,
                codec: medium.codec.as_deref(),
                payload_type: medium.payload_type,
                ssrc: medium.ssrc,
                width,
                height,
            })
        };
        AttributesLine {
            protocol_version: attributes.protocol_version.as_deref(),
            vendor_name: attributes.vendor_name.as_deref(),
            vendor_version: attributes.vendor_version.as_deref(),
            video: medium(&attributes.video, attributes.width, attributes.height),
            audio: medium(&attributes.audio, None, None),
            unknown: attributes.unknown,
            unreadable: attributes.unreadable,
        }
    }
}

#[derive(Serialize)]
struct SourceLine {
    from: &'static str,
    ssrc: u32,
    payload_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<&'static str>,
    packets: u64,
    bytes: u64,
    missing: u64,
    late: u64,
    duplicates: u64,
    retransmissions: u64,
    recovered: u64,
    #[serde(skip_serializing_if = "is_zero")]
    strange: u64,
    #[serde(skip_serializing_if = "is_zero")]
    restarts: u64,
    asked: u64,
    answered: u64,
    frames: u64,
    whole_frames: u64,
    largest_frame: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    key_frames: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_interval_ms: Option<SpreadLine>,
    #[serde(skip_serializing_if = "is_zero")]
    jumps: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highest_jitter_ms: Option<f64>,
    sender_reports: u64,
}

impl SourceLine {
    fn of(source: &Source) -> Self {
        let (counts, said) = (&source.counts, source.pictures.as_ref());
        let jitter = source.jitter_ms();
        SourceLine {
            from: source.from.name(),
            ssrc: source.ssrc,
            payload_type: source.payload_type,
            kind: source.codec.map(|codec| codec.kind().name()),
            codec: source.codec.map(crate::proto::rtp::Codec::name),
            packets: counts.packets,
            bytes: source.payload,
            missing: counts.missing,
            late: counts.late,
            duplicates: counts.duplicates,
            retransmissions: counts.retransmissions,
            recovered: counts.recovered,
            strange: counts.strange,
            restarts: counts.restarts,
            asked: counts.asked,
            answered: counts.answered,
            frames: source.frames,
            whole_frames: source.whole_frames,
            largest_frame: source.largest_frame,
            media_ms: source.media_ms().map(|ms| rounded(ms, 1e3)),
            frame_rate: source.frame_rate().map(|rate| rounded(rate, 1e3)),
            bits_per_second: source.bit_rate().map(whole),
            width: said.and_then(|said| said.width),
            height: said.and_then(|said| said.height),
            key_frames: source.key_frames,
            key_interval_ms: source.key_interval_ms().map(|[least, mean, most]| SpreadLine {
                least: rounded(least, 1e3),
                mean: rounded(mean, 1e3),
                most: rounded(most, 1e3),
            }),
            jumps: source.clock.jumps,
            jitter_ms: jitter.map(|(now, _)| rounded(now, 1e3)),
            highest_jitter_ms: jitter.map(|(_, highest)| rounded(highest, 1e3)),
            sender_reports: source.reports,
        }
    }
}
