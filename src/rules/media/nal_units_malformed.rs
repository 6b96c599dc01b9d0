use super::{codec_mislabelled, sender_of};
use crate::proto::rtmp::{Body, Message, Part, Spot, is_media, parts};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::{Problem, Trouble};

rule! {
    /// The NAL units of H.264, HEVC and VVC stand behind their lengths, which lead from one to the next and just to the end of the
    /// message; those of the sequence header in its configuration record. Here a length is 0, runs past the end, or leaves bytes
    /// over, has another size than the sequence header says, or start codes (Annex B) stand in the place of lengths or of the record.
    ///
    /// Why: a receiver finds no picture in the frame, or reads its bytes as something else; with a broken sequence header its
    /// decoder cannot begin at all.
    ///
    /// Seen: encoders that hand the bytes of an Annex B stream (a camera's, or an `.h264` file's) to FLV as they are.
    ///
    /// Change: write each NAL unit's own length in place of its start code, in as many bytes as the sequence header says; write the
    /// parameter sets into the configuration record of ISO/IEC 14496-15, without start codes.
    pub(super) struct NalUnitsMalformed {}
    "MED016", "nal-units-malformed", Error, "ISO/IEC 14496-15 §4.3, §5.3.3.1, §8.3.3.1, §11.2.4.2", rests: Event
}

impl Rule for NalUnitsMalformed {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if !is_media(message) {
            return;
        }
        let is_such = |problem: &&Problem| matches!(problem.trouble, Trouble::Tiling | Trouble::Delimited);
        if let Some(problem) = message.problems.iter().find(is_such) {
            if codec_mislabelled::holds(message).is_none() {
                let text = format!("{}: {}; {}", sender_of(message), problem.what, advice(message, problem));
                findings.about(Self::META, message, text).at(Mark::Payload(problem.at..problem.at + 1));
            }
        } else if let Some(text) = other_size(message, story) {
            findings.about(Self::META, message, text);
        }
    }
}

fn advice(message: &Message, problem: &Problem) -> &'static str {
    let is_header = matches!(&message.body, Body::Video(video) if Part::Video(video).is_configuration());
    match (is_header, problem.trouble) {
        (true, Trouble::Delimited) => "put the parameter sets into a configuration record, without start codes",
        (true, _) => "put the parameter sets into a configuration record, each behind its own length in 2 bytes",
        (false, Trouble::Delimited) => "write the length of each NAL unit in the place of its start code",
        (false, _) => "write each NAL unit's own length before it, so that the last NAL unit ends with the message",
    }
}

/// What is wrong with the size of the lengths, where the frame's are not of the size that the sequence header says.
fn other_size(message: &Message, story: &Story) -> Option<String> {
    let mut found = None;
    parts(message, |Spot { track: id, .. }, part| {
        let Part::Video(video) = part else { return };
        let (from, stream) = (message.from, message.head.message_stream_id);
        let track = story.tracks.get(from, stream, part.kind(), id).filter(|track| track.codec == part.codec());
        if let (Some(size), Some(own)) = (track.and_then(|track| track.nal_length_size), video.nal_length_sizes.first())
            && !video.nal_length_sizes.has(size)
        {
            found.get_or_insert_with(|| {
                format!(
                    "{}: the lengths of its NAL units have {own} bytes, the sequence header says {size}; \
                     write lengths of {size} bytes, or {} as lengthSizeMinusOne",
                    sender_of(message),
                    own - 1
                )
            });
        }
    });
    found
}
