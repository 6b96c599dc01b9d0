//! What a connection speaks that was joined in its middle, by what stands anywhere in its bytes: lines of HTTP, or TLS records.
//!
//! RTMPT's bodies are pieces of a chunk stream: without this they would be taken for one.

use memchr::memmem;

use super::{Foreign, RTMPT_PATHS, RTMPT_TYPE};

/// The longest line of a request that is looked at, and how far behind a line its headers are.
const LINE: usize = 2048;
const HEADERS: usize = 2048;
/// Lines that are looked at.
const LINES: usize = 64;
/// The longest TLS record: 2^14 bytes, 256 more where it is encrypted, and in old versions 1792 (RFC 5246 §6.2.3).
const RECORD: usize = (1 << 14) + 2048;
/// Record headers, one behind the other, that are no chance.
const RECORDS: u32 = 3;

/// Another protocol than RTMP that these bytes, from anywhere in a connection, prove to be.
pub(super) fn within(bytes: &[u8]) -> Option<Foreign> {
    http(bytes).or_else(|| is_tls(bytes).then_some(Foreign::Tls))
}

/// HTTP, or RTMPT in it, by a request or status line.
fn http(bytes: &[u8]) -> Option<Foreign> {
    const VERSION: &[u8] = b"HTTP/1.";
    let mut found = None;
    for at in memmem::find_iter(bytes, VERSION).take(LINES) {
        let [b'0' | b'1', rest @ ..] = &bytes[at + VERSION.len()..] else { continue };
        let path = request(&bytes[at.saturating_sub(LINE)..at]).filter(|_| rest.starts_with(b"\r\n"));
        let is_status = matches!(rest, [b' ', b'1'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'\r', ..]);
        if path.is_none() && !is_status {
            continue;
        }
        let headers = &rest[..rest.len().min(HEADERS)];
        let headers = &headers[..memmem::find(headers, b"\r\n\r\n").unwrap_or(headers.len())];
        let is_known = path.is_some_and(|path| RTMPT_PATHS.iter().any(|known| path.starts_with(known)));
        if is_known || memmem::find(headers, RTMPT_TYPE).is_some() {
            return Some(Foreign::Rtmpt);
        }
        found = Some(Foreign::Http);
    }
    found
}

/// The path of a request whose line ends here, before its version.
fn request(before: &[u8]) -> Option<&[u8]> {
    const METHODS: &[&[u8]] = &[b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", b"DELETE"];
    let start = before.iter().rposition(|byte| !(b' '..=b'~').contains(byte)).map_or(0, |at| at + 1);
    let mut words = before[start..].rsplit(|byte| *byte == b' ');
    let (Some([]), Some(path), Some(method)) = (words.next(), words.next(), words.next()) else { return None };
    // A body may end with a printable byte just before it.
    METHODS.iter().any(|known| method.ends_with(known)).then_some(path)
}

/// Whether TLS records follow one another, the first of them somewhere in the longest one's reach.
fn is_tls(bytes: &[u8]) -> bool {
    (0..bytes.len().min(RECORD)).any(|at| {
        let mut rest = &bytes[at..];
        let mut records = 0;
        while let [20..=23, 3, 1..=4, high, low, body @ ..] = rest {
            let length = usize::from(*high) << 8 | usize::from(*low);
            if !(1..=RECORD).contains(&length) {
                return false;
            }
            records += 1;
            match body.get(length..) {
                Some(behind) if records < RECORDS => rest = behind,
                _ => break,
            }
        }
        records >= RECORDS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_rtmpt_are_found_behind_a_body() {
        let of = |text: &str| within(&[&[0x14, 0, 0, 0, b'a'][..], text.as_bytes()].concat());
        assert_eq!(of("POST /send/1a/7 HTTP/1.1\r\nHost: a\r\n\r\n"), Some(Foreign::Rtmpt));
        assert_eq!(of("POST /idle/1a/8 HTTP/1.0\r\n"), Some(Foreign::Rtmpt));
        assert_eq!(of("HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\n\r\n"), Some(Foreign::Rtmpt));
        assert_eq!(of("HTTP/1.1 200 OK\r\n\r\napplication/x-fcs"), Some(Foreign::Http));
        assert_eq!(of("GET /stat HTTP/1.1\r\n"), Some(Foreign::Http));
        assert_eq!(of("speaks HTTP/1.1 to all"), None);
        assert_eq!(of("POST /send/1a/7 HTTP/1.1"), None);
    }

    #[test]
    fn records_of_tls_are_found_behind_the_rest_of_one() {
        let record = |length: u8| [&[23, 3, 3, 0, length][..], &vec![7; usize::from(length)]].concat();
        let records = [vec![9; 40], record(20), record(200), record(30)].concat();
        assert_eq!(within(&records), Some(Foreign::Tls));
        assert_eq!(within(&records[..records.len() - 36]), None);
    }
}
