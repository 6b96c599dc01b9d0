use crate::proto::Close;
use crate::proto::rtmp::{Body, LimitType, Message};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::wire::{PacketNo, Side};

rule! {
    /// Set Peer Bandwidth with another window than the receiver last announced is answered with a Window
    /// Acknowledgement Size. None came. A limit of type 2 (dynamic) that follows no hard one is to be ignored, and asks for
    /// nothing.
    ///
    /// Why: the one that sets the limit never learns whether it is kept.
    ///
    /// Seen: most small clients, which ignore Set Peer Bandwidth.
    ///
    /// Change: answer with a Window Acknowledgement Size of the new window.
    pub(super) struct BandwidthUnanswered {
        asked: [Option<Asked>; 2],
        hard: [bool; 2],
    }
    "CTL011", "bandwidth-unanswered", Note, "RTMP 1.0 §5.4.5", rests: Session, media: false, background: true
}

/// The first Set Peer Bandwidth of a side that waits for its answer.
struct Asked {
    quote: Quote,
    packets: (PacketNo, PacketNo),
    window: u32,
}

impl Rule for BandwidthUnanswered {
    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let (side, other) = (message.from, message.from.other());
        match message.body {
            Body::SetPeerBandwidth { window, limit } => {
                let hard = &mut self.hard[side.index()];
                *hard = match limit {
                    Some(LimitType::HARD) => true,
                    Some(LimitType::SOFT) => false,
                    _ if *hard => true,
                    _ => return,
                };
                if story.of(other).window.is_none_or(|(announced, _)| announced != window) {
                    let packets = (message.head.first.packet, message.head.last.packet);
                    let asked = || Asked { quote: Quote::of(message), packets, window };
                    self.asked[side.index()].get_or_insert_with(asked);
                }
            }
            Body::WindowAcknowledgementSize(_) => self.asked[other.index()] = None,
            _ => {}
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if !close.last {
            return;
        }
        for side in Side::BOTH {
            let Some(asked) = self.asked[side.index()].take() else { continue };
            let other = story.of(side.other());
            // It must have had the time to answer: it said something later, and its end was captured.
            let had_time = other.last.is_some_and(|last| last.packet > asked.packets.1);
            if !had_time || !story.ends_in_order(close) {
                continue;
            }
            let (name, window) = (side.other().name(), asked.window);
            let text = format!("the {name} never answered set_peer_bandwidth of {window} with its window");
            // The one at fault is the one that stays silent.
            findings.about_earlier(Self::META, &asked.quote, asked.packets, text).from = Some(side.other());
        }
    }
}
