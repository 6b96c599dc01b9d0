//! AV1 as a stream of open bitstream units ("Section 5"), with a temporal delimiter before each frame. Source: AV1 §5.2, §5.3, §7.5.

use bytes::Bytes;

use super::{Configuration, Form, Frame, LONGEST, Shape, UNITS};
use crate::wire::words::count;

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;
const HAS_SIZE: u8 = 2;
const HAS_EXTENSION: u8 = 4;
/// A temporal delimiter with its size, which is 0.
const DELIMITER: [u8; 2] = [TEMPORAL_DELIMITER << 3 | HAS_SIZE, 0];
/// Bytes of AV1CodecConfigurationRecord before its OBUs.
const RECORD: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Obu {
    /// The OBUs of the sequence header.
    configuration: Bytes,
    told: bool,
}

impl Form for Obu {
    fn ending(&self) -> &'static str {
        "obu"
    }

    fn held(&self) -> usize {
        self.configuration.len()
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        let record = &configuration.record;
        // Of a stream from MPEG-2 TS there is a descriptor, which has none.
        let obus = if record.first() == Some(&0x81) { record.slice(RECORD.min(record.len())..) } else { Bytes::new() };
        self.told &= self.configuration == obus;
        self.configuration = obus;
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, _: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        let (obus, trouble) = obus(frame.data);
        if obus.is_empty() {
            return trouble.map_or(Ok(()), Err);
        }
        out.extend_from_slice(&DELIMITER);
        match obus.iter().find(|obu| obu.kind == SEQUENCE_HEADER) {
            // What a frame brings itself is newer than the record.
            Some(sequence) if sequence.payload.len() > LONGEST => {}
            Some(sequence) => {
                let mut own = Vec::new();
                sequence.put(&mut own);
                self.configuration = own.into();
            }
            None if frame.is_key || !self.told => {
                self::obus(&self.configuration).0.iter().for_each(|obu| obu.put(out));
            }
            None => {}
        }
        let is_headless = !self.told && self.configuration.is_empty();
        self.told = true;
        for obu in &obus {
            obu.put(out);
        }
        if is_headless {
            return Err("no sequence header came before it: what follows may not be decoded".to_owned());
        }
        trouble.map_or(Ok(()), Err)
    }
}

struct Unit<'d> {
    kind: u8,
    /// One byte, or two.
    header: &'d [u8],
    payload: &'d [u8],
}

impl Unit<'_> {
    /// With its size, which the last one of a frame may lack in other containers.
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.header[0] | HAS_SIZE);
        out.extend_from_slice(&self.header[1..]);
        let mut size = self.payload.len();
        loop {
            let more = size >> 7;
            out.push((size & 0x7f) as u8 | if more > 0 { 0x80 } else { 0 });
            size = more;
            if size == 0 {
                break;
            }
        }
        out.extend_from_slice(self.payload);
    }
}

/// The OBUs of a frame but for what is said anew or says nothing, and what is wrong behind them.
fn obus(mut data: &[u8]) -> (Vec<Unit<'_>>, Option<String>) {
    let (mut units, whole) = (Vec::new(), data.len());
    while !data.is_empty() {
        if units.len() == UNITS {
            let left = count(data.len() as u64, "byte");
            return (units, Some(format!("it has more than {UNITS} OBUs: {left} are left out")));
        }
        let Some((unit, rest)) = unit(data) else {
            let (at, left) = (whole - data.len(), count(data.len() as u64, "byte"));
            return (units, Some(format!("its OBUs lead nowhere at byte {at}: {left} are left out")));
        };
        if !matches!(unit.kind, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            units.push(unit);
        }
        data = rest;
    }
    (units, None)
}

fn unit(data: &[u8]) -> Option<(Unit<'_>, &[u8])> {
    let first = *data.first()?;
    if first & 0x80 != 0 {
        return None;
    }
    let (header, rest) = data.split_at_checked(1 + usize::from(first & HAS_EXTENSION != 0))?;
    let (size, rest) = if first & HAS_SIZE == 0 { (rest.len(), rest) } else { size(rest)? };
    let (payload, rest) = rest.split_at_checked(size)?;
    Some((Unit { kind: first >> 3 & 15, header, payload }, rest))
}

/// A number in groups of seven bits, the lowest first. Source: AV1 §4.10.5.
fn size(data: &[u8]) -> Option<(usize, &[u8])> {
    let mut size = 0u64;
    for (index, byte) in data.iter().take(8).enumerate() {
        size |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(size).ok()?, &data[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_has_a_delimiter_and_every_unit_its_size() {
        let mut form = Obu::default();
        let record = Bytes::from_static(&[0x81, 0, 0, 0, 0x0a, 1, 0x55]);
        form.configure(&Configuration { record, ..Configuration::default() }).unwrap();
        let mut out = Vec::new();
        // A delimiter, and a frame without its size.
        let data = [0x12, 0, 0x30, 7, 8];
        form.frame(&Frame { data: &data, time: 0, is_key: true }, &Shape::default(), &mut out).unwrap();
        assert_eq!(out, [0x12, 0, 0x0a, 1, 0x55, 0x32, 2, 7, 8]);
        out.clear();
        let long = [&[0x32, 0xc8, 1][..], &[3; 200]].concat();
        form.frame(&Frame { data: &long, time: 0, is_key: false }, &Shape::default(), &mut out).unwrap();
        assert_eq!(out[..5], [0x12, 0, 0x32, 0xc8, 1]);
        assert_eq!(out.len(), 205);
        out.clear();
        // A frame's own sequence header is the one from then on.
        let own = [0x0a, 1, 0x66, 0x32, 1, 9];
        form.frame(&Frame { data: &own, time: 0, is_key: true }, &Shape::default(), &mut out).unwrap();
        out.clear();
        form.frame(&Frame { data: &[0x32, 1, 9], time: 0, is_key: true }, &Shape::default(), &mut out).unwrap();
        assert_eq!(out, [0x12, 0, 0x0a, 1, 0x66, 0x32, 1, 9]);
        out.clear();
        let lies = [0x32, 1, 9, 0x32, 99, 1];
        let told = form.frame(&Frame { data: &lies, time: 0, is_key: false }, &Shape::default(), &mut out);
        assert_eq!((out.as_slice(), told.is_err()), (&[0x12, 0, 0x32, 1, 9][..], true));
    }
}
