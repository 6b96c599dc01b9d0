/// What a field is: its name, type, unit, meaning and source, declared once.
#[derive(Debug)]
pub struct Field {
    /// The full dotted name, as a filter writes it: `video.composition_time`.
    pub name: &'static str,
    pub kind: Kind,
    /// `bytes`, `ms`, `Hz` …; empty when the number has none.
    pub unit: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Where it is specified: `RTMP 1.0 §5.3.1.3`.
    pub source: &'static str,
}

/// A field's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Uint,
    Int,
    Number,
    Bool,
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
        self.name.rsplit_once('.').map_or(self.name, |(_, key)| key)
    }
}

/// Declares a module's fields and the list `FIELDS` of all of them.
///
/// `/// doc` then `NAME: Kind "dotted.name", "unit", "source";`
#[macro_export]
#[doc(hidden)]
macro_rules! fields {
    ($($(#[doc = $doc:literal])* $ident:ident: $kind:ident $name:literal, $unit:literal, $source:literal;)*) => {
        $(
            $(#[doc = $doc])*
            pub(crate) static $ident: $crate::wire::Field = $crate::wire::Field {
                name: $name,
                kind: $crate::wire::Kind::$kind,
                unit: $unit,
                doc: concat!($($doc,)*).trim_ascii_start(),
                source: $source,
            };
        )*
        /// Every field of this module, in wire order.
        pub(crate) static FIELDS: &[&$crate::wire::Field] = &[$(&$ident,)*];
    };
}
