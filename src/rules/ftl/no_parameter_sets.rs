use super::about;
use crate::proto::ftl::{Body, Message};
use crate::proto::rtp::{Frame, Media, NalType};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A key frame of H.264 is there, and no SPS and PPS, or no PPS, came before it or in it. Of a source's first frame nothing is
    /// said unless its beginning is there.
    ///
    /// Why: FTL says nothing of the pictures outside of the stream. A decoder can begin nothing without both.
    ///
    /// Seen: encoders that are told to keep the parameter sets for a container's header.
    ///
    /// Change: send SPS and PPS before each key frame.
    pub(super) struct NoParameterSets {}
    "FTL017", "no-parameter-sets", Warning, "RFC 6184 §8.4", rests: Sender, media: false
}

impl Rule for NoParameterSets {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Datagram(datagram) = &message.body else { return };
        for frame in &datagram.item.frames {
            let mut sources = story.ftl.iter().flat_map(|ftl| &ftl.sources);
            // None where this is its first packet.
            let source = sources.find(|source| source.from == message.from() && source.ssrc == frame.ssrc);
            // They may be in what is missing.
            let is_lost = frame.missing > 0 || source.is_some_and(|source| source.counts.missing > 0);
            if is_lost || !frame.is_begun {
                continue;
            }
            let (has_sps, has_pps) = source.map_or((false, false), |source| (source.has_sps, source.has_pps));
            if let Some(missing) = missing(frame, has_sps, has_pps) {
                about(findings, Self::META, message, format!("a key frame comes, and no {missing} came before it"));
            }
        }
    }
}

/// What a key frame lacks, with what came before it. A lone SPS may be what was lost before a source's first packet.
fn missing(frame: &Frame, has_sps: bool, has_pps: bool) -> Option<&'static str> {
    let Media::H264 { units, is_key: true, .. } = &frame.media else { return None };
    let has = |kind: NalType| units.iter().any(|unit| unit.kind == kind);
    match (has_sps || has(NalType::SPS), has_pps || has(NalType::PPS)) {
        (_, true) => None,
        (true, false) => Some("PPS"),
        (false, false) => Some("SPS and PPS"),
    }
}
