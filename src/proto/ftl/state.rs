//! How far a control connection has come, by its lines.
//! Source: FTL 0.9 "Establishing a connection", ftl-sdk `handshake.c`, Janus `FtlControlConnection.cpp`.

use super::attributes::Attributes;
use super::body::Content;
use super::command::{Command, CommandName};
use super::reply::{Reply, ReplyCode};
use crate::wire::Moment;

/// The command that a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its item's number.
    pub number: u64,
    pub command: CommandName,
    /// From the command's last packet to the reply's; below 0 where the capture has them in the other order.
    pub latency_ns: i64,
}

/// What a reply is to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Answers(Answer),
    /// Nothing was asked: the server speaks by itself.
    Unsolicited,
    /// Nothing that was seen was asked, but the capture misses some of what was.
    Uncertain,
}

/// A command at a place where it does not belong. None is given where a hole may have had what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// CONNECT before a nonce was given.
    BeforeChallenge,
    /// An attribute or the dot before CONNECT was accepted.
    BeforeAuthentication,
    /// CONNECT after one was accepted.
    ConnectAgain,
    /// An attribute or a dot after the start.
    AfterStart,
    /// Anything after DISCONNECT.
    AfterEnd,
}

/// How far a control connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// No command yet.
    #[default]
    Opened,
    /// A nonce was asked for; the signature is to come, or to be accepted.
    Handshaking,
    /// CONNECT was accepted: attributes may come.
    Authenticated,
    /// At least one attribute came behind that.
    Announcing,
    /// The dot was accepted: media may come.
    Started,
    /// The client said DISCONNECT, or the server refused something or ended it.
    Ended,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Opened => "opened",
            Phase::Handshaking => "handshaking",
            Phase::Authenticated => "authenticated",
            Phase::Announcing => "announcing",
            Phase::Started => "started",
            Phase::Ended => "ended",
        }
    }
}

/// What is known of a control connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub phase: Phase,
    /// The connection's beginning is not in the capture, so that its phase is what its lines imply.
    pub joined: bool,
    /// A hole may have hidden a step.
    pub is_holed: bool,
    pub channel_id: Option<u32>,
    pub nonce: Option<Vec<u8>>,
    pub signature_valid: Option<bool>,
    pub attributes: Attributes,
    /// The client said the dot.
    pub is_dotted: bool,
    /// Where media goes: the server's address and this UDP port.
    pub media_port: Option<u16>,
    pub started: Option<Moment>,
    /// When DISCONNECT came.
    pub disconnected: Option<Moment>,
    /// The last error that the server sent.
    pub refused: Option<(ReplyCode, Moment)>,
}

impl State {
    /// Bytes of memory that it takes beside itself: of a line each.
    pub fn memory(&self) -> usize {
        let attributes = &self.attributes;
        let texts = [&attributes.protocol_version, &attributes.vendor_name, &attributes.vendor_version];
        let codecs = [&attributes.video.codec, &attributes.audio.codec];
        let texts = texts.into_iter().chain(codecs).flatten().map(String::capacity);
        texts.sum::<usize>() + self.nonce.as_ref().map_or(0, Vec::capacity)
    }

    /// Goes on by a line: what it says, what it is to the other side's, and when it was complete.
    pub fn learn(&mut self, content: &Content, relation: Option<Relation>, signature_valid: Option<bool>, at: Moment) {
        match content {
            Content::Command(command) => self.command(command, signature_valid, at),
            Content::Reply(reply) => self.reply(reply, relation.unwrap_or(Relation::Uncertain), at),
        }
    }

    /// A hole may have hidden a step.
    pub fn lose(&mut self) {
        self.is_holed = true;
    }

    /// Whether a command does not belong where the two have come to.
    pub(super) fn misplaced(&self, command: &Command) -> Option<Misplaced> {
        let phase = self.phase;
        if self.is_holed {
            return None;
        }
        if self.disconnected.is_some() {
            return Some(Misplaced::AfterEnd);
        }
        match command.name()? {
            CommandName::Connect if (Phase::Authenticated..=Phase::Started).contains(&phase) => {
                Some(Misplaced::ConnectAgain)
            }
            CommandName::Connect if self.nonce.is_none() => Some(Misplaced::BeforeChallenge),
            CommandName::Attribute | CommandName::Start if phase < Phase::Authenticated => {
                Some(Misplaced::BeforeAuthentication)
            }
            CommandName::Attribute | CommandName::Start if phase == Phase::Started => Some(Misplaced::AfterStart),
            _ => None,
        }
    }

    fn command(&mut self, command: &Command, signature_valid: Option<bool>, at: Moment) {
        let state = self;
        match command {
            Command::Hmac => {
                state.phase = state.phase.max(Phase::Handshaking);
                // A signature is of the nonce that was asked for last.
                state.nonce = None;
            }
            Command::Connect { channel_id, .. } => {
                state.phase = state.phase.max(Phase::Handshaking);
                state.channel_id = channel_id.or(state.channel_id);
                state.signature_valid = signature_valid;
            }
            Command::Attribute { attribute, value } => {
                state.attributes.put(attribute, value);
                // Joined behind CONNECT, its being there implies that it was accepted.
                if state.phase == Phase::Authenticated || (state.is_holed && state.phase < Phase::Authenticated) {
                    state.phase = Phase::Announcing;
                }
            }
            Command::Ping { channel_id } => {
                state.channel_id = state.channel_id.or(*channel_id);
                if state.is_holed && state.phase < Phase::Started {
                    state.phase = Phase::Started;
                }
            }
            Command::Disconnect => {
                state.phase = Phase::Ended;
                state.disconnected.get_or_insert(at);
            }
            Command::Start => state.is_dotted = true,
            Command::Unknown { .. } => {}
        }
    }

    fn reply(&mut self, reply: &Reply, relation: Relation, at: Moment) {
        let state = self;
        let Some(code) = reply.code else { return };
        if code.is_error() {
            state.refused = Some((code, at));
            state.phase = Phase::Ended;
            return;
        }
        if let Some(nonce) = &reply.nonce {
            state.nonce = Some(nonce.clone());
        }
        if let Some(port) = reply.media_port {
            state.media_port = Some(port);
        }
        let reached = match relation {
            Relation::Answers(Answer { command: CommandName::Connect, .. }) => Phase::Authenticated,
            Relation::Answers(Answer { command: CommandName::Start, .. }) => Phase::Started,
            // Nothing else has a port.
            _ if reply.media_port.is_some() => Phase::Started,
            _ => return,
        };
        if reached == Phase::Started {
            state.started.get_or_insert(at);
        }
        state.phase = state.phase.max(reached);
    }
}
