//! The figures over time of one session, in JSON.

use serde::Serialize;

use super::{Lines, is_zero, ms, rounded};
use crate::stats::{SessionStats, SideSecond, Spans, Track, TrackSecond};
use crate::wire::Side;

#[derive(Serialize)]
pub(super) struct SeriesLine<T: Serialize, L: Serialize> {
    client: T,
    server: T,
    tracks: L,
}

/// Of both sides and of each track.
pub(super) fn series(stats: &SessionStats) -> impl Serialize + '_ {
    let [client, server] = Side::BOTH.map(|side| side_spans(stats.seconds(side)));
    SeriesLine { client, server, tracks: Lines(|| stats.tracks.iter().map(of_track)) }
}

#[derive(Serialize)]
struct SpansLine<L: Serialize> {
    span_s: u64,
    spans: L,
}

#[derive(Serialize)]
struct SideLine {
    s: u64,
    messages: u64,
    payload_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unacknowledged: Option<u32>,
    #[serde(skip_serializing_if = "is_zero")]
    retransmissions: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_ms: Option<f64>,
}

fn side_spans(spans: &Spans<SideSecond>) -> impl Serialize + '_ {
    let line = |(s, span): (u64, &SideSecond)| SideLine {
        s,
        messages: span.messages,
        payload_bytes: span.payload,
        window: span.window,
        unacknowledged: span.unacknowledged,
        retransmissions: span.retransmissions,
        round_trip_ms: span.round_trip.map(ms),
    };
    SpansLine { span_s: spans.span(), spans: Lines(move || spans.iter().map(line)) }
}

#[derive(Serialize)]
struct TrackSpansLine<L: Serialize> {
    from: &'static str,
    message_stream_id: u32,
    kind: &'static str,
    track: u8,
    #[serde(flatten)]
    spans: L,
}

#[derive(Serialize)]
struct TrackSecondLine {
    s: u64,
    frames: u64,
    bytes: u64,
    largest_frame: u32,
    #[serde(skip_serializing_if = "is_zero")]
    key_frames: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_interval_ms: Option<i64>,
    #[serde(skip_serializing_if = "is_zero")]
    reordered_frames: u64,
    #[serde(skip_serializing_if = "is_zero")]
    configurations: u64,
    #[serde(skip_serializing_if = "is_zero")]
    codec_changes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_wait_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "is_zero")]
    same_times: u64,
    #[serde(skip_serializing_if = "is_zero")]
    repeated_times: u64,
    #[serde(skip_serializing_if = "is_zero")]
    back: u64,
    #[serde(skip_serializing_if = "is_zero")]
    jumps: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead_of_video_ms: Option<i64>,
}

fn of_track(track: &Track) -> impl Serialize + '_ {
    let line = |(s, span): (u64, &TrackSecond)| TrackSecondLine {
        s,
        frames: span.frames,
        bytes: span.bytes,
        largest_frame: span.largest,
        key_frames: span.key_frames,
        key_interval_ms: span.key_interval,
        reordered_frames: span.reordered,
        configurations: span.configurations,
        codec_changes: span.codec_changes,
        longest_wait_ms: span.longest_wait.map(ms),
        latest_ms: span.latest.map(ms),
        jitter_ms: span.jitter.map(|ns| rounded(ns / 1e6, 1e3)),
        same_times: span.same_times,
        repeated_times: span.repeated_times,
        back: span.back,
        jumps: span.jumps,
        ahead_of_video_ms: span.ahead,
    };
    TrackSpansLine {
        from: track.from.name(),
        message_stream_id: track.message_stream_id,
        kind: track.kind.name().unwrap_or_default(),
        track: track.id,
        spans: SpansLine { span_s: track.seconds.span(), spans: Lines(move || track.seconds.iter().map(line)) },
    }
}
