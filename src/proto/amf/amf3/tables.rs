//! The numbers of AMF3, and what they name.

use std::ops::Range;
use std::rc::Rc;

use super::Read;
use crate::proto::amf::{Amf, Context};
use crate::wire::{Reader, Recorder, Stop, Trouble, Value};

/// What references inside one outermost value can name. Text stands as its range in the message.
#[derive(Default)]
pub(super) struct Tables {
    strings: Vec<Range<u32>>,
    /// The recorded node of each complex value, in order of their starts.
    pub(super) objects: Vec<u32>,
    pub(super) traits: Vec<Rc<Traits>>,
}

/// What the objects of one class have in common.
#[derive(Default)]
pub(super) struct Traits {
    /// Empty for an object without a class.
    pub(super) class: Range<u32>,
    pub(super) is_externalizable: bool,
    pub(super) is_dynamic: bool,
    /// The names of the members whose values come first, without their names.
    pub(super) sealed: Vec<Range<u32>>,
}

impl Tables {
    /// The text of a string, or of the earlier one that it refers to. The empty string has no number.
    pub(super) fn string<R: Recorder>(
        &mut self,
        r: &mut Reader<'_, '_, R>,
        context: &mut Context,
    ) -> Result<Range<u32>, Stop> {
        let at = r.at();
        let head = u29(r, "an AMF3 string's length")?;
        let number = head >> 1;
        if head & 1 == 0 {
            let Some(range) = self.strings.get(number as usize) else {
                return Err(Stop::new(at, dangling("string", number)).of(Trouble::Dangling));
            };
            context.repeat(r, range)?;
            return Ok(range.clone());
        }
        let range = super::bytes(r, number, "an AMF3 string")?;
        if !range.is_empty() {
            self.strings.push(range.clone());
        }
        Ok(range)
    }

    /// The reference at `at` to an earlier complex value.
    pub(super) fn object(&self, at: u32, number: u32) -> Result<Read, Stop> {
        let Some(node) = self.objects.get(number as usize) else {
            return Err(Stop::new(at, dangling("object", number)).of(Trouble::Dangling));
        };
        Ok((Amf::Reference(number), Value::Reference { number, node: *node }))
    }
}

/// What is wrong with a reference to nothing. Its tables may be at fault: they begin with the outermost value.
pub(super) fn dangling(what: &str, number: u32) -> String {
    format!("{what} reference {number} names nothing earlier in this AMF3 value")
}

/// A number of one to four bytes: seven bits in each of the first three, with a flag that more follow, eight in the
/// fourth.
pub(super) fn u29<R: Recorder>(r: &mut Reader<'_, '_, R>, what: &str) -> Result<u32, Stop> {
    let mut number = 0;
    for _ in 0..3 {
        let byte = r.skip(1, what)?[0];
        number = number << 7 | u32::from(byte & 0x7f);
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Ok(number << 8 | u32::from(r.skip(1, what)?[0]))
}
