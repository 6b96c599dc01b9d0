//! What sessions amount to, as text for a person.

mod carriers;
mod ftl;
mod series;

use std::io::{self, Write};
use std::path::PathBuf;

use super::Form;
use crate::analyzer::Totals;
use crate::export::Counts;
use crate::export::page::{Out, Page, Paint};
use crate::export::text::totals;
use crate::net::How;
use crate::proto::rtmp::{MessageType, type_name};
use crate::proto::{Event, describe, trouble};
use crate::rules::Severity;
use crate::stats::{Calls, Request, SessionStats, SideStats, Stats, Track};
use crate::story::Metadata;
use crate::wire::words::{count, counted, pad, plural, rounded_milliseconds, rounded_seconds};
use crate::wire::{Side, Time, escape};

pub(super) struct Text<W> {
    out: Out<W>,
    color: bool,
    /// Whether figures over time are told.
    series: bool,
    text: Page,
}

impl<W: Write> Text<W> {
    pub(super) fn new(out: W, color: bool, series: bool) -> Self {
        Text { out: Out::new(out), color, series, text: Page::default() }
    }

    fn line(&mut self, arguments: std::fmt::Arguments<'_>) {
        self.text.line(arguments);
    }

    fn head(&mut self, stats: &SessionStats) {
        let opened = &stats.opened;
        self.line(format_args!("session {}: {}", opened.session, describe(&Event::Session(opened.clone()))));
        let end = end(stats);
        let (first, last) = (opened.at.packet, stats.last.packet);
        self.line(format_args!(
            "  {} s, packets {first} to {last}; {end}",
            rounded_seconds(stats.since_start(stats.last), 3)
        ));
        if let Some(outcome) = &stats.outcome {
            self.line(format_args!("  outcome   {}", escape(&outcome.text)));
        }
    }

    fn side(&mut self, side: Side, stats: &SideStats) {
        let mut line = format!("{}, {}", bytes(stats.bytes), count(stats.messages, "message"));
        if let Some(rate) = stats.bit_rate() {
            line += &format!(", {}", rate_text(rate));
        }
        if let Some(share) = stats.header_share() {
            line += &format!("; chunk headers {:.2} %", share * 100.0);
        }
        if stats.incomplete > 0 {
            line += &format!(", {} incomplete", stats.incomplete);
        }
        if stats.gaps > 0 {
            line += &format!("; {}, {} missing", count(stats.gaps, "gap"), bytes(stats.missing));
        }
        if stats.undecoded > 0 {
            line += &format!("; {} not decoded", bytes(stats.undecoded));
        }
        self.line(format_args!("  {:<10}{line}", arrow(side)));
        self.tcp(stats);
    }

    /// What TCP did with what a side sent.
    fn tcp(&mut self, stats: &SideStats) {
        let Some(tcp) = &stats.tcp else { return };
        let mut line = count(tcp.packets, "packet");
        if let Some(trip) = tcp.round_trip {
            line += &format!(", round trip {} ms", rounded_milliseconds(trip));
        }
        if let Some(trip) = tcp.smallest_round_trip {
            line += &format!(", to an acknowledgement {} ms at least", rounded_milliseconds(trip));
            if let Some(trip) = tcp.smoothed_round_trip {
                line += &format!(", smoothed {} ms", rounded_milliseconds(trip));
            }
        }
        let trouble = trouble(tcp);
        let trouble = if trouble.is_empty() { "nothing sent again, nothing missed" } else { &trouble };
        self.line(format_args!("  {:<10}TCP: {line}; {trouble}", ""));
    }

    /// How long the steps to the media took.
    fn beginning(&mut self, stats: &SessionStats) {
        let mut steps = Vec::new();
        if let Some(at) = stats.handshake_done() {
            steps.push(format!("handshake done at {} ms", rounded_milliseconds(stats.since_start(at))));
        }
        if let Some((at, is_accepted)) = stats.connect {
            let what = if is_accepted { "connect accepted at" } else { "connect rejected at" };
            steps.push(format!("{what} {} ms", rounded_milliseconds(stats.since_start(at))));
        }
        if !steps.is_empty() {
            self.line(format_args!("  begin     {}", steps.join(", ")));
        }
        for request in &stats.requests {
            self.request(request, stats);
        }
        if stats.more_requests > 0 {
            self.line(format_args!(
                "  and {}",
                counted(stats.more_requests as usize, "more publish or play", "more publishes and plays")
            ));
        }
    }

