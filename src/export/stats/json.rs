//! The keys are a contract: `docs/stats.md` has them.

mod carriers;
mod ftl;
mod series;

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde::ser::SerializeMap;

use super::Form;
use crate::analyzer::Totals;
use crate::export::json::{JsonWriter, Map, Severities, Tcp};
use crate::export::{Counts, Writer};
use crate::stats::{Calls, Latencies, Outcome, Request, SessionStats, SideStats, Stats, Track};
use crate::story::Metadata;
use crate::wire::{Side, Time};

pub(super) struct Json<W> {
    lines: JsonWriter<W>,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Json { lines: JsonWriter::new(out, false) }
    }
}

impl<W: Write> Form for Json<W> {
    fn begin(&mut self, files: &[PathBuf], start: Option<Time>) -> io::Result<()> {
        self.lines.begin(files, start)
    }

    fn session(&mut self, stats: &SessionStats, findings: Counts) -> io::Result<()> {
        let time = self.lines.time(stats.opened.at.time);
        self.lines.line("stats", |map| {
            let opened = &stats.opened;
            map.serialize_entry("session", &opened.session)?;
            map.serialize_entry("protocol", opened.protocol)?;
            map.serialize_entry("client", &opened.client)?;
            map.serialize_entry("server", &opened.server)?;
            map.serialize_entry("start", opened.start.name())?;
            map.serialize_entry("time", &time)?;
            map.serialize_entry("packets", &[opened.at.packet.0, stats.last.packet.0])?;
            map.serialize_entry("seconds", &(stats.since_start(stats.last) as f64 / 1e9))?;
            some(map, "outcome", stats.outcome.as_ref().map(OutcomeLine::of))?;
            if let Some(ftl) = &stats.ftl {
                map.serialize_entry("sent", &ftl::Sent::of(stats, ftl))?;
                map.serialize_entry("ftl", &ftl::FtlLine::of(stats, ftl))?;
                return map.serialize_entry("findings", &Severities(findings));
            }
            let sent = |side| SideLine::of(stats.side(side));
            map.serialize_entry("sent", &Sent { client: sent(Side::Client), server: sent(Side::Server) })?;
            some(map, "tls", stats.carriers.tls.as_deref().map(|facts| carriers::TlsLine::of(facts, stats)))?;
            some(map, "tunnel", stats.carriers.tunnel.as_deref().map(|it| carriers::TunnelLine::of(it, stats)))?;
            some(map, "handshake_ms", stats.handshake_done().map(|at| ms(stats.since_start(at))))?;
            if let Some((at, is_accepted)) = stats.connect {
                map.serialize_entry("connect_ms", &ms(stats.since_start(at)))?;
                map.serialize_entry("connect_accepted", &is_accepted)?;
            }
            map.serialize_entry("requests", &Lines(|| stats.requests.iter().map(|it| RequestLine::of(it, stats))))?;
            map.serialize_entry("calls", &Lines(|| procedures(&stats.calls)))?;
            map.serialize_entry("tracks", &Lines(|| stats.tracks.iter().map(TrackLine::of)))?;
            map.serialize_entry("metadata", &Lines(|| stats.metadata.iter().map(DeclaredLine::of)))?;
            map.serialize_entry("series", &series::series(stats))?;
            let left_out =
                LeftOut { requests: stats.more_requests, calls: stats.calls.more, frames: stats.tracks.more };
            if !left_out.is_none() {
                map.serialize_entry("left_out", &left_out)?;
            }
            map.serialize_entry("findings", &Severities(findings))
        })
    }

    fn all(&mut self, stats: &Stats) -> io::Result<()> {
        self.lines.line("stats", |map| {
            map.serialize_entry("sessions", &stats.over)?;
            map.serialize_entry("calls", &Lines(|| procedures(&stats.calls)))?;
            let left_out = LeftOut { requests: 0, calls: stats.calls.more, frames: 0 };
            if !left_out.is_none() {
                map.serialize_entry("left_out", &left_out)?;
            }
            Ok(())
        })
    }

    fn end(&mut self, totals: &Totals, counts: Counts) -> io::Result<()> {
        self.lines.end(totals, counts)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

/// How a session came out.
#[derive(Serialize)]
struct OutcomeLine<'s> {
    name: &'static str,
    text: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<u64>,
}

impl OutcomeLine<'_> {
    fn of(outcome: &Outcome) -> OutcomeLine<'_> {
        OutcomeLine { name: outcome.name, text: &outcome.text, message: outcome.n }
    }
}

