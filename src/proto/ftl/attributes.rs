//! What a client announces before it starts: its program, and what media it will send. Source: FTL 0.9 "Handshake".

/// The attributes of the protocol. Anything else is taken note of by name only.
const KNOWN: &[&str] = &[
    "ProtocolVersion",
    "VendorName",
    "VendorVersion",
    "Video",
    "VideoCodec",
    "VideoHeight",
    "VideoWidth",
    "VideoPayloadType",
    "VideoIngestSSRC",
    "Audio",
    "AudioCodec",
    "AudioPayloadType",
    "AudioIngestSSRC",
];

/// Whether an attribute is one of the protocol's. Servers compare letter by letter.
pub fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// One announced medium.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Medium {
    /// Whether it will be sent at all.
    pub is_sent: Option<bool>,
    /// `H264` or `VP8`, `OPUS` or `AAC`.
    pub codec: Option<String>,
    pub payload_type: Option<u8>,
    pub ssrc: Option<u32>,
}

/// All that was announced so far; where an attribute came twice, the later one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub protocol_version: Option<String>,
    pub vendor_name: Option<String>,
    pub vendor_version: Option<String>,
    pub video: Medium,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    pub audio: Medium,
    /// Attributes of another name.
    pub unknown: u64,
    /// Attributes whose value is not of their kind: no number, neither `true` nor `false`.
    pub unreadable: u64,
}

impl Attributes {
    pub(super) fn put(&mut self, name: &str, value: &str) {
        let text = || Some(value.to_owned());
        match name {
            "ProtocolVersion" => self.protocol_version = text(),
            "VendorName" => self.vendor_name = text(),
            "VendorVersion" => self.vendor_version = text(),
            "VideoCodec" => self.video.codec = text(),
            "AudioCodec" => self.audio.codec = text(),
            "Video" => self.video.is_sent = self.parsed(value),
            "Audio" => self.audio.is_sent = self.parsed(value),
            "VideoHeight" => self.height = self.parsed(value),
            "VideoWidth" => self.width = self.parsed(value),
            "VideoPayloadType" => self.video.payload_type = self.parsed(value),
            "AudioPayloadType" => self.audio.payload_type = self.parsed(value),
            "VideoIngestSSRC" => self.video.ssrc = self.parsed(value),
            "AudioIngestSSRC" => self.audio.ssrc = self.parsed(value),
            _ => self.unknown += 1,
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, value: &str) -> Option<T> {
        let parsed = value.parse().ok();
        self.unreadable += u64::from(parsed.is_none());
        parsed
    }
}
