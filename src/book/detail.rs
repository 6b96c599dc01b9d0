//! What a row holds: its fields as lines, and its bytes.

use std::collections::HashMap;
use std::ops::Range;

use super::row::Row;
use super::value::{clock, fact, fact_name, label, literal, name, seen, value, whole};
use super::{Book, Shown};
use crate::evidence::Missing;
use crate::proto::rtmp::{Head, header, record_payload, type_name};
use crate::proto::{Envelope, Event, describe};
use crate::registry::native::Seen;
use crate::registry::{self, native as field};
use crate::rules::{Finding, Mark, Severity};
use crate::wire::{Field, Problem, Side, Tree, escape_into};

/// A field, a fact or a sentence.
#[derive(Debug, Default)]
pub struct Line {
    pub depth: u16,
    pub label: String,
    pub value: String,
    pub unit: &'static str,
    /// Its bytes, in [`Detail::bytes`].
    pub span: Option<Range<usize>>,
    /// What it is, for a field of the wire.
    pub field: Option<&'static Field>,
    /// The index behind the last line inside this one, where it can be folded.
    pub end: Option<usize>,
    /// Its labels from the top down, no two alike: the same field of another row has the same.
    pub path: String,
    pub severity: Option<Severity>,
    /// Its value is to be read: a sentence, which may be broken into lines.
    pub is_prose: bool,
    /// All of a value that is too long for a line.
    pub whole: Option<String>,
    /// What a filter calls it, and its value as a filter writes it; empty where there is none.
    pub name: String,
    pub literal: String,
    /// A group about the row rather than of its own fields: folded until it is asked for.
    pub is_aside: bool,
}

impl Line {
    /// How a filter may ask for it, the best first: for its value, or whether there is one.
    pub fn ways(&self) -> Vec<String> {
        let Line { name, literal, .. } = self;
        let by_value = [literal.clone(), format!("{:?}", self.value)].into_iter().filter(|literal| !literal.is_empty());
        let by_value = by_value.map(|literal| format!("{name} == {literal}"));
        if name.is_empty() { Vec::new() } else { by_value.chain([name.clone()]).collect() }
    }
}

/// Everything about one row.
#[derive(Debug, Default)]
pub struct Detail {
    pub row: u32,
    pub title: String,
    pub lines: Vec<Line>,
    pub bytes: Vec<u8>,
    /// How many of the bytes are the chunk header.
    pub header: usize,
    /// What the bytes are, or why there are none.
    pub about_bytes: String,
}

impl Detail {
    /// Reads and decodes what a row stands for.
    pub(super) fn load(book: &Book, row: u32) -> Detail {
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
            Some(Row::Opened(envelope)) => detail.session(book, envelope.session),
            Some(entry) => detail.other(book, entry),
        }
        if detail.bytes.is_empty() && detail.about_bytes.is_empty() {
            "no bytes of its own".clone_into(&mut detail.about_bytes);
        }
        detail.found(book);
        detail.name_paths();
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
        self.name(&field::CODE);
        if let Some(line) = self.lines.last_mut() {
            rule.code.clone_into(&mut line.literal);
        }
        self.say(field::SEVERITY.key(), finding.severity.name().to_owned());
        self.name(&field::SEVERITY);
        self.say(field::SESSION.key(), finding.session.to_string());
        if let Some(from) = finding.from {
            self.say(field::FROM.key(), from.name().to_owned());
        }
        if let Some(message) = finding.message {
            self.say(field::FINDING_MESSAGE.key(), message.to_string());
        }
        self.say(field::PACKETS, if first == last { first.to_string() } else { format!("{first} to {last}") });
        if let Some(stand) = book.stand(self.row).filter(|stand| stand.is_exact) {
            self.say(field::TIME.key(), clock(stand.at));
        }
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

    fn session(&mut self, book: &Book, number: u32) {
        let Some(session) = book.session(number) else { return };
        let opened = &session.opened;
        self.title = format!("session {number}");
        self.say("what", describe(&Event::Session(opened.clone())));
        let facts = [
            (
                "outcome",
                book.first(session).map_or_else(|| book.outcome(session), |first| book.reason(session, first.row)),
            ),
            ("role", session.role().to_owned()),
            ("app/stream", book.stream(session)),
            ("software", book.software(session)),
            ("codecs", session.codecs()),
        ];
        for (label, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
            self.say(label, text);
        }
        self.say(field::PROTOCOL.key(), opened.protocol.to_owned());
        self.name(&field::PROTOCOL);
        self.say(field::CLIENT.key(), opened.client.to_string());
        self.name(&field::CLIENT);
        self.say(field::SERVER.key(), opened.server.to_string());
        self.name(&field::SERVER);
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
        registry::carriers::visit_members(event, &mut |field, value| {
            if let Some(text) = seen(field, value) {
                self.say(fact_name(field), text);
            }
        });
    }