fn some<T: Serialize>(map: &mut Map<'_>, key: &'static str, value: Option<T>) -> Result<(), serde_json::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(key, &value))
}

/// Nanoseconds as milliseconds.
fn ms(ns: i64) -> f64 {
    ns as f64 / 1e6
}

/// Rates: no more digits than they are worth.
fn rounded(value: f64, digits: f64) -> f64 {
    (value * digits).round() / digits
}

fn whole(value: f64) -> u64 {
    value.round() as u64
}

struct Lines<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = T>, T: Serialize> Serialize for Lines<F> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq((self.0)())
    }
}

#[derive(Serialize)]
struct LeftOut {
    requests: u64,
    calls: u64,
    frames: u64,
}

impl LeftOut {
    fn is_none(&self) -> bool {
        self.requests + self.calls + self.frames == 0
    }
}

#[derive(Serialize)]
struct Sent<'s> {
    client: SideLine<'s>,
    server: SideLine<'s>,
}

#[derive(Serialize)]
struct SideLine<'s> {
    bytes: u64,
    messages: u64,
    payload_bytes: u64,
    chunks: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_second: Option<u64>,
    types: Vec<TypeLine>,
    #[serde(skip_serializing_if = "is_zero")]
    incomplete: u64,
    #[serde(skip_serializing_if = "is_zero")]
    gaps: u64,
    #[serde(skip_serializing_if = "is_zero")]
    missing_bytes: u64,
    #[serde(skip_serializing_if = "is_zero")]
    undecoded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tcp: Option<Tcp<'s>>,
}

// What serde asks for.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct TypeLine {
    r#type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_name: Option<&'static str>,
    messages: u64,
    payload_bytes: u64,
}

impl<'s> SideLine<'s> {
    fn of(side: &'s SideStats) -> Self {
        let types = side.types.values().map(|stats| TypeLine {
            r#type: stats.kind.0,
            type_name: stats.kind.name(),
            messages: stats.messages,
            payload_bytes: stats.payload,
        });
        SideLine {
            bytes: side.bytes,
            messages: side.messages,
            payload_bytes: side.payload,
            chunks: side.chunks,
            header_share: side.header_share().map(|share| rounded(share, 1e6)),
            bits_per_second: side.bit_rate().map(whole),
            types: types.collect(),
            incomplete: side.incomplete,
            gaps: side.gaps,
            missing_bytes: side.missing,
            undecoded: side.undecoded,
            how: side.end.map(|(how, _)| how.name()),
            tcp: side.tcp.as_deref().map(Tcp),
        }
    }
}

#[derive(Serialize)]
struct RequestLine<'r> {
    command: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
    message_stream_id: u32,
    n: u64,
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    /// The message that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_by: Option<u64>,
    /// From the request on, as the two below.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_frame_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_key_frame_ms: Option<f64>,
}

impl<'r> RequestLine<'r> {
    fn of(request: &'r Request, stats: &SessionStats) -> Self {
        let settled = request.settled.as_ref();
        let after = |at: crate::wire::Moment| ms(at.time.since(request.at.time));
        RequestLine {
            command: &request.command,
            name: request.name.as_deref(),
            message_stream_id: request.message_stream_id,
            n: request.n,
            ms: ms(stats.since_start(request.at)),
            code: settled.map(|settled| settled.code.as_str()).filter(|code| !code.is_empty()),
            accepted: settled.map(|settled| settled.accepted),
            answered_by: settled.map(|settled| settled.n),
            latency_ms: settled.map(|settled| after(settled.at)),
            first_frame_ms: request.first_frame.map(after),
            first_key_frame_ms: request.first_key_frame.map(after),
        }
    }
}

#[derive(Serialize)]
struct ProcedureLine<'c> {
    from: &'static str,
    name: &'c str,
    calls: u64,
    asked: u64,
    answered: u64,
    errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<LatencyLine>,
}

#[derive(Serialize)]
struct LatencyLine {
    least: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    median: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<f64>,
    most: f64,
}

impl LatencyLine {
    fn of(latencies: &Latencies) -> Option<Self> {
        (latencies.count > 0).then(|| LatencyLine {
            least: ms(latencies.least),
            median: latencies.percentile(50).map(ms),
            p95: latencies.percentile(95).map(ms),
            most: ms(latencies.most),
        })
    }
}

