//! H.264, HEVC and VVC with start codes, as files and transport streams have them. Source: H.264, H.265 and H.266, Annex B.
//!
//! The parameter sets of the sequence header stand in front of every picture that can be decoded alone, so that a reader may begin at any.

use bytes::Bytes;

use super::{Configuration, Form, Frame, LONGEST, Shape, UNITS};

const START: &[u8] = &[0, 0, 0, 1];
/// Bytes of a NAL unit's length, as nearly all senders have it.
const USUAL: u8 = 4;
/// Parameter sets of a frame that are kept. HEVC has at most 96.
const SETS: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Avc,
    Hevc,
    Vvc,
}

/// What a NAL unit is to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// Nothing stands before it.
    Delimiter,
    SequenceSet,
    /// A parameter set of another kind.
    OtherSet,
    /// Decoding can begin here.
    Key,
    Other,
}

impl Codec {
    /// The type in a NAL unit's header.
    fn kind(self, unit: &[u8]) -> u8 {
        let byte = |at: usize| unit.get(at).copied().unwrap_or_default();
        match self {
            Codec::Avc => byte(0) & 31,
            Codec::Hevc => byte(0) >> 1 & 63,
            Codec::Vvc => byte(1) >> 3,
        }
    }

    fn unit(self, unit: &[u8]) -> Unit {
        let kind = self.kind(unit);
        match self {
            Codec::Avc => match kind {
                5 => Unit::Key,
                7 => Unit::SequenceSet,
                8 => Unit::OtherSet,
                9 => Unit::Delimiter,
                _ => Unit::Other,
            },
            Codec::Hevc => match kind {
                16..=23 => Unit::Key,
                33 => Unit::SequenceSet,
                32 | 34 => Unit::OtherSet,
                35 => Unit::Delimiter,
                _ => Unit::Other,
            },
            Codec::Vvc => match kind {
                7..=9 => Unit::Key,
                15 => Unit::SequenceSet,
                14 | 16 => Unit::OtherSet,
                20 => Unit::Delimiter,
                _ => Unit::Other,
            },
        }
    }
}

#[derive(Debug)]
pub(super) struct AnnexB {
    codec: Codec,
    length_size: Option<u8>,
    sets: Vec<Bytes>,
    /// They stand in the file as they are now.
    told: bool,
}

impl AnnexB {
    pub(super) fn new(codec: Codec) -> AnnexB {
        AnnexB { codec, length_size: None, sets: Vec::new(), told: false }
    }
}

impl Form for AnnexB {
    fn ending(&self) -> &'static str {
        match self.codec {
            Codec::Avc => "h264",
            Codec::Hevc => "hevc",
            Codec::Vvc => "vvc",
        }
    }

    fn held(&self) -> usize {
        self.sets.iter().map(Bytes::len).sum()
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        self.length_size = configuration.length_size.or(self.length_size);
        if !configuration.sets.is_empty() {
            self.told &= self.sets == configuration.sets;
            self.sets.clone_from(&configuration.sets);
        }
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, shape: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        let size = usize::from(self.length_size.or(shape.length_size).unwrap_or(USUAL));
        let (units, trouble) = units(frame.data, size);
        let is = |what: Unit| units.iter().any(|unit| self.codec.unit(unit) == what);
        let has_sets = is(Unit::SequenceSet);
        let wants_sets = (frame.is_key || is(Unit::Key) || !self.told) && !has_sets;
        let is_headless = !units.is_empty() && !self.told && !has_sets && self.sets.is_empty();
        let mut put = |unit: &[u8]| {
            out.extend_from_slice(START);
            out.extend_from_slice(unit);
        };
        let begins = units.iter().take_while(|unit| self.codec.unit(unit) == Unit::Delimiter).count();
        units[..begins].iter().for_each(|unit| put(unit));
        if wants_sets && !units.is_empty() {
            self.sets.iter().for_each(|set| put(set));
            self.told |= !self.sets.is_empty();
        }
        units[begins..].iter().for_each(|unit| put(unit));
        if has_sets {
            // What a frame brings itself is newer than the record.
            let own = |unit: &&&[u8]| matches!(self.codec.unit(unit), Unit::SequenceSet | Unit::OtherSet);
            let mut own: Vec<&[u8]> = units.iter().filter(own).copied().collect();
            if own.len() > SETS || own.iter().map(|unit| unit.len()).sum::<usize>() > LONGEST {
                own.clear();
            }
            let own: Vec<Bytes> = own.into_iter().map(Bytes::copy_from_slice).collect();
            let codec = self.codec;
            self.sets.retain(|set| own.iter().all(|new| codec.kind(new) != codec.kind(set)));
            self.sets.extend(own);
            // They stand in the order of their types: a set builds on those before it.
            self.sets.sort_by_key(|set| codec.kind(set));
            self.told = true;
        }
        if is_headless {
            return Err("no parameter sets came before it: what follows may not be decoded".to_owned());
        }
        trouble.map_or(Ok(()), Err)
    }
}

