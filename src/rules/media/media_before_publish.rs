use crate::proto::rtmp::Message;
use crate::rules::facts::{Use, is_media};
use crate::rules::{Facts, Findings, Rule, rule};
use crate::wire::Side;

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
    pub(super) struct MediaBeforePublish {}
    "MED004", "media-before-publish", Warning, "RTMP 1.0 §7.2.1.3, §7.2.2.6", rests: Session
}

impl Rule for MediaBeforePublish {
    fn message(&mut self, message: &Message, facts: &Facts, findings: &mut Findings) {
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
            (_, Some(_), None) => format!("media on message stream {id} before its publish was accepted"),
            (Some(stream), None, _) if stream.created.is_some() => {
                format!("media on message stream {id}, which is not published")
            }
            _ => format!("media on message stream {id}, which was never created"),
        };
        findings.about(Self::META, message, text);
    }
}
