use super::{SECOND, packets};
use crate::proto::Close;
use crate::proto::ftl::ReplyCode;
use crate::rules::{Findings, Rule, Severity, Story, rule};
use crate::story::ftl::Ftl;
use crate::wire::words::{counted, duration};
use crate::wire::{Moment, Side};

/// Media that is not there by then is late, in ns.
const PATIENCE: i64 = 5 * SECOND;

rule! {
    /// The server named a port, and no media of the client came to it within 5 seconds. Where the capture has no datagram of the
    /// session at all, and the server does not say that no media came (408), it may be a capture of TCP alone: then this is a
    /// note. Or the server's host says, by ICMP, that nobody listens where media is sent to.
    ///
    /// Why: the control connection stands and the client seems to be live, while nobody sees anything.
    ///
    /// Seen: firewalls that let TCP through and not UDP; captures that were made with a filter on the control port.
    ///
    /// Change: let UDP to the media port through, in both directions; capture it too.
    pub(super) struct MediaMissing {}
    "FTL011", "media-missing", Warning, "FTL 0.9, Sending media", rests: Session, media: false
}

impl Rule for MediaMissing {
    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = story.ftl.as_ref().filter(|_| close.last) else { return };
        if let Some((first, flow)) = ftl.first_unreachable.zip(ftl.flows.first()) {
            let times = counted(ftl.unreachable as usize, "datagram", "datagrams");
            let text = format!(
                "nobody listens for media at {}: the host says so of {times} (ICMP port unreachable); see whether the server runs and whether that is its address",
                flow.server
            );
            findings.push(Self::META, Some(Side::Server), text, packets(first.packet, first.packet));
        }
        let Some((started, port)) = ftl.state.started.zip(ftl.state.media_port) else { return };
        let media = ftl.sources.iter().filter(|source| source.from == Side::Client).map(|source| source.first);
        let first = media.min_by_key(|first| first.time);
        let ended = ftl.state.disconnected.unwrap_or(story.ending(close).at);
        // Datagrams may go on after the connection.
        let until = first.unwrap_or_else(|| later(ftl, ended));
        let waited = until.time.since(started.time);
        if waited <= PATIENCE {
            return;
        }
        let waited = duration(waited);
        let is_timeout = matches!(ftl.state.refused, Some((ReplyCode::NO_MEDIA_TIMEOUT, _)));
        let is_known = is_timeout || !ftl.flows.is_empty();
        let text = match first {
            Some(_) => format!("the first media came to UDP port {port} {waited} after the server had named it"),
            None if is_known => format!("no media came to UDP port {port} in {waited}"),
            None => {
                format!("in {waited} the capture has no media to UDP port {port}: none came, or UDP was not captured")
            }
        };
        let range = packets(started.packet, until.packet);
        let finding = findings.push(Self::META, Some(Side::Client), text, range);
        if !is_known {
            finding.severity = Severity::Note;
        }
    }
}

/// The end of a session without media: of its connection, or of the datagrams that came all the same.
fn later(ftl: &Ftl, ended: Moment) -> Moment {
    let datagrams = ftl.last_datagram.into_iter().flatten().max_by_key(|last| last.time);
    datagrams.filter(|last| last.time > ended.time && ftl.state.disconnected.is_none()).unwrap_or(ended)
}
