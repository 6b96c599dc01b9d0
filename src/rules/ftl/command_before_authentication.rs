use super::{about, about_field, called, command, rtp};
use crate::proto::ftl::{Command, CommandName, Message, Misplaced, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::Ftl;
use crate::wire::told;

rule! {
    /// CONNECT before the server gave a nonce, attributes or the dot before it accepted CONNECT, or media before the client's own
    /// dot.
    ///
    /// Why: there is nothing to sign yet, or nobody has proved who he is. Janus closes the connection at such a line; media
    /// before the dot goes to a port that nobody gave.
    ///
    /// Seen: clients that write all lines at once without waiting for the replies.
    ///
    /// Change: wait for 200 to HMAC before CONNECT, for 200 to CONNECT before the attributes, and for the port before media.
    pub(super) struct CommandBeforeAuthentication {}
    "FTL003", "command-before-authentication", Error, "FTL 0.9, Establishing a connection", rests: Session, media: false
}

impl Rule for CommandBeforeAuthentication {
    fn ftl(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        if let Some((line, command)) = command(message) {
            let what = match command {
                Command::Attribute { attribute, .. } => format!("the attribute {}", told(attribute)),
                command => command.name().map_or_else(String::new, |name| called(name).to_owned()),
            };
            let before = match line.misplaced {
                Some(Misplaced::BeforeChallenge) => "the server gave a nonce to sign",
                Some(Misplaced::BeforeAuthentication) => "the server accepted CONNECT",
                _ => return,
            };
            let field = if matches!(command, Command::Attribute { .. }) { &field::ATTRIBUTE } else { &field::NAME };
            about_field(findings, Self::META, message, field, format!("{what} before {before}"));
        } else if let Some((item, _)) = rtp(message) {
            // Without the port that the server gave, media may be another session's; behind a hole the dot may have come late.
            let is_own = |ftl: &&Ftl| !ftl.state.is_holed && ftl.state.media_port.is_some();
            let Some(ftl) = story.ftl.as_deref().filter(is_own) else { return };
            let mut dots = ftl.requests.iter().filter(|request| request.name == CommandName::Start);
            if dots.next().is_some_and(|dot| item.at.packet < dot.at.packet) {
                about(findings, Self::META, message, "media before the client's own dot".to_owned());
            }
        }
    }
}
