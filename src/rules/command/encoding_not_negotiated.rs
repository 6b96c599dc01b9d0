use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message, MessageType, type_name};
use crate::rules::{Findings, Rule, Story, place, rule};
use crate::wire::Side;

rule! {
    /// Message types 15, 16 and 17 need object encoding 3: the client asks for it in connect and the server agrees in its
    /// answer. Here they are used under encoding 0, or a server agrees to 3 that the client did not ask for.
    ///
    /// Why: a peer that negotiated 0 need not know these types, and drops them.
    ///
    /// Seen: players that send commands as type 17 with AMF0 inside, whatever was agreed.
    ///
    /// Change: send types 18, 19 and 20 under encoding 0; agree to no more than was asked for.
    pub(super) struct EncodingNotNegotiated {}
    "CMD021", "encoding-not-negotiated", Warning, "Errata and Addenda §8.1.1", rests: Session, media: false
}

impl Rule for EncodingNotNegotiated {
    fn message(&mut self, message: &Message, story: &Story, findings: &mut Findings) {
        let Some(connect) = &story.connect else { return };
        let kind = message.head.kind;
        let is_amf3 =
            matches!(kind, MessageType::DATA_AMF3 | MessageType::SHARED_OBJECT_AMF3 | MessageType::COMMAND_AMF3);
        let asked = connect.object_encoding;
        if is_amf3 {
            let agreed = connect.answer.as_ref().and_then(|answer| answer.object_encoding);
            let why = match agreed {
                _ if asked == 0.0 => "the client asked for object encoding 0",
                Some(0.0) => "the server agreed to object encoding 0 alone",
                _ => return,
            };
            let text = format!("the {} sends {}, and {why}", message.from.name(), type_name(kind));
            findings.about(Self::META, message, text);
            return;
        }
        let Body::Command(command) = &message.body else { return };
        if asked != 0.0 || command.name != "_result" || message.from != Side::Server {
            return;
        }
        let agreed = command.information().and_then(|object| object.member("objectEncoding")).and_then(Amf::number);
        if agreed == Some(3.0) && story.requests.answered_by(message).is_some_and(|call| call.n == connect.n) {
            let text = "the server agrees to object encoding 3, and the client asked for 0".to_owned();
            findings.about(Self::META, message, text).mark = place::member(message, "objectEncoding");
        }
    }
}
