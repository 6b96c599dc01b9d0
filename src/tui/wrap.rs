//! Text that is broken into lines.

use crate::wire::words;

/// Breaks text at its spaces into lines of at most `width` columns. A word that is longer stands alone.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = words::width(word);
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
    }
    lines
}

/// Lines of what there is to say.
const MOST: usize = 4;

/// What there is to say, in lines of that width; the last one says where there is more.
pub(super) fn told(message: &str, width: u16) -> Vec<String> {
    let mut told = wrap(message, usize::from(width.saturating_sub(2)));
    if told.len() > MOST {
        told.truncate(MOST);
        if let Some(last) = told.last_mut() {
            *last += " …";
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("extraordinary one", 4), ["extraordinary", "one"]);
        assert_eq!(wrap("日本 日本", 5), ["日本", "日本"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
