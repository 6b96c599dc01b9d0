//! Text that acts on what shows it.

/// The first character of a text that acts on what shows it, if one does: C0, DEL and C1, the controls of direction, the ends of
/// lines and paragraphs, and what is no character. Its lines may end.
pub fn acting(text: &str) -> Option<char> {
    text.chars().find(|c| {
        *c != '\n'
            && matches!(c,
                '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
    })
}

/// Looks whether a terminal, a browser or an editor can be given a text.
pub fn assert_plain(text: &str) {
    assert!(acting(text).is_none(), "{:?} in {text:?}", acting(text));
}