/// The NAL units of a frame that lengths of `size` bytes part, and what is wrong behind them.
fn units(mut data: &[u8], size: usize) -> (Vec<&[u8]>, Option<String>) {
    let mut units = Vec::new();
    while !data.is_empty() {
        if units.len() == UNITS {
            return (units, Some(format!("it has more than {UNITS} NAL units: what is behind them is left out")));
        }
        let split = data
            .split_at_checked(size)
            .map(|(header, rest)| (header.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)), rest));
        let Some((unit, rest)) = split.and_then(|(length, rest)| rest.split_at_checked(length)) else {
            return (
                units,
                Some("the lengths of its NAL units lead nowhere: what is behind them is left out".to_owned()),
            );
        };
        if !unit.is_empty() {
            units.push(unit);
        }
        data = rest;
    }
    (units, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(sets: &[&'static [u8]]) -> Configuration {
        let sets = sets.iter().map(|set| Bytes::from_static(set)).collect();
        Configuration { sets, length_size: Some(2), ..Configuration::default() }
    }

    fn written(form: &mut AnnexB, data: &[u8], is_key: bool) -> (Vec<u8>, Result<(), String>) {
        let mut out = Vec::new();
        let told = form.frame(&Frame { data, time: 0, is_key }, &Shape::default(), &mut out);
        (out, told)
    }

    #[test]
    fn parameter_sets_stand_before_key_frames_and_behind_delimiters() {
        let mut form = AnnexB::new(Codec::Avc);
        form.configure(&configured(&[&[0x67, 1], &[0x68, 2]])).unwrap();
        let key = [0, 2, 9, 0xf0, 0, 2, 0x65, 7];
        let (out, told) = written(&mut form, &key, true);
        assert!(told.is_ok());
        assert_eq!(out, [0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 7]);
        assert_eq!(written(&mut form, &[0, 2, 0x41, 8], false).0, [0, 0, 0, 1, 0x41, 8]);
        // Other sets are told with the next frame, whatever it is.
        form.configure(&configured(&[&[0x67, 3]])).unwrap();
        assert_eq!(written(&mut form, &[0, 2, 0x41, 8], false).0, [0, 0, 0, 1, 0x67, 3, 0, 0, 0, 1, 0x41, 8]);
        // A frame's own ones are not said twice.
        assert_eq!(written(&mut form, &[0, 2, 0x67, 9, 0, 1, 0x65], true).0, [0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x65]);
    }

    #[test]
    fn lying_lengths_end_a_frame_and_not_the_file() {
        let mut form = AnnexB::new(Codec::Hevc);
        let data = [0, 0, 0, 2, 0x02, 1, 0xff, 0xff, 0xff, 0xff, 5, 6];
        let (out, told) = written(&mut form, &data, false);
        assert_eq!((out, told.is_err()), (vec![0, 0, 0, 1, 2, 1], true), "no parameter sets came");
        form.configure(&Configuration { length_size: Some(4), ..configured(&[&[0x42, 1]]) }).unwrap();
        let (out, told) = written(&mut form, &data, false);
        assert_eq!(out, [0, 0, 0, 1, 0x42, 1, 0, 0, 0, 1, 2, 1]);
        assert_eq!(told.unwrap_err(), "the lengths of its NAL units lead nowhere: what is behind them is left out");
        assert!(written(&mut form, &[0, 0], false).1.is_err());
        assert_eq!(written(&mut form, &[0, 0, 0, 0, 0, 0, 0, 1, 9], false).0, [0, 0, 0, 1, 9]);
        assert_eq!(written(&mut form, &[], false), (Vec::new(), Ok(())));
    }
}
