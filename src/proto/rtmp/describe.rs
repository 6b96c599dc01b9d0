//! A message in one line, for a person.

use std::fmt::Write;

use super::body::LimitType;
use super::connect::{self, Flag};
use super::{Body, Command, Data, Message, MessageType, SharedObject, SubMessage, UserControl};
use crate::proto::amf::Amf;
use crate::proto::flv::{Audio, Track, Video};
use crate::wire::escape_into;
use crate::wire::words;

mod values;

use values::{clip, members_into, quote, value_into};

/// Tracks of a multitrack message that are described.
const TRACKS: usize = 12;
/// Events of one shared object that are shown.
const EVENTS: usize = 4;

/// What a message says, without its header's fields. Text from the wire is escaped.
pub fn describe(message: &Message) -> String {
    let mut line = String::new();
    match &message.body {
        Body::SetChunkSize(size) | Body::WindowAcknowledgementSize(size) => {
            bytes(&mut line, u64::from(*size));
        }
        Body::Abort(id) => write(&mut line, format_args!("chunk stream {id}")),
        Body::Acknowledgement(number) => {
            bytes(&mut line, u64::from(*number));
            line.push_str(" received");
        }
        Body::SetPeerBandwidth { window, limit } => {
            bytes(&mut line, u64::from(*window));
            match limit.map(|limit| (limit, LimitType::name(limit))) {
                Some((_, Some(name))) => write(&mut line, format_args!(", {name}")),
                Some((limit, None)) => write(&mut line, format_args!(", limit type {}", limit.0)),
                None => {}
            }
        }
        Body::UserControl(event) => user_control(&mut line, event),
        Body::Command(value) => command(&mut line, value),
        Body::Data(value) => data(&mut line, value),
        Body::SharedObject(value) => shared_object(&mut line, value),
        Body::Aggregate(messages) => aggregate(&mut line, messages),
        Body::Audio(value) => audio(&mut line, value, message.payload.len()),
        Body::Video(value) => video(&mut line, value, message.payload.len()),
        Body::Opaque => {
            bytes(&mut line, message.payload.len() as u64);
            line.push_str(", not decoded");
        }
    }
    if let Some(answer) = message.answers {
        write(&mut line, format_args!("  answers {} after {} ms", answer.n, words::milliseconds(answer.latency)));
    }
    for problem in &message.problems {
        write(&mut line, format_args!("  [at byte {}: ", problem.at));
        escape_into(&mut line, &problem.what);
        line.push(']');
    }
    line
}

fn write(line: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = line.write_fmt(arguments);
}

fn bytes(line: &mut String, number: u64) {
    write(line, format_args!("{number} {}", words::plural(number, "byte", "bytes")));
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
        write(line, format_args!("({})", words::number(id)));
    }
    if command.name == "connect" {
        if let Some(object) = &command.object {
            for name in ["app", "tcUrl", "flashVer"] {
                if let Some(value) = object.member(name) {
                    write(line, format_args!(" {name}="));
                    value_into(line, value, 0);
                }
            }
            capabilities(line, object);
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
        for object in command.object.iter().chain(&command.arguments) {
            capabilities(line, object);
        }
        return;
    }
    let object = command.object.iter().filter(|object| !matches!(object, Amf::Null | Amf::Undefined));
    for value in object.chain(&command.arguments) {
        line.push(' ');
        value_into(line, value, 0);
    }
}

/// What a connection's properties say in flags, by their names.
fn capabilities(line: &mut String, object: &Amf) {
    for (name, value) in object.members() {
        if let Some(flags) = connect::names(name, value) {
            write(line, format_args!(" {name}="));
            flags_into(line, &flags);
        } else if name == "objectEncoding" && value.number() == Some(3.0) {
            line.push_str(" objectEncoding=amf3");
        } else if name == "fourCcList" {
            line.push_str(" fourCcList=");
            value_into(line, value, 0);
        } else if matches!(name.as_str(), "videoFourCcInfoMap" | "audioFourCcInfoMap") {
            write(line, format_args!(" {name}={{"));
            for (index, (codec, value)) in value.members().iter().take(values::MEMBERS).enumerate() {
                line.push_str(if index > 0 { " " } else { "" });
                clip(line, codec);
                line.push('=');
                match connect::info(value) {
                    Some(flags) => flags_into(line, &flags),
                    None => value_into(line, value, 1),
                }
            }
            line.push('}');
        }
    }
}

