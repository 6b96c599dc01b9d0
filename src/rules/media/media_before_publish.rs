use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Message, is_media};
use crate::rules::{Facts, Findings, Quote, Rule, rule};
use crate::story::Use;
use crate::wire::{Moment, PacketNo, Side};

/// An answer that is captured so shortly after, in ns, may have come before: captures of several interfaces reorder.
const REORDERED: i64 = 5_000_000;
/// Streams that are waited for.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

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

/// The first media of a stream that could not take it by what was known. It is judged at the end: what a hole or a capture
/// that reorders holds back of the other side may explain it.
struct Early {
    message_stream_id: u32,
    at: Moment,
    packets: (PacketNo, PacketNo),
    quote: Quote,
    what: String,
}

impl Rule for MediaBeforePublish {
    fn held(&self) -> usize {
        self.early.iter().map(|early| size_of::<Early>() + early.what.len() + early.quote.cost()).sum()
    }

    fn message(&mut self, message: &Message, facts: &Facts, _: &mut Findings) {
        let head = &message.head;
        let id = head.message_stream_id;
        // Message stream 0 is another rule's.
        if !is_media(message) || message.from != Side::Client || id == 0 || !head.message_stream_known {
            return;
        }
        let stream = facts.streams.get(id);
        let asked = stream.and_then(|stream| facts.asked(stream)).filter(|asked| asked.purpose() == Some(Use::Publish));
        let outcome = asked.and_then(|asked| asked.outcome.as_ref());
        if outcome.is_some_and(|outcome| outcome.accepted)
            || self.early.len() == REMEMBERED
            || self.early.iter().any(|early| early.message_stream_id == id)
        {
            return;
        }
        let what = match (stream, asked, outcome) {
            (_, _, Some(outcome)) => format!(", whose publish was refused: {}", outcome.code),
            (_, Some(_), None) => " before its publish was accepted".to_owned(),
            (Some(stream), None, _) if stream.created.is_some() => ", which is not published".to_owned(),
            _ => ", which was never created".to_owned(),
        };
        let (at, packets) = (head.last, (head.first.packet, head.last.packet));
        self.early.push(Early { message_stream_id: id, at, packets, quote: Quote::of(message), what });
    }

    fn close(&mut self, close: &Close, facts: &Facts, findings: &mut Findings) {
        if !close.last || !facts.is_in_order(close) {
            return;
        }
        for early in self.early.drain(..) {
            let id = early.message_stream_id;
            let asked = facts.streams.get(id).and_then(|stream| facts.asked(stream));
            let accepted = asked.and_then(|asked| asked.outcome.as_ref()).filter(|outcome| outcome.accepted);
            // Captures of several interfaces reorder.
            if accepted.is_none_or(|outcome| outcome.at.time.since(early.at.time) > REORDERED) {
                let text = format!("media on message stream {id}{}", early.what);
                findings.about_earlier(Self::META, &early.quote, early.packets, text);
            }
        }
    }
}
