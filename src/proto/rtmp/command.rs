//! Commands: calls and answers, in AMF0 and "AMF3". Source: RTMP 1.0 §7.1.1, §7.2; RTMP errata and addenda §7.2.

use std::ops::Range;

use super::connect;
use super::encoding::{Encoding, Front};
use crate::fields;
use crate::limits::Limits;
use crate::proto::amf::{Amf, Context};
use crate::wire::{Label, Reader, Recorder, Stop, Value};

fields! {
    /// A call or an answer.
    COMMAND: Group "command", "", "RTMP 1.0 §7.1.1, §7.2";
    /// The procedure that is called, or `_result`, `_error`, `onStatus`.
    COMMAND_NAME: Text "command.name", "", "RTMP 1.0 §7.2.1.1";
    /// Which call this is, or which it answers; 0 wants no answer.
    TRANSACTION_ID: Number "command.transaction_id", "", "RTMP 1.0 §7.2.1.1";
    /// The command object, or null.
    OBJECT: Amf "command.object", "", "RTMP 1.0 §7.2.1.1";
    /// Everything after the command object.
    ARGUMENTS: List "command.arguments", "", "RTMP 1.0 §7.2.1.1";
    /// One argument.
    ARGUMENT: Amf "command.arguments.item", "", "RTMP 1.0 §7.2.1.1";
}

/// A call or an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub name: String,
    pub transaction_id: Option<f64>,
    pub object: Option<Amf>,
    pub arguments: Vec<Amf>,
    /// What stands first, or second, is a value of another type than its place asks for: nothing behind it is read.
    pub misplaced: Option<Misplaced>,
}

/// A value of a command that its place does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// Where the name belongs there is something else than a string.
    Name,
    /// Where the transaction id belongs there is something else than a number.
    TransactionId,
}

impl Command {
    /// Whether it answers a call instead of being one.
    pub fn is_answer(&self) -> bool {
        matches!(self.name.as_str(), "_result" | "_error")
    }

    /// Whether it tells of a status instead of calling anything.
    pub fn is_status(&self) -> bool {
        self.name == "onStatus"
    }

    /// The information object of an `onStatus`, a `_result` or an `_error`: the first value that has a `code`.
    pub fn information(&self) -> Option<&Amf> {
        self.arguments.iter().chain(&self.object).find(|value| value.member("code").is_some())
    }

    /// The text in `name` of the information object.
    pub fn information_text(&self, name: &str) -> Option<&str> {
        self.information()?.member(name)?.text()
    }
}

/// Reads a command to the end of its message.
pub(super) fn command<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    command: &mut Command,
    is_amf3: bool,
    context: &mut Context,
    limits: &Limits,
) -> Result<(), Stop> {
    let front = Front::of(r, context, &COMMAND_NAME, true, is_amf3)?;
    let at = r.at();
    let encoding = r.group(&COMMAND, |r| {
        let encoding = Encoding::of(r, context, &COMMAND_NAME, true);
        let mut objects = Vec::new();
        let result = values(r, command, encoding, context, &mut objects);
        if encoding != Encoding::Amf3 {
            connect::record(r, command, &objects, limits);
        }
        result.map(|()| encoding)
    })?;
    encoding.judge(front, at)
}

/// Reads the values one by one; leaves in `objects` where those that may describe a connection lie.
fn values<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    command: &mut Command,
    encoding: Encoding,
    context: &mut Context,
    objects: &mut Vec<Range<u32>>,
) -> Result<(), Stop> {
    let at = r.at();
    match encoding.value(r, context, &COMMAND_NAME)? {
        Amf::String(name) => command.name = name,
        other => {
            command.misplaced = Some(Misplaced::Name);
            command.arguments.push(other);
            return Err(Stop::new(at, "a command's first value is not a string"));
        }
    }
    if r.is_empty() {
        return Ok(());
    }
    let at = r.at();
    let Some(id) = encoding.value(r, context, &TRANSACTION_ID)?.number() else {
        command.misplaced = Some(Misplaced::TransactionId);
        return Err(Stop::new(at, "a command's transaction id is not a number"));
    };
    command.transaction_id = Some(id);
    if r.is_empty() {
        return Ok(());
    }
    let at = r.at();
    command.object = Some(encoding.value(r, context, &OBJECT)?);
    objects.push(at..r.at());
    r.node(&ARGUMENTS, |r| {
        let mut index = 0;
        while !r.is_empty() && !context.has_ended() {
            r.label(Label::Index(index));
            let at = r.at();
            command.arguments.push(encoding.further(r, context, &ARGUMENT)?);
            if index == 0 {
                objects.push(at..r.at());
            }
            index += 1;
        }
        Ok(((), Value::List))
    })
}
