use crate::proto::{Attempts, Close, Opened};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::words::count;

rule! {
    /// Beside this session, connections to the same address and port did not come about: the SYN was answered by a reset, or by
    /// nothing. The finding stands with the session of that server that begins or ends next; where none follows, the summary has
    /// a line for them.
    ///
    /// Why: to its user a client that cannot connect looks like one that was rejected, and there is no message of it.
    ///
    /// Seen: clients that try again while a server starts anew; limits on connections, in the server or in a firewall.
    ///
    /// Change: see whether the server was running and how many connections it may have; a reset comes from a machine that is
    /// there, silence from a firewall or from none.
    pub(super) struct ConnectionRefused {
        server: String,
    }
    "NET010", "connection-refused", Note, "RFC 9293 §3.5, §3.10.7.1", rests: Event, each: true, media: false
}

impl Rule for ConnectionRefused {
    fn opened(&mut self, opened: &Opened, _: &Story, findings: &mut Findings) {
        self.server = opened.server.to_string();
        self.say(&opened.attempts, findings);
    }

    fn close(&mut self, close: &Close, _: &Story, findings: &mut Findings) {
        self.say(&close.attempts, findings);
    }
}

impl ConnectionRefused {
    fn say(&self, attempts: &Attempts, findings: &mut Findings) {
        let Some(range) = attempts.range else { return };
        let (refused, unanswered) = (attempts.refused, attempts.unanswered);
        let what = match (refused, unanswered) {
            (_, 0) => "a reset answered the SYN".to_owned(),
            (0, _) => "nothing answered the SYN".to_owned(),
            _ => format!("a reset answered the SYN of {refused}, nothing that of {unanswered}"),
        };
        let text = format!(
            "beside this session, {} to {} did not come about: {what}",
            count(attempts.count(), "connection"),
            self.server
        );
        findings.push(Self::META, None, text, range);
    }
}
