use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// `connect` says in `app` which application the client wants, and in `tcUrl` the address that it was given. Here one of
    /// them is missing or empty.
    ///
    /// Why: servers choose the application by `app` and the virtual host by `tcUrl`; without them they hang up, or use a
    /// default that nobody expects.
    ///
    /// Seen: clients that were given an address without an application, as in `rtmp://server/`.
    ///
    /// Change: send both; give the client an address with an application.
    pub(super) struct ConnectPropertyMissing {}
    "CMD003", "connect-property-missing", Warning, "RTMP 1.0 §7.2.1.1, Errata and Addenda §8.1", rests: Event, media: false
}

impl Rule for ConnectPropertyMissing {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        // What could not be read may hold them.
        if command.name != "connect" || !message.problems.is_empty() {
            return;
        }
        let faults: Vec<_> = ["app", "tcUrl"]
            .into_iter()
            .filter_map(|name| match command.object.as_ref().and_then(|object| object.member(name)) {
                None | Some(Amf::Null | Amf::Undefined) => Some(format!("no {name}")),
                Some(value) if value.text() == Some("") => Some(format!("an empty {name}")),
                // A value of another type is another rule's.
                Some(_) => None,
            })
            .collect();
        if !faults.is_empty() {
            findings.about(Self::META, message, format!("the client's connect has {}", faults.join(" and ")));
        }
    }
}
