//! The figures over time of one session, as text: a table of each side and each track.

use std::io::Write;

use super::{Text, arrow, sign};
use crate::proto::rtmp::MessageType;
use crate::stats::{SessionStats, Spans, Track};
use crate::wire::Side;
use crate::wire::words::{count, rounded_milliseconds};

/// What of a track's frames is told beside its clock, in one line; empty where there is nothing.
pub(super) fn over_time(track: &Track) -> String {
    let mut parts = Vec::new();
    if track.steps > 0 {
        parts.push(format!("frames came up to {} ms apart", rounded_milliseconds(track.longest_wait)));
        parts.push(format!("jitter up to {:.3} ms", track.highest_jitter / 1e6));
    }
    if let Some(mean) = track.group_mean() {
        parts.push(if track.group_least == track.group_most {
            format!("{} a key frame", count(track.group_most, "frame"))
        } else {
            format!("{mean:.1} frames a key frame ({} to {})", track.group_least, track.group_most)
        });
    }
    if track.depth > 0 {
        let (shown, depth) = (count(track.reordered, "frame"), track.depth);
        parts.push(format!(
            "{shown} shown before up to {depth} that {} sent earlier",
            if depth == 1 { "was" } else { "were" }
        ));
    }
    for (times, what) in [
        (track.same_times, "with the time of the one before"),
        (track.repeated_times, "with the time of an earlier one"),
    ] {
        if times > 0 {
            parts.push(format!("{} {what}", count(times, "frame")));
        }
    }
    if track.codec_changes > 0 {
        parts.push(format!("its codec changed {}", count(track.codec_changes, "time")));
    }
    parts.join(", ")
}

impl<W: Write> Text<W> {
    /// The tables of `--series`.
    pub(super) fn series(&mut self, stats: &SessionStats) {
        self.line(format_args!("  over time, by seconds since the first packet"));
        for side in Side::BOTH {
            let spans = stats.seconds(side);
            if spans.is_empty() {
                continue;
            }
            self.line(format_args!("    {}{}", arrow(side), folded(spans.span())));
            self.line(format_args!(
                "    {:>8} {:>9} {:>11} {:>11} {:>14} {:>6} {:>13}",
                "second", "messages", "payload", "window", "unacknowledged", "resent", "round trip ms"
            ));
            for (second, span) in spans.iter() {
                self.line(format_args!(
                    "    {second:>8} {:>9} {:>11} {:>11} {:>14} {:>6} {:>13}",
                    span.messages,
                    span.payload,
                    or_dash(span.window),
                    or_dash(span.unacknowledged),
                    span.retransmissions,
                    or_dash(span.round_trip.map(rounded_milliseconds)),
                ));
            }
        }
        stats.tracks.iter().for_each(|track| self.track_series(track, &track.seconds));
    }

    fn track_series(&mut self, track: &Track, spans: &Spans<crate::stats::TrackSecond>) {
        let kind = track.kind.name().unwrap_or_default();
        let id = if track.id > 0 { format!(", track {}", track.id) } else { String::new() };
        let (sign, stream) = (sign(track.from), track.message_stream_id);
        self.line(format_args!("    {sign} message stream {stream}{id}: {kind}{}", folded(spans.span())));
        let last = if track.kind == MessageType::VIDEO { "key" } else { "ahead ms" };
        self.line(format_args!(
            "    {:>8} {:>7} {:>11} {:>9} {:>9} {:>9} {:>10} {:>6} {last:>9}",
            "second", "frames", "bytes", "largest", "apart ms", "late ms", "jitter ms", "repeat"
        ));
        for (second, span) in spans.iter() {
            let last = if track.kind == MessageType::VIDEO { span.key_frames.to_string() } else { or_dash(span.ahead) };
            self.line(format_args!(
                "    {second:>8} {:>7} {:>11} {:>9} {:>9} {:>9} {:>10} {:>6} {last:>9}",
                span.frames,
                span.bytes,
                span.largest,
                or_dash(span.longest_wait.map(rounded_milliseconds)),
                or_dash(span.latest.map(rounded_milliseconds)),
                or_dash(span.jitter.map(|ns| format!("{:.3}", ns / 1e6))),
                span.same_times + span.repeated_times,
            ));
        }
    }
}

/// That seconds were folded together, where they were.
fn folded(span: u64) -> String {
    if span == 1 { String::new() } else { format!(", {span} seconds a line: there were too many for one each") }
}

fn or_dash(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
