use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Severity, Story, place, rule};

/// What a property of connect is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Boolean,
    Number,
    /// A list of texts: a strict array.
    List,
    /// An object of names and numbers.
    Map,
    /// Outside the specifications: any.
    Any,
}

/// The properties of connect that are known. Source: RTMP 1.0 §7.2.1.1; Enhanced RTMP v2, "Enhancing NetConnection connect
/// Command"; what encoders and players send beside.
pub(super) const PROPERTIES: &[(&str, Type)] = &[
    ("app", Type::Text),
    ("flashVer", Type::Text),
    ("swfUrl", Type::Text),
    ("tcUrl", Type::Text),
    ("fpad", Type::Boolean),
    ("audioCodecs", Type::Number),
    ("videoCodecs", Type::Number),
    ("videoFunction", Type::Number),
    ("pageUrl", Type::Text),
    ("objectEncoding", Type::Number),
    ("fourCcList", Type::List),
    ("videoFourCcInfoMap", Type::Map),
    ("audioFourCcInfoMap", Type::Map),
    ("capsEx", Type::Number),
    ("capabilities", Type::Any),
    ("type", Type::Any),
];

rule! {
    /// A known property of `connect` that is written as another AMF type than its own. Null or undefined in place of a text is
    /// a note: Flash Player sends it where it has no page or file to name.
    ///
    /// Why: servers that read a number from a string, or the other way round, get 0 or nothing, or reject the client.
    ///
    /// Seen: Flash Player 9 sends `pageUrl` as undefined.
    ///
    /// Change: write the type that the specification gives the property, or leave the property out.
    pub(super) struct ConnectPropertyType {}
    "CMD005", "connect-property-type", Warning, "RTMP 1.0 §7.2.1.1", rests: Event, media: false
}

impl Rule for ConnectPropertyType {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Command(command) = &message.body else { return };
        let Some(object) = command.object.as_ref().filter(|_| command.name == "connect") else { return };
        let wrong = |(name, value): &(String, Amf)| {
            let (name, expected) = *PROPERTIES.iter().find(|(known, _)| known == name)?;
            (!expected.allows(value)).then_some((name, expected, kind(value), is_nothing(value)))
        };
        let faults: Vec<_> = object.members().iter().filter_map(wrong).collect();
        // Without an application or an address at all there is a rule of its own.
        let faults: Vec<_> =
            faults.into_iter().filter(|(name, .., nothing)| !(*nothing && ["app", "tcUrl"].contains(name))).collect();
        let Some((first, ..)) = faults.first() else { return };
        let describe =
            |(name, expected, found, _): &(_, Type, _, _)| format!("{name} as {found}, not as {}", expected.name());
        let texts: Vec<String> = faults.iter().map(describe).collect();
        let text = format!("the client's connect has {}", texts.join("; "));
        let finding = findings.about(Self::META, message, text);
        finding.mark = place::member(message, first);
        if faults.iter().all(|(_, expected, _, nothing)| *nothing && *expected == Type::Text) {
            finding.severity = Severity::Note;
        }
    }
}

impl Type {
    fn allows(self, value: &Amf) -> bool {
        match self {
            Type::Text => value.text().is_some(),
            Type::Boolean => matches!(value, Amf::Boolean(_)),
            Type::Number => value.number().is_some(),
            Type::List => matches!(value, Amf::StrictArray(_)),
            Type::Map => matches!(value, Amf::Object(_) | Amf::EcmaArray { .. } | Amf::MixedArray { .. }),
            Type::Any => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Type::Text => "a string",
            Type::Boolean => "a boolean",
            Type::Number => "a number",
            Type::List => "a strict array",
            Type::Map => "an object",
            Type::Any => "any value",
        }
    }
}

fn is_nothing(value: &Amf) -> bool {
    matches!(value, Amf::Null | Amf::Undefined | Amf::Unsupported)
}

/// What a value is, with its article.
pub(super) fn kind(value: &Amf) -> &'static str {
    match value {
        Amf::Number(_) | Amf::Integer(_) => "a number",
        Amf::Boolean(_) => "a boolean",
        Amf::String(_) => "a string",
        Amf::Object(_) | Amf::Typed { .. } | Amf::Externalizable { .. } => "an object",
        Amf::Null => "null",
        Amf::Undefined => "undefined",
        Amf::Unsupported => "unsupported",
        Amf::Reference(_) => "a reference",
        Amf::EcmaArray { .. } => "an ECMA array",
        Amf::StrictArray(_) | Amf::MixedArray { .. } | Amf::Vector { .. } => "an array",
        Amf::Date { .. } => "a date",
        Amf::Xml(_) => "XML",
        Amf::ByteArray(_) => "a byte array",
        Amf::Dictionary { .. } => "a dictionary",
    }
}
