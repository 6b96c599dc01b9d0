//! Names of files, of our own words and of text from the wire that was masked. Whatever the wire says, a name has letters, digits,
//! `.`, `-` and `_` alone, does not begin with a dot, and leads into no other folder.

/// Bytes of one text from the wire in a name.
const LONGEST: usize = 40;

/// A text as a part of a file's name; nothing where nothing of it is left. Asterisks stand where a secret was masked.
pub fn safe(text: &str) -> String {
    let text = text.replace("***", "masked-");
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
        // What is not shown leaves one mark, however long it was; and `..` is no part of any name.
        if !(matches!(c, '_' | '.') && name.ends_with(c)) {
            name.push(c);
        }
        if name.len() == LONGEST {
            break;
        }
    }
    name.trim_matches(['.', '_', '-']).to_owned()
}

/// What of them is there, with dashes between.
pub(super) fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_wire_leads_out_of_the_folder() {
        for (text, name) in [
            ("../../x", "x"),
            ("..\\..\\CON", "CON"),
            ("/etc/passwd", "etc_passwd"),
            ("a\0b\nc\u{202e}d", "a_b_c_d"),
            (".hidden", "hidden"),
            ("***a", "masked-a"),
            ("***", "masked"),
            ("cam?token=***b", "cam_token_masked-b"),
            ("ünï", "n"),
            ("", ""),
            ("/", ""),
        ] {
            assert_eq!(safe(text), name, "{text:?}");
        }
        assert_eq!(safe(&"x".repeat(1000)).len(), LONGEST);
    }

    #[test]
    fn what_is_not_there_leaves_no_mark() {
        assert_eq!(joined(&["session-1", "", "cam"]), "session-1-cam");
    }
}
