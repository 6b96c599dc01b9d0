//! VP8 and VP9 in IVF: a header, then each frame behind its length and its time. Times count ms, as they were sent.
//! Source: the description of IVF in libvpx (ivfdec.c).

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
    /// The time of the frame before, without its wrapping at 2^32.
    time: Option<u64>,
}

impl Ivf {
    pub(super) fn new(fourcc: [u8; 4]) -> Ivf {
        Ivf { fourcc, frames: 0, size: None, time: None }
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
        rest.extend(self.frames.to_le_bytes());
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
        let time = match self.time {
            Some(before) => {
                let moved = i64::from(frame.time.wrapping_sub(before as u32) as i32);
                before.saturating_add_signed(moved)
            }
            None => u64::from(frame.time),
        };
        self.time = Some(time);
        self.frames = self.frames.saturating_add(1);
        out.extend((frame.data.len() as u32).to_le_bytes());
        out.extend(time.to_le_bytes());
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
    fn times_go_on_where_32_bits_end() {
        let mut form = Ivf::new(*b"VP90");
        let mut out = Vec::new();
        for time in [u32::MAX - 1, 9] {
            form.frame(&Frame { data: &[5], time, is_key: false }, &Shape::default(), &mut out).unwrap();
        }
        let patch = form.finish(&mut Vec::new()).unwrap();
        assert_eq!((patch.offset, patch.bytes.len()), (SIZE, 20));
        assert_eq!(patch.bytes[12..16], 2u32.to_le_bytes());
        assert_eq!(out[32 + 4..32 + 12], u64::from(u32::MAX - 1).to_le_bytes());
        assert_eq!(out[32 + 13 + 4..32 + 13 + 12], (u64::from(u32::MAX) + 10).to_le_bytes());
    }
}
