use super::{about_field, command, reply};
use crate::proto::ftl::{Command, Message, ReplyCode, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::told;

/// The version that there are documents and programs of.
const KNOWN: &str = "0.9";

rule! {
    /// The client announces a protocol version other than 0.9, or the server refuses the one that it announces (402).
    ///
    /// Why: documents, ftl-sdk and all servers that are known here speak 0.9. What another number promises nobody knows; a server
    /// that reads it refuses.
    ///
    /// Seen: old builds of ftl-sdk.
    ///
    /// Change: announce `ProtocolVersion: 0.9`, and speak it.
    pub(super) struct ProtocolVersion {}
    "FTL019", "protocol-version", Warning, "FTL 0.9, Handshake", rests: Event, media: false
}

impl Rule for ProtocolVersion {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if let Some((_, Command::Attribute { attribute, value })) = command(message) {
            if attribute == "ProtocolVersion" && value != KNOWN {
                let text = format!("the client announces protocol version \"{}\", not {KNOWN}", told(value));
                about_field(findings, Self::META, message, &field::VALUE, text);
            }
        } else if let Some((_, reply)) = reply(message)
            && reply.code == Some(ReplyCode::OLD_VERSION)
        {
            let announced = story.ftl.as_ref().and_then(|ftl| ftl.state.attributes.protocol_version.as_deref());
            let which = announced.map_or_else(String::new, |announced| format!(", \"{}\"", told(announced)));
            let text = format!("the server refuses the client's protocol version{which}");
            about_field(findings, Self::META, message, &field::CODE, text);
        }
    }
}
