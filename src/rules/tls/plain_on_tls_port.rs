use crate::proto::rtmp::Reason;
use crate::proto::rtmp::detect::Foreign;
use crate::proto::{Close, Opened, Stranger, Undecodable};
use crate::rules::{Findings, Rule, Severity, Story, rule};
use crate::wire::Side;
use crate::wire::words::count;

rule! {
    /// One side speaks TLS and the other does not: a client sends RTMP in clear, and the server answers with TLS, or a client begins
    /// TLS with a server that speaks RTMP in clear. Of a connection beside this session that is a warning; the finding stands with
    /// the session of that server that begins or ends next.
    ///
    /// Why: no session can begin. The client waits, or is disconnected without a word: to its user it looks like a server that is
    /// down.
    ///
    /// Seen: encoders with `rtmp://` and the port of `rtmps://`, or the other way round; servers whose TLS is ended by a proxy that is
    /// not there.
    ///
    /// Change: use `rtmps://` where the port speaks TLS (443 by custom) and `rtmp://` where it does not (1935).
    pub(super) struct PlainOnTlsPort {
        is_clear: bool,
        // Somebody else whom this session's server answers in TLS.
        answered: Option<Box<Stranger>>,
    }
    "TLS003", "plain-on-tls-port", Error, "RFC 8446 §5, RTMP 1.0 §5.2.2", rests: Event, each: true, media: false
}

/// Whether a connection beside a session is one of TLS to a port that speaks RTMP in clear.
pub(in crate::rules) fn is_mistaken(stranger: &Stranger, is_clear: bool) -> bool {
    is_clear && stranger.foreign == Foreign::Tls && stranger.answer != Some(Foreign::Tls)
}

impl Rule for PlainOnTlsPort {
    fn opened(&mut self, opened: &Opened, _: &Story, findings: &mut Findings) {
        self.is_clear = opened.is_clear();
        self.beside(&opened.strangers, findings);
    }

    fn undecodable(&mut self, lost: &Undecodable, _: &Story, findings: &mut Findings) {
        if lost.reason != Reason::NotRtmp(Foreign::Tls) || !self.is_clear {
            return;
        }
        let text = match lost.from {
            Side::Server => "the client sends RTMP in clear to a port that speaks TLS: use rtmps:// with it",
            Side::Client => "the client begins TLS with a server that speaks RTMP in clear: use rtmp:// with it",
        };
        findings.push(Self::META, Some(Side::Client), text.to_owned(), (lost.at.packet, lost.at.packet));
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        self.beside(&close.strangers, findings);
        let server = story.of(Side::Server);
        let is_answered = server.seen || server.gap || server.lost;
        if let Some(stranger) = self.answered.take_if(|_| close.last)
            && !is_answered
        {
            let Stranger { client, server, packet, .. } = *stranger;
            let text = format!(
                "the client sends RTMP in clear to {server}, which does not answer it, and answers {client} in TLS: use \
                 rtmps:// with it"
            );
            let packets = (packet, close.at.packet.max(packet));
            findings.push(Self::META, Some(Side::Client), text, packets).severity = Severity::Warning;
        }
    }
}

impl PlainOnTlsPort {
    fn beside(&mut self, strangers: &[Stranger], findings: &mut Findings) {
        for stranger in strangers {
            let Stranger { client, server, foreign, answer, packet, more } = *stranger;
            if foreign == Foreign::Tls && answer == Some(Foreign::Tls) && self.is_clear {
                self.answered.get_or_insert_with(|| Box::new(*stranger));
            }
            if !is_mistaken(stranger, self.is_clear) {
                continue;
            }
            let mut text =
                format!("beside this session, {client} begins TLS with {server}, where RTMP is spoken in clear");
            if let Some(answer) = answer {
                text.push_str(&format!(", and is answered in {}", answer.name()));
            }
            text.push_str(": use rtmp:// with it");
            if more > 0 {
                text.push_str(&format!("; {} of that kind in all", count(more + 1, "connection")));
            }
            findings.push(Self::META, None, text, (packet, packet)).severity = Severity::Warning;
        }
    }
}
