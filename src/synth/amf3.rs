//! AMF3 values, written.

use std::collections::HashMap;

use super::amf0::Amf;

/// AMF3 type markers (AMF3 §3.1).
mod marker {
    pub(super) const UNDEFINED: u8 = 0x00;
    pub(super) const NULL: u8 = 0x01;
    pub(super) const FALSE: u8 = 0x02;
    pub(super) const TRUE: u8 = 0x03;
    pub(super) const INTEGER: u8 = 0x04;
    pub(super) const DOUBLE: u8 = 0x05;
    pub(super) const STRING: u8 = 0x06;
    pub(super) const XML_DOCUMENT: u8 = 0x07;
    pub(super) const DATE: u8 = 0x08;
    pub(super) const ARRAY: u8 = 0x09;
    pub(super) const OBJECT: u8 = 0x0a;
    pub(super) const XML: u8 = 0x0b;
    pub(super) const BYTE_ARRAY: u8 = 0x0c;
    pub(super) const VECTOR_INT: u8 = 0x0d;
    pub(super) const VECTOR_UINT: u8 = 0x0e;
    pub(super) const VECTOR_DOUBLE: u8 = 0x0f;
    pub(super) const VECTOR_OBJECT: u8 = 0x10;
    pub(super) const DICTIONARY: u8 = 0x11;
}

/// Members of an AMF3 object or array in wire order. An empty name would end them.
pub type Members3 = Vec<(String, Amf3)>;

/// An AMF3 value to be written. Strings and traits that were written before are written as references.
#[derive(Clone, Debug, PartialEq)]
pub enum Amf3 {
    Undefined,
    Null,
    Boolean(bool),
    /// The low 29 bits are written.
    Integer(i32),
    Double(f64),
    String(String),
    XmlDocument(String),
    /// Milliseconds since 1970 UTC.
    Date(f64),
    Array {
        members: Members3,
        items: Vec<Amf3>,
    },
    Object {
        class: String,
        sealed: Members3,
        /// None for a class that is not dynamic.
        dynamic: Option<Members3>,
    },
    /// A class that writes itself: these values, where they are given as bytes ([`Amf3::Raw`]) as they are.
    Externalizable {
        class: String,
        content: Vec<Amf3>,
    },
    Xml(String),
    ByteArray(Vec<u8>),
    VectorInt(Vec<i32>),
    VectorUint(Vec<u32>),
    VectorDouble(Vec<f64>),
    VectorObject {
        class: String,
        items: Vec<Amf3>,
    },
    Dictionary(Vec<(Amf3, Amf3)>),
    /// An index into the complex values that began before, from 0; written behind this marker.
    Reference {
        marker: u8,
        number: u32,
    },
    /// These bytes and nothing else.
    Raw(Vec<u8>),
}

impl Amf3 {
    /// The value's bytes, marker first, as they stand behind AMF0's avmplus marker.
    pub fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.value(self);
        writer.out
    }

    /// A reference to the object with that number.
    pub fn object_reference(number: u32) -> Amf3 {
        Amf3::Reference { marker: marker::OBJECT, number }
    }

    /// An object without a class.
    pub fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Amf3)>) -> Amf3 {
        let members = members.into_iter().map(|(name, value)| (name.into(), value)).collect();
        Amf3::Object { class: String::new(), sealed: Vec::new(), dynamic: Some(members) }
    }

    /// An array without names.
    pub fn list(items: impl IntoIterator<Item = Amf3>) -> Amf3 {
        Amf3::Array { members: Vec::new(), items: items.into_iter().collect() }
    }
}

impl From<&str> for Amf3 {
    fn from(string: &str) -> Self {
        Amf3::String(string.into())
    }
}

impl From<Amf3> for Amf {
    fn from(value: Amf3) -> Self {
        Amf::Amf3(value.bytes())
    }
}

/// A class's name, whether it is dynamic, whether it writes itself, and its sealed members' names.
type Traits = (String, bool, bool, Vec<String>);

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    strings: HashMap<String, u32>,
    traits: HashMap<Traits, u32>,
}

