//! AMF values as a program sees them. Where the bytes of one lie is not known here: that is in the recorded tree.

/// Members in wire order; a name may occur twice.
pub type Members = Vec<(String, Amf)>;

/// A decoded AMF value, of AMF0 or AMF3. Text that is not UTF-8 has its bad bytes replaced; the bytes themselves are in
/// the message.
#[derive(Clone, Debug, PartialEq)]
pub enum Amf {
    Number(f64),
    /// AMF3, 29 bits.
    Integer(i32),
    Boolean(bool),
    String(String),
    Object(Members),
    Null,
    Undefined,
    /// The n-th complex value so far: of the message in AMF0, of the same outermost value in AMF3.
    Reference(u32),
    /// An associative array; `count` is what an AMF0 sender claims, often wrongly.
    EcmaArray {
        count: u32,
        members: Members,
    },
    StrictArray(Vec<Amf>),
    /// An AMF3 array with both parts, the associative and the dense.
    MixedArray {
        members: Members,
        items: Vec<Amf>,
    },
    /// Milliseconds since 1970 UTC; in AMF0 with a time zone in minutes, which senders should leave 0.
    Date {
        ms: f64,
        timezone: Option<i16>,
    },
    Unsupported,
    Xml(String),
    /// An object of a named class; also one that writes itself in a form that is known.
    Typed {
        class: String,
        members: Members,
    },
    /// An AMF3 object that writes itself in a form that is not known: all bytes to the end of the message.
    Externalizable {
        class: String,
        bytes: Vec<u8>,
    },
    ByteArray(Vec<u8>),
    Vector {
        /// Whether its length is fixed.
        fixed: bool,
        items: Vector,
    },
    Dictionary {
        /// Whether it holds its keys weakly.
        weak: bool,
        entries: Vec<(Amf, Amf)>,
    },
}

/// The items of an AMF3 vector.
#[derive(Clone, Debug, PartialEq)]
pub enum Vector {
    Int(Vec<i32>),
    Uint(Vec<u32>),
    Number(Vec<f64>),
    /// Objects of a class; an empty name stands for any.
    Object {
        class: Box<str>,
        items: Vec<Amf>,
    },
}

impl Amf {
    /// The members of an object, an associative array or a typed object; none of anything else.
    pub fn members(&self) -> &[(String, Amf)] {
        match self {
            Amf::Object(members)
            | Amf::EcmaArray { members, .. }
            | Amf::MixedArray { members, .. }
            | Amf::Typed { members, .. } => members,
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

    /// A number of either kind.
    pub fn number(&self) -> Option<f64> {
        match self {
            Amf::Number(number) => Some(*number),
            Amf::Integer(number) => Some(f64::from(*number)),
            _ => None,
        }
    }
}
