//! Shared objects: values that several clients see, and the events by which they change. Source: RTMP 1.0 §7.1.3, whose
//! drawing leaves out eight bytes of the header; Red5 and crtmpserver agree on them.

use std::ops::Range;

use super::edges::{TRAILING, selector};
use crate::proto::amf::{Amf, Context, amf0};
use crate::wire::words::{count, counted};
use crate::wire::{Field, Label, Problem, Reader, Recorder, Stop, Trouble, Value};
use crate::{fields, open_enum};

fields! {
    /// Events of a shared object.
    SHARED_OBJECT: Group "shared_object", "", "RTMP 1.0 §7.1.3";
    /// The shared object's name.
    NAME: Text "shared_object.name", "", "RTMP 1.0 §7.1.3";
    /// The version of its content that the sender has.
    VERSION: Uint "shared_object.version", "", "RTMP 1.0 §7.1.3";
    /// Whether the server keeps it when nobody uses it.
    PERSISTENT: Bool "shared_object.persistent", "", "Red5, crtmpserver";
    /// 2 in persistent ones, 0 in others.
    FLAGS: Uint "shared_object.flags", "", "Red5, crtmpserver";
    /// Always 0.
    RESERVED: Uint "shared_object.reserved", "", "Red5, crtmpserver";
    /// What happened to it.
    EVENTS: List "shared_object.events", "", "RTMP 1.0 §7.1.3";
    /// One event.
    ITEM: Group "shared_object.events.item", "", "RTMP 1.0 §7.1.3";
    /// The number of the event.
    EVENT: Uint "shared_object.events.event", "", "RTMP 1.0 §7.1.3", SharedObjectEventType::WORDS;
    /// The name of the event.
    EVENT_NAME: Word "shared_object.events.name", "", "RTMP 1.0 §7.1.3", SharedObjectEventType::WORDS;
    /// The length of the event's data.
    LENGTH: Uint "shared_object.events.length", "bytes", "RTMP 1.0 §7.1.3";
    /// The property that the event is about.
    KEY: Text "shared_object.events.key", "", "RTMP 1.0 §7.1.3";
    /// The property's value.
    VALUE: Amf "shared_object.events.value", "", "RTMP 1.0 §7.1.3";
    /// The properties behind the first, where an event is about several.
    MORE: List "shared_object.events.more", "", "Red5, crtmpserver";
    /// One of them.
    MORE_ITEM: Group "shared_object.events.more.item", "", "Red5, crtmpserver";
    /// The handler that a message to all is for.
    HANDLER: Text "shared_object.events.handler", "", "RTMP 1.0 §7.1.3";
    /// What it is called with.
    ARGUMENTS: List "shared_object.events.arguments", "", "RTMP 1.0 §7.1.3";
    /// One argument.
    ARGUMENT: Amf "shared_object.events.arguments.item", "", "RTMP 1.0 §7.1.3";
    /// What the status is about.
    CODE: Text "shared_object.events.code", "", "RTMP 1.0 §7.1.3";
    /// How bad it is: `status`, `error`.
    LEVEL: Text "shared_object.events.level", "", "RTMP 1.0 §7.1.3";
    /// Data of an event that is not decoded further.
    DATA: Bytes "shared_object.events.data", "", "RTMP 1.0 §7.1.3";
}

open_enum! {
    /// What happened to a shared object. Source: RTMP 1.0 §7.1.3.
    pub struct SharedObjectEventType(u8) {
        USE = 1 "use",
        RELEASE = 2 "release",
        REQUEST_CHANGE = 3 "request_change",
        CHANGE = 4 "change",
        SUCCESS = 5 "success",
        SEND_MESSAGE = 6 "send_message",
        STATUS = 7 "status",
        CLEAR = 8 "clear",
        REMOVE = 9 "remove",
        REQUEST_REMOVE = 10 "request_remove",
        USE_SUCCESS = 11 "use_success",
    }
}

/// Flags of a persistent shared object.
const IS_PERSISTENT: u32 = 2;

/// Events of one shared object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedObject {
    pub name: String,
    pub version: u32,
    pub flags: u32,
    pub events: Vec<SharedObjectEvent>,
}

impl SharedObject {
    pub fn is_persistent(&self) -> bool {
        self.flags & IS_PERSISTENT != 0
    }
}

/// One event with what it carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedObjectEvent {
    pub event: SharedObjectEventType,
    /// The properties that it is about; with their values where it carries them.
    pub properties: Vec<(String, Option<Amf>)>,
    /// The handler of a message to all.
    pub handler: Option<String>,
    pub arguments: Vec<Amf>,
    pub code: Option<String>,
    pub level: Option<String>,
}

