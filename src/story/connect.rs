//! The client's connect: what it asks for, and what the server made of it.

use super::answered::Answered;
use super::requests::Requests;
use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Command, Message};
use crate::wire::{Moment, Side};

/// The client's connect: its last one up to the one that the server accepted. Source: RTMP 1.0 §7.2.1.1.
#[derive(Clone, Debug)]
pub struct Connect {
    pub n: u64,
    pub at: Moment,
    pub transaction_id: Option<f64>,
    pub app: Option<String>,
    pub tc_url: Option<String>,
    pub flash_ver: Option<String>,
    /// What the client asks for; 0 where it does not say.
    pub object_encoding: f64,
    /// It announces Enhanced RTMP: `fourCcList`, `capsEx` or the FourCC maps.
    pub announces_enhanced: bool,
    /// What came of it.
    pub answer: Option<Answered>,
}

impl Connect {
    pub(super) fn learn(known: &mut Option<Connect>, message: &Message, requests: &Requests) {
        let Body::Command(command) = &message.body else { return };
        if message.from == Side::Client && command.name == "connect" {
            if known.as_ref().is_some_and(Connect::is_accepted) {
                return;
            }
            let answer = requests.early_reply(message).map(|early| early.answered.clone());
            *known = Some(Connect { answer, ..Connect::of(message, command) });
        } else if let Some(connect) = known
            && connect.answer.is_none()
            && requests.answered_by(message).is_some_and(|call| call.n == connect.n)
        {
            connect.answer = Some(Answered::of(message, command));
        }
    }

    fn of(message: &Message, command: &Command) -> Connect {
        let member = |name: &str| command.object.as_ref().and_then(|object| object.member(name));
        let text = |name: &str| member(name).and_then(Amf::text).map(str::to_owned);
        let enhanced = ["fourCcList", "capsEx", "videoFourCcInfoMap", "audioFourCcInfoMap"];
        Connect {
            n: message.n,
            at: message.head.last,
            transaction_id: command.transaction_id,
            app: text("app"),
            tc_url: text("tcUrl"),
            flash_ver: text("flashVer"),
            object_encoding: member("objectEncoding").and_then(Amf::number).unwrap_or(0.0),
            announces_enhanced: enhanced.iter().any(|name| member(name).is_some()),
            answer: None,
        }
    }

    /// Whether the server said yes.
    pub fn is_accepted(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.accepted)
    }
}
