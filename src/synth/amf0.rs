//! AMF0 values, written; and AMF3 ones behind the avmplus marker.

/// AMF0 type markers (AMF0 §2.1).
mod marker {
    pub(super) const NUMBER: u8 = 0x00;
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const STRING: u8 = 0x02;
    pub(super) const OBJECT: u8 = 0x03;
    pub(super) const NULL: u8 = 0x05;
    pub(super) const UNDEFINED: u8 = 0x06;
    pub(super) const REFERENCE: u8 = 0x07;
    pub(super) const ECMA_ARRAY: u8 = 0x08;
    pub(super) const OBJECT_END: u8 = 0x09;
    pub(super) const STRICT_ARRAY: u8 = 0x0a;
    pub(super) const DATE: u8 = 0x0b;
    pub(super) const LONG_STRING: u8 = 0x0c;
    pub(super) const UNSUPPORTED: u8 = 0x0d;
    pub(super) const XML_DOCUMENT: u8 = 0x0f;
    pub(super) const TYPED_OBJECT: u8 = 0x10;
    pub(super) const AVMPLUS_OBJECT: u8 = 0x11;
}

/// Members of an object in wire order. A name may come twice, or be empty.
pub type Members = Vec<(String, Amf)>;

/// An AMF0 value to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Amf {
    Number(f64),
    Boolean(bool),
    /// Cut to 65535 bytes when longer: use [`Amf::LongString`].
    String(String),
    Object(Members),
    Null,
    Undefined,
    /// An index into the objects and arrays that began before, from 0.
    Reference(u16),
    /// The count is written as given: senders often write 0, or a wrong one.
    EcmaArray {
        count: u32,
        members: Members,
    },
    StrictArray(Vec<Amf>),
    Date {
        milliseconds: f64,
        timezone: i16,
    },
    LongString(String),
    Unsupported,
    Xml(String),
    Typed {
        class: String,
        members: Members,
    },
    /// The avmplus-object marker, then these bytes: one AMF3 value with its marker.
    Amf3(Vec<u8>),
    /// These bytes and nothing else: markers that do not exist, values that break off.
    Raw(Vec<u8>),
}

impl Amf {
    /// Appends the value, marker first.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Amf::Number(number) => {
                out.push(marker::NUMBER);
                out.extend(number.to_be_bytes());
            }
            Amf::Boolean(boolean) => out.extend([marker::BOOLEAN, u8::from(*boolean)]),
            Amf::String(string) => {
                out.push(marker::STRING);
                write_string(string, out);
            }
            Amf::Object(members) => {
                out.push(marker::OBJECT);
                write_members(members, out);
            }
            Amf::Null => out.push(marker::NULL),
            Amf::Undefined => out.push(marker::UNDEFINED),
            Amf::Reference(index) => {
                out.push(marker::REFERENCE);
                out.extend(index.to_be_bytes());
            }
            Amf::EcmaArray { count, members } => {
                out.push(marker::ECMA_ARRAY);
                out.extend(count.to_be_bytes());
                write_members(members, out);
            }
            Amf::StrictArray(values) => {
                out.push(marker::STRICT_ARRAY);
                out.extend((values.len() as u32).to_be_bytes());
                for value in values {
                    value.write(out);
                }
            }
            Amf::Date { milliseconds, timezone } => {
                out.push(marker::DATE);
                out.extend(milliseconds.to_be_bytes());
                out.extend(timezone.to_be_bytes());
            }
            Amf::LongString(string) => {
                out.push(marker::LONG_STRING);
                write_long_string(string, out);
            }
            Amf::Unsupported => out.push(marker::UNSUPPORTED),
            Amf::Xml(string) => {
                out.push(marker::XML_DOCUMENT);
                write_long_string(string, out);
            }
            Amf::Typed { class, members } => {
                out.push(marker::TYPED_OBJECT);
                write_string(class, out);
                write_members(members, out);
            }
            Amf::Amf3(bytes) => {
                out.push(marker::AVMPLUS_OBJECT);
                out.extend(bytes);
            }
            Amf::Raw(bytes) => out.extend(bytes),
        }
    }

    /// The value's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        values(std::slice::from_ref(self))
    }

    /// An ECMA array whose count is right.
    pub fn ecma_array<N: Into<String>>(members: impl IntoIterator<Item = (N, Amf)>) -> Amf {
        let members: Members = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Amf::EcmaArray { count: members.len() as u32, members }
    }
}

