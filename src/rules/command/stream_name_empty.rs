use super::numbered;
use crate::proto::rtmp::command::ARGUMENTS;
use crate::proto::rtmp::{Body, Command, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::Side;

rule! {
    /// The name in a publish, a play or a play2 is empty, or has nothing in front of its `?`. The same name in releaseStream or
    /// FCPublish before it is not told again.
    ///
    /// Why: SRS refuses such a stream and closes the connection without a word. nginx-rtmp takes it for a stream without a name,
    /// and every publisher that forgot its own meets the others there.
    ///
    /// Seen: encoders that were given an address and no key; OBS plugins that publish to `rtmp://server/app` as it stands.
    ///
    /// Change: give the client a stream name, or a key; a server should answer with NetStream.Publish.BadName.
    pub(super) struct StreamNameEmpty {}
    "CMD031", "stream-name-empty", Warning, "RTMP 1.0 §7.2.2.1, §7.2.2.2, §7.2.2.6", rests: Event, media: false
}

impl Rule for StreamNameEmpty {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Client {
            return;
        }
        let what = match name(command) {
            Some("") => "an empty name",
            Some(name) if name.starts_with('?') => "a name with nothing in front of its query",
            _ => return,
        };
        let text = format!("the client's {} has {what}", numbered(command));
        findings.about(Self::META, message, text).mark = place::field(message, &ARGUMENTS);
    }
}

/// The stream's name in a command that begins a stream.
fn name(command: &Command) -> Option<&str> {
    let first = command.arguments.first()?;
    match command.name.as_str() {
        "publish" | "play" => first.text(),
        "play2" => first.member("streamName")?.text(),
        _ => None,
    }
}
