use crate::proto::rtmp::{Message, MessageType, type_name};
use crate::rules::{Findings, Mark, Rule, Story, rule};
use crate::wire::Trouble;

/// With what a string begins in AMF3.
const AMF3_STRING: u8 = 6;

rule! {
    /// The payload of types 15 and 17 begins with a format selector, which must be 0. Here it is left out, or is something else.
    ///
    /// Why: a receiver that skips the first byte takes the values apart at the wrong place.
    ///
    /// Seen: some players and servers begin with the first value.
    ///
    /// Change: begin the payload of types 15 and 17 with a byte of 0, and write the values behind it.
    pub(super) struct FormatSelectorMissing {}
    "CMD022", "format-selector-missing", Warning, "Errata and Addenda §7.2", rests: Event, media: false
}

impl Rule for FormatSelectorMissing {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let kind = message.head.kind;
        if !matches!(kind, MessageType::DATA_AMF3 | MessageType::COMMAND_AMF3) {
            return;
        }
        // AMF3 values without a selector are another rule's.
        if message.payload.first() == Some(&AMF3_STRING)
            && message.problems.iter().any(|it| it.trouble == Trouble::Mixed)
        {
            return;
        }
        let from = message.from.name();
        let text = match (message.payload.first(), message.format_selector()) {
            (None | Some(0), _) => return,
            (_, None) => format!("the {from} sends {} without a format selector, which is 0", type_name(kind)),
            (_, Some(selector)) => {
                format!("the {from} sends {} with the format selector {selector}, not 0", type_name(kind))
            }
        };
        findings.about(Self::META, message, text).at(Mark::Payload(0..1));
    }
}
