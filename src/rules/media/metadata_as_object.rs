use crate::proto::amf::Amf;
use crate::proto::rtmp::{Body, Message, MessageType};
use crate::rules::{Findings, Rule, Story, rule};

rule! {
    /// The argument of `onMetaData` is an object. Enhanced RTMP says that it is an ECMA array, as FLV files have it.
    ///
    /// Why: most receivers take both; one that writes FLV files as the bytes come, or asks for the array, has no metadata.
    ///
    /// Seen: nginx-rtmp, SRS and crtmpserver, in the metadata that they make for players.
    ///
    /// Change: write the ECMA array's marker (8) and the count of its members in front of them.
    pub(super) struct MetadataAsObject {}
    "MED018", "metadata-as-object", Note, "Enhanced RTMP v2 \"Enhancing onMetaData\"; FLV 10.1 §E.5", rests: Event, media: false, background: true
}

impl Rule for MetadataAsObject {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        let Body::Data(data) = &message.body else { return };
        if message.head.kind != MessageType::DATA_AMF0 || data.handler() != "onMetaData" {
            return;
        }
        // Behind `@setDataFrame` stands the handler's name.
        let values = data.values.iter().find(|value| value.text().is_none());
        if matches!(values, Some(Amf::Object(_) | Amf::Typed { .. })) {
            let text =
                format!("the argument of the {}'s onMetaData is an object, not an ECMA array", message.from.name());
            findings.about(Self::META, message, text);
        }
    }
}
