use super::{about_field, rtp};
use crate::proto::ftl::{Attributes, CommandName, Message};
use crate::proto::rtp::{Rtp, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::ftl::Command;
use crate::wire::Field;

rule! {
    /// The client's media has an SSRC or a payload type other than it announced, or is of a medium that it said not to send.
    ///
    /// Why: servers tell audio from video by these numbers alone, and drop what has others. Nobody sees or hears it then.
    ///
    /// Seen: clients whose media part is configured apart from their control part.
    ///
    /// Change: send what the attributes say, or announce what is sent.
    pub(super) struct MediaNotAnnounced {}
    "FTL012", "media-not-announced", Error, "FTL 0.9, Handshake", rests: Sender, media: false
}

impl Rule for MediaNotAnnounced {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Some((_, rtp)) = rtp(message) else { return };
        let Some(ftl) = &story.ftl else { return };
        // As long as the dot is not there, attributes may be missing too.
        let is_dot = |request: &Command| request.name == CommandName::Start && request.reply.is_some();
        if !ftl.requests.iter().any(is_dot) {
            return;
        }
        if let Some((field, text)) = fault(&ftl.state.attributes, rtp) {
            about_field(findings, Self::META, message, field, text);
        }
    }
}

/// What shows the fault, and what it is.
fn fault(attributes: &Attributes, rtp: &Rtp) -> Option<(&'static Field, String)> {
    let media = [("video", &attributes.video), ("audio", &attributes.audio)];
    let of_source = || media.iter().filter(|(_, medium)| medium.ssrc == Some(rtp.ssrc));
    if of_source().next().is_none() {
        let known: Vec<_> =
            media.iter().filter_map(|(kind, medium)| Some(format!("{} for {kind}", medium.ssrc?))).collect();
        let is_open = media.iter().any(|(_, medium)| medium.is_sent == Some(true) && medium.ssrc.is_none());
        // Where an SSRC was not announced, any may be it.
        return (!known.is_empty() && !is_open)
            .then(|| (&field::SSRC, format!("media with ssrc {}; announced were {}", rtp.ssrc, known.join(" and "))));
    }
    let is_right = |number: Option<u8>| number.is_none_or(|number| number == rtp.payload_type);
    if !of_source().any(|(_, medium)| is_right(medium.payload_type)) {
        let (kind, medium) = of_source().next()?;
        let announced = medium.payload_type?;
        let text =
            format!("{kind} (ssrc {}) with payload type {}; announced was {announced}", rtp.ssrc, rtp.payload_type);
        return Some((&field::PAYLOAD_TYPE, text));
    }
    let (kind, _) = of_source().next().filter(|_| of_source().all(|(_, medium)| medium.is_sent == Some(false)))?;
    Some((&field::SSRC, format!("{kind} (ssrc {}), which was announced as not sent", rtp.ssrc)))
}
