//! What a row holds: its fields as lines, and its bytes.

use std::collections::HashMap;
use std::ops::Range;

use ratatui::text::Span;

use super::book::{Book, Shown};
use super::index::{Index, Row};
use crate::evidence::Missing;
use crate::proto::rtmp::{Head, header, record_payload, type_name};
use crate::proto::{Envelope, Event, describe};
use crate::registry::native::Seen;
use crate::registry::{self, native as field};
use crate::rules::{Finding, Severity};
use crate::wire::{Field, Label, Node, Problem, Side, Time, Tree, Value, escape, escape_into, words};

/// Bytes of a value that are shown on its line.
const CLIP: usize = 256;
/// Bytes of an undecoded value that are shown on its line.
const CLIP_HEX: usize = 16;

/// A field, a fact or a sentence.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) depth: u16,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) unit: &'static str,
    /// Its bytes, in [`Detail::bytes`].
    pub(super) span: Option<Range<usize>>,
    /// What it is, for a field of the wire.
    pub(super) field: Option<&'static Field>,
    /// The index behind the last line inside this one, where it can be folded.
    pub(super) end: Option<usize>,
    /// Its labels from the top down: the same field of another row has the same.
    pub(super) path: String,
    pub(super) severity: Option<Severity>,
}

/// Everything about one row.
#[derive(Debug, Default)]
pub(super) struct Detail {
    pub(super) row: u32,
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    /// The lines that are not inside a folded one.
    pub(super) shown: Vec<usize>,
    pub(super) bytes: Vec<u8>,
    /// How many of the bytes are the chunk header.
    pub(super) header: usize,
    /// What the bytes are, or why there are none.
    pub(super) about_bytes: String,
    /// Columns that the longest label takes, with its indent.
    pub(super) label_width: usize,
    /// Text that is wrapped to the pane's width, beside its label; all of the lines are made of it.
    prose: Vec<(&'static str, String)>,
    wrapped_to: usize,
}

/// Lines folded or unfolded by the user, by path.
pub(super) type Folds = HashMap<String, bool>;

impl Detail {
    /// Reads and decodes what a row stands for.
    pub(super) fn load(book: &Book, row: u32, folds: &Folds) -> Detail {
        let mut detail = Detail { row, ..Detail::default() };
        match book.index.row(row) {
            None => {}
            Some(Row::Message(message)) => {
                detail.title = format!("message {}", message.n);
                match book.message(row, message) {
                    Ok(shown) => detail.message(book, &shown),
                    Err(missing) => {
                        let runs = book.index.runs(message);
                        let head = message.head(runs, &[]);
                        detail.head(&message.envelope(), &head, &format!("{}, {}", message.n, message.from.name()));
                        detail.missing(&missing);
                    }
                }
            }
            Some(Row::Kept(kept)) => detail.kept(book, &kept.0, &kept.1),
            Some(Row::Handshake(step)) => {
                let name = step.step.name(step.from);
                name.clone_into(&mut detail.title);
                detail.group("step", &format!("{name}, {}", step.from.name()), |detail| {
                    detail.moments(&step.envelope());
                    detail.fact(&field::OFFSET, step.offset);
                });
                match book.step(step) {
                    Ok(step) => {
                        let mut tree = Tree::default();
                        step.record(&mut tree);
                        detail.bytes = step.bytes.to_vec();
                        name.clone_into(&mut detail.about_bytes);
                        let bytes = std::mem::take(&mut detail.bytes);
                        detail.tree(&tree, &bytes);
                        detail.bytes = bytes;
                    }
                    Err(missing) => detail.missing(&missing),
                }
            }
            Some(Row::Incomplete(event)) => {
                "incomplete message".clone_into(&mut detail.title);
                detail.head(&event.envelope(), &event.head, &format!("incomplete, {}", event.from.name()));
                detail.fact(&field::RECEIVED, event.received);
                detail.fact(&field::WHY, event.why.clause());
                match book.incomplete(event) {
                    Ok((first, payload)) => {
                        let mut tree = Tree::default();
                        header::record(&first, 0, &mut tree);
                        record_payload(
                            event.head.kind,
                            event.head.timestamp,
                            &payload,
                            first.len() as u32,
                            &mut tree,
                            book.limits(),
                        );
                        detail.put_bytes(&first, &payload, "chunk header, part of payload");
                        let bytes = std::mem::take(&mut detail.bytes);
                        detail.tree(&tree, &bytes);
                        detail.bytes = bytes;
                    }
                    Err(missing) => detail.missing(&missing),
                }
            }
            Some(Row::Finding(finding)) => detail.finding(book, finding),
            Some(Row::Opened(envelope)) => detail.session(&book.index, envelope.session),
            Some(entry) => detail.other(book, entry),
        }
        if detail.bytes.is_empty() && detail.about_bytes.is_empty() {
            "no bytes of its own".clone_into(&mut detail.about_bytes);
        }
        detail.fold(folds);
        detail
    }

