//! VP8 and VP9 in IVF: a header, then each frame behind its length and its time. Times count ms, as they were sent, and go
//! on where the sender's wrap.
//! Source: the description of IVF in libvpx (ivfdec.c); where that counts frames, FFmpeg (libavformat/ivfdec.c) has the duration in ticks.

use super::{Form, Frame, Patch, Shape};

const HEADER: u16 = 32;
/// Where the header has the pictures' size.
const SIZE: u64 = 12;

#[derive(Debug)]
pub(super) struct Ivf {
    fourcc: [u8; 4],
    frames: u32,
    /// Pixels of the first picture whose size is known.
    size: Option<(u32, u32)>,
    /// The least and the greatest time.
    times: Option<(u64, u64)>,
}

impl Ivf {
    pub(super) fn new(fourcc: [u8; 4]) -> Ivf {
        Ivf { fourcc, frames: 0, size: None, times: None }
    }

    /// In ms: the last frame lasts as long as one does on average.
    fn duration(&self) -> u32 {
        let Some((first, last)) = self.times else { return 0 };
        let frames = u64::from(self.frames);
        (last - first)
            .saturating_mul(frames)
            .checked_div(frames.saturating_sub(1))
            .unwrap_or(0)
            .try_into()
            .unwrap_or(u32::MAX)
    }

    /// From the size to the header's end.
    fn rest(&self) -> Vec<u8> {
        let (width, height) = self.size.unwrap_or_default();
        let mut rest = Vec::with_capacity(20);
        rest.extend((width as u16).to_le_bytes());
        rest.extend((height as u16).to_le_bytes());
        // Ticks a second, and seconds.
        rest.extend(1000u32.to_le_bytes());
        rest.extend(1u32.to_le_bytes());
        rest.extend(self.duration().to_le_bytes());
        rest.extend(0u32.to_le_bytes());
        rest
    }
}

impl Form for Ivf {
    fn ending(&self) -> &'static str {
        "ivf"
    }

    fn frame(&mut self, frame: &Frame<'_>, shape: &Shape, out: &mut Vec<u8>) -> Result<(), String> {
        self.size = self.size.or(shape.size);
        if self.frames == 0 {
            out.extend(b"DKIF");
            out.extend(0u16.to_le_bytes());
            out.extend(HEADER.to_le_bytes());
            out.extend(self.fourcc);
            out.extend(self.rest());
        }
        let (first, last) = self.times.unwrap_or((frame.time, frame.time));
        self.times = Some((first.min(frame.time), last.max(frame.time)));
        self.frames = self.frames.saturating_add(1);
        out.extend((frame.data.len() as u32).to_le_bytes());
        out.extend(frame.time.to_le_bytes());
        out.extend(frame.data);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Option<Patch> {
        (self.frames > 0).then(|| Patch { offset: SIZE, bytes: self.rest() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_of_the_header_knows_how_long_it_is() {
        let mut form = Ivf::new(*b"VP90");
        let mut out = Vec::new();
        let first = 1 << 33;
        for time in [first, first + 40, first + 80] {
            form.frame(&Frame { data: &[5], time, is_key: false }, &Shape::default(), &mut out).unwrap();
        }
        let patch = form.finish(&mut Vec::new()).unwrap();
        assert_eq!((patch.offset, patch.bytes.len()), (SIZE, 20));
        assert_eq!(patch.bytes[4..16], [1000u32.to_le_bytes(), 1u32.to_le_bytes(), 120u32.to_le_bytes()].concat());
        assert_eq!(out[32 + 13 + 4..32 + 13 + 12], (first + 40).to_le_bytes());
    }
}
