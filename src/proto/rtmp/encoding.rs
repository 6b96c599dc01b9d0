//! Values that are written otherwise than their message's type says: AMF3 without the marker that announces it, or AMF0 behind
//! that marker, or a format selector in a type that has none.
//!
//! Neither can be read as it is declared, since a name comes first: AMF3's marker of a string is AMF0's `undefined`, and
//! AMF0's is AMF3's `false`. The other reading is taken only where it is whole, from a name to the last byte.

use super::edges::{FORMAT_SELECTOR, selector};
use crate::proto::amf::{Amf, Context, amf0, amf3};
use crate::wire::{Field, Reader, Recorder, Silent, Stop, Trouble};

const AMF0_STRING: u8 = 0x02;
const AVM_PLUS: u8 = 0x11;
const AMF3_STRING: u8 = 0x06;

/// How the values of a command or data message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As its type says: AMF0, with AMF3 behind each avmplus marker.
    Declared,
    /// AMF3 without avmplus markers.
    Amf3,
    /// AMF0, behind an avmplus marker.
    Amf0,
}

/// What a message's values stand behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Front {
    /// What its type says: a format selector, or nothing.
    Declared,
    /// A format selector, and its type has none.
    Selector,
}

impl Front {
    /// Reads what stands before the values, the first of which is `name`: the format selector of the types that have one, unless
    /// its sender left it out, and one in another type where whole values follow.
    pub(super) fn of<R: Recorder>(
        r: &mut Reader<'_, '_, R>,
        context: &mut Context,
        name: &'static Field,
        is_command: bool,
        is_amf3: bool,
    ) -> Result<Front, Stop> {
        let bytes = r.rest();
        let mut whole = |encoding: Encoding, bytes: &[u8]| encoding.is_whole(bytes, context, name, is_command);
        match bytes {
            [AMF3_STRING, ..] if is_amf3 && whole(Encoding::Amf3, bytes) => Ok(Front::Declared),
            [0, AMF0_STRING, ..] if !is_amf3 && whole(Encoding::Declared, &bytes[1..]) => {
                r.u8(&FORMAT_SELECTOR).map(|_| Front::Selector)
            }
            [0, AMF3_STRING, ..] if !is_amf3 && whole(Encoding::Amf3, &bytes[1..]) => {
                r.u8(&FORMAT_SELECTOR).map(|_| Front::Selector)
            }
            _ if is_amf3 => selector(r).map(|()| Front::Declared),
            _ => Ok(Front::Declared),
        }
    }
}

impl Encoding {
    /// Finds out how the values that follow are written, and steps over an avmplus marker that is none. The first of them is
    /// `name`.
    pub(super) fn of<R: Recorder>(
        r: &mut Reader<'_, '_, R>,
        context: &mut Context,
        name: &'static Field,
        is_command: bool,
    ) -> Encoding {
        match r.rest() {
            [AMF3_STRING, ..] if Encoding::Amf3.is_whole(r.rest(), context, name, is_command) => Encoding::Amf3,
            [AVM_PLUS, AMF0_STRING, ..] if Encoding::Amf0.is_whole(&r.rest()[1..], context, name, is_command) => {
                let _ = r.skip(1, "an avmplus marker");
                Encoding::Amf0
            }
            _ => Encoding::Declared,
        }
    }

    /// Whether values in this encoding are all that there is: a name, a command's transaction id, and any others.
    fn is_whole(self, bytes: &[u8], context: &mut Context, name: &'static Field, is_command: bool) -> bool {
        let mut silent = Silent;
        let r = &mut Reader::new(bytes, 0, &mut silent);
        let mut read = || {
            let is_name = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control() || c == '\u{fffd}');
            let named = self.value(r, context, name)?.text().is_some_and(is_name);
            let numbered = !is_command || self.value(r, context, name)?.number().is_some();
            while named && numbered && !r.is_empty() && !context.has_ended() {
                self.value(r, context, name)?;
            }
            Ok::<_, Stop>(named && numbered)
        };
        let is_read = read().unwrap_or(false);
        context.forget_references();
        context.take_end().is_none() && is_read
    }

    /// Reads one value, records it as `field` and returns it.
    pub(super) fn value<R: Recorder>(
        self,
        r: &mut Reader<'_, '_, R>,
        context: &mut Context,
        field: &'static Field,
    ) -> Result<Amf, Stop> {
        match self {
            Encoding::Declared | Encoding::Amf0 => amf0::value(r, context, field),
            Encoding::Amf3 => amf3::bare(r, context, field),
        }
    }

    /// The same of a value that stands behind those that a message must have.
    pub(super) fn further<R: Recorder>(
        self,
        r: &mut Reader<'_, '_, R>,
        context: &mut Context,
        field: &'static Field,
    ) -> Result<Amf, Stop> {
        match self {
            Encoding::Declared | Encoding::Amf0 => amf0::further(r, context, field),
            Encoding::Amf3 => amf3::bare(r, context, field),
        }
    }

    /// Says, at the place where the values begin, that they are not as they are declared.
    pub(super) fn judge(self, front: Front, at: u32) -> Result<(), Stop> {
        let what = match (self, front) {
            (Encoding::Declared, Front::Declared) => return Ok(()),
            (Encoding::Declared, Front::Selector) => {
                "a format selector before AMF0 values, which only the message types of AMF3 have"
            }
            (Encoding::Amf3, _) => "AMF3 values without an avmplus marker, where AMF0 is declared",
            (Encoding::Amf0, _) => "AMF0 values behind an avmplus marker, which declares AMF3",
        };
        Err(Stop::new(at, what).of(Trouble::Mixed))
    }
}
