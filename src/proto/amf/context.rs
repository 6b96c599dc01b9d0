//! What the values of one message share while they are read: bounds and references.

use std::ops::Range;

use crate::limits::Limits;
use crate::wire::words::count;
use crate::wire::{Reader, Recorder, Stop, Trouble};

/// What one message's AMF values share: the bounds, and the AMF0 values that a reference can name.
pub struct Context {
    /// How deep values may still lie in one another, and how deep they may in all.
    depth: u16,
    deepest: u16,
    values: u32,
    /// Bytes of text that references may still repeat.
    repeated: usize,
    /// The recorded node of each complex AMF0 value, in order of their starts.
    pub(super) complex: Vec<u32>,
    /// The first bound that was reached.
    reached: Option<&'static str>,
    /// Why the rest of the message cannot be read, once that is so although the values so far stand.
    ended: Option<Stop>,
}

impl Context {
    pub fn new(limits: &Limits) -> Self {
        Context {
            depth: limits.amf_depth,
            deepest: limits.amf_depth,
            values: limits.amf_values,
            repeated: limits.amf_repeated,
            complex: Vec::new(),
            reached: None,
            ended: None,
        }
    }

    /// Notes that a bound was reached, by its name in [`Limits`].
    pub fn reach(&mut self, limit: &'static str) {
        self.reached.get_or_insert(limit);
    }

    /// The first bound that was reached.
    pub fn reached(&self) -> Option<&'static str> {
        self.reached
    }

    /// From here on references name later values. The bounds stay the message's.
    pub fn forget_references(&mut self) {
        self.complex.clear();
    }

    /// Whether nothing more can be read: an object of unknown form took the rest of the bytes, they end inside one without its end,
    /// or something inside one cannot be read.
    pub fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// Why it has.
    pub fn take_end(&mut self) -> Option<Stop> {
        self.ended.take()
    }

    pub(super) fn end(&mut self, stop: Stop) {
        self.ended.get_or_insert(stop);
    }

    /// One more thing inside an object or array. Where it cannot be read nothing behind it can, and what came before it stands.
    pub(super) fn kept<T>(&mut self, read: Result<T, Stop>) -> Option<T> {
        read.map_err(|stop| self.end(stop)).ok()
    }

    /// Ends here because the bytes do, inside an object or array: `what` was read of it.
    pub(super) fn end_unclosed<R: Recorder>(&mut self, r: &Reader<'_, '_, R>, kind: &str, what: &str) {
        self.end(r.stop(format!("the {kind} is not closed: the bytes end behind {what}")).of(Trouble::Unclosed));
    }

    /// The same of an array of AMF0 that says more values than it has: the ends of what it lies in may stand there.
    pub(super) fn end_array<R: Recorder>(&mut self, r: &Reader<'_, '_, R>, read: u32, said: u32) {
        let values = format!("{read} of its {}", count(u64::from(said), "value"));
        if r.is_empty() {
            self.end_unclosed(r, "array", &values);
        } else {
            let what = format!("the array is not closed: behind {values} only the ends of objects follow");
            self.end(r.stop(what).of(Trouble::Unclosed));
        }
    }

    /// Reads one value by `inside`, within the bounds.
    pub(super) fn nested<'a, 'r, R: Recorder, T>(
        &mut self,
        r: &mut Reader<'a, 'r, R>,
        inside: impl FnOnce(&mut Reader<'a, 'r, R>, &mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        if self.depth == 0 {
            self.reach("amf_depth");
            let what = format!("AMF values are nested deeper than {}, which is as deep as is followed", self.deepest);
            return Err(r.stop(what).of(Trouble::Depth));
        }
        self.count(r, 1)?;
        self.depth -= 1;
        let result = inside(r, self);
        self.depth += 1;
        result
    }

    /// Takes `count` values from what the message may hold.
    pub(super) fn count<R: Recorder>(&mut self, r: &Reader<'_, '_, R>, count: u32) -> Result<(), Stop> {
        let Some(left) = self.values.checked_sub(count) else {
            self.reach("amf_values");
            return Err(r.stop("more AMF values in one message than are followed").of(Trouble::Limit));
        };
        self.values = left;
        Ok(())
    }

    /// Takes the bytes of a text that a reference repeats from what the message may repeat.
    pub(super) fn repeat<R: Recorder>(&mut self, r: &Reader<'_, '_, R>, text: &Range<u32>) -> Result<(), Stop> {
        let Some(left) = self.repeated.checked_sub(text.len()) else {
            self.reach("amf_repeated");
            return Err(r.stop("references repeat more text than is followed").of(Trouble::Limit));
        };
        self.repeated = left;
        Ok(())
    }
}
