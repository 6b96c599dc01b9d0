//! Everything that the program makes of a capture, in every form, with a check of each.

use std::fmt;

use rtmp_inspect::analyzer::{Analyzer, Limits, Options};
use rtmp_inspect::capture::{Input, Packet};
use rtmp_inspect::export::json::JsonWriter;
use rtmp_inspect::export::text::TextWriter;
use rtmp_inspect::export::{Counts, Writer};
use rtmp_inspect::proto::Event;
use rtmp_inspect::proto::rtmp::secrets::Masks;
use rtmp_inspect::proto::rtmp::{Message, header};
use rtmp_inspect::rules::Engine;
use rtmp_inspect::wire::Tree;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::acting::assert_plain;

/// An analyzer whose events are all printed: as JSON with payloads, as text, masked and not, with the rules' findings. What
/// masks change nothing of is the same in both, and printed once.
pub struct Everything {
    pub events: Vec<Event>,
    limits: Limits,
    analyzer: Analyzer,
    engine: Engine,
    counts: Counts,
    prints: [Print; 2],
    tree: Tree,
}

/// What is written with secrets masked, or without.
struct Print {
    masks: Masks,
    json: JsonWriter<Vec<u8>>,
    text: TextWriter<Plain>,
}

/// Takes text and looks whether a terminal can be given it.
struct Plain;

impl std::io::Write for Plain {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // Writers give whole lines.
        assert_plain(std::str::from_utf8(bytes).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Everything {
    pub fn new(limits: &Limits) -> Everything {
        let print = |reveal| {
            let mut text = TextWriter::new(Plain, false);
            text.begin(&[], None).unwrap();
            Print { masks: Masks::new(reveal, limits), json: JsonWriter::new(Vec::new(), true), text }
        };
        Everything {
            events: Vec::new(),
            limits: limits.clone(),
            analyzer: Analyzer::new(limits, Options { evidence: true, ..Options::default() }),
            engine: Engine::default(),
            counts: Counts::default(),
            prints: [print(false), print(true)],
            tree: Tree::default(),
        }
    }

    /// Reads a capture to its end.
    pub fn of(input: &mut Input) -> Everything {
        let mut everything = Everything::new(&Limits::default());
        while let Some(packet) = input.next() {
            match packet {
                Ok(packet) => everything.push(&packet),
                Err(error) => drop(error.to_string()),
            }
        }
        everything.finish();
        everything
    }

    pub fn push(&mut self, packet: &Packet<'_>) {
        self.analyzer.push(packet);
        self.drain(true);
    }

    /// Takes a packet of what is always the same: nothing of it is printed.
    pub fn listen(&mut self, packet: &Packet<'_>) {
        self.analyzer.push(packet);
        self.drain(false);
    }

    pub fn finish(&mut self) {
        self.analyzer.finish();
        self.drain(true);
        for print in &mut self.prints {
            print.json.end(self.analyzer.totals(), self.counts).unwrap();
            print.text.end(self.analyzer.totals(), self.counts).unwrap();
        }
    }

    /// The lines of JSON, masked.
    pub fn json(self) -> Vec<u8> {
        let [masked, revealed] = self.prints.map(|print| print.json.into_inner());
        for json in [&masked, &revealed] {
            for line in json.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let checked: Result<Json, _> = serde_json::from_slice(line);
                assert!(checked.is_ok(), "{:?}: {}", checked.err(), String::from_utf8_lossy(line));
                assert_plain(std::str::from_utf8(line).unwrap());
            }
        }
        masked
    }

    fn drain(&mut self, shown: bool) {
        while let Some(event) = self.analyzer.poll() {
            let findings = self.engine.observe(&event);
            let mut differs = true;
            for Print { masks, json, text } in &mut self.prints {
                masks.observe(&event);
                if shown && differs {
                    json.event(&event, self.engine.story(), masks).unwrap();
                    text.event(&event, self.engine.story(), masks).unwrap();
                    // Where nothing of it is masked, what shows all shows the same.
                    differs = match &event {
                        Event::Message(it) => masks.message(it).is_masked(),
                        Event::Ftl(it) => it.masked().payload() != it.payload(),
                        _ => false,
                    };
                }
                if shown {
                    for finding in &findings {
                        json.finding(finding, masks).unwrap();
                        text.finding(finding, masks).unwrap();
                    }
                }
                masks.forget(&event);
            }
            for finding in &findings {
                self.counts.add(finding);
            }
            if shown {
                self.check(&event);
            }
            self.events.push(event);
        }
    }

    fn check(&mut self, event: &Event) {
        let tree = &mut self.tree;
        match event {
            Event::Message(message) => {
                check_runs(message);
                tree.clear();
                header::record(message.head.header.as_slice(), 0, tree);
                check_spans(tree, message.head.header.as_slice().len());
                tree.clear();
                message.record(tree, &self.limits);
                check_spans(tree, message.payload.len());
            }
            Event::Handshake(step) => {
                tree.clear();
                step.record(tree);
                check_spans(tree, step.bytes.len());
            }
            _ => {}
        }
    }
}

/// Every recorded field lies in the bytes, children in their parents.
fn check_spans(tree: &Tree, length: usize) {
    for (index, node) in tree.nodes.iter().enumerate() {
        assert!(node.span.start <= node.span.end && node.span.end as usize <= length, "{node:?}");
        assert!(node.end as usize > index && node.end as usize <= tree.nodes.len(), "{node:?}");
        for child in tree.children(index) {
            let child = &tree.nodes[child].span;
            assert!(child.start >= node.span.start && child.end <= node.span.end, "{child:?} in {node:?}");
        }
    }
}

/// A message's runs hold its payload.
fn check_runs(message: &Message) {
    let pieces: u32 = message.head.runs.iter().flat_map(|run| run.pieces()).map(|(_, length)| length).sum();
    assert_eq!(pieces, message.head.length, "message {}", message.n);
}

/// Any JSON, read to its end and not kept: numbers have their range, strings are UTF-8.
struct Json;

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Json, D::Error> {
        from.deserialize_any(Json)
    }
}

impl<'de> Visitor<'de> for Json {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_str<E>(self, _: &str) -> Result<Json, E> {
        Ok(Json)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        while items.next_element::<Json>()?.is_some() {}
        Ok(Json)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        while members.next_entry::<Json, Json>()?.is_some() {}
        Ok(Json)
    }
}
