use super::{about_field, command};
use crate::proto::ftl::{Command, Message, field};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// CONNECT's signature is not the HMAC-SHA512 of the server's nonce with the stream key that was given for its channel. Only
    /// with `--stream-key`.
    ///
    /// Why: the signature is all that proves the client's right to the channel; a server refuses another one. Where it is
    /// accepted, the key that was given here is not the channel's.
    ///
    /// Seen: keys that were renewed; clients that sign the nonce's hex digits instead of the bytes that they stand for; keys
    /// with their channel still before them.
    ///
    /// Change: compare the keys; sign the decoded nonce with the part of the stream key behind the first `-`, and write the
    /// result in lower-case hex behind a `$`.
    pub(super) struct SignatureInvalid {}
    "FTL002", "ftl-signature-invalid", Error, "FTL 0.9, Authentication", rests: Session, media: false
}

impl Rule for SignatureInvalid {
    fn ftl(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Some((line, Command::Connect { channel_id, .. })) = command(message) else { return };
        if line.signature_valid != Some(false) {
            return;
        }
        let channel = channel_id.map_or_else(String::new, |channel| format!(" to channel {channel}"));
        let text = format!("CONNECT{channel} is not signed with the stream key that was given for it");
        about_field(findings, Self::META, message, &field::SIGNATURE, text);
    }
}
