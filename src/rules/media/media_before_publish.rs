use crate::limits::Limits;
use crate::proto::Close;
use crate::proto::rtmp::{Message, is_media};
use crate::rules::{Findings, Quote, Rule, Story, rule};
use crate::story::{Request, Use};
use crate::wire::told;
use crate::wire::words::{count, duration};
use crate::wire::{Moment, PacketNo, Side};

/// An answer that is captured so shortly after, in ns, may have come before: captures of several interfaces reorder.
const REORDERED: i64 = 5_000_000;
/// Streams that are waited for.
const REMEMBERED: usize = Limits::DEFAULT.judged_tracks;

rule! {
    /// A client sends audio or video only after the server accepted its publish, on the message stream that it created
    /// for it, and until it closes or deletes that. Here it did not wait, was refused, uses another stream, or goes on after its
    /// own `deleteStream` or `closeStream`. What it was sending when it sent that is no fault.
    ///
    /// Why: a server drops what belongs to no published stream, the sequence headers first: viewers stay black although data
    /// flows.
    ///
    /// Seen: small client libraries that send everything at once; encoders whose sending thread does not know that the user
    /// stopped.
    ///
    /// Change: wait for `NetStream.Publish.Start`; send on the message stream of the publish; stop before `deleteStream`, and publish
    /// anew to go on.
    pub(super) struct MediaBeforePublish {
        early: Vec<Early>,
        after: Vec<After>,
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

/// Media on a stream that its own sender had closed or deleted. Both are of one direction, so their order is certain.
struct After {
    message_stream_id: u32,
    /// The command that ended the stream.
    call: String,
    ended: Moment,
    messages: u64,
    first: Moment,
    last: PacketNo,
    quote: Quote,
}

impl Rule for MediaBeforePublish {
    fn held(&self) -> usize {
        let early = self.early.iter().map(|early| size_of::<Early>() + early.what.len() + early.quote.cost());
        let after = self.after.iter().map(|after| size_of::<After>() + after.call.len() + after.quote.cost());
        early.chain(after).sum()
    }

    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let head = &message.head;
        let id = head.message_stream_id;
        // Message stream 0 is another rule's.
        if !is_media(message) || message.from != Side::Client || id == 0 || !head.message_stream_known {
            return;
        }
        let stream = story.streams.get(id);
        if let Some(ended) = stream.and_then(|stream| stream.ended) {
            let call = || stream.and_then(|stream| story.ended_by(stream)).map(Request::call);
            return self.goes_on(message, ended, call);
        }
        let asked = stream.and_then(|stream| story.asked(stream)).filter(|asked| asked.purpose() == Some(Use::Publish));
        let outcome = asked.and_then(|asked| asked.outcome.as_ref());
        if outcome.is_some_and(|outcome| outcome.accepted)
            || self.early.len() == REMEMBERED
            || self.early.iter().any(|early| early.message_stream_id == id)
        {
            return;
        }
        let what = match (stream, asked, outcome) {
            (_, _, Some(outcome)) => format!(", whose publish was refused: {}", told(&outcome.code)),
            (_, Some(_), None) => " before its publish was accepted".to_owned(),
            (Some(stream), None, _) if stream.created.is_some() => ", which is not published".to_owned(),
            _ => ", which was never created".to_owned(),
        };
        let (at, packets) = (head.last, (head.first.packet, head.last.packet));
        self.early.push(Early { message_stream_id: id, at, packets, quote: Quote::of(message), what });
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if close.last {
            self.after.drain(..).for_each(|after| after.say(findings));
        }
        if !close.last || !story.is_in_order(close) {
            return;
        }
        for early in self.early.drain(..) {
            let id = early.message_stream_id;
            let asked = story.streams.get(id).and_then(|stream| story.asked(stream));
            let accepted = asked.and_then(|asked| asked.outcome.as_ref()).filter(|outcome| outcome.accepted);
            // Captures of several interfaces reorder.
            if accepted.is_none_or(|outcome| outcome.at.time.since(early.at.time) > REORDERED) {
                let text = format!("the client sends media on message stream {id}{}", early.what);
                findings.about_earlier(Self::META, &early.quote, early.packets, text);
            }
        }
    }
}

impl MediaBeforePublish {
    fn goes_on(&mut self, message: &Message, ended: Moment, call: impl FnOnce() -> Option<String>) {
        let (id, head) = (message.head.message_stream_id, &message.head);
        // It was under way.
        if head.first.packet <= ended.packet {
            return;
        }
        if let Some(after) = self.after.iter_mut().find(|after| after.message_stream_id == id) {
            after.messages += 1;
            after.last = head.last.packet;
        } else if self.after.len() < REMEMBERED {
            self.after.push(After {
                message_stream_id: id,
                call: call().unwrap_or_else(|| "deleteStream or closeStream".to_owned()),
                ended,
                messages: 1,
                first: head.first,
                last: head.last.packet,
                quote: Quote::of(message),
            });
        }
    }
}

impl After {
    fn say(self, findings: &mut Findings) {
        let (stream, later) = (self.message_stream_id, duration(self.first.time.since(self.ended.time)));
        let text = format!(
            "the client goes on after its own {}: {} on message stream {stream}, the first {later} later",
            self.call,
            count(self.messages, "audio or video message"),
        );
        findings.about_earlier(MediaBeforePublish::META, &self.quote, (self.ended.packet, self.last), text);
    }
}
