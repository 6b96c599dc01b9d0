//! Counts, times and texts as a person reads them: one formatter for each thing, for all who write sentences.
//!
//! Times are cut, not rounded, unless the name says so: `0.9996` seconds have not been one. What may be shown of the
//! wire is not decided here ([`escape`](super::escape()), and `secrets` for what is masked).

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

const SECOND: u64 = 1_000_000_000;

/// A number that a peer sent, with an exponent where it would be long: what is misread as a number often has hundreds of digits.
pub fn number(value: f64) -> String {
    let is_plain = value == 0.0 || !value.is_finite() || (1e-6..1e17).contains(&value.abs());
    if is_plain { value.to_string() } else { format!("{value:e}") }
}

/// `1 packet`, `2 packets`.
pub fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// `1 row differs`, `2 rows differ`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", plural(number as u64, one, many))
}

/// The word for `number` things.
pub fn plural<'w>(number: u64, one: &'w str, many: &'w str) -> &'w str {
    if number == 1 { one } else { many }
}

/// At most `most` characters of a text, and a sign where it was longer: for text that is quoted.
pub fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The length in bytes of the longest beginning that takes at most so many columns.
pub fn fitting(text: &str, columns: usize) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.take_while(|end| width(&text[..*end]) <= columns).last().unwrap_or(0)
}

/// At most so many columns, the sign that it was cut among them: for a place that is so wide.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..fitting(text, columns.saturating_sub(1))]))
}

/// A text with spaces up to a column: `{:<}` counts characters.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// At most `most` bytes of a text, and a sign where it was longer: for text that is kept.
pub fn clip_bytes(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
        text.shrink_to_fit();
    }
    text
}

/// Nanoseconds as seconds with `digits` of at most nine behind the point: `5.012`.
pub fn seconds(ns: i64, digits: usize) -> String {
    let (sign, ns) = signed(ns);
    let fraction = format!("{:09}", ns % SECOND);
    let point = if digits > 0 { "." } else { "" };
    format!("{sign}{}{point}{}", ns / SECOND, &fraction[..digits.min(9)])
}

/// Appends nanoseconds as seconds with six digits behind the point, or nine where six do not say it all: `0.041881`.
pub fn seconds_into(out: &mut String, ns: i64) {
    use std::fmt::Write as _;

    let (sign, ns) = signed(ns);
    // Writing to a string cannot fail.
    let _ = write!(out, "{sign}{}", ns / SECOND);
    fraction_into(out, ns % SECOND);
}

/// Appends nanoseconds below a second as `.041881`, or with nine digits where six do not say it all.
pub fn fraction_into(out: &mut String, ns: u64) {
    let (mut value, digits) = if ns.is_multiple_of(1000) { (ns / 1000, 6) } else { (ns, 9) };
    let mut text = [b'0'; 9];
    for place in (0..digits).rev() {
        text[place] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.push('.');
    out.extend(text[..digits].iter().map(|digit| char::from(*digit)));
}

/// Nanoseconds as seconds, rounded to `digits` behind the point.
pub fn rounded_seconds(ns: i64, digits: usize) -> String {
    format!("{:.digits$}", ns as f64 / 1e9)
}

/// Nanoseconds as milliseconds, rounded to the microsecond.
pub fn rounded_milliseconds(ns: i64) -> String {
    format!("{:.3}", ns as f64 / 1e6)
}

/// Nanoseconds as milliseconds, with as many digits as they have: `0.000001`, `40`.
pub fn milliseconds(ns: i64) -> String {
    let (sign, ns) = signed(ns);
    format!("{sign}{}", decimal(ns, 6))
}

/// A duration, to a thousandth of its unit: `43.993 ms`, `5.012 seconds`. A single letter for the unit would be masked
/// where a stream has it for its name.
pub fn duration(ns: i64) -> String {
    let (sign, ns) = signed(ns);
    if ns < SECOND {
        format!("{sign}{} ms", decimal(ns / 1000, 3))
    } else {
        let number = decimal(ns / 1_000_000, 3);
        let unit = if number == "1" { "second" } else { "seconds" };
        format!("{sign}{number} {unit}")
    }
}

fn signed(ns: i64) -> (&'static str, u64) {
    (if ns < 0 { "-" } else { "" }, ns.unsigned_abs())
}

/// A count of units of which `10^digits` make one, without needless zeros.
fn decimal(count: u64, digits: u32) -> String {
    let one = 10_u64.pow(digits);
    let text = format!("{}.{:0digits$}", count / one, count % one, digits = digits as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_be_long_have_an_exponent() {
        let shown = [0.0, -1.0, 0.5, 1e15, 1.7e12, 5e-324, -1e300].map(number);
        assert_eq!(shown, ["0", "-1", "0.5", "1000000000000000", "1700000000000", "5e-324", "-1e300"]);
        assert_eq!(number(f64::NAN), "NaN");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2].map(|number| count(number, "gap")), ["0 gaps", "1 gap", "2 gaps"]);
        assert_eq!(
            [1, 2].map(|number| counted(number, "row differs", "rows differ")),
            ["1 row differs", "2 rows differ"]
        );
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(clip("größer", 6), "größer");
        assert_eq!(clip("größer", 4), "größ…");
        assert_eq!(clip("größer", 0), "…");
        assert_eq!(fit("größer", 6), "größer");
        assert_eq!(fit("größer", 4), "grö…");
        assert_eq!([fit("größer", 1), fit("größer", 0)], ["…", "…"]);
        assert_eq!([fit("日本語", 6), fit("日本語", 5), fit("日本語", 4)], ["日本語", "日本…", "日…"]);
        assert_eq!([pad("日本", 6), pad("日本", 3)], ["日本  ", "日本"]);
        assert_eq!(clip_bytes("größer".into(), 8), "größer");
        // The third byte is the first half of a letter.
        assert_eq!(clip_bytes("größer".into(), 3), "gr…");
    }

    #[test]
    fn seconds_are_cut_and_keep_their_sign() {
        assert_eq!([0, 1, 3, 9].map(|digits| seconds(1_999_999_999, digits)), ["1", "1.9", "1.999", "1.999999999"]);
        assert_eq!(seconds(-1_500_000, 3), "-0.001");
        assert_eq!(seconds(i64::MIN, 0), "-9223372036");
        assert_eq!(rounded_seconds(1_999_999_999, 1), "2.0");
    }

    #[test]
    fn microseconds_and_nanoseconds_keep_their_digits() {
        let shown = |ns| {
            let mut text = String::new();
            seconds_into(&mut text, ns);
            text
        };
        assert_eq!(shown(41_881_000), "0.041881");
        assert_eq!(shown(41_881_001), "0.041881001");
        assert_eq!(shown(-2_000_000_000), "-2.000000");
        assert_eq!(shown(i64::MIN), "-9223372036.854775808");
    }

    #[test]
    fn decimals_have_no_needless_zeros() {
        assert_eq!([40_000_000, 1, 0, -500_000].map(milliseconds), ["40", "0.000001", "0", "-0.5"]);
        assert_eq!([43_993_999, 10_000_000, 0].map(duration), ["43.993 ms", "10 ms", "0 ms"]);
        assert_eq!([SECOND as i64, 5_012_999_999, -500_000].map(duration), ["1 second", "5.012 seconds", "-0.5 ms"]);
        assert_eq!(rounded_milliseconds(1_999_999), "2.000");
    }
}
