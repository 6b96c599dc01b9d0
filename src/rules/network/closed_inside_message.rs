use crate::net::How;
use crate::proto::rtmp::{Head, type_name};
use crate::proto::{Close, Incomplete, Why};
use crate::rules::{Findings, Rule, Severity, Story, rule};
use crate::story::Use;
use crate::wire::Side;
use crate::wire::words::{count, counted};

rule! {
    /// A side ended the connection, by a FIN or a reset, while a message of the other was under way: the finding says which
    /// side, inside which message, and how much of it was missing. A player that leaves in the middle of a picture is a note.
    /// A side that closes inside its own message is another rule's, and so is one that resets the connection there.
    ///
    /// Why: what the receiver had of the message is lost. Where a server does it, the message itself is often the reason: longer
    /// than it takes, or of a kind that it refuses.
    ///
    /// Seen: servers that hang up on a picture of more than a megabyte; players that are closed.
    ///
    /// Change: look into the log of the side that ended it; a server should say by a status what it does not take, and name its
    /// greatest message in its manual.
    pub(super) struct ClosedInsideMessage {
        cut: [Option<Cut>; 2],
    }
    "NET008", "closed-inside-message", Warning, "RFC 9293 §3.6", rests: Event, unsure: true, media: false
}

/// The first message that the end of its direction cut off.
struct Cut {
    head: Box<Head>,
    received: u32,
}

impl Rule for ClosedInsideMessage {
    fn incomplete(&mut self, part: &Incomplete, _: &Story, _: &mut Findings) {
        if part.why == Why::Closed {
            let head = Head { runs: Vec::new(), ..part.head.clone() };
            let cut = Cut { head: Box::new(head), received: part.received };
            self.cut[part.from.index()].get_or_insert(cut);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let ending = story.ending(close);
        let Some(by) = ending.by.filter(|_| close.last) else { return };
        let from = by.other();
        let Some(Cut { head, received }) = self.cut[from.index()].take() else { return };
        // What began when the connection had ended is nobody's fault.
        if head.first.packet > ending.at.packet || head.first.time >= ending.at.time {
            return;
        }
        let did = if ending.how == How::Rst { "reset" } else { "closed" };
        let text = format!(
            "the {} {did} the connection inside the {}'s {} (offset {}): {received} of its {} had come, {} missing",
            by.name(),
            from.name(),
            type_name(head.kind),
            head.offset,
            count(u64::from(head.length), "byte"),
            counted(head.length.saturating_sub(received) as usize, "was", "were"),
        );
        let last = head.last.packet.max(ending.at.packet);
        let finding = findings.push(Self::META, Some(by), text, (head.first.packet, last));
        if by == Side::Client && story.requests.uses().any(|request| request.purpose() == Some(Use::Play)) {
            finding.severity = Severity::Note;
        }
        // A FIN acknowledges what had come by then. A reset need not: the rest may have been sent and not captured.
        finding.certain = ending.how == How::Fin && story.is_whole(from);
    }
}
