//! What an FTL session amounts to, as text.

use std::io::Write;

use super::{Text, arrow, bytes, rate_text, sign};
use crate::proto::ftl::{Attributes, Medium, ReplyCode};
use crate::stats::SessionStats;
use crate::story::Ftl;
use crate::story::ftl::{Command, Pings, Source};
use crate::wire::words::{count, rounded_milliseconds};
use crate::wire::{Moment, Side, escape};

impl<W: Write> Text<W> {
    /// All that is told of the session between its head and its findings.
    pub(super) fn ftl(&mut self, stats: &SessionStats, ftl: &Ftl) {
        for side in Side::BOTH {
            let sent = stats.side(side);
            let (lines, datagrams) = (ftl.traffic.count(side, true), ftl.traffic.count(side, false));
            let mut line = format!("{}, {}", bytes(sent.bytes), count(lines, "line"));
            if datagrams > 0 {
                line += &format!(", {}", count(datagrams, "datagram"));
            }
            if sent.gaps > 0 {
                line += &format!("; {}, {} missing", count(sent.gaps, "gap"), bytes(sent.missing));
            }
            self.line(format_args!("  {:<10}{line}", arrow(side)));
            self.tcp(sent);
        }
        if Side::BOTH.into_iter().any(|side| ftl.traffic.count(side, true) > 0) {
            self.state(stats, ftl);
        } else {
            self.line(format_args!("  {:<10}  no control connection", "state"));
        }
        for command in &ftl.requests {
            self.command(command, stats);
        }
        if ftl.pings.sent + ftl.pings.answered > 0 {
            self.line(format_args!("  {:<10}  {}", "PING", pings(&ftl.pings)));
        }
        self.kinds(ftl);
        if ftl.flows.is_empty() && ftl.sources.is_empty() {
            return;
        }
        self.line(format_args!("  media"));
        for flow in &ftl.flows {
            let (client, server, packet) = (flow.client, flow.server, flow.at.packet);
            self.line(format_args!("    UDP {client} → {server}, from packet {packet}"));
        }
        if ftl.echoes.sent + ftl.echoes.answered > 0 {
            self.line(format_args!("    pings: {}", pings(&ftl.echoes)));
        }
        if ftl.nacks > 0 {
            self.line(format_args!("    {}", count(ftl.nacks, "NACK")));
        }
        for source in &ftl.sources {
            self.source(source);
        }
        if ftl.untold > 0 {
            self.line(format_args!("    and {} of further sources", count(ftl.untold, "packet")));
        }
    }

    /// How far it came, and what the client announced.
    fn state(&mut self, stats: &SessionStats, ftl: &Ftl) {
        let state = &ftl.state;
        let ms = |at: Moment| rounded_milliseconds(stats.since_start(at));
        let mut parts = vec![format!("reached \"{}\"", ftl.reached.name())];
        parts.extend(state.channel_id.map(|channel| format!("channel {channel}")));
        parts.extend(
            state.signature_valid.map(|valid| {
                if valid { "the signature is valid" } else { "the signature is not of the key" }.to_owned()
            }),
        );
        parts.extend(state.media_port.map(|port| format!("media to UDP port {port}")));
        parts.extend(state.refused.map(|(code, at)| format!("{} at {} ms", self::code(code), ms(at))));
        self.line(format_args!("  {:<10}  {}", "state", parts.join(", ")));
        let said = announced(&state.attributes);
        if !said.is_empty() {
            self.line(format_args!("  {:<10}  {}", "announced", said.join("; ")));
        }
    }

    fn command(&mut self, command: &Command, stats: &SessionStats) {
        let at = rounded_milliseconds(stats.since_start(command.at));
        let mut line = format!("at {at} ms");
        match &command.reply {
            Some(reply) => {
                line += &format!(": {} after {} ms", code(reply.code), rounded_milliseconds(reply.latency_ns));
            }
            None if !command.name.is_answered() => {}
            None if stats.side(Side::Server).gaps > 0 => line += ": no answer was captured",
            None if super::is_open(stats) => line += ": not answered when the capture ended",
            None => line += ": never answered",
        }
        self.line(format_args!("  {:<10}  {line}", command.name.name()));
    }

    fn kinds(&mut self, ftl: &Ftl) {
        self.line(format_args!("  {:<34} {:>6} {:>13}", "lines and datagrams", "count", "bytes"));
        for side in Side::BOTH {
            for kind in ftl.traffic.of(side) {
                self.line(format_args!(
                    "    {} {:<30} {:>5} {:>7} bytes",
                    sign(side),
                    kind.name,
                    kind.messages,
                    kind.bytes
                ));
            }
        }
    }

