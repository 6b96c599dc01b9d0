//! PCM and G.711 in WAV. Source: RFC 2361; Microsoft's Multimedia Data Standards Update (1994).

use super::{Configuration, Form, Frame, Patch, Shape};

pub(super) const PCM: u16 = 1;
pub(super) const A_LAW: u16 = 6;
pub(super) const MU_LAW: u16 = 7;

#[derive(Debug)]
pub(super) struct Wav {
    format: u16,
    /// Of a sample.
    bits: u16,
    shape: Option<Shape>,
    bytes: u64,
}

impl Wav {
    pub(super) fn new(format: u16, bits: u16) -> Wav {
        Wav { format, bits, shape: None, bytes: 0 }
    }

    /// Up to the samples. A size of which 32 bits cannot tell is the greatest.
    fn header(&self) -> Vec<u8> {
        let Shape { rate, channels, .. } = self.shape.unwrap_or_default();
        let (rate, channels) = (rate.unwrap_or(0), channels.unwrap_or(1) as u16);
        let block = channels * (self.bits / 8);
        let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let mut format = Vec::new();
        format.extend(self.format.to_le_bytes());
        format.extend(channels.to_le_bytes());
        format.extend(rate.to_le_bytes());
        format.extend((rate * u32::from(block)).to_le_bytes());
        format.extend(block.to_le_bytes());
        format.extend(self.bits.to_le_bytes());
        let mut fact = Vec::new();
        if self.format != PCM {
            // No bytes more of the format; and how many samples there are, which forms other than PCM must tell.
            format.extend([0; 2]);
            fact.extend(b"fact");
            fact.extend(4u32.to_le_bytes());
            fact.extend(size(self.bytes / u64::from(block.max(1))));
        }
        let mut header = b"RIFF".to_vec();
        let rest = 4 + 8 + format.len() as u64 + fact.len() as u64 + 8 + self.bytes + self.bytes % 2;
        header.extend(size(rest));
        header.extend(b"WAVEfmt ");
        header.extend((format.len() as u32).to_le_bytes());
        header.extend(format);
        header.extend(fact);
        header.extend(b"data");
        header.extend(size(self.bytes));
        header
    }
}

impl Form for Wav {
    fn ending(&self) -> &'static str {
        "wav"
    }

    fn goes_on(&self, _: Option<&Configuration>, shape: &Shape) -> bool {
        self.shape.is_none_or(|own| (own.rate, own.channels) == (shape.rate, shape.channels))
    }

    fn frame(&mut self, frame: &Frame<'_>, shape: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        if self.shape.is_none() {
            self.shape = Some(*shape);
            out.extend(self.header());
        }
        self.bytes += frame.data.len() as u64;
        out.extend_from_slice(frame.data);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Option<Patch> {
        self.shape?;
        // A chunk of odd length is padded.
        out.extend((self.bytes % 2 == 1).then_some(0));
        Some(Patch { offset: 0, bytes: self.header() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_what_was_written() {
        let mut form = Wav::new(MU_LAW, 8);
        let shape = Shape { rate: Some(8000), channels: Some(1), ..Shape::default() };
        let mut out = Vec::new();
        form.frame(&Frame { data: &[1, 2, 3], time: 0, is_key: false }, &shape, &mut out).unwrap();
        assert!(!form.goes_on(None, &Shape { channels: Some(2), ..shape }));
        let patch = form.finish(&mut out).unwrap();
        out[..patch.bytes.len()].copy_from_slice(&patch.bytes);
        let size = |at: usize| u32::from_le_bytes([out[at], out[at + 1], out[at + 2], out[at + 3]]);
        assert_eq!(size(4) as usize, out.len() - 8);
        assert_eq!((&out[out.len() - 8..out.len() - 4], size(out.len() - 8)), (&3u32.to_le_bytes()[..], 3));
        assert_eq!(out.len(), 12 + 8 + 18 + 12 + 8 + 4);
        // More than 4 GiB cannot be told.
        form.bytes = 1 << 33;
        assert_eq!(form.finish(&mut Vec::new()).unwrap().bytes[4..8], [0xff; 4]);
    }
}
