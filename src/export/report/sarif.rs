//! Findings as SARIF 2.1.0, the exchange format of analyzers (OASIS): one run, a result a finding.
//!
//! A capture has no lines; a result says which session, message and packets it is about.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Form, Group, Shown};
use crate::analyzer::Totals;
use crate::export::Counts;
use crate::export::json::plain;
use crate::proto::{Event, describe};
use crate::rules::CATALOGUE;
use crate::wire::{Time, escape};

/// Writes findings as SARIF.
pub(super) struct Sarif<W> {
    out: W,
    files: Vec<PathBuf>,
    results: u64,
}

impl<W: Write> Sarif<W> {
    pub(super) fn new(out: W) -> Self {
        Sarif { out, files: Vec::new(), results: 0 }
    }

    fn result(&self, group: &Group, shown: &Shown) -> Value {
        let rule = CATALOGUE.iter().position(|entry| entry.meta.code == shown.rule.code);
        let session = group.opened.session;
        let mut places = vec![json!({
            "name": format!("session {session}"),
            "fullyQualifiedName": format!("session {session}: {}", describe(&Event::Session(group.opened.clone()))),
            "kind": "session",
        })];
        if let Some(message) = shown.message {
            let mut place = json!({
                "name": format!("message {message}"),
                "fullyQualifiedName": format!("session {session}/message {message}"),
                "kind": "message",
            });
            if let Some(quote) = &shown.quote {
                place["properties"] = json!({ "says": quote.text, "from": quote.from.name() });
            }
            places.push(place);
        }
        let mut location = json!({ "logicalLocations": places });
        // Of several captures that are read as one, none can be named.
        if let [file] = self.files.as_slice() {
            location["physicalLocation"] = json!({ "artifactLocation": { "uri": uri(file), "index": 0 } });
        }
        let mut properties = json!({
            "session": session,
            "packets": [shown.packets.0.0, shown.packets.1.0],
            "certain": shown.doubt.is_none(),
        });
        if let Some(from) = shown.from {
            properties["from"] = json!(from.name());
        }
        let mut result = json!({
            "ruleId": shown.rule.code,
            "ruleIndex": rule,
            "level": shown.severity.name(),
            "message": { "text": escape(&shown.text) },
            "locations": [location],
            "properties": properties,
        });
        if shown.count > 1 {
            result["occurrenceCount"] = json!(shown.count);
        }
        result
    }
}

/// A file's name as a relative or absolute URI reference.
fn uri(file: &Path) -> String {
    let mut uri = String::new();
    for &byte in file.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}

/// The rules, as the tool's own description has them.
fn rules() -> Vec<Value> {
    let rule = |meta: &'static crate::rules::Meta| {
        let mut paragraphs = meta.doc.split("\n\n").map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let what = paragraphs.next().unwrap_or_default();
        let rest = paragraphs.collect::<Vec<_>>().join("\n\n");
        json!({
            "id": meta.code,
            "name": pascal(meta.name),
            "shortDescription": { "text": meta.name.replace('-', " ") },
            "fullDescription": { "text": what },
            "help": { "text": format!("{rest}\n\nSource: {}", meta.source) },
            "defaultConfiguration": { "level": meta.severity.name() },
        })
    };
    CATALOGUE.iter().map(|entry| rule(entry.meta)).collect()
}

/// `echo-mismatch` as `EchoMismatch`: how SARIF wants names.
fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').filter(|part| !part.is_empty()).map(word).collect()
}

impl<W: Write> Form for Sarif<W> {
    fn begin(&mut self, files: &[PathBuf], _: Option<Time>) -> io::Result<()> {
        self.files = files.to_vec();
        let driver = json!({
            "name": "rtmp-inspect",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules(),
        });
        let artifacts: Vec<_> = files.iter().map(|file| json!({ "location": { "uri": uri(file) } })).collect();
        self.out.write_all(b"{\"version\":\"2.1.0\",\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",")?;
        self.out.write_all(b"\"runs\":[{\"tool\":")?;
        self.out.write_all(&plain(&json!({ "driver": driver }))?)?;
        self.out.write_all(b",\"artifacts\":")?;
        self.out.write_all(&plain(&artifacts)?)?;
        self.out.write_all(b",\"columnKind\":\"unicodeCodePoints\",\"results\":[")
    }

    fn group(&mut self, group: &Group) -> io::Result<()> {
        for shown in &group.findings {
            self.out.write_all(if self.results > 0 { b",\n" } else { b"\n" })?;
            self.out.write_all(&plain(&self.result(group, shown))?)?;
            self.results += 1;
        }
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        writeln!(self.out, "\n]}}]}}")
    }

    fn end(&mut self, _: &Totals, _: Counts) -> io::Result<()> {
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
