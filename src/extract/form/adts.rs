//! AAC in ADTS: a header before each frame. Source: ISO 14496-3 §1.A.2.2.
//!
//! The header has room for the first four audio object types, thirteen rates and seven arrangements of channels. HE-AAC is written
//! as the AAC inside of it, which decoders find out.

use super::{Configuration, Form, Frame, Shape};

const HEADER: usize = 7;
/// The longest frame with its header: its length has 13 bits.
const LONGEST: usize = (1 << 13) - 1;
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
/// Audio object types: spectral band replication, parametric stereo.
const SBR: u32 = 5;
const PS: u32 = 29;

#[derive(Debug)]
pub(super) struct Adts {
    /// Object type less one, index of the rate, arrangement of channels; or why there is no header.
    told: Result<(u8, u8, u8), String>,
}

impl Default for Adts {
    fn default() -> Adts {
        Adts { told: Err("no AudioSpecificConfig came before it, without which ADTS has no header".to_owned()) }
    }
}

impl Form for Adts {
    fn ending(&self) -> &'static str {
        "aac"
    }

    fn configure(&mut self, configuration: &Configuration) -> Result<(), String> {
        self.told = read(&configuration.record);
        self.told.clone().map(|_| ())
    }

    fn frame(&mut self, frame: &Frame<'_>, _: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        let (profile, rate, channels) = self.told.clone()?;
        let length = frame.data.len() + HEADER;
        if length > LONGEST {
            return Err("it is longer than a frame of ADTS can be".to_owned());
        }
        // The synchronisation word, MPEG-4, no checksum; and that the rate varies.
        let header = 0xff_f1_u64 << 40
            | u64::from(profile) << 38
            | u64::from(rate) << 34
            | u64::from(channels) << 30
            | (length as u64) << 13
            | 0x7ff << 2;
        out.extend_from_slice(&header.to_be_bytes()[1..]);
        out.extend_from_slice(frame.data);
        Ok(())
    }
}

/// Reads an AudioSpecificConfig. Source: ISO 14496-3 §1.6.2.1.
fn read(record: &[u8]) -> Result<(u8, u8, u8), String> {
    let mut bits = Bits { bytes: record, at: 0 };
    let mut read = || -> Option<(u32, u32, u32, bool)> {
        let mut object = bits.object()?;
        let rate = bits.rate()?;
        let channels = bits.take(4)?;
        if object == SBR || object == PS {
            bits.rate()?;
            object = bits.object()?;
        }
        // Of GASpecificConfig, frameLengthFlag.
        let short = bits.take(1).unwrap_or(0) == 1;
        Some((object, rate, channels, short))
    };
    let Some((object, rate, channels, short)) = read() else {
        return Err("its AudioSpecificConfig ends too soon".to_owned());
    };
    let Some(index) = RATES.iter().position(|known| *known == rate) else {
        return Err(format!("ADTS has no rate of {rate} Hz"));
    };
    match (object, channels) {
        (1..=4, 1..=7) if !short => Ok((object as u8 - 1, index as u8, channels as u8)),
        (1..=4, 1..=7) => Err("ADTS has no frames of 960 samples".to_owned()),
        (1..=4, 0) => Err("its channels are told by a program config element, for which ADTS has no field".to_owned()),
        (1..=4, _) => Err(format!("ADTS has no arrangement of channels {channels}")),
        _ => Err(format!("ADTS has no audio object type {object}")),
    }
}

struct Bits<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    fn object(&mut self) -> Option<u32> {
        match self.take(5)? {
            31 => Some(32 + self.take(6)?),
            object => Some(object),
        }
    }

    fn rate(&mut self) -> Option<u32> {
        match self.take(4)? {
            15 => self.take(24),
            index => Some(RATES.get(index as usize).copied().unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn told(record: &'static [u8]) -> Result<(u8, u8, u8), String> {
        read(&Bytes::from_static(record))
    }

    #[test]
    fn what_adts_can_say_is_read_from_the_configuration() {
        // LC, 44100 Hz, stereo.
        assert_eq!(told(&[0x12, 0x10]), Ok((1, 4, 2)));
        // HE-AAC, 24000 Hz inside of 48000 Hz, stereo: LC is inside.
        assert_eq!(told(&[0x2b, 0x11, 0x88, 0x00]), Ok((1, 6, 2)));
        assert_eq!(told(&[0x12]), Err("its AudioSpecificConfig ends too soon".to_owned()));
        assert!(told(&[0x12, 0x00]).unwrap_err().contains("program config element"));
        // xHE-AAC has object type 42.
        assert!(told(&[0xf9, 0x46, 0x10, 0x00]).unwrap_err().contains("object type 42"));
    }

    #[test]
    fn the_header_has_the_length_of_the_frame() {
        let mut form = Adts::default();
        let record = Bytes::from_static(&[0x12, 0x10]);
        let frame = |form: &mut Adts, length: usize| {
            let mut out = Vec::new();
            let told =
                form.frame(&Frame { data: &vec![9; length], time: 0, is_key: false }, &Shape::default(), &mut out);
            told.map(|()| out)
        };
        assert!(frame(&mut form, 3).is_err(), "nothing is known yet");
        form.configure(&Configuration { record, ..Configuration::default() }).unwrap();
        assert_eq!(frame(&mut form, 3).unwrap(), [0xff, 0xf1, 0x50, 0x80, 0x01, 0x5f, 0xfc, 9, 9, 9]);
        assert_eq!(frame(&mut form, LONGEST - HEADER).unwrap().len(), LONGEST);
        assert!(frame(&mut form, LONGEST - HEADER + 1).is_err());
    }
}
