//! One FTL session: what the server answered to each command, how it refused, and what it did with the media's pings.

use super::evidence::Evidence;
use super::normal;
use super::profile::Profile;
use super::request::{CLOSES, PATIENCE};
use super::situation::Situation;
use super::writer::{Writer, name};
use crate::limits::Limits;
use crate::net::How;
use crate::proto::ftl::{self, Body, CommandName, Content, Relation};
use crate::proto::rtmp::secrets::Masks;
use crate::proto::{Close, Opened};
use crate::story::Story;
use crate::story::ftl::{Ftl, Pings};
use crate::wire::{Moment, Side};

/// Replies of one session that are told.
const REPLIES: usize = Limits::DEFAULT.compared_kinds;

/// A reply, as it may be compared.
struct Reply {
    /// What it answers; none where the server spoke by itself.
    to: Option<CommandName>,
    value: String,
    is_error: bool,
    names_port: bool,
    latency_ns: Option<i64>,
    n: u64,
}

pub(super) struct Session {
    evidence: Evidence,
    replies: Vec<Reply>,
    /// Of the control connection, a side's bytes are missing.
    is_holed: bool,
    /// Who closed it first.
    end: Option<(Side, How, Moment)>,
}

impl Session {
    pub(super) fn new(capture: usize, opened: &Opened) -> Self {
        let evidence = Evidence { capture, session: opened.session, n: None };
        Session { evidence, replies: Vec::new(), is_holed: false, end: None }
    }

    pub(super) fn lose(&mut self) {
        self.is_holed = true;
    }

    pub(super) fn message(&mut self, message: &ftl::Message) {
        let Body::Line(line) = &message.body else { return };
        let Content::Reply(reply) = &line.content else { return };
        let (to, latency_ns) = match line.relation {
            Some(Relation::Answers(answer)) => (Some(answer.command), Some(answer.latency_ns)),
            Some(Relation::Unsolicited) => (None, None),
            Some(Relation::Uncertain) | None => return,
        };
        let mut value = reply.code.map_or_else(|| "no code".to_owned(), |code| code.0.to_string());
        if let Some(nonce) = &reply.nonce {
            value += &format!(", a nonce of {} bytes", nonce.len());
        }
        if let Some(text) = reply.text.as_deref().filter(|text| !text.is_empty()) {
            // The port is another one for each session.
            let port = reply.media_port.map(|port| port.to_string());
            let text = port.map_or_else(|| text.to_owned(), |port| text.replace(&port, "N"));
            value += &format!(" \"{text}\"");
        }
        let is_error = reply.code.is_some_and(ftl::ReplyCode::is_error);
        if self.replies.len() < REPLIES {
            let names_port = reply.media_port.is_some();
            self.replies.push(Reply { to, value, is_error, names_port, latency_ns, n: line.number });
        }
    }

    pub(super) fn close(&mut self, close: &Close) {
        self.end.get_or_insert((close.from, close.how, close.at));
    }

    /// Everything is known: tells it.
    pub(super) fn finish(self, story: &Story, masks: &Masks, profile: &mut Profile) {
        let Evidence { capture, session, .. } = self.evidence;
        let mut writer = Writer { profile, masks, capture, session };
        for reply in &self.replies {
            self.reply(reply, &mut writer);
        }
        let Some(ftl) = &story.ftl else { return };
        if !self.is_holed {
            self.unanswered(ftl, &mut writer);
        }
        if let Some(value) = self.echoes(&ftl.echoes) {
            let row = name(1040, "ftl.media_pings", "FTL: pings in the media");
            writer.fact(row, &Situation::of("FTL's media"), value, None);
        }
        self.tell_end(&mut writer);
    }