    fn source(&mut self, source: &Source) {
        let mut what = source.codec.map_or_else(
            || "of an unknown codec".to_owned(),
            |codec| format!("{} {}", codec.kind().name(), codec.name()),
        );
        if let Some((width, height)) = source.pictures.as_ref().and_then(|said| said.width.zip(said.height)) {
            what += &format!(" {width}x{height}");
        }
        let (sign, ssrc, payload_type) = (sign(source.from), source.ssrc, source.payload_type);
        self.line(format_args!("    {sign} ssrc {ssrc}, payload type {payload_type}: {what}"));
        let counts = &source.counts;
        let missing = match counts.missing {
            0 => "none missing".to_owned(),
            missing => format!("{missing} missing"),
        };
        let mut parts = vec![format!("{}, {}", count(counts.packets, "packet"), bytes(source.payload)), missing];
        if counts.retransmissions > 0 {
            parts.push(format!("{}, {} recovered", count(counts.retransmissions, "retransmission"), counts.recovered));
        }
        for (number, what) in [(counts.late, "late"), (counts.strange, "far off")] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        for (number, what) in [(counts.duplicates, "duplicate"), (counts.restarts, "restart")] {
            if number > 0 {
                parts.push(count(number, what));
            }
        }
        if counts.asked > 0 {
            parts.push(format!("{} asked for again, {} came", counts.asked, counts.answered));
        }
        self.line(format_args!("        {}", parts.join(", ")));
        self.frames(source);
        if let Some((jitter, highest)) = source.jitter_ms() {
            self.line(format_args!("        jitter {jitter:.3} ms, at most {highest:.3} ms"));
        }
    }

    fn frames(&mut self, source: &Source) {
        let mut line = count(source.frames, "frame");
        if source.frames > 0 {
            line += &format!(", {} whole, the largest of {}", source.whole_frames, bytes(source.largest_frame));
        }
        let time = source.media_ms().map(|ms| format!("{:.3}", ms / 1000.0));
        if let (Some(time), Some(frames), Some(bits)) = (time, source.frame_rate(), source.bit_rate()) {
            line += &format!("; in {time} s of media {frames:.2} frames/s, {}", rate_text(bits));
        }
        self.line(format_args!("        {line}"));
        if source.key_frames > 0 {
            let mut line = count(source.key_frames, "key frame");
            if let Some([least, mean, most]) = source.key_interval_ms() {
                line += &format!(", one every {mean:.0} ms ({least:.0} to {most:.0})");
            }
            self.line(format_args!("        {line}"));
        }
        if source.clock.jumps > 0 {
            let jumps = count(source.clock.jumps, "time");
            self.line(format_args!("        its clock went by more than 10 s {jumps}"));
        }
    }
}

fn code(code: ReplyCode) -> String {
    code.name().map_or_else(|| code.0.to_string(), |name| format!("{} {name}", code.0))
}

fn pings(pings: &Pings) -> String {
    let mut line = format!("{} sent, {} answered", pings.sent, pings.answered);
    let times = [pings.shortest, pings.mean(), pings.longest].map(|ns| ns.map(rounded_milliseconds));
    if let [Some(least), Some(mean), Some(most)] = times {
        line += &match pings.answered {
            1 => format!(" after {least} ms"),
            _ => format!(" after {least} to {most} ms, {mean} in the mean"),
        };
    }
    if let Some((pause, _)) = pings.longest_pause {
        line += &format!("; up to {} ms apart", rounded_milliseconds(pause));
    }
    line
}

fn announced(attributes: &Attributes) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(attributes.protocol_version.as_deref().map(|version| format!("version {}", escape(version))));
    let vendor = [&attributes.vendor_name, &attributes.vendor_version].into_iter().flatten();
    let vendor: Vec<_> = vendor.map(|text| escape(text)).collect();
    if !vendor.is_empty() {
        parts.push(vendor.join(" "));
    }
    let size = attributes.width.zip(attributes.height).map(|(width, height)| format!("{width}x{height}"));
    parts.extend(medium("video", &attributes.video, size));
    parts.extend(medium("audio", &attributes.audio, None));
    if attributes.unknown > 0 {
        parts.push(count(attributes.unknown, "unknown attribute"));
    }
    if attributes.unreadable > 0 {
        parts.push(format!("{} not readable", count(attributes.unreadable, "value")));
    }
    parts
}

fn medium(kind: &str, medium: &Medium, size: Option<String>) -> Option<String> {
    if *medium == Medium::default() && size.is_none() {
        return None;
    }
    if medium.is_sent == Some(false) {
        return Some(format!("no {kind}"));
    }
    let codec = medium.codec.as_deref().map_or_else(String::new, |codec| format!(" {}", escape(codec)));
    let size = size.map_or_else(String::new, |size| format!(" {size}"));
    let payload_type = medium.payload_type.map_or_else(String::new, |number| format!(", payload type {number}"));
    let ssrc = medium.ssrc.map_or_else(String::new, |ssrc| format!(", ssrc {ssrc}"));
    Some(format!("{kind}{codec}{size}{payload_type}{ssrc}"))
}
