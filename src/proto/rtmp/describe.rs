//! A message in one line, for a person.

use std::fmt::Write;

use super::body::LimitType;
use super::{Body, Command, Data, Message, MessageType, UserControl};
use crate::proto::amf::Amf;
use crate::proto::flv::{Audio, Track, Video};
use crate::wire::escape_into;

/// Characters of one text value that are shown.
const TEXT: usize = 80;
/// Members of one object that are shown.
const MEMBERS: usize = 12;

/// What a message says, without its header's fields. Text from the wire is escaped.
pub fn describe(message: &Message) -> String {
    let mut line = String::new();
    match &message.body {
        Body::SetChunkSize(size) | Body::WindowAcknowledgementSize(size) => {
            write(&mut line, format_args!("{size} bytes"));
        }
        Body::Abort(id) => write(&mut line, format_args!("chunk stream {id}")),
        Body::Acknowledgement(number) => write(&mut line, format_args!("{number} bytes received")),
        Body::SetPeerBandwidth { window, limit } => {
            write(&mut line, format_args!("{window} bytes"));
            match limit.map(|limit| (limit, LimitType::name(limit))) {
                Some((_, Some(name))) => write(&mut line, format_args!(", {name}")),
                Some((limit, None)) => write(&mut line, format_args!(", limit type {}", limit.0)),
                None => {}
            }
        }
        Body::UserControl(event) => user_control(&mut line, event),
        Body::Command(value) => command(&mut line, value),
        Body::Data(value) => data(&mut line, value),
        Body::Audio(value) => audio(&mut line, value, message.payload.len()),
        Body::Video(value) => video(&mut line, value, message.payload.len()),
        Body::Opaque => write(&mut line, format_args!("{} bytes, not decoded", message.payload.len())),
    }
    if let Some(answer) = message.answers {
        write(&mut line, format_args!("  answers {} after {} ms", answer.n, milliseconds(answer.latency)));
    }
    for problem in &message.problems {
        write(&mut line, format_args!("  [at byte {}: ", problem.at));
        escape_into(&mut line, &problem.what);
        line.push(']');
    }
    line
}

/// Nanoseconds as milliseconds, with as many digits as they have.
fn milliseconds(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    let text = format!("{sign}{}.{:06}", ns / 1_000_000, ns % 1_000_000);
    let text = text.trim_end_matches('0');
    text.strip_suffix('.').unwrap_or(text).to_owned()
}

fn write(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = line.write_fmt(arguments);
}

fn user_control(line: &mut String, event: &UserControl) {
    match event.event.name() {
        Some(name) => line.push_str(name),
        None => write(line, format_args!("event {}", event.event.0)),
    }
    if let Some(id) = event.stream_id {
        write(line, format_args!(" stream {id}"));
    }
    if let Some(length) = event.buffer_length {
        write(line, format_args!(" {length} ms"));
    }
    if let Some(time) = event.timestamp {
        write(line, format_args!(" {time}"));
    }
}

fn command(line: &mut String, command: &Command) {
    escape_into(line, &command.name);
    if let Some(id) = command.transaction_id {
        write(line, format_args!("({id})"));
    }
    if command.name == "connect" {
        if let Some(object) = &command.object {
            for name in ["app", "tcUrl", "flashVer"] {
                if let Some(value) = object.member(name) {
                    write(line, format_args!(" {name}="));
                    value_into(line, value, 0);
                }
            }
        }
        return;
    }
    if let Some(information) = command.information() {
        for name in ["level", "code"] {
            if let Some(text) = information.member(name).and_then(Amf::text) {
                line.push(' ');
                clip(line, text);
            }
        }
        if let Some(text) = information.member("description").and_then(Amf::text)
            && !text.is_empty()
        {
            line.push(' ');
            quote(line, text);
        }
        return;
    }
    let object = command.object.iter().filter(|object| !matches!(object, Amf::Null | Amf::Undefined));
    for value in object.chain(&command.arguments) {
        line.push(' ');
        value_into(line, value, 0);
    }
}

fn data(line: &mut String, data: &Data) {
    escape_into(line, &data.name);
    for value in &data.values {
        line.push(' ');
        match value {
            // The handler inside @setDataFrame reads as a second name.
            Amf::String(text) if data.name == "@setDataFrame" => clip(line, text),
            Amf::Object(members) | Amf::EcmaArray { members, .. } => members_into(line, members, 0),
            value => value_into(line, value, 0),
        }
    }
}

fn value_into(line: &mut String, value: &Amf, depth: usize) {
    match value {
        Amf::Number(number) => write(line, format_args!("{number}")),
        Amf::Boolean(flag) => write(line, format_args!("{flag}")),
        Amf::String(text) => quote(line, text),
        Amf::Xml(text) => {
            line.push_str("xml ");
            quote(line, text);
        }
        Amf::Null => line.push_str("null"),
        Amf::Undefined => line.push_str("undefined"),
        Amf::Unsupported => line.push_str("unsupported"),
        Amf::Reference(index) => write(line, format_args!("reference {index}")),
        Amf::Date { ms, .. } => write(line, format_args!("date {ms}")),
        Amf::Raw => line.push_str("(AMF3, not decoded)"),
        Amf::StrictArray(items) => {
            line.push('[');
            for (index, item) in items.iter().take(MEMBERS).enumerate() {
                if index > 0 {
                    line.push_str(", ");
                }
                if depth < 3 {
                    value_into(line, item, depth + 1);
                }
            }
            line.push_str(if items.len() > MEMBERS { ", …]" } else { "]" });
        }
        Amf::Object(members) | Amf::EcmaArray { members, .. } | Amf::Typed { members, .. } => {
            line.push('{');
            if depth < 3 {
                members_into(line, members, depth);
            }
            line.push('}');
        }
    }
}

