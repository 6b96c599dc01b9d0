//! Sorenson H.263: the size in every picture's header. Source: FLV 10.1 §E.4.3.1 (H263VIDEOPACKET).

use super::bits::Bits;
use super::picture::size;
use crate::proto::flv::facts::video::Video;
use crate::wire::{Reader, Recorder, Stop};

/// Reads the picture's size.
pub(crate) fn picture<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video) -> Result<(), Stop> {
    let at = r.at();
    let mut bits = Bits::plain(r.rest(), at, "a picture header");
    if bits.take(17)? != 1 {
        return Err(Stop::new(at, "a Sorenson H.263 picture begins without its start code"));
    }
    bits.skip(5 + 8)?;
    let start = bits.at();
    let picture = match bits.take(3)? {
        0 => (bits.take(8)?, bits.take(8)?),
        1 => (bits.take(16)?, bits.take(16)?),
        2 => (352, 288),
        3 => (176, 144),
        4 => (128, 96),
        5 => (320, 240),
        6 => (160, 120),
        code => return Err(Stop::new(start, format!("PictureSize {code} is reserved"))),
    };
    let span = bits.since(start);
    size(r, video, [span.clone(), span], picture);
    Ok(())
}
