//! Message payloads by type. Source: RTMP 1.0 §5.4, §6.2, §7.1.

use super::MessageType;
use super::aggregate::{self, SubMessage};
use super::command::{self, Command};
use super::data::{self, Data};
use super::edges::{PAYLOAD, TRAILING};
use super::shared_object::{self, SharedObject};
use crate::limits::Limits;
use crate::proto::amf::Context;
use crate::proto::flv::{self, Audio, Video};
use crate::wire::words::count;
use crate::wire::{Problem, Reader, Recorder, Stop, Trouble, Value};
use crate::{fields, open_enum};

fields! {
    /// The most payload bytes that a chunk of the sender has from here on.
    CHUNK_SIZE: Uint "chunk_size", "bytes", "RTMP 1.0 §5.4.1";
    /// The chunk stream whose unfinished message is dropped.
    ABORTED_CHUNK_STREAM_ID: Uint "aborted_chunk_stream_id", "", "RTMP 1.0 §5.4.2";
    /// Bytes received so far, modulo 2^32.
    SEQUENCE_NUMBER: Uint "sequence_number", "bytes", "RTMP 1.0 §5.4.3";
    /// How many bytes may come before an Acknowledgement is sent.
    WINDOW_SIZE: Uint "window_size", "bytes", "RTMP 1.0 §5.4.4, §5.4.5";
    /// How the peer shall treat the new window size.
    LIMIT_TYPE: Word "limit_type", "", "RTMP 1.0 §5.4.5", LimitType::WORDS;
    /// A user control event.
    USER_CONTROL: Group "user_control", "", "RTMP 1.0 §6.2, §7.1.7";
    /// The number of the event.
    EVENT: Uint "user_control.event", "", "RTMP 1.0 §7.1.7", UserControlEvent::WORDS;
    /// The name of the event.
    NAME: Word "user_control.name", "", "RTMP 1.0 §7.1.7", UserControlEvent::WORDS;
    /// The message stream that the event is about.
    STREAM_ID: Uint "user_control.stream_id", "", "RTMP 1.0 §7.1.7";
    /// How much the client buffers.
    BUFFER_LENGTH: Uint "user_control.buffer_length", "ms", "RTMP 1.0 §7.1.7";
    /// The sender's time, which the answer repeats.
    TIMESTAMP: Uint "user_control.timestamp", "ms", "RTMP 1.0 §7.1.7";
    /// Data of an event that is not decoded further.
    EVENT_DATA: Bytes "user_control.data", "", "RTMP 1.0 §6.2";
    /// The SWF file's size, as the answer to SWF verification has it.
    SWF_SIZE: Uint "user_control.swf_size", "bytes", "librtmp";
    /// The SWF file's size a second time.
    SWF_SIZE_AGAIN: Uint "user_control.swf_size_again", "bytes", "librtmp";
    /// The version of SWF verification that is asked for.
    SWF_VERSION: Uint "user_control.swf_verification", "", "librtmp";
    /// The HMAC over the SWF file's hash.
    SWF_DIGEST: Bytes "user_control.swf_digest", "", "librtmp";
}

open_enum! {
    /// A user control event. Source: RTMP 1.0 §7.1.7; 26, 27, 31, 32: librtmp; 8, 34, 41: seen with FMS, RFC 7425.
    pub struct UserControlEvent(u16) {
        STREAM_BEGIN = 0 "stream_begin",
        STREAM_EOF = 1 "stream_eof",
        STREAM_DRY = 2 "stream_dry",
        SET_BUFFER_LENGTH = 3 "set_buffer_length",
        STREAM_IS_RECORDED = 4 "stream_is_recorded",
        PING_REQUEST = 6 "ping_request",
        PING_RESPONSE = 7 "ping_response",
        CLIENT_ID = 8 "client_id",
        SWF_VERIFICATION_REQUEST = 26 "swf_verification_request",
        SWF_VERIFICATION_RESPONSE = 27 "swf_verification_response",
        BUFFER_EMPTY = 31 "buffer_empty",
        BUFFER_READY = 32 "buffer_ready",
        FLOW_SYNC = 34 "flow_sync",
        SET_KEEPALIVE = 41 "set_keepalive",
    }
}

