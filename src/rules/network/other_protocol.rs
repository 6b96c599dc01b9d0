use crate::proto::rtmp::detect::Foreign;
use crate::proto::{Close, Opened, Stranger};
use crate::rules::tls::is_mistaken;
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// Beside this session, a client speaks another protocol (TLS, HTTP, RTMPT, RTSP, SRT, SSH, text) to the same address and port: the packet is
    /// the one with its first bytes. Or it is this session's client that speaks RTMP to a port where the server answers others in
    /// another protocol, and never answers it. TLS where RTMP is in clear, or the other way round, is TLS003's. The finding stands with the session of that server that begins or ends next; where
    /// none follows, the summary names the first such connection.
    ///
    /// Why: such a client waits, or is disconnected without a word: to its user it looks like a server that is down.
    ///
    /// Seen: encoders with `rtmps://` and the port of `rtmp://`, or the other way round; browsers and health checks that ask
    /// an RTMP port.
    ///
    /// Change: give each protocol the port that speaks it; `rtmps://` is TLS, by custom on port 443.
    pub(super) struct OtherProtocol {
        is_clear: bool,
        answered: Option<Box<Stranger>>,
    }
    "NET009", "other-protocol", Note, "RTMP 1.0 §5.2.2", rests: Event, each: true, media: false
}

impl Rule for OtherProtocol {
    fn opened(&mut self, opened: &Opened, _: &Story, findings: &mut Findings) {
        self.is_clear = opened.is_clear();
        self.say(&opened.strangers, findings);
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        self.say(&close.strangers, findings);
        let server = story.of(Side::Server);
        let is_answered = server.seen || server.gap || server.lost;
        if let Some(stranger) = self.answered.take_if(|_| close.last)
            && !is_answered
            && let Some(answer) = stranger.answer
        {
            let Stranger { client, server, packet, .. } = *stranger;
            let text = format!(
                "the client speaks RTMP to {server}, which does not answer it, and answers {client} in {}",
                answer.name()
            );
            findings.push(Self::META, Some(Side::Client), text, (packet, close.at.packet.max(packet)));
        }
    }
}

impl OtherProtocol {
    fn say(&mut self, strangers: &[Stranger], findings: &mut Findings) {
        for stranger in strangers {
            if is_mistaken(stranger, self.is_clear) {
                continue;
            }
            let Stranger { client, server, foreign, answer, packet, more } = *stranger;
            let mut text = format!("beside this session, {client} speaks {} to {server}", foreign.name());
            if let Some(answer) = answer {
                text.push_str(&format!(", and is answered in {}", answer.name()));
                // In clear it is TLS003's, and within TLS it is no other protocol.
                if answer != Foreign::Tls {
                    self.answered.get_or_insert_with(|| Box::new(*stranger));
                }
            }
            if more > 0 {
                text.push_str(&format!("; {} of that kind in all", count(more + 1, "connection")));
            }
            findings.push(Self::META, None, text, (packet, packet));
        }
    }
}
