//! FLAC: the signature, STREAMINFO, then frames. Source: RFC 9639 §6, §8.

use bytes::Bytes;

use super::{Configuration, Form, Frame, Shape};

const SIGNATURE: &[u8] = b"fLaC";
/// The last metadata block, STREAMINFO, 34 bytes.
const BLOCK: [u8; 4] = [0x80, 0, 0, 34];
const STREAM_INFO: usize = 34;

#[derive(Debug, Default)]
pub(super) struct Flac {
    info: Option<Bytes>,
    told: bool,
}

/// STREAMINFO of a sequence header, which has it with or without what stands before it.
fn info(record: &Bytes) -> Option<Bytes> {
    let start = if record.starts_with(SIGNATURE) { SIGNATURE.len() + BLOCK.len() } else { 0 };
    (record.len() >= start + STREAM_INFO).then(|| record.slice(start..start + STREAM_INFO))
}

impl Form for Flac {
    fn ending(&self) -> &'static str {
        "flac"
    }

    fn goes_on(&self, configuration: Option<&Configuration>, _: &Shape) -> bool {
        configuration.is_none_or(|other| self.info == info(&other.record))
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        self.info = info(&configuration.record);
        if self.info.is_some() { Ok(()) } else { Err("its STREAMINFO is not whole".to_owned()) }
    }

    fn frame(&mut self, frame: &Frame<'_>, _: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        let Some(info) = &self.info else {
            return Err("no STREAMINFO came before it, with which a file of FLAC begins".to_owned());
        };
        if !std::mem::replace(&mut self.told, true) {
            out.extend_from_slice(SIGNATURE);
            out.extend_from_slice(&BLOCK);
            out.extend_from_slice(info);
        }
        out.extend_from_slice(frame.data);
        Ok(())
    }
}
