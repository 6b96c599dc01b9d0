use super::{SECOND, called, packets};
use crate::proto::Close;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::{count, duration};

/// What was not answered in so long is not answered: ftl-sdk waits 5 seconds.
const PATIENCE: i64 = 5 * SECOND;

rule! {
    /// HMAC, CONNECT, the dot or PING without a reply. Each has one, and in the order of the commands: a reply does not say what
    /// it answers. Where the connection or the capture ended within 5 seconds, a reply may have been on its way, and the rule
    /// is silent, unless the server itself ended it.
    ///
    /// Why: the client waits, and gives up after 5 seconds. It takes the next reply for this one.
    ///
    /// Seen: Janus and Lightspeed, for lines that do not end in CRLF CRLF; Janus closes without a reply instead of refusing.
    ///
    /// Change: answer each of them, also with an error.
    pub(super) struct CommandUnanswered {}
    "FTL009", "command-unanswered", Warning, "FTL 0.9, Responses", rests: Session, each: true, media: false
}

impl Rule for CommandUnanswered {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        let ending = story.ending(close);
        let by_server = ending.by == Some(Side::Server);
        for command in ftl.unanswered() {
            let waited = ending.at.time.since(command.at.time);
            if !by_server && waited < PATIENCE {
                continue;
            }
            let (what, waited) = (called(command.name), duration(waited));
            let text = if by_server {
                format!("{what} was not answered; the server ended the connection {waited} after it")
            } else {
                format!("{what} was not answered in {waited}")
            };
            let range = packets(command.at.packet, ending.at.packet);
            findings.push(Self::META, Some(Side::Server), text, range).message = Some(command.n);
        }
        let pings = &ftl.pings;
        let Some(last) = pings.last else { return };
        let is_under_way = ending.at.time.since(last.time) < PATIENCE;
        let unanswered = (pings.sent - pings.answered.min(pings.sent)).saturating_sub(u64::from(is_under_way));
        if unanswered > 0 {
            let text = format!("{} of {} were not answered", unanswered, count(pings.sent, "PING"));
            findings.push(Self::META, Some(Side::Server), text, packets(last.packet, ending.at.packet));
        }
    }
}
