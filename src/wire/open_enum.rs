//! `open_enum!`: numbers of a protocol, of which some have names.

/// A number with names. Unlike a Rust `enum` it holds any value the wire can carry; only some have a name.
///
/// The name is the one word for the value everywhere: JSON, filters, the screen and the documentation.
#[macro_export]
#[doc(hidden)]
macro_rules! open_enum {
    ($(#[$meta:meta])* pub struct $name:ident($int:ty) { $($(#[$doc:meta])* $variant:ident = $value:literal $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $int);

        impl $name {
            $($(#[$doc])* pub const $variant: Self = Self($value);)*

            /// Every value that has a name, with it.
            pub const NAMES: &'static [($int, &'static str)] = &[$(($value, $word),)*];

            /// The same, as the words of a field.
            pub const WORDS: &'static [$crate::wire::Word] =
                &[$($crate::wire::Word { name: $word, number: Some($value) },)*];

            /// The value's name, if it has one.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($word),)*
                    _ => None,
                }
            }
        }
    };
}
