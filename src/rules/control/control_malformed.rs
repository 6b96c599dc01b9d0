use crate::proto::rtmp::{Body, Message, MessageType, UserControlEvent, type_name};
use crate::rules::{Findings, Mark, Rule, Severity, Story, rule};
use crate::wire::words::count;

rule! {
    /// Protocol control messages and the known events of user control have a fixed length: four bytes, five in Set Peer
    /// Bandwidth, and what each event carries. This one is shorter or longer. It is a warning where all that it must say
    /// can be read: with more bytes behind it, or a Set Peer Bandwidth without its limit type.
    ///
    /// Why: a receiver that reads what is not there disconnects, or acts on another message's bytes.
    ///
    /// Seen: Set Peer Bandwidth of four bytes (librtmp takes it); phone encoders with user control of the wrong length.
    ///
    /// Change: write 4 bytes, 5 in Set Peer Bandwidth; in user control 2 for the event and behind them as many as the event has:
    /// mostly 4, in Set Buffer Length 8.
    pub(super) struct ControlMalformed {}
    "CTL005", "control-malformed", Error, "RTMP 1.0 §5.4, §6.2, §7.1.7", rests: Sender, unsure: true, media: false
}

/// Bytes that an event's data has, where that is known.
fn data_length(event: UserControlEvent) -> Option<u32> {
    Some(match event {
        UserControlEvent::STREAM_BEGIN
        | UserControlEvent::STREAM_EOF
        | UserControlEvent::STREAM_DRY
        | UserControlEvent::STREAM_IS_RECORDED
        | UserControlEvent::BUFFER_EMPTY
        | UserControlEvent::BUFFER_READY
        | UserControlEvent::PING_REQUEST
        | UserControlEvent::PING_RESPONSE => 4,
        UserControlEvent::SET_BUFFER_LENGTH => 8,
        UserControlEvent::SWF_VERIFICATION_REQUEST => 1,
        UserControlEvent::SWF_VERIFICATION_RESPONSE => 42,
        _ => return None,
    })
}

impl Rule for ControlMalformed {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        const EVENT: u32 = 2;
        let (kind, length) = (message.head.kind, message.head.length);
        let (what, length, right, before) = match (kind, &message.body) {
            (MessageType::USER_CONTROL, _) if length < EVENT => (type_name(kind), length, EVENT, 0),
            (MessageType::USER_CONTROL, Body::UserControl(control)) => match data_length(control.event) {
                Some(right) => (control.event.name().unwrap_or("an event").to_owned(), length - EVENT, right, EVENT),
                None => return,
            },
            (MessageType::SET_PEER_BANDWIDTH, _) => (type_name(kind), length, 5, 0),
            _ if kind.is_protocol_control() => (type_name(kind), length, 4, 0),
            _ => return,
        };
        if length == right {
            return;
        }
        let lacks_limit_type = kind == MessageType::SET_PEER_BANDWIDTH && length == 4;
        let mut text = format!(
            "the {} sends {what} with {} of data, not {right}",
            message.from.name(),
            count(u64::from(length), "byte")
        );
        if lacks_limit_type {
            text += ": the limit type is missing";
        }
        let finding = findings.about(Self::META, message, text);
        if length > right {
            finding.at(Mark::Payload(before + right..before + length));
        }
        if length > right || lacks_limit_type {
            finding.severity = Severity::Warning;
        }
    }
}
