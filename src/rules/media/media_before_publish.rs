use crate::proto::Close;
use crate::proto::rtmp::Message;
use crate::rules::facts::{Use, is_media};
use crate::rules::{Facts, Findings, Quote, Rule, rule};
use crate::wire::{Moment, PacketNo, Side};

/// An answer that is captured so shortly after, in ns, may have come before: captures of several interfaces reorder.
const REORDERED: i64 = 5_000_000;
/// How long the answer is waited for, in ns.
const PATIENCE: i64 = 10_000_000_000;
/// Streams that are waited for.
const REMEMBERED: usize = 64;

rule! {
    /// A client sends audio or video only after the server accepted its publish, and on the message stream that it created
    /// for it. Here it did not wait, was refused, or uses another stream.
    ///
    /// Why: a server drops what belongs to no published stream, the sequence headers first: viewers stay black although data
    /// flows.
    ///
    /// Seen: small client libraries that send everything at once.
    ///
    /// Change: wait for `NetStream.Publish.Start`; send on the message stream of the publish.
    pub(super) struct MediaBeforePublish {
        early: Vec<Early>,
    }
    "MED004", "media-before-publish", Warning, "RTMP 1.0 §7.2.1.3, §7.2.2.6", rests: Session
}

/// The first media of a stream whose publish had no answer so far.
struct Early {
    message_stream_id: u32,
    at: Moment,
    packets: (PacketNo, PacketNo),
    quote: Quote,
}

impl Rule for MediaBeforePublish {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
        self.settle(Some(message.head.last), facts, findings);
        let head = &message.head;
        // Message stream 0 is another rule's.
        if !is_media(message)
            || message.from != Side::Client
            || head.message_stream_id == 0
            || !head.message_stream_known
        {
            return;
        }
        let id = head.message_stream_id;
        let stream = facts.streams.get(id);
        let asked = stream.and_then(|stream| stream.asked.as_ref()).filter(|asked| asked.purpose == Use::Publish);
        let outcome = asked.and_then(|asked| asked.outcome.as_ref());
        let text = match (stream, asked, outcome) {
            (_, _, Some(outcome)) if outcome.accepted => return,
            (_, _, Some(outcome)) => {
                format!("media on message stream {id}, whose publish was refused: {}", outcome.code)
            }
            (_, Some(_), None) => {
                if self.early.len() < REMEMBERED && !self.early.iter().any(|early| early.message_stream_id == id) {
                    let (at, packets) = (head.last, (head.first.packet, head.last.packet));
                    self.early.push(Early { message_stream_id: id, at, packets, quote: Quote::of(message) });
                }
                return;
            }
            (Some(stream), None, _) if stream.created.is_some() => {
                format!("media on message stream {id}, which is not published")
            }
            _ => format!("media on message stream {id}, which was never created"),
        };
        findings.about(Self::META, message, text);
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if close.last {
            self.settle(None, facts, findings);
        }
    }
}

impl MediaBeforePublish {
    /// Says which media came too early, as far as that is known by now; without a time, at the end.
    fn settle(&mut self, now: Option<Moment>, facts: &Facts, findings: &mut Findings) {
        self.early.retain(|early| {
            let id = early.message_stream_id;
            let asked = facts.streams.get(id).and_then(|stream| stream.asked.as_ref());
            let outcome = asked.and_then(|asked| asked.outcome.as_ref());
            let after = |moment: Moment| moment.time.since(early.at.time);
            if outcome.is_none() && now.is_some_and(|now| after(now) < PATIENCE) {
                return true;
            }
            if outcome.is_none_or(|outcome| after(outcome.at) > REORDERED) {
                let text = format!("media on message stream {id} before its publish was accepted");
                findings.about_earlier(Self::META, &early.quote, early.packets, text);
            }
            false
        });
    }
}
