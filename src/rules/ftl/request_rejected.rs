use super::{about_field, called, command, is_ended, packets, rejection, reply};
use crate::net::How;
use crate::proto::Close;
use crate::proto::ftl::{Command, CommandName, Item, Message, Phase, Relation, Reply, field};
use crate::rules::{Findings, Rule, Story, rule};
use crate::story::ftl::Ftl;
use crate::wire::{PacketNo, Side, told};

rule! {
    /// A reply of 400 and above: the server refuses a command, or ends the session by itself (408, 410). The finding says what
    /// was refused, what the code means and what has to change. A server that closes the connection without a word, before
    /// media may begin, says no as well: the finding says behind which command.
    ///
    /// Why: this is no fault by itself. It is what a person who asks "why does it not connect?" looks for first.
    ///
    /// Seen: 405 for a wrong key. Janus sends no code: it closes where the channel is unknown, the key does not fit, CONNECT comes
    /// twice, or a medium lacks its codec, payload type or SSRC.
    ///
    /// Change: what the finding says; a server should send the code before it closes.
    pub(super) struct RequestRejected {
        attribute: Option<Attribute>,
        is_judged: bool,
    }
    "FTL001", "ftl-request-rejected", Note, "FTL 0.9, Responses", rests: Event, each: true, media: false
}

/// The client's last attribute.
struct Attribute {
    number: u64,
    name: String,
}

impl Rule for RequestRejected {
    fn ftl(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Some((line, Command::Attribute { attribute, .. })) = command(message) {
            self.attribute = Some(Attribute { number: line.number, name: attribute.clone() });
        }
        let Some((line, reply)) = reply(message) else { return };
        if let Some(text) = self.refused(line, reply) {
            about_field(findings, Self::META, message, &field::CODE, text);
        }
    }

    fn close(&mut self, close: &Close, story: &Story, findings: &mut Findings) {
        let Some(ftl) = &story.ftl else { return };
        let ending = story.ending(close);
        // The first of the two says who ended it; what follows has to find this finding before it.
        if std::mem::replace(&mut self.is_judged, true) || !is_ended(&ending) || ending.by != Some(Side::Server) {
            return;
        }
        let state = &ftl.state;
        let is_known = Side::BOTH.into_iter().all(|side| story.is_whole(side)) && !state.is_holed;
        if !is_known || state.refused.is_some() || state.disconnected.is_some() || state.phase >= Phase::Started {
            return;
        }
        let Some((what, at)) = last_word(ftl, story) else { return };
        let did = if ending.how == How::Rst { "reset" } else { "closed" };
        let text = format!("the server {did} the connection without a word after {what}");
        findings.push(Self::META, Some(Side::Server), text, packets(at, ending.at.packet));
    }
}

impl RequestRejected {
    /// What an error says no to, and why.
    fn refused(&self, line: &Item, reply: &Reply) -> Option<String> {
        let code = reply.code.filter(|code| code.is_error())?;
        let deed = match line.relation {
            Some(Relation::Answers(answer)) if answer.command == CommandName::Attribute => {
                match self.attribute.as_ref().filter(|attribute| attribute.number == answer.number) {
                    Some(attribute) => format!("rejected the attribute {} with", told(&attribute.name)),
                    None => "rejected an attribute with".to_owned(),
                }
            }
            Some(Relation::Answers(answer)) => format!("rejected {} with", called(answer.command)),
            Some(Relation::Unsolicited) => "ended the session by itself with".to_owned(),
            Some(Relation::Uncertain) | None => "sent".to_owned(),
        };
        let mut text = format!("the server {deed} {}", code.0);
        if let Some(name) = code.name() {
            text += &format!(" {name}");
        }
        if let Some(said) = &reply.text {
            text += &format!(" \"{}\"", told(said));
        }
        match rejection::meaning(code) {
            Some((why, change)) => text += &format!(": {why}; {change}"),
            None => text += ": a code that FTL does not have; look into the server's log",
        }
        Some(text)
    }
}

/// The command behind which a server closed, with what is known to make it do so, and its packet.
fn last_word(ftl: &Ftl, story: &Story) -> Option<(String, PacketNo)> {
    let waiting = ftl.unanswered().last();
    let last = story.of(Side::Client).last?;
    let Some(waiting) = waiting else {
        // Attributes get no answer.
        let what = match ftl.state.phase {
            Phase::Announcing => "an attribute; see the server's log",
            _ => return None,
        };
        return Some((what.to_owned(), last.packet));
    };
    let known = match waiting.name {
        CommandName::Connect => {
            "CONNECT, which Janus does where the channel is unknown or the key does not fit; copy the whole stream key (channel and \
             key) into the client again"
        }
        CommandName::Start => {
            "the dot, which Janus does where neither Video nor Audio is true, or one lacks its codec, payload type or SSRC; see \
             what the client announces"
        }
        name => return Some((format!("{}; see the server's log", called(name)), waiting.at.packet)),
    };
    Some((known.to_owned(), waiting.at.packet))
}
