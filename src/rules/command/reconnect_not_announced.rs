use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::Side;

rule! {
    /// A client that can be sent to another server says so in the `capsEx` of its `connect`: the flag 1, reconnect. Here the
    /// server sends NetConnection.Connect.ReconnectRequest to a client whose `connect` was without it.
    ///
    /// Why: a client that does not know this status stays where it is. The server that waits for it to go shuts down under a
    /// running stream.
    ///
    /// Seen: no real server yet.
    ///
    /// Change: send the request only to clients that announced it, and close the others' connections in an orderly way; a client
    /// that understands it sets the flag.
    pub(super) struct ReconnectNotAnnounced {
        capabilities: Option<Capabilities>,
    }
    "CMD033", "reconnect-not-announced", Warning, "Enhanced RTMP v2 \"Reconnect Request\"", rests: Event, media: false
}

/// What the last connect said that its client can do.
enum Capabilities {
    /// It has no `capsEx`.
    None,
    /// As it has them.
    Flags(f64),
}

const RECONNECT: u32 = 1;

impl Rule for ReconnectNotAnnounced {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        match message.from {
            // What could not be read may hold them.
            Side::Client if command.name == "connect" => {
                let flags = command.object.as_ref().and_then(|object| object.member("capsEx"));
                self.capabilities = match flags {
                    Some(flags) => flags.number().map(Capabilities::Flags),
                    None => Some(Capabilities::None).filter(|_| message.problems.is_empty()),
                };
            }
            Side::Server if command.information_text("code") == Some("NetConnection.Connect.ReconnectRequest") => {
                let why = match self.capabilities {
                    Some(Capabilities::None) => "without capsEx".to_owned(),
                    Some(Capabilities::Flags(flags)) if flags as u32 & RECONNECT == 0 => {
                        format!("with capsEx {flags}, without its flag {RECONNECT}")
                    }
                    _ => return,
                };
                let text = format!("the server asks for a reconnect, and the client connected {why}");
                findings.about(Self::META, message, text).mark = place::member(message, "code");
            }
            _ => {}
        }
    }
}