    /// Whether pings came back. Those under way at the end cannot have, nor those that were sent to a server that was gone; and
    /// some are lost on the way.
    fn echoes(&self, pings: &Pings) -> Option<&'static str> {
        match (pings.sent, pings.answered) {
            (0, _) => None,
            (sent, 0) => (sent > UNDER_WAY && !self.server_closes()).then_some("not echoed"),
            (sent, answered) if self.server_closes() || sent - answered.min(sent) <= UNDER_WAY.max(sent / 10) => {
                Some("echoed")
            }
            _ => Some("echoed at times"),
        }
    }

    fn reply(&self, reply: &Reply, writer: &mut Writer<'_>) {
        let value = normal::clip(&writer.shown(&reply.value));
        let Some(command) = reply.to else {
            let row = name(1041, "ftl.unsolicited", "FTL: the server by itself");
            writer.fact(row, &Situation::of("FTL"), self.then(reply, value), Some(reply.n));
            return;
        };
        if reply.is_error {
            refusal(writer, command, self.then(reply, value), Some(reply.n));
            return;
        }
        let (rank, key, title) = words(command);
        let situation = Situation::of(format!("FTL {title}"));
        writer.fact(
            name(rank, format!("ftl.{key}"), format!("FTL: answer to {title}")),
            &situation,
            value,
            Some(reply.n),
        );
        if command == CommandName::Start {
            let value = if reply.names_port { "named by the answer" } else { "not named" };
            writer.fact(name(1030, "ftl.media_port", "FTL: media port"), &situation, value, Some(reply.n));
        }
        if let Some(latency) = reply.latency_ns {
            let row = name(rank, format!("latency.ftl.{key}"), format!("FTL: {title} to its answer"));
            writer.latency(row, latency, Some(reply.n));
        }
    }

    /// What the server did behind the last reply, if that is an error.
    fn then(&self, reply: &Reply, value: String) -> String {
        let is_last = self.replies.last().is_some_and(|last| last.n == reply.n);
        if is_last && self.server_closes() { format!("{value}, then {CLOSES}") } else { value }
    }

    /// Commands that the server let pass, or answered by closing.
    fn unanswered(&self, ftl: &Ftl, writer: &mut Writer<'_>) {
        let Some((_, _, at)) = self.end else { return };
        for command in ftl.unanswered() {
            // What came to a server that was gone is held against nobody.
            if command.at.packet > at.packet {
                continue;
            }
            if self.server_closes() {
                refusal(writer, command.name, CLOSES.to_owned(), Some(command.n));
            } else if at.time.since(command.at.time) > PATIENCE {
                let (rank, key, title) = words(command.name);
                let situation = Situation::of(format!("FTL {title}"));
                let row = name(rank, format!("ftl.{key}"), format!("FTL: answer to {title}"));
                writer.fact(row, &situation, "nothing", Some(command.n));
            }
        }
    }

    fn server_closes(&self) -> bool {
        matches!(self.end, Some((Side::Server, How::Fin | How::Rst, _)))
    }

    fn tell_end(&self, writer: &mut Writer<'_>) {
        let value = match self.end {
            Some((Side::Server, How::Fin, _)) => CLOSES,
            Some((Side::Server, How::Rst, _)) => "the server resets the connection",
            Some((Side::Client, How::Fin | How::Rst, _)) => "the client is done first",
            Some((_, How::Timeout | How::EndOfCapture, _)) | None => return,
        };
        writer.fact(name(1050, "ftl.end", "FTL: end of the connection"), &Situation::of("FTL"), value, None);
    }
}

fn refusal(writer: &mut Writer<'_>, command: CommandName, value: String, n: Option<u64>) {
    let (rank, key, title) = words(command);
    let situation = Situation::of(format!("FTL {title}, refused"));
    let row = name(rank + 10, format!("ftl.{key}.refusal"), format!("FTL: refusal of {title}"));
    writer.fact(row, &situation, value, n);
}

/// The place, the key and the words of a command's row.
fn words(command: CommandName) -> (u32, String, &'static str) {
    let (rank, title) = match command {
        CommandName::Hmac => (1000, "HMAC"),
        CommandName::Connect => (1001, "CONNECT"),
        CommandName::Attribute => (1002, "an attribute"),
        CommandName::Start => (1003, "the dot"),
        CommandName::Ping => (1004, "PING"),
        CommandName::Disconnect => (1005, "DISCONNECT"),
    };
    (rank, command.name().to_ascii_lowercase(), title)
}

/// Pings that may be under way at once: at one in 25 ms, those of a tenth of a second.
const UNDER_WAY: u64 = 4;