fn members_into(line: &mut String, members: &[(String, Amf)], depth: usize) {
    for (index, (name, value)) in members.iter().take(MEMBERS).enumerate() {
        if index > 0 {
            line.push(' ');
        }
        clip(line, name);
        line.push('=');
        value_into(line, value, depth + 1);
    }
    if members.len() > MEMBERS {
        line.push_str(" …");
    }
}

fn clip(line: &mut String, text: &str) {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => {
            escape_into(line, &text[..end]);
            line.push('…');
        }
        None => escape_into(line, text),
    }
}

fn quote(line: &mut String, text: &str) {
    line.push('"');
    clip(line, text);
    line.push('"');
}

fn audio(line: &mut String, audio: &Audio, length: usize) {
    if length == 0 {
        line.push_str("empty: silence");
        return;
    }
    if audio.multitrack.is_none() {
        audio_track(line, audio);
    } else {
        tracks(line, &audio.tracks, audio_track);
    }
    offset(line, audio.timestamp_offset_ns);
    write(line, format_args!(" {length} bytes"));
}

fn audio_track(line: &mut String, audio: &Audio) {
    codec(line, audio.codec(), audio.fourcc, audio.format.0);
    if let Some(kind) = audio.packet_type {
        write(line, format_args!(" {kind}"));
    }
    if let Some(profile) = audio.profile {
        write(line, format_args!(" {profile}"));
    }
    if let Some(rate) = audio.sample_rate {
        write(line, format_args!(" {rate} Hz"));
    }
    if let Some(channels) = audio.channels {
        write(line, format_args!(" {channels} ch"));
    }
}

fn video(line: &mut String, video: &Video, length: usize) {
    if length == 0 {
        line.push_str("empty");
        return;
    }
    if let Some(command) = video.command {
        match command {
            0 => line.push_str("command: start seek"),
            1 => line.push_str("command: end seek"),
            command => write(line, format_args!("command {command}")),
        }
    } else if video.multitrack.is_none() {
        video_track(line, video);
    } else {
        tracks(line, &video.tracks, video_track);
    }
    offset(line, video.timestamp_offset_ns);
    write(line, format_args!(" {length} bytes"));
}

fn video_track(line: &mut String, video: &Video) {
    codec(line, video.codec(), video.fourcc, video.codec_id.0);
    match video.frame_type.name() {
        // A metadata frame is no frame: its type is to be ignored.
        _ if video.packet_type == Some("metadata") => {}
        Some(name) => write(line, format_args!(" {name}")),
        None => write(line, format_args!(" frame type {}", video.frame_type.0)),
    }
    if let Some(kind) = video.packet_type {
        write(line, format_args!(" {kind}"));
    }
    let sequence = video.sequence.as_deref().copied().unwrap_or_default();
    match (sequence.profile, sequence.level) {
        (Some(profile), Some(level)) => write(line, format_args!(" {profile}@{level}")),
        (Some(profile), None) => write(line, format_args!(" {profile}")),
        (None, Some(level)) => write(line, format_args!(" level {level}")),
        (None, None) => {}
    }
    if let (Some(width), Some(height)) = (video.width, video.height) {
        write(line, format_args!(" {width}x{height}"));
    }
    if let Some(rate) = sequence.frame_rate {
        let rate = (rate * 1000.0).round() / 1000.0;
        write(line, format_args!(" {rate} fps"));
    }
    if let Some(time) = video.composition_time
        && matches!(video.packet_type, Some("coded_frames"))
    {
        write(line, format_args!(" {time:+} ms"));
    }
}

/// The codec's name, or what stands in the message for it.
fn codec(line: &mut String, name: Option<&str>, fourcc: Option<[u8; 4]>, id: u8) {
    match (name, fourcc) {
        (Some(name), _) => line.push_str(name),
        (None, Some(fourcc)) => escape_into(line, &String::from_utf8_lossy(&fourcc)),
        (None, None) if id == 0 => line.push_str("enhanced"),
        (None, None) => write(line, format_args!("codec {id}")),
    }
}

/// Every track with its id, in place of the one of a message without.
fn tracks<T>(line: &mut String, tracks: &[Track<T>], one: impl Fn(&mut String, &T)) {
    let count = tracks.len();
    write(line, format_args!("multitrack {count} {}", if count == 1 { "track" } else { "tracks" }));
    for (index, track) in tracks.iter().take(MEMBERS).enumerate() {
        line.push_str(if index == 0 { ": " } else { ", " });
        write(line, format_args!("{} ", track.id));
        one(line, &track.media);
    }
    if count > MEMBERS {
        line.push_str(", …");
    }
}

fn offset(line: &mut String, ns: Option<u32>) {
    if let Some(ns) = ns {
        write(line, format_args!(" {ns:+} ns"));
    }
}

/// A message type's name, or its number in words.
pub fn type_name(kind: MessageType) -> String {
    kind.name().map_or_else(|| format!("type {}", kind.0), str::to_owned)
}