    fn request(&mut self, request: &Request, stats: &SessionStats) {
        let name = request.name.as_deref().map_or_else(String::new, |name| format!(" \"{}\"", escape(name)));
        let after = |at: crate::wire::Moment| rounded_milliseconds(at.time.since(request.at.time));
        let at = rounded_milliseconds(stats.since_start(request.at));
        let stream = request.message_stream_id;
        self.text.put(format_args!("  {:<10}at {at} ms,{name} on message stream {stream}: ", request.command));
        match &request.settled {
            Some(settled) => {
                let code = match settled.code.as_str() {
                    "" if settled.accepted => "accepted",
                    "" => "rejected",
                    code => code,
                };
                let paint = if settled.accepted { Paint::None } else { Paint::of(Severity::Error, self.color) };
                self.text.painted(paint, format_args!("{}", escape(code)));
                self.text.put(format_args!(" after {} ms", after(settled.at)));
            }
            None if !stats.side(Side::Server).is_whole() => self.text.put(format_args!("no answer was captured")),
            None if is_open(stats) => self.text.put(format_args!("not answered when the capture ended")),
            None => self.text.put(format_args!("never answered")),
        }
        if let Some(at) = request.first_frame {
            self.text.put(format_args!(", first frame after {} ms", after(at)));
        }
        if let Some(at) = request.first_key_frame {
            self.text.put(format_args!(", first key frame after {} ms", after(at)));
        }
        self.text.end_line();
    }

    fn calls(&mut self, calls: &Calls, what: &str) {
        if calls.is_empty() {
            return;
        }
        self.line(format_args!(
            "  {what:<34} {:>6} {:>9} {:>7} {:>9} {:>9} {:>9} {:>9}",
            "calls", "answered", "_error", "least ms", "median", "95 %", "most"
        ));
        for (side, name, procedure) in calls.iter() {
            let latencies = &procedure.latencies;
            let value = |ns: Option<i64>| {
                ns.filter(|_| latencies.count > 0).map_or_else(|| "-".to_owned(), rounded_milliseconds)
            };
            let answered = match (procedure.answered, procedure.asked) {
                (0, 0) => "-".to_owned(),
                (answered, asked) => format!("{answered}/{}", asked.max(answered)),
            };
            self.line(format_args!(
                "    {} {} {:>5} {answered:>9} {:>7} {:>9} {:>9} {:>9} {:>9}",
                sign(side),
                pad(&escape(name), 30),
                procedure.count,
                procedure.errors,
                value(Some(latencies.least)),
                value(latencies.percentile(50)),
                value(latencies.percentile(95)),
                value(Some(latencies.most)),
            ));
        }
        if calls.more > 0 {
            self.line(format_args!("    and {} of other procedures", count(calls.more, "call")));
        }
    }

    fn types(&mut self, stats: &SessionStats) {
        let is_empty = Side::BOTH.into_iter().all(|side| stats.side(side).types.is_empty());
        if is_empty {
            return;
        }
        self.line(format_args!("  {:<34} {:>6} {:>13} {:>7}", "messages", "count", "payload", "share"));
        for side in Side::BOTH {
            let sent = stats.side(side);
            for of_type in sent.types.values() {
                let share = of_type.payload as f64 * 100.0 / (sent.payload.max(1)) as f64;
                let name = type_name(of_type.kind);
                let (sign, messages, payload) = (sign(side), of_type.messages, of_type.payload);
                self.line(format_args!(
                    "    {sign} {name:<30} {messages:>5} {payload:>7} {:<5} {share:>5.1} %",
                    plural(payload, "byte", "bytes")
                ));
            }
        }
    }

