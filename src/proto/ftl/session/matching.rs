//! Which command a reply answers.

use std::collections::VecDeque;

use crate::proto::ftl::command::CommandName;
use crate::proto::ftl::reply::{Reply, ReplyCode, ReplyKind};
use crate::proto::ftl::state::{Answer, Phase, Relation};
use crate::wire::Moment;

/// Commands that may wait for their reply. A client that sends more without one is broken, and the oldest is forgotten.
const WAITING: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Asked {
    number: u64,
    command: CommandName,
    at: Moment,
}

/// Commands that wait for a reply.
#[derive(Debug)]
pub(super) struct Matching {
    waiting: VecDeque<Asked>,
    /// The last command of the opening that gets a reply only if it is refused, where none came behind it that is answered.
    silent: Option<Asked>,
    /// What was asked may have been missed.
    is_doubtful: bool,
}

impl Matching {
    pub(super) fn new(is_doubtful: bool) -> Matching {
        Matching { waiting: VecDeque::new(), silent: None, is_doubtful }
    }

    pub(super) fn command(&mut self, number: u64, command: CommandName, at: Moment) {
        let asked = Asked { number, command, at };
        if !command.is_answered() {
            self.silent = Some(asked);
            return;
        }
        self.silent = None;
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
            self.is_doubtful = true;
        }
        self.waiting.push_back(asked);
    }

    /// A command or a reply may be missing: what waits may have been answered.
    pub(super) fn doubt(&mut self) {
        self.waiting.clear();
        self.silent = None;
        self.is_doubtful = true;
    }

    pub(super) fn reply(&mut self, reply: &Reply, at: Moment, phase: Phase) -> Relation {
        match self.take(reply, phase) {
            Some(asked) => {
                let latency_ns = at.time.since(asked.at.time);
                Relation::Answers(Answer { number: asked.number, command: asked.command, latency_ns })
            }
            None if reply.code.is_some_and(ReplyCode::is_notice) => Relation::Unsolicited,
            None if self.is_doubtful => Relation::Uncertain,
            None => Relation::Unsolicited,
        }
    }

    fn take(&mut self, reply: &Reply, phase: Phase) -> Option<Asked> {
        let is_asked = |command: CommandName| match reply.kind() {
            ReplyKind::Pong => command == CommandName::Ping,
            ReplyKind::Challenge => command == CommandName::Hmac,
            ReplyKind::MediaPort => command == CommandName::Start,
            // A 200 for a PING would be an answer too, of a server that knows no 201; only where nothing else waits.
            ReplyKind::Accepted => command != CommandName::Ping,
            ReplyKind::Error | ReplyKind::Unknown => true,
        };
        if reply.code.is_some_and(ReplyCode::is_notice) {
            return None;
        }
        let place = self.waiting.iter().position(|asked| is_asked(asked.command));
        let place = place.or_else(|| (reply.kind() == ReplyKind::Accepted && !self.waiting.is_empty()).then_some(0));
        match place {
            Some(place) => self.waiting.remove(place),
            None if reply.kind() == ReplyKind::Error && phase < Phase::Started => self.silent.take(),
            None => None,
        }
    }

    /// Bytes of memory that it takes beside itself.
    pub(super) fn memory(&self) -> usize {
        self.waiting.capacity() * size_of::<Asked>()
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = (u64, CommandName, Moment)> {
        self.waiting.iter().map(|asked| (asked.number, asked.command, asked.at))
    }
}