fn procedures(calls: &Calls) -> impl Iterator<Item = ProcedureLine<'_>> {
    calls.iter().map(|(side, name, procedure)| ProcedureLine {
        from: side.name(),
        name,
        calls: procedure.count,
        asked: procedure.asked,
        answered: procedure.answered,
        errors: procedure.errors,
        latency_ms: LatencyLine::of(&procedure.latencies),
    })
}

#[derive(Serialize)]
struct TrackLine {
    from: &'static str,
    message_stream_id: u32,
    kind: &'static str,
    track: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    codec: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u32>,
    configurations: u64,
    frames: u64,
    bytes: u64,
    media_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_per_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_bits_per_second: Option<u64>,
    longest_step_ms: i64,
    #[serde(skip_serializing_if = "is_zero")]
    key_frames: u64,
    #[serde(skip_serializing_if = "is_zero")]
    disposable_frames: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_interval_ms: Option<IntervalLine>,
    /// Frames from one key frame to the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_frames: Option<IntervalLine>,
    #[serde(skip_serializing_if = "is_zero")]
    reordered_frames: u64,
    #[serde(skip_serializing_if = "is_zero")]
    reorder_depth: u64,
    #[serde(skip_serializing_if = "is_zero")]
    codec_changes: u64,
    #[serde(skip_serializing_if = "is_zero")]
    same_times: u64,
    #[serde(skip_serializing_if = "is_zero")]
    repeated_times: u64,
    longest_wait_ms: f64,
    highest_jitter_ms: f64,
    back: u64,
    jumps: u64,
    latest_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead_of_video_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    behind_video_ms: Option<i64>,
}

#[derive(Serialize)]
struct IntervalLine {
    least: i64,
    mean: f64,
    most: i64,
}

impl TrackLine {
    fn of(track: &Track) -> Self {
        TrackLine {
            from: track.from.name(),
            message_stream_id: track.message_stream_id,
            kind: track.kind.name().unwrap_or_default(),
            track: track.id,
            codec: track.codec,
            profile: track.profile,
            level: track.level,
            width: track.size.map(|(width, _)| width),
            height: track.size.map(|(_, height)| height),
            sample_rate: track.sample_rate,
            channels: track.channels,
            configurations: track.configurations,
            frames: track.frames,
            bytes: track.bytes,
            media_ms: track.time,
            frame_rate: track.frame_rate().map(|rate| rounded(rate, 1e3)),
            bits_per_second: track.bit_rate().map(whole),
            peak_bits_per_second: track.peak.map(whole),
            longest_step_ms: track.longest_step,
            key_frames: track.key_frames,
            disposable_frames: track.disposable_frames,
            key_interval_ms: track.key_interval_mean().map(|mean| IntervalLine {
                least: track.key_interval_least,
                mean: rounded(mean, 1e3),
                most: track.key_interval_most,
            }),
            group_frames: track.group_mean().map(|mean| IntervalLine {
                least: track.group_least as i64,
                mean: rounded(mean, 1e3),
                most: track.group_most as i64,
            }),
            reordered_frames: track.reordered,
            reorder_depth: track.depth,
            codec_changes: track.codec_changes,
            same_times: track.same_times,
            repeated_times: track.repeated_times,
            longest_wait_ms: ms(track.longest_wait),
            highest_jitter_ms: rounded(track.highest_jitter / 1e6, 1e3),
            back: track.back,
            jumps: track.jumps,
            latest_ms: track.latest,
            ahead_of_video_ms: track.ahead,
            behind_video_ms: track.behind,
        }
    }
}

#[derive(Serialize)]
struct DeclaredLine<'d> {
    from: &'static str,
    message_stream_id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_bits_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_bits_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<&'d str>,
}

impl<'d> DeclaredLine<'d> {
    fn of(declared: &'d Metadata) -> Self {
        DeclaredLine {
            from: declared.from.name(),
            message_stream_id: declared.message_stream_id,
            width: declared.width,
            height: declared.height,
            frame_rate: declared.frame_rate,
            video_bits_per_second: declared.video_data_rate.map(|rate| rate * 1000.0),
            audio_bits_per_second: declared.audio_data_rate.map(|rate| rate * 1000.0),
            encoder: declared.encoder.as_deref(),
        }
    }
}
