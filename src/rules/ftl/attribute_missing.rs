use super::{about_field, command};
use crate::proto::ftl::{Command, Message, field, is_known};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The dot comes, and something of what the client owes before it was not announced: its protocol version, what media it
    /// sends, or of a medium the codec, the payload type or the SSRC. Or a medium has these and was never said to be sent.
    ///
    /// Why: the server cannot tell the media apart. Janus closes at the dot where a medium lacks one of them, and takes a
    /// medium that was not said to be sent as not sent.
    ///
    /// Seen: clients under development.
    ///
    /// Change: announce ProtocolVersion, Video and Audio, and of each medium that is sent its codec, payload type and SSRC,
    /// before the dot.
    pub(super) struct AttributeMissing {
        said: Vec<String>,
    }
    "FTL004", "attribute-missing", Warning, "FTL 0.9, Handshake", rests: Sender, media: false
}

impl Rule for AttributeMissing {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        match command(message) {
            // No more than there are names.
            Some((_, Command::Attribute { attribute, .. })) if is_known(attribute) && !self.has(attribute) => {
                self.said.push(attribute.clone());
            }
            Some((_, Command::Start)) => self.judge(message, story, findings),
            _ => {}
        }
    }
}

impl AttributeMissing {
    fn has(&self, name: &str) -> bool {
        self.said.iter().any(|said| said == name)
    }

    fn judge(&self, message: &Message, story: &Story, findings: &mut Findings) {
        let Some(ftl) = &story.ftl else { return };
        let attributes = &ftl.state.attributes;
        let mut missing = Vec::new();
        if !self.has("ProtocolVersion") {
            missing.push("ProtocolVersion".to_owned());
        }
        let owed = ["Codec", "PayloadType", "IngestSSRC"];
        let media = [("Video", &attributes.video), ("Audio", &attributes.audio)];
        for (kind, medium) in media {
            let named = owed.map(|what| format!("{kind}{what}"));
            if medium.is_sent == Some(true) {
                missing.extend(named.into_iter().filter(|name| !self.has(name)));
            } else if !self.has(kind) && named.iter().any(|name| self.has(name)) {
                missing.push(kind.to_owned());
            }
        }
        if !self.has("Video") && !self.has("Audio") && !missing.iter().any(|name| name == "Video" || name == "Audio") {
            missing.push("Video or Audio".to_owned());
        }
        if !missing.is_empty() {
            let text = format!("the dot comes without {} announced before it", missing.join(", "));
            about_field(findings, Self::META, message, &field::NAME, text);
        }
    }
}