    /// What was found about the row: first, or behind its fields where it only says how a peer does things.
    fn found(&mut self, book: &Book) {
        let header = self.header;
        let line = |finding: &Finding| {
            let span = finding.mark.as_ref().map(|mark| match mark {
                Mark::Header(range) => range.start as usize..range.end as usize,
                Mark::Payload(range) => header + range.start as usize..header + range.end as usize,
            });
            Line {
                label: format!("{} {}", finding.severity.name(), finding.rule.code),
                value: format!("{}: {}", finding.rule.name, book.finding_text(finding)),
                span: span.filter(|span| span.end <= self.bytes.len()),
                severity: Some(finding.severity),
                is_prose: true,
                ..Line::default()
            }
        };
        let findings: Vec<_> = book.index.about(self.row).filter_map(|row| book.finding(row)).collect();
        let (last, first): (Vec<&Finding>, Vec<_>) = findings.into_iter().partition(|finding| finding.is_background());
        let first: Vec<_> = first.into_iter().map(line).collect();
        let last: Vec<_> = last.into_iter().map(line).collect();
        for line in &mut self.lines {
            line.end = line.end.map(|end| end + first.len());
        }
        self.lines.splice(0..0, first);
        self.lines.extend(last);
    }

    fn say(&mut self, label: &'static str, text: String) {
        self.lines.push(Line { label: label.to_owned(), value: text, is_prose: true, ..Line::default() });
    }

    fn fact(&mut self, field: &'static Field, value: impl std::fmt::Display) {
        self.put(field.key(), value, "");
        self.name(field);
    }

    /// Gives the last line its name in a filter.
    fn name(&mut self, field: &'static Field) {
        if let Some(line) = self.lines.last_mut() {
            registry::written(field).clone_into(&mut line.name);
            line.literal.clone_from(&line.value);
        }
    }

    /// A fact with its unit.
    fn measure(&mut self, field: &'static Field, value: impl std::fmt::Display) {
        self.put(fact_name(field), value, field.unit);
        self.name(field);
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
        let mut above: Vec<String> = Vec::new();
        for (index, node) in tree.nodes.iter().enumerate() {
            above.truncate(node.depth as usize);
            above.push(name(node, above.last().map_or("", String::as_str), texts));
            let children = tree.children(index).count();
            self.lines.push(Line {
                depth: node.depth,
                label: label(node, texts),
                value: value(node, children, texts),
                unit: node.field.unit,
                span: Some(node.span.start as usize..node.span.end as usize),
                field: Some(node.field),
                end: (children > 0).then_some(first + node.end as usize),
                name: above.last().cloned().unwrap_or_default(),
                literal: literal(&node.value, texts),
                whole: whole(&node.value, texts),
                ..Line::default()
            });
        }
    }

    /// Gives every line a path of its own.
    fn name_paths(&mut self) {
        let mut above: Vec<usize> = Vec::new();
        let mut known: HashMap<(Option<usize>, String), u32> = HashMap::new();
        for index in 0..self.lines.len() {
            above.truncate(self.lines[index].depth as usize);
            // A name from the wire may be long; what is beyond is not needed to tell fields apart.
            let mut label: String = self.lines[index].label.chars().take(64).collect();
            let times = known.entry((above.last().copied(), label.clone())).or_default();
            *times += 1;
            if *times > 1 {
                label += &format!("#{times}");
            }
            let parent = above.last().map_or("", |above| self.lines[*above].path.as_str());
            // Paths grow with depth: nesting is bounded, and deep ones need not be told apart.
            let path = if parent.len() > 512 { parent.to_owned() } else { format!("{parent}/{label}") };
            self.lines[index].is_aside = matches!(path.as_str(), "/message" | "/header" | "/step");
            self.lines[index].path = path;
            above.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_unique() {
        let line = |depth, label: &str| Line { depth, label: label.to_owned(), ..Line::default() };
        let lines = vec![line(0, "a"), line(1, "b"), line(1, "b"), line(2, "c"), line(0, "a"), line(1, "b")];
        let mut detail = Detail { lines, ..Detail::default() };
        detail.name_paths();
        let paths: Vec<_> = detail.lines.iter().map(|line| line.path.as_str()).collect();
        assert_eq!(paths, ["/a", "/a/b", "/a/b#2", "/a/b#2/c", "/a#2", "/a#2/b"]);
    }
}
