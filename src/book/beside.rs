//! Two rows beside each other, field by field: what is the same, what differs, and what differs by nature, because no two sessions
//! have it alike: times, places, numbers of packets and calls, addresses, random bytes.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Step;
use super::detail::{Detail, Line};

/// How two fields are to each other, or steps of two sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    Same,
    /// They differ, or one is missing, as it is with any two.
    ByNature,
    Differs,
}

/// A field of either row, or of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// Its labels from the top down.
    pub path: String,
    /// The values, each with its unit.
    pub values: [Option<String>; 2],
    pub likeness: Likeness,
}

/// Facts and fields of the wire that say when, where or which one, but not what.
const BY_NATURE: &[&str] = &[
    "session",
    "time",
    "packet",
    "packets",
    "offset",
    "timestamp",
    "answers",
    "latency",
    "length",
    "size",
    "chunks",
    "epoch",
    "time1",
    "time2",
    "random",
    "random_echo",
    "digest",
    "digest_at",
    "signature",
    "transaction_id",
    "sequence_number",
];
/// Members of objects by which a server tells clients apart.
const IDS: &[&str] = &["clientid"];
/// Sentences that sum up what stands beside them.
const SUMMARIES: &[&str] = &[
    "what",
    "outcome",
    "role",
    "app/stream",
    "software",
    "codecs",
    "client",
    "server",
    "client's TCP",
    "server's TCP",
];
/// How a message was cut into chunks.
const HEADER: &str = "/header";
/// Steps that come when time or bytes have gone by.
const REGULAR: &[(&str, &str)] =
    &[("acknowledgement", ""), ("user_control", "ping_request"), ("user_control", "ping_response")];

impl Step {
    /// Whether it comes by itself, as time goes by: that another session lacks it says nothing.
    pub fn is_regular(&self) -> bool {
        REGULAR.contains(&(self.kind.as_str(), self.name.as_str()))
    }
}

impl Detail {
    /// The fields of this row and of another, in their order: those of the same path are one.
    pub fn beside(&self, other: &Detail) -> Vec<Both> {
        let paths = |detail: &Detail| -> Vec<String> { detail.lines.iter().map(|line| line.path.clone()).collect() };
        let (own, others) = (paths(self), paths(other));
        let mut both = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &own, &others) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                for index in 0..len {
                    both.push(pair(self, old_index + index, other, new_index + index));
                }
                continue;
            }
            both.extend(op.old_range().filter_map(|index| single(self, index, 0)));
            both.extend(op.new_range().filter_map(|index| single(other, index, 1)));
        }
        both
    }
}

fn single(detail: &Detail, index: usize, side: usize) -> Option<Both> {
    let line = detail.lines.get(index)?;
    let likeness = if is_by_nature(line) { Likeness::ByNature } else { Likeness::Differs };
    let mut values = [None, None];
    values[side] = Some(text(line));
    Some(Both { path: line.path.clone(), values, likeness })
}

fn pair(own: &Detail, at: usize, other: &Detail, there: usize) -> Both {
    let (one, two) = (&own.lines[at], &other.lines[there]);
    let likeness = if is_same(own, one, other, two) {
        Likeness::Same
    } else if is_by_nature(one) || (is_group(one) && is_group(two)) || is_same_but_for_address(&one.value, &two.value) {
        Likeness::ByNature
    } else {
        Likeness::Differs
    };
    Both { path: one.path.clone(), values: [Some(text(one)), Some(text(two))], likeness }
}

fn text(line: &Line) -> String {
    if line.unit.is_empty() || line.value.is_empty() {
        line.value.clone()
    } else {
        format!("{} {}", line.value, line.unit)
    }
}

/// What stands inside a group tells how it differs.
fn is_group(line: &Line) -> bool {
    line.end.is_some() && line.value.starts_with(['{', '[']) || line.is_aside
}

fn is_same(own: &Detail, one: &Line, other: &Detail, two: &Line) -> bool {
    // A long value is cut for its line: the bytes have all of it.
    let is_cut = one.value.contains('…') && two.value.contains('…');
    one.value == two.value && (!is_cut || bytes(own, one.span.as_ref()) == bytes(other, two.span.as_ref()))
}

fn bytes<'d>(detail: &'d Detail, span: Option<&Range<usize>>) -> &'d [u8] {
    span.and_then(|span| detail.bytes.get(span.clone())).unwrap_or_default()
}

fn is_by_nature(line: &Line) -> bool {
    if line.is_prose {
        let is_number = line.value.starts_with(|c: char| c.is_ascii_digit());
        return is_number || SUMMARIES.contains(&line.label.as_str()) || BY_NATURE.contains(&line.label.as_str());
    }
    if line.path == HEADER || line.path.starts_with("/header/") || line.is_aside {
        return true;
    }
    match line.field {
        // A fact about the row.
        None => BY_NATURE.contains(&line.label.as_str()),
        Some(field) if field.key() == line.label => BY_NATURE.contains(&field.key()),
        // A member of an object, which may have any name.
        Some(_) => IDS.contains(&line.label.as_str()),
    }
}

/// Whether two URLs, or texts with such, differ in the address alone.
fn is_same_but_for_address(one: &str, other: &str) -> bool {
    match (without_address(one), without_address(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn without_address(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '"', ' ', '?']).unwrap_or(rest.len());
    Some((scheme, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, value: &str) -> Line {
        let label = path.rsplit('/').next().unwrap_or_default().to_owned();
        Line { path: path.to_owned(), label, value: value.to_owned(), ..Line::default() }
    }

    fn of(lines: &[(&str, &str)]) -> Detail {
        Detail { lines: lines.iter().map(|(path, value)| line(path, value)).collect(), ..Detail::default() }
    }

    #[test]
    fn fields_are_beside_those_of_the_same_path() {
        let one = of(&[("/message/time", "1"), ("/a", "7"), ("/b", "8"), ("/url", "\"rtmp://a:1935/live\"")]);
        let other = of(&[("/message/time", "2"), ("/a", "9"), ("/c", "8"), ("/url", "\"rtmp://b/live\"")]);
        let both = one.beside(&other);
        let shown: Vec<_> = both.iter().map(|both| (both.path.as_str(), both.likeness)).collect();
        let (nature, differs) = (Likeness::ByNature, Likeness::Differs);
        assert_eq!(
            shown,
            [("/message/time", nature), ("/a", differs), ("/b", differs), ("/c", differs), ("/url", nature)]
        );
        assert_eq!(both[2].values, [Some("8".to_owned()), None]);
        assert!(one.beside(&one).iter().all(|both| both.likeness == Likeness::Same));
    }

    #[test]
    fn an_address_alone_differs_by_nature() {
        assert!(is_same_but_for_address("\"rtmp://a/live\"", "\"rtmp://[::1]:1935/live\""));
        assert!(!is_same_but_for_address("\"rtmp://a/live\"", "\"rtmp://a/life\""));
        assert!(!is_same_but_for_address("\"rtmp://a/live\"", "\"rtmps://a/live\""));
        assert!(!is_same_but_for_address("live", "life"));
    }

    /// What is cut on its line is not cut here.
    #[test]
    fn long_values_are_compared_whole() {
        let long = |byte: u8| {
            let mut detail = of(&[("/a", "00 00 … (20 bytes)")]);
            detail.bytes = [vec![0; 19], vec![byte]].concat();
            detail.lines[0].span = Some(0..20);
            detail
        };
        assert_eq!(long(1).beside(&long(1))[0].likeness, Likeness::Same);
        assert_eq!(long(1).beside(&long(2))[0].likeness, Likeness::Differs);
    }
}
