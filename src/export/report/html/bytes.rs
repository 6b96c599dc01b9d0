//! Bytes in hexadecimal digits, with those marked that matter.

use std::ops::Range;

use maud::{Markup, html};

use crate::book::Detail;
use crate::export::html::END;

/// Bytes in a line, and lines around those that matter.
const WIDTH: usize = 16;
const AROUND: usize = 2;
/// Lines at most.
const LINES: usize = 12;
/// Lines where none matters more than others.
const BEGINNING: usize = 6;

/// A part of a row's bytes: where they are marked, or else their beginning.
pub(super) fn hex(detail: &Detail, marked: Option<&Range<usize>>) -> Markup {
    let bytes = &detail.bytes;
    let marked = marked.cloned().unwrap_or(0..0);
    let first = (marked.start / WIDTH).saturating_sub(AROUND);
    let last = if marked.is_empty() { BEGINNING } else { marked.end.div_ceil(WIDTH) + AROUND };
    let last = last.min(first + LINES).min(bytes.len().div_ceil(WIDTH));
    let (start, end) = (first * WIDTH, (last * WIDTH).min(bytes.len()));
    let shown = bytes.get(start..end).unwrap_or_default();
    html! {
        p.note {
            (detail.about_bytes) ": bytes " (start) " to " (end.saturating_sub(1)) " of " (bytes.len())
            @if detail.header > 0 { ", of which the first " (detail.header) " are the chunk header" }
            @if !marked.is_empty() { "; bytes " (marked.start) " to " (marked.end - 1) " are marked" }
            "."
        }
        div.scroll role="group" aria-label="Bytes" tabindex="0" { pre {
            @for (index, line) in shown.chunks(WIDTH).enumerate() {
                (row(start + index * WIDTH, line, &marked)) (END)
            }
        } } (END)
    }
}

fn row(at: usize, line: &[u8], marked: &Range<usize>) -> Markup {
    let clamp = |place: usize| place.clamp(at, at + line.len()) - at;
    let (start, end) = (clamp(marked.start), clamp(marked.end.max(marked.start)));
    let parts = [&line[..start], &line[start..end], &line[end..]];
    let digits = |part: &[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    let letters = |part: &[u8]| {
        part.iter().map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' }).collect::<String>()
    };
    let space = |part: &[u8], rest: &[u8]| if part.is_empty() || rest.is_empty() { "" } else { " " };
    let [before, inside, behind] = parts;
    html! {
        span.offset { (format!("{at:06x}")) } "  "
        (digits(before)) (space(before, &line[start..]))
        @if !inside.is_empty() { mark { (digits(inside)) } }
        (space(inside, behind)) (digits(behind))
        (" ".repeat((WIDTH - line.len()) * 3 + 2))
        (letters(before)) @if !inside.is_empty() { mark { (letters(inside)) } } (letters(behind))
    }
}