/// Reads the events of a shared object to the end of the message.
pub(super) fn shared_object<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    object: &mut SharedObject,
    is_amf3: bool,
    context: &mut Context,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    if is_amf3 {
        selector(r)?;
    }
    r.group(&SHARED_OBJECT, |r| {
        object.name = name(r, &NAME)?;
        object.version = r.u32(&VERSION)?;
        let at = r.at();
        object.flags = r.u32(&FLAGS)?;
        r.note(&PERSISTENT, at..r.at(), Value::Bool(object.is_persistent()));
        r.u32(&RESERVED)?;
        r.node(&EVENTS, |r| {
            while !r.is_empty() {
                r.label(Label::Index(object.events.len() as u32));
                let mut event = SharedObjectEvent::default();
                let result = r.group(&ITEM, |r| whole_event(r, &mut event, context, problems));
                object.events.push(event);
                result?;
            }
            Ok(((), Value::List))
        })
    })
}

/// One event. Its length says where the next one begins, whatever its data turns out to be.
fn whole_event<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    event: &mut SharedObjectEvent,
    context: &mut Context,
    problems: &mut Vec<Problem>,
) -> Result<(), Stop> {
    let at = r.at();
    event.event = SharedObjectEventType(r.u8(&EVENT)?);
    if let Some(name) = event.event.name() {
        r.note(&EVENT_NAME, at..at + 1, Value::Word(name));
    }
    let length = r.u32(&LENGTH)? as usize;
    if length > r.left() {
        let what = format!(
            "an event's data needs {}, {}",
            count(length as u64, "byte"),
            counted(r.left(), "is left", "are left")
        );
        problems.push(r.stop(what).of(Trouble::Truncated));
    }
    r.within(length, |r| {
        // The properties of one event are written by themselves.
        context.forget_references();
        let before = problems.len();
        let result = data(r, event, context);
        problems.extend(result.err());
        problems.extend(context.take_end());
        if !r.is_empty() {
            if problems.len() == before {
                let what = format!("{} behind the end of the event's content", count(r.left() as u64, "byte"));
                problems.push(r.stop(what).of(Trouble::Trailing));
            }
            r.remainder(&TRAILING);
        }
    });
    Ok(())
}

fn data<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    event: &mut SharedObjectEvent,
    context: &mut Context,
) -> Result<(), Stop> {
    match event.event {
        SharedObjectEventType::USE | SharedObjectEventType::RELEASE | SharedObjectEventType::CLEAR => {}
        SharedObjectEventType::REQUEST_CHANGE | SharedObjectEventType::CHANGE | SharedObjectEventType::USE_SUCCESS => {
            properties(r, event, |r| {
                let value = amf0::value(r, context, &VALUE)?;
                Ok((Some(value), context.take_end()))
            })?;
        }
        SharedObjectEventType::SUCCESS | SharedObjectEventType::REMOVE | SharedObjectEventType::REQUEST_REMOVE => {
            properties(r, event, |_| Ok((None, None)))?;
        }
        SharedObjectEventType::SEND_MESSAGE => {
            let at = r.at();
            match amf0::value(r, context, &HANDLER)? {
                Amf::String(name) => event.handler = Some(name),
                _ => return Err(Stop::new(at, "a message's handler is not a string")),
            }
            r.node(&ARGUMENTS, |r| {
                while !r.is_empty() && !context.has_ended() {
                    r.label(Label::Index(event.arguments.len() as u32));
                    event.arguments.push(amf0::further(r, context, &ARGUMENT)?);
                }
                Ok(((), Value::List))
            })?;
        }
        SharedObjectEventType::STATUS => {
            event.code = Some(name(r, &CODE)?);
            event.level = Some(name(r, &LEVEL)?);
        }
        _ => r.remainder(&DATA),
    }
    Ok(())
}

/// Names, each with what `value` reads behind it, and why nothing more can be read, if so. The first stands in the event, the others in a list.
fn properties<'a, 'r, R: Recorder>(
    r: &mut Reader<'a, 'r, R>,
    event: &mut SharedObjectEvent,
    mut value: impl FnMut(&mut Reader<'a, 'r, R>) -> Result<(Option<Amf>, Option<Stop>), Stop>,
) -> Result<(), Stop> {
    let mut property = |r: &mut Reader<'a, 'r, R>| {
        let name = name(r, &KEY)?;
        let (value, end) = value(r)?;
        event.properties.push((name, value));
        end.map_or(Ok(()), Err)
    };
    if r.is_empty() {
        return Ok(());
    }
    property(r)?;
    if r.is_empty() {
        return Ok(());
    }
    r.node(&MORE, |r| {
        let mut index = 0;
        while !r.is_empty() {
            r.label(Label::Index(index));
            r.group(&MORE_ITEM, &mut property)?;
            index += 1;
        }
        Ok(((), Value::List))
    })
}

/// A text behind its length in two bytes, without an AMF marker.
fn name<R: Recorder>(r: &mut Reader<'_, '_, R>, field: &'static Field) -> Result<String, Stop> {
    r.node(field, |r| {
        let length = r.skip(2, "a name's length")?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let start = r.at();
        let text = String::from_utf8_lossy(r.skip(length, "a name")?).into_owned();
        let range: Range<u32> = start..r.at();
        Ok((text, Value::Text(range)))
    })
}
