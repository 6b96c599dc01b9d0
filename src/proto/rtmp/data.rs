//! Data messages: metadata, cue points and the like, in AMF0 and "AMF3". Source: RTMP 1.0 §7.1.2; RTMP errata and
//! addenda §7.2.

use super::encoding::{Encoding, Front};
use crate::fields;
use crate::proto::amf::{Amf, Context};
use crate::wire::{Label, Reader, Recorder, Stop, Value};

fields! {
    /// A data message: metadata, cue points and the like.
    DATA: Group "data", "", "RTMP 1.0 §7.1.2";
    /// The handler that is called with the data.
    DATA_NAME: Text "data.name", "", "RTMP 1.0 §7.1.2";
    /// The values that it is called with.
    VALUES: List "data.values", "", "RTMP 1.0 §7.1.2";
    /// One value.
    VALUE: Amf "data.values.item", "", "RTMP 1.0 §7.1.2";
    /// The number of a frame, from a timecode track that FFmpeg sends as it is, without a name.
    TIMECODE: Uint "data.timecode", "frames", "QuickTime timecode sample; FFmpeg's FLV muxer";
}

/// A data message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    pub name: String,
    pub values: Vec<Amf>,
    /// A timecode track's frame number, which stands in place of a name and values.
    pub timecode: Option<u32>,
}

impl Data {
    /// The handler that players see: behind `@setDataFrame` and `@clearDataFrame` the one that they name.
    pub fn handler(&self) -> &str {
        match self.name.as_str() {
            "@setDataFrame" | "@clearDataFrame" => self.values.first().and_then(Amf::text).unwrap_or(&self.name),
            name => name,
        }
    }
}

/// Reads a data message to its end.
pub(super) fn data<R: Recorder>(
    r: &mut Reader<'_, '_, R>,
    data: &mut Data,
    is_amf3: bool,
    context: &mut Context,
) -> Result<(), Stop> {
    // Four bytes that begin with 0 hold no name in either format; an empty one ends with two zeros.
    if r.left() == 4 && r.peek() == Some(0) && !(is_amf3 && r.rest()[1] == STRING) {
        return r.group(&DATA, |r| {
            data.timecode = Some(r.u32(&TIMECODE)?);
            Ok(())
        });
    }
    let front = Front::of(r, context, &DATA_NAME, false, is_amf3)?;
    let at = r.at();
    let encoding = r.group(&DATA, |r| {
        let encoding = Encoding::of(r, context, &DATA_NAME, false);
        match encoding.value(r, context, &DATA_NAME)? {
            Amf::String(name) => data.name = name,
            other => {
                data.values.push(other);
                return Err(Stop::new(at, "a data message's first value is not a string"));
            }
        }
        r.node(&VALUES, |r| {
            let mut index = 0;
            while !r.is_empty() && !context.has_ended() {
                r.label(Label::Index(index));
                data.values.push(encoding.further(r, context, &VALUE)?);
                index += 1;
            }
            Ok((encoding, Value::List))
        })
    })?;
    encoding.judge(front, at)
}

/// AMF0's string marker.
const STRING: u8 = 0x02;