    /// A message of another protocol than RTMP.
    fn kept(&mut self, book: &Book, event: &Event, envelope: &Envelope) {
        let Some(n) = event.n() else { return self.carrier(book, event, envelope) };
        let from = envelope.from.map_or("", Side::name);
        self.title = format!("message {n}");
        self.group("message", &format!("{n}, {from}"), |detail| {
            detail.moments(envelope);
            detail.fact(&header::TYPE_NAME, event.type_name().unwrap_or_default());
            detail.measure(&field::SIZE, event.size().unwrap_or_default());
            if let Some(offset) = envelope.offset {
                detail.fact(&field::OFFSET, offset);
            }
        });
        let shown = match book.restored(event) {
            Ok(shown) => shown,
            Err(missing) => return self.missing(&missing),
        };
        self.inside(|detail| {
            for (_, field, seen) in registry::ftl::members_of(&shown) {
                match seen {
                    Seen::Uint(value) => detail.measure(field, value),
                    Seen::Number(value) => detail.measure(field, value),
                    Seen::Bool(value) => detail.fact(field, value),
                    Seen::Word(word) => detail.fact(field, word),
                    _ => {}
                }
            }
        });
        let mut tree = Tree::default();
        shown.record(&mut tree, book.limits());
        self.bytes = shown.payload().map(|payload| payload.to_vec()).unwrap_or_default();
        "payload".clone_into(&mut self.about_bytes);
        let bytes = std::mem::take(&mut self.bytes);
        self.tree(&tree, &bytes);
        self.bytes = bytes;
        self.problems(shown.problems(), 0);
    }

    fn message(&mut self, book: &Book, shown: &Shown) {
        let message = &shown.message;
        let base = shown.header.len();
        self.head(&message.envelope(), &message.head, &format!("{}, {}", message.n, message.from.name()));
        if let Some(answer) = message.answers {
            self.inside(|detail| {
                detail.fact(&field::ANSWERS, answer.n);
                detail.measure(&field::LATENCY, answer.latency as f64 / 1e6);
            });
        }
        let about = if message.is_masked() { "chunk header, masked payload" } else { "chunk header, payload" };
        self.put_bytes(&shown.header, &message.payload, about);
        let mut tree = Tree::default();
        header::record(&shown.header, 0, &mut tree);
        record_payload(
            message.head.kind,
            message.head.timestamp,
            &message.payload,
            base as u32,
            &mut tree,
            book.limits(),
        );
        let mut texts = self.bytes.clone();
        message.tag(&mut tree, base as u32, &mut texts);
        self.tree(&tree, &texts);
        self.problems(&message.problems, base);
    }

    fn problems(&mut self, problems: &[Problem], base: usize) {
        for problem in problems {
            let mut value = String::new();
            escape_into(&mut value, &problem.what);
            let at = base + problem.at as usize;
            self.lines.push(Line {
                label: "problem".to_owned(),
                value: format!("at byte {}: {value}", problem.at),
                span: Some(at..(at + 1).min(self.bytes.len().max(at))),
                severity: Some(Severity::Warning),
                ..Line::default()
            });
        }
    }

    fn put_bytes(&mut self, header: &[u8], payload: &[u8], about: &str) {
        self.header = header.len();
        self.bytes = [header, payload].concat();
        about.clone_into(&mut self.about_bytes);
    }

    fn missing(&mut self, missing: &Missing) {
        self.about_bytes = missing.to_string();
        let (label, value) = ("bytes".to_owned(), missing.to_string());
        self.lines.push(Line { label, value, severity: Some(Severity::Warning), ..Line::default() });
    }

