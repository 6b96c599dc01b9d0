/// A decoded AMF value. Text that is not UTF-8 has its bad bytes replaced; the bytes themselves are in the message.
#[derive(Clone, Debug, PartialEq)]
pub enum Amf {
    Number(f64),
    Boolean(bool),
    String(String),
    /// Members in wire order; a name may occur twice.
    Object(Vec<(String, Amf)>),
    Null,
    Undefined,
    /// The n-th complex value of the same message.
    Reference(u16),
    /// An associative array; `count` is what the sender claims, often wrongly.
    EcmaArray {
        count: u32,
        members: Vec<(String, Amf)>,
    },
    StrictArray(Vec<Amf>),
    /// Milliseconds since 1970 UTC; the time zone in minutes, which senders should leave 0.
    Date {
        ms: f64,
        timezone: i16,
    },
    Unsupported,
    Xml(String),
    Typed {
        class: String,
        members: Vec<(String, Amf)>,
    },
    /// Bytes that are not decoded (AMF3).
    Raw,
}

impl Amf {
    /// The members of an object, an associative array or a typed object; none of anything else.
    pub fn members(&self) -> &[(String, Amf)] {
        match self {
            Amf::Object(members) | Amf::EcmaArray { members, .. } | Amf::Typed { members, .. } => members,
            _ => &[],
        }
    }

    /// The first member of that name.
    pub fn member(&self, name: &str) -> Option<&Amf> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Amf::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Amf::Number(number) => Some(*number),
            _ => None,
        }
    }
}
