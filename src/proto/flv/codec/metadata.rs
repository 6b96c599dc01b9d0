//! Enhanced RTMP's metadata frame: AMF0 names and values, of which colorInfo is the one in use.
//! Source: E-RTMP v2 "Metadata Frame".

use crate::fields;
use crate::limits::Limits;
use crate::proto::amf::{Context, amf0};
use crate::wire::{Label, Reader, Recorder, Stop};

fields! {
    /// What a metadata frame says, by name: `colorInfo` for high dynamic range.
    METADATA: Group "video.metadata", "", "E-RTMP v2, Metadata Frame";
    /// One value.
    VALUE: Amf "video.metadata.item", "", "E-RTMP v2, Metadata Frame";
}

const STRING: u8 = 2;

/// Reads names and values to the end.
pub(crate) fn read<R: Recorder>(r: &mut Reader<'_, '_, R>) -> Result<(), Stop> {
    r.group(&METADATA, |r| {
        let limits = Limits::default();
        let mut context = Context::new(&limits);
        while !r.is_empty() && !context.has_ended() {
            let at = r.at();
            let [marker, high, low] = *r.skip(3, "a metadata name")? else { return Ok(()) };
            if marker != STRING {
                return Err(Stop::new(at, "a metadata name is not a string"));
            }
            let start = r.at();
            r.skip(usize::from(u16::from_be_bytes([high, low])), "a metadata name")?;
            r.label(Label::Key(start..r.at()));
            amf0::value(r, &mut context, &VALUE)?;
        }
        context.take_end().map_or(Ok(()), Err)
    })
}
