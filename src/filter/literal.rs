//! The forms of literals: numbers with their units, dates, text, bytes.

use super::lexer::{Bad, Lexeme, is_name_part};

/// What may stand behind a number: nanoseconds of one.
const DURATIONS: &[(&str, i64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// … or how many of one.
const MULTIPLES: &[(&str, i64)] =
    &[("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30)];

/// Two or more bytes in hex, joined by colons.
pub(super) fn bytes(rest: &str) -> Option<(Lexeme, usize)> {
    let text = rest.as_bytes();
    let pair = |at: usize| {
        let digit = |at: usize| text.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        Some((digit(at)? << 4 | digit(at + 1)?) as u8)
    };
    let mut found = vec![pair(0)?];
    let mut at = 2;
    while text.get(at) == Some(&b':') {
        let Some(byte) = pair(at + 1) else { break };
        found.push(byte);
        at += 3;
    }
    if found.len() < 2 {
        return None;
    }
    let end = at + rest[at..].find(|c| !(is_name_part(c) || c == ':')).unwrap_or(rest.len() - at);
    if end > at {
        let bad = Bad::new(format!("`{}` is not a row of bytes", &rest[..end]));
        return Some((Lexeme::Bad(bad.help("each byte is two hex digits: `0a:0b`")), end));
    }
    Some((Lexeme::Bytes(found), at))
}

/// A number with what belongs to it, or a date.
pub(super) fn number(rest: &str) -> (Lexeme, usize) {
    if is_date(rest) {
        return date_lexeme(rest);
    }
    let sign = usize::from(rest.starts_with('-'));
    let end_of = |at: usize, part: fn(char) -> bool| rest[at..].find(|c| !part(c)).map_or(rest.len(), |end| at + end);
    let text = rest.as_bytes();
    if let Some(hex) = rest[sign..].strip_prefix("0x") {
        let end = end_of(sign + 2, is_name_part);
        let digits = hex[..end - sign - 2].replace('_', "");
        return match u64::from_str_radix(&digits, 16) {
            Ok(value) if sign == 0 => (Lexeme::Int(i128::from(value)), end),
            Ok(value) => (Lexeme::Int(-i128::from(value)), end),
            Err(_) => (Lexeme::Bad(Bad::new(format!("`{}` is not a number", &rest[..end]))), end),
        };
    }
    let mut end = end_of(sign, |c| c.is_ascii_digit() || c == '_');
    let mut whole = true;
    if text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = end_of(end + 1, |c| c.is_ascii_digit() || c == '_');
        whole = false;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let digits = end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        if text.get(digits).is_some_and(u8::is_ascii_digit) {
            end = end_of(digits, |c| c.is_ascii_digit());
            whole = false;
        }
    }
    let digits = rest[..end].replace('_', "");
    let unit_end = end_of(end, is_name_part);
    let unit = &rest[end..unit_end];
    (with_unit(&digits, whole, unit, &rest[..unit_end]), unit_end)
}

fn with_unit(digits: &str, whole: bool, unit: &str, all: &str) -> Lexeme {
    let too_large = || Lexeme::Bad(Bad::new(format!("`{all}` is too large a number")));
    let scaled = |scale: i64| -> Option<Lexeme> {
        if whole {
            let value = digits.parse::<i128>().ok()?.checked_mul(i128::from(scale))?;
            (value >= i128::from(i64::MIN) && value <= i128::from(u64::MAX)).then_some(Lexeme::Int(value))
        } else {
            let value = digits.parse::<f64>().ok()? * scale as f64;
            let exact = value.fract() == 0.0 && scale > 1 && value.abs() < 9e15;
            value.is_finite().then_some(if exact { Lexeme::Int(value as i128) } else { Lexeme::Float(value) })
        }
    };
    if unit.is_empty() {
        return scaled(1).unwrap_or_else(too_large);
    }
    if let Some((_, ns)) = DURATIONS.iter().find(|(name, _)| *name == unit) {
        let value = match scaled(*ns) {
            Some(Lexeme::Int(value)) => i64::try_from(value).ok(),
            Some(Lexeme::Float(value)) if value.abs() < 9e18 => Some(value.round() as i64),
            _ => None,
        };
        return value.map_or_else(too_large, Lexeme::Duration);
    }
    // `10kB` and `10KiB` are what some people write.
    let multiple = unit.strip_suffix('B').filter(|multiple| !multiple.is_empty()).unwrap_or(unit);
    if let Some((_, times)) = MULTIPLES.iter().find(|(name, _)| *name == multiple) {
        return scaled(*times).unwrap_or_else(too_large);
    }
    let bad = Bad::new(format!("`{unit}` is not a unit"));
    Lexeme::Bad(bad.help("durations end in ns, us, ms, s, m or h, large numbers in k, M, G, Ki, Mi or Gi"))
}

fn is_date(rest: &str) -> bool {
    let shape = b"dddd-dd-dd";
    rest.len() >= shape.len()
        && rest.bytes().zip(shape).all(|(c, shape)| if *shape == b'd' { c.is_ascii_digit() } else { c == b'-' })
}

fn date_lexeme(rest: &str) -> (Lexeme, usize) {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-+:.".contains(c))).unwrap_or(rest.len());
    // A range goes on behind it.
    let end = rest[..end].find("..").unwrap_or(end);
    let lexeme = date(&rest[..end]).map_or_else(
        || Lexeme::Bad(Bad::new(format!("`{}` is not a time", &rest[..end])).help("write it as 2026-11-20T04:15:02Z")),
        Lexeme::Date,
    );
    (lexeme, end)
}

/// Nanoseconds since 1970 of an RFC 3339 time, or of a day's beginning in UTC.
pub(super) fn date(text: &str) -> Option<i64> {
    let stamp = text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()?;
    i64::try_from(stamp.as_nanosecond()).ok()
}

/// Text in quotes, with escapes.
pub(super) fn text(rest: &str) -> (Lexeme, usize) {
    let mut chars = rest.char_indices();
    let quote = chars.next().map_or('"', |(_, quote)| quote);
    let mut text = String::new();
    let mut bad = None;
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return (bad.map_or(Lexeme::Text(text), Lexeme::Bad), at + 1);
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escaped = chars.next();
        match escaped.map(|(_, c)| c) {
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('0') => text.push('\0'),
            Some(c @ ('\\' | '"' | '\'')) => text.push(c),
            Some(kind @ ('x' | 'u')) => {
                let from = at + 2;
                if let Some((c, length)) = character(&rest[from..], kind) {
                    text.push(c);
                    for _ in 0..length {
                        chars.next();
                    }
                } else {
                    let help = "a character is written `\\x41` (up to 7f) or `\\u{1f600}`";
                    bad.get_or_insert(Bad::new(format!("`\\{kind}` names no character")).help(help));
                }
            }
            Some(c) => {
                let what = format!("`\\{}` is not an escape", c.escape_debug());
                let help = "a backslash itself is `\\\\`; in r\"…\" nothing is an escape";
                bad.get_or_insert(Bad::new(what).help(help));
            }
            None => break,
        }
    }
    (Lexeme::Bad(Bad::new("the text has no closing quote")), rest.len())
}

/// The character of `x41` or `u{1f600}`, what stands behind the letter, and its length.
fn character(digits: &str, kind: char) -> Option<(char, usize)> {
    if kind == 'x' {
        let value = u8::from_str_radix(digits.get(..2)?, 16).ok()?;
        return value.is_ascii().then_some((char::from(value), 2));
    }
    let inner = digits.strip_prefix('{')?;
    let end = inner.find('}')?;
    let value = u32::from_str_radix(&inner[..end], 16).ok()?;
    Some((char::from_u32(value)?, end + 2))
}

/// `r"…"`: text in which nothing is an escape.
pub(super) fn raw_text(rest: &str) -> (Lexeme, usize) {
    let quote = if rest.as_bytes()[1] == b'"' { '"' } else { '\'' };
    match rest[2..].find(quote) {
        Some(length) => (Lexeme::Text(rest[2..2 + length].to_owned()), length + 3),
        None => (Lexeme::Bad(Bad::new("the text has no closing quote")), rest.len()),
    }
}
