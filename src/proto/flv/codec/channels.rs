//! Enhanced RTMP's MultichannelConfig: which speaker each channel is for. Source: E-RTMP v2 "ExAudioTagBody".

use crate::fields;
use crate::proto::flv::facts::audio::{Audio, CHANNELS};
use crate::proto::flv::facts::note;
use crate::wire::{Label, Reader, Recorder, Stop, Value};

fields! {
    /// How the channels are ordered.
    ORDER: Word "audio.channel_order", "", "E-RTMP v2, AudioChannelOrder";
    /// One bit for each speaker that has a channel.
    MASK: Uint "audio.channel_mask", "", "E-RTMP v2, AudioChannelMask";
    /// The speakers of the channels, in their order.
    LAYOUT: List "audio.channel_layout", "", "E-RTMP v2, AudioChannel";
    /// One channel's speaker.
    SPEAKER: Word "audio.channel_layout.item", "", "E-RTMP v2, AudioChannel";
}

/// AudioChannel by number; the mask has a bit for each.
const SPEAKERS: [&str; 24] = [
    "front_left",
    "front_right",
    "front_center",
    "low_frequency_1",
    "back_left",
    "back_right",
    "front_left_center",
    "front_right_center",
    "back_center",
    "side_left",
    "side_right",
    "top_center",
    "top_front_left",
    "top_front_center",
    "top_front_right",
    "top_back_left",
    "top_back_center",
    "top_back_right",
    "low_frequency_2",
    "top_side_left",
    "top_side_right",
    "bottom_front_center",
    "bottom_front_left",
    "bottom_front_right",
];

/// Reads the order, the number of channels, and which they are.
pub(crate) fn configuration<R: Recorder>(r: &mut Reader<'_, '_, R>, audio: &mut Audio) -> Result<(), Stop> {
    let at = r.at();
    let order = r.skip(1, "a channel order")?[0];
    note(r, &ORDER, ["unspecified", "native", "custom"].get(usize::from(order)).copied(), order, at);
    let count = r.u8(&CHANNELS)?;
    audio.channels = Some(u32::from(count));
    match order {
        1 => {
            let mask = r.u32(&MASK)?;
            // The mask is one number: a speaker has a bit of it and no bytes of its own.
            r.node(&LAYOUT, |r| {
                let named = SPEAKERS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
                for (index, (_, name)) in (0..).zip(named) {
                    r.label(Label::Index(index));
                    r.note(&SPEAKER, r.at()..r.at(), Value::Word(name));
                }
                Ok(((), Value::List))
            })
        }
        2 => r.node(&LAYOUT, |r| {
            for index in 0..u32::from(count) {
                let at = r.at();
                let speaker = r.skip(1, "a channel mapping")?[0];
                let name = match speaker {
                    0xfe => Some("unused"),
                    0xff => Some("unknown"),
                    speaker => SPEAKERS.get(usize::from(speaker)).copied(),
                };
                r.label(Label::Index(index));
                note(r, &SPEAKER, name, speaker, at);
            }
            Ok(((), Value::List))
        }),
        _ => Ok(()),
    }
}
