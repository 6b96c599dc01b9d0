use crate::proto::rtmp::{Body, Message};
use crate::rules::{Findings, Rule, Story, rule};
use crate::wire::Side;
use crate::wire::told;

rule! {
    /// `@setDataFrame` asks a server to keep the metadata behind it and to send that on. Here a server sends the request itself
    /// to a player.
    ///
    /// Why: players look for `onMetaData` by name and do not find it.
    ///
    /// Seen: node-media-server, on message stream 0; FFmpeg with `-listen`; Red5, for publishers that send it on another stream.
    ///
    /// Change: send players `onMetaData` without `@setDataFrame` in front.
    pub(super) struct SetDataFrameForwarded {}
    "MED013", "set-data-frame-forwarded", Warning, "RTMP 1.0 §7.1.2; Errata and Addenda §7.1", rests: Event, media: false
}

impl Rule for SetDataFrameForwarded {
    fn message(&mut self, message: &Message, _: &Story, findings: &mut Findings) {
        if let Body::Data(data) = &message.body
            && message.from == Side::Server
            && data.name == "@setDataFrame"
        {
            let with = match data.handler() {
                "@setDataFrame" => String::new(),
                name => format!(" with {}", told(name)),
            };
            let text = format!("the server sends @setDataFrame{with} to a player");
            findings.about(Self::META, message, text);
        }
    }
}
