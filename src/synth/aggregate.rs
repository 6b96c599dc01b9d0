//! Payloads of aggregate messages.

/// A message to be put into an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct SubMessage {
    pub kind: u8,
    /// In ms, as its own header has it.
    pub timestamp: u32,
    pub payload: Vec<u8>,
    /// None leaves it out.
    pub back_pointer: Option<u32>,
}

impl SubMessage {
    /// A message whose back pointer is right.
    pub fn new(kind: u8, timestamp: u32, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        let back_pointer = Some(payload.len() as u32 + 11);
        SubMessage { kind, timestamp, payload, back_pointer }
    }
}

/// An aggregate message's payload, for type 22.
pub fn aggregate(messages: &[SubMessage]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        out.push(message.kind);
        out.extend(&(message.payload.len() as u32).to_be_bytes()[1..]);
        let [high, low @ ..] = message.timestamp.to_be_bytes();
        out.extend(low);
        out.push(high);
        out.extend([0; 3]);
        out.extend(&message.payload);
        out.extend(message.back_pointer.map(u32::to_be_bytes).into_iter().flatten());
    }
    out
}