open_enum! {
    /// Set Peer Bandwidth's limit type. Source: RTMP 1.0 §5.4.5.
    pub struct LimitType(u8) {
        HARD = 0 "hard",
        SOFT = 1 "soft",
        DYNAMIC = 2 "dynamic",
    }
}

/// A message's decoded payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    SetChunkSize(u32),
    Abort(u32),
    Acknowledgement(u32),
    UserControl(UserControl),
    WindowAcknowledgementSize(u32),
    SetPeerBandwidth {
        window: u32,
        limit: Option<LimitType>,
    },
    Command(Command),
    Data(Data),
    SharedObject(SharedObject),
    /// The messages inside, in order.
    Aggregate(Vec<SubMessage>),
    Audio(Audio),
    Video(Video),
    /// A type that is not decoded, or a payload that could not be.
    Opaque,
}

/// A user control event with what it carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserControl {
    pub event: UserControlEvent,
    pub stream_id: Option<u32>,
    /// Milliseconds.
    pub buffer_length: Option<u32>,
    /// Milliseconds.
    pub timestamp: Option<u32>,
}

/// What a payload's decoder knows beside the payload.
pub(super) struct Surroundings<'l> {
    pub(super) limits: &'l Limits,
    /// The message's, in ms.
    pub(super) timestamp: u32,
    /// Shared by all values of the message, also of those inside it.
    pub(super) context: Context,
    is_inside_aggregate: bool,
}

/// Decodes a payload to its end. Whatever cannot be decoded is a problem, and what came before it stands.
pub(super) fn decode<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    kind: MessageType,
    timestamp: u32,
    limits: &Limits,
) -> Decoded {
    let context = Context::new(limits);
    let mut surroundings = Surroundings { limits, timestamp, context, is_inside_aggregate: false };
    let (body, problems) = payload(r, kind, &mut surroundings);
    Decoded { body, problems, limit: surroundings.context.reached() }
}

/// What came of a payload.
pub(super) struct Decoded {
    pub(super) body: Body,
    pub(super) problems: Vec<Problem>,
    /// The first limit that was reached, by its name.
    pub(super) limit: Option<&'static str>,
}

/// Decodes a payload, of a message or of one inside it.
pub(super) fn payload<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    kind: MessageType,
    surroundings: &mut Surroundings<'_>,
) -> (Body, Vec<Problem>) {
    let mut problems = Vec::new();
    let limits = surroundings.limits;
    let context = &mut surroundings.context;
    context.forget_references();
    let body = match kind {
        MessageType::COMMAND_AMF0 | MessageType::COMMAND_AMF3 => {
            let mut command = Command::default();
            let is_amf3 = kind == MessageType::COMMAND_AMF3;
            keep(command::command(r, &mut command, is_amf3, context, limits), &mut problems);
            Body::Command(command)
        }
        MessageType::DATA_AMF0 | MessageType::DATA_AMF3 => {
            let mut data = Data::default();
            keep(data::data(r, &mut data, kind == MessageType::DATA_AMF3, context), &mut problems);
            Body::Data(data)
        }
        MessageType::SHARED_OBJECT_AMF0 | MessageType::SHARED_OBJECT_AMF3 => {
            let mut object = SharedObject::default();
            let is_amf3 = kind == MessageType::SHARED_OBJECT_AMF3;
            let result = shared_object::shared_object(r, &mut object, is_amf3, context, &mut problems);
            keep(result, &mut problems);
            Body::SharedObject(object)
        }
        MessageType::AGGREGATE if surroundings.is_inside_aggregate => {
            problems.push(r.stop("an aggregate inside an aggregate"));
            Body::Opaque
        }
        MessageType::AGGREGATE => {
            let mut messages = Vec::new();
            surroundings.is_inside_aggregate = true;
            let result = aggregate::aggregate(r, &mut messages, surroundings, &mut problems);
            keep(result, &mut problems);
            Body::Aggregate(messages)
        }
        MessageType::AUDIO => {
            let (audio, stop) = flv::audio(r);
            problems.extend(stop);
            Body::Audio(audio)
        }
        MessageType::VIDEO => {
            let (video, stop) = flv::video(r);
            problems.extend(stop);
            Body::Video(video)
        }
        MessageType::USER_CONTROL => {
            let mut event = UserControl::default();
            keep(r.group(&USER_CONTROL, |r| user_control(r, &mut event)), &mut problems);
            Body::UserControl(event)
        }
        _ => match protocol_control(r, kind) {
            Ok(body) => body,
            Err(stop) => {
                problems.push(stop);
                Body::Opaque
            }
        },
    };
    problems.extend(surroundings.context.take_end());
    if !r.is_empty() {
        let known = !matches!(body, Body::Opaque);
        if known && problems.is_empty() {
            let what = format!("{} behind the end of the message's content", count(r.left() as u64, "byte"));
            problems.push(r.stop(what).of(Trouble::Trailing));
        }
        r.remainder(if known { &TRAILING } else { &PAYLOAD });
    }
    (body, problems)
}

