//! Aggregate messages: several messages of one stream in one, laid out as the tags of an FLV file. Source: RTMP 1.0
//! §7.1.6.

use super::MessageType;
use super::body::{Body, Surroundings, payload};
use crate::fields;
use crate::wire::words::{count, counted};
use crate::wire::{Label, Problem, Reader, Recorder, Stop, Value};

fields! {
    /// Several messages in one.
    AGGREGATE: Group "aggregate", "", "RTMP 1.0 §7.1.6";
    /// The messages inside.
    MESSAGES: List "aggregate.messages", "", "RTMP 1.0 §7.1.6";
    /// One of them.
    MESSAGE: Group "aggregate.messages.item", "", "RTMP 1.0 §7.1.6";
    /// What kind of message it is.
    TYPE: Uint "aggregate.messages.type", "", "RTMP 1.0 §7.1.6", MessageType::WORDS;
    /// The name of that kind.
    TYPE_NAME: Word "aggregate.messages.type_name", "", "RTMP 1.0 §7.1.6", MessageType::WORDS;
    /// The length of its payload.
    LENGTH: Uint "aggregate.messages.length", "bytes", "RTMP 1.0 §7.1.6";
    /// Its time in the stream: the aggregate's, and what it comes after the first message inside.
    TIMESTAMP: Uint "aggregate.messages.timestamp", "ms", "RTMP 1.0 §7.1.6";
    /// Its time as its own header has it.
    OWN_TIMESTAMP: Uint "aggregate.messages.own_timestamp", "ms", "RTMP 1.0 §7.1.6";
    /// The message stream of its own header; the aggregate's counts.
    MESSAGE_STREAM_ID: Uint "aggregate.messages.message_stream_id", "", "RTMP 1.0 §7.1.6";
    /// The size of the message with its header, as it stands behind it.
    BACK_POINTER: Uint "aggregate.messages.back_pointer", "bytes", "RTMP 1.0 §7.1.6";
}

/// Bytes of a message's header inside an aggregate.
const HEADER: u32 = 11;

/// A message inside an aggregate message.
#[derive(Clone, Debug, PartialEq)]
pub struct SubMessage {
    pub kind: MessageType,
    /// In ms in the stream: the aggregate's, and what it comes after the first message inside. It wraps at 2^32.
    pub timestamp: u32,
    /// In ms, as its own header has it.
    pub own_timestamp: u32,
    /// Bytes of its payload, as its header says.
    pub length: u32,
    /// Of its own header. The aggregate's counts instead.
    pub message_stream_id: u32,
    /// Where its payload starts in the aggregate's.
    pub offset: u32,
    pub body: Body,
    /// What stands behind it, where something does.
    pub back_pointer: Option<u32>,
}

impl SubMessage {
    /// Whether the back pointer is the message's size. The last one of an aggregate is often not: no reader needs it.
    pub fn has_right_back_pointer(&self) -> bool {
        self.back_pointer == Some(self.length.wrapping_add(HEADER))
    }
}

/// Reads an aggregate to its end.
pub(super) fn aggregate<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    messages: &mut Vec<SubMessage>,
    surroundings: &mut Surroundings<'_>,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    r.group(&AGGREGATE, |r| {
        r.node(&MESSAGES, |r| {
            while !r.is_empty() {
                if messages.len() >= surroundings.limits.aggregate_messages {
                    surroundings.context.reach("aggregate_messages");
                    return Err(r.stop("more messages in an aggregate than are followed"));
                }
                let first = messages.first().map(|first| first.own_timestamp);
                r.label(Label::Index(messages.len() as u32));
                messages.push(r.group(&MESSAGE, |r| message(r, first, surroundings, problems))?);
            }
            Ok(((), Value::List))
        })
    })
}

fn message<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    first: Option<u32>,
    surroundings: &mut Surroundings<'_>,
    problems: &mut Vec<Problem>,
) -> Result<SubMessage, Stop> {
    let at = r.at();
    let kind = MessageType(r.u8(&TYPE)?);
    if let Some(name) = kind.name() {
        r.note(&TYPE_NAME, at..at + 1, Value::Word(name));
    }
    let length = r.u24(&LENGTH)?;
    let at = r.at();
    let time = r.skip(4, "a timestamp")?;
    // The low 24 bits, then the high eight.
    let own_timestamp = u32::from_be_bytes([time[3], time[0], time[1], time[2]]);
    let timestamp = surroundings.timestamp.wrapping_add(own_timestamp.wrapping_sub(first.unwrap_or(own_timestamp)));
    r.note(&TIMESTAMP, at..at + 4, Value::Uint(u64::from(timestamp)));
    r.note(&OWN_TIMESTAMP, at..at + 4, Value::Uint(u64::from(own_timestamp)));
    let message_stream_id = r.u24(&MESSAGE_STREAM_ID)?;
    let offset = r.at();
    let is_whole = length as usize <= r.left();
    if !is_whole {
        problems.push(r.stop(format!(
            "a message of {} in an aggregate, {}",
            count(u64::from(length), "byte"),
            counted(r.left(), "is left", "are left")
        )));
    }
    let body = r.within(length as usize, |r| {
        let (body, inside) = payload(r, kind, surroundings);
        // What is wrong with a message that is cut comes of that.
        problems.extend(inside.into_iter().filter(|_| is_whole));
        body
    });
    // Some senders leave out the last one.
    let back_pointer = if r.is_empty() { None } else { Some(r.u32(&BACK_POINTER)?) };
    Ok(SubMessage { kind, timestamp, own_timestamp, length, message_stream_id, offset, body, back_pointer })
}