/// An object: `object([("app", "live".into()), ("objectEncoding", 0.into())])`.
pub fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Amf)>) -> Amf {
    Amf::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// Values one after the other: the payload of a command or data message.
pub fn values(values: &[Amf]) -> Vec<u8> {
    let mut out = Vec::new();
    for value in values {
        value.write(&mut out);
    }
    out
}

fn write_string(string: &str, out: &mut Vec<u8>) {
    let bytes = &string.as_bytes()[..string.len().min(usize::from(u16::MAX))];
    out.extend((bytes.len() as u16).to_be_bytes());
    out.extend(bytes);
}

fn write_long_string(string: &str, out: &mut Vec<u8>) {
    out.extend((string.len() as u32).to_be_bytes());
    out.extend(string.as_bytes());
}

fn write_members(members: &Members, out: &mut Vec<u8>) {
    for (name, value) in members {
        write_string(name, out);
        value.write(out);
    }
    out.extend([0, 0, marker::OBJECT_END]);
}

impl From<f64> for Amf {
    fn from(number: f64) -> Self {
        Amf::Number(number)
    }
}

impl From<i32> for Amf {
    fn from(number: i32) -> Self {
        Amf::Number(number.into())
    }
}

impl From<u32> for Amf {
    fn from(number: u32) -> Self {
        Amf::Number(number.into())
    }
}

impl From<bool> for Amf {
    fn from(boolean: bool) -> Self {
        Amf::Boolean(boolean)
    }
}

impl From<&str> for Amf {
    fn from(string: &str) -> Self {
        Amf::String(string.into())
    }
}

impl From<String> for Amf {
    fn from(string: String) -> Self {
        Amf::String(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars() {
        assert_eq!(Amf::from(1).bytes(), [0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Amf::from(true).bytes(), [1, 1]);
        assert_eq!(Amf::from("hi").bytes(), [2, 0, 2, b'h', b'i']);
        assert_eq!(values(&[Amf::Null, Amf::Undefined, Amf::Unsupported]), [5, 6, 13]);
        assert_eq!(Amf::Reference(258).bytes(), [7, 1, 2]);
        assert_eq!(Amf::Date { milliseconds: 0.0, timezone: -1 }.bytes(), [11, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
        assert_eq!(Amf::LongString("x".into()).bytes(), [12, 0, 0, 0, 1, b'x']);
        assert_eq!(Amf::Xml("x".into()).bytes(), [15, 0, 0, 0, 1, b'x']);
        assert_eq!(Amf::Amf3(vec![1]).bytes(), [17, 1]);
        assert_eq!(Amf::Raw(vec![4]).bytes(), [4]);
    }

    #[test]
    fn collections_end_as_the_format_says() {
        assert_eq!(object([("a", Amf::Null)]).bytes(), [3, 0, 1, b'a', 5, 0, 0, 9]);
        assert_eq!(Amf::ecma_array([("a", Amf::Null)]).bytes(), [8, 0, 0, 0, 1, 0, 1, b'a', 5, 0, 0, 9]);
        assert_eq!(Amf::StrictArray(vec![Amf::Null]).bytes(), [10, 0, 0, 0, 1, 5]);
        let typed = Amf::Typed { class: "C".into(), members: vec![(String::new(), Amf::Null)] };
        assert_eq!(typed.bytes(), [16, 0, 1, b'C', 0, 0, 5, 0, 0, 9]);
    }
}
