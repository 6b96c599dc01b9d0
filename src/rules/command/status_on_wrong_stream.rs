use super::Late;
use crate::proto::Close;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Stream;
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// An `onStatus` about a NetStream belongs on that stream's message stream. This one is on message stream 0, or on one that
    /// does not exist. Where the client itself published or played on that stream, its own mistake is another rule's.
    ///
    /// Why: a client hands the message to the stream that it names: nobody learns that publishing or playing began or failed.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send it on the message stream of the publish or play.
    pub(super) struct StatusOnWrongStream {
        late: Late<u32>,
    }
    "CMD013", "status-on-wrong-stream", Warning, "RTMP 1.0 §7.2.2", rests: Session, media: false
}

impl Rule for StatusOnWrongStream {
    fn held(&self) -> usize {
        self.late.held()
    }

    fn message(&mut self, message: &Message, story: &Story, _: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(code) = command.information_text("code").filter(|_| command.name == "onStatus") else { return };
        if !code.starts_with("NetStream.") || !message.head.message_stream_known {
            return;
        }
        let id = message.head.message_stream_id;
        if story.streams.get(id).is_some_and(Stream::is_known) {
            return;
        }
        let asked = story.requests.answered_by(message).filter(|request| request.message_stream_id != 0);
        let why = match asked {
            Some(request) => format!(", not on {}, where {} was sent", request.message_stream_id, request.call()),
            None if id == 0 => String::new(),
            None => ", which does not exist".to_owned(),
        };
        let text = format!("the {} sends {} on message stream {id}{why}", message.from.name(), told(code));
        self.late.keep(message, id, text);
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        // Where nothing of the client was captured its streams are not known.
        if close.last && story.of(Side::Client).seen {
            self.late.say(Self::META, findings, |id| !story.streams.get(*id).is_some_and(Stream::is_known));
        }
    }
}