    fn track(&mut self, track: &Track) {
        let kind = track.kind.name().unwrap_or_default();
        let mut what = format!("{kind} {}", track.codec.unwrap_or("of an unknown codec"));
        for word in [track.profile, track.level].into_iter().flatten() {
            what += &format!(" {word}");
        }
        if let Some((width, height)) = track.size {
            what += &format!(" {width}x{height}");
        }
        if let Some(rate) = track.sample_rate {
            what += &format!(" {rate} Hz");
        }
        if let Some(channels) = track.channels {
            what += &format!(" {}", count(u64::from(channels), "channel"));
        }
        let id = if track.id > 0 { format!(", track {}", track.id) } else { String::new() };
        self.line(format_args!("    {} message stream {}{id}: {what}", sign(track.from), track.message_stream_id));
        let mut line = format!("{}, {}", count(track.frames, "frame"), bytes(track.bytes));
        if let (Some(frames), Some(bits)) = (track.frame_rate(), track.bit_rate()) {
            let time = rounded_seconds(track.time.saturating_mul(1_000_000), 3);
            line += &format!(" in {time} s of media: {frames:.2} frames/s, {}", rate_text(bits));
        }
        if let Some(peak) = track.peak {
            line += &format!(", at most {} over a second", rate_text(peak));
        }
        self.line(format_args!("        {line}"));
        let mut parts = Vec::new();
        if track.kind == MessageType::VIDEO {
            let disposable = track.disposable_frames;
            let disposable = if disposable > 0 { format!(", {disposable} disposable") } else { String::new() };
            parts.push(format!("{}{disposable}", count(track.key_frames, "key frame")));
            if let Some(mean) = track.key_interval_mean() {
                let (least, most) = (track.key_interval_least, track.key_interval_most);
                parts.push(if least == most {
                    format!("one every {most} ms")
                } else {
                    format!("one every {mean:.0} ms ({least} to {most})")
                });
            }
        }
        let configurations = count(track.configurations, "sequence header");
        parts.push(if track.configurations > 0 { configurations } else { "no sequence header".to_owned() });
        self.line(format_args!("        {}", parts.join(", ")));
        if track.steps > 0 {
            let mut parts = vec![format!("frames up to {} ms apart", track.longest_step)];
            parts.push(format!("up to {} ms late", track.latest));
            if let (Some(ahead), Some(behind)) = (track.ahead, track.behind) {
                parts.push(beside_video(ahead, behind));
            }
            for (times, what) in [(track.back, "went back"), (track.jumps, "jumped ahead by more than 10 s")] {
                if times > 0 {
                    parts.push(format!("its clock {what} {}", count(times, "time")));
                }
            }
            self.line(format_args!("        {}", parts.join(", ")));
        }
        let over_time = series::over_time(track);
        if !over_time.is_empty() {
            self.line(format_args!("        {over_time}"));
        }
    }

    fn declared(&mut self, declared: &Metadata) {
        let mut parts = Vec::new();
        if let (Some(width), Some(height)) = (declared.width, declared.height) {
            parts.push(format!("{width}x{height}"));
        }
        parts.extend(declared.frame_rate.map(|rate| format!("{rate:.2} frames/s")));
        parts.extend(declared.video_data_rate.map(|rate| format!("video {}", rate_text(rate * 1000.0))));
        parts.extend(declared.audio_data_rate.map(|rate| format!("audio {}", rate_text(rate * 1000.0))));
        parts.extend(declared.encoder.as_deref().map(|encoder| format!("by {}", escape(encoder))));
        let said = if parts.is_empty() { "nothing of rate or size".to_owned() } else { parts.join(", ") };
        let stream = declared.message_stream_id;
        self.line(format_args!("    {} message stream {stream}: onMetaData says {said}", sign(declared.from)));
    }

