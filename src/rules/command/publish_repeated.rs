use super::{Late, numbered};
use crate::proto::Close;
use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::{Use, deed};
use crate::wire::Side;

rule! {
    /// A second `publish` on a message stream that publishes already, or waits for the answer to its first. Where the first was
    /// refused, or ended by FCUnpublish, closeStream or deleteStream, a second one is in order.
    ///
    /// Why: servers differ. Some go on under the first name, some under the second, and some refuse the second as busy; what
    /// viewers of the first get nobody knows.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: end what is published first, or create another message stream.
    pub(super) struct PublishRepeated {
        late: Late<u64>,
    }
    "CMD030", "publish-repeated", Note, "RTMP 1.0 §7.2.2.6", rests: Session, media: false
}

impl Rule for PublishRepeated {
    fn held(&self) -> usize {
        self.late.held()
    }

    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Client || deed(command) != Some(Deed::Publishes) {
            return;
        }
        let id = message.head.message_stream_id;
        let Some(stream) = story.streams.get(id).filter(|_| message.head.message_stream_known) else { return };
        let is_over = stream.ended.is_some() || stream.unpublished.is_some() || stream.finished;
        let Some(first) = story.asked(stream).filter(|it| it.purpose() == Some(Use::Publish) && !is_over) else {
            return;
        };
        if !first.is_standing() {
            return;
        }
        let (call, earlier) = (numbered(command), first.call());
        if first.outcome.is_some() {
            let text = format!("the client sends {call} on message stream {id}, which publishes since {earlier}");
            findings.about(Self::META, message, text);
        } else {
            // The refusal may only not have come up yet.
            let text =
                format!("the client sends {call} on message stream {id}, on which {earlier} waits for its answer");
            self.late.keep(message, first.n, text);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if close.last {
            let outcome = |n: &u64| story.requests.get(*n).and_then(|first| first.outcome.as_ref());
            self.late.say(Self::META, findings, |n| outcome(n).is_none_or(|outcome| outcome.accepted));
        }
    }
}
