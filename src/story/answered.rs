//! What the server made of the client's connect, as its answer says.

use crate::proto::amf::Amf;
use crate::proto::rtmp::{Command, Message};
use crate::wire::Moment;
use crate::wire::words::clip_bytes;

/// Bytes of a server's name that are kept.
const LONGEST: usize = 64;

/// The answer to connect.
#[derive(Clone, Debug)]
pub struct Answered {
    /// `_result`, not `_error`.
    pub accepted: bool,
    pub code: Option<String>,
    /// What the server agrees to, where it says.
    pub object_encoding: Option<f64>,
    /// What the server calls itself (`fmsVer`).
    pub software: Option<String>,
    pub n: u64,
    pub at: Moment,
}

impl Answered {
    pub(super) fn of(message: &Message, command: &Command) -> Answered {
        let member = |name: &str| command.information().and_then(|object| object.member(name));
        let code = command.information_text("code");
        let software = command.object.as_ref().and_then(|object| object.member("fmsVer"));
        Answered {
            accepted: command.name == "_result" || code == Some("NetConnection.Connect.Success"),
            code: code.map(str::to_owned),
            object_encoding: member("objectEncoding").and_then(Amf::number),
            software: software.and_then(Amf::text).map(|text| clip_bytes(text.to_owned(), LONGEST)),
            n: message.n,
            at: message.head.last,
        }
    }
}