    /// All that is told of an RTMP session between its head and its findings.
    fn rtmp(&mut self, stats: &SessionStats) {
        for side in Side::BOTH {
            self.side(side, stats.side(side));
        }
        self.carriers(stats);
        self.beginning(stats);
        self.calls(&stats.calls, "calls");
        self.types(stats);
        if stats.tracks.iter().next().is_some() || !stats.metadata.is_empty() {
            self.line(format_args!("  media"));
            stats.metadata.iter().for_each(|declared| self.declared(declared));
            stats.tracks.iter().for_each(|track| self.track(track));
            if stats.tracks.iter().any(|track| !stats.side(track.from).is_whole()) {
                self.line(format_args!("    The capture misses some of that: rates and counts are of what is there."));
            }
            if stats.tracks.more > 0 {
                self.line(format_args!("    and {} of further tracks", count(stats.tracks.more, "frame")));
            }
        }
        if self.series {
            self.series(stats);
        }
    }

    fn give(&mut self) -> io::Result<()> {
        self.out.give(&mut self.text)
    }
}

impl<W: Write> Form for Text<W> {
    fn begin(&mut self, _: &[PathBuf], _: Option<Time>) -> io::Result<()> {
        Ok(())
    }

    fn session(&mut self, stats: &SessionStats, findings: Counts) -> io::Result<()> {
        self.head(stats);
        match &stats.ftl {
            Some(ftl) => self.ftl(stats, ftl),
            None => self.rtmp(stats),
        }
        let Counts { errors, warnings, notes } = findings;
        if errors + warnings > 0 {
            let counts = [count(errors, "error"), count(warnings, "warning"), count(notes, "note")];
            self.line(format_args!("  findings  {}: `check` tells them", counts.join(", ")));
        }
        self.text.end_line();
        self.give()
    }

    fn all(&mut self, stats: &Stats) -> io::Result<()> {
        // Of one session everything is said.
        if stats.over > 1 && !stats.calls.is_empty() {
            self.line(format_args!("all {} sessions", stats.over));
            self.calls(&stats.calls, "calls");
            self.text.end_line();
        }
        self.give()
    }

    fn end(&mut self, all: &Totals, counts: Counts) -> io::Result<()> {
        totals(&mut self.text, all, counts);
        self.out.give(&mut self.text)?;
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Whether the server might still have said something.
fn is_open(stats: &SessionStats) -> bool {
    stats.side(Side::Server).end.is_none_or(|(how, _)| matches!(how, How::EndOfCapture | How::Timeout))
}

/// How a session ended.
fn end(stats: &SessionStats) -> String {
    let ends = Side::BOTH.map(|side| (side, stats.side(side).end, stats.side(side).tcp.as_deref()));
    let reset = ends.iter().find_map(|(_, _, tcp)| tcp.and_then(|tcp| tcp.reset));
    if let Some((side, _)) = reset {
        return format!("reset by the {}", side.name());
    }
    let fins =
        ends.iter().filter_map(|(side, end, _)| end.filter(|(how, _)| *how == How::Fin).map(|(_, at)| (*side, at)));
    match fins.min_by_key(|(_, at)| at.packet) {
        Some((side, _)) => format!("closed by the {} first", side.name()),
        None if ends.iter().any(|(_, end, _)| end.is_some_and(|(how, _)| how == How::Timeout)) => {
            "abandoned".to_owned()
        }
        None => "open at the end of the capture".to_owned(),
    }
}

fn beside_video(ahead: i64, behind: i64) -> String {
    match (ahead > 0, behind > 0) {
        (true, true) => format!("up to {ahead} ms ahead of the video and {behind} ms behind it"),
        (true, false) => format!("{} to {ahead} ms ahead of the video", -behind),
        (false, true) => format!("{} to {behind} ms behind the video", -ahead),
        (false, false) => "always at the video's time".to_owned(),
    }
}

fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "client →",
        Side::Server => "server ←",
    }
}

fn sign(side: Side) -> char {
    match side {
        Side::Client => '→',
        Side::Server => '←',
    }
}

fn bytes(number: u64) -> String {
    count(number, "byte")
}

fn rate_text(bits_per_second: f64) -> String {
    format!("{:.1} kbit/s", bits_per_second / 1000.0)
}
