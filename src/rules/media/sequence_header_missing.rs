use super::{is_bare, named};
use crate::proto::rtmp::{Message, Part, Spot, is_media, parts};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Track;
use crate::wire::Trouble;

/// Codecs whose frames cannot be decoded without their configuration.
const CONFIGURED: &[&str] = &["h264", "hevc", "vvc", "av1", "aac", "flac"];

rule! {
    /// Frames of H.264, HEVC, VVC, AV1, AAC and FLAC need their codec's configuration, which comes first in a sequence header
    /// of its own. Here a track's frames begin without it, or bring another sequence parameter set than it has, as they do when
    /// an encoder changes the picture's size.
    ///
    /// Why: no decoder can begin; a player shows black, or is silent, until a sequence header comes.
    ///
    /// Seen: servers that send it to those players alone that were there at the start; encoders that go on after a reconnect
    /// as if it were known, or change the picture's size in mid-stream.
    ///
    /// Change: an encoder sends the sequence header first after every publish and every change, a server keeps it and sends it first to every
    /// player.
    pub(super) struct SequenceHeaderMissing {}
    "MED001", "sequence-header-missing", Warning, "FLV 10.1 §E.4.2, §E.4.3; Enhanced RTMP v2", rests: Session
}

impl Rule for SequenceHeaderMissing {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        // A sender of another framing has its configuration there.
        let is_framed = message
            .problems
            .iter()
            .any(|it| matches!(it.trouble, Trouble::Wrapped | Trouble::Delimited | Trouble::Mislabelled));
        if !is_media(message) || is_framed || is_bare(message, story) {
            return;
        }
        let (from, stream) = (message.from.name(), message.head.message_stream_id);
        let mut configured = Vec::new();
        let mut found = None;
        parts(message, |Spot { track: id, .. }, part| {
            let kind = part.kind();
            if part.is_configuration() {
                configured.push((kind, id));
            }
            let Some(codec) = part.codec().filter(|codec| CONFIGURED.contains(codec)) else { return };
            if !part.is_frame() || configured.contains(&(kind, id)) {
                return;
            }
            let track = story.tracks.get(message.from, stream, kind, id);
            if let Some(text) = track.filter(|track| track.codec == Some(codec)).and_then(|track| changed(track, part))
            {
                found.get_or_insert_with(|| format!("the {from}'s {codec} {} goes on {text}", named(kind, id, stream)));
            }
            // Another codec than before needs another configuration.
            let is_first = track.is_none_or(|track| track.frames == 0 || track.codec != Some(codec));
            let is_configured = track.is_some_and(|track| track.configured && track.codec == Some(codec));
            if is_first && !is_configured {
                found.get_or_insert_with(|| {
                    format!("the {from}'s {codec} {} begins without its sequence header", named(kind, id, stream))
                });
            }
        });
        if let Some(text) = found {
            findings.about(Self::META, message, text);
        }
    }
}

/// What a frame has in the place of its sequence header's sequence parameter set.
fn changed(track: &Track, part: Part<'_>) -> Option<String> {
    let Part::Video(video) = part else { return None };
    let (was, is) = (track.parameter_set?, video.parameter_set?);
    if is.is(was) {
        return None;
    }
    let sizes = match (is.size, was.size) {
        (Some(is), Some(was)) if is != was => format!(" ({} x {} instead of {} x {})", is.0, is.1, was.0, was.1),
        _ => String::new(),
    };
    Some(format!(
        "with another sequence parameter set than its sequence header has{sizes}, and no new sequence header before it"
    ))
}
