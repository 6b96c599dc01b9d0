use super::numbered;
use crate::proto::rtmp::command::ARGUMENTS;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::Side;

rule! {
    /// The name in a publish or play is a whole URL, or `tcUrl`, which ends with the application, holds the published name too.
    ///
    /// Why: a server looks for a stream of that very name and finds none. A key in `tcUrl` stands in logs that leave names out.
    ///
    /// Seen: a Flash Player 9 sample plays a URL, and the server answers NetStream.Play.Failed; a Go client sends its key in
    /// `tcUrl`.
    ///
    /// Change: cut the address into server, application and stream name; `tcUrl` is without the name.
    pub(super) struct StreamNameIsUrl {}
    "CMD024", "stream-name-is-url", Warning, "RTMP 1.0 §7.2.1.1, §7.2.2.1, §7.2.2.6", rests: Event, media: false
}

impl Rule for StreamNameIsUrl {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Client || !matches!(command.name.as_str(), "publish" | "play") {
            return;
        }
        let Some(name) = command.arguments.first().and_then(|name| name.text()).filter(|name| !name.is_empty()) else {
            return;
        };
        let call = numbered(command);
        if ["rtmp://", "rtmps://", "rtmpt://", "rtmpe://", "rtmpte://", "rtmpts://"]
            .iter()
            .any(|it| name.starts_with(it))
        {
            let finding =
                findings.about(Self::META, message, format!("the stream's name in the client's {call} is a URL"));
            finding.mark = place::field(message, &ARGUMENTS);
            return;
        }
        let Some(connect) = story.connect.as_ref().filter(|_| command.name == "publish") else { return };
        let (Some(app), Some(url)) = (&connect.app, &connect.tc_url) else { return };
        if behind_application(url, app) == Some(name) {
            findings.about(
                Self::META,
                message,
                format!("the client's tcUrl holds the stream's name of {call} behind the application"),
            );
        }
    }
}

/// What the address's path has behind the application.
fn behind_application<'u>(url: &'u str, app: &str) -> Option<&'u str> {
    let (_, address) = url.split_once("://")?;
    let (_, path) = address.split_once('/')?;
    path.strip_prefix(app)?.strip_prefix('/')
}
