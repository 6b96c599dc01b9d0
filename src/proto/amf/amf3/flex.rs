//! The Flex classes that write themselves, each in its own form. Source: Apache Flex SDK and BlazeDS, `readExternal`.

use super::tables::Tables;
use super::value;
use crate::fields;
use crate::proto::amf::{Context, Members};
use crate::wire::{Field, Label, Reader, Recorder, Stop};

fields! {
    /// What a collection holds.
    SOURCE: Amf "flex.source", "", "Flex ArrayCollection, ArrayList";
    /// What a proxy stands for.
    OBJECT: Amf "flex.object", "", "Flex ObjectProxy, ManagedObjectProxy, SerializationProxy";
    /// What the message carries.
    BODY: Amf "flex.body", "", "Flex AbstractMessage";
    /// The client that sent the message, as text.
    CLIENT_ID: Amf "flex.clientId", "", "Flex AbstractMessage";
    /// Where the message goes.
    DESTINATION: Amf "flex.destination", "", "Flex AbstractMessage";
    /// The message's headers.
    HEADERS: Amf "flex.headers", "", "Flex AbstractMessage";
    /// The message's own id, as text.
    MESSAGE_ID: Amf "flex.messageId", "", "Flex AbstractMessage";
    /// When the message was sent.
    TIMESTAMP: Amf "flex.timestamp", "ms", "Flex AbstractMessage";
    /// How long the message is valid.
    TIME_TO_LIVE: Amf "flex.timeToLive", "ms", "Flex AbstractMessage";
    /// The client that sent the message, as 16 bytes.
    CLIENT_ID_BYTES: Amf "flex.clientIdBytes", "", "Flex AbstractMessage";
    /// The message's own id, as 16 bytes.
    MESSAGE_ID_BYTES: Amf "flex.messageIdBytes", "", "Flex AbstractMessage";
    /// The message that this one answers, as text.
    CORRELATION_ID: Amf "flex.correlationId", "", "Flex AsyncMessage";
    /// The message that this one answers, as 16 bytes.
    CORRELATION_ID_BYTES: Amf "flex.correlationIdBytes", "", "Flex AsyncMessage";
    /// What a command message asks for.
    OPERATION: Amf "flex.operation", "", "Flex CommandMessage";
    /// A value that a flag of a later version announces.
    EXTRA: Amf "flex.extra", "", "Flex AbstractMessage";
}

/// How a class writes itself.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// One value.
    Value(&'static Field),
    /// For the class and each that it extends, the outermost first: flag bytes, then a value for each flag.
    Flagged(&'static [Layer]),
}

/// The values that each flag byte announces, from its lowest bit.
type Layer = &'static [&'static [&'static Field]];

const ABSTRACT: Layer = &[
    &[&BODY, &CLIENT_ID, &DESTINATION, &HEADERS, &MESSAGE_ID, &TIMESTAMP, &TIME_TO_LIVE],
    &[&CLIENT_ID_BYTES, &MESSAGE_ID_BYTES],
];
const ASYNC: Layer = &[&[&CORRELATION_ID, &CORRELATION_ID_BYTES]];
const ACKNOWLEDGE: Layer = &[];
const COMMAND: Layer = &[&[&OPERATION]];

/// The flag that another byte of flags follows.
const MORE: u8 = 0x80;
/// Flags above this one never announce a value that is not known.
const HIGHEST_EXTRA: usize = 5;

/// The form of a class that writes itself, where it is known. The messages have short names as well.
pub(super) fn form(class: &str) -> Option<Form> {
    Some(match class {
        "flex.messaging.io.ArrayCollection" | "flex.messaging.io.ArrayList" => Form::Value(&SOURCE),
        "flex.messaging.io.ObjectProxy"
        | "flex.messaging.io.ManagedObjectProxy"
        | "flex.messaging.io.SerializationProxy" => Form::Value(&OBJECT),
        "DSA" => Form::Flagged(&[ABSTRACT, ASYNC]),
        "DSK" => Form::Flagged(&[ABSTRACT, ASYNC, ACKNOWLEDGE]),
        "DSC" => Form::Flagged(&[ABSTRACT, ASYNC, COMMAND]),
        // Some programs take the package of the collections for that of the messages.
        _ => match class.strip_prefix("flex.messaging.messages.").or(class.strip_prefix("flex.messaging.io."))? {
            "AbstractMessage" => Form::Flagged(&[ABSTRACT]),
            "AsyncMessage" | "AsyncMessageExt" => Form::Flagged(&[ABSTRACT, ASYNC]),
            "AcknowledgeMessage" | "AcknowledgeMessageExt" | "ErrorMessage" => {
                Form::Flagged(&[ABSTRACT, ASYNC, ACKNOWLEDGE])
            }
            "CommandMessage" | "CommandMessageExt" => Form::Flagged(&[ABSTRACT, ASYNC, COMMAND]),
            _ => return None,
        },
    })
}

/// Reads an object in its form. A value that no flag of ours announces is numbered instead of named.
pub(super) fn read<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    context: &mut Context,
    tables: &mut Tables,
    form: Form,
) -> Result<Members, Stop> {
    let mut members = Vec::new();
    let layers = match form {
        Form::Value(field) => {
            members.push((field.key().to_owned(), value(r, context, tables, field)?));
            return Ok(members);
        }
        Form::Flagged(layers) => layers,
    };
    let mut extra = 0;
    for layer in layers {
        let start = r.at();
        while r.skip(1, "a message's flags")?[0] & MORE != 0 {}
        let flags = r.slice(&(start..r.at()));
        for (byte, flags) in flags.iter().enumerate() {
            let known = layer.get(byte).copied().unwrap_or_default();
            for bit in (0..7).filter(|bit| flags >> bit & 1 != 0) {
                if context.has_ended() {
                    return Ok(members);
                }
                match known.get(bit) {
                    Some(field) => members.push((field.key().to_owned(), value(r, context, tables, field)?)),
                    None if bit <= HIGHEST_EXTRA => {
                        r.label(Label::Index(extra));
                        members.push((extra.to_string(), value(r, context, tables, &EXTRA)?));
                        extra += 1;
                    }
                    None => {}
                }
            }
        }
    }
    Ok(members)
}