fn keep(result: Result<(), Stop>, problems: &mut Vec<Problem>) {
    problems.extend(result.err());
}

fn protocol_control<R: Recorder>(r: &mut Reader<'_, '_, R>, kind: MessageType) -> Result<Body, Stop> {
    Ok(match kind {
        MessageType::SET_CHUNK_SIZE => Body::SetChunkSize(r.u32(&CHUNK_SIZE)?),
        MessageType::ABORT => Body::Abort(r.u32(&ABORTED_CHUNK_STREAM_ID)?),
        MessageType::ACKNOWLEDGEMENT => Body::Acknowledgement(r.u32(&SEQUENCE_NUMBER)?),
        MessageType::WINDOW_ACKNOWLEDGEMENT_SIZE => Body::WindowAcknowledgementSize(r.u32(&WINDOW_SIZE)?),
        MessageType::SET_PEER_BANDWIDTH => {
            let window = r.u32(&WINDOW_SIZE)?;
            // Some senders leave the limit type out; the window is still theirs.
            let at = r.at();
            let limit = r.peek().map(LimitType);
            if let Some(limit) = limit {
                r.skip(1, "a limit type")?;
                let value = limit.name().map_or(Value::Uint(u64::from(limit.0)), Value::Word);
                r.note(&LIMIT_TYPE, at..at + 1, value);
            }
            Body::SetPeerBandwidth { window, limit }
        }
        _ => Body::Opaque,
    })
}

fn user_control<R: Recorder>(r: &mut Reader<'_, '_, R>, control: &mut UserControl) -> Result<(), Stop> {
    let at = r.at();
    control.event = UserControlEvent(r.u16(&EVENT)?);
    if let Some(name) = control.event.name() {
        r.note(&NAME, at..at + 2, Value::Word(name));
    }
    match control.event {
        UserControlEvent::STREAM_BEGIN
        | UserControlEvent::STREAM_EOF
        | UserControlEvent::STREAM_DRY
        | UserControlEvent::STREAM_IS_RECORDED
        | UserControlEvent::BUFFER_EMPTY
        | UserControlEvent::BUFFER_READY => control.stream_id = Some(r.u32(&STREAM_ID)?),
        UserControlEvent::SET_BUFFER_LENGTH => {
            control.stream_id = Some(r.u32(&STREAM_ID)?);
            control.buffer_length = Some(r.u32(&BUFFER_LENGTH)?);
        }
        UserControlEvent::PING_REQUEST | UserControlEvent::PING_RESPONSE => {
            control.timestamp = Some(r.u32(&TIMESTAMP)?);
        }
        UserControlEvent::SWF_VERIFICATION_REQUEST => {
            r.u8(&SWF_VERSION)?;
        }
        UserControlEvent::SWF_VERIFICATION_RESPONSE => {
            r.bytes(&EVENT_DATA, 2)?;
            r.u32(&SWF_SIZE)?;
            r.u32(&SWF_SIZE_AGAIN)?;
            r.bytes(&SWF_DIGEST, 32)?;
        }
        _ => r.remainder(&EVENT_DATA),
    }
    Ok(())
}
