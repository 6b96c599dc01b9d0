use crate::proto::rtmp::procedure::Deed;
use crate::proto::rtmp::{Body, Command, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// Publishing with a user's name and password in the manner of Adobe (`authmod=adobe`) or Limelight (`llnw`) takes three
    /// connections. The server rejects the first to ask for a name, and the second to send a challenge; the third carries the
    /// client's response. The finding says which step this is, and what came of the last.
    ///
    /// Why: two of three connections fail on purpose. They are no fault, and a client that knows no such authentication stops
    /// at the first.
    ///
    /// Seen: crtmpserver with FFmpeg and GStreamer.
    ///
    /// Change: where it stops at step 1, give the client a name and a password; where the response is refused, the right ones.
    pub(super) struct AuthenticationRound {}
    "CMD027", "authentication-round", Note, "librtmp, FFmpeg", rests: Event, each: true, media: false
}

impl Rule for AuthenticationRound {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        if message.from != Side::Server || !command.is_answer() {
            return;
        }
        let Some(call) = story.requests.answered_by(message).filter(|call| call.deed == Some(Deed::Connects)) else {
            return;
        };
        let connect = call.call();
        if let Some(Demand { scheme, step }) = Demand::of(command) {
            let scheme = told(scheme);
            let text = match step {
                Step::Name => format!(
                    "step 1 of 3 of {scheme} authentication: the server rejected {connect} to ask who the user is"
                ),
                Step::Challenge => format!(
                    "step 2 of 3 of {scheme} authentication: the server rejected {connect} to send its challenge"
                ),
                Step::Refused(reason) => {
                    // The rejection itself is another rule's; this is about what was rejected.
                    let text =
                        format!("{scheme} authentication failed: the server refused {connect}: {}", told(reason));
                    findings.about_request(Self::META, call, text);
                    return;
                }
            };
            findings.about(Self::META, message, text);
        } else if command.name == "_result"
            && let Some(scheme) = story.connect.as_ref().and_then(|connect| {
                let texts = [connect.app.as_deref(), connect.tc_url.as_deref()];
                texts.into_iter().flatten().find(|text| text.contains("&response=")).and_then(scheme)
            })
        {
            let scheme = told(scheme);
            let text = format!("step 3 of 3 of {scheme} authentication: the server accepted the client's response");
            findings.about(Self::META, message, text);
        }
    }
}

/// What a rejection asks for, in the words of its description.
struct Demand<'m> {
    scheme: &'m str,
    step: Step<'m>,
}

enum Step<'m> {
    Name,
    Challenge,
    /// … for the reason that is given.
    Refused(&'m str),
}

impl<'m> Demand<'m> {
    fn of(command: &'m Command) -> Option<Demand<'m>> {
        let description = command.information_text("description").filter(|_| command.name == "_error")?;
        let scheme = scheme(description)?;
        let step = match value(description, "reason=") {
            Some("needauth") => Step::Challenge,
            Some(reason) => Step::Refused(reason),
            None if description.contains("need auth") => Step::Name,
            None => return None,
        };
        Some(Demand { scheme, step })
    }
}

/// Whether a rejection only asks the client to come back with more.
pub(super) fn asks_for_more(command: &Command) -> bool {
    Demand::of(command).is_some_and(|demand| !matches!(demand.step, Step::Refused(_)))
}

fn scheme(text: &str) -> Option<&str> {
    value(text, "authmod=")
}

/// What stands behind `name`, up to where another value begins.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, behind) = text.split_once(name)?;
    let end = behind.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
    Some(&behind[..end]).filter(|value| !value.is_empty())
}