    /// What a message's header says after everything that it inherits, and where the message lies.
    fn head(&mut self, envelope: &Envelope, head: &Head, value: &str) {
        self.group("message", value, |detail| {
            detail.moments(envelope);
            detail.fact(&header::TYPE, type_name(head.kind));
            detail.fact(&header::CHUNK_STREAM_ID, head.chunk_stream_id);
            if head.message_stream_known {
                detail.fact(&header::MESSAGE_STREAM_ID, head.message_stream_id);
            }
            if head.timestamp_known {
                detail.measure(&field::TIMESTAMP, head.timestamp);
            }
            detail.measure(&header::LENGTH, head.length);
            if !head.reading.is_standard() {
                detail.fact(&field::READING, head.reading.name());
            }
            detail.fact(&field::CHUNKS, head.chunks);
            detail.measure(&field::SIZE, head.size);
            detail.fact(&field::OFFSET, head.offset);
        });
    }

    fn moments(&mut self, envelope: &Envelope) {
        let Envelope { session, first, last, .. } = *envelope;
        self.fact(&field::SESSION, session);
        self.fact(&field::TIME, clock(last.time));
        if first.packet == last.packet {
            self.fact(&field::PACKET, last.packet);
        } else {
            self.put(field::PACKETS, format_args!("{} to {}", first.packet, last.packet), "");
        }
    }

    fn finding(&mut self, book: &Book, finding: &Finding) {
        let rule = finding.rule;
        self.title = format!("{} {}", finding.severity.name(), rule.code);
        let (first, last) = finding.packets;
        let doc = rule.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        self.say("what", book.finding_text(finding));
        self.say("rule", format!("{} {}", rule.code, rule.name));
        self.say(field::SEVERITY.key(), finding.severity.name().to_owned());
        self.say(field::SESSION.key(), finding.session.to_string());
        if let Some(from) = finding.from {
            self.say(field::FROM.key(), from.name().to_owned());
        }
        if let Some(message) = finding.message {
            self.say(field::FINDING_MESSAGE.key(), message.to_string());
        }
        self.say(field::PACKETS, if first == last { first.to_string() } else { format!("{first} to {last}") });
        self.say("source", rule.source.to_owned());
        self.say("about", doc);
        // The bytes are those of the message that it is about.
        if let Some(row) = finding.message.and_then(|n| book.index.row_of(n))
            && let Some(Row::Message(message)) = book.index.row(row)
        {
            match book.message(row, message) {
                Ok(shown) => self.put_bytes(&shown.header, &shown.message.payload, &format!("message {}", message.n)),
                Err(missing) => self.about_bytes = missing.to_string(),
            }
        }
    }

    fn session(&mut self, index: &Index, number: u32) {
        let Some(session) = index.session(number) else { return };
        let opened = &session.opened;
        self.title = format!("session {number}");
        self.say("what", describe(&Event::Session(opened.clone())));
        self.say(field::PROTOCOL.key(), opened.protocol.to_owned());
        self.say(field::CLIENT.key(), opened.client.to_string());
        self.say(field::SERVER.key(), opened.server.to_string());
        self.say(field::PACKET.key(), opened.at.packet.to_string());
        self.say(field::TIME.key(), clock(opened.at.time));
        self.say("messages", session.messages.to_string());
        for (side, tcp) in ["client's TCP", "server's TCP"].into_iter().zip(&session.tcp) {
            if let Some(tcp) = tcp {
                let members =
                    tcp.members().map(|(field, value)| format!("{} {}", fact_name(field), fact(field, &value)));
                self.say(side, members.collect::<Vec<_>>().join(", "));
            }
        }
    }

    fn other(&mut self, book: &Book, entry: &Row) {
        let (Some(envelope), Some(event)) = (entry.envelope(), entry.event()) else { return };
        self.sum_up(book, &event, &envelope);
        if let Row::Close(close) = entry {
            for (field, value) in close.tcp.iter().flat_map(|tcp| tcp.members()) {
                self.say(fact_name(field), fact(field, &value));
            }
        }
    }

    fn sum_up(&mut self, book: &Book, event: &Event, envelope: &Envelope) {
        envelope.kind.name().clone_into(&mut self.title);
        self.say("what", book.describe(event));
        if let Some(from) = envelope.from {
            self.say(field::FROM.key(), from.name().to_owned());
        }
        self.say(field::SESSION.key(), envelope.session.to_string());
        self.say(field::PACKET.key(), envelope.last.packet.to_string());
        self.say(field::TIME.key(), clock(envelope.last.time));
    }

