//! Screen video 1 and 2: the size in every picture. Source: FLV 10.1 §E.4.3.1 (SCREENVIDEOPACKET, SCREENV2VIDEOPACKET).

use super::bits::Bits;
use super::picture::{BLOCK_HEIGHT, BLOCK_WIDTH, HAS_IFRAME_IMAGE, HAS_PALETTE, size};
use crate::proto::flv::facts::video::Video;
use crate::wire::{Reader, Recorder, Stop, Value};

/// Reads the sizes of blocks and picture, and version 2's flags.
pub(crate) fn picture<R: Recorder>(r: &mut Reader<'_, '_, R>, video: &mut Video, second: bool) -> Result<(), Stop> {
    let at = r.at();
    let mut bits = Bits::plain(r.skip(4, "a screen video header")?, at, "a screen video header");
    let block_width = (bits.take(4)? + 1) * 16;
    let width = bits.take(12)?;
    let block_height = (bits.take(4)? + 1) * 16;
    let height = bits.take(12)?;
    r.note(&BLOCK_WIDTH, at..at + 1, Value::Uint(u64::from(block_width)));
    r.note(&BLOCK_HEIGHT, at + 2..at + 3, Value::Uint(u64::from(block_height)));
    size(r, video, [at..at + 2, at + 2..at + 4], (width, height));
    if second {
        let at = r.at();
        let flags = r.skip(1, "screen video's flags")?[0];
        r.note(&HAS_IFRAME_IMAGE, at..at + 1, Value::Bool(flags & 2 != 0));
        r.note(&HAS_PALETTE, at..at + 1, Value::Bool(flags & 1 != 0));
    }
    Ok(())
}
