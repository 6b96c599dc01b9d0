use crate::proto;
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// A record of TLS did not authenticate, although all of its bytes are there: with secrets that open others, it was changed
    /// on the way or in the capture, or what was lost before it hides which record it is; with secrets that open none, they are
    /// not this session's. The finding says which. What such a record carried is a gap.
    ///
    /// Why: a byte that is wrong in the capture only is the capture's fault; where the receiver saw it too, it answers with an
    /// alert (bad_record_mac) and ends the connection.
    ///
    /// Seen: captures with packets cut or lost; a key log that was put together from several runs.
    ///
    /// Change: capture without loss (a larger buffer, no snap length), and give the key log of the very session.
    pub(super) struct RecordDamaged {
        said: bool,
    }
    "TLS005", "record-damaged", Note, "RFC 8446 §5.2, RFC 5246 §6.2.3", rests: Event, media: false
}

impl Rule for RecordDamaged {
    fn tls(&mut self, told: &proto::Tls, _: &Story, findings: &mut Findings) {
        let Some(bad) = told.facts.first_bad.filter(|_| !self.said) else { return };
        self.said = true;
        let sent = told.facts.sent[bad.from.index()];
        let which = match (sent.holes, sent.opened) {
            _ if told.facts.again.is_some_and(|at| at.packet <= bad.at.packet) => {
                "the client began another session of TLS on the connection before it, which is not read"
            }
            (1.., _) => "the capture misses bytes before it, so which record it is cannot be known",
            (0, 0) => "none of its sender does, so the secrets that were given are another session's",
            (0, _) => "others of its sender do, so its bytes were changed on the way or in the capture",
        };
        let text = format!(
            "record {} of the {}, at byte {} of the connection, does not authenticate: {which}",
            bad.sequence,
            bad.from.name(),
            bad.offset
        );
        findings.push(Self::META, Some(bad.from), text, (bad.at.packet, bad.at.packet));
    }
}