    /// What became known of a session's TLS, or a request of RTMPT.
    fn carrier(&mut self, book: &Book, event: &Event, envelope: &Envelope) {
        self.sum_up(book, event, envelope);
        registry::carriers::visit_members(event, &mut |field, seen| {
            let text = match seen {
                Seen::Uint(value) => value.to_string(),
                Seen::Number(value) => words::number(value),
                Seen::Bool(value) => value.to_string(),
                Seen::Word(word) => word.to_owned(),
                Seen::Text(text) => escape(&String::from_utf8_lossy(text)),
                Seen::Time { at, .. } => clock(Time(at)),
                _ => return,
            };
            self.say(fact_name(field), format!("{text} {}", field.unit).trim_end().to_owned());
        });
    }

    fn say(&mut self, label: &'static str, text: String) {
        self.prose.push((label, text));
    }

    /// Wraps what is to be read to so many columns.
    pub(super) fn wrap(&mut self, width: usize, folds: &Folds) {
        if self.prose.is_empty() || width == self.wrapped_to {
            return;
        }
        self.wrapped_to = width;
        self.lines.clear();
        let labels = self.prose.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
        for (label, text) in &self.prose {
            for (index, value) in wrap(text, width.saturating_sub(labels + 4)).into_iter().enumerate() {
                let label = if index == 0 { (*label).to_owned() } else { String::new() };
                self.lines.push(Line { label, value, ..Line::default() });
            }
        }
        self.fold(folds);
    }

    fn fact(&mut self, field: &'static Field, value: impl std::fmt::Display) {
        self.put(field.key(), value, "");
    }

    /// A fact with its unit.
    fn measure(&mut self, field: &'static Field, value: impl std::fmt::Display) {
        self.put(fact_name(field), value, field.unit);
    }

    fn put(&mut self, label: &str, value: impl std::fmt::Display, unit: &'static str) {
        let depth = u16::from(self.lines.first().is_some_and(|line| line.end == Some(usize::MAX)));
        self.lines.push(Line { depth, label: label.to_owned(), value: value.to_string(), unit, ..Line::default() });
    }

    /// Facts under a heading. It comes first.
    fn group(&mut self, label: &str, value: &str, inside: impl FnOnce(&mut Self)) {
        let (label, value) = (label.to_owned(), value.to_owned());
        self.lines.push(Line { label, value, ..Line::default() });
        self.inside(inside);
    }

    /// Facts, or more facts, under the heading.
    fn inside(&mut self, inside: impl FnOnce(&mut Self)) {
        self.lines[0].end = Some(usize::MAX);
        inside(self);
        self.lines[0].end = Some(self.lines.len());
    }

    /// The fields that a decoder recorded, with the bytes that their text is in.
    fn tree(&mut self, tree: &Tree, texts: &[u8]) {
        let first = self.lines.len();
        for (index, node) in tree.nodes.iter().enumerate() {
            let children = tree.children(index).count();
            self.lines.push(Line {
                depth: node.depth,
                label: label(node, texts),
                value: value(node, children, texts),
                unit: node.field.unit,
                span: Some(node.span.start as usize..node.span.end as usize),
                field: Some(node.field),
                end: (children > 0).then_some(first + node.end as usize),
                ..Line::default()
            });
        }
    }

    /// Decides which lines are shown.
    pub(super) fn fold(&mut self, folds: &Folds) {
        let mut above: Vec<usize> = Vec::new();
        for index in 0..self.lines.len() {
            above.truncate(self.lines[index].depth as usize);
            // A name from the wire may be long; what is beyond is not needed to tell fields apart.
            let label: String = self.lines[index].label.chars().take(64).collect();
            let parent = above.last().map_or("", |above| self.lines[*above].path.as_str());
            // Paths grow with depth: nesting is bounded, and deep ones need not be told apart.
            let path = if parent.len() > 512 { parent.to_owned() } else { format!("{parent}/{label}") };
            self.lines[index].path = path;
            above.push(index);
        }
        self.shown.clear();
        let mut index = 0;
        while let Some(line) = self.lines.get(index) {
            self.shown.push(index);
            index = match line.end {
                Some(end) if is_folded(line, folds) => end.max(index + 1),
                _ => index + 1,
            };
        }
        let width = |line: &usize| 2 * usize::from(self.lines[*line].depth) + columns(&self.lines[*line].label);
        self.label_width = self.shown.iter().map(width).max().unwrap_or_default();
    }

    /// The line at a place of the pane.
    pub(super) fn line(&self, place: usize) -> Option<&Line> {
        self.lines.get(*self.shown.get(place)?)
    }

