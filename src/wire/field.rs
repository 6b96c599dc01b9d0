//! What a field is, and `fields!`, which declares them. Where one was read, and with what value, is a node of a
//! [`Tree`](super::Tree).

/// What a field is: its name, type, unit, meaning and source, declared once.
#[derive(Debug)]
pub struct Field {
    /// The full dotted name, as a filter writes it: `video.composition_time`.
    pub name: &'static str,
    #[doc(hidden)]
    pub key: &'static str,
    pub kind: Kind,
    /// `bytes`, `ms`, `Hz` …; empty when the number has none.
    pub unit: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Where it is specified: `RTMP 1.0 §5.3.1.3`.
    pub source: &'static str,
    /// The words that its value can be, where its owner lists them; empty where any word is possible.
    pub words: &'static [Word],
}

/// One of our own names for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub name: &'static str,
    /// The number that it stands for on the wire, where there is one.
    pub number: Option<u32>,
}

impl Word {
    /// Names that stand for no number: the `words` of a field.
    pub const fn list<const N: usize>(names: [&'static str; N]) -> [Word; N] {
        let mut words = [Word { name: "", number: None }; N];
        let mut at = 0;
        while at < N {
            words[at].name = names[at];
            at += 1;
        }
        words
    }
}

/// A field's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uint,
    Int,
    Number,
    Bool,
    /// A moment: nanoseconds since 1970 UTC; in JSON as RFC 3339.
    Time,
    /// UTF-8 text from the wire.
    Text,
    /// One of a few names of ours.
    Word,
    Bytes,
    /// Bytes that are not decoded: media, or what could not be. Shown as hex; JSON leaves them out.
    Opaque,
    /// Named members.
    Group,
    /// Numbered members.
    List,
    /// Any AMF value.
    Amf,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Uint => "unsigned",
            Kind::Int => "signed",
            Kind::Number => "number",
            Kind::Bool => "boolean",
            Kind::Time => "time",
            Kind::Text => "text",
            Kind::Word => "word",
            Kind::Bytes | Kind::Opaque => "bytes",
            Kind::Group => "group",
            Kind::List => "list",
            Kind::Amf => "AMF value",
        }
    }
}

impl Field {
    /// The last part of the name: the key in JSON and the label on the screen.
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What stands behind the last dot.
    #[doc(hidden)]
    pub const fn key_of(name: &'static str) -> &'static str {
        let mut at = name.len();
        while at > 0 {
            if name.as_bytes()[at - 1] == b'.' {
                return name.split_at(at).1;
            }
            at -= 1;
        }
        name
    }
}

/// Declares a module's fields and the list `FIELDS` of all of them.
///
/// `/// doc` then `NAME: Kind "dotted.name", "unit", "source";`, or `… "source", WORDS;` with the words that the value can
/// be: an `open_enum!`'s `WORDS`, or `&Word::list(["hard", "soft"])`.
#[macro_export]
#[doc(hidden)]
macro_rules! fields {
    ($($(#[doc = $doc:literal])* $ident:ident: $kind:ident $name:literal, $unit:literal, $source:literal $(, $words:expr)?;)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) static $ident: $crate::wire::Field = $crate::wire::Field {
                name: $name,
                key: $crate::wire::Field::key_of($name),
                kind: $crate::wire::Kind::$kind,
                unit: $unit,
                doc: concat!($($doc,)*).trim_ascii_start(),
                source: $source,
                words: {
                    let words: &'static [$crate::wire::Word] = &[];
                    $(let words: &'static [$crate::wire::Word] = { let _ = words; $words };)?
                    words
                },
            };
        )*
        /// Every field of this module, in wire order.
        pub(crate) static FIELDS: &[&$crate::wire::Field] = &[$(&$ident,)*];
    };
}
