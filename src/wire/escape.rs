//! Text from the wire made safe to show. Secrets are masked elsewhere, in the bytes, before this.

/// Text from the wire, safe for a terminal: whatever is not shown as itself is written as an escape.
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    escape_into(&mut shown, text);
    shown
}

/// Like [`escape`], appended to `shown`.
pub fn escape_into(shown: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            _ if is_hidden(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
}

/// Control characters, and those that reorder or hide the text around them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        assert_eq!(escape("a\u{1b}[2Jb\u{9b}1m"), "a\\u{1b}[2Jb\\u{9b}1m");
        assert_eq!(escape("line\r\nline"), "line\\r\\nline");
        assert_eq!(escape("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(escape("grüße 日本"), "grüße 日本");
    }
}