fn flags_into(line: &mut String, flags: &[Flag]) {
    if flags.is_empty() {
        line.push('0');
    }
    for (index, flag) in flags.iter().enumerate() {
        line.push_str(if index > 0 { "|" } else { "" });
        match flag {
            Flag::Name(name) => line.push_str(name),
            Flag::Bit(bit) => write(line, format_args!("{bit:#x}")),
        }
    }
}

fn data(line: &mut String, data: &Data) {
    if let Some(frame) = data.timecode {
        write(line, format_args!("timecode, frame {frame}"));
        return;
    }
    escape_into(line, &data.name);
    for (index, value) in data.values.iter().enumerate() {
        line.push(' ');
        match value {
            // The handler that @setDataFrame names reads as a second name.
            Amf::String(text) if index == 0 && data.handler() != data.name => clip(line, text),
            Amf::Object(members) | Amf::EcmaArray { members, .. } => members_into(line, members, 0),
            value => value_into(line, value, 0),
        }
    }
}

fn shared_object(line: &mut String, object: &SharedObject) {
    quote(line, &object.name);
    write(line, format_args!(" version {}{}", object.version, if object.is_persistent() { " persistent" } else { "" }));
    for event in object.events.iter().take(EVENTS) {
        line.push_str("; ");
        match event.event.name() {
            Some(name) => line.push_str(name),
            None => write(line, format_args!("event {}", event.event.0)),
        }
        for (name, value) in event.properties.iter().take(values::MEMBERS) {
            line.push(' ');
            clip(line, name);
            if let Some(value) = value {
                line.push('=');
                value_into(line, value, 0);
            }
        }
        for text in [&event.handler, &event.level, &event.code].into_iter().flatten() {
            line.push(' ');
            clip(line, text);
        }
        for value in event.arguments.iter().take(values::MEMBERS) {
            line.push(' ');
            value_into(line, value, 0);
        }
    }
    if object.events.len() > EVENTS {
        write(line, format_args!("; … ({} events)", object.events.len()));
    }
}

/// How many messages of each kind, and the time that they span.
fn aggregate(line: &mut String, messages: &[SubMessage]) {
    let mut kinds: Vec<(MessageType, usize)> = Vec::new();
    for message in messages {
        match kinds.iter_mut().find(|(kind, _)| *kind == message.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((message.kind, 1)),
        }
    }
    line.push_str(&words::count(messages.len() as u64, "message"));
    for (index, (kind, count)) in kinds.iter().take(values::MEMBERS).enumerate() {
        write(line, format_args!("{} {count} {}", if index > 0 { "," } else { ":" }, type_name(*kind)));
    }
    if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
        write(line, format_args!(", {} to {} ms", first.timestamp, last.timestamp));
    }
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
    line.push(' ');
    bytes(line, length as u64);
}

fn audio_track(line: &mut String, audio: &Audio) {
    if audio.headerless {
        line.push_str("no audio header");
        return;
    }
    codec(line, audio.codec(), audio.fourcc, audio.format.0);
    if let Some(kind) = audio.packet_type {
        write(line, format_args!(" {kind}"));
    }
    if let Some(profile) = audio.profile {
        write(line, format_args!(" {profile}"));
    }
    if let Some((number, name)) = audio.other_object {
        write(line, format_args!(" object type {number} ({name}, not AAC)"));
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
    line.push(' ');
    bytes(line, length as u64);
}

fn video_track(line: &mut String, video: &Video) {
    if video.headerless {
        line.push_str("no video header");
        return;
    }
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
    write(line, format_args!("multitrack {}", words::count(count as u64, "track")));
    for (index, track) in tracks.iter().take(TRACKS).enumerate() {
        line.push_str(if index == 0 { ": " } else { ", " });
        write(line, format_args!("{} ", track.id));
        one(line, &track.media);
    }
    if count > TRACKS {
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