    /// The place of the narrowest shown line that a byte belongs to.
    pub(super) fn place_of_byte(&self, byte: usize) -> Option<usize> {
        let holds = |place: &usize| {
            self.line(*place).and_then(|line| line.span.as_ref()).is_some_and(|span| span.contains(&byte))
        };
        let width = |place: &usize| {
            self.line(*place).and_then(|line| line.span.as_ref()).map_or(usize::MAX, ExactSizeIterator::len)
        };
        // Of equally narrow ones the innermost.
        (0..self.shown.len()).filter(holds).min_by_key(|place| (width(place), std::cmp::Reverse(*place)))
    }
}

/// What is above the payload's own fields is folded until the user asks.
pub(super) fn is_folded(line: &Line, folds: &Folds) -> bool {
    folds.get(&line.path).copied().unwrap_or(matches!(line.path.as_str(), "/message" | "/header" | "/step"))
}

fn slice<'b>(bytes: &'b [u8], range: &Range<u32>) -> &'b [u8] {
    bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
}

fn label(node: &Node, bytes: &[u8]) -> String {
    match &node.label {
        Label::Field => node.field.key().to_owned(),
        Label::Index(index) => format!("[{index}]"),
        Label::Key(range) => text(slice(bytes, range)),
    }
}

fn value(node: &Node, children: usize, bytes: &[u8]) -> String {
    let members = |what: &str| match children {
        1 => format!("1 {what}"),
        _ => format!("{children} {what}s"),
    };
    match &node.value {
        Value::Group if node.depth == 0 => String::new(),
        Value::Group => format!("{{{}}}", members("member")),
        Value::List => format!("[{}]", members("item")),
        Value::EcmaArray(claimed) if *claimed as usize == children => format!("{{{}}}", members("member")),
        Value::EcmaArray(claimed) => format!("{{{}, {claimed} claimed}}", members("member")),
        Value::Class(name) => format!("{} {{{}}}", text(slice(bytes, name)), members("member")),
        Value::Pairs => format!("[{}]", members("pair")),
        Value::Externalizable { class, bytes: range } => {
            format!("{} {}", text(slice(bytes, class)), hex(slice(bytes, range)))
        }
        Value::Uint(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Number(value) => words::number(*value),
        Value::Bool(value) => value.to_string(),
        Value::Word(word) => (*word).to_owned(),
        Value::Text(range) => format!("\"{}\"", text(slice(bytes, range))),
        Value::Xml(range) => format!("xml \"{}\"", text(slice(bytes, range))),
        Value::Bytes(range) => hex(slice(bytes, range)),
        Value::Null => "null".to_owned(),
        Value::Undefined => "undefined".to_owned(),
        Value::Date { ms, timezone } => {
            let timezone = timezone.map_or_else(String::new, |minutes| format!(", timezone {minutes}"));
            format!("date {ms}{timezone}")
        }
        Value::Reference { number, .. } => format!("reference {number}"),
    }
}

/// A field's name, beside a value that has the unit.
fn fact_name(field: &'static Field) -> &'static str {
    field.key().trim_end_matches("_ms")
}

/// A value that no bytes of a message hold, with its unit.
fn fact(field: &Field, value: &Value) -> String {
    let text = match value {
        Value::Uint(value) => value.to_string(),
        Value::Number(value) => words::number(*value),
        Value::Bool(value) => value.to_string(),
        Value::Word(word) => (*word).to_owned(),
        _ => String::new(),
    };
    if field.unit.is_empty() { text } else { format!("{text} {}", field.unit) }
}

/// Text from the wire, safe to show and not longer than a line can be.
fn text(bytes: &[u8]) -> String {
    let clipped = &bytes[..bytes.len().min(CLIP)];
    let mut shown = String::new();
    escape_into(&mut shown, &String::from_utf8_lossy(clipped));
    if clipped.len() < bytes.len() {
        shown.push('…');
    }
    shown
}

fn hex(bytes: &[u8]) -> String {
    let shown: Vec<_> = bytes.iter().take(CLIP_HEX).map(|byte| format!("{byte:02x}")).collect();
    let shown = shown.join(" ");
    if bytes.len() > CLIP_HEX { format!("{shown} … ({} bytes)", bytes.len()) } else { shown }
}

/// Absolute, in UTC.
fn clock(time: Time) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(time.0)).map_or_else(|_| time.0.to_string(), |time| time.to_string())
}

/// Columns that text takes on a terminal.
fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// Breaks text at its spaces into lines of at most `width` columns. A word that is longer stands alone.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = columns(word);
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
