use crate::proto::Close;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::wire::{PacketNo, Side};

rule! {
    /// A server answers `connect` in steps: Window Acknowledgement Size, Set Peer Bandwidth, Stream Begin, then `_result`. One of
    /// the first two came after the `_result` or never. Stream Begin is another rule's.
    ///
    /// Why: clients that never hear of a window do not acknowledge; one that waits for these steps does not go on.
    ///
    /// Seen: rtmpsrv sends a `_result` alone; rtmplite3 leaves Set Peer Bandwidth out.
    ///
    /// Change: send the window and the bandwidth before the `_result`.
    pub(super) struct ConnectAnswerIncomplete {
        accepted: Option<Accepted>,
    }
    "CMD020", "connect-answer-incomplete", Note, "RTMP 1.0 §7.2.1.1", rests: Sender, media: false, background: true
}

/// The answer to connect, and what had not come before it.
struct Accepted {
    lacks_window: bool,
    lacks_bandwidth: bool,
    packets: (PacketNo, PacketNo),
    quote: Quote,
}

impl Rule for ConnectAnswerIncomplete {
    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if command.name != "_result" || message.from != Side::Server || self.accepted.is_some() {
            return;
        }
        if story.requests.answered_by(message).is_some_and(|call| call.deed == Some(Deed::Connects)) {
            let server = story.of(Side::Server);
            self.accepted = Some(Accepted {
                lacks_window: server.window.is_none(),
                lacks_bandwidth: server.bandwidth.is_none(),
                packets: (message.head.first.packet, message.head.last.packet),
                quote: Quote::of(message),
            });
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(accepted) = self.accepted.take_if(|_| close.last) else { return };
        let server = story.of(Side::Server);
        let steps = [
            ("Window Acknowledgement Size", accepted.lacks_window, server.window.is_some()),
            ("Set Peer Bandwidth", accepted.lacks_bandwidth, server.bandwidth.is_some()),
        ];
        let faults: Vec<_> = steps
            .into_iter()
            .filter(|(_, lacks, _)| *lacks)
            .map(|(name, _, came)| format!("{} {name}", if came { "a late" } else { "no" }))
            .collect();
        if !faults.is_empty() {
            let text = format!("the server accepted connect with {}", faults.join(" and "));
            findings.about_earlier(Self::META, &accepted.quote, accepted.packets, text);
        }
    }
}
