//! Payloads of shared object messages.

use super::amf0::{Amf, values};

/// A shared object message's payload, for type 19. Type 16 has a format selector before it.
pub fn shared_object(name: &str, version: u32, flags: u32, events: &[SharedObjectEvent]) -> Vec<u8> {
    let mut out = short(name);
    out.extend(version.to_be_bytes());
    out.extend(flags.to_be_bytes());
    out.extend([0; 4]);
    for event in events {
        event.write(&mut out);
    }
    out
}

/// An event of a shared object to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum SharedObjectEvent {
    Use,
    Release,
    RequestChange(Vec<(String, Amf)>),
    Change(Vec<(String, Amf)>),
    Success(Vec<String>),
    /// The handler, then its arguments.
    SendMessage(Vec<Amf>),
    Status {
        code: String,
        level: String,
    },
    Clear,
    Remove(Vec<String>),
    RequestRemove(String),
    UseSuccess,
    /// Any event, with a length that may be wrong.
    Raw {
        event: u8,
        length: u32,
        data: Vec<u8>,
    },
}

impl SharedObjectEvent {
    fn write(&self, out: &mut Vec<u8>) {
        let names = |names: &[String]| names.iter().flat_map(|name| short(name)).collect::<Vec<u8>>();
        let changes = |changes: &[(String, Amf)]| {
            changes.iter().flat_map(|(name, value)| [short(name), value.bytes()].concat()).collect::<Vec<u8>>()
        };
        let (event, data) = match self {
            SharedObjectEvent::Use => (1, Vec::new()),
            SharedObjectEvent::Release => (2, Vec::new()),
            SharedObjectEvent::RequestChange(properties) => (3, changes(properties)),
            SharedObjectEvent::Change(properties) => (4, changes(properties)),
            SharedObjectEvent::Success(keys) => (5, names(keys)),
            SharedObjectEvent::SendMessage(message) => (6, values(message)),
            SharedObjectEvent::Status { code, level } => (7, [short(code), short(level)].concat()),
            SharedObjectEvent::Clear => (8, Vec::new()),
            SharedObjectEvent::Remove(keys) => (9, names(keys)),
            SharedObjectEvent::RequestRemove(key) => (10, short(key)),
            SharedObjectEvent::UseSuccess => (11, Vec::new()),
            SharedObjectEvent::Raw { event, length, data } => {
                out.push(*event);
                out.extend(length.to_be_bytes());
                return out.extend(data);
            }
        };
        out.push(event);
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(data);
    }
}

/// A text behind its length in two bytes; cut where that is not enough.
fn short(text: &str) -> Vec<u8> {
    let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}