impl Writer {
    fn value(&mut self, value: &Amf3) {
        match value {
            Amf3::Undefined => self.out.push(marker::UNDEFINED),
            Amf3::Null => self.out.push(marker::NULL),
            Amf3::Boolean(flag) => self.out.push(if *flag { marker::TRUE } else { marker::FALSE }),
            Amf3::Integer(number) => {
                self.out.push(marker::INTEGER);
                self.u29(*number as u32 & 0x1fff_ffff);
            }
            Amf3::Double(number) => {
                self.out.push(marker::DOUBLE);
                self.out.extend(number.to_be_bytes());
            }
            Amf3::String(text) => {
                self.out.push(marker::STRING);
                self.string(text);
            }
            Amf3::XmlDocument(text) => self.sized(marker::XML_DOCUMENT, text.as_bytes()),
            Amf3::Xml(text) => self.sized(marker::XML, text.as_bytes()),
            Amf3::ByteArray(bytes) => self.sized(marker::BYTE_ARRAY, bytes),
            Amf3::Date(milliseconds) => {
                self.out.extend([marker::DATE, 1]);
                self.out.extend(milliseconds.to_be_bytes());
            }
            Amf3::Array { members, items } => {
                self.count(marker::ARRAY, items.len());
                self.members(members);
                self.values(items);
            }
            Amf3::Object { class, sealed, dynamic } => {
                self.out.push(marker::OBJECT);
                let names = sealed.iter().map(|(name, _)| name.clone()).collect();
                self.traits((class.clone(), dynamic.is_some(), false, names));
                for (_, value) in sealed {
                    self.value(value);
                }
                if let Some(members) = dynamic {
                    self.members(members);
                }
            }
            Amf3::Externalizable { class, content } => {
                self.out.push(marker::OBJECT);
                self.traits((class.clone(), false, true, Vec::new()));
                self.values(content);
            }
            Amf3::VectorInt(items) => self.numbers(marker::VECTOR_INT, items, i32::to_be_bytes),
            Amf3::VectorUint(items) => self.numbers(marker::VECTOR_UINT, items, u32::to_be_bytes),
            Amf3::VectorDouble(items) => self.numbers(marker::VECTOR_DOUBLE, items, f64::to_be_bytes),
            Amf3::VectorObject { class, items } => {
                self.count(marker::VECTOR_OBJECT, items.len());
                self.out.push(0);
                self.string(class);
                self.values(items);
            }
            Amf3::Dictionary(entries) => {
                self.count(marker::DICTIONARY, entries.len());
                self.out.push(0);
                for (key, value) in entries {
                    self.value(key);
                    self.value(value);
                }
            }
            Amf3::Reference { marker, number } => {
                self.out.push(*marker);
                self.u29(number << 1);
            }
            Amf3::Raw(bytes) => self.out.extend(bytes),
        }
    }

    fn values(&mut self, values: &[Amf3]) {
        for value in values {
            self.value(value);
        }
    }

    /// As few bytes as the number needs: seven bits each, in a fourth one eight.
    fn u29(&mut self, number: u32) {
        let more = |shift: u32| (number >> shift) as u8 | 0x80;
        match number {
            0..0x80 => self.out.push(number as u8),
            0x80..0x4000 => self.out.extend([more(7), number as u8 & 0x7f]),
            0x4000..0x20_0000 => self.out.extend([more(14), more(7), number as u8 & 0x7f]),
            _ => self.out.extend([more(22), more(15), more(8), number as u8]),
        }
    }

    fn count(&mut self, marker: u8, count: usize) {
        self.out.push(marker);
        self.u29((count as u32) << 1 | 1);
    }

    fn sized(&mut self, marker: u8, bytes: &[u8]) {
        self.count(marker, bytes.len());
        self.out.extend(bytes);
    }

    fn string(&mut self, text: &str) {
        if let Some(number) = self.strings.get(text) {
            return self.u29(number << 1);
        }
        self.u29((text.len() as u32) << 1 | 1);
        self.out.extend(text.as_bytes());
        if !text.is_empty() {
            let number = self.strings.len() as u32;
            self.strings.insert(text.to_owned(), number);
        }
    }

    fn members(&mut self, members: &Members3) {
        for (name, value) in members {
            self.string(name);
            self.value(value);
        }
        self.string("");
    }

    fn traits(&mut self, traits: Traits) {
        if let Some(number) = self.traits.get(&traits) {
            return self.u29(number << 2 | 1);
        }
        let (class, is_dynamic, is_externalizable, names) = &traits;
        let flags = u32::from(*is_dynamic) << 3 | u32::from(*is_externalizable) << 2 | 3;
        self.u29((names.len() as u32) << 4 | flags);
        self.string(class);
        for name in names {
            self.string(name);
        }
        let number = self.traits.len() as u32;
        self.traits.insert(traits, number);
    }

    fn numbers<T: Copy, const N: usize>(&mut self, marker: u8, items: &[T], bytes: impl Fn(T) -> [u8; N]) {
        self.count(marker, items.len());
        self.out.push(0);
        for item in items {
            self.out.extend(bytes(*item));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Amf3;

    #[test]
    fn numbers_take_as_few_bytes_as_they_need() {
        for (number, bytes) in [
            (0, &[4, 0][..]),
            (0x7f, &[4, 0x7f]),
            (0x80, &[4, 0x81, 0]),
            (0x3fff, &[4, 0xff, 0x7f]),
            (0x4000, &[4, 0x81, 0x80, 0]),
            (0x1f_ffff, &[4, 0xff, 0xff, 0x7f]),
            (0x20_0000, &[4, 0x80, 0xc0, 0x80, 0]),
            (0xfff_ffff, &[4, 0xbf, 0xff, 0xff, 0xff]),
            (-1, &[4, 0xff, 0xff, 0xff, 0xff]),
        ] {
            assert_eq!(Amf3::Integer(number).bytes(), bytes, "{number}");
        }
    }

    #[test]
    fn what_was_written_before_is_referred_to() {
        let point = || Amf3::Object { class: "P".into(), sealed: vec![("x".into(), "P".into())], dynamic: None };
        assert_eq!(
            Amf3::list([point(), point()]).bytes(),
            [9, 5, 1, 10, 0x13, 3, b'P', 3, b'x', 6, 0, 10, 1, 6, 0],
            "traits 0 and string 0"
        );
    }
}
