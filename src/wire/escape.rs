//! Text from the wire made safe to show. Secrets are masked elsewhere, in the bytes, before this.

use std::borrow::Cow;
use std::path::Path;

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

/// Text in which nothing acts on what shows it, and that is otherwise as it was: for what was composed, of parts that are escaped
/// each in its own way. Line ends are escaped too.
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_but(text, |_| false)
}

/// Like [`clean`], with its lines.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    clean_but(text, |c| c == '\n')
}

fn clean_but(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Most text is.
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let acts = |c: char| is_hidden(c) && !is_kept(c);
    let Some(first) = text.find(acts) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(&text[..first]);
    for c in text[first..].chars() {
        match c {
            '\n' if acts(c) => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if acts(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A file's name as it is shown: what is no text in it is replaced, what would act is escaped.
pub fn file_name(path: impl AsRef<Path>) -> String {
    clean(&path.as_ref().to_string_lossy()).into_owned()
}

/// Whether a character would not be seen as itself: controls, what reorders or hides the text around it, and what is no
/// character at all.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_lines, escape};

    #[test]
    fn nothing_that_acts_on_a_terminal_is_left() {
        assert_eq!(escape("a\u{1b}[2Jb\u{9b}1m"), "a\\u{1b}[2Jb\\u{9b}1m");
        assert_eq!(escape("line\r\nline"), "line\\r\\nline");
        assert_eq!(escape("evil\u{202e}txt"), "evil\\u{202e}txt");
        assert_eq!(escape("a\u{fffe}b\u{10ffff}c\u{fdd0}"), "a\\u{fffe}b\\u{10ffff}c\\u{fdd0}");
        assert_eq!(escape("grüße 日本"), "grüße 日本");
    }

    #[test]
    fn what_was_composed_is_escaped_once() {
        assert_eq!(clean("a\\b\u{1b}c\td\n"), "a\\b\\u{1b}c\\td\\n");
        assert_eq!(clean_lines("a\\b\r\nc\u{85}"), "a\\b\\r\nc\\u{85}");
        assert!(matches!(clean_lines("grüße\n日本"), std::borrow::Cow::Borrowed(_)));
    }
}
