//! Where a text holds what is secret.

use std::ops::Range;

use super::HARMLESS;

/// Passwords before an `@` and values of query parameters.
pub(super) fn url_secrets(text: &[u8], hide: &mut impl FnMut(Range<usize>)) {
    if let Some(scheme) = find(text, b"://") {
        let authority = scheme + 3;
        let end =
            text[authority..].iter().position(|byte| b"/?# ".contains(byte)).map_or(text.len(), |at| authority + at);
        if let Some(at) = text[authority..end].iter().rposition(|byte| *byte == b'@') {
            let colon = text[authority..authority + at].iter().position(|byte| *byte == b':');
            hide(colon.map_or(authority, |colon| authority + colon + 1)..authority + at);
        }
    }
    let Some(query) = text.iter().position(|byte| *byte == b'?') else { return };
    let mut at = query + 1;
    while at < text.len() {
        let end = text[at..].iter().position(|byte| b"&? ;]".contains(byte)).map_or(text.len(), |end| at + end);
        if let Some(equals) = text[at..end].iter().position(|byte| *byte == b'=') {
            let name = String::from_utf8_lossy(&text[at..at + equals]);
            if !HARMLESS.contains(&&*name) {
                hide(at + equals + 1..end);
            }
        }
        at = end + 1;
    }
}

/// Where a `tcUrl` goes on behind its application: some clients put the stream's key there.
pub(super) fn behind_app(url: &[u8], app: &[u8]) -> usize {
    let authority = find(url, b"://").map_or(0, |scheme| scheme + 3);
    let Some(path) = url[authority..].iter().position(|byte| *byte == b'/').map(|at| authority + at + 1) else {
        return url.len();
    };
    let app = app.split(|byte| *byte == b'?').next().unwrap_or_default();
    let app = &app[..app.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1)];
    let rest = &url[path..];
    if app.is_empty() || !rest.starts_with(app) {
        return url.len();
    }
    let after = path + app.len();
    // A query is masked value by value; a bare slash hides nothing.
    match url.get(after) {
        Some(b'/') => {
            let end = url[after..].iter().position(|byte| *byte == b'?').map_or(url.len(), |at| after + at);
            if end > after + 1 { after + 1 } else { url.len() }
        }
        _ => url.len(),
    }
}

/// Every place of `word` that is not part of a longer one.
pub(super) fn occurrences(text: &[u8], word: &[u8], hide: &mut impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(found) = find(&text[at..], word) {
        let (start, end) = (at + found, at + found + word.len());
        let joins = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        if !joins(start.checked_sub(1).and_then(|before| text.get(before))) && !joins(text.get(end)) {
            hide(start..end);
        }
        at = start + 1;
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
