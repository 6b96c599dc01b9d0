use super::{Late, numbered};
use crate::proto::Close;
use crate::proto::rtmp::procedure::{self, Deed};
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Request;
use crate::wire::Side;

rule! {
    /// A second `connect` on a session whose first one was accepted, or was so later. Where the first was refused, as each round
    /// of an authentication is, the client may try again. The id of the second one is no fault beside this.
    ///
    /// Why: a connection belongs to one application. Servers drop the client, or give it up for a new one while its streams run
    /// on.
    ///
    /// Seen: no real sender yet.
    ///
    /// Change: send connect once; open another connection for another application.
    pub(super) struct ConnectRepeated {
        late: Late<u64>,
    }
    "CMD029", "connect-repeated", Warning, "RTMP 1.0 §7.2.1.1", rests: Event, media: false
}

impl Rule for ConnectRepeated {
    fn held(&self) -> usize {
        self.late.held()
    }

    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Client || procedure::deed(&command.name) != Some(Deed::Connects) {
            return;
        }
        let Some(first) = story.connect.as_ref() else { return };
        let call = numbered(command);
        let earlier = story.requests.get(first.n).map_or_else(|| "another".to_owned(), Request::call);
        if first.is_accepted() {
            findings.about(Self::META, message, format!("the client sends {call} after {earlier}, which was accepted"));
        } else if first.answer.is_none() {
            self.late.keep(
                message,
                first.n,
                format!("the client sends {call} before the answer to {earlier}, which was accepted"),
            );
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        if close.last {
            let outcome = |n: &u64| story.requests.get(*n).and_then(|first| first.outcome.as_ref());
            self.late.say(Self::META, findings, |n| outcome(n).is_some_and(|outcome| outcome.accepted));
        }
    }
}
